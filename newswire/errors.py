"""Errors, few and named by what the caller must do.

::

    NewswireError
    ├── Retryable            back off (honour `retry_after_s`), then do the same again
    ├── Permanent            give this one input up: it becomes a dead letter with `reason`
    ├── ConfigurationError   stop before starting: prints every fault as `file:line: …`, exit 2
    └── Fenced               somebody else owns this work now: drop it, ask again

Anything else that is raised is a bug: the input becomes a dead letter with reason `bug`, the traceback goes to the log,
and the flow goes on, until too many in a row stop the stage.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from newswire.outcomes import DeadReason, RetryReason


class NewswireError(Exception):
    """The root of all errors that Newswire raises on purpose."""


class Retryable(NewswireError):  # noqa: N818 -- named by what the caller must do
    """The same call may succeed later: `reason` is a metric label, `retry_after_s` a wait in seconds asked for by the other side."""

    def __init__(self, reason: RetryReason, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after_s = retry_after_s


class Permanent(NewswireError):  # noqa: N818 -- named by what the caller must do
    """A fault of the input itself, which can never be handled: it goes to `news.dead` with `reason`."""

    def __init__(self, reason: DeadReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Fenced(NewswireError):  # noqa: N818 -- named by what the caller must do
    """A lease, a partition or the alerter's epoch was taken over; nothing was written."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One mistake in a file that a person edits, at a line and column counted from 1 (0: the whole file)."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return one_line(f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}")


_MOVES_OR_HIDES: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")


def one_line(text: str) -> str:
    """Return the text as one line that a terminal prints as it stands: a file's name may hold a line end, or an escape sequence."""
    return _MOVES_OR_HIDES.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


class ConfigurationError(NewswireError):
    """The configuration or the environment cannot be used; `faults` holds every mistake found, in file order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))
