"""Calls of the sender that run where they are started: what a test's step has begun is over when it returns."""

from collections.abc import Callable


class InlineCalls:
    """One call after the other, in the order in which they are started."""

    def __init__(self) -> None:
        self._ended: list[Exception | None] = []

    def busy(self) -> frozenset[str]:
        return frozenset()

    def has_room(self) -> bool:
        return True

    def start(self, name: str, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as fault:  # noqa: BLE001 -- raised again where the sender asks what has ended
            self._ended.append(fault)
        else:
            self._ended.append(None)

    def ended(self, wait_s: float) -> list[Exception | None]:
        ended, self._ended = self._ended, []
        return ended

    def oldest_s(self) -> float:
        return 0.0
