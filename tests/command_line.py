"""Many commands of `newswire`, each in a process of its own that has all modules loaded already: `python -m tests.command_line` reads one JSON list a line."""

import json
import os
import sys
import traceback
from pathlib import Path


def main() -> None:
    """Run each command that is read, and answer with a line when it has ended: its status. What it prints is in the files `out` and `err`."""
    from newswire import cli  # noqa: PLC0415 -- what takes time to load, once for all commands

    cli.add_commands()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _run(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)  # noqa: T201 -- the parent reads it


def _run(arguments: list[str]) -> None:
    from newswire import cli  # noqa: PLC0415

    os.dup2(os.open("out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    os.dup2(os.open("err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["newswire", *arguments]
    status = 1
    try:
        cli.main()
    except SystemExit as end:
        status = int(end.code or 0) if isinstance(end.code, int | None) else 1
    except BaseException:  # noqa: BLE001 -- it is to be found by whoever reads what was printed
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    Path("out").touch()
    main()
