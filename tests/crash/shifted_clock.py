"""`newswire …` on a machine whose clock is off by the seconds that a file holds, now: `python shifted_clock.py FILE COMMAND …`."""

import sys
from datetime import datetime, timedelta
from pathlib import Path

from newswire.cli import main
from newswire.clock import SystemClock

OFFSET = Path(sys.argv.pop(1))
_right = SystemClock.now


def _shifted(clock: SystemClock) -> datetime:
    return _right(clock) + timedelta(seconds=float(OFFSET.read_text()))


if __name__ == "__main__":
    SystemClock.now = _shifted  # type: ignore[assignment, method-assign]  # the machine's clock cannot be set for one process alone
    main()
