"""Looks, every few seconds, at what the pipeline behind the collectors has not taken yet and at the disk, and says when that changes much.

Reads: the bus's backlog, the disk's free bytes. Writes: one metric, one line of the log for each change.

The pages due and the outbox do not count: what waits there waits for one slow site or for Slack, and fewer polls would help neither.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import structlog

from collectors.pressure import Behind, Degree, Disk, Limits, Pressure, decide
from newswire.bus import Backlog, Bus
from newswire.clock import Clock
from newswire.errors import Retryable
from newswire.metrics import Metrics
from newswire.outcomes import PressureCause
from newswire.topics import ALERTING_GROUP, ITEMS, PROCESSORS_GROUP, REPORTS

LOOK_EVERY_S: Final = 5.0
PATIENCE_S: Final = 30.0
"""Who works only until nothing is left to do waits so long for a stop to be lifted, counted from when something last moved."""

_WATCHED: Final = ((PressureCause.PROCESSORS, ITEMS, PROCESSORS_GROUP), (PressureCause.ALERTING, REPORTS, ALERTING_GROUP))

_log = structlog.get_logger("newswire.collectors")


class BackPressure:
    """The pressure as it was at the last look. One thread looks; any may read."""

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        metrics: Metrics,
        limits: Limits,
        folders: Sequence[Path] = (),
        free: Callable[[Path], Disk] | None = None,
    ) -> None:
        self._bus, self._clock, self._metrics, self._limits = bus, clock, metrics, limits
        self._folders, self._free = folders, free or _disk_of
        self._look_at = 0.0  # on the monotonic clock, as all below
        self._seen: tuple[Backlog, ...] = ()
        self._moved_at = 0.0
        self.now = Pressure()

    def look(self) -> Pressure:
        """Return the pressure, looked at anew where the last look is a while ago."""
        monotonic = self._clock.monotonic()
        if monotonic >= self._look_at:
            self._look_at = monotonic + LOOK_EVERY_S
            try:
                backlogs = tuple(self._bus.backlog(topic, group) for _, topic, group in _WATCHED)
            except Retryable:
                return self.now  # a bus that does not answer takes no items either: publishing says so, and waits
            if backlogs != self._seen:
                self._seen, self._moved_at = backlogs, monotonic
            self._change(decide(self._behind(backlogs), [self._free(folder) for folder in self._folders], self._limits, self.now))
        return self.now

    def stuck(self) -> bool:
        """Return whether no poll is made, and nothing has moved for longer than one waits who is to come to an end."""
        return self.now.degree is Degree.STOP and self._clock.monotonic() - self._moved_at > PATIENCE_S

    def _behind(self, backlogs: Sequence[Backlog]) -> list[Behind]:
        now = self._clock.now()
        return [
            Behind(cause, max(0.0, (now - backlog.oldest_at).total_seconds()) if backlog.oldest_at is not None else 0.0)
            for (cause, _, _), backlog in zip(_WATCHED, backlogs, strict=True)
        ]

    def _change(self, to: Pressure) -> None:
        before, self.now = self.now, to
        for cause in PressureCause:
            self._metrics.pressure.labels(cause).set(to.share if cause is to.cause else 0.0)
        if (to.degree, to.cause) == (before.degree, before.cause):
            return
        self._moved_at = self._clock.monotonic()
        if to.degree is Degree.GO:
            _log.info("polling as usual again", after=before.cause)
        else:
            what = "no feed is polled" if to.degree is Degree.STOP else "fewer feeds are polled"
            _log.warning(what, cause=to.cause, why=to.why)


def _disk_of(folder: Path) -> Disk:
    while not folder.exists() and folder != folder.parent:  # it is made with the first file in it
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    return Disk(str(folder), usage.free, usage.total)
