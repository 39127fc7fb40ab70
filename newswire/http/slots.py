"""Asks for host slots from an asyncio loop: what is waiting goes to the store in one transaction, on a thread of its own."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from newswire.http.port import HostSlots
from newswire.http.wire import HopFailed
from newswire.outcomes import FetchReason

BATCH: Final = 500
STORE_TROUBLE_S: Final = 5.0

_log: Final = logging.getLogger(__name__)

Release = tuple[str, float | None, bool]
"""Host, the wait that its server asked for, and whether the host is at fault."""


class SlotKeeper:
    """Group commit: while one transaction is under way, the next one gathers. Belongs to one loop."""

    def __init__(self, slots: HostSlots) -> None:
        self._slots = slots
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="host-slots")
        self._acquires: list[tuple[str, asyncio.Future[float]]] = []
        self._releases: list[Release] = []
        self.settling: asyncio.Task[None] | None = None  # not to be cancelled with the fetches

    async def acquire(self, host: str, expires: float) -> None:
        """Return when the host's slot is ours.

        Raises:
            HopFailed: `host_busy`, at once where the wait would last past `expires` (on the loop's clock).

        """
        loop = asyncio.get_running_loop()
        while True:
            answer: asyncio.Future[float] = loop.create_future()
            self._acquires.append((host, answer))
            self._wake()
            try:
                wait_s = await answer
            except asyncio.CancelledError:
                if answer.done() and not answer.cancelled() and answer.exception() is None and answer.result() <= 0:
                    self.release(host, retry_after_s=None, failed=False)  # granted and given up in the same turn of the loop
                raise
            if wait_s <= 0:
                return
            if loop.time() + wait_s > expires:
                raise HopFailed(FetchReason.HOST_BUSY, f"{host} must not be asked again for {wait_s:.1f} s", retry_after_s=wait_s)
            await asyncio.sleep(wait_s)

    def release(self, host: str, *, retry_after_s: float | None, failed: bool) -> None:
        """Give the slot back with the next transaction."""
        self._releases.append((host, retry_after_s, failed))
        self._wake()

    async def close(self) -> None:
        """Write what is left, and end the thread."""
        while self.settling is not None or self._releases:
            self._wake()
            if self.settling is not None:
                await self.settling
        self._thread.shutdown()

    def _wake(self) -> None:
        if self.settling is None:
            # Not a task of the fetch that wakes it: cancelling that fetch must not cancel what others wait for.
            self.settling = asyncio.get_running_loop().create_task(self._settle())

    async def _settle(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._acquires or self._releases:
                acquires, self._acquires = self._acquires[:BATCH], self._acquires[BATCH:]
                releases, self._releases = self._releases, []
                hosts = [host for host, _ in acquires]
                try:
                    waits = await loop.run_in_executor(self._thread, self._slots.settle, hosts, releases)
                except Exception as error:  # noqa: BLE001 -- the store's trouble is told to each fetch that waits for it
                    self._refuse(acquires, error)
                else:
                    self._answer(acquires, waits)
        finally:
            self.settling = None

    def _answer(self, acquires: list[tuple[str, "asyncio.Future[float]"]], waits: list[float]) -> None:
        for (host, answer), wait_s in zip(acquires, waits, strict=True):
            if not answer.done():
                answer.set_result(wait_s)
            elif wait_s <= 0:  # granted to a fetch that has been given up since
                self._releases.append((host, None, False))

    def _refuse(self, acquires: list[tuple[str, "asyncio.Future[float]"]], error: Exception) -> None:
        # What was to be given back is lost; those holds end by themselves.
        _log.warning("host slots could not be kept in the store: %s", error)
        for host, answer in acquires:
            if not answer.done():
                detail = f"the slot of {host} could not be asked for: the store does not answer ({type(error).__name__})"
                answer.set_exception(HopFailed(FetchReason.HOST_BUSY, detail, retry_after_s=STORE_TROUBLE_S))
