"""Shows whether what every stage stands on answers, by each use that is made of it, and how long the uses that write take."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Histogram

from newswire.errors import Retryable
from newswire.metrics import Metrics
from newswire.outcomes import Dependency


class Uses:
    """How the last uses of a dependency went.

    It is up where the last that read and the last that wrote both went well: what a full disk holds can still be read.
    """

    def __init__(self, dependency: Dependency, metrics: Metrics) -> None:
        self._gauge = metrics.dependency_up.labels(dependency)
        self._well: dict[bool, bool] = {}  # by whether it wrote

    @contextmanager
    def use(self, writes: bool, took: Histogram | None = None) -> Iterator[None]:
        """Note how this use ends, badly where it is to be done again later, and show in `took` how long it took if it writes."""
        began = time.perf_counter()
        try:
            yield
        except Retryable:
            self._note(writes, well=False)
            raise
        else:
            self._note(writes, well=True)
        finally:
            if writes and took is not None:
                took.observe(time.perf_counter() - began)

    def _note(self, writes: bool, *, well: bool) -> None:
        if self._well.get(writes) is not well:
            self._well[writes] = well
            self._gauge.set(all(self._well.values()))
