"""Brings alerters forth and kills them, while news come in and Slack fails."""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select

from newswire.bus import Message
from newswire.codec import encode
from newswire.outcomes import SendState
from newswire.store import Store, decisions, outbox
from newswire.store.tables import outbox as table
from newswire.topics import ALERTING_GROUP, REPORTS
from tests.crash.chaos_life import Plan, signal_request, start_request
from tests.crash.chaos_world import GATHERED, Story, in_order, seen
from tests.fake_slack import FakeSlack

ROOT: Final = Path(__file__).parents[2]
SPEED: Final = 20.0
"""A minute of doubt takes 3 s, the lease of a dead alerter half a second, a second between two messages 50 ms."""

KINDS: Final = {
    "429": ("rate_limited:2", "rate_limited:30", "rate_limited:soon", "rate_limited:-1", "rate_limited:nan"),
    "500 before": ("http_500", "http_503"),
    "500 after": ("accept_then_500",),
    "reset before": ("reset",),
    "reset after": ("accept_then_reset",),
    "silence": ("accept_then_silence", "silence", "accept_drip"),
    "html": ("html", "accept_then_html"),
    "ratelimited as JSON": ("error:ratelimited", "error:message_limit_exceeded"),
    "internal error": ("accept_then_error:internal_error", "error:internal_error", "error:fatal_error", "error:no_such_code"),
    "token refused": ("error:invalid_auth", "error:token_revoked"),
    "channel refused": ("error:channel_not_found", "error:is_archived", "error:not_in_channel"),
    "message refused": ("error:msg_too_long", "error:invalid_blocks", "error:msg_blocks_too_long"),
}
"""Twelve kinds of fault, each with the ways in which it is met."""

REFUSED: Final = ("channel refused", "message refused")
"""Where these meet the fallback receiver, nobody is left who could be told."""

LONG: Final = ("rate_limited:600",)
"""Retry-After 3,600, scaled once more: the run is no longer than an hour of its own clock."""

ON_READS: Final = ("http_500", "reset", "rate_limited:2", "html", "error:internal_error")

FAULTY: Final = 0.25
"""Of the writes, so many fail."""


@dataclass
class Storm:
    """A run: its parts, and what was done to it."""

    plan: Plan
    store: Store
    slack: FakeSlack
    spare: FakeSlack
    nursery: subprocess.Popen[str]
    born: int = 0
    kills: Counter[str] = field(default_factory=Counter)

    def publish(self, told: Sequence[tuple[Story, Any]]) -> None:
        """Let these reports come in now."""
        bus, now = self.plan.bus(), self.plan.clock().now()
        try:
            bus.publish(REPORTS, [Message(one.item.item_id, encode(seen(story, one, now)), {}) for story, one in told])
        finally:
            bus.close()

    def start(self, crash_at: str = "") -> int:
        """Begin a life; it kills itself at the named point, where one is given."""
        number, self.born = self.born, self.born + 1
        self._ask(start_request(self.plan, number, crash_at))
        return number

    def kill(self, where: str) -> None:
        """End the living one as a power cut would."""
        self._ask(signal_request(signal.SIGKILL))
        assert self._ask({"do": "wait"}) == -signal.SIGKILL, self.last_words()
        self.kills[where] += 1

    def dies(self, limit_s: float = 60) -> None:
        """Wait until the living one has killed itself."""
        status = self._until_ended(limit_s)
        assert status == -signal.SIGKILL, (status, self.last_words())
        self.kills["at a point"] += 1

    def end(self) -> None:
        """End the living one in good order."""
        self._ask(signal_request(signal.SIGTERM))
        assert self._until_ended(60) == 0, self.last_words()

    def leads(self, number: int, limit_s: float = 30) -> None:
        """Wait until this life leads."""
        self.wait_until(lambda: self.plan.at_work(number).exists(), limit_s, look_s=0.02)

    def wait_until(self, true: Callable[[], bool], limit_s: float, look_s: float = 0.2) -> None:
        """Wait while the living one works; it is not to end meanwhile."""
        began = time.monotonic()
        while not true():
            assert self._ask({"do": "look"}) is None, self.last_words()
            assert time.monotonic() - began < limit_s, f"not so after {limit_s} s\n{self.how_far()}\n{self.last_words()}"
            time.sleep(look_s)

    def settled(self) -> bool:
        """Return whether all that came in is decided, told and published."""
        bus = self.plan.bus()
        try:
            behind = bus.backlog(REPORTS, ALERTING_GROUP).records
        finally:
            bus.close()
        with self.store.read() as connection:
            open_ = connection.execute(select(func.count()).select_from(table).where(table.c.state.in_(_OPEN))).scalar_one()
            unpublished = decisions.unpublished(connection, 1) or outbox.unpublished(connection, 1)
        return not behind and not open_ and not unpublished

    def gathered(self) -> int:
        """Return how many stories wait for the digest."""
        asked = select(func.count()).where(table.c.gathered_for == "morning", table.c.state == SendState.GATHERED.value)
        with self.store.read() as connection:
            return connection.execute(asked).scalar_one()

    def digest_in(self, minutes: int) -> Plan:
        """Return the plan of lives whose digest is due so many minutes from now, on their clock."""
        return replace(self.plan, digest_at=f"{self.plan.clock().now() + timedelta(minutes=minutes + 1):%H:%M}")

    def how_far(self) -> str:
        with self.store.read() as connection:
            asked = select(table.c.receiver, table.c.kind, table.c.state, table.c.reason, func.count())
            groups = connection.execute(asked.where(table.c.state.in_(_OPEN)).group_by(*asked.selected_columns[:4])).all()
        return "\n".join(str(tuple(group)) for group in groups)

    def last_words(self) -> str:
        texts = [self.plan.log(self.born - 1), Path(f"{self.plan.log(self.born - 1)}.stderr")]
        return "\n".join(one.read_text(encoding="utf-8")[-2_000:] for one in texts if one.exists())

    def _until_ended(self, limit_s: float) -> int:
        began = time.monotonic()
        while (status := self._ask({"do": "look"})) is None:
            assert time.monotonic() - began < limit_s, f"lives on after {limit_s} s\n{self.how_far()}\n{self.last_words()}"
            time.sleep(0.02)
        return int(status)

    def _ask(self, request: dict[str, Any]) -> Any:
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write(json.dumps(request) + "\n")
        self.nursery.stdin.flush()
        return json.loads(self.nursery.stdout.readline())


_OPEN: Final = (SendState.NEW.value, SendState.SENDING.value, SendState.GATHERED.value)


@contextmanager
def storm(folder: Path, store: Store, store_url: str, slack: FakeSlack, spare: FakeSlack, **changes: Any) -> Iterator[Storm]:
    """A run over these parts; whoever lives at its end is killed."""
    plan = Plan(str(folder), store_url, slack.url, spare.url, time.time(), SPEED, digest_at="05:00")
    command = [sys.executable, "-m", "tests.crash.chaos_life"]
    nursery = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    found = Storm(replace(plan, **changes), store, slack, spare, nursery)
    try:
        yield found
    finally:
        nursery.communicate()  # with its input it ends, and with it whoever lives


def weather(chance: random.Random, writes: int, *, spare: bool = False) -> list[str]:
    """Return what befalls so many writes: each kind of fault at least once, in any order, and nothing after them."""
    kinds = [kind for kind in KINDS if not (spare and kind in REFUSED)]
    faults = [chance.choice(KINDS[kind]) for kind in kinds]
    faults += [chance.choice(KINDS[chance.choice(kinds)]) for _ in range(int(writes * FAULTY) - len(kinds))]
    found = faults + ["ok"] * (writes - len(faults))
    chance.shuffle(found)
    for place in range(writes // 3, writes, 400) if not spare else ():
        found[place] = LONG[0]
    return found


def blow(run: Storm, told: Sequence[Story], kills: int, chance: random.Random, *, mean_s: float) -> None:
    """Let the stories come in and kill the alerter so many times on the way; then let one live until all is settled."""
    reports = in_order(told)
    waiting, digest_is_set = sum(story.subject == GATHERED for story in told), False
    token_away = {kills // 3, kills * 2 // 3}
    for kill in range(kills):
        run.publish(reports[kill * len(reports) // kills : (kill + 1) * len(reports) // kills])
        if not digest_is_set and kill >= kills // 2:
            digest_is_set = run.gathered() == waiting
            run.plan = run.digest_in(4) if digest_is_set else run.plan
        number = run.start()
        if chance.random() < 0.1:
            time.sleep(chance.uniform(0, 0.3))
            run.kill("at its start")
            continue
        run.leads(number)
        run.slack.token = "another" if kill in token_away else None
        time.sleep(chance.expovariate(1 / mean_s))
        run.kill("at work")
        run.slack.token = None
    if not kills:
        run.publish(reports)
    if not digest_is_set:
        run.leads(run.start())
        run.wait_until(lambda: run.gathered() == waiting, limit_s=300)
        run.end()
        run.plan = run.digest_in(2)
    run.leads(run.start())
    run.wait_until(run.settled, limit_s=600)
    run.end()
