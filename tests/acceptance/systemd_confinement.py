"""Runs a command under what a systemd unit forbids, as far as a process may put it on itself: `python systemd_confinement.py UNIT COMMAND …`.

Read from the unit: SystemCallFilter, SystemCallErrorNumber, MemoryDenyWriteExecute, RestrictAddressFamilies, RestrictRealtime, RestrictNamespaces,
NoNewPrivileges, UMask. Folders and devices (ProtectSystem, PrivateDevices …) are systemd's own to make.
"""

import ctypes
import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

_ALLOW: Final = 0x7FFF0000
_ERRNO: Final = 0x00050000
_NOT_EQUAL, _GREATER_OR_EQUAL, _MASKED_EQUAL = 1, 5, 7  # enum scmp_compare
_PROT_WRITE, _PROT_EXEC = 2, 4
_SHM_EXEC: Final = 0o100000
_PR_SET_NO_NEW_PRIVS, _PR_SET_MDWE = 38, 65
_CLONE_NEW: Final = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)


class _Compared(ctypes.Structure):
    _fields_ = (("argument", ctypes.c_uint), ("how", ctypes.c_int), ("first", ctypes.c_uint64), ("second", ctypes.c_uint64))


def settings(unit: Path) -> dict[str, list[str]]:
    """Return what a unit says, by name, in order."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def system_calls(filters: Iterable[str]) -> set[str]:
    """Return the calls that a unit's SystemCallFilter lines leave, as systemd resolves its sets on this machine."""
    allowed: set[str] = set()
    for line in filters:
        named = set(_resolved(line.removeprefix("~").split()))
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


def _resolved(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if not name.startswith("@"):
            yield name
            continue
        said = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True).stdout
        yield from _resolved(line.strip() for line in said.splitlines()[1:] if line.strip() and not line.strip().startswith("#"))


def confine(says: Mapping[str, list[str]]) -> None:
    """Put the unit's filters on this process and all that it starts."""
    seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    rules: list[tuple[int, str, tuple[int, int, int, int] | None]] = []
    if says["MemoryDenyWriteExecute"] == ["yes"]:
        ctypes.CDLL(None).prctl(
            _PR_SET_MDWE, 1, 0, 0, 0
        )  # what systemd asks for beside its filter, from 254 on; a kernel before 6.3 does not know it
        rules += [
            (_ERRNO | errno.EPERM, "mmap", (2, _MASKED_EQUAL, _PROT_WRITE | _PROT_EXEC, _PROT_WRITE | _PROT_EXEC)),
            (_ERRNO | errno.EPERM, "mprotect", (2, _MASKED_EQUAL, _PROT_EXEC, _PROT_EXEC)),
            (_ERRNO | errno.EPERM, "pkey_mprotect", (2, _MASKED_EQUAL, _PROT_EXEC, _PROT_EXEC)),
            (_ERRNO | errno.EPERM, "shmat", (2, _MASKED_EQUAL, _SHM_EXEC, _SHM_EXEC)),
        ]
    if says["RestrictRealtime"] == ["yes"]:
        rules.append((_ERRNO | errno.EPERM, "sched_setscheduler", (1, _GREATER_OR_EQUAL, 1, 0)))
    if says["RestrictNamespaces"] == ["yes"]:
        rules += [(_ERRNO | errno.EPERM, call, (0, _MASKED_EQUAL, flag, flag)) for flag in _CLONE_NEW for call in ("unshare", "clone")]
    families = {int(getattr(socket, name)) for name in says["RestrictAddressFamilies"][0].split()}
    rules += [
        (_ERRNO | errno.EAFNOSUPPORT, "socket", (0, 4, family, 0))
        for family in range(max(families) + 1)
        if family not in families  # SCMP_CMP_EQ
    ]
    rules.append((_ERRNO | errno.EAFNOSUPPORT, "socket", (0, 6, max(families), 0)))  # SCMP_CMP_GT
    _filter(seccomp, _ALLOW, rules)
    refused = _ERRNO | getattr(errno, says["SystemCallErrorNumber"][0])
    allowed = sorted(system_calls(says["SystemCallFilter"]))  # last: after it, no further filter may be loaded
    _filter(seccomp, refused, [(_ALLOW, name, None) for name in allowed])
    os.umask(int(says["UMask"][0], 8))


def _filter(seccomp: ctypes.CDLL, otherwise: int, rules: Iterable[tuple[int, str, tuple[int, int, int, int] | None]]) -> None:
    context = ctypes.c_void_p(seccomp.seccomp_init(otherwise))
    for action, name, compared in rules:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number < 0:  # a call of another architecture
            continue
        given = (_Compared * 1)(_Compared(*compared)) if compared else (_Compared * 0)()
        failed = seccomp.seccomp_rule_add_array(context, action, number, len(given), given)
        if failed:
            raise OSError(-failed, f"{name}: {os.strerror(-failed)}")
    if failed := seccomp.seccomp_load(context):
        raise OSError(-failed, os.strerror(-failed))


def main() -> None:
    """Confine this process, and become the command."""
    says = settings(Path(sys.argv[1]))
    if ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError("no new privileges: refused")
    confine(says)
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
