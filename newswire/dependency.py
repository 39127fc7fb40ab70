"""Shows whether what every stage stands on answers, by each use that is made of it, and how long the uses that write take."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from prometheus_client import Histogram

from newswire.errors import Retryable
from newswire.metrics import Metrics
from newswire.outcomes import Dependency

T = TypeVar("T")


class Uses:
    """How the last uses of a dependency went.

    It is up where the last that read and the last that wrote both went well: what a full disk holds can still be read.
    """

    def __init__(self, dependency: Dependency, metrics: Metrics) -> None:
        self._metrics, self._dependency = metrics, dependency
        self._well = {False: True, True: True}  # by whether it wrote; one that was not used yet is not shown
        self._shown = False

    def opened(self, open_it: Callable[[], T]) -> T:
        """Return what `open_it` returns; to open it is a use of it too."""
        with self.use(writes=False):
            return open_it()

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
        self._well[writes] = well
        if not self._shown:
            self._shown = True
            # Worked out at each scrape: of two threads that note at once, the slower one would leave what the other has overtaken.
            self._metrics.dependency_up.labels(self._dependency).set_function(lambda: all(self._well.values()))
