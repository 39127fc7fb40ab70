"""Metrics whose labels are bounded, whatever they are asked to count: a value outside of its closed set, or past the cap of names, is `other`."""

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Generic, TypeVar

from prometheus_client import Counter, Gauge, Histogram, Metric

from newswire.catalogue.entry import NAMES_CAP, NO_COUNTRY, OTHER, Entry, Kind, Label

M = TypeVar("M", Counter, Gauge, Histogram)


class Names:
    """The names that one label may show: those of loaded configuration, then what comes, as far as the cap."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def admit(self, value: str) -> str:
        """Return the value as it is counted."""
        if value in self._names or value in {OTHER, NO_COUNTRY}:
            return value
        if len(self._names) >= NAMES_CAP:
            return OTHER
        self._names[value] = None
        return value

    def known(self) -> list[str]:
        """Return the names so far."""
        return list(self._names)

    def load(self, names: Iterable[str]) -> list[str]:
        """Let these be the names, the first of them where they are too many, and return them."""
        self._names = dict.fromkeys(list(dict.fromkeys(names))[:NAMES_CAP])
        return list(self._names)


class Labelled(Generic[M]):
    """A metric with labels. Children are kept: asking for one again is a look into a dictionary."""

    def __init__(self, metric: M, entry: Entry, names: dict[str, Names]) -> None:
        self.entry = entry
        self._metric: M = metric
        self._names = names
        self._closed = [frozenset(label.values) for label in entry.labels]
        self._children: dict[tuple[str, ...], M] = {}

    def labels(self, *values: str) -> M:
        """Return the child for these values, in the order of the catalogue."""
        child = self._children.get(values)
        if child is not None:
            return child
        # Kept under what was admitted alone: what is refused must fill no dictionary either.
        admitted = tuple(
            self._admitted(label, allowed, str(value))
            for label, allowed, value in zip(self.entry.labels, self._closed, values, strict=True)
        )
        child = self._children.get(admitted)
        if child is None:
            child = self._children[admitted] = self._metric.labels(*admitted)
        return child

    def keep(self, label: str, values: Iterable[str]) -> None:
        """Drop the series with other values of this label."""
        place, kept = self._place(label), frozenset((*values, OTHER, NO_COUNTRY))
        for found in [values for values in list(self._children) if values[place] not in kept]:
            self._children.pop(found, None)
            self._metric.remove(*found)

    def clear(self) -> None:
        """Drop all series."""
        self._children.clear()
        self._metric.clear()

    def begin(self) -> None:
        """Have every series there, at 0, that can be: so that the first event is seen as an increase."""
        if self.entry.kind is Kind.GAUGE:
            return  # 0 would say something
        for values in product(*self._columns()):
            self.labels(*(value for column in values for value in column))

    def collect(self) -> Iterable[Metric]:
        """Return what is exposed of it."""
        return list(self._metric.collect())

    def _columns(self) -> list[Sequence[tuple[str, ...]]]:
        labels, pairs = self.entry.labels, self.entry.pairs
        single = labels[: len(labels) - 2] if pairs else labels
        columns: list[Sequence[tuple[str, ...]]] = [[(value,) for value in self._values(label)] for label in single]
        return [*columns, pairs] if pairs else columns

    def _values(self, label: Label) -> Iterable[str]:
        return label.values or self._names[label.name].known()

    def _admitted(self, label: Label, allowed: frozenset[str], value: str) -> str:
        if allowed:
            return value if value in allowed else OTHER
        return self._names[label.name].admit(value)

    def _place(self, label: str) -> int:
        return [one.name for one in self.entry.labels].index(label)


class Level:
    """A gauge without labels. It has no sample before it is set: a process that does not know shows nothing, not 0."""

    def __init__(self, gauge: Gauge, entry: Entry) -> None:
        self.entry = entry
        self._gauge = gauge
        self._is_set = False

    def set(self, value: float) -> None:
        """Show this from now on."""
        self._gauge.set(value)
        self._is_set = True

    def follow(self, read: Callable[[], float]) -> None:
        """Show what `read` returns at each scrape: it must be quick, and ask nobody."""
        self._gauge.set_function(read)
        self._is_set = True

    def clear(self) -> None:
        """Show nothing."""
        self._is_set = False

    def collect(self) -> Iterable[Metric]:
        """Return what is exposed of it."""
        return self._gauge.collect() if self._is_set else ()

    def describe(self) -> Iterable[Metric]:
        """Return its name and type, for the registry."""
        return self._gauge.describe()
