"""Two alerters are started together: one tells, the other stands by, takes over within its time, and nothing is told twice when the first goes on."""

import re
import signal
import time
import urllib.request

import pytest
from sqlalchemy import select

from alerting.decide import decide
from alerting.message import to_json
from newswire.records import MessageKind, Severity
from newswire.store import Store, outbox
from newswire.store.outbox import Entry
from newswire.store.tables import leaders
from newswire.store.tables import outbox as table
from tests.acceptance.world import World
from tests.alerting_builders import a_match, a_report
from tests.crash.fleet import Fleet, Life, wait_until
from tests.fake_slack import FakeSlack
from tests.fakes import NOW
from tests.measured import Say

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

WITHIN_S = 15.0
"""The promise."""

ROUTES = """receivers:
  - name: desk
    slack: {channel: "#desk"}
route: {to: desk}
"""


def put(store: Store, key: str) -> str:
    """Put an alert in the outbox, as decided now; return its id."""
    story = key.ljust(32, "0")
    message = decide(a_report(key), matches=[a_match()], story_id=story, told={}, now=NOW).rows[0].message
    entry = Entry(
        story_id=story,
        receiver="desk",
        kind=MessageKind.PARENT,
        sequence=0,
        alert_id=message.alert_id,
        decision_id="d" * 32,
        item_id=message.item_id,
        revision="r" * 16,
        watchlists=["gaming"],
        severity=Severity.HIGH.value,
        title=message.title,
        url=message.url,
        message=to_json(message),
    )
    with store.begin() as connection:
        outbox.put(connection, [entry], time.time())
    return message.alert_id


def state_of(store: Store, alert_id: str) -> tuple[str, str | None]:
    with store.read() as connection:
        row = connection.execute(select(table.c.state, table.c.reason).where(table.c.alert_id == alert_id)).one()
    return row.state, row.reason


def active_of(store: Store, pair: list[Life]) -> Life | None:
    """Return the one that holds the role; its process is named there."""
    with store.read() as connection:
        owner: str | None = connection.execute(select(leaders.c.owner).where(leaders.c.lease_until > time.time())).scalar()
    return next((life for life in pair if owner and f"-{life.process.pid}-" in owner), None)


def leads(life: Life) -> bool:
    """Return whether a process holds itself for the active one."""
    address = re.findall(rb"(http://[^\"\s]+/metrics)", life.log.read_bytes())[0].decode()
    with urllib.request.urlopen(address, timeout=10) as answer:
        return b"\nnewswire_alerting_active 1.0" in answer.read()


def test_a_standby_sends_what_a_stopped_alerter_has_waiting_and_nothing_is_sent_twice(world: World, slack: FakeSlack, say: Say) -> None:
    (world.config / "routes.yaml").write_text(ROUTES)
    world.slack(slack.url)
    with Fleet(world) as fleet, world.store() as store:
        pair = [fleet.start("alert"), fleet.start("alert")]
        wait_until(lambda: len(fleet.up()) == 2 and active_of(store, pair), limit_s=90)
        active = active_of(store, pair)
        assert active is not None
        (standby,) = (life for life in pair if life is not active)

        slack.faults.append("rate_limited:3")
        waiting = put(store, "one")
        wait_until(lambda: state_of(store, waiting) == ("new", "rate_limited"), limit_s=20, look_s=0.02)
        with store.begin():  # nobody else writes at this moment, so that the stopped one holds no lock on the store
            active.process.send_signal(signal.SIGSTOP)
        later = put(store, "two")
        took_s = wait_until(lambda: slack.posted, limit_s=60, look_s=0.02)
        say(f"the standby sent {took_s:.1f} s after the active alerter was stopped")
        wait_until(lambda: len(slack.posted) == 2, limit_s=30)

        active.process.send_signal(signal.SIGCONT)
        wait_until(lambda: not leads(active), limit_s=30)
        assert leads(standby)
        last = put(store, "three")
        wait_until(lambda: state_of(store, last)[0] == "sent", limit_s=30)
        fleet.dismiss_all()
        assert fleet.bugs() == []
    assert [one.alert_id for one in slack.posted] == [waiting, later, last]
    assert took_s <= WITHIN_S


def test_an_alerter_that_is_to_end_while_slack_hangs_does_and_leaves_the_message_to_be_looked_for(world: World, slack: FakeSlack) -> None:
    (world.config / "routes.yaml").write_text(ROUTES)
    world.slack(slack.url)
    slack.faults.append("silence")
    with Fleet(world) as fleet, world.store() as store:
        life = fleet.start("alert")
        wait_until(life.up, limit_s=90)
        hanging = put(store, "one")
        wait_until(lambda: "chat.postMessage" in slack.calls, limit_s=30, look_s=0.02)
        fleet.dismiss(life)
        assert state_of(store, hanging)[0] == "sending"
        assert fleet.bugs() == []
        assert b"left on its way" in life.log.read_bytes()
