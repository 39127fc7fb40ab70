"""Notices as they come to stand in the outbox: from the store's own rows, once, whatever restarts and whoever leads."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Select, select, text

from alerting.bulletin import from_json
from alerting.desk import Desk
from alerting.digests.proof import Place
from alerting.leadership import STANDBY_S
from alerting.notices.worker import LOOK_S, SOURCES_LOOK_S, NoticeWorker
from alerting.reload import Standing
from alerting.routes import Routes
from newswire.bus import Backlog, Message
from newswire.clock import ManualClock
from newswire.errors import Fault, Fenced, Retryable
from newswire.metrics import Metrics
from newswire.outcomes import RetryReason, SendOutcome
from newswire.records import MessageKind
from newswire.silence import Silence
from newswire.store import Store, feeds, matches, notices, outbox, seen, silences, standings
from newswire.store.outbox import Entry, Queued
from newswire.store.source_health import source_health
from newswire.store.tables import outbox as outbox_table
from newswire.topics import REPORTS, Topic
from tests.alerting_builders import A_MATCH_KEPT, AlwaysLeading, a_set, routes_to
from tests.fakes import NOW, MemoryBus

AT = NOW.timestamp()
Make = Callable[..., NoticeWorker]


def routes(*, ops: str | None = "ops", fallback: str | None = None) -> Routes:
    return routes_to("desk", "ops", "mail").model_copy(update={"ops": ops, "fallback": fallback})


def desk(given: Routes) -> Standing:
    return Standing(Desk(a_set(), given, since=NOW))


@pytest.fixture
def make(store: Store, bus: MemoryBus, clock: ManualClock, metrics: Metrics) -> Make:
    mine = bus

    def made(
        leadership: AlwaysLeading | None = None, standing: Callable[[], Standing] = lambda: desk(routes()), bus: MemoryBus = mine
    ) -> NoticeWorker:
        return NoticeWorker(
            standing=standing,
            places={"s1": Place("Dawn", "PK"), "s2": Place("Jang", "PK")},
            store=store,
            bus=bus,
            clock=clock,
            metrics=metrics,
            leadership=leadership or AlwaysLeading(),
            owner="host-1",
        )

    return made


def pass_s(clock: ManualClock, seconds: float) -> None:
    clock.set(clock.now() + timedelta(seconds=seconds))


def entry(key: str, receiver: str = "desk", kind: MessageKind = MessageKind.PARENT, sequence: int = 0) -> Entry:
    return Entry(key, receiver, kind, sequence, f"{key}-{receiver}", "d", "i", "r", ("gaming",), "high", key, None, "{}")


def put(store: Store, *entries: Entry, at: float = AT) -> list[Queued]:
    with store.begin() as connection:
        outbox.put(connection, entries, at)
        return [row for one in entries if (row := outbox.parent_of(connection, one.story_id, one.receiver)) is not None]


def said(store: Store) -> list[tuple[str, str]]:
    """Return receiver and headline of every notice, oldest first."""
    with store.read() as connection:
        rows = connection.execute(select(outbox_table).where(outbox_table.c.kind == "notice").order_by(outbox_table.c.row_id))
        return [(row.receiver, row.title) for row in rows]


def test_a_token_that_is_refused_and_its_end_are_said_once_over_restarts(make: Make, store: Store, clock: ManualClock) -> None:
    (row,) = put(store, entry("one"))
    with store.begin() as connection:
        outbox.mark_again(connection, row.row_id, SendOutcome.RETRY, next_try_at=AT + 180, reason="invalid_auth")
    for worker in (make(), make(), make()):
        assert worker.step() == LOOK_S
        assert worker.step() == LOOK_S
        pass_s(clock, 15)
    assert said(store) == [("ops", "desk refuses us: invalid_auth")]
    with store.begin() as connection:
        outbox.mark_sent(connection, row, SendOutcome.SENT, channel="C", reference="1", at=clock.now().timestamp())
    make().step()
    make().step()
    assert said(store) == [("ops", "desk refuses us: invalid_auth"), ("ops", "desk works again")]


def test_a_notice_is_a_row_that_a_sender_can_send(make: Make, store: Store, clock: ManualClock, metrics: Metrics) -> None:
    put(store, entry("one"))
    pass_s(clock, 1_000)
    make().step()
    with store.read() as connection:
        row = connection.execute(select(outbox_table).where(outbox_table.c.kind == "notice")).one()
        queued = outbox.next_due(connection, "ops", clock.now().timestamp())
    assert queued is not None
    bulletin = from_json(row.message)
    assert (row.story_id, row.alert_id, row.sequence) == (bulletin.bulletin_id, bulletin.bulletin_id, 0)
    assert (bulletin.kind, bulletin.fallback) == (MessageKind.NOTICE, "1 message waits for desk, the oldest for 16 minutes")
    assert len(bulletin.bulletin_id) == 32
    assert metrics.registry.get_sample_value("newswire_notices_total", {"kind": "sending_late"}) == 1


def test_where_the_routes_name_no_ops_nothing_is_put(make: Make, store: Store, clock: ManualClock) -> None:
    put(store, entry("one"))
    pass_s(clock, 1_000)
    assert make(standing=lambda: desk(routes(ops=None))).step() == LOOK_S
    assert said(store) == []


def test_the_failure_of_ops_itself_is_told_to_the_fallback_or_to_nobody(make: Make, store: Store, clock: ManualClock) -> None:
    put(store, entry("one", "ops"))
    pass_s(clock, 1_000)
    make().step()
    assert said(store) == []
    make(standing=lambda: desk(routes(fallback="mail"))).step()
    assert said(store) == [("mail", "1 message waits for ops, the oldest for 16 minutes")]


def test_notices_that_are_late_or_given_up_make_no_notices(make: Make, store: Store, clock: ManualClock) -> None:
    put(store, entry("one"))
    pass_s(clock, 1_000)
    worker = make()
    worker.step()
    before = said(store)
    with store.begin() as connection:
        notice = outbox.next_due(connection, "ops", clock.now().timestamp())
        assert notice is not None
        outbox.mark_failed(connection, notice.row_id, "invalid_blocks", at=clock.now().timestamp())
    pass_s(clock, 1_000)
    worker.step()
    make().step()
    assert said(store) == before


def test_given_up_and_repeated_messages_are_counted(make: Make, store: Store) -> None:
    rows = put(store, *(entry(key) for key in ("one", "two", "three", "four")))
    with store.begin() as connection:
        for row in rows[:2]:
            outbox.mark_failed(connection, row.row_id, "msg_too_long", at=AT - 5)
        outbox.mark_sent(connection, rows[2], SendOutcome.REPEATED, channel="C", reference="1", at=AT - 4)
        outbox.mark_sent(connection, rows[3], SendOutcome.SENT, channel="C", reference="2", at=AT - 3)
    make().step()
    assert said(store) == [("ops", "2 alerts given up at desk"), ("ops", "1 message sent to desk as a possible repeat")]


def test_a_reply_that_gathers_on_purpose_is_not_late(make: Make, store: Store, clock: ManualClock) -> None:
    put(store, entry("one", kind=MessageKind.REPLY, sequence=1))
    with store.begin() as connection:
        connection.execute(outbox_table.update().values(next_try_at=AT + 7_200))
    pass_s(clock, 3_600)
    make().step()
    assert said(store) == []
    pass_s(clock, 3_600 + 901)
    make().step()
    assert said(store) == [("ops", "1 message waits for desk, the oldest for 15 minutes")]


def test_a_silence_is_told_of_with_what_it_held(make: Make, store: Store, clock: ManualClock) -> None:
    silence = Silence({"watchlist": ("gaming",)}, AT - 7_200, AT + 600, "Ayesha", "summit <!channel> week", AT - 7_200)
    with store.begin() as connection:
        silences.add(connection, silence)
        held = [replace(A_MATCH_KEPT, item_id=key * 32, story_id=key, title=f"Title {key}", silence_id=silence.silence_id) for key in "abc"]
        matches.keep(connection, held, AT)
    worker = make()
    worker.step()
    assert said(store) == [("ops", "A silence ends in 10 minutes: watchlist gaming")]
    pass_s(clock, 700)
    worker.step()
    make().step()
    assert [title for _, title in said(store)][1:] == ["A silence has ended: watchlist gaming; it held 3 stories"]
    with store.read() as connection:
        message = connection.execute(select(outbox_table.c.message).order_by(outbox_table.c.row_id.desc())).scalars().first()
    assert "<!channel>" in (message or "")  # as it was written: each receiver escapes for its own place


def test_files_that_are_refused_and_repaired(make: Make, store: Store, clock: ManualClock) -> None:
    standing = [desk(routes())]
    worker = make(standing=lambda: standing[0])
    worker.step()
    standing[0] = replace(standing[0], faults=(Fault("watchlists/a.yaml", 3, 1, "unknown key"),))
    worker.step()
    pass_s(clock, 15)
    standing[0] = replace(standing[0], faults=())
    worker.step()
    assert [title for _, title in said(store)] == ["The desk's files were not taken over: 1 fault", "The desk's files are right again"]


def test_sources_that_fail_are_read_from_their_state_and_told_of_together(make: Make, store: Store, clock: ManualClock) -> None:
    made = [feeds.NewFeed(key, f"https://{key}.example/feed", f"{key}.example", 600) for key in ("s1", "s2", "s3")]
    with store.begin() as connection:
        feeds.sync(connection, made, AT - 90_000)
        taken = feeds.lease(connection, ["s1", "s2", "s3"], owner="w", now=AT, until=AT + 60)
        states = [replace(one, polled_at=AT, succeeded_at=AT - 86_400, failures=9, outcome="failed", reason="dns") for one in taken]
        feeds.settle(connection, [*states[:2], replace(states[2], failures=0, succeeded_at=AT)], owner="w")
    worker = make()
    worker.step()
    assert said(store) == [("ops", "2 sources of Pakistan fell silent")]
    with store.begin() as connection:
        taken = feeds.lease(connection, ["s1"], owner="w", now=AT, until=AT + 60)
        feeds.settle(connection, [replace(taken[0], failures=0, succeeded_at=AT)], owner="w")
    worker.step()
    assert len(said(store)) == 1  # they are not looked at each time
    pass_s(clock, SOURCES_LOOK_S)
    worker.step()
    assert said(store)[1:] == [("ops", "1 source of Pakistan came back")]


def test_a_source_is_silent_against_its_own_past_as_the_seen_marks_tell_it(store: Store) -> None:
    with store.begin() as connection:
        feeds.sync(connection, [feeds.NewFeed("s1", "https://a.example/feed", "a.example", 600)], AT)
        seen.mark(connection, [seen.Mark("s1", key, "r", at) for key, at in (("i1", AT - 90), ("i2", AT - 90), ("i3", AT - 30))])
    with store.read() as connection:
        (found,) = source_health(connection)
    assert (found.moments, found.first_at, found.newest_at) == (2, AT - 90, AT - 30)


class Changing(AlwaysLeading):
    """A leadership that can be lost and won."""

    leads = True

    def leading(self) -> bool:
        return self.leads

    def check(self, connection: Connection) -> int:
        if not self.leads:
            raise Fenced("another leads")
        return self.epoch


def test_a_standby_says_that_it_took_over_and_nothing_that_the_other_one_said(make: Make, store: Store, clock: ManualClock) -> None:
    put(store, entry("one"))
    pass_s(clock, 1_000)
    first, second = Changing(), Changing()
    second.leads = False
    active, standby = make(first), make(second)
    assert standby.step() == STANDBY_S
    active.step()
    second.leads, second.epoch = True, 2
    pass_s(clock, 15)
    standby.step()
    standby.step()
    assert [title for _, title in said(store)] == [
        "1 message waits for desk, the oldest for 16 minutes",
        "Another alerter took over: host-1",
    ]


def test_an_epoch_that_passed_unseen_has_the_history_read_anew_before_anything_is_put(make: Make, store: Store, clock: ManualClock) -> None:
    here, there = Changing(), Changing()
    mine, other = make(here), make(there)
    mine.step()  # it has read that nothing was said
    put(store, entry("one"))
    pass_s(clock, 1_000)
    other.step()
    here.epoch = 3
    pass_s(clock, 61)
    mine.step()
    assert len(said(store)) == 1


def test_who_is_fenced_puts_nothing(make: Make, store: Store, clock: ManualClock) -> None:
    class Stale(AlwaysLeading):
        def check(self, connection: Connection) -> int:
            raise Fenced("another leads")

    put(store, entry("one"))
    pass_s(clock, 1_000)
    with pytest.raises(Fenced):
        make(Stale()).step()
    assert said(store) == []


class AwayBus(MemoryBus):
    """A bus that does not answer."""

    def backlog(self, topic: Topic, group: str) -> Backlog:
        raise Retryable(RetryReason.BUS, "down")


def test_a_bus_that_is_away_does_not_keep_the_store_from_telling(make: Make, store: Store, clock: ManualClock, bus: MemoryBus) -> None:
    bus.publish(REPORTS, [Message("k", b"{}", {})])
    put(store, entry("one"))
    pass_s(clock, 1_000)
    worker = make(bus=AwayBus())
    worker.step()
    assert [title for _, title in said(store)] == ["1 message waits for desk, the oldest for 16 minutes"]
    make().step()
    assert [title for _, title in said(store)][1:] == ["The watch is late: reports wait to be decided for 16 minutes"]


@pytest.mark.parametrize(
    ("look", "given", "index"),
    [(standings._REPEATED, (0.0, "notice"), "ix_outbox_repeated"), (notices._PUT, ("notice", 0.0), "ix_outbox_bulletins")],
)
def test_rare_rows_are_looked_for_in_an_index_of_them_alone(store: Store, look: Select[Any], given: tuple[object, ...], index: str) -> None:
    with store.read() as connection:
        if connection.dialect.name != "sqlite":
            pytest.skip("asks how SQLite would look")
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {look.compile(connection)}", given).all()
    assert index in json.dumps([row[3] for row in plan])


def test_notices_that_hold_no_facts_are_passed_over(store: Store) -> None:
    with store.begin() as connection:
        notices.put(connection, [notices.NewNotice("a" * 32, "ops", "low", "t", '{"data": null}')], AT)
        assert connection.execute(text("select count(*) from outbox")).scalar() == 1
        assert notices.since(connection, 0) == []
