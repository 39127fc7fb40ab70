"""One line for a newcomer without internet: what is wrong, and what works all the same."""

from typing import TYPE_CHECKING, Final

from rich.console import Console

from newswire.clock import Clock

if TYPE_CHECKING:
    from collectors.stage import CollectWorker

_ENOUGH: Final = 5  # polls that must have ended before anything is concluded
_LOOK_S: Final = 1.0


class OfflineNotice:
    """A worker that speaks once, where the first polls all failed to reach their hosts."""

    def __init__(self, collecting: "CollectWorker", *, clock: Clock, console: Console, once: bool = False) -> None:
        self.name = "offline-notice"
        self._collecting, self._clock, self._console = collecting, clock, console
        self._then = "" if once else " Newswire goes on trying."
        self._done = False

    def step(self) -> float:
        if not self._done:
            status = self._collecting.status()
            enough = min(_ENOUGH, status.sources)
            if status.polled - status.failing > 0:
                self._done = True
            elif enough and status.failing >= enough:
                self._done = True
                self._console.print(
                    f"No source could be reached ({status.failing} tried): is there internet here? `make demo` (or `newswire demo`) shows everything offline.{self._then}",
                    style="yellow",
                    highlight=False,
                    soft_wrap=True,
                )
        return _LOOK_S

    def idle(self) -> bool:
        return True

    def close(self) -> None:
        """Hold nothing."""
