"""The near side of the jail's processes: starts the fork server, has children forked and ended, and asks them."""

import contextlib
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from typing import Any

from newswire.jail_child import RESULT_LIMIT_BYTES
from newswire.jail_wire import receive, send, send_socket


class Child:
    """One child, and our end of the socket to it."""

    def __init__(self, pid: int, channel: socket.socket) -> None:
        self.pid = pid
        self.served = 0
        self.ended = False
        self.channel = channel

    def ask(self, task: str, arguments: tuple[Any, ...], deadline_s: float) -> tuple[bytes, bytes]:
        """Return what the child answered: `OK` or `RAISED`, and the JSON or the words.

        Raises:
            TimeoutError: the deadline passed.
            EOFError, OSError: the child is gone.
            ValueError: the answer is longer than any child of ours would send.

        """
        until = time.monotonic() + deadline_s
        self.served += 1
        self.channel.settimeout(deadline_s)
        send(self.channel, pickle.dumps((task, arguments, deadline_s), protocol=5))
        answer = receive(self.channel, limit=RESULT_LIMIT_BYTES, until=until)
        return answer[:1], answer[1:]


class ForkServer:
    """The process that children are forked from. Started when first needed, and again where it was ended from outside."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self._configuration = configuration
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._closing = threading.Event()
        self._children: set[int] = set()

    def fork(self) -> Child:
        """Return a new child.

        Raises:
            RuntimeError: a module or a task cannot be imported.

        """
        with self._lock:
            for attempt in (1, 2):
                control = self._control or self._start()
                ours, theirs = socket.socketpair()
                with theirs:
                    try:
                        send_socket(control, theirs)
                        pid = int(_said(control))
                    except (EOFError, OSError):
                        ours.close()
                        self._stop()
                        if attempt == 2 or self._closing.is_set():
                            raise
                    else:
                        self._children.add(pid)
                        return Child(pid, ours)
            raise AssertionError("the loop returns or raises")

    def end(self, child: Child) -> int | None:
        """Kill a child and return its exit code; None where it was ended before, or the server is gone and its children with it."""
        child.channel.close()
        if child.ended:
            return None
        child.ended = True
        with self._lock:
            if self._control is None:
                return None
            try:
                send(self._control, str(child.pid).encode())
                code = int(_said(self._control))
            except (EOFError, OSError):
                self._stop()
                return None
            self._children.discard(child.pid)
            return code

    def close(self) -> None:
        """End the server, and with it all children."""
        self._closing.set()
        control = self._control
        if control is not None:
            with contextlib.suppress(OSError):
                control.shutdown(socket.SHUT_RDWR)  # whoever waits for an answer holds the lock, and gives up now
        with self._lock:
            self._stop()

    def _start(self) -> socket.socket:
        if self._closing.is_set():
            raise OSError("the jail is closed")
        control, theirs = socket.socketpair()
        path = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 -- these are strings for another interpreter
        # Not `-m`: with -I the folder we stand in is not on the path, and no variable of ours is to reach the children.
        code = f"import sys; sys.path[:] = {path!r}; import runpy; runpy.run_module('newswire.jail_child', run_name='__main__')"
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 -- our own interpreter, our own module
                [sys.executable, "-I", "-B", "-c", code, str(theirs.fileno())],
                env={},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # what a parser prints about foreign bytes is foreign bytes
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C in the terminal is for us; we end it when we are ready
                cwd="/",
            )
        self._control = control
        try:
            send(control, pickle.dumps(self._configuration))
            trouble = _said(control)
        except (EOFError, OSError):
            self._stop()
            raise
        if trouble is not None:
            self._stop()
            raise RuntimeError(f"the jail cannot start: {trouble}")
        return control

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(timeout=0.5)  # it ends its children first, which only Linux does for it
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        for pid in self._children:
            with contextlib.suppress(
                ChildProcessError
            ):  # they died with it; where we are process 1, as in a container, they are ours to reap
                os.waitpid(pid, 0)
        self._children.clear()


def _said(control: socket.socket) -> Any:
    return json.loads(receive(control))
