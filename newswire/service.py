"""The service loop: workers on threads, drained on SIGTERM, watched by a watchdog."""

from typing import Protocol


class Worker(Protocol):
    """One loop of a stage. `step` is called again and again on one thread of its own."""

    name: str

    def step(self) -> float:
        """Do one bounded piece of work and return the seconds to wait before the next (0: at once).

        Raises:
            Retryable: called again after a back-off.
            Fenced: called again at once.

        """
        ...

    def idle(self) -> bool:
        """Return whether nothing is left to do for `run --until-idle`."""
        ...

    def close(self) -> None:
        """Give leases back and leave groups; called once, after the last step."""
        ...
