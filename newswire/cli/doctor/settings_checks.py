"""The settings, the secrets and the configuration folder: names that nothing reads, files that others can read, faults."""

import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from newswire.bus.kafka_settings import PREFIX as KAFKA
from newswire.cli.compose_receivers import lacking_here
from newswire.cli.configure import desk_and_taxonomy
from newswire.cli.doctor.finding import Asked, CheckName, Finding, Level
from newswire.cli.options import counted
from newswire.config import shown
from newswire.settings import unknown_variables
from newswire.variables import VARIABLES


def settings(asked: Asked) -> Iterator[Finding]:
    """Yield the variables that nothing reads; the settings themselves could be used, or nobody would ask."""
    unknown = unknown_variables(asked.environ, asked.settings.named.keys())
    for fault in unknown:
        yield Finding(
            CheckName.SETTINGS,
            Level.WARN,
            fault.message,
            "what was meant by it does not happen",
            "write the name as docs/reference.md has it, or take it out of the environment",
        )
    if not unknown:
        given = sum(name.startswith("NEWSWIRE_") for name in asked.environ)
        yield Finding(CheckName.SETTINGS, Level.OK, f"{counted(given, 'variable')} of the environment, each read and usable")


def secrets(asked: Asked) -> Iterator[Finding]:
    """Yield the secrets that others on this machine can read, and those that stand in the environment."""
    in_files, sound = 0, True
    for name in sorted(_secret_names(asked)):
        if path := asked.environ.get(f"{name}_FILE", "").strip():
            in_files += 1
            for finding in _readable_by(Path(path), name):
                sound = False
                yield finding
        elif asked.environ.get(name, "").strip():
            sound = False
            yield Finding(
                CheckName.SECRETS,
                Level.NOTE,
                f"{name} stands in the environment",
                "whoever may look at the service's unit, its container or its process can read it",
                f"{name}_FILE can name a file that only Newswire's user may read",
            )
    if sound:
        yield Finding(
            CheckName.SECRETS, Level.OK, f"{counted(in_files, 'secret')} in files that nobody else reads" if in_files else "none is set"
        )


def _secret_names(asked: Asked) -> set[str]:
    named = {variable.name for variable in VARIABLES if variable.secret} | set(asked.settings.named)
    kafka = {name.removesuffix("_FILE") for name in asked.environ if name.startswith(KAFKA)}
    return named | {name for name in kafka if any(word in name for word in ("PASSWORD", "TOKEN", "SECRET"))}


def _readable_by(path: Path, name: str) -> Iterable[Finding]:
    mode = path.stat().st_mode
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        who = "everybody on this machine"
    elif mode & stat.S_IWGRP:
        who = "the file's group, for writing,"
    else:
        return
    yield Finding(
        CheckName.SECRETS,
        Level.WARN,
        f"the file of {name} is open to {who}: {shown(path)} has mode {stat.S_IMODE(mode):04o}",
        "whoever reads the secret can speak as Newswire",
        f"chmod 600 {shown(path)}, owned by Newswire's user (or 640, where its group is Newswire's alone)",
    )


def configuration(asked: Asked) -> Iterator[Finding]:
    """Yield what `newswire check` would say, in short."""
    from collectors.sources_file import load_sources

    sources, faults = load_sources(asked.folder / "sources")
    desk, more = desk_and_taxonomy(asked.folder)
    faults = sorted({*faults, *more, *desk.faults, *desk.timeline_faults})
    name = CheckName.CONFIGURATION
    if faults:
        yield Finding(
            name,
            Level.FAIL,
            f"{counted(len(faults), 'fault')} in {shown(asked.folder)}: {faults[0]}",
            "a stage does not start with it; one that runs keeps the older set",
            "`newswire check` shows every fault with its line",
        )
    if desk.warnings:
        yield Finding(
            name, Level.WARN, f"{counted(len(desk.warnings), 'warning')}: {desk.warnings[0]}", "", "`newswire check` shows all of them"
        )
    for fault in lacking_here(desk.routes, asked.settings):
        yield Finding(
            name, Level.FAIL, fault.message, "an alerter does not start without it", "set it, best as a file: its name with _FILE"
        )
    active = sum(one.status == "active" for one in desk.watchlists.values())
    if not faults and (not sources or not active):  # a file with faults may hold what is missed
        what = "no source is configured" if not sources else "no watchlist is active"
        yield Finding(name, Level.WARN, what, "nobody would be told anything", "`newswire sources add URL`, `newswire watchlist new NAME`")
    if not faults and not desk.warnings:
        yield Finding(
            name,
            Level.OK,
            f"{shown(asked.folder)}: {counted(len(sources), 'source')}, {counted(len(desk.watchlists), 'watchlist')}, {active} active",
        )
