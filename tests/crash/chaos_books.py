"""The books of a chaos run: what was to be told, what the store says of it, and what stands in Slack. Sets are compared, times are not."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Row, select

from alerting.message import Message, from_json
from alerting.render import payload, plain_payload
from newswire.codec import decode
from newswire.outcomes import SendOutcome, SendState
from newswire.records import Decision, Delivery, MessageKind
from newswire.store.outbox import SUPERSEDED
from newswire.store.tables import decisions
from newswire.store.tables import outbox as table
from newswire.topics import ALERTS, DEAD
from tests.crash.chaos_storm import Storm
from tests.crash.chaos_world import Story
from tests.crash.fleet import BUG
from tests.fake_slack import FakeSlack, Posted
from tests.fake_slack_wire import WRITES

_NAME: Final = re.compile(r"s\d{4}i\d")
_DOUBT: Final = "not known whether it arrived"


@dataclass(frozen=True, slots=True)
class Placed:
    """A message, and in which workspace it stands."""

    slack: FakeSlack
    posted: Posted

    @property
    def event(self) -> str:
        return str(self.posted.body["metadata"]["event_type"])

    @property
    def carried(self) -> dict[str, Any]:
        found: dict[str, Any] = self.posted.body["metadata"]["event_payload"]
        return found

    @property
    def names(self) -> set[str]:
        """The items that it names now, whichever part of it does."""
        return set(_NAME.findall(json.dumps(self.posted.body)))


@dataclass
class Books:
    """The outbox and the channels of a run that is over."""

    run: Storm
    told: Sequence[Story]

    def __post_init__(self) -> None:
        with self.run.store.read() as connection:
            self.rows = list(connection.execute(select(table).order_by(table.c.row_id)).all())
            self.decided = set(connection.execute(select(decisions.c.decision_id)).scalars())
        self.placed = [Placed(slack, posted) for slack in (self.run.slack, self.run.spare) for posted in slack.posted]
        self.log = [line for path in sorted(Path(self.run.plan.folder).glob("life*.log*")) for line in path.read_text("utf-8").splitlines()]

    def of_kind(self, kind: MessageKind) -> list[Row[Any]]:
        return [row for row in self.rows if row.kind == kind.value]

    def said(self, kind: MessageKind) -> list[Row[Any]]:
        """Return the rows of this kind by which a message of their own was sent."""
        sent = [row for row in self.of_kind(kind) if row.state == SendState.SENT.value and row.reason != SUPERSEDED]
        return [row for row in sent if row.gathered_for is None]

    def events(self, event: str) -> list[Placed]:
        return [one for one in self.placed if one.event == event]

    @property
    def redirected(self) -> set[str]:
        """The stories of which something was refused for good, and so told to the fallback too."""
        return {row.story_id for row in self.rows if row.state == SendState.FAILED.value}

    def repeats(self) -> int:
        """Return how many messages stand in Slack more than once."""
        keys = Counter((id(one.slack), one.carried.get("bulletin_id") or one.carried.get("alert_id")) for one in self.placed)
        return sum(times - 1 for times in keys.values())

    def counted(self, name: str) -> dict[str, int]:
        """Return, by receiver, what the lives that ended in good order have counted under that name."""
        found: Counter[str] = Counter()
        for path in Path(self.run.plan.folder).glob("life*.metrics"):
            for family in text_string_to_metric_families(path.read_text("utf-8")):
                for sample in family.samples:
                    if sample.name == name:
                        found[sample.labels["receiver"]] += int(sample.value)
        return dict(found)

    def in_doubt(self) -> int:
        return sum(_DOUBT in line for line in self.log)


def balance(books: Books) -> None:
    """Compare all that is to be compared."""
    run = books.run
    refused = [one for slack in (run.slack, run.spare) for one in slack.refused if one[0] in WRITES]
    assert all(code == "invalid_auth" for _, code, _ in refused), refused  # while the token was away
    assert not run.slack.split
    assert not (bugs := [line[:2_000] for line in books.log if any(word.decode() in line for word in BUG)]), bugs[:3]
    assert {row.state for row in books.rows} <= {SendState.SENT.value, SendState.FAILED.value}
    assert not books.repeats()
    _stories(books)
    _parents(books)
    _threads(books)
    _digests(books)
    _notices(books)
    _published(books)


def balance_of_a_late_slack(books: Books) -> int:
    """Return how many messages stand twice: no more than were counted as sent again, each a whole one in its place; nothing is lost."""
    resends = sum(books.counted("newswire_alerting_resends_total").values())
    assert books.repeats() == resends
    assert {row.state for row in books.rows} == {SendState.SENT.value}
    told = {name for one in books.placed if one.event != "newswire_update" for name in one.names}
    assert {story.names[0] for story in books.told} <= told
    parents = {(one.posted.channel, one.posted.ts): one.carried["alert_id"] for one in books.events("newswire_alert")}
    for one in books.events("newswire_update"):
        assert parents[one.posted.channel, str(one.posted.thread_ts)] == one.carried["alert_id"]
    return resends


def _stories(books: Books) -> None:
    """Every story was told, at once or by a digest: by one message, or in one line, at each place."""
    at_once = Counter((id(one.slack), name) for one in books.events("newswire_alert") for name in one.names if name.endswith("i0"))
    by_digest = Counter(name for one in books.events("newswire_digest") for name in one.names)
    firsts = {story.names[0]: story for story in books.told}
    assert {name for _, name in at_once} | set(by_digest) == set(firsts), "a story was lost, or one came from nowhere"
    here = id(books.run.slack)
    twice = [name for name in firsts if at_once[here, name] > 1 or at_once[id(books.run.spare), name] > 1]
    assert not twice, twice
    left = {name for name, story in firsts.items() if story.by_digest}
    assert set(by_digest) == left, "a digest tells what was left to it, and nothing else"


def _parents(books: Books) -> None:
    """Every first message stands where its row says, once, and shows the newest that was to be said."""
    rows = books.said(MessageKind.PARENT)
    standing = {one.carried["alert_id"]: one for one in books.events("newswire_alert")}
    assert set(standing) == {row.alert_id for row in rows}
    versions: defaultdict[str, dict[int, Row[Any]]] = defaultdict(dict)
    for row in [*rows, *books.of_kind(MessageKind.EDIT)]:
        versions[row.alert_id][row.sequence] = row
    for row in rows:
        one, of_alert = standing[row.alert_id], versions[row.alert_id]
        assert (one.posted.channel, one.posted.ts) == (row.channel, row.reference), row.alert_id
        newest = max(sequence for sequence, version in of_alert.items() if version.state == SendState.SENT.value)
        # An edit that was in doubt, and refused when it was done again, may be there.
        may_be_there = [version for sequence, version in of_alert.items() if sequence >= newest]
        shown = [text for version in may_be_there for text in _as_sent(from_json(version.message))]
        assert _shown(one.posted.body) in shown, (row.alert_id, newest, one.posted.body)


def _threads(books: Books) -> None:
    """Every reply stands once, below the message that it belongs to; and names once what was written later."""
    parents = {(id(one.slack), one.posted.ts): one for one in books.events("newswire_alert")}
    replies = books.events("newswire_update")
    rows = {(row.story_id, row.receiver, row.alert_id, row.sequence): row for row in books.said(MessageKind.REPLY)}
    assert Counter(row.reference for row in rows.values()) == Counter(one.posted.ts for one in replies)
    order: defaultdict[str, list[str]] = defaultdict(list)
    for one in replies:
        parent = parents[id(one.slack), str(one.posted.thread_ts)]
        assert parent.carried["alert_id"] == one.carried["alert_id"]
        assert parent.posted.channel == one.posted.channel
        assert parent.posted.ts < one.posted.ts
        order[one.carried["alert_id"]].append(one.posted.ts)
    for alert_id, stamps in order.items():
        in_rows = [row.reference for row in sorted(rows.values(), key=lambda row: row.sequence) if row.alert_id == alert_id]
        assert in_rows == sorted(stamps), "replies of one thread changed places"
    _later(books, replies)


def _later(books: Books, replies: Iterable[Placed]) -> None:
    named = Counter(name for one in replies for name in one.names if not name.endswith("i0"))
    touched = {one for row in books.rows if row.story_id in books.redirected for one in _NAME.findall(row.title)}
    for story in books.told:
        if story.by_digest or touched & set(story.names):
            continue
        assert {name: named[name] for name in story.names[1:]} == dict.fromkeys(story.names[1:], 1), story.names


def _digests(books: Books) -> None:
    """Every page stands once, the further ones in the thread of the first; each row that was gathered is named on one of them."""
    pages: defaultdict[str, list[Placed]] = defaultdict(list)
    for one in books.events("newswire_digest"):
        pages[one.carried["alert_id"]].append(one)
    taken: defaultdict[str, list[str]] = defaultdict(list)
    for row in books.of_kind(MessageKind.PARENT):
        if row.gathered_for is not None:
            taken[row.digest_id].append(_NAME.findall(row.title)[0])
    rows = books.said(MessageKind.DIGEST)
    assert {row.story_id for row in rows} == set(pages) >= set(taken)
    assert Counter(row.reference for row in rows) == Counter(one.posted.ts for of in pages.values() for one in of)
    for digest_id, found in pages.items():
        assert Counter(name for one in found for name in one.names) == Counter(taken[digest_id]), digest_id
        first, *more = sorted(found, key=lambda one: float(one.posted.ts))
        assert first.posted.thread_ts is None
        assert {(id(one.slack), one.posted.channel, one.posted.thread_ts) for one in more} <= {
            (id(first.slack), first.posted.channel, first.posted.ts)
        }


def _notices(books: Books) -> None:
    rows = books.said(MessageKind.NOTICE)
    assert Counter(row.reference for row in rows) == Counter(one.posted.ts for one in books.events("newswire_notice"))


def _published(books: Books) -> None:
    """What was decided, and how each message ended, is on `news.alerts`; nothing is dead but what was refused."""
    bus = books.run.plan.bus()
    try:
        on_bus = [message.value for message in bus.browse(ALERTS)]
        dead = len({message.key for message in bus.browse(DEAD)})
    finally:
        bus.close()
    decided = {decode(Decision, value).decision_id for value in on_bus if b'"decided_at"' in value}
    delivered = {
        (one.alert_id, one.receiver, one.kind, one.sequence)
        for one in (decode(Delivery, value) for value in on_bus if b'"decided_at"' not in value)
    }
    assert decided == books.decided
    settled = {
        (row.alert_id, row.receiver, MessageKind(row.kind), row.sequence)
        for row in books.rows
        if row.kind != MessageKind.EDIT.value or row.reason != SUPERSEDED
    }
    assert settled <= delivered
    assert (dead > 0) == bool(books.redirected)


def _as_sent(message: Message) -> list[dict[str, Any]]:
    return [_shown(json.loads(json.dumps(one))) for one in (payload(message), plain_payload(message))]


def _shown(body: dict[str, Any]) -> dict[str, Any]:
    """Return what readers see of a message."""
    return {"text": body.get("text"), "blocks": body.get("blocks") or [], "attachments": body.get("attachments") or []}


def summary(books: Books, seconds: float) -> str:
    """Return the figures of a run in a line."""
    kinds = Counter(one.event.removeprefix("newswire_") for one in books.placed)
    outcomes = Counter(row.outcome for row in books.rows if row.outcome is not None)
    kills = ", ".join(f"{times} {where}" for where, times in sorted(books.run.kills.items()))
    said = ", ".join(f"{count} {kind}s" for kind, count in sorted(kinds.items()))
    writes = sum(method.startswith("chat.") for method in books.run.slack.calls)
    return (
        f"{len(books.told)} stories told in {len(books.placed)} messages ({said}), {books.repeats()} of them repeats, {writes} writes; "
        f"{books.in_doubt()} times in doubt, {outcomes[SendOutcome.FOUND.value]} found by looking, {outcomes[SendOutcome.FOLDED.value]} folded, "
        f"{outcomes[SendOutcome.REFUSED.value]} refused and told elsewhere; {sum(books.run.kills.values())} kills ({kills}); {seconds:.0f} s"
    )
