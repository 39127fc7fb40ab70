"""`newswire` and `python -m newswire`: the command line, and what Ctrl-C does before it is there and after it has ended."""

import os
import signal
import sys
from typing import Final

from newswire.garbage import nothing_thrown_away

_KEEP_WATCH: Final = frozenset({"run", "collect", "process", "alert"})


def main() -> None:
    """Load the command that was typed, and run it.

    While modules load nothing is in flight, so an interrupt ends the process where it stands; inside an import Python would print a
    traceback. Who is to keep watch and is told to end that early has ended in good order: status 0. An interrupt that comes when all is done
    changes nothing any more. Where interrupts are ignored (`nohup`, a shell's background), they stay so.
    """
    if sys.argv[1:2] and sys.argv[1] in _KEEP_WATCH:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heeded:
        signal.signal(signal.SIGINT, lambda *_: _leave())
    with nothing_thrown_away():
        from newswire import cli  # noqa: PLC0415 -- it is what takes time to load

        cli.add_commands(sys.argv[1:])
    if heeded:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        cli.main()
    finally:
        if heeded:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def _leave() -> None:
    os.write(2, b"newswire: interrupted\n")
    os._exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
