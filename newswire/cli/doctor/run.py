"""All checks at once, each for a bounded time: one that hangs, raises or finds nothing is a finding of its own. One cause is told once."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from newswire.cli.bounded import all_within
from newswire.cli.doctor.catalogue import Entry
from newswire.cli.doctor.finding import AS_NEWSWIRES_USER, Asked, Check, CheckName, Finding, Level
from newswire.cli.status.words import fault_in_words
from newswire.errors import ConfigurationError, NewswireError, Retryable, one_line
from newswire.outcomes import RetryReason

WAIT_S: Final = 12.0
DEEP_S: Final = 1_800.0
"""`--deep` reads every page of the SQLite files: gigabytes take minutes."""
BUSY: Final = 2.0
"""With so many who want each processor, what is slow need not hang."""
_REMEDIES: Final = {
    RetryReason.STORE: "see that what NEWSWIRE_STORE names is there and may be used: a server that runs and is reached from here, a file, a right",
    RetryReason.BUS: "see that what NEWSWIRE_BUS names is there and may be used: brokers that run and are reached from here, a file, a right",
}


def examine(
    asked: Asked, catalogue: Mapping[CheckName, Entry], *, wait_s: float | None = None, load: Callable[[], float] | None = None
) -> list[Finding]:
    """Return what the checks of the catalogue find, in its order, the worst of each check first. `load`: who wants each processor, on average."""
    seconds = wait_s if wait_s is not None else DEEP_S if asked.deep else WAIT_S
    found = all_within(seconds, {name: partial(_all_of, entry.check, asked) for name, entry in catalogue.items()})
    order = list(Level)
    told: list[Finding] = []
    busy = (load or _load)()
    for name, findings in found.items():
        of_it = [_once(_trouble(name, findings, busy), told)] if isinstance(findings, Exception) else findings
        told += sorted(of_it, key=lambda one: order.index(one.level))
    return told


def _once(trouble: Finding, told: Sequence[Finding]) -> Finding:
    """Return the trouble, or that it is the one of an earlier check: a store that is away is one thing to mend, and so is the wrong user."""
    first = next((one.check for one in told if one.what == trouble.what or one.do == trouble.do == AS_NEWSWIRES_USER), None)
    return trouble if first is None else Finding(trouble.check, Level.NOTE, f"not looked at, for what {first} says")


def _all_of(check: Check, asked: Asked) -> list[Finding]:
    return list(check(asked))


def _load() -> float:
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def _trouble(name: CheckName, error: Exception, busy: float) -> Finding:
    """Return the finding that a check which gave none is."""
    if isinstance(error, ConfigurationError):
        if all(fault.line for fault in error.faults):  # a file that a person edits: it is a failure of the check `configuration`
            return Finding(name, Level.NOTE, f"not looked at: {error.faults[0]}")
        said = "; ".join(fault_in_words(fault) for fault in error.faults)
        return Finding(name, Level.FAIL, said, "no stage starts with it", "put it right as it says")
    if isinstance(error, TimeoutError) and not error.errno and busy > BUSY:
        return Finding(
            name,
            Level.WARN,
            f"{one_line(str(error))}, on a machine that is busy: {busy:.0f} want each of its processors",
            "whether all is well there is not known",
            "look again when it is quieter; `top` names what takes the processors",
        )
    if isinstance(error, TimeoutError) and not error.errno:
        return Finding(
            name,
            Level.FAIL,
            f"it hangs: {one_line(str(error))}",
            "what hangs for the doctor hangs for Newswire",
            "see what is behind it: a disk, a server, a name server",
        )
    words = one_line(str(error) or type(error).__name__)
    if isinstance(error, PermissionError):
        denied = f"{error.filename or words}: permission denied"
        return Finding(name, Level.FAIL, denied, "what is in it is not known: no stage of this user's would start", AS_NEWSWIRES_USER)
    remedy = _REMEDIES.get(error.reason) if isinstance(error, Retryable) else None
    kind = "" if isinstance(error, NewswireError | OSError) else f"{type(error).__name__}: "
    return Finding(
        name,
        Level.FAIL,
        f"{kind}{words}",
        "what fails for the doctor fails for Newswire",
        remedy or "see what is behind it: a file, a server, a right",
    )
