"""The set in force, kept as what stands on disk: looked at every ten seconds, and at once when told.

Reads: `watchlists/`, `lists/` and `routes.yaml` of the configuration folder.
Writes: nothing but the log and the metrics.
Never: puts a set with a fault in force, or a part of a set: the one in force stays until all files are right. What is known of countries, topics and
bodies stays as it was when the process started: a changed taxonomy or model takes a restart.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from alerting.desk import Desk, difference
from alerting.desk_files import Seen, gone, look
from alerting.watchlists.model import Status
from newswire.clock import Clock
from newswire.errors import ConfigurationError, Fault
from newswire.metrics import Metrics
from newswire.outcomes import ReloadOutcome

LOOK_S: Final = 10.0
SETTLE_S: Final = 1.0
"""Changed files are read when nobody has written to them for so long: an editor may be in the middle of it."""

REJUDGE_S: Final = 300.0
"""Faulty files that nobody has changed are read anew after so long: what failed may have been the reading."""

_LISTEN_S: Final = 0.25  # how soon a word to look now is heard
_FAULTS_LOGGED: Final = 20

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """The set in force, and what is wrong with the files on disk, for which it was not changed."""

    desk: Desk
    faults: tuple[Fault, ...] = ()

    def trouble(self, now: datetime) -> str:
        """Return in words that the files have faults, by the clock of `now`'s zone; empty where they have none."""
        if not self.faults:
            return ""
        many = f"{len(self.faults)} fault{'' if len(self.faults) == 1 else 's'}"
        since = self.desk.since.astimezone(now.tzinfo) if self.desk.since else now
        moment = f"{since:%H:%M}" if since.date() == now.date() else f"{since:%d %b %H:%M}"
        return f"configuration: {many}, the set of {moment} is in force"


class ReloadWorker:
    """Holds the set in force. `current`, `standing` and `look_now` may be called from any thread."""

    name = "reload"

    def __init__(
        self,
        *,
        folder: Path,
        make: Callable[[str, datetime], Desk],
        clock: Clock,
        metrics: Metrics,
        every_s: float = LOOK_S,
    ) -> None:
        """Put what stands in `folder` in force. `make` reads it all and returns it as a set of this digest, in force since then.

        Raises:
            ConfigurationError: with every fault of every file. `make` raises the same.

        """
        self._folder, self._make, self._clock, self._metrics, self._every_s = folder, make, clock, metrics, every_s
        seen = look(folder)
        self._standing = Standing(self._made(seen))
        self._parts = seen.parts  # of what is in force
        self._refused: str | None = None  # the digest of the files that have `faults`
        self._rejudge_at = 0.0
        self._writing: str | None = None  # the marks of changed files that may still be written to
        self._writing_since = 0.0
        self._unsteady = 0  # times in a row
        self._told = threading.Event()
        self._look_at = clock.monotonic() + every_s
        self._count_in_force()

    def current(self) -> Desk:
        """Return the set in force. Take it once for all that is to be decided on one set."""
        return self._standing.desk

    def standing(self) -> Standing:
        """Return the set in force beside the faults of what is on disk."""
        return self._standing

    def look_now(self) -> None:
        """Have the files looked at at once, however short ago they were written."""
        self._told.set()

    def step(self) -> float:
        told = self._told.is_set()
        if told or self._clock.monotonic() >= self._look_at:
            self._told.clear()
            wait_s = self._look(told=told)
            self._look_at = self._clock.monotonic() + wait_s
        return _LISTEN_S

    def idle(self) -> bool:
        return True

    def close(self) -> None:
        """Hold nothing."""

    def _look(self, *, told: bool) -> float:
        """Look at the files and do what is due; return the seconds until the next look."""
        seen, now = look(self._folder), self._clock.monotonic()
        if seen.digest == self._standing.desk.digest:
            self._writing, self._unsteady = None, 0
            if self._standing.faults:
                self._restored()
            elif told:
                _log.info("configuration: told to look, and nothing has changed")
            return self._every_s
        known = seen.digest == self._refused
        if known and not told and now < self._rejudge_at:
            self._writing = None
            return self._every_s
        if not (known or told or self._is_written(seen, now)):
            return SETTLE_S
        return self._judge(seen, told=told)

    def _is_written(self, seen: Seen, now: float) -> bool:
        """Return whether nobody has written since the last look; or somebody has done so for longer than one waits."""
        before, self._writing = self._writing, seen.marks
        if before is None:
            self._writing_since = now
        return before == seen.marks or (before is not None and now - self._writing_since >= self._every_s)

    def _judge(self, seen: Seen, *, told: bool) -> float:
        desk: Desk | None = None
        faults = gone(self._folder, self._parts, seen.parts)
        if not faults:
            try:
                desk = self._made(seen)
            except ConfigurationError as error:
                faults = error.faults
        after = look(self._folder)
        if after.marks != seen.marks:
            self._writing = after.marks
            self._unsteady += 1
            self._metrics.reloads.labels(ReloadOutcome.UNSTEADY).inc()
            _log.info("configuration: files changed while they were read, to be looked at again", in_a_row=self._unsteady)
            return min(SETTLE_S * self._unsteady, self._every_s)
        self._writing, self._unsteady = None, 0
        if desk is None:
            self._refuse(seen, faults, told=told)
        else:
            self._put_in_force(desk, seen)
        return self._every_s

    def _made(self, seen: Seen) -> Desk:
        try:
            return self._make(seen.digest, self._clock.now())
        except ConfigurationError:
            raise
        except OSError as error:
            raise ConfigurationError([self._fault(f"cannot be read: {(error.strerror or str(error)).lower()}")]) from None
        except Exception as error:  # noqa: BLE001 -- a bug that one file brings out must not end a watch that goes on well without it
            _log.exception("configuration: bug while it was read", error=repr(error))
            raise ConfigurationError([self._fault("a bug of Newswire keeps this from being read; the log says where")]) from None

    def _fault(self, message: str) -> Fault:
        return Fault(str(self._folder), 0, 0, message)

    def _put_in_force(self, desk: Desk, seen: Seen) -> None:
        before, self._standing = self._standing.desk, Standing(desk)
        self._parts, self._refused = seen.parts, None
        self._count_in_force()
        self._metrics.reloads.labels(ReloadOutcome.LOADED).inc()
        what, watching = difference(before, desk), len(desk.watchlists.live)
        _log.info("configuration: a new set is in force", what=what, watchlists=watching, digest=desk.digest[:12])
        if not watching:
            _log.warning("configuration: no watchlist is in force, so nobody is told anything")

    def _restored(self) -> None:
        self._standing, self._refused = Standing(self._standing.desk), None
        self._count_in_force()
        self._metrics.reloads.labels(ReloadOutcome.RESTORED).inc()
        _log.info("configuration: the files are again those of the set in force")

    def _refuse(self, seen: Seen, faults: tuple[Fault, ...], *, told: bool) -> None:
        """Keep the set in force, and say why; the same faults are said once, and again to who asks."""
        news = told or seen.digest != self._refused
        said = faults == self._standing.faults and not told
        self._standing, self._refused = Standing(self._standing.desk, faults), seen.digest
        self._rejudge_at = self._clock.monotonic() + REJUDGE_S
        self._metrics.config_ok.set(0)
        if news:
            self._metrics.reloads.labels(ReloadOutcome.REFUSED).inc()
        if said:
            return
        since = self._standing.desk.since
        _log.error("configuration: faults, the set in force stays", faults=len(faults), in_force_since=since.isoformat() if since else None)
        for fault in faults[:_FAULTS_LOGGED]:
            _log.error("configuration: fault", fault=str(fault))
        if len(faults) > _FAULTS_LOGGED:
            _log.error("configuration: and more faults, see `newswire check`", more=len(faults) - _FAULTS_LOGGED)

    def _count_in_force(self) -> None:
        desk = self._standing.desk
        self._metrics.config_ok.set(1)
        self._metrics.config_ok_at.set(self._clock.now().timestamp())
        self._metrics.known("watchlist", [one.name for one in desk.watchlists.watchlists])
        self._metrics.known("receiver", [one.name for one in desk.routes.receivers])
        for status in Status:
            self._metrics.watchlists.labels(status).set(desk.statuses.get(status, 0))
