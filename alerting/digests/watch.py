"""Whether the watch was whole: which stretches of a period its marks do not bear out. Pure.

A mark is made each five minutes while an alerter is active. Where marks are missing, none was; where a mark says that fewer than half of the
sources answered, we were blind, whatever else went well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from newswire.store.watch import Mark

MARK_EVERY_S: Final = 300.0
MISSING_S: Final = 3 * MARK_EVERY_S
"""A mark may be late, and one may be lost to a restart; past this nobody was there to make it."""


class GapKind(StrEnum):
    """What was not there."""

    STOPPED = "stopped"  # no alerter was active
    DEAF = "deaf"  # fewer than half of the sources answered


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time in which the watch was not whole; seconds since 1970 UTC."""

    begins_at: float
    ends_at: float
    kind: GapKind
    answered: int = 0  # the fewest sources that answered in it
    sources: int = 0

    @property
    def length_s(self) -> float:
        """How long it was."""
        return self.ends_at - self.begins_at


def is_blind(sources: int, answered: int) -> bool:
    """Return whether so few sources answer that silence means nothing; where none is watched, there is nothing to see."""
    return 2 * answered < sources or not sources


def gaps(marks: Sequence[Mark], since: float, until: float) -> tuple[Gap, ...]:
    """Return the stretches of [since, until] in which the watch was not whole, in order and apart.

    `marks` are those of the period, oldest first, and where there is one, the newest before: without it nothing is known of the time
    before the first mark, and nothing is said of it. A stretch reaches from the last moment known to be whole to the next one.
    """
    found: list[Gap] = []
    for before, mark in pairwise(marks):
        if mark.at - before.at > MISSING_S:
            found.append(Gap(before.at, mark.at, GapKind.STOPPED))
        elif _deaf(before) or _deaf(mark):
            worst = min((one for one in (before, mark) if _deaf(one)), key=lambda one: one.answered)
            found.append(Gap(before.at, mark.at, GapKind.DEAF, worst.answered, worst.sources))
    if marks and until - marks[-1].at > MISSING_S:
        found.append(Gap(marks[-1].at, until, GapKind.STOPPED))
    elif marks and _deaf(marks[-1]):
        found.append(Gap(marks[-1].at, max(until, marks[-1].at), GapKind.DEAF, marks[-1].answered, marks[-1].sources))
    clipped = (
        Gap(max(gap.begins_at, since), min(gap.ends_at, until), gap.kind, gap.answered, gap.sources)
        for gap in found
        if gap.ends_at > since and gap.begins_at < until
    )
    joined: list[Gap] = []
    for gap in clipped:
        if joined and joined[-1].ends_at >= gap.begins_at:
            joined[-1] = _joined(joined[-1], gap)
        else:
            joined.append(gap)
    return tuple(joined)


def _deaf(mark: Mark) -> bool:
    return mark.sources > 0 and is_blind(mark.sources, mark.answered)


def _joined(one: Gap, other: Gap) -> Gap:
    """Return two gaps that touch as one. A stop outweighs: after it, the sources are overdue until they have been asked again."""
    if one.kind is not other.kind:
        return Gap(one.begins_at, other.ends_at, GapKind.STOPPED)
    worst = min((one, other), key=lambda gap: gap.answered)
    return Gap(one.begins_at, other.ends_at, one.kind, worst.answered, worst.sources)
