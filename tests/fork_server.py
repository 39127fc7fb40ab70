"""The command line, again and again, without its second of imports: a process that has imported it forks one child for each command.

`python -m tests.fork_server SOCKET [COMMAND …]` serves; `newswire_script` is what stands on the PATH and asks it. The child has the asker's folder, environment,
arguments and open files: it is `newswire` in all but its start. Of the commands that are named, each is run once, however often it is asked for with the
same arguments: what it says of one world is what it says of another.
"""

import array
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from newswire.cli import add_commands, main

_ASK: Final = """#!{python} -SE
import array, json, os, socket, sys
asking = socket.socket(socket.AF_UNIX)
asking.connect({socket!r})
asked = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
asking.sendmsg([len(asked).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
asking.sendall(asked)
said = asking.recv(4)
status = int.from_bytes(said, "big") if said else 70
sys.exit(0 if status in {answers!r}.get(sys.argv[1] if sys.argv[1:] else "", ()) else status)
"""


def newswire_script(at: Path, answers: Mapping[str, Collection[int]] | None = None) -> str:
    """Return the program that has a command run by the server at a socket, and ends with its exit status; with 0 where that is one of the command's answers."""
    plain = {command: tuple(statuses) for command, statuses in (answers or {}).items()}
    return _ASK.format(python=sys.executable, socket=str(at), answers=plain)


def _serve(at: str, once: Collection[str]) -> None:
    add_commands()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a child: it says its status itself
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(at)
    listening.listen()
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    while True:
        asking, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os._exit(_run(asking, Path(at).parent, once))
        asking.close()


def _run(asking: socket.socket, remembered: Path, once: Collection[str]) -> int:
    length, ancillary, _, _ = asking.recvmsg(4, socket.CMSG_SPACE(3 * array.array("i").itemsize))
    files = array.array("i")
    files.frombytes(ancillary[0][2])
    for wanted, given in enumerate(files):
        os.dup2(given, wanted)
        os.close(given)
    asked = b""
    while len(asked) < int.from_bytes(length, "big"):
        asked += asking.recv(65_536)
    arguments, folder, environment = json.loads(asked)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["newswire", *arguments]
    mark = remembered / f"once-{'-'.join(arguments).replace('/', '_')}"
    repeated = bool(arguments) and arguments[0] in once
    status = int(mark.read_text()) if repeated and mark.exists() else _status()
    if repeated:
        mark.write_text(str(status))
    sys.stdout.flush()
    sys.stderr.flush()
    asking.sendall(status.to_bytes(4, "big"))
    return 0


def _status() -> int:
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 -- a child that died is a command that failed, and its asker is told
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2:])
