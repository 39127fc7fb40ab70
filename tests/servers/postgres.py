"""A real PostgreSQL for tests and for `make run-kafka`: a cluster of its own in a temporary folder, on loopback, never as root."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from tests.servers.processes import ServerUnavailable, free_ports, tail, user_below_root

_START_S: Final = 60
_MISSING: Final = "PostgreSQL's {} was not found. On Debian: apt-get install postgresql"
_SETTINGS: Final = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
shared_buffers = 64MB
"""


@dataclass
class PostgresServer:
    """A database cluster and the process that serves it."""

    folder: Path
    port: int
    user: pwd.struct_passwd | None  # who it runs as, where we are root
    _databases: Iterator[int]

    @property
    def url(self) -> str:
        """What `NEWSWIRE_STORE` is given for the database that is always there."""
        return self._url("postgres")

    def new_database(self, *, like: str = "template1") -> str:
        """Return the URL of a database that is nobody else's: empty, or a copy of the one named, to which nobody is connected."""
        name = f"newswire_{next(self._databases)}"
        self.run_sql(f"CREATE DATABASE {name} TEMPLATE {like}")
        return self._url(name)

    def run_sql(self, statement: str, database: str = "postgres") -> str:
        """Return what psql prints for a statement."""
        url = f"postgresql://newswire@127.0.0.1:{self.port}/{database}"
        return self._run("psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, url).stdout

    def lock_role(self, name: str, *, password: str) -> None:
        """Make a role that must show a password; all others need none."""
        rules = self.data / "pg_hba.conf"
        rule = f"host all {name} 127.0.0.1/32 scram-sha-256\n"
        if rule not in (text := rules.read_text()):
            self.run_sql(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
            rules.write_text(rule + text)
            self.run_sql("SELECT pg_reload_conf()")
            with contextlib.suppress(ServerUnavailable):  # refused: the rule is in force
                while True:
                    self._run("psql", "-X", "-w", "-c", "SELECT 1", f"postgresql://{name}@127.0.0.1:{self.port}/postgres")
                    time.sleep(0.05)

    def start(self) -> None:
        """Start it, and return when it answers."""
        log = self.folder / "log"
        try:
            self._run("pg_ctl", "-D", self.data, "-l", log, "-w", "-t", _START_S, "start")
        except ServerUnavailable as error:
            raise ServerUnavailable(f"{error}\n{tail(log)}") from None

    def stop(self, mode: str = "fast") -> None:
        """Stop it in order: `fast` ends sessions, `immediate` leaves recovery to the next start."""
        self._run("pg_ctl", "-D", self.data, "-m", mode, "-w", "-t", _START_S, "stop")

    def kill(self) -> None:
        """End all of its processes as a power cut would."""
        pid = self.pid()
        # The backends first die with their postmaster; the shared memory is free for a new one when the last is gone.
        os.kill(pid, signal.SIGKILL)
        while self._backends(pid):
            pass
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def running(self) -> bool:
        return (self.data / "postmaster.pid").exists()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def initialise(self) -> None:
        """Make the cluster: user `newswire`, no password on loopback."""
        self._run("initdb", "-D", self.data, "-U", "newswire", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "--no-instructions")
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS.format(port=self.port))

    def _url(self, database: str) -> str:
        return f"postgresql+psycopg://newswire@127.0.0.1:{self.port}/{database}"

    def _backends(self, postmaster: int) -> bool:
        """Return whether processes of this cluster are left."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    where = (entry / "cwd").readlink()
                except OSError:
                    continue
                if where == self.data and int(entry.name) != postmaster:
                    return True
        return False

    def _run(self, program: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
        # pg_ctl's server inherits its output; a file, not a pipe, or reading it would wait for the server's end.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [str(_program(program)), *(str(word) for word in arguments)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                check=False,
                timeout=2 * _START_S,
                text=True,
                **({"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}),  # type: ignore[call-overload]  # mypy cannot see into a mapping
            )
            output.seek(0)
            said = output.read()
        if done.returncode != 0:
            raise ServerUnavailable(f"{program} ended with {done.returncode}: {said.strip()}")
        return subprocess.CompletedProcess(done.args, 0, said)


@contextmanager
def postgres_server(*, folder: Path | None = None) -> Iterator[PostgresServer]:
    """Yield a server that is up; stopped and forgotten at the end. `folder` keeps its data where one is named.

    Raises:
        ServerUnavailable: PostgreSQL is not installed, or does not start.

    """
    user = user_below_root("postgres", "nobody")
    require_postgres()
    with ExitStack() as stack:
        if folder is None:
            folder = Path(tempfile.mkdtemp(prefix="newswire-postgres-"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        server = PostgresServer(folder.resolve(), free_ports(1)[0], user, count())
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        if not server.data.exists():
            server.initialise()
        else:  # the port of last time is somebody else's by now, maybe
            with (server.data / "postgresql.conf").open("a") as settings:
                settings.write(f"port = {server.port}\n")
        stack.callback(_stop, server)
        server.start()
        yield server


def require_postgres() -> None:
    """Return where PostgreSQL's programs are installed.

    Raises:
        ServerUnavailable: they are not; the message says how to get them.

    """
    for name in ("initdb", "pg_ctl", "psql"):
        _program(name)


def _stop(server: PostgresServer) -> None:
    if server.running():
        server.stop("immediate")


def _program(name: str) -> Path:
    """Return one of PostgreSQL's programs; Debian keeps the server's out of the path."""
    found = shutil.which(name)
    if found:
        return Path(found)
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    if not versions:
        raise ServerUnavailable(_MISSING.format(name))
    return versions[-1]


def main() -> None:
    """Run a server until the input ends: `python -m tests.servers.postgres [FOLDER]` prints its URL."""
    with postgres_server(folder=Path(sys.argv[1]) if len(sys.argv) > 1 else None) as server:
        print(server.url, flush=True)  # noqa: T201 -- it is what was asked for
        sys.stdin.read()


if __name__ == "__main__":
    main()
