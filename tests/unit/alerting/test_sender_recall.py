"""After a restore: what readers were told since the backup is read back first, and is not told again; threads go on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from alerting import updates
from alerting.bulletin import Bulletin, Piece
from alerting.carried import Look, Said, carried_by, carried_by_update, token_of
from alerting.decide import decide
from alerting.digests.worker import READ_BACK_S
from alerting.message import alert_id_of, folded, from_json, to_json
from alerting.receivers import FindAnswer, Unreadable
from alerting.receivers.http_post import HttpPost
from alerting.receivers.slack_webhook import SlackWebhookReceiver
from alerting.render import EVENT_TYPE
from alerting.sender_known import told_apart
from alerting.sender_recall_pages import Recall
from alerting.updates import Correction, NewReport
from newswire.clock import ManualClock
from newswire.outcomes import SendOutcome, SendState
from newswire.records import MessageKind, Severity
from newswire.store import Store, backups, digest_times, outbox, recalled
from newswire.store.backups import RECALL_MOST_S, Restored
from newswire.store.outbox import Entry
from newswire.store.recalled import Recalled
from newswire.store.tables import outbox as table
from tests.alerting_builders import a_match, a_report
from tests.bulletins import an_update
from tests.fake_slack import FakeSlack
from tests.fake_webhook import FakeWebhook
from tests.unit.alerting.test_digest_worker import FIRST, START, World
from tests.unit.alerting.test_sender import Make, desk_at, drain, make, pass_time, put, rows, slack
from tests.unit.alerting.test_sender_replies import put_bulletins, put_reply, queued

__all__ = ["make", "slack"]  # fixtures

A_DIGEST = Bulletin("d" * 32, MessageKind.DIGEST, Severity.LOW, "Digest", (Piece("Digest", bold=True),), ((Piece("named"),),))


@pytest.fixture(autouse=True)
def _as_slack_knows_the_time(clock: ManualClock) -> None:
    """Slack's clock runs by itself, so ours is set to it."""
    clock.set(datetime.now(UTC))


def lose(store: Store, clock: ManualClock, *, since_s: float = 60) -> None:
    """Forget all that was told, as a store does that is restored from a backup of a minute ago."""
    at = clock.now().timestamp()
    with store.begin() as connection:
        connection.execute(delete(table))
        backups.end_restore(connection, Restored(at - since_s, at))


def put_of_story(store: Store, clock: ManualClock, story: str, *keys: str, receiver: str = "desk") -> str:
    """Put a parent in the outbox that tells these items as one story, and return its alert id."""
    match = a_match(receivers=(receiver,))
    message = decide(a_report(keys[0]), matches=[match], story_id=story, told={}, now=clock.now()).rows[0].message
    for key in keys[1:]:
        more = decide(a_report(key, outlet=f"Outlet {key}"), matches=[match], story_id=story, told={}, now=clock.now()).rows[0].message
        message = folded(message, more)
    entry = Entry(
        story, receiver, MessageKind.PARENT, 0, message.alert_id, "d" * 32, message.item_id, "r1", ["gaming"], Severity.HIGH.value,
        message.title, message.url, to_json(message),
    )  # fmt: skip
    with store.begin() as connection:
        outbox.put(connection, [entry], clock.now().timestamp())
    return message.alert_id


def test_a_story_is_known_again_by_its_item_whatever_its_id_is_now(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    put(store, "one")
    drain(make(desk_at(slack)), clock)
    [before] = slack.posted
    lose(store, clock)
    alert_id = put_of_story(store, clock, "another".ljust(32, "0"), "one")
    other = put_of_story(store, clock, "third".ljust(32, "0"), "two")
    assert alert_id != before.alert_id
    drain(make(desk_at(slack)), clock)
    assert [posted.alert_id for posted in slack.posted] == [before.alert_id, other]
    found = {row["alert_id"]: row for row in rows(store)}
    assert found[alert_id]["state"] == SendState.SENT
    with store.read() as connection:
        parent = outbox.parent_of(connection, "another".ljust(32, "0"), "desk")
    assert parent is not None
    assert (parent.channel, parent.reference, parent.outcome) == (before.channel, before.ts, SendOutcome.FOUND)


def test_what_the_message_did_not_tell_is_added_by_an_edit(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    put(store, "one")
    drain(make(desk_at(slack)), clock)
    lose(store, clock)
    put_of_story(store, clock, "another".ljust(32, "0"), "two", "one")
    drain(make(desk_at(slack)), clock)
    [posted] = slack.posted
    assert len(posted.versions) == 2
    assert "Outlet one" in str(posted.body)


def test_nothing_is_sent_before_all_is_read_back(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    put(store, "one")
    drain(make(desk_at(slack)), clock)
    slack.page = 1
    for _ in range(3):
        slack.somebody_says("desk", "hello")
    lose(store, clock)
    put_of_story(store, clock, "another".ljust(32, "0"), "one")
    slack.read_faults.extend(["ok", "http_503", "rate_limited:2", "ok", "reset"])
    drain(make(desk_at(slack)), clock)
    assert len(slack.posted) == 4
    with store.read() as connection:
        assert backups.is_recalled(connection, "desk")
        assert not backups.is_blind(connection, "desk")


def test_once_read_it_is_not_read_again_by_the_next_life(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    lose(store, clock)
    drain(make(desk_at(slack)), clock)
    assert "conversations.history" in slack.calls or slack.posted == []
    calls = len(slack.calls)
    drain(make(desk_at(slack)), clock)
    assert len(slack.calls) == calls


def test_a_channel_that_may_not_be_read_is_told_with_a_mark(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    put(store, "one")
    drain(make(desk_at(slack)), clock)
    slack.history_error = "missing_scope"
    lose(store, clock)
    put_of_story(store, clock, "another".ljust(32, "0"), "one")
    drain(make(desk_at(slack)), clock)
    assert len(slack.posted) == 2
    assert "Possible repeat" in str(slack.posted[1].body)
    with store.read() as connection:
        assert backups.is_blind(connection, "desk")
    pass_time(clock, RECALL_MOST_S + 1)
    put_of_story(store, clock, "fourth".ljust(32, "0"), "four")
    drain(make(desk_at(slack)), clock)
    assert "Possible repeat" not in str(slack.posted[2].body)


def test_a_webhook_is_told_with_a_mark(make: Make, store: Store, clock: ManualClock) -> None:
    with FakeWebhook() as webhook:
        receiver = SlackWebhookReceiver("desk", post=HttpPost(webhook.url, user_agent="test"), now=clock.now)
        lose(store, clock)
        put_of_story(store, clock, "another".ljust(32, "0"), "one")
        drain(make(receiver), clock)
        [got] = webhook.taken
    assert "ossible repeat" in got.body.decode()


def test_a_reply_is_not_given_twice_and_what_is_new_in_it_is_given(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    alert_id = put(store, "one")
    put_reply(store, 1, alert_id=alert_id, outlet="Dawn")
    drain(make(desk_at(slack)), clock)
    assert len(slack.posted) == 2
    with store.begin() as connection:  # the backup was made between the two
        connection.execute(delete(table).where(table.c.kind == MessageKind.REPLY.value))
        at = clock.now().timestamp()
        backups.end_restore(connection, Restored(at - 60, at))
    pass_time(clock, 1)
    put_reply(store, 1, alert_id=alert_id, outlet="Dawn")
    put_reply(store, 2, alert_id=alert_id, outlet="Geo News")
    drain(make(desk_at(slack)), clock)
    assert ["Dawn" in str(posted.body) for posted in slack.posted[1:]] == [True, False]
    assert slack.posted[2].thread_ts == slack.posted[0].ts
    assert [state for _, state, _ in queued(store, MessageKind.REPLY)] == [SendState.SENT, SendState.SENT]


def test_a_reply_that_may_have_been_given_is_given_with_a_mark(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    alert_id = put(store, "one")
    drain(make(desk_at(slack)), clock)
    pass_time(clock, 60)
    with store.begin() as connection:
        at = clock.now().timestamp()
        backups.end_restore(connection, Restored(at, at + 60))
    pass_time(clock, 60)
    slack.history_error = "missing_scope"
    put_reply(store, 1, alert_id=alert_id, outlet="Dawn")
    drain(make(desk_at(slack)), clock)
    assert ["ossible repeat" in str(posted.body) for posted in slack.posted] == [False, True]
    assert slack.posted[1].thread_ts == slack.posted[0].ts


def test_a_thread_that_was_deleted_meanwhile_does_not_make_the_channel_unreadable() -> None:
    class Channel:
        def look_back(self, *, channel: str | None, thread: str | None, since: str, cursor: str | None) -> Look | FindAnswer:
            if thread is None:
                return Look((Said(EVENT_TYPE, "C1", "1.5", "alert", ("token",), replies=True),), None)
            return Unreadable("thread_not_found")

    reading = Recall("0")
    while not reading.done():
        assert reading.step(Channel()) is None
    assert reading.all_told()["token"] == Recalled("C1", "1.5")


def test_what_is_left_of_a_reply() -> None:
    one, two = (NewReport(f"{n}".ljust(32, "0"), "Dawn", "PK", "t", None, "en") for n in (1, 2))
    correction = Correction("3".ljust(32, "0"), "Dawn", None, "old", "new")
    update = an_update(reports=(one, two), corrections=(correction,))
    tokens = carried_by_update(update)
    assert told_apart(update, set(tokens)) is None
    assert told_apart(update, set()) is update
    left = told_apart(update, {token_of(one.item_id)})
    assert left is not None
    assert (left.reports, left.corrections) == ((two,), (correction,))
    silent = an_update(reports=())
    assert told_apart(silent, set(carried_by_update(silent))) is None
    assert carried_by_update(silent) != carried_by_update(an_update(reports=(), severity=Severity.LOW))


def test_a_digest_that_was_told_for_its_time_is_known(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    due_at = clock.now().timestamp() - 30
    receiver = desk_at(slack)
    receiver.say(replace(A_DIGEST, carries=(token_of("named"),), digest="morning", due_at=due_at), channel=None, thread=None)
    with store.begin() as connection:
        digest_times.keep(connection, {"morning": "07:00 daily UTC"}, (), due_at - 1000)
    lose(store, clock)
    drain(make(receiver), clock)
    with store.begin() as connection:
        assert not digest_times.tell(connection, "morning", due_at)
        assert recalled.among(connection, "desk", ["named", token_of(A_DIGEST.bulletin_id)]) == {
            "named": Recalled(slack.posted[0].channel, None),
            token_of(A_DIGEST.bulletin_id): Recalled(slack.posted[0].channel, slack.posted[0].ts),
        }
    put_bulletins(store, MessageKind.DIGEST, bulletin_id=A_DIGEST.bulletin_id)
    put_of_story(store, clock, "another".ljust(32, "0"), "named")
    drain(make(receiver), clock)
    assert len(slack.posted) == 2, "the digest is taken up; this story's item has another id"


def test_a_digest_waits_for_what_is_read_back_and_names_nothing_again(store: Store) -> None:
    world = World(store)
    world.at(START)
    named, fresh = world.gather("named"), world.gather("fresh")
    with store.begin() as connection:
        backups.end_restore(connection, Restored(FIRST.timestamp() - 7200, FIRST.timestamp() - 60))
        row = next(row for row in connection.execute(table.select()) if row.alert_id == named)
    tokens = carried_by(from_json(row.message))
    world.at(FIRST + timedelta(minutes=1))
    assert queued(store, MessageKind.DIGEST) == []
    with store.begin() as connection:
        recalled.keep(connection, "desk", dict.fromkeys(tokens, Recalled("C1", None)), FIRST.timestamp())
        backups.note_recalled(connection, "desk", FIRST.timestamp())
    world.at(FIRST + timedelta(minutes=2))
    with store.read() as connection:
        [page] = [row for row in connection.execute(table.select()) if row.kind == MessageKind.DIGEST.value]
        states = {row.alert_id: (row.state, row.outcome) for row in connection.execute(table.select())}
    assert "title of fresh" in page.message
    assert "title of named" not in page.message
    assert states[named] == (SendState.SENT, SendOutcome.FOUND)
    assert states[fresh] == (SendState.GATHERED, None)


def test_a_digest_does_not_wait_for_ever(store: Store) -> None:
    world = World(store)
    world.at(START)
    world.gather("one")
    with store.begin() as connection:
        backups.end_restore(connection, Restored(FIRST.timestamp() - 7200, FIRST.timestamp() - 60))
    world.at(FIRST + timedelta(seconds=READ_BACK_S))
    assert len(queued(store, MessageKind.DIGEST)) == 1


def test_ids_are_what_a_message_carries() -> None:
    assert token_of(alert_id_of("s", "desk")) == alert_id_of("s", "desk")[:12]
    assert updates.numbered(an_update(), 1).update_id != updates.numbered(an_update(), 2).update_id
