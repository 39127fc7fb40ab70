"""Child processes for whatever can hang or swell on foreign bytes: a deadline, a memory limit, killed and replaced."""

from concurrent.futures import Future
from enum import StrEnum
from typing import Any, Protocol


class KillReason(StrEnum):
    """Why a child was ended."""

    DEADLINE = "deadline"
    MEMORY = "memory"
    CRASH = "crash"  # it died by itself


class Killed(Exception):  # noqa: N818 -- it says what happened to the child
    """The task was not finished: its child was ended for `reason` and replaced."""

    def __init__(self, reason: KillReason, task: str) -> None:
        super().__init__(f"{task}: the child was ended ({reason})")
        self.reason = reason


class TaskRaised(Exception):  # noqa: N818 -- it says what the task did
    """The task raised inside the child; the text names the exception. The child lives on."""


class Jail(Protocol):
    """Runs named functions in children. Thread-safe."""

    def submit(self, task: str, *arguments: Any, deadline_s: float) -> "Future[Any]":
        """Start `task` (`package.module:function`) on plain, picklable arguments.

        The future gives the function's plain result, or raises `Killed` or `TaskRaised`. The deadline counts from when a
        child starts on it.
        """
        ...

    def close(self) -> None:
        """End all children at once."""
        ...
