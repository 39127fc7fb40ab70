"""`newswire migrate-store`: the bus and the store move to another place, with every story that is open and every record that waits."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from sqlalchemy.engine import make_url

from newswire.bus import Bus
from newswire.bus import move as records
from newswire.cli import EXIT_USAGE, app, compose
from newswire.cli.options import AsJson, print_json, read_settings
from newswire.clock import SystemClock
from newswire.crash import crash_point
from newswire.errors import ConfigurationError, Fault
from newswire.settings import Settings, from_environment, unknown_variables
from newswire.store import Store, leaders, open_store
from newswire.store import copy as rows
from newswire.store.engine import migrate

_FOR_EVER_S: Final = 100 * 365 * 86_400.0
_FILE_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where data lies: its settings, and what is open of it. `bus` or `store` is None where that half stays."""

    settings: Settings
    bus: Bus | None
    store: Store | None


@app.command("migrate-store")
def migrate_store(
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="FILE", help="The new settings: NEWSWIRE_BUS=…, NEWSWIRE_STORE=…, one a line, as an environment file."
        ),
    ] = None,
    reopen: Annotated[bool, typer.Option("--reopen", help="Give a move up: let this place tell again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Move bus and store to another place, such as Kafka and PostgreSQL: open stories and waiting records go on there. Stop all stages first."""
    if (to is None) == (not reopen):
        print("newswire: name the new settings with --to FILE (or say --reopen)", file=sys.stderr)
        sys.exit(EXIT_USAGE)
    source = read_settings()
    if to is None:
        _reopen(source)
        return
    target = read_environment_file(to)
    with ExitStack() as stack:
        old, new = _open_both(source, target, stack)
        told: dict[str, Any] = {"bus": [], "store": []}
        for kind, name, count, line in _move(old, new):
            told[kind].append({"name": name, "moved": count})
            if not as_json:
                print(line, flush=True)
    if as_json:
        print_json(told)
    else:
        print(f"Moved. Start the stages with the settings of {to}. The old place is as it was, and tells nothing any more.")


def read_environment_file(path: Path) -> Settings:
    """Return the settings that a file of NAME=VALUE lines gives, as systemd's EnvironmentFile and docker's --env-file hold them.

    Raises:
        ConfigurationError: the file cannot be read, or a line or a value cannot be used.

    """
    try:
        with path.open("rb") as file:
            text = file.read(_FILE_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        why = (getattr(error, "strerror", None) or "it is not text").lower()
        raise ConfigurationError([Fault(str(path), 0, 0, f"it cannot be read: {why}")]) from None
    given: dict[str, str] = {}
    faults = []
    for number, line in enumerate(text.splitlines(), start=1):
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not name or name.startswith(("#", ";")):
            continue
        if not equals:
            faults.append(Fault(str(path), number, 1, "NAME=VALUE is due"))  # what stands there may be a secret
        given[name.strip()] = _unquoted(value.strip())
    if faults:
        raise ConfigurationError(faults)
    for warning in unknown_variables(given):
        print(f"warning: {path}: {warning.message}", file=sys.stderr)
    return from_environment(given)


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _open_both(source: Settings, target: Settings, stack: ExitStack) -> tuple[Place, Place]:
    """Return both places, open, where everything may move.

    Raises:
        ConfigurationError: they are the same, the old one is not there or in use, or the new one holds something or is in use.

    """
    same_bus, same_store = _bus_of(source) == _bus_of(target), _store_of(source) == _store_of(target)
    if same_bus and same_store:
        raise _refused([f"nothing is to be moved: bus ({_bus_of(source)}) and store ({_store_of(source)}) stay"])
    _require_files(source)
    old = Place(source, None if same_bus else _open_bus(source, stack), _open_store(source, stack))
    if not same_store:
        migrate(target.store_url)
    new = Place(target, None if same_bus else _open_bus(target, stack), None if same_store else _open_store(target, stack))
    faults = [*_signs("the old place", old), *_signs("the new place", new)]
    if not faults:
        faults += _not_empty(new, broken_off=_holds(new.store or old.store))
    if faults:
        raise _refused(faults)
    return old, new


def _open_bus(settings: Settings, stack: ExitStack) -> Bus:
    bus = compose.open_bus(settings, SystemClock())
    stack.callback(bus.close)
    return bus


def _open_store(settings: Settings, stack: ExitStack) -> Store:
    store = open_store(settings.store_url)
    stack.callback(store.close)
    return store


def _move(old: Place, new: Place) -> Iterator[tuple[str, str, int, str]]:
    """Yield kind, name, count and a line for each topic and table moved. Records first, then the store in one transaction: what breaks off is done again."""
    assert old.store is not None
    where = f"{_bus_of(new.settings)}, {_store_of(new.settings)}"
    _hold(old.store, where)
    try:
        if new.store is not None:
            _hold(new.store, leaders.UNFINISHED)  # an alerter that is started too early waits
        if old.bus is not None and new.bus is not None:
            for one in records.move_records(old.bus, new.bus):
                unread = f" that {one.group} had not read" if one.group else ""
                yield (
                    "bus",
                    one.topic,
                    one.records,
                    f"{one.topic:<14} {one.records:>9,} {'record' if one.records == 1 else 'records'}{unread}",
                )
        crash_point("move_after_records")
        if new.store is not None:
            with old.store.read() as source, new.store.begin() as target:
                for copied in rows.copy_tables(source, target):
                    yield "store", copied.table, copied.rows, f"{copied.table:<14} {copied.rows:>9,} rows"
                leaders.reopen(target)
        else:
            with old.store.begin() as connection:
                leaders.reopen(connection)  # it is the new place's, too
    except BaseException:
        print(
            "newswire: the move broke off. Run it again: nothing is lost or told twice. Until then, or until `newswire migrate-store --reopen`, nothing is told.",
            file=sys.stderr,
        )
        raise


def _hold(store: Store, where: str) -> None:
    with store.begin() as connection:
        leaders.hold_for_move(connection, where, SystemClock().now().timestamp() + _FOR_EVER_S)


def _holds(store: Store | None) -> bool:
    assert store is not None
    with store.read() as connection:
        return leaders.moved_to(connection) is not None


def _reopen(settings: Settings) -> None:
    _require_files(settings)
    with ExitStack() as stack:
        store = _open_store(settings, stack)
        with store.begin() as connection:
            moved = leaders.reopen(connection)
    print("This place tells again." if moved else "Nothing was moved from here: it tells as before.")


def _signs(place: str, what: Place) -> list[str]:
    """Return every sign that stages run there."""
    signs = rows.in_use(what.store) if what.store is not None else []
    if what.bus is not None and (others := what.bus.others()):
        signs.append(f"{others} others work with its bus")
    advice = "stop every stage first (after a kill, its leases end within half a minute)"
    return [f"{place} is in use: {sign}; {advice}" for sign in signs]


def _not_empty(new: Place, *, broken_off: bool) -> list[str]:
    """Return what the new place holds already. Records of a move that broke off are harmless twice; a store is filled whole or not at all."""
    faults = []
    if new.store is not None:
        with new.store.read() as connection:
            filled = rows.filled(connection)
        if filled:
            faults.append(f"the new store is not empty: {', '.join(filled)}; an empty database is due")
    if new.bus is not None and not broken_off and (topics := records.filled(new.bus)):
        faults.append(f"the new bus is not empty: {', '.join(topics)}; name another NEWSWIRE_TOPIC_PREFIX, or make the topics anew")
    return faults


def _require_files(settings: Settings) -> None:
    """Refuse an old place that is not there: opening it would make an empty one."""
    faults = []
    if settings.bus == "embedded" and not (settings.data / "bus.sqlite3").is_file():
        faults.append(f"NEWSWIRE_DATA: there is no bus.sqlite3 in {settings.data}: no embedded Newswire has worked there")
    url = make_url(settings.store_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        faults.append(f"NEWSWIRE_STORE: there is no {url.database}")
    if faults:
        raise _refused(faults)


def _bus_of(settings: Settings) -> str:
    place = str((settings.data / "bus.sqlite3").resolve()) if settings.bus == "embedded" else settings.bus
    return f"{place} {settings.topic_prefix}".strip()


def _store_of(settings: Settings) -> str:
    url = make_url(settings.store_url)
    if url.get_backend_name() == "sqlite":
        return str(Path(url.database or "").resolve())
    return url.render_as_string(hide_password=True)


def _refused(faults: list[str]) -> ConfigurationError:
    return ConfigurationError([Fault("migrate-store", 0, 0, fault) for fault in faults])
