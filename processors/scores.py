"""What predictions are worth against labels: each figure with its 95 % interval. Pure.

Every figure is a function of three sums over items (hits, extras and misses; right ones and all). A bootstrap draws stories, or groups of
minimal pairs, whole, since their items hang together, and takes the figure of the sums drawn.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from newswire.records import Label

Record: TypeAlias = Mapping[str, Any]
Sums: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"  # the last axis holds three sums

DIPLOMACY: Final = Label.DIPLOMACY.value
RESAMPLES: Final = 1_000
_SEED: Final = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure between 0 and 1 with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f})"


@dataclass(frozen=True, slots=True)
class Scores:
    """The figures of one set of items, by the names of `FIGURES`; one that nothing was there to take on is missing."""

    items: int
    figures: Mapping[str, Figure]
    confusion: Mapping[str, Mapping[str, int]]  # true label → predicted label → items

    def value(self, name: str) -> float | None:
        """Return a figure without its interval; None where there is none."""
        return self.figures[name].value if name in self.figures else None


def f1(sums: Sums) -> Sums:
    """Return 2 · hits / (2 · hits + extras + misses)."""
    return _share(2 * sums[..., 0], 2 * sums[..., 0] + sums[..., 1] + sums[..., 2])


def precision(sums: Sums) -> Sums:
    """Return hits / (hits + extras)."""
    return _share(sums[..., 0], sums[..., 0] + sums[..., 1])


def recall(sums: Sums) -> Sums:
    """Return hits / (hits + misses)."""
    return _share(sums[..., 0], sums[..., 0] + sums[..., 2])


def share(sums: Sums) -> Sums:
    """Return right ones / all."""
    return _share(sums[..., 0], sums[..., 1])


def b_cubed_f1(sums: Sums) -> Sums:
    """Return the harmonic mean of two means: (sum of precisions, sum of recalls, items)."""
    return _share(2 * sums[..., 0] * sums[..., 1], (sums[..., 0] + sums[..., 1]) * sums[..., 2])


def _share(part: Sums, whole: Sums) -> Sums:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


FIGURES: Final[Mapping[str, Callable[[Sums], Sums]]] = {
    "f1": f1,
    "precision": precision,
    "recall": recall,
    "accuracy": share,  # of three labels
    "partners": f1,
    "organisations": f1,
    "topics": f1,
    "home": share,
    "stories": b_cubed_f1,
    "pairs": share,  # groups whose items all have the right label
    "pairs_diplomacy": share,  # groups whose items are all told diplomacy or not diplomacy rightly
}
"""Partners, organisations, topics and home are taken on true diplomacy items, stories on items that have, or were given, company."""

_COLUMN: Final = {name: at for at, name in enumerate(FIGURES)}


class Counts:
    """What every item adds to every figure, counted once for all sets of items that are looked at."""

    def __init__(self, records: Sequence[Record], predictions: Sequence[Record], *, stories: bool = False) -> None:
        pairs = list(zip(records, predictions, strict=True))
        self._labels = [(str(record["label"]), str(found["label"])) for record, found in pairs]
        groups = [group_of(record) for record in records]
        numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
        self._groups = np.array([numbers[group] for group in groups], dtype=np.int64)
        self._sums = np.zeros((len(pairs), len(FIGURES), 3))
        for at, (record, found) in enumerate(pairs):
            for name, counted in _counted(record, found):
                self._sums[at, _COLUMN[name]] = counted
        self._count_pairs(records)
        if stories:
            self._count_stories(
                [str(record.get("story") or record["id"]) for record in records], [str(found["story"]) for found in predictions]
            )

    def _count_pairs(self, records: Sequence[Record]) -> None:
        """Put the verdict on a group of minimal pairs at its first item."""
        members: dict[str, list[int]] = {}
        for at, record in enumerate(records):
            if record.get("group"):
                members.setdefault(str(record["group"]), []).append(at)
        for places in members.values():
            if len(places) > 1:
                labels = [self._labels[at] for at in places]
                self._sums[places[0], _COLUMN["pairs"]] = (all(true == found for true, found in labels), 1, 0)
                told = all((true == DIPLOMACY) == (found == DIPLOMACY) for true, found in labels)
                self._sums[places[0], _COLUMN["pairs_diplomacy"]] = (told, 1, 0)

    def _count_stories(self, true: Sequence[str], found: Sequence[str]) -> None:
        for at, (of_precision, of_recall, company) in enumerate(companions(true, found)):
            if company:
                self._sums[at, _COLUMN["stories"]] = (of_precision, of_recall, 1)

    def scores(self, chosen: Iterable[int] | None = None) -> Scores:
        """Return the scores of the items at these places (of all)."""
        places = np.arange(len(self._labels)) if chosen is None else np.array(list(chosen), dtype=np.int64)
        confusion = {true.value: {found.value: 0 for found in Label} for true in Label}
        for at in places:
            true, found = self._labels[at]
            confusion[true][found] += 1
        _, group = np.unique(self._groups[places], return_inverse=True)
        by_group = np.zeros((int(group.max()) + 1 if len(places) else 0, len(FIGURES), 3))
        np.add.at(by_group, group, self._sums[places])
        drawn = _drawn(by_group)
        figures = {}
        for name, at in _COLUMN.items():
            value = float(FIGURES[name](by_group[:, at].sum(axis=0)))
            if not np.isnan(value):
                low, high = np.nanquantile(FIGURES[name](drawn[:, at]), (0.025, 0.975))
                figures[name] = Figure(value, float(low), float(high))
        return Scores(len(places), figures, confusion)


def group_of(record: Record) -> str:
    """Return what an item hangs together with: its minimal pair, else its story, else itself."""
    return str(record.get("group") or record.get("story") or record["id"])


def _drawn(by_group: Sums) -> Sums:
    """Return the sums of so many draws of as many groups, with replacement."""
    count = len(by_group)
    chance = np.random.default_rng(_SEED)
    times = chance.multinomial(count, np.full(count, 1 / count), size=RESAMPLES) if count else np.zeros((RESAMPLES, 0))
    drawn: Sums = np.tensordot(times.astype(np.float64), by_group, axes=1)
    return drawn


def _counted(record: Record, found: Record) -> Iterable[tuple[str, tuple[float, float, float]]]:
    """Give what one item adds to each figure that both the record and the prediction speak of."""
    true, given = record["label"] == DIPLOMACY, found["label"] == DIPLOMACY
    told = (float(true and given), float(given and not true), float(true and not given))
    yield from (("f1", told), ("precision", told), ("recall", told))
    yield "accuracy", (float(record["label"] == found["label"]), 1.0, 0.0)
    if not true:
        return
    for name in ("partners", "organisations", "topics"):
        if name in record and name in found:
            truth, named = set(record[name]), set(found[name])
            yield name, (float(len(truth & named)), float(len(named - truth)), float(len(truth - named)))
    if "home" in record and "home" in found:
        yield "home", (float(record["home"] == found["home"]), 1.0, 0.0)


def companions(true: Sequence[Hashable], found: Sequence[Hashable]) -> list[tuple[float, float, bool]]:
    """Return B-cubed precision and recall of each item (Bagga and Baldwin 1998), and whether it has, or was given, company."""
    both = Counter(zip(true, found, strict=True))
    by_true, by_found = Counter(true), Counter(found)
    return [
        (both[t, f] / by_found[f], both[t, f] / by_true[t], by_true[t] > 1 or by_found[f] > 1) for t, f in zip(true, found, strict=True)
    ]


def b_cubed(true: Sequence[Hashable], found: Sequence[Hashable]) -> float:
    """Return the B-cubed F1 over all items; 0 where there is none."""
    each = companions(true, found)
    if not each:
        return 0.0
    of_precision, of_recall = sum(one[0] for one in each) / len(each), sum(one[1] for one in each) / len(each)
    return 2 * of_precision * of_recall / (of_precision + of_recall)


def score(records: Sequence[Record], predictions: Sequence[Record], *, stories: bool = False) -> Scores:
    """Return the figures of predictions, which stand in the order of the records."""
    return Counts(records, predictions, stories=stories).scores()
