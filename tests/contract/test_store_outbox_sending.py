"""Which row of the outbox is due, on both databases: the order within a story at a receiver, and what a row may still become."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from newswire.errors import Fenced
from newswire.outcomes import GatherReason, SendOutcome, SendState
from newswire.records import MessageKind
from newswire.store import Store, open_store, outbox, standings, updates
from newswire.store.outbox import Entry, Gathered, Queued
from newswire.store.outbox_rows import queued
from newswire.store.tables import outbox as table

PARENT, EDIT, REPLY, DIGEST, NOTICE = (
    MessageKind.PARENT,
    MessageKind.EDIT,
    MessageKind.REPLY,
    MessageKind.DIGEST,
    MessageKind.NOTICE,
)
AT = 100.0


def entry(kind: MessageKind = PARENT, sequence: int = 0, *, story: str = "s", receiver: str = "desk", alert: str = "a") -> Entry:
    return Entry(story, receiver, kind, sequence, alert, "d", "i", "r", ["gaming"], "high", "title", None, f"{kind} {sequence}")


def put(store: Store, *entries: Entry) -> None:
    with store.begin() as connection:
        outbox.put(connection, entries, AT)


def due(store: Store, now: float = AT, receiver: str = "desk") -> Queued | None:
    with store.read() as connection:
        return outbox.next_due(connection, receiver, now)


def said(store: Store, now: float = AT) -> str | None:
    row = due(store, now)
    return row.message if row else None


def send(store: Store, row: Queued | None, reference: str | None = "1.0") -> None:
    assert row is not None
    with store.begin() as connection:
        outbox.mark_sending(connection, row, clock_mark=None)
        outbox.mark_sent(connection, row, SendOutcome.SENT, channel="C1", reference=reference, at=AT)


def fail(store: Store, row: Queued | None) -> None:
    assert row is not None
    with store.begin() as connection:
        outbox.mark_failed(connection, row.row_id, "channel_not_found", at=AT)


def all_said(store: Store, now: float = AT) -> list[str]:
    found = []
    while (row := due(store, now)) is not None:
        found.append(row.message)
        send(store, row)
    return found


def head(store: Store, row: Queued | None) -> tuple[MessageKind, int] | None:
    assert row is not None
    with store.read() as connection:
        found = outbox.head_of(connection, row)
    return (found.kind, found.sequence) if found else None


def test_replies_wait_for_their_parent_and_for_each_other_in_whatever_order_they_were_put(store: Store) -> None:
    put(store, entry(REPLY, 2), entry(REPLY, 1), entry(EDIT, 1), entry())
    row = due(store)
    assert row is not None
    assert row.kind is PARENT
    with store.begin() as connection:
        outbox.mark_doubt(connection, row.row_id, since=AT, next_try_at=AT + 30, reason="timeout")
    assert due(store) is None
    assert all_said(store, AT + 30) == ["parent 0", "reply 1", "reply 2", "edit 1"]


def test_a_reply_in_doubt_holds_back_later_replies_and_nothing_else(store: Store) -> None:
    put(store, entry())
    send(store, due(store))
    put(store, entry(REPLY, 1), entry(REPLY, 2), entry(EDIT, 1), entry(story="other", alert="b"))
    row = due(store)
    assert row is not None
    with store.begin() as connection:
        outbox.mark_sending(connection, row, clock_mark="0.5")
        outbox.mark_doubt(connection, row.row_id, since=AT, next_try_at=AT + 30, reason="timeout")
    assert all_said(store) == ["edit 1", "parent 0"]
    assert said(store, AT + 30) == "reply 1"


def test_a_failed_parent_sets_its_replies_free_to_fail(store: Store) -> None:
    put(store, entry(), entry(REPLY, 1))
    fail(store, due(store))
    row = due(store)
    assert row is not None
    assert row.kind is REPLY
    with store.read() as connection:
        parent = outbox.head_of(connection, row)
    assert parent is not None
    assert parent.state is SendState.FAILED


def test_a_reply_gathers_until_its_time_and_grows_until_it_is_attempted(store: Store) -> None:
    put(store, entry(), replace(entry(REPLY, 1), due_at=AT + 600))
    send(store, due(store))
    assert due(store, AT + 599) is None
    with store.read() as connection:
        assert outbox.waiting_receivers(connection, AT) == []  # nothing to wait for
        assert outbox.waiting_receivers(connection) == ["desk"]
        assert outbox.waiting(connection, AT) == (0, None)
        assert outbox.waiting(connection, AT + 600) == outbox.waiting(connection) == (1, AT + 600)  # late since it was due
    as_read = due(store, AT + 600)
    grown, too_late = (replace(entry(REPLY, 1), message=text) for text in ("both", "too late"))
    assert as_read is not None
    with store.begin() as connection:
        assert updates.grow(connection, as_read.row_id, grown, AT + 500)
    with store.begin() as connection:
        assert outbox.mark_sending(connection, as_read, clock_mark=None) == "both"  # what it says by now, not what was read
        assert not updates.grow(connection, as_read.row_id, too_late, AT)
        outbox.mark_again(connection, as_read.row_id, SendOutcome.RATE_LIMITED, next_try_at=AT, reason="rate_limited")
        assert not updates.grow(connection, as_read.row_id, too_late, AT)


def test_a_row_that_another_took_is_not_sent(store: Store) -> None:
    put(store, entry())
    row = due(store)
    send(store, row)
    assert row is not None
    with pytest.raises(Fenced, match="taken by another"), store.begin() as connection:
        outbox.mark_sending(connection, row, clock_mark=None)
    with store.begin() as connection:  # nor is what is known to be sent changed by an answer that comes late
        outbox.mark_sent(connection, row, SendOutcome.FOUND, channel="C2", reference="2.0", at=AT)
        parent = outbox.parent_of(connection, "s", "desk")
    assert parent is not None
    assert (parent.outcome, parent.reference) == (SendOutcome.SENT, "1.0")


@pytest.mark.parametrize("refused", [False, True])
def test_a_row_that_another_tried_or_gave_up_is_not_sent(store: Store, *, refused: bool) -> None:
    put(store, entry())
    row = due(store)
    assert row is not None
    with store.begin() as connection:
        if refused:
            outbox.mark_failed(connection, row.row_id, "unreadable_row", at=AT)
        else:
            outbox.mark_sending(connection, row, clock_mark=None)
            outbox.mark_again(connection, row.row_id, SendOutcome.RETRY, next_try_at=AT, reason="timeout")
    with pytest.raises(Fenced, match="taken by another"), store.begin() as connection:
        outbox.mark_sending(connection, row, clock_mark=None)


def test_a_story_told_anew_has_edits_and_replies_of_its_own(store: Store) -> None:
    put(store, entry(), entry(EDIT, 1))
    assert all_said(store) == ["parent 0", "edit 1"]
    put(
        store, entry(EDIT, 2), entry(PARENT, 3, alert="b"), entry(EDIT, 4, alert="b"), entry(EDIT, 5, alert="b"), entry(REPLY, 1, alert="b")
    )
    put(store, entry(REPLY, 2))
    rows = {}
    while (row := due(store)) is not None:
        if row.kind is not PARENT:
            rows[row.message] = head(store, row)
        send(store, row)
    assert rows == {
        "edit 2": (PARENT, 0),
        "edit 5": (PARENT, 3),
        "reply 1": (PARENT, 3),
        "reply 2": (PARENT, 0),
    }
    with store.read() as connection:
        newest = outbox.parent_of(connection, "s", "desk")
        assert outbox.told_at(connection, "s", "desk", not_as="b") == ("C1", "1.0")
    assert newest is not None
    assert newest.alert_id == "b"


def test_the_pages_of_a_digest_follow_its_first_in_their_order(store: Store) -> None:
    pages = [entry(DIGEST, n, story="digest", alert="digest") for n in (2, 1, 0)]
    put(store, *pages, entry(NOTICE, story="notice", alert="notice"))
    assert all_said(store) == ["digest 0", "digest 1", "digest 2", "notice 0"]
    put(store, entry(DIGEST, 0, story="another", alert="another"))
    with store.read() as connection:
        assert outbox.pages(connection, "digest") == [(n, SendState.SENT, None) for n in (2, 1, 0)]


def test_a_further_page_stands_in_the_thread_of_the_first(store: Store) -> None:
    put(store, *(entry(DIGEST, n, story="digest", alert="digest") for n in (0, 1)))
    send(store, due(store))
    assert head(store, due(store)) == (DIGEST, 0)


def test_receivers_do_not_wait_for_each_other(store: Store) -> None:
    put(store, entry(), *(replace(entry(kind, n), receiver="ops", alert_id="b") for kind, n in ((PARENT, 0), (EDIT, 1), (REPLY, 1))))
    row = due(store)
    assert row is not None
    with store.begin() as connection:
        outbox.mark_sending(connection, row, clock_mark=None)
        outbox.mark_doubt(connection, row.row_id, since=AT, next_try_at=AT + 30, reason="timeout")
    told = []
    while (row := due(store, receiver="ops")) is not None:
        told.append(row.message)
        send(store, row)
    assert told == ["parent 0", "edit 1", "reply 1"]


def test_an_edit_that_was_cut_off_on_its_way_goes_before_a_later_one(store: Store) -> None:
    put(store, entry(), entry(EDIT, 1))
    send(store, due(store))
    row = due(store)
    assert row is not None
    with store.begin() as connection:
        outbox.mark_sending(connection, row, clock_mark=None)
    put(store, entry(EDIT, 2))
    assert all_said(store) == ["edit 1", "edit 2"]


def test_an_edit_does_not_give_way_to_a_later_one_that_was_refused(store: Store) -> None:
    put(store, entry(), entry(EDIT, 1), entry(EDIT, 2))
    send(store, due(store))
    fail(store, due(store))
    assert all_said(store) == ["edit 1"]


def test_what_was_told_before_a_story_was_told_anew_waits_for_nothing_of_that(store: Store) -> None:
    put(store, entry())
    send(store, due(store))
    put(store, entry(EDIT, 1), entry(REPLY, 3), entry(PARENT, 2, alert="b"), entry(EDIT, 3, alert="b"))
    assert said(store) == "edit 1"
    send(store, due(store))
    with store.begin() as connection:
        told_anew = outbox.parent_of(connection, "s", "desk")
        assert told_anew is not None
        outbox.mark_sending(connection, told_anew, clock_mark=None)
        outbox.mark_doubt(connection, told_anew.row_id, since=AT, next_try_at=AT + 30, reason="timeout")
    assert all_said(store) == ["reply 3"]
    assert all_said(store, AT + 30) == ["parent 2", "edit 3"]


def test_of_what_is_due_the_oldest_goes_first_whenever_it_was_due(store: Store) -> None:
    put(store, entry(story="one"), entry(story="two", alert="b"))
    row = due(store)
    assert row is not None
    with store.begin() as connection:
        outbox.mark_again(connection, row.row_id, SendOutcome.RETRY, next_try_at=AT + 5, reason="timeout")
    second, first = due(store), due(store, AT + 5)
    assert second is not None
    assert first is not None
    assert (second.story_id, first.story_id) == ("two", "one")


def test_an_edit_changes_the_message_of_its_own_story(store: Store) -> None:
    put(store, entry(story="other", alert="b"), entry(PARENT, 1, story="other", alert="c"), entry())
    all_said(store)
    put(store, entry(EDIT, 2))
    row = due(store)
    assert row is not None
    with store.read() as connection:
        changed = outbox.head_of(connection, row)
    assert changed is not None
    assert (changed.story_id, changed.sequence) == ("s", 0)


def test_a_receiver_is_known_by_the_channel_that_it_answered_last(store: Store) -> None:
    with store.begin() as connection:
        for at, story, receiver in ((AT + 1, "newer", "desk"), (AT, "older", "desk"), (AT + 2, "unsent", "desk"), (AT + 3, "other", "ops")):
            outbox.put(connection, [entry(story=story, receiver=receiver, alert=story)], at)
        assert outbox.channel_of(connection, "desk") is None
        for story, receiver in (("newer", "desk"), ("older", "desk"), ("other", "ops")):
            row = outbox.parent_of(connection, story, receiver)
            assert row is not None
            outbox.mark_sent(connection, row, SendOutcome.SENT, channel=f"C-{story}", reference="1.0", at=AT)
        assert outbox.channel_of(connection, "desk") == "C-newer"


def test_what_is_on_the_wire_and_who_waits_is_told_by_receiver(store: Store) -> None:
    put(store, entry(), entry(story="two", alert="c"), entry(receiver="ops", alert="b"), entry(receiver="mail", alert="d"))
    rows = [row for row in (due(store), due(store, receiver="ops")) if row is not None]
    with store.begin() as connection:
        for row in rows:
            outbox.mark_sending(connection, row, clock_mark=None)
        assert [outbox.sending(connection, name) for name in ("desk", "ops", "mail")] == [[rows[0].row_id], [rows[1].row_id], []]
        outbox.mark_again(connection, rows[1].row_id, SendOutcome.RETRY, next_try_at=AT + 60, reason="timeout")
    send(store, due(store, receiver="mail"))
    with store.read() as connection:
        assert sorted(outbox.waiting_receivers(connection)) == ["desk", "ops"]
        assert sorted(outbox.waiting_receivers(connection, AT)) == ["desk", "ops"]  # what was tried waits, whenever it is tried again
        assert outbox.sending(connection, "ops") == []


def stored(store: Store, *columns: str) -> dict[str, tuple[Any, ...]]:
    """Return these columns of every row, by what it says."""
    with store.read() as connection:
        return {row.message: tuple(row._mapping[name] for name in columns) for row in connection.execute(select(table))}


LONG = "x" * 100
ENDS: dict[str, tuple[Callable[[Connection, Queued], object], dict[str, object]]] = {
    "on the wire again": (
        lambda connection, row: outbox.mark_sending(connection, row, clock_mark="5.0"),
        {"state": "sending", "attempts": 2, "reference": "5.0", "doubt_since": None, "settled_at": None},
    ),
    "accepted": (
        lambda connection, row: outbox.mark_sent(connection, row, SendOutcome.FOUND, channel="C1", reference="1.0", at=AT + 1),
        {
            "state": "sent",
            "outcome": "found",
            "reason": None,
            "channel": "C1",
            "reference": "1.0",
            "doubt_since": None,
            "settled_at": AT + 1,
        },
    ),
    "said by another": (
        lambda connection, row: outbox.mark_spoken_for(connection, row.row_id, SendOutcome.FOLDED, at=AT + 1),
        {"state": "sent", "outcome": "folded", "reason": "superseded", "reference": None, "doubt_since": None, "settled_at": AT + 1},
    ),
    "in doubt": (
        lambda connection, row: outbox.mark_doubt(connection, row.row_id, since=AT + 1, next_try_at=AT + 2, reason=LONG),
        {"state": "sending", "outcome": "in_doubt", "reason": LONG[:64], "reference": "0.5", "doubt_since": AT + 1, "next_try_at": AT + 2},
    ),
    "to be tried again": (
        lambda connection, row: outbox.mark_again(connection, row.row_id, SendOutcome.RETRY, next_try_at=AT + 2, reason=LONG),
        {"state": "new", "outcome": "retry", "reason": LONG[:64], "reference": None, "doubt_since": None, "next_try_at": AT + 2},
    ),
    "refused": (
        lambda connection, row: outbox.mark_failed(connection, row.row_id, LONG, at=AT + 1),
        {"state": "failed", "outcome": "refused", "reason": LONG[:64], "reference": None, "doubt_since": None, "settled_at": AT + 1},
    ),
    "grown": (
        lambda connection, row: outbox.replace_message(connection, row.row_id, "edit 9"),
        {"state": "sending", "reference": "0.5", "doubt_since": AT, "message": "edit 9"},
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_an_attempt_is_written_down_whole_and_in_its_row_alone(store: Store, end: str) -> None:
    mark, due_to_stand = ENDS[end]
    put(store, entry())
    row = due(store)
    assert row is not None
    with store.begin() as connection:
        outbox.mark_sending(connection, row, clock_mark="0.5")
        outbox.mark_doubt(connection, row.row_id, since=AT, next_try_at=AT, reason="timeout")
    put(store, entry(story="beside", alert="b", kind=NOTICE))
    in_doubt, before = due(store), stored(store, *table.c.keys())
    assert in_doubt is not None
    with store.begin() as connection:
        mark(connection, in_doubt)
    after = stored(store, *table.c.keys())
    assert after["notice 0"] == before["notice 0"]
    (name,) = after.keys() - {"notice 0"}
    assert stored(store, *due_to_stand)[name] == tuple(due_to_stand.values())


def test_an_edit_that_is_sent_speaks_for_the_earlier_ones_of_its_message_that_wait_and_for_no_other(store: Store) -> None:
    put(store, *(entry(EDIT, n) for n in (1, 2, 3, 4)), replace(entry(EDIT, 0), alert_id="b"))
    with store.begin() as connection:
        rows = {row.sequence: queued(row) for row in connection.execute(select(table))}
        outbox.mark_failed(connection, rows[1].row_id, "msg_too_long", at=AT)
        outbox.mark_sent(connection, rows[3], SendOutcome.SENT, channel="C1", reference="1.0", at=AT + 1)
    assert stored(store, "state", "reason", "outcome", "settled_at", "published") == {
        "edit 0": ("new", None, None, None, False),
        "edit 1": ("failed", "msg_too_long", "refused", AT, False),
        "edit 2": ("sent", "superseded", "sent", AT + 1, True),
        "edit 3": ("sent", None, "sent", AT + 1, False),
        "edit 4": ("new", None, None, None, False),
    }


def test_what_a_digest_tells_is_never_due(store: Store) -> None:
    put(store, replace(entry(), gathered=Gathered("morning", GatherReason.DIGEST, AT)))
    assert due(store, AT + 1_000) is None


def test_sequences_go_on_where_they_stand(store: Store) -> None:
    put(store, entry(), entry(EDIT, 1), entry(REPLY, 4))
    with store.begin() as connection:
        assert outbox.next_sequence(connection, "s", "desk", [PARENT, EDIT]) == 2
        assert outbox.next_sequence(connection, "s", "desk", [REPLY]) == 5
        assert outbox.next_sequence(connection, "s", "ops", [REPLY]) == 0


def test_what_was_sent_long_ago_costs_no_look_at_the_outbox() -> None:
    """As a year of sent rows would, were they gone through five times a second. Without statistics, as SQLite is when it is new."""
    asked: list[tuple[str, Callable[[Connection], object]]] = [
        ("ix_outbox_unpublished", lambda connection: outbox.unpublished(connection, 9)),
        ("ix_outbox_receiver_created_at", lambda connection: outbox.channel_of(connection, "desk")),
        ("ix_outbox_receiver_created_at", lambda connection: standings.troubled(connection, 0.0)),
    ]
    with closing(open_store("sqlite://")) as store, store.read() as connection:
        failed = {column.name: "x" for column in table.c if not column.nullable} | {"state": "failed", "kind": "parent", "sequence": 0}
        times = {"row_id": 1, "attempts": 1, "next_try_at": AT, "created_at": AT, "settled_at": AT, "published": True, "reason": "gone"}
        connection.execute(table.insert().values(failed | times))
        for index, ask in asked:
            statements: list[tuple[str, Any]] = []
            event.listen(
                connection, "before_cursor_execute", lambda _1, _2, sql, values, _3, _4, said=statements: said.append((sql, values))
            )
            ask(connection)
            sql, values = statements[-1]
            plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all())
            assert index in plan
            assert "ix_outbox_state_next_try_at" not in plan
