"""What polls that ended brought: which entries are new, and what is written of them once they are published.

Reads / writes: feed state, seen marks and the trail. Never: publishes; the stage does that in between.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from collectors.identity import Identified
from collectors.news import Known, News, decide
from collectors.polls import End, Poll, Read, state_after
from newswire.outcomes import EntryOutcome, FetchReason, Stage
from newswire.records import Item
from newswire.store import Store, feeds, seen, trail


@dataclass(frozen=True, slots=True)
class Ended:
    """A poll that ended; where a body was read, its entries with their ids."""

    poll: Poll
    end: End
    entries: tuple[Identified | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """A poll that ended, and what it brought."""

    poll: Poll
    end: End
    news: News | None


def settled(store: Store, batch: Sequence[Ended], now: datetime) -> list[Settled]:
    """Return what each of these polls brought. What one of them lists is known to the next."""
    known = _known(store, batch)
    found: list[Settled] = []
    for ended in batch:
        if not isinstance(ended.end, Read):
            found.append(Settled(ended.poll, ended.end, None))
            continue
        source, state = ended.poll.source, ended.poll.state
        news = decide(
            source,
            ended.end.feed,
            ended.entries,
            known,
            first_read=state.first_read_at is None,
            listed_before=state.entries,
            now=now,
        )
        for item_id, revision in news.marks.items():
            before = known.get(item_id)
            by_source = dict(before.by_source) if before else {}
            known[item_id] = Known(by_source | {source.source_id: revision}, {*(before.revisions if before else ()), revision})
        found.append(Settled(ended.poll, ended.end, news))
    return found


def write(store: Store, polls: Sequence[Settled], *, owner: str, now: datetime, floor_s: float) -> None:
    """Mark what was published, keep what the next polls need, and give the leases back, in one transaction."""
    at = now.timestamp()
    marks, steps, states, postponed = [], [], [], {}
    for one in polls:
        source = one.poll.source
        state = state_after(one.poll, one.end, one.news, now=now, floor_s=floor_s, jitter=random.random())  # noqa: S311 -- spreads polls
        wait_s = state.next_due_at - at
        if state.reason == FetchReason.HOST_BUSY and wait_s <= feeds.HOST_PATIENCE_S:
            postponed[source.source_id] = at + wait_s  # still due: nothing was asked of the source itself
            continue
        states.append(state)
        if one.news is not None:
            marks += [seen.Mark(source.source_id, item_id, revision, at) for item_id, revision in one.news.marks.items()]
            steps += [_step(outcome, item, at) for outcome, item in one.news.items]
    with store.begin() as connection:
        seen.mark(connection, marks)
        trail.record(connection, steps)
        feeds.settle(connection, states, owner=owner)
        feeds.postpone(connection, postponed, owner=owner)


def _known(store: Store, batch: Sequence[Ended]) -> dict[str, Known]:
    listed = [(ended.poll.source.source_id, entry) for ended in batch for entry in ended.entries if entry is not None]
    if not listed:
        return {}
    with store.read() as connection:
        marks = seen.marks_of(connection, (entry.item_id for _, entry in listed))
        changed = [
            entry.item_id
            for source_id, entry in listed
            if (listing := marks.get(entry.item_id)) and listing.get(source_id, entry.revision) != entry.revision
        ]
        revisions = seen.revisions_of(connection, changed)
    return {item_id: Known(by_source, revisions.get(item_id, set())) for item_id, by_source in marks.items()}


def _step(outcome: EntryOutcome, item: Item, at: float) -> trail.Step:
    detail = {"source": item.source_id, "outlet": item.outlet, "title": item.title, "url": item.url}
    return trail.Step(item.item_id, item.revision, Stage.COLLECT, "", outcome.value, None, detail, at)
