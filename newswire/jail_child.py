"""The far side of the jail: a fork server that has imported everything once, and its children, which run one task after the other.

Started by `newswire.jail` with an empty environment. Imports as little as it can: everything here is in every child.
"""

import ctypes
import gc
import importlib
import json
import os
import pickle
import resource
import signal
import socket
import sys
import time
import typing
from collections.abc import Callable
from typing import Any, Final

from pydantic import TypeAdapter

from newswire.jail_wire import receive, receive_with_socket, send

MEMORY_EXIT: Final = 12
RESULT_LIMIT_BYTES: Final = 64 * 1024 * 1024
OK, RAISED = b"k", b"r"

_CPU_GRACE_S: Final = 5
_OPEN_FILES: Final = 64
_PR_SET_PDEATHSIG: Final = 1

Task = tuple[Callable[..., Any], TypeAdapter[Any]]


def serve(control: socket.socket) -> None:
    """Fork a child for each socket that comes in, and end those that are named, until the other side is gone."""
    configuration = pickle.loads(receive(control))  # noqa: S301 -- from our own parent, before anything foreign was read
    try:
        for module in configuration["preload"]:
            importlib.import_module(module)
        tasks = {name: load_task(name) for name in configuration["tasks"]}
    except Exception as error:  # noqa: BLE001 -- said to the parent, which can tell a person
        send(control, json.dumps(f"{type(error).__name__}: {error}").encode())
        return
    gc.collect()
    gc.freeze()  # what is shared stays shared: the collector of a child would write to every page
    send(control, b"null")
    children: set[int] = set()
    try:
        while True:
            command, child_socket = receive_with_socket(control)
            if child_socket is not None:
                pid = _fork(control, child_socket, tasks, configuration["memory_bytes"])
                children.add(pid)
                send(control, b"%d" % pid)
            else:
                pid = int(command)
                children.discard(pid)
                send(control, b"%d" % _end(pid))
    except EOFError:
        pass
    finally:
        for pid in children:
            _end(pid)


def load_task(name: str) -> Task:
    """Return the function that `package.module:function` names, and the adapter for what its annotation says it returns."""
    module, _, function = name.partition(":")
    run = getattr(importlib.import_module(module), function)
    return run, TypeAdapter(typing.get_type_hints(run)["return"])


def _end(pid: int) -> int:
    """Return the exit status of a child; its own where it has ended already, since a kill does not change a zombie."""
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _fork(control: socket.socket, child_socket: socket.socket, tasks: dict[str, Task], memory_bytes: int) -> int:
    pid = os.fork()
    if pid:
        child_socket.close()
        return pid
    try:
        control.close()
        _confine(memory_bytes)
        _work(child_socket, tasks)
    except MemoryError:
        os._exit(MEMORY_EXIT)
    except BaseException:  # noqa: BLE001 -- nothing of a child may run on into the fork server's code
        os._exit(1)
    os._exit(0)


def _confine(memory_bytes: int) -> None:
    if sys.platform == "linux":
        server = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server:  # it died before we could ask to die with it
            os._exit(1)
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 -- pathlib is not worth its import in every child
            mapped = int(statm.read().split()[0]) * resource.getpagesize()
        _limit(resource.RLIMIT_AS, mapped + memory_bytes)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)


def _limit(what: int, value: int) -> None:
    # Only the soft limit: once the hard one is lowered, the next call fails.
    resource.setrlimit(what, (value, resource.getrlimit(what)[1]))


def _work(parent: socket.socket, tasks: dict[str, Task]) -> None:
    while True:
        try:
            # The parent is trusted and sends bodies of megabytes: pickle hands bytes over as they are.
            name, arguments, deadline_s = pickle.loads(receive(parent))  # noqa: S301
        except EOFError:
            return
        _limit(resource.RLIMIT_CPU, int(time.process_time() + deadline_s) + _CPU_GRACE_S)
        run, adapter = tasks[name]
        try:
            answer = OK + adapter.dump_json(run(*arguments), warnings="error")
            if len(answer) > RESULT_LIMIT_BYTES:
                answer = RAISED + b"the result is larger than %d bytes" % RESULT_LIMIT_BYTES
        except MemoryError:
            os._exit(MEMORY_EXIT)
        except BaseException as error:  # noqa: BLE001 -- SystemExit from foreign code is an answer too
            answer = RAISED + f"{type(error).__name__}: {error}"[:500].encode("utf-8", "replace")
        send(parent, answer)
        del arguments, answer


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
