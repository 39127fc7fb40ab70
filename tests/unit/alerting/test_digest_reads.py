"""What a scheduled digest reads from a real store: what was told and held, silences, silent sources, marks, receivers that refuse."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from alerting.digests import reads
from alerting.digests.contents import DigestContents, contents_of
from alerting.digests.layout import pages
from alerting.digests.period import Period
from alerting.digests.proof import Place, Sight
from alerting.digests.watch import GapKind
from newswire.outcomes import DigestOccasion, HoldReason, SendOutcome
from newswire.records import MessageKind
from newswire.silence import Silence
from newswire.store import Store, archive, feeds, matches, outbox, outbox_sending, silences, watch
from newswire.store.archive import Archived
from newswire.store.outbox import Entry, Queued
from newswire.store.tables import feeds as feeds_table
from newswire.store.watch import Mark
from tests.alerting_builders import A_MATCH_KEPT, a_report, page_of

UNTIL = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=1)
PERIOD = Period(SINCE, UNTIL, "Asia/Karachi", UNTIL + timedelta(days=1))
PLACES = {f"{n:012}": Place(f"Outlet {n}", "PK" if n < 3 else "US") for n in range(5)}


def ago(hours: float) -> float:
    return (UNTIL - timedelta(hours=hours)).timestamp()


def polled(connection: Connection, silent: Sequence[int]) -> None:
    known = [feeds.NewFeed(one, f"https://{one}.example/feed", f"{one}.example", 600) for one in PLACES]
    feeds.sync(connection, known, ago(50))
    for n, source_id in enumerate(PLACES):
        failing = n in silent
        state = {"polled_at": ago(0.1), "succeeded_at": ago(6 if failing else 0.1), "entries": 9, "next_due_at": ago(0) + 600}
        wrong = {"failures": 5, "reason": "dns", "outcome": "failed"} if failing else {"outcome": "read"}
        connection.execute(feeds_table.update().where(feeds_table.c.source_id == source_id).values(**state, **wrong))


def matched(connection: Connection, key: str, hours: float, reason: HoldReason | None = None, silence_id: str | None = None) -> None:
    one = replace(
        A_MATCH_KEPT,
        item_id=key * 32,
        story_id=f"story-{key}",
        reason=reason,
        silence_id=silence_id,
        title=f"title {key}",
        countries=" PK  US ",
    )
    matches.keep(connection, [one], ago(hours))


def the_digest(store: Store) -> DigestContents:
    with store.read() as connection:
        facts = reads.facts(connection, PERIOD, now=UNTIL + timedelta(seconds=3), watchlists=41, places=PLACES)
    return contents_of("d" * 32, name="morning", occasion=DigestOccasion.SCHEDULED, period=PERIOD, gathered=[], facts=facts)


def test_it_counts_what_was_told_and_names_what_was_held(store: Store) -> None:
    with store.begin() as connection:
        silence = silences.add(connection, Silence({"country": ("US",)}, ago(20), ago(-3), "Ayesha", "summit week", ago(20)))
        silences.add(connection, Silence({"country": ("CN",)}, ago(20), ago(-100), "Omar", "known", ago(20)))
        matched(connection, "a", 3)
        matched(connection, "b", 2, HoldReason.SILENCED, silence.silence_id)
        matched(connection, "c", 1, HoldReason.STAGED)
        matched(connection, "d", 30)  # before the period
        polled(connection, silent=())
    digest = the_digest(store)
    assert digest.told_at_once == 1
    assert digest.held.counts == ((HoldReason.STAGED, 1), (HoldReason.SILENCED, 1))
    assert [(one.story.title, one.why) for one in digest.held.listed] == [
        ("title b", "silenced by Ayesha until 10:00: summit week"),
        ("title c", "the watchlist is staged"),
    ]
    assert [(one.silence.by, one.stories, one.ends_soon) for one in digest.silences] == [("Ayesha", 1, True)]


def test_the_proof_counts_what_is_in_the_store(store: Store) -> None:
    report = a_report()
    with store.begin() as connection:
        polled(connection, silent=(0, 1))
        archive.keep(connection, [Archived(report, None), Archived(page_of(report), None)], ago(4))
        archive.keep(connection, [Archived(a_report("two"), None)], ago(3))
        archive.keep(connection, [Archived(a_report("old"), None)], ago(26))
        for n in range(24 * 12 + 1):
            if not 60 <= n < 102:  # nobody was there from 07:00 to 10:30 by the clocks of Karachi
                watch.put_mark(connection, Mark(SINCE.timestamp() + n * 300, 5, 5, 1, 2, 0.0))
    proof = the_digest(store).proof
    assert proof is not None
    assert (proof.sources, proof.polled, proof.answering, proof.articles, proof.reports, proof.watchlists) == (5, 5, 3, 2, 3, 41)
    assert [(one.country, len(one.silent), one.sources, one.hidden) for one in proof.silent] == [("PK", 2, 3, True)]
    assert [one.why for one in proof.silent[0].silent] == ["its host is not found"] * 2
    (gap,) = proof.gaps
    assert (gap.kind, gap.length_s) == (GapKind.STOPPED, 43 * 300)
    assert proof.sight is Sight.BLIND
    assert "no alerter was active between Thu 11:55 and Thu 15:30" in pages(the_digest(store))[0].fallback


def test_a_receiver_refuses_from_a_refusal_until_it_takes_something(store: Store) -> None:
    def put(key: str, at: float) -> Queued:
        entry = Entry(key, "desk", MessageKind.PARENT, 0, key * 8, "d", "i", "r", [], "low", "t", None, "{}")
        outbox.put(connection, [entry], at)
        row = outbox_sending.next_due(connection, "desk", at)
        assert row is not None
        return row

    with store.begin() as connection:
        outbox_sending.mark_failed(connection, put("one", ago(3)).row_id, "channel_not_found", at=ago(3))
        assert reads.refusing(connection, 1e12) == ["desk"]
        outbox_sending.mark_sent(connection, put("two", ago(2)), SendOutcome.SENT, channel="C1", reference="1.0", at=ago(2))
        assert reads.refusing(connection, 1e12) == []
