"""Says when silences end soon, and when they have ended: in the log and in the metrics.

Reads: the silences that have not ended.
Writes: of each that ends within an hour, that it was said; once, whichever process is the alerter.
Never: sends or holds anything; the stage reads the silences itself, with every batch.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

import structlog

from alerting.leadership import STANDBY_S, Leadership
from alerting.silences import moment_in_words, said_of, state_of
from newswire.clock import Clock
from newswire.metrics import Metrics
from newswire.outcomes import SilenceState
from newswire.silence import Silence
from newswire.store import Store, silences

LOOK_S: Final = 15.0
_COUNTED: Final = (SilenceState.PENDING, SilenceState.ACTIVE, SilenceState.ENDING)

_log = structlog.get_logger(__name__)


class SilenceWatch:
    """Looks every quarter of a minute, while this process is the active alerter."""

    name = "silences"

    def __init__(self, *, store: Store, clock: Clock, metrics: Metrics, leadership: Leadership) -> None:
        self._store, self._clock, self._metrics, self._leadership = store, clock, metrics, leadership
        self._known: dict[str, Silence] = {}

    def step(self) -> float:
        if not self._leadership.leading():
            self._metrics.silences.clear()
            self._known = {}
            return STANDBY_S
        now = self._clock.now()
        with self._store.read() as connection:
            current = {one.silence_id: one for one in silences.current(connection, now.timestamp())}
            gone = [one for one in self._known if one not in current]
            held = silences.stories_held(connection, gone)
        self._count(Counter(state_of(one, now) for one in current.values()))
        self._warn([one for one in current.values() if one.warned_at is None and state_of(one, now) is SilenceState.ENDING], now)
        for silence_id in gone:
            _log.info("silence has ended", **_described(self._known[silence_id], now), stories_held=held.get(silence_id, 0))
        self._known = current
        return LOOK_S

    def idle(self) -> bool:
        return True

    def close(self) -> None:
        """Hold nothing."""

    def _warn(self, ending: list[Silence], now: datetime) -> None:
        if not ending:
            return
        with self._store.begin() as connection:
            self._leadership.check(connection)
            silences.mark_warned(connection, [one.silence_id for one in ending], now.timestamp())
        for one in ending:
            left = timedelta(seconds=round(one.ends_at - now.timestamp()))
            _log.warning("silence ends soon", **_described(one, now), left=str(left))

    def _count(self, states: Counter[SilenceState]) -> None:
        for state in _COUNTED:
            self._metrics.silences.labels(state).set(states[state])


def _described(silence: Silence, now: datetime) -> dict[str, str]:
    return {
        "silence": silence.silence_id,
        "what": said_of(silence),
        "until": moment_in_words(silence.ends_at, now),
        "by": silence.by,
        "why": silence.why,
    }
