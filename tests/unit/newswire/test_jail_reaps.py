import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

_SCRIPT = """
import ctypes, os, signal, time
from newswire.jail_server import ForkServer

ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans below us become ours, as they do process 1's
server = ForkServer({"preload": [], "tasks": ["tests.jail_tasks:add"], "memory_bytes": 1 << 29})
first = server.fork()
os.kill(server._process.pid, signal.SIGKILL)
server.end(first)
server.fork()
try:
    os.waitpid(first.pid, os.WNOHANG)
    print("left for somebody else to reap")
except ChildProcessError:
    print("reaped")
server.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there children die with the server, and are handed to somebody else")
def test_children_of_a_server_that_was_killed_are_no_zombies_of_ours() -> None:
    done = subprocess.run([sys.executable, "-c", _SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert (done.stdout, done.stderr) == ("reaped\n", "")
