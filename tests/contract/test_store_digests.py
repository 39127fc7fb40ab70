"""What is gathered for digests, on both databases, and the way from and to the schema before it."""

from collections.abc import Sequence
from dataclasses import replace

from alembic import command
from sqlalchemy import inspect, select, text

from newswire.outcomes import GatherReason, SendOutcome, SendState
from newswire.records import MessageKind
from newswire.store import Store, digests, outbox, retention, schema
from newswire.store.digests import Growth, Standing
from newswire.store.outbox import Entry, Gathered
from newswire.store.tables import outbox as table
from newswire.store.tables import watch_marks

PARENT, EDIT, REPLY = MessageKind.PARENT, MessageKind.EDIT, MessageKind.REPLY
MORNING = Gathered("morning", GatherReason.DIGEST, 500.0)


def entry(story: str, receiver: str = "desk", kind: MessageKind = PARENT, sequence: int = 0, **changes: object) -> Entry:
    one = Entry(story, receiver, kind, sequence, f"{story}-{receiver}", "d", "i", "r", ["gaming"], "high", f"{kind} {sequence}", None, "{}")
    return replace(one, **changes)  # type: ignore[arg-type]


def put(store: Store, *entries: Entry, at: float = 100.0) -> None:
    with store.begin() as connection:
        outbox.put(connection, entries, at)


def due(store: Store, now: float) -> dict[str, list[str]]:
    with store.read() as connection:
        return {one.gathered_for: [row.story_id for row in one.rows] for one in digests.due(connection, now)}


def take(store: Store, name: str, digest_id: str, row_ids: Sequence[int]) -> int:
    with store.begin() as connection:
        return digests.take(connection, name, digest_id, row_ids, 600.0)


def ids(store: Store, name: str) -> list[int]:
    with store.read() as connection:
        return [row.row_id for row in digests.gathered(connection, name)]


def states(store: Store) -> list[tuple[str, str, int, str, str | None]]:
    columns = (table.c.story_id, table.c.kind, table.c.sequence, table.c.state, table.c.reason)
    with store.read() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(table.c.row_id))]


def test_what_is_gathered_waits_for_its_digest_and_is_told_by_no_message(store: Store) -> None:
    put(store, entry("s1", "morning", gathered=MORNING), entry("s2", gathered=replace(MORNING, reason=GatherReason.CAPPED)))
    put(store, entry("s3", gathered=Gathered("overflow:desk", GatherReason.CAPPED, 400.0)), entry("s4"))
    assert due(store, 399.0) == {}
    assert due(store, 400.0) == {"overflow:desk": ["s3"]}
    assert due(store, 500.0) == {"overflow:desk": ["s3"], "morning": ["s1", "s2"]}
    with store.read() as connection:
        (row,) = digests.gathered(connection, "overflow:desk")
        assert [one.story_id for one in digests.gathered(connection, "desk")] == ["s2", "s3"]
        assert (row.reason, row.due_at, row.created_at, row.watchlists, row.receiver) == (
            GatherReason.CAPPED, 400.0, 100.0, ("gaming",), "desk",
        )  # fmt: skip
        assert outbox.waiting_receivers(connection) == ["desk"]
        assert outbox.next_due(connection, "morning", 1e9) is None
        assert [(one["state"], one["reason"]) for one in outbox.alerts(connection)] == [
            ("gathered", "digest"), ("gathered", "capped"), ("gathered", "capped"), ("new", None),
        ]  # fmt: skip


def test_a_digest_takes_rows_once_and_tells_them_when_it_is_told(store: Store) -> None:
    put(store, *(entry(f"s{n}", "morning", gathered=MORNING) for n in range(3)))
    rows = ids(store, "morning")
    assert take(store, "elsewhere", "d" * 32, rows) == 0
    assert take(store, "morning", "d" * 32, rows[:2]) == 2
    assert take(store, "morning", "e" * 32, rows) == 1
    assert due(store, 1e9) == {}
    with store.begin() as connection:
        assert [one.story_id for one in digests.taken(connection, "d" * 32)] == ["s0", "s1"]
        assert digests.settled(connection, "d" * 32, SendState.SENT, None, 700.0) == 2
        assert digests.settled(connection, "d" * 32, SendState.SENT, None, 800.0) == 0
        assert digests.settled(connection, "e" * 32, SendState.FAILED, "channel_not_found", 800.0) == 1
        published = outbox.unpublished(connection, 10)
    assert [row[3:] for row in states(store)] == [("sent", "digest"), ("sent", "digest"), ("failed", "channel_not_found")]
    assert [(one.story_id, one.outcome, one.settled_at) for one in published] == [
        ("s0", SendOutcome.SENT, 700.0), ("s1", SendOutcome.SENT, 700.0), ("s2", SendOutcome.REFUSED, 800.0),
    ]  # fmt: skip


def test_what_failed_with_its_digest_is_revived_for_the_next_one_or_told_by_the_same(store: Store) -> None:
    put(store, *(entry(f"s{n}", "morning", gathered=MORNING) for n in range(2)))
    take(store, "morning", "d" * 32, ids(store, "morning"))
    with store.begin() as connection:
        digests.settled(connection, "d" * 32, SendState.FAILED, "is_archived", 700.0)
        assert outbox.revive(connection, "s0-morning", 900.0) == 1
        (waiting,) = digests.due(connection, 900.0)
        assert [(row.story_id, row.reason) for row in waiting.rows] == [("s0", GatherReason.DIGEST)]
        assert digests.settled(connection, "d" * 32, SendState.SENT, None, 950.0) == 1
    assert [row[3] for row in states(store)] == ["gathered", "sent"]


def test_how_a_story_stands_is_that_of_its_newest_first_message(store: Store) -> None:
    put(store, entry("s1", "morning", gathered=MORNING), entry("s1"), entry("s2", gathered=MORNING), entry("s3", gathered=MORNING))
    put(store, entry("s2", sequence=3))
    take(store, "morning", "d" * 32, ids(store, "morning")[-1:])
    with store.read() as connection:
        assert digests.standings(connection, ["s1", "s2", "s3", "s4"]) == {
            ("s1", "morning"): Standing(0, waits=True),
            ("s3", "desk"): Standing(0, waits=False),
        }
        assert digests.standings(connection, []) == {}


def test_a_gathered_row_grows(store: Store) -> None:
    put(store, entry("s1", "morning", gathered=MORNING), entry("s1"))
    with store.begin() as connection:
        digests.grow(connection, [Growth("s1", who, 0, ["gaming", "x"], "critical", "t", "u", "{ }") for who in ("morning", "desk")])
        digests.grow(connection, [])
        (grown,) = digests.gathered(connection, "morning")
        assert [one["title"] for one in outbox.alerts(connection)] == ["t", "parent 0"]
    assert (grown.watchlists, grown.severity, grown.title, grown.url, grown.message) == (("gaming", "x"), "critical", "t", "u", "{ }")


def test_recent_messages_are_those_that_stand_in_the_channel(store: Store) -> None:
    put(store, entry("old"), at=99.0)
    put(store, entry("s1"), entry("s1", kind=EDIT, sequence=1), entry("s2", gathered=MORNING), entry("s3", "other"))
    put(store, entry("s1", kind=REPLY, sequence=1, message='{"in_channel":false}'), at=150.0)
    put(store, entry("s1", kind=REPLY, sequence=2, message='{"in_channel":true}', watchlists=["a", "b"]), at=160.0)
    take(store, "morning", "d" * 32, ids(store, "morning"))
    with store.begin() as connection:
        digests.settled(connection, "d" * 32, SendState.SENT, None, 700.0)
        found = digests.recent(connection, ["desk"], 99.0)
        assert digests.recent(connection, [], 0.0) == []
    assert [(one.receiver, one.watchlists, one.at) for one in found] == [("desk", ("gaming",), 100.0), ("desk", ("a", "b"), 160.0)]


def test_what_a_channel_had_is_looked_up_by_an_index(store: Store) -> None:
    put(store, *(entry(f"s{n}", f"r{n % 50}") for n in range(2_000)))
    with store.begin() as connection:
        connection.execute(text("ANALYZE"))
        explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        plan = str(connection.execute(text(f"{explain} SELECT * FROM outbox WHERE receiver IN ('r1') AND created_at > 90")).all())
    assert "ix_outbox_receiver_created_at" in plan


def test_the_summary_of_an_outage_waits_until_nothing_is_added_but_for_ten_minutes_at_most(store: Store) -> None:
    for n in range(4):
        put(store, entry(f"s{n}", gathered=Gathered("outage:desk", GatherReason.OUTAGE, 0.0)), at=1_000.0 + 190 * n)
        with store.begin() as connection:
            moment = digests.postpone_outage(connection, "outage:desk", 1_000.0 + 190 * n)
        assert moment == min(1_060.0 + 190 * n, 1_600.0)
    assert due(store, 1_599.0) == {}
    assert due(store, 1_600.0) == {"outage:desk": ["s0", "s1", "s2", "s3"]}


def test_what_waited_for_a_receiver_too_long_is_gathered_with_its_newest_words(store: Store) -> None:
    put(store, entry("sent"), entry("s1"), entry("s1", kind=EDIT, sequence=1), entry("s2"), entry("s3", "other"), entry("doubt"))
    put(store, entry("s1", kind=EDIT, sequence=2, severity="critical", message="newest"), entry("s1", kind=REPLY, sequence=1), at=200.0)
    put(store, entry("fresh"), entry("sent", kind=EDIT, sequence=1), at=30_000.0)
    with store.begin() as connection:
        for story, state in (("sent", "sent"), ("doubt", "sending")):
            connection.execute(table.update().where(table.c.story_id == story, table.c.kind == "parent").values(state=state))
        assert digests.gather_old(connection, "desk", 29_000.0, 40_000.0) == 2
        assert digests.gather_old(connection, "desk", 29_000.0, 40_010.0) == 0
        one, two = digests.gathered(connection, "outage:desk")
    assert (one.story_id, one.message, one.severity, one.reason, one.due_at) == ("s1", "newest", "critical", GatherReason.OUTAGE, 40_060.0)
    assert (two.story_id, two.message, two.created_at) == ("s2", "{}", 100.0)
    assert states(store) == [
        ("sent", "parent", 0, "sent", None),
        ("s1", "parent", 3, "gathered", "outage"),
        ("s1", "edit", 1, "sent", "superseded"),
        ("s2", "parent", 0, "gathered", "outage"),
        ("s3", "parent", 0, "new", None),
        ("doubt", "parent", 0, "sending", None),
        ("s1", "edit", 2, "sent", "superseded"),
        ("s1", "reply", 1, "sent", "superseded"),
        ("fresh", "parent", 0, "new", None),
        ("sent", "edit", 1, "new", None),
    ]


def test_a_story_that_was_told_anew_while_its_receiver_was_away_is_gathered_once(store: Store) -> None:
    put(store, entry("s1"), entry("s1", sequence=1, alert_id="again"), entry("s1", kind=EDIT, sequence=2, message="newest"))
    with store.begin() as connection:
        assert digests.gather_old(connection, "desk", 29_000.0, 40_000.0) == 1
        (one,) = digests.gathered(connection, "desk")
        assert digests.recent(connection, ["desk"], 0.0) == []
        assert outbox.told(connection, ["s1"]) == {"s1": {"desk": (3, "newest")}}
    assert (one.sequence, one.message) == (3, "newest")
    assert [row[3] for row in states(store)] == ["gathered", "sent", "sent"]


def test_old_digests_notices_and_marks_are_dropped(store: Store) -> None:
    put(
        store, entry("d1", kind=MessageKind.DIGEST), entry("n1", kind=MessageKind.NOTICE), entry("d2", kind=MessageKind.DIGEST), entry("s1")
    )
    with store.begin() as connection:
        connection.execute(table.update().where(table.c.story_id != "d2").values(state="sent", settled_at=200.0))
        connection.execute(
            watch_marks.insert(), [{"at": at, "sources": 3, "answered": 3, "items": 1, "reports": 1} for at in (100.0, 300.0)]
        )
        assert retention.forget_digests(connection, 199.0, 10) == 1  # a mark
        assert retention.forget_digests(connection, 250.0, 1) == 1
        assert retention.forget_digests(connection, 250.0, 10) == 1
        assert retention.forget_digests(connection, 250.0, 10) == 0
        assert list(connection.execute(select(watch_marks.c.at)).scalars()) == [300.0]
    assert [row[0] for row in states(store)] == ["d2", "s1"]


def test_the_schema_of_before_is_brought_up_and_taken_back(store: Store) -> None:
    put(store, entry("s1"), entry("s2", gathered=MORNING))
    with store.begin() as connection:
        command.downgrade(schema._alembic(connection), "0005")
        assert "watch_marks" not in inspect(connection).get_table_names()
        assert not {"gathered_for", "digest_id"} & {column["name"] for column in inspect(connection).get_columns("outbox")}
    with store.begin() as connection:
        assert schema.upgrade(connection, "the store") == ("0005", schema.HEAD)
    assert [row[3:] for row in states(store)] == [("new", None), ("new", None)]
