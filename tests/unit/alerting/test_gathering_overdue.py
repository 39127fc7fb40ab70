"""A receiver that is away for a day: what is told when it comes back, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from alerting.gathering_overdue import gather_overdue
from newswire.errors import Fenced
from newswire.outcomes import SendState
from newswire.records import MessageKind
from newswire.store import Store, digests, outbox
from newswire.store.outbox import Entry
from newswire.store.tables import outbox as table
from tests.alerting_builders import AlwaysLeading
from tests.fakes import NOW

HOUR = timedelta(hours=1)


class Replaced(AlwaysLeading):
    """The leadership of a process that another took the role from, unawares."""

    def check(self, connection: Connection) -> int:
        raise Fenced("another leads")


def put(store: Store, story: str, hours: float, receiver: str = "desk", **changes: object) -> None:
    entry = Entry(story, receiver, MessageKind.PARENT, 0, story, "d", "i", "r", ["gaming"], "high", story, None, "{}")
    with store.begin() as connection:
        outbox.put(connection, [replace(entry, **changes)], (NOW + hours * HOUR).timestamp())  # type: ignore[arg-type]


def tried(store: Store, story: str, *, attempts: int = 1) -> None:
    with store.begin() as connection:
        connection.execute(table.update().where(table.c.story_id == story).values(attempts=attempts))


def sent(store: Store, story: str) -> None:
    with store.begin() as connection:
        connection.execute(table.update().where(table.c.story_id == story).values(state=SendState.SENT.value, settled_at=1.0))


def gather(store: Store, hours: float) -> int:
    return gather_overdue(store, AlwaysLeading(), NOW + hours * HOUR)


def due(store: Store, hours: float) -> list[list[str]]:
    with store.read() as connection:
        return [[row.story_id for row in one.rows] for one in digests.due(connection, (NOW + hours * HOUR).timestamp())]


def test_what_waited_for_six_hours_is_one_summary_when_the_receiver_is_back(store: Store) -> None:
    for hour in range(10):
        put(store, f"s{hour}", hour)
    put(store, "elsewhere", 9.5, "ops")
    for hour in range(10):
        tried(store, f"s{hour}")
    assert gather(store, 5.9) == 0
    for quarter in range(24, 41):
        gather(store, quarter / 4)
        assert due(store, quarter / 4) == []
    assert gather(store, 10.1) == 1
    assert due(store, 10.2) == [["s0", "s1", "s2", "s3", "s4"]]  # asked as if nobody had put it off
    gather(store, 10.2)
    assert due(store, 10.2) == []
    for hour in range(5, 10):
        sent(store, f"s{hour}")
    assert gather(store, 10.3) == 0
    assert due(store, 10.3) == [["s0", "s1", "s2", "s3", "s4"]]
    with store.read() as connection:
        left = connection.execute(select(table.c.story_id).where(table.c.state == "new")).scalars()
        assert list(left) == ["elsewhere"]


def test_what_is_made_due_again_by_command_is_told_by_itself(store: Store) -> None:
    put(store, "s0", 0)
    tried(store, "s0")
    with store.begin() as connection:
        connection.execute(table.update().values(state=SendState.FAILED.value))
    with store.begin() as connection:
        assert outbox.revive(connection, "s0", (NOW + 9 * HOUR).timestamp()) == 1
    assert gather(store, 9.1) == 0
    with store.read() as connection:
        row = outbox.next_due(connection, "desk", (NOW + 9.1 * HOUR).timestamp())
    assert row is not None
    assert gather(store, 15.1) == 1


def test_a_queue_that_is_long_is_no_receiver_that_is_away(store: Store) -> None:
    for n in range(3):
        put(store, f"s{n}", 0)
    assert gather(store, 7) == 3
    assert due(store, 7) == []
    assert due(store, 7.02) == [["s0", "s1", "s2"]]
    assert gather(store, 8) == 0


def test_a_process_that_was_replaced_gathers_nothing(store: Store) -> None:
    put(store, "s", 0)
    with pytest.raises(Fenced):
        gather_overdue(store, Replaced(), NOW + 7 * HOUR)
    assert due(store, 99) == []
