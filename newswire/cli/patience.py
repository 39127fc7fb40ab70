"""Starting while a server is away: a command that keeps watch waits for it, and says so; a short one ends with the reason."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from structlog.typing import FilteringBoundLogger

from newswire.errors import Retryable
from newswire.service import Service, back_off_s

_WAIT_MOST_S = 10.0

R = TypeVar("R")


class Probes:
    """What `/healthz` and `/readyz` say from the first moment on.

    While a server is waited for, the process is healthy (a restart would not bring the server back) and not ready.
    """

    def __init__(self) -> None:
        self.service: Service | None = None
        self.note: Callable[[], str] = str  # what a person should know of, and no restart would change

    def healthy(self) -> bool:
        return self.service is None or self.service.healthy()

    def ready(self) -> bool:
        return self.service is not None and self.service.ready()

    def noted(self) -> str:
        return self.note()


def waited_for(opened: Callable[[], R], what: str, right: str, log: FilteringBoundLogger) -> R:
    """Return what `opened` returns, called again and again while its server is away; `right` is what an operator should look at.

    It is said when the wait begins, and after the second, fourth, eighth … failure.

    Raises:
        ConfigurationError: waiting would not help.

    """
    failures = 0
    while True:
        try:
            found = opened()
        except Retryable as error:
            failures += 1
            wait_s = back_off_s(failures, error.retry_after_s, random.random(), most_s=_WAIT_MOST_S)  # noqa: S311 -- jitter, not a secret
            if failures & (failures - 1) == 0:
                log.warning("waiting for a server", server=what, error=str(error), right=right, failures=failures, wait_s=round(wait_s, 2))
            time.sleep(wait_s)
        else:
            if failures:
                log.info("found the server", server=what, failures=failures)
            return found
