"""What both servers need: a free port, a user that is not root, and one error that says why a server is not there."""

import os
import pwd
import random
import socket
from pathlib import Path
from typing import Final

REQUIRED_VARIABLE: Final = "NEWSWIRE_REQUIRE_SERVERS"


class ServerUnavailable(RuntimeError):  # noqa: N818 -- it is what is said, not a fault of ours
    """A server cannot be started on this machine; the message says what is missing and how to get it."""


def servers_are_required() -> bool:
    """Return whether a missing server is a failure (in CI) and no reason to skip."""
    return os.environ.get(REQUIRED_VARIABLE, "") not in {"", "0"}


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody listens on, below those that the system gives to clients."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(20_000, 32_000)  # a system-given one may be taken by a client before the server starts
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


def cache_folder() -> Path:
    """Return where downloaded servers are kept between runs, outside of the work tree."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "newswire-servers"


def user_below_root(*names: str) -> pwd.struct_passwd | None:
    """Return the first of these users that exists, where we are root; None where we are not and need nobody else."""
    if os.geteuid() != 0:
        return None
    for name in names:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerUnavailable(f"none of the users {', '.join(names)} exists, and this server does not run as root")


def tail(path: Path, lines: int = 15) -> str:
    """Return the end of a server's log, for the error that says why it did not start."""
    if not path.exists():
        return "(no log)"
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) or "(an empty log)"
