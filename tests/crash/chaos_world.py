"""What a chaos run is about: stories with what is written of them later, the desk that tells them, and a clock that hurries."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from string import ascii_uppercase
from typing import Any, Final

from alerting.desk import Desk
from alerting.routes import Routes
from newswire.records import Report
from tests.alerting_builders import a_report, a_set, page_of

BEGAN: Final = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
CHANNELS: Final = {"quark": "first", "gluon": "second", "lepton": "third"}
"""By the word that a story has: the watchlist of that name tells it to this receiver."""
GATHERED: Final = "meson"
"""Stories of this word wait for a digest."""
OLD: Final = timedelta(hours=7)
"""A story that was seen so long ago is told in the summary after an outage."""
NO_CAP: Final = {"per_hour": 99_999}
UPDATE_EVERY: Final = "1m"

_CELL: Final = 100  # stories of one day; those of the next are so many days later that none joins them
_CELL_APART: Final = timedelta(days=6)
_STATES: Final = ["".join(pair) for pair in product(ascii_uppercase, repeat=2)]
_SYLLABLES: Final = ["".join(pair) for pair in product("bdfgklmnrst", "aeio")]


class FastClock:
    """A clock that runs so many times as fast as the machine's: waits that are meant in minutes are over in seconds."""

    def __init__(self, origin: float, speed: float) -> None:
        """`origin` is the machine's time at which this clock says `BEGAN`."""
        self._origin, self._speed = origin, speed

    def now(self) -> datetime:
        return BEGAN + timedelta(seconds=(time.time() - self._origin) * self._speed)

    def monotonic(self) -> float:
        return time.monotonic() * self._speed


@dataclass(frozen=True, slots=True)
class Story:
    """One story, and by which names its items are known wherever they are told."""

    number: int
    subject: str
    old: bool  # it lay in a queue for hours before the alerter saw it
    later: int  # items beside the first one
    reports: tuple[tuple[int, Report], ...]  # each with its place among all that is published

    @property
    def names(self) -> list[str]:
        return [name_of(self.number, n) for n in range(1 + self.later)]

    @property
    def by_digest(self) -> bool:
        return self.old or self.subject == GATHERED


def name_of(story: int, item: int) -> str:
    """Return the word that stands in this item's title and nowhere else."""
    return f"s{story:04}i{item}"


def stories(count: int, seed: int) -> list[Story]:
    """Return so many stories: some have a page, some are written of later, some are left to digests; those that wait for a set time come early."""
    return [_story(number, random.Random(f"{seed} {number}"), waits=number % 6 == 5 and number < count / 2) for number in range(count)]


def in_order(told: Sequence[Story]) -> list[tuple[Story, Report]]:
    """Return all reports as they are published, those of several stories between each other."""
    placed = [(place, story.number, n) for story in told for n, (place, _) in enumerate(story.reports)]
    by_number = {story.number: story for story in told}
    return [(by_number[number], by_number[number].reports[n][1]) for _, number, n in sorted(placed)]


def seen(story: Story, report: Report, now: datetime) -> Report:
    """Return the report as it is when it is published: seen a moment ago, or long before."""
    return replace(report, item=replace(report.item, seen_at=now - OLD if story.old else now))


def desk(*, digest_at: str) -> Desk:
    """Return the desk that tells the stories; its digest is told at that time, by the clocks of UTC."""
    alert = {"cap": NO_CAP, "update_every": UPDATE_EVERY}
    watchlists: dict[str, Any] = {
        word: {"title": f"On {word}s", "severity": "high", "label": "any", "max_age": "3650d", "when": {"any": [word]}, "alert": alert}
        for word in (*CHANNELS, GATHERED)
    }
    slack = [{"name": name, "slack": {"channel": f"#{name}"}, "cap": NO_CAP} for name in (*CHANNELS.values(), "spare", "ops")]
    told = [{"match": {"watchlist": word}, "to": receiver} for word, receiver in CHANNELS.items()]
    routes = {
        "receivers": [*slack, {"name": "morning", "digest": {"to": "first", "at": digest_at, "zone": "UTC"}}],
        "route": {"to": "morning", "routes": told},
        "fallback": "spare",
        "ops": "ops",
    }
    return Desk(a_set(**watchlists), Routes.model_validate(routes))


def _story(number: int, chance: random.Random, *, waits: bool) -> Story:
    cell, place = divmod(number, _CELL)
    subject = GATHERED if waits else chance.choice(list(CHANNELS))
    state, partner = _STATES[2 * place], _STATES[2 * place + 1]
    words = ["".join(chance.choices(_SYLLABLES, k=4)) for _ in range(10)]
    day = BEGAN - timedelta(days=150) + cell * _CELL_APART

    def item(n: int, **more: Any) -> Report:
        name = name_of(number, n)
        title = f"{words[0]} {words[1]} {subject} {words[2]} {name}"
        at = day + timedelta(minutes=n)
        more = {"lead": " ".join(words), "text": "", "home": None, "topics": (), "partners": (state,), "published_at": at} | more
        return a_report(name, title=title, outlet=f"Outlet {n} of {number}", **more)

    first = item(0)
    reports = [(number, first)]
    if chance.random() < 0.6:
        reports.append((number + chance.randint(1, 4), page_of(first, text=f"{subject} {' '.join(words)}")))
    later = chance.choice((0, 1, 1, 2, 3))
    for n in range(1, later + 1):
        partners = (state, partner) if n == 2 else (state,)
        reports.append((number + chance.randint(2, 12) * n, item(n, partners=partners)))
    return Story(number, subject, number % 15 == 7, later, tuple(reports))
