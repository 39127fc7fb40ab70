"""The machine that we are on: its clock, its time zones, its disks, how many files may be open, its memory, its Python and libraries."""

import os
import platform
import resource
import time
import tomllib
from collections.abc import Iterator
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packaging.requirements import Requirement

from newswire import __version__
from newswire.cli.doctor.finding import AS_NEWSWIRES_USER, Asked, CheckName, Finding, Level
from newswire.cli.receivers import read_routes
from newswire.cli.status.words import length, size
from newswire.errors import ConfigurationError
from newswire.store.clocks import SKEW_S

FILES_DUE: Final = 1_024
"""The client keeps up to 400 connections, each stage its own to the store and the bus; half of this is too few for a pass over many hosts."""

MEMORY_DUE: Final = 512 << 20
"""`newswire run` over 2,000 feeds takes below 400 MiB (docs/sizing.md), the jail's children as much as one page makes them."""

INODES_DUE: Final = 0.02
_SLIP_S: Final = 0.2  # wall clock against monotonic clock, in the time of this check
_WATCHED_S: Final = 0.3
_NETWORK_FILE_SYSTEMS: Final = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "ceph", "glusterfs", "lustre", "afs", "davfs", "fuse.s3fs")
_GONE_AT_RESTART: Final = ("tmpfs", "ramfs", "overlay")


def clock(asked: Asked) -> Iterator[Finding]:
    """Yield whether the clock goes on as it should by itself; servers' clocks are compared where those servers are looked at."""
    wall, steady = asked.clock.now(), asked.clock.monotonic()
    time.sleep(_WATCHED_S)
    slip_s = (asked.clock.now() - wall).total_seconds() - (asked.clock.monotonic() - steady)
    if abs(slip_s) > _SLIP_S:
        yield Finding(
            CheckName.CLOCK,
            Level.WARN,
            f"the clock jumped by {slip_s:+.1f} s while it was watched",
            "leases and schedules are kept by it",
            "let one time service alone (chrony, systemd-timesyncd) keep the clock",
        )
    if wall.year < 2025:
        yield Finding(
            CheckName.CLOCK,
            Level.FAIL,
            f"the clock says {wall:%Y-%m-%d}",
            "every article is from the future",
            "set the clock; start a time service",
        )
    elif abs(slip_s) <= _SLIP_S:
        yield Finding(CheckName.CLOCK, Level.OK, f"{wall:%Y-%m-%d %H:%M:%S} UTC, and it goes on steadily")


def clock_against(
    check: CheckName,
    whose: str,
    at: float,
    now: datetime,
    *,
    why: str = "leases, schedules and the reading back of messages compare times of both",
    fail_s: float = SKEW_S,
    warn_s: float = 5.0,
) -> Iterator[Finding]:
    """Yield how far our clock is from a server's: what is below a second or two is the way of the answer."""
    apart_s = now.timestamp() - at
    if abs(apart_s) > warn_s:
        level = Level.FAIL if abs(apart_s) > fail_s else Level.WARN
        do = "keep the clocks of all machines by a time service (chrony, systemd-timesyncd)"
        yield Finding(check, level, f"our clock is {_apart(apart_s)} {whose}", why, do)


def _apart(seconds: float) -> str:
    return f"{length(abs(seconds))} {'ahead of' if seconds > 0 else 'behind'}"


def time_zones(asked: Asked) -> Iterator[Finding]:
    """Yield the zones of routes.yaml that this machine's data do not have."""
    try:
        routes = read_routes(asked.folder)
    except ConfigurationError:
        yield Finding(CheckName.TIME_ZONES, Level.NOTE, "routes.yaml has faults: its zones were not looked at")
        return
    wanted = {one.digest.zone for one in routes.receivers if one.digest is not None} | {one.zone for one in routes.calendars} | {"UTC"}
    lacking = sorted(name for name in wanted if not _is_zone(name))
    for name in lacking:
        yield Finding(
            CheckName.TIME_ZONES,
            Level.FAIL,
            f"the time zone {name} is not known here",
            "digests and quiet hours go by it",
            "install the system's tzdata, or the package tzdata of Python",
        )
    if not lacking:
        yield Finding(CheckName.TIME_ZONES, Level.OK, f"{', '.join(sorted(wanted))}: known")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def disk(asked: Asked) -> Iterator[Finding]:
    """Yield what is amiss with the disks of the folders that fill up: room, inodes, rights, kind."""
    for folder in asked.settings.folders_filled:
        yield from _folder(asked, folder)
    if not asked.settings.folders_filled:
        yield Finding(CheckName.DISK, Level.OK, "bus and store are servers: nothing fills up here but the log")


def _folder(asked: Asked, folder: Path) -> Iterator[Finding]:
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    found = [*_room(asked, folder, there), *kind_findings(folder, file_system_of(there))]
    if not os.access(there, os.W_OK | os.X_OK):
        found.append(
            Finding(
                CheckName.DISK,
                Level.FAIL,
                f"{there} cannot be written by this user (uid {os.geteuid()}); it belongs to {_owner(there)}",
                "nothing can be kept there",
                AS_NEWSWIRES_USER,
            )
        )
    yield from found
    if not found:
        usage = os.statvfs(there)
        yield Finding(
            CheckName.DISK, Level.OK, f"{folder}: {size(usage.f_bavail * usage.f_frsize)} free on {file_system_of(there)}, writable"
        )


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:  # a user of another machine, or of the container's host
        return f"uid {path.stat().st_uid}"


def _room(asked: Asked, folder: Path, there: Path) -> Iterator[Finding]:
    usage = os.statvfs(there)
    free, total = usage.f_bavail * usage.f_frsize, usage.f_blocks * usage.f_frsize
    must = max(asked.settings.disk_low.size_bytes, asked.settings.disk_low.share * total)
    if free < 2 * must:
        level = Level.FAIL if free < must else Level.WARN
        yield Finding(
            CheckName.DISK,
            level,
            f"{size(free)} of {size(total)} are free for {folder}",
            f"below {size(must)} (NEWSWIRE_DISK_LOW) no source is polled",
            "make room, or give the folder a larger disk; docs/sizing.md says how much a year takes",
        )
    if usage.f_files and usage.f_favail < INODES_DUE * usage.f_files:
        yield Finding(
            CheckName.DISK,
            Level.WARN,
            f"{usage.f_favail:,} of {usage.f_files:,} inodes are free for {folder}",
            "without them no file can be made, whatever room there is",
            "remove small files from this disk",
        )
    if usage.f_flag & os.ST_RDONLY:
        yield Finding(
            CheckName.DISK,
            Level.FAIL,
            f"the disk of {folder} is mounted for reading alone",
            "nothing can be kept there",
            "mount it for writing, or name another folder in NEWSWIRE_DATA",
        )


def kind_findings(folder: Path, kind: str) -> Iterator[Finding]:
    """Yield what is amiss with a folder on this kind of file system."""
    if kind.startswith(_NETWORK_FILE_SYSTEMS):
        yield Finding(
            CheckName.DISK,
            Level.WARN,
            f"{folder} is on a network file system ({kind})",
            "SQLite's locks and its WAL are not safe on one (sqlite.org/faq.html#q5)",
            "a local disk for NEWSWIRE_DATA, or PostgreSQL and Kafka (docs/moving.md)",
        )
    if kind in _GONE_AT_RESTART:
        yield Finding(
            CheckName.DISK,
            Level.WARN,
            f"{folder} is on {kind}",
            "what is kept there is gone with the container or the next start",
            "a volume or a disk for NEWSWIRE_DATA",
        )


def file_system_of(path: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """Return the kind of file system that the path is on, `unknown` where this machine does not tell."""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return "unknown"
    best, kind = "", "unknown"
    for line in lines:
        fields = line.split(" ")
        point = fields[1].replace("\\040", " ") if len(fields) > 2 else ""
        if point and len(point) >= len(best) and path.resolve().is_relative_to(point):
            best, kind = point, fields[2]
    return kind


def open_files(_: Asked) -> Iterator[Finding]:
    """Yield how many files may be open at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    shown = "any number of" if soft == resource.RLIM_INFINITY else f"{soft:,}"
    if 0 <= soft < FILES_DUE:
        level = Level.FAIL if soft < FILES_DUE // 2 else Level.WARN
        yield Finding(
            CheckName.OPEN_FILES,
            level,
            f"{soft:,} files may be open at once",
            "a connection is a file: polls fail when they run out",
            f"LimitNOFILE={max(FILES_DUE, 65_536)} in the unit, or `ulimit -n`" + (f" (up to {hard:,} here)" if hard > soft else ""),
        )
    else:
        yield Finding(CheckName.OPEN_FILES, Level.OK, f"{shown} files may be open at once")


def memory(_: Asked) -> Iterator[Finding]:
    """Yield how much memory is left for us."""
    return memory_findings(memory_left())


def memory_findings(free: int | None) -> Iterator[Finding]:
    """Yield whether so many bytes are enough."""
    if free is None:
        yield Finding(CheckName.MEMORY, Level.NOTE, "this machine does not tell how much memory is left")
    elif free < MEMORY_DUE:
        level = Level.FAIL if free < MEMORY_DUE // 2 else Level.WARN
        yield Finding(
            CheckName.MEMORY,
            level,
            f"{size(free)} of memory are left",
            "`newswire run` takes up to 400 MiB, and is killed where there is less",
            "end something, or raise the container's limit",
        )
    else:
        yield Finding(CheckName.MEMORY, Level.OK, f"{size(free)} of memory are left")


def memory_left(root: Path = Path("/")) -> int | None:
    """Return the bytes that this machine, or the control group that we are in, has left; None where neither tells."""
    found = []
    try:
        lines = (root / "proc/meminfo").read_text("ascii").splitlines()
        found += [int(line.split()[1]) * 1_024 for line in lines if line.startswith("MemAvailable:")]
    except (OSError, ValueError):
        pass
    try:
        limit = (root / "sys/fs/cgroup/memory.max").read_text("ascii").strip()
        used = (root / "sys/fs/cgroup/memory.current").read_text("ascii").strip()
        found += [int(limit) - int(used)] if limit != "max" else []
    except (OSError, ValueError):
        pass
    return min(found, default=None)


def python(_: Asked) -> Iterator[Finding]:
    """Yield the libraries that are not as this Newswire asks for."""
    wanted = _requirements()
    bad = [*unmet(wanted)]
    for words in bad:
        yield Finding(
            CheckName.PYTHON,
            Level.FAIL,
            words,
            "this Newswire was not tested with it",
            "install Newswire anew, in an environment of its own",
        )
    if not bad:
        yield Finding(
            CheckName.PYTHON,
            Level.OK,
            f"newswire {__version__} on Python {platform.python_version()}, {len(wanted)} libraries as they are due",
        )


def unmet(wanted: list[Requirement]) -> Iterator[str]:
    """Yield in words which of these libraries are missing or of another version."""
    for one in wanted:
        if one.marker is not None and not one.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(one.name)
        except metadata.PackageNotFoundError:
            yield f"{one.name} is not installed; {one.specifier or 'any version'} is due"
            continue
        if not one.specifier.contains(version, prereleases=True):
            yield f"{one.name} is {version}; {one.specifier} is due"


def _requirements() -> list[Requirement]:
    """Return what this Newswire asks for: by its metadata where it is installed, else by the pyproject.toml that it runs beside."""
    beside = Path(__file__).parents[3] / "pyproject.toml"
    here = beside.is_file()
    lines = tomllib.loads(beside.read_text("utf-8"))["project"]["dependencies"] if here else metadata.requires("newswire") or []
    return [Requirement(line) for line in lines]
