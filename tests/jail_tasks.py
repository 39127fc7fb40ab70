"""What the tests of the jail run in its children: each does one bad thing."""

import ctypes
import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

import lxml.html

_NAMES = "add shape length nap hang hang_in_c swell leave crash throw leave_by_exit environment write_file limits whose lie much parse_page"
TASKS = tuple(f"tests.jail_tasks:{name}" for name in _NAMES.split())


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    corners: tuple[tuple[int, float], ...]


def add(one: int, other: int) -> int:
    return one + other


def shape(name: str) -> Shape | None:
    return Shape(name, ((1, 0.5), (2, 1.5))) if name else None


def length(body: bytes) -> int:
    return len(body)


def nap(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def hang() -> None:
    while True:
        pass


def hang_in_c() -> None:
    ctypes.PyDLL(None).sleep(60)  # the GIL is held: no thread of that process could stop it


def swell() -> int:
    return len(b"".join(bytes(1 << 24) for _ in range(1000)))


def leave() -> None:
    os._exit(3)


def crash() -> None:
    os.abort()


def throw(text: str) -> None:
    raise ValueError(text)


def leave_by_exit() -> None:
    raise SystemExit(0)


def environment() -> dict[str, str]:
    return dict(os.environ)


def write_file(path: str) -> None:
    Path(path).write_text("x", encoding="utf-8")


def limits() -> tuple[int, int, bool]:
    new_session = os.getsid(0) != os.getsid(os.getppid()) or os.getsid(0) == os.getppid()
    return resource.getrlimit(resource.RLIMIT_CORE)[0], resource.getrlimit(resource.RLIMIT_FSIZE)[0], new_session


def whose() -> int:
    return os.getpid()


def lie() -> int:
    answer: object = "not a number"
    return answer  # type: ignore[return-value]


def much(megabytes: int) -> str:
    return "x" * (megabytes << 20)


def parse_page(page: bytes) -> str:
    return str(lxml.html.document_fromstring(page).text_content())
