"""What a version of the watchlists would have told, counted by day, and in what two versions differ. Pure.

A *story told* is one that opened a message for somebody. What came of it later in its thread is counted, and is no alert.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Final, TypeVar

from newswire.outcomes import AlertReason
from newswire.records import Decision, DecisionKind, Report, Severity

T = TypeVar("T")

MOST_DAYS: Final = 3_660
"""Days that are counted one by one: a report with a wrong year must not make a list of centuries."""


@dataclass(frozen=True, slots=True)
class Telling:
    """A story as it was first told."""

    story_id: str
    item_id: str
    at: datetime
    severity: Severity
    title: str
    url: str | None
    outlet: str
    because: tuple[tuple[str, tuple[str, ...]], ...]  # the words, by watchlist
    other: str = ""  # why the other version does not tell of this report


@dataclass(frozen=True, slots=True)
class Summary:
    """What one version told over all the reports."""

    reports: int
    failed: int  # reports on which the matching itself failed
    told: tuple[Telling, ...]  # in order of time
    days: Mapping[date, int]  # stories told, for each day from the first report to the last
    joined: int  # later reports that joined a story told
    severities: Mapping[Severity, int]  # stories told
    watchlists: Mapping[str, int]  # stories told
    outlets: Mapping[str, int]  # stories told, by the outlet that was first
    held: Mapping[str, int]  # reports, by the reason why they told nobody

    @property
    def median_a_day(self) -> float:
        """The middle of all days, silent ones among them."""
        return float(median(self.days.values())) if self.days else 0.0

    @property
    def most_a_day(self) -> int:
        return max(self.days.values(), default=0)


class Tally:
    """The decisions of one version, counted as they come; of what was not told only the count is kept."""

    def __init__(self) -> None:
        self._reports = self._failed = self._joined = 0
        self._told: dict[str, Telling] = {}
        self._items: dict[str, str] = {}  # the story, by each item that told or joined it
        self._severity: dict[str, Severity] = {}
        self._decided: set[str] = set()  # decisions that told somebody
        self._held: Counter[str] = Counter()
        self._first: datetime | None = None
        self._last: datetime | None = None

    def add(self, report: Report, decision: Decision | None, at: datetime) -> Telling | None:
        """Count one decision, None where there is none; return the story where this report was the first to tell it."""
        self._reports += 1
        self._first = at if self._first is None else min(self._first, at)
        self._last = at if self._last is None else max(self._last, at)
        if decision is None:
            self._failed += 1
            return None
        if decision.kind is DecisionKind.HOLD:
            self._held[decision.reason.value] += 1
            return None
        if decision.decision_id in self._decided:
            return None  # the same report again, as a bus may give it
        self._decided.add(decision.decision_id)
        story_id = decision.story_id or decision.item_id
        if decision.reason is AlertReason.NOT_SUPPORTED:
            self._joined += 1
            return None
        self._items[decision.item_id] = story_id
        severity = decision.severity or Severity.MEDIUM
        self._severity[story_id] = max(severity, self._severity.get(story_id, severity), key=lambda one: one.rank)
        if story_id in self._told:
            self._joined += 1
            return None
        because = tuple((one.watchlist, one.because) for one in decision.watchlists if one.matched and one.reason is None)
        item = report.item
        telling = Telling(story_id, item.item_id, at, severity, item.title, item.url, item.outlet, because)
        self._told[story_id] = telling
        return telling

    def explain(self, telling: Telling, other: str) -> None:
        """Keep why the other version is silent on the report that told this story."""
        self._told[telling.story_id] = replace(telling, other=other)

    def tells_of(self, item_ids: Iterable[str]) -> str | None:
        """Return the story in which one of these items was told, None where none was."""
        return next((self._items[item_id] for item_id in item_ids if item_id in self._items), None)

    def items_of(self) -> dict[str, list[str]]:
        """Return the items of each story told."""
        found: dict[str, list[str]] = {}
        for item_id, story_id in self._items.items():
            found.setdefault(story_id, []).append(item_id)
        return found

    def told(self, story_id: str) -> Telling:
        """Return how a story was first told."""
        return self._told[story_id]

    def highest(self, story_id: str) -> Severity:
        """Return the highest severity with which a story was told."""
        return self._severity[story_id]

    def summary(self) -> Summary:
        """Return the counts."""
        told = tuple(sorted(self._told.values(), key=lambda one: (one.at, one.story_id)))
        by_day = Counter(_day(one.at) for one in told)
        return Summary(
            reports=self._reports,
            failed=self._failed,
            told=told,
            days={day: by_day[day] for day in self._days()},
            joined=self._joined,
            severities=_counted(Counter(self._severity[one.story_id] for one in told)),
            watchlists=_counted(Counter(name for one in told for name, _ in one.because)),
            outlets=_counted(Counter(one.outlet for one in told)),
            held=_counted(self._held),
        )

    def _days(self) -> list[date]:
        if self._first is None or self._last is None:
            return []
        first, last = _day(self._first), _day(self._last)
        if (last - first).days >= MOST_DAYS:
            return sorted({_day(one.at) for one in self._told.values()})
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@dataclass(frozen=True, slots=True)
class Changed:
    """A story that both tell, with another severity."""

    new: Telling
    was: Severity
    now: Severity


@dataclass(frozen=True, slots=True)
class Differences:
    """In what a new version differs from an old one. A story is the same where both tell of one of its items."""

    added: tuple[Telling, ...]  # only the new one tells; `other` is why the old one does not
    removed: tuple[Telling, ...]  # only the old one tells; `other` is why the new one does not
    changed: tuple[Changed, ...]


def differences(new: Tally, old: Tally) -> Differences:
    """Return what only one of two versions tells, in order of time."""
    added, common = _only(new, old)
    removed, _ = _only(old, new)
    changed = [
        Changed(new.told(story_id), was, now)
        for story_id, there in common
        if (was := old.highest(there)) is not (now := new.highest(story_id))
    ]
    return Differences(tuple(added), tuple(removed), tuple(sorted(changed, key=lambda one: (one.new.at, one.new.story_id))))


def _only(here: Tally, there: Tally) -> tuple[list[Telling], list[tuple[str, str]]]:
    """Return the stories that are told here alone, and those told in both, with the other's story."""
    alone: list[Telling] = []
    common: list[tuple[str, str]] = []
    for story_id, items in here.items_of().items():
        also = there.tells_of(items)
        if also is None:
            alone.append(here.told(story_id))
        else:
            common.append((story_id, also))
    return sorted(alone, key=lambda one: (one.at, one.story_id)), common


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _counted(counter: Counter[T]) -> dict[T, int]:
    return dict(sorted(counter.items(), key=lambda one: (-one[1], str(one[0]))))
