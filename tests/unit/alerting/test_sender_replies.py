"""The sender and what is said beside alerts: replies in their thread, digests and their pages, notices; in doubt, and at the fallback."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerting import bulletin as bulletins
from alerting import message as messages
from alerting import updates
from alerting.bulletin import Bulletin, Piece
from alerting.message import Earlier, EarlierKind, Quote, ShownWatchlist
from alerting.receivers import Answer
from alerting.receivers.http_post import HttpPost
from alerting.receivers.slack import SlackReceiver
from alerting.receivers.slack_webhook import SlackWebhookReceiver
from alerting.sender import SHOW_S
from alerting.sender_seen import message_seen
from alerting.updates import NewReport, Update
from alerting.watchlists.telling import Explain
from newswire.clock import ManualClock
from newswire.metrics import Metrics
from newswire.outcomes import GatherReason, SendState
from newswire.records import MessageKind, Severity
from newswire.store import Store, outbox
from newswire.store import updates as replies
from newswire.store.outbox import Entry
from newswire.store.tables import outbox as table
from tests.fake_slack import FakeSlack
from tests.fake_webhook import FakeWebhook, Says
from tests.fakes import NOW
from tests.unit.alerting.test_sender import DOUBT_S, TOKEN, Make, desk_at, drain, make, pass_time, put, sends, slack

__all__ = ["make", "slack"]  # fixtures

STORY = "one".ljust(32, "0")
DIGEST_ID = "d1" * 16


def put_reply(
    store: Store,
    sequence: int = 1,
    *,
    alert_id: str,
    outlet: str = "Dawn",
    due_s: float | None = None,
    in_channel: bool = False,
    words: tuple[str, ...] = (),
) -> str:
    """Put a reply about one more report in the outbox and return its id."""
    said = updates.numbered(
        Update(
            alert_id=alert_id,
            story_id=STORY,
            title="Pakistan, US agree",
            url=None,
            severity=Severity.HIGH,
            outlets=1 + sequence,
            countries=1,
            reports=(NewReport(f"i{sequence}".ljust(32, "0"), outlet, "PK", f"Report of {outlet}", None, "en"),),
            in_channel=in_channel,
            watchlists=(ShownWatchlist("gaming", "Gaming", Severity.HIGH, words),) if words else (),
        ),
        sequence,
    )
    entry = entry_of(MessageKind.REPLY, sequence, story=STORY, alert_id=alert_id, message=updates.to_json(said))
    with store.begin() as connection:
        outbox.put(connection, [replace(entry, due_at=None if due_s is None else NOW.timestamp() + due_s)], NOW.timestamp())
    return said.update_id


def put_bulletins(store: Store, kind: MessageKind, count: int = 1, *, bulletin_id: str = DIGEST_ID) -> None:
    with store.begin() as connection:
        for n in range(count):
            page = Bulletin(
                bulletin_id=bulletin_id if n == 0 else f"{n}".ljust(32, "e"),
                kind=kind,
                severity=Severity.LOW,
                fallback=f"Page {n}",
                heading=(Piece(f"Page {n}", bold=True),),
                lines=((Piece(f"line of page {n}"),),),
                alert_id=bulletin_id,
            )
            outbox.put(
                connection, [entry_of(kind, n, story=bulletin_id, alert_id=bulletin_id, message=bulletins.to_json(page))], NOW.timestamp()
            )


def entry_of(kind: MessageKind, sequence: int, *, story: str, alert_id: str, message: str) -> Entry:
    return Entry(story, "desk", kind, sequence, alert_id, "d" * 32, "i" * 32, "r" * 16, ["gaming"], "high", "title", None, message)


def queued(store: Store, kind: MessageKind, receiver: str = "desk") -> list[tuple[int, SendState, str | None]]:
    asked = table.select().where(table.c.kind == kind.value, table.c.receiver == receiver).order_by(table.c.sequence)
    with store.read() as connection:
        return [(row.sequence, SendState(row.state), row.reason) for row in connection.execute(asked)]


def threads(slack: FakeSlack) -> list[tuple[str | None, str | None]]:
    """Return of each message of its own which bulletin it is, and the `ts` of the one in whose thread it stands."""
    return [(one.bulletin_id, one.thread_ts) for one in slack.posted]


SENT = SendState.SENT
FAILED = SendState.FAILED


def test_replies_stand_in_the_thread_of_their_parent_in_their_order(
    make: Make, store: Store, clock: ManualClock, metrics: Metrics, slack: FakeSlack
) -> None:
    alert_id = put(store)
    first, second = (put_reply(store, n, alert_id=alert_id, outlet=f"Outlet {n}") for n in (1, 2))
    in_channel = put_reply(store, 3, alert_id=alert_id, in_channel=True)
    drain(make(desk_at(slack)), clock)
    ts = slack.posted[0].ts
    assert threads(slack) == [(None, None), (first, ts), (second, ts), (in_channel, None)]
    assert len({one.channel for one in slack.posted}) == 1
    assert slack.refused == []
    assert sends(metrics) == {"sent": 4}


def test_what_joined_a_batch_after_it_was_read_is_sent_with_it(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    class Growing(SlackReceiver):
        def clock_mark(self) -> str | Answer | None:
            with store.begin() as connection:
                waits = replies.threads(connection, [STORY])[STORY]["desk"].reply
                if waits is not None:
                    more = replace(updates.from_json(waits.message), partners=("KR",))
                    entry = entry_of(MessageKind.REPLY, 1, story=STORY, alert_id=alert_id, message=updates.to_json(more))
                    assert replies.grow(connection, waits.row_id, entry, NOW.timestamp())
            return super().clock_mark()

    alert_id = put(store)
    drain(make(desk_at(slack)), clock)
    put_reply(store, alert_id=alert_id)
    drain(make(Growing("desk", channel="#desk", token=TOKEN, base_url=slack.url, deadline_s=20.0)), clock)
    assert "Korea" in str(slack.posted[1].body)


def test_a_gathering_reply_is_nothing_to_wait_for_and_is_sent_when_its_time_has_come(
    make: Make, store: Store, clock: ManualClock, metrics: Metrics, slack: FakeSlack
) -> None:
    def shown(state: SendState) -> float | None:
        pass_time(clock, SHOW_S)
        sender.step()
        return metrics.registry.get_sample_value("newswire_alerting_outbox_rows", {"receiver": "desk", "state": state})

    alert_id = put(store)
    put_reply(store, alert_id=alert_id, due_s=600)
    sender = make(desk_at(slack))
    drain(sender, clock)
    assert len(slack.posted) == 1
    assert (shown(SendState.NEW), shown(SendState.GATHERED)) == (0, 1)
    pass_time(clock, 600)
    assert not sender.idle()
    drain(sender, clock)
    assert len(slack.posted) == 2
    assert (shown(SendState.NEW), shown(SendState.GATHERED)) == (0, 0)


@pytest.mark.parametrize("fault", ["accept_then_reset", "accept_then_500", "reset", "http_503"])
def test_a_doubtful_reply_is_looked_for_in_its_thread(
    make: Make, *, store: Store, clock: ManualClock, metrics: Metrics, slack: FakeSlack, fault: str
) -> None:
    alert_id = put(store)
    first, second = (put_reply(store, n, alert_id=alert_id) for n in (1, 2))
    slack.faults.extend(["ok", fault])
    assert drain(make(desk_at(slack)), clock) >= DOUBT_S
    ts = slack.posted[0].ts
    assert threads(slack) == [(None, None), (first, ts), (second, ts)]
    assert "conversations.replies" in slack.calls
    assert sends(metrics) == {"sent": 2, "found": 1, "in_doubt": 1} if fault.startswith("accept") else {"sent": 3, "in_doubt": 1}


def test_a_doubtful_reply_that_nobody_may_look_for_is_folded_into_its_parent(
    make: Make, store: Store, clock: ManualClock, metrics: Metrics
) -> None:
    with FakeSlack(history_error="missing_scope") as slack:
        alert_id = put(store)
        put_reply(store, alert_id=alert_id, outlet="Dawn")
        slack.faults.extend(["ok", "reset"])
        drain(make(desk_at(slack)), clock)
        assert threads(slack) == [(None, None)]
        assert len(slack.posted[0].versions) == 2
    with store.read() as connection:
        _, told = outbox.told(connection, [STORY])[STORY]["desk"]
    assert any("Dawn" in line for line in messages.from_json(told).also)
    assert queued(store, MessageKind.REPLY) == [(1, SENT, "superseded")]
    assert sends(metrics) == {"sent": 2, "in_doubt": 1, "folded": 1}
    assert metrics.registry.get_sample_value("newswire_alerting_replies_folded_total", {"receiver": "desk"}) == 1


def test_what_was_folded_stays_in_later_versions(make: Make, store: Store, clock: ManualClock) -> None:
    with FakeSlack(history_error="missing_scope") as slack:
        alert_id = put(store)
        for n in range(1, 4):
            put_reply(store, n, alert_id=alert_id, outlet=f"Outlet {n}")
        slack.faults.extend(["ok", "reset", "reset"])
        drain(make(desk_at(slack)), clock)
    with store.read() as connection:
        _, told = outbox.told(connection, [STORY])[STORY]["desk"]
    also = str(messages.from_json(told).also)
    assert all(f"Outlet {n}" in also for n in (1, 2))


def test_a_reply_at_a_receiver_that_cannot_be_read_is_repeated_and_marked(
    make: Make, store: Store, clock: ManualClock, metrics: Metrics
) -> None:
    with FakeWebhook([Says(), Says(then="reset"), Says(then="reset")]) as hook:
        alert_id = put(store)
        put_reply(store, alert_id=alert_id)
        drain(make(SlackWebhookReceiver("desk", post=HttpPost(hook.url, user_agent="x"), now=clock.now)), clock)
    assert ["possible repeat" in one.body.decode().lower() for one in hook.taken] == [False, False, True, True]
    assert sends(metrics) == {"sent": 1, "in_doubt": 2, "repeated": 1}


def test_a_reply_in_the_channel_stays_there_when_it_is_repeated(make: Make, store: Store, clock: ManualClock) -> None:
    with FakeWebhook([Says(), Says(then="reset"), Says(then="reset")]) as hook:
        alert_id = put(store)
        put_reply(store, alert_id=alert_id, in_channel=True)
        drain(make(SlackWebhookReceiver("desk", post=HttpPost(hook.url, user_agent="x"), now=clock.now)), clock)
    with store.read() as connection:
        thread = replies.threads(connection, [STORY])[STORY]["desk"]
    assert thread.reply is not None
    said = updates.from_json(thread.reply.message)
    assert (said.in_channel, said.possible_repeat) == (True, True)


def test_a_parent_that_failed_takes_its_replies_along(make: Make, store: Store, clock: ManualClock) -> None:
    with FakeSlack(channels=()) as slack:
        alert_id = put(store)
        put_reply(store, alert_id=alert_id)
        drain(make(desk_at(slack)), clock)
    assert queued(store, MessageKind.REPLY) == [(1, FAILED, "parent_failed")]


def test_at_the_fallback_replies_stand_in_the_thread_of_what_it_was_told(make: Make, store: Store, clock: ManualClock) -> None:
    with FakeSlack(channels=("archive",)) as slack:
        alert_id = put(store)
        for n in (1, 2):
            put_reply(store, n, alert_id=alert_id, outlet=f"Outlet {n}")
        drain(make(desk_at(slack), desk_at(slack, "archive"), fallback="archive"), clock)
        assert [one.thread_ts for one in slack.posted] == [None, *[slack.posted[0].ts] * (len(slack.posted) - 1)]
        assert all(f"Outlet {n}" in str([one.body for one in slack.posted]) for n in (1, 2))
    assert {state for _, state, _ in queued(store, MessageKind.REPLY, "archive")} == {SENT}


@pytest.mark.parametrize("taken", [False, True])
def test_what_a_digest_tells_at_the_fallback_grows_or_is_told_again(make: Make, store: Store, clock: ManualClock, *, taken: bool) -> None:
    with FakeSlack(channels=("archive",)) as slack:
        put(store)
        put(store, receiver="archive")
        with store.begin() as connection:
            desk, archive = (messages.from_json(outbox.told(connection, [STORY])[STORY][name][1]) for name in ("desk", "archive"))
            gathered = {"state": "gathered", "gathered_for": "morning", "gather_reason": "digest", "next_try_at": NOW.timestamp() + 9e9}
            low = messages.to_json(replace(archive, severity=Severity.LOW))
            told = gathered | {"message": low} | ({"digest_id": DIGEST_ID} if taken else {})
            connection.execute(table.update().where(table.c.receiver == "archive").values(told))
        drain(make(desk_at(slack), desk_at(slack, "archive"), fallback="archive"), clock)
    with store.read() as connection:
        rows = list(connection.execute(table.select().where(table.c.receiver == "archive").order_by(table.c.sequence)))
    assert [(row.kind, row.sequence, row.state) for row in rows] == [("parent", 0, "gathered"), ("parent", 1, "sent")][: 1 + taken]
    assert messages.from_json(rows[-1].message).severity is desk.severity
    assert len({row.alert_id for row in rows}) == len(rows)


@pytest.mark.parametrize("sees", Explain)
def test_the_fallback_sees_no_more_of_a_rule_than_it_may(make: Make, store: Store, clock: ManualClock, sees: Explain) -> None:
    digest = Bulletin("d2" * 16, MessageKind.DIGEST, Severity.LOW, "Page", (), (), data={"alerts": [{"because": ["gaming industry"]}]})
    with FakeSlack(channels=("archive",)) as slack:
        put_reply(store, alert_id=put(store), words=("gaming industry",))
        entry = entry_of(MessageKind.DIGEST, 0, story="d2" * 16, alert_id="d2" * 16, message=bulletins.to_json(digest))
        with store.begin() as connection:
            outbox.put(connection, [entry], NOW.timestamp())
        drain(make(desk_at(slack), desk_at(slack, "archive"), fallback="archive", sees=sees), clock)
    with store.read() as connection:
        told = {row.kind: row.message for row in connection.execute(table.select().where(table.c.receiver == "archive"))}
    assert set(told) == {"parent", "reply", "digest"}
    message = messages.from_json(told["parent"])
    assert (sees is Explain.FULL) == bool(message.because) == ("gaming" in told["digest"])
    assert (sees is Explain.FULL) == bool(updates.from_json(told["reply"]).watchlists[0].because)
    quoted = message_seen(replace(message, quote=Quote("the gaming industry", ((4, 19),)), unsupported="“gaming industry”"), sees)
    assert quoted.quote is not None
    assert (sees is Explain.NONE) == (quoted.quote.marks == ())
    assert (sees is Explain.FULL) == ("gaming" in str(quoted.unsupported))


def test_a_reply_refused_in_a_channel_that_was_closed_begins_a_thread_at_the_fallback(make: Make, store: Store, clock: ManualClock) -> None:
    with FakeSlack() as slack:
        alert_id = put(store)
        sender = make(desk_at(slack), desk_at(slack, "archive"), fallback="archive")
        drain(sender, clock)
        slack.archived = ("desk",)
        put_reply(store, alert_id=alert_id, outlet="Dawn")
        drain(sender, clock)
        _, parent, reply = slack.posted
        assert (parent.thread_ts, reply.thread_ts) == (None, parent.ts)
        assert "Dawn" in str(reply.body)


def test_pages_of_a_digest_stand_in_the_thread_of_the_first_and_settle_what_they_tell(
    make: Make, store: Store, clock: ManualClock, slack: FakeSlack
) -> None:
    put_gathered(store)
    put_bulletins(store, MessageKind.DIGEST, 3)
    drain(make(desk_at(slack)), clock)
    assert [one.thread_ts for one in slack.posted] == [None, slack.posted[0].ts, slack.posted[0].ts]
    assert queued(store, MessageKind.PARENT) == [(0, SENT, "digest")]


def put_gathered(store: Store) -> None:
    """Put a story in the outbox that the digest has taken."""
    put(store)
    with store.begin() as connection:
        gathered = {
            "state": SendState.GATHERED.value,
            "reason": GatherReason.DIGEST.value,
            "gathered_for": "morning",
            "digest_id": DIGEST_ID,
        }
        connection.execute(table.update().values(**gathered, gather_reason=GatherReason.DIGEST.value))


def test_a_digest_that_is_refused_everywhere_fails_what_it_tells(make: Make, store: Store, clock: ManualClock) -> None:
    put_gathered(store)
    put_bulletins(store, MessageKind.DIGEST, 2)
    with FakeSlack(channels=()) as slack:
        drain(make(desk_at(slack), desk_at(slack, "archive"), fallback="archive"), clock)
    assert queued(store, MessageKind.DIGEST) == [(0, FAILED, "channel_not_found"), (1, FAILED, "parent_failed")]
    assert queued(store, MessageKind.PARENT) == [(0, FAILED, "channel_not_found")]


def test_a_digest_is_told_to_the_fallback_as_it_is(make: Make, store: Store, clock: ManualClock) -> None:
    put_gathered(store)
    put_bulletins(store, MessageKind.DIGEST, 2)
    with FakeSlack(channels=("archive",)) as slack:
        drain(make(desk_at(slack), desk_at(slack, "archive"), fallback="archive"), clock)
        assert [one.thread_ts for one in slack.posted] == [None, slack.posted[0].ts]
        assert slack.posted[0].bulletin_id == DIGEST_ID
    assert queued(store, MessageKind.PARENT) == [(0, SENT, "digest")]


@pytest.mark.parametrize("kind", [MessageKind.DIGEST, MessageKind.NOTICE])
@pytest.mark.parametrize(("fault", "readable"), [("accept_then_500", True), ("reset", True), ("accept_then_500", False)])
def test_a_doubtful_digest_or_notice_is_looked_for_and_else_repeated_and_marked(
    make: Make, *, store: Store, clock: ManualClock, metrics: Metrics, kind: MessageKind, fault: str, readable: bool
) -> None:
    with FakeSlack(faults=[fault], channels=("desk",), history_error=None if readable else "missing_scope") as slack:
        put_bulletins(store, kind)
        drain(make(desk_at(slack)), clock)
        assert [one.bulletin_id for one in slack.posted] == [DIGEST_ID] * (1 if readable else 2)
        assert ("possible repeat" in str(slack.posted[-1].body).lower()) is not readable
    last = "found" if readable and fault.startswith("accept") else "sent" if readable else "repeated"
    assert sends(metrics) == {"in_doubt": 1, last: 1}


def test_an_edit_of_what_a_digest_told_says_nothing(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    put_gathered(store)
    put(store, sequence=1, outlet="Dawn")
    with store.begin() as connection:
        connection.execute(table.update().where(table.c.kind == MessageKind.EDIT.value).values(digest_id=None, gathered_for=None))
    drain(make(desk_at(slack)), clock)
    assert slack.posted == []
    assert queued(store, MessageKind.EDIT) == [(1, SENT, "superseded")]


def told_before(store: Store, kind: EarlierKind, *, receiver: str = "desk", link: str | None = None) -> None:
    """Let the second story say that the first one told it before."""
    with store.begin() as connection:
        row = outbox.parent_of(connection, "two".ljust(32, "0"), "desk")
        assert row is not None
        earlier = Earlier(kind, STORY, receiver, NOW - timedelta(days=3), "as it was told then", link)
        outbox.replace_message(connection, row.row_id, messages.to_json(replace(messages.from_json(row.message), earlier=earlier)))


def stored_link(store: Store) -> str | None:
    with store.read() as connection:
        row = outbox.parent_of(connection, "two".ljust(32, "0"), "desk")
    assert row is not None
    earlier = messages.from_json(row.message).earlier
    assert earlier is not None
    return earlier.link


def test_a_story_told_before_is_linked_to(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    put(store, receiver="ops")
    sender = make(desk_at(slack), desk_at(slack, "ops"))
    drain(sender, clock)
    put(store, "two")
    told_before(store, EarlierKind.OTHER_CHANNEL, receiver="ops")
    drain(sender, clock)
    link = stored_link(store)
    assert link is not None
    assert slack.posted[0].ts.replace(".", "") in link


@pytest.mark.parametrize("fault", ["error:channel_not_found", "http_503", "reset", "ok"])
def test_a_link_that_cannot_be_had_costs_no_message(
    make: Make, *, store: Store, clock: ManualClock, metrics: Metrics, slack: FakeSlack, fault: str
) -> None:
    put(store)
    sender = make(desk_at(slack))
    drain(sender, clock)
    put(store, "two")
    told_before(store, EarlierKind.RETURNED, receiver="desk" if fault != "ok" else "left-long-ago")
    slack.read_faults.append(fault)
    drain(sender, clock)
    assert stored_link(store) is None
    assert len(slack.posted) == 2
    assert sends(metrics) == {"sent": 2}
