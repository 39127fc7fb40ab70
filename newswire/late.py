"""From when on what waits is late: one answer for `newswire status`, the notices and the alarms. Pure."""

from typing import Final

LATE_S: Final = 300.0
"""Status says so, and an alarm begins to count its own five minutes. A notice of the end waits until nothing is late by this."""

SAID_S: Final = 900.0
"""A notice is said: when `NEWSWIRE_SLOW_AFTER` is reached by default, for those whom no alarm has told before."""
