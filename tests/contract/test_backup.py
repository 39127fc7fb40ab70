"""A backup of either store beside the embedded bus: of one moment, whole or not there, and the same again after a restore."""

import json
import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import func, insert, select

from newswire.backup import folders, manifest
from newswire.backup.manifest import Manifest
from newswire.backup.restore import Target, checked, restore
from newswire.backup.take import Made, Sources, take
from newswire.bus import Message
from newswire.bus.embedded import EmbeddedBus
from newswire.clock import ManualClock, SystemClock
from newswire.errors import ConfigurationError, Retryable
from newswire.outcomes import RetryReason
from newswire.store import Store, backups, open_store, schema
from newswire.store.engine import migrate
from newswire.store.tables import hosts, recalled, search_due, seen
from newswire.topics import ITEMS, PROCESSORS_GROUP
from tests.servers.postgres import PostgresServer

BACKED_UP = datetime(2026, 11, 28, 2, 0, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Give the URL of a database that is empty yet, below the folder of that name."""
    if request.param == "sqlite":
        return lambda name: f"sqlite:///{tmp_path / name / 'newswire.sqlite3'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return lambda _: server.new_database()


ON_SQLITE = pytest.mark.parametrize("fresh", ["sqlite"], indirect=True)
"""For what is the same whichever store was backed up."""


class Place:
    """A data folder with an embedded bus, its store, and a configuration."""

    def __init__(self, root: Path, url: str) -> None:
        self.data, self.url, self.config = root / "var", url, root / "config"
        migrate(url)
        self.store = open_store(url)
        self.bus = EmbeddedBus(self.data / "bus.sqlite3", clock=SystemClock())
        (self.config / "watchlists").mkdir(parents=True)
        (self.config / "watchlists" / "gaming.yaml").write_text("title: Gaming\n")
        (self.config / "token").write_text("xoxb-canary-0123456789")

    def sources(self) -> Sources:
        return Sources(self.store, self.data / "bus.sqlite3", {}, self.config, "")

    def write(self, number: int) -> None:
        """Publish an item, then mark it seen, as a collector does."""
        item_id = f"{number:032x}"
        self.bus.publish(ITEMS, [Message(item_id, b"{}")])
        row = {"source_id": "s", "item_id": item_id, "revision": "r", "first_seen_at": 1.0, "listed_at": 1.0}
        with self.store.begin() as connection:
            connection.execute(insert(seen).values(row))

    def work(self) -> None:
        """Read an item, note its host, then commit it, as a stage that writes to the store does."""
        consumer = self.bus.consumer(ITEMS, PROCESSORS_GROUP)
        batch = consumer.poll(timeout_s=1, max_messages=1)
        with self.store.begin() as connection:
            connection.execute(insert(hosts).values(host=batch.messages[0].key))
        consumer.commit(batch)
        consumer.close()

    def close(self) -> None:
        self.bus.close()
        self.store.close()


@pytest.fixture
def place(tmp_path: Path, fresh: Callable[[str], str]) -> Iterator[Place]:
    made = Place(tmp_path / "old", fresh("old/var"))
    yield made
    made.close()


def taken(place: Place, folder: Path, at: datetime = BACKED_UP, keep: int | None = None) -> Made:
    return take(place.sources(), folder, ManualClock(at), keep=keep)


def target(tmp_path: Path, url: str, name: str = "new") -> Target:
    return Target(url, tmp_path / name / "bus.sqlite3", None)


def count(store: Store, table: object) -> int:
    with store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def test_there_and_back(tmp_path: Path, place: Place, fresh: Callable[[str], str]) -> None:
    for number in range(5):
        place.write(number)
    place.work()
    made = taken(place, tmp_path / "backups")
    assert made.folder.name == "newswire-20261128T020000Z"
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.folder.rglob("*") if path.is_file()} == {0o600}
    assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700
    assert set(made.manifest.files) == {"store.sqlite3", "bus.sqlite3", "config/watchlists/gaming.yaml"}
    assert made.manifest.rows["seen"] == 5
    with place.store.read() as connection:
        assert backups.last_success(connection) == BACKED_UP.timestamp()
    found = checked(made.folder)
    assert found == made.manifest
    url = fresh("new")
    assert restore(made.folder, found, target(tmp_path, url), ManualClock(BACKED_UP + timedelta(hours=1))) == {}
    checked(made.folder)  # nothing was changed in it, or left beside it
    again, bus = open_store(url), EmbeddedBus(tmp_path / "new" / "bus.sqlite3", clock=SystemClock())
    try:
        assert (count(again, seen), count(again, hosts)) == (5, 1)
        assert len(list(bus.browse(ITEMS))) == 5
        assert bus.backlog(ITEMS, PROCESSORS_GROUP).records == 4
        with again.read() as connection:
            assert backups.restored(connection) == backups.Restored(BACKED_UP.timestamp(), BACKED_UP.timestamp() + 3600)
            assert backups.last_success(connection) == BACKED_UP.timestamp()
    finally:
        bus.close()
        again.close()
    assert {path.name for path in (tmp_path / "new").iterdir()} <= {
        f"{name}{end}" for name in ("newswire.sqlite3", "bus.sqlite3") for end in ("", ".lock", "-wal", "-shm")
    }
    with pytest.raises(ConfigurationError, match="empty"):
        restore(made.folder, found, target(tmp_path, url), SystemClock())
    with pytest.raises(ConfigurationError, match=r"there is a store at|it is not empty"):  # whatever stands where a bus would
        restore(made.folder, found, target(tmp_path, url, "elsewhere"), SystemClock())
    again = open_store(url)
    assert count(again, seen) == 5
    again.close()


def test_it_is_of_one_moment_under_load(tmp_path: Path, place: Place) -> None:
    """What is marked seen is on the bus, and what is committed has left its mark, at whatever moment the backup is made."""
    place.write(0)
    over = threading.Event()
    written = [0]

    def collect() -> None:
        while not over.is_set():
            written[0] += 1
            place.write(written[0])

    def process() -> None:
        while not over.is_set():
            if place.bus.backlog(ITEMS, PROCESSORS_GROUP).records:
                place.work()

    threads = [threading.Thread(target=one) for one in (collect, process)]
    for thread in threads:
        thread.start()
    try:
        made = [taken(place, tmp_path / "backups", BACKED_UP + timedelta(seconds=n)).folder for n in range(6)]
    finally:
        over.set()
        for thread in threads:
            thread.join()
    sizes = []
    for folder in made:
        with closing(sqlite3.connect(folder / "store.sqlite3")) as store, closing(sqlite3.connect(folder / "bus.sqlite3")) as bus:
            marked = {row[0] for row in store.execute("SELECT item_id FROM seen")}
            handled = {row[0] for row in store.execute("SELECT host FROM hosts")}
            published = {row[0] for row in bus.execute("SELECT key FROM log")}
            committed = {
                row[0]
                for row in bus.execute(
                    "SELECT l.key FROM log l JOIN offsets o ON o.topic = l.topic AND o.partition = l.partition WHERE l.offset < o.next"
                )
            }
        assert marked <= published
        assert committed <= handled
        sizes.append(len(marked))
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1], "nothing was written meanwhile"


@pytest.mark.parametrize("name", ["store.sqlite3", "bus.sqlite3", "config/watchlists/gaming.yaml", "manifest.json"])
def test_a_byte_that_has_changed_is_found_and_its_file_named(tmp_path: Path, place: Place, name: str) -> None:
    place.write(1)
    folder = taken(place, tmp_path / "backups").folder
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 0x80
    (folder / name).write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"{name}: .*damaged"):
        checked(folder)


def test_what_is_missing_or_added_is_found(tmp_path: Path, place: Place) -> None:
    folder = taken(place, tmp_path / "backups").folder
    (folder / "config" / "watchlists" / "gaming.yaml").unlink()
    (folder / "more").write_text("x")
    with pytest.raises(ConfigurationError, match="no such file") as refused:
        checked(folder)
    assert len(refused.value.faults) == 2
    (folder / "manifest.json").unlink()
    with pytest.raises(ConfigurationError, match="never ended"):
        checked(folder)
    newest = taken(place, tmp_path / "backups", BACKED_UP + timedelta(days=1)).folder
    with pytest.raises(ConfigurationError, match=f"the newest in it is {newest}"):
        checked(tmp_path / "backups")


def _a_pipe(path: Path) -> None:
    os.mkfifo(path)


def _a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _a_link(path: Path) -> None:
    path.with_name("elsewhere").touch()
    path.symlink_to(path.with_name("elsewhere"))


@ON_SQLITE
@pytest.mark.parametrize("name", ["store.sqlite3", "config/watchlists/gaming.yaml", "manifest.json"])
@pytest.mark.parametrize("make", [_a_pipe, _a_device, _a_link])
@pytest.mark.timeout(20)
def test_what_is_no_regular_file_is_neither_waited_for_nor_followed(
    tmp_path: Path, place: Place, name: str, make: Callable[[Path], None]
) -> None:
    folder = taken(place, tmp_path / "backups").folder
    (folder / name).unlink()
    make(folder / name)
    with pytest.raises(ConfigurationError, match=f"{name}: cannot be read: no regular file"):
        checked(folder)


@ON_SQLITE
def test_a_link_to_a_folder_is_no_part_of_a_backup(tmp_path: Path, place: Place) -> None:
    folder = taken(place, tmp_path / "backups").folder
    (folder / "config" / "more").symlink_to(tmp_path)
    with pytest.raises(ConfigurationError, match="config/more: it is no part of the backup"):
        checked(folder)


@ON_SQLITE
@pytest.mark.parametrize(
    "change",
    [
        {"files": {"../../secret": {"sha256": "0" * 64, "bytes": 1}}},
        {"files": {"/etc/passwd": {"sha256": "0" * 64, "bytes": 1}}},
        {"backed_up_at": 1e30},
        {"bus": "nats"},
        {"rows": json.loads("[" * 900 + "]" * 900)},
    ],
)
def test_a_manifest_that_no_newswire_wrote_is_refused(tmp_path: Path, place: Place, change: dict[str, object]) -> None:
    folder = taken(place, tmp_path / "backups").folder
    said = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(said | change))
    with pytest.raises(ConfigurationError, match="not the manifest of a backup"):
        checked(folder)
    (folder / "manifest.json").write_text("[" * 200_000)
    with pytest.raises(ConfigurationError, match="not the manifest of a backup"):
        checked(folder)


@pytest.mark.parametrize(("change", "words"), [({"format": 2}, "of format 2"), ({"schema": "9999"}, "schema .9999. is not known")])
def test_what_a_newer_newswire_wrote_is_refused(tmp_path: Path, place: Place, change: dict[str, object], words: str) -> None:
    folder = taken(place, tmp_path / "backups").folder
    said = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(said | change))
    with pytest.raises(ConfigurationError, match=words):
        checked(folder)


def _rewritten(folder: Path, **change: object) -> None:
    """Let the manifest say something else, and each file to be as it is now."""
    said = replace(manifest.read(folder), **change)  # type: ignore[arg-type]
    (folder / "manifest.json").write_bytes(manifest.to_json(replace(said, files=manifest.described(folder))))


@ON_SQLITE
@pytest.mark.parametrize("name", ["store.sqlite3", "bus.sqlite3"])
def test_a_database_that_was_damaged_before_it_was_copied_is_found(tmp_path: Path, place: Place, name: str) -> None:
    folder = taken(place, tmp_path / "backups").folder
    with (folder / name).open("r+b") as file:
        file.seek(4_096)
        file.write(b"\xff" * 4_096)
    _rewritten(folder)
    with pytest.raises(ConfigurationError, match=f"{name}: it is damaged: .*use another backup"):
        checked(folder)


@ON_SQLITE
def test_a_backup_without_its_store_or_its_bus_is_damaged_whatever_its_manifest_says(tmp_path: Path, place: Place) -> None:
    folder = taken(place, tmp_path / "backups").folder
    (folder / "bus.sqlite3").unlink()
    _rewritten(folder, bus="kafka")
    assert checked(folder).bus == "kafka"
    _rewritten(folder, bus="embedded")
    with pytest.raises(ConfigurationError, match="names no store, or no bus"):
        checked(folder)
    (folder / "store.sqlite3").unlink()
    _rewritten(folder, bus="kafka")
    with pytest.raises(ConfigurationError, match="names no store, or no bus"):
        checked(folder)


@ON_SQLITE
def test_rows_that_are_fewer_than_were_written_are_missed(tmp_path: Path, place: Place) -> None:
    place.write(1)
    folder = taken(place, tmp_path / "backups").folder
    with closing(sqlite3.connect(folder / "store.sqlite3")) as store, store:
        store.execute("DELETE FROM seen")
    _rewritten(folder)
    with pytest.raises(ConfigurationError, match="do not hold what the manifest says"):
        checked(folder)


def test_the_newest_are_kept(tmp_path: Path, place: Place) -> None:
    parent = tmp_path / "backups"
    (parent / ".unfinished-newswire-20200101T000000Z").mkdir(parents=True)
    (parent / "newswire-of-somebody").mkdir()
    for day in range(4):
        made = taken(place, parent, BACKED_UP + timedelta(days=day), keep=2)
    assert [path.name for path in made.removed] == ["newswire-20261129T020000Z"]
    assert {path.name for path in parent.iterdir()} == {
        ".backup.lock",
        "newswire-of-somebody",
        "newswire-20261130T020000Z",
        "newswire-20261201T020000Z",
    }
    with pytest.raises(ConfigurationError, match="there already"):
        taken(place, parent, BACKED_UP + timedelta(days=3))


def test_what_was_just_made_stays_though_the_clock_was_ahead(tmp_path: Path, place: Place) -> None:
    ahead = taken(place, tmp_path / "backups", BACKED_UP + timedelta(days=4_000)).folder
    made = taken(place, tmp_path / "backups", BACKED_UP, keep=1)
    assert made.folder.is_dir()
    assert made.removed == (ahead,)
    assert not ahead.exists()


@ON_SQLITE
def test_a_place_that_cannot_hold_it_is_refused_before_anything_is_written(tmp_path: Path, place: Place) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="it is no folder"):
        taken(place, tmp_path / "file")
    with pytest.raises(ConfigurationError, match="inside the configuration folder"):
        taken(place, place.config / "backups")
    assert not (place.config / "backups").exists()
    bus = place.data / "larger-than-any-disk.sqlite3"
    with bus.open("wb") as file:
        file.truncate(1 << 43)
    with pytest.raises(ConfigurationError, match=r"not enough room: .* 8,388,608\.\d needed"):
        take(replace(place.sources(), bus=bus), tmp_path / "backups", ManualClock(BACKED_UP))
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [".backup.lock"]


@ON_SQLITE
def test_a_link_to_a_backup_elsewhere_is_not_removed(tmp_path: Path, place: Place) -> None:
    elsewhere = taken(place, tmp_path / "elsewhere").folder
    link = tmp_path / "backups" / "newswire-20200101T000000Z"
    link.parent.mkdir()
    link.symlink_to(elsewhere)
    assert taken(place, tmp_path / "backups", keep=1).removed == ()
    assert (link / "manifest.json").is_file()


def test_two_at_once_are_refused(tmp_path: Path, place: Place) -> None:
    with folders.writing(tmp_path / "backups", BACKED_UP), pytest.raises(ConfigurationError, match="another backup is being made"):
        taken(place, tmp_path / "backups")


def test_what_broke_off_in_the_middle_is_seen_and_done_again(tmp_path: Path, place: Place, fresh: Callable[[str], str]) -> None:
    place.write(1)
    folder = taken(place, tmp_path / "backups").folder
    found = replace(checked(folder), bus="kafka")
    url = fresh("new")
    left = tmp_path / "new" / "bus.sqlite3"
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"an embedded bus that this place had before")

    def away(_: object) -> dict[str, int]:
        raise Retryable(RetryReason.BUS, "no broker answers")

    with pytest.raises(Retryable):
        restore(folder, found, Target(url, left, away), SystemClock())
    with pytest.raises(ConfigurationError, match="broken off"):
        open_store(url)
    gone = restore(folder, found, Target(url, left, lambda _: {"news.items": 3}), SystemClock())
    assert gone == {"news.items": 3}
    assert left.read_bytes() == b"an embedded bus that this place had before"
    store = open_store(url)
    assert count(store, seen) == 1
    store.close()


class EndsAtTheBus:
    """A clock that gives out as soon as the bus is there: the restore breaks off before its end."""

    def __init__(self, bus: Path) -> None:
        self._bus = bus

    def now(self) -> datetime:
        if self._bus.exists():
            raise Retryable(RetryReason.STORE, "the store is away")
        return BACKED_UP

    def monotonic(self) -> float:
        return 0.0


def test_what_broke_off_behind_the_bus_is_done_again(tmp_path: Path, place: Place, fresh: Callable[[str], str]) -> None:
    place.write(1)
    folder = taken(place, tmp_path / "backups").folder
    into = target(tmp_path, fresh("new"))
    with pytest.raises(Retryable):
        restore(folder, checked(folder), into, EndsAtTheBus(into.bus))
    with pytest.raises(ConfigurationError, match="broken off"):
        open_store(into.store_url)
    restore(folder, checked(folder), into, SystemClock())
    store = open_store(into.store_url)
    assert count(store, seen) == 1
    store.close()


def test_a_place_is_marked_before_anything_is_put_there(tmp_path: Path, place: Place, fresh: Callable[[str], str]) -> None:
    folder = taken(place, tmp_path / "backups").folder
    found, into = checked(folder), target(tmp_path, fresh("new"))
    (folder / "store.sqlite3").rename(tmp_path / "away")
    with pytest.raises((OSError, sqlite3.OperationalError)):
        restore(folder, found, into, SystemClock())
    with pytest.raises(ConfigurationError, match="broken off"):
        open_store(into.store_url)
    assert not [*(tmp_path / "new").glob("*.restoring*")]
    (tmp_path / "away").rename(folder / "store.sqlite3")
    restore(folder, found, into, SystemClock())
    open_store(into.store_url).close()


@ON_SQLITE
@pytest.mark.parametrize("content", [b"no database at all" * 300, b""])
def test_a_file_in_the_stores_place_is_left_as_it_is_though_nobody_can_read_it(
    tmp_path: Path, place: Place, fresh: Callable[[str], str], content: bytes
) -> None:
    folder = taken(place, tmp_path / "backups").folder
    into = target(tmp_path, fresh("new"))
    there = tmp_path / "new" / "newswire.sqlite3"
    there.parent.mkdir()
    there.write_bytes(content)
    with pytest.raises(ConfigurationError, match="there is a store at"):
        restore(folder, checked(folder), into, SystemClock())
    assert there.read_bytes() == content


def test_a_wal_that_another_bus_left_is_not_taken_for_its_own(tmp_path: Path, place: Place, fresh: Callable[[str], str]) -> None:
    place.write(1)
    folder = taken(place, tmp_path / "backups").folder
    for number in range(2, 40):
        place.write(number)
    into = target(tmp_path, fresh("new"))
    into.bus.parent.mkdir(exist_ok=True)
    shutil.copy(place.data / "bus.sqlite3-wal", f"{into.bus}-wal")
    assert Path(f"{into.bus}-wal").stat().st_size > 0
    restore(folder, checked(folder), into, SystemClock())
    with closing(sqlite3.connect(into.bus)) as bus:
        assert bus.execute("SELECT count(*) FROM log").fetchone() == (1,)


@ON_SQLITE
def test_two_restores_at_once_are_refused(tmp_path: Path, place: Place, fresh: Callable[[str], str]) -> None:
    folder = taken(place, tmp_path / "backups").folder
    found = replace(checked(folder), bus="kafka")

    def another(_: object) -> dict[str, int]:
        with pytest.raises(ConfigurationError, match="another restore is at work here"):
            restore(folder, found, into, SystemClock())
        return {}

    into = Target(fresh("new"), tmp_path / "new" / "bus.sqlite3", another)
    restore(folder, found, into, SystemClock())
    open_store(into.store_url).close()


def test_what_an_earlier_restore_read_back_is_asked_anew(store: Store) -> None:
    """A backup of a store that was restored itself holds what was read back then: of what was told since it knows nothing."""
    with store.begin() as connection:
        backups.end_restore(connection, backups.Restored(1.0, 2.0))
        backups.note_recalled(connection, "desk", 3.0)
        backups.note_recalled(connection, "mail", 3.0, blind=True)
        connection.execute(insert(recalled).values(receiver="desk", item="a", channel="C1", at=3.0))
        backups.begin_restore(connection, 4.0)
    with store.begin() as connection:
        backups.end_restore(connection, backups.Restored(5.0, 6.0))
    with store.read() as connection:
        assert not any(backups.is_recalled(connection, receiver) for receiver in ("desk", "mail"))
        assert not backups.is_blind(connection, "mail")
        assert not backups.is_unfinished(connection)
        assert backups.restored(connection) == backups.Restored(5.0, 6.0)
    assert count(store, recalled) == 0


@pytest.mark.servers
def test_a_database_of_an_older_newswire_is_refused_as_it_is(tmp_path: Path, postgres: PostgresServer) -> None:
    old = Place(tmp_path / "old", f"sqlite:///{tmp_path / 'old' / 'var' / 'newswire.sqlite3'}")
    folder = taken(old, tmp_path / "backups").folder
    old.close()
    url = postgres.new_database()
    migrate(url)
    store = open_store(url)
    try:
        with store.begin() as connection:
            command.downgrade(schema._alembic(connection), "0008")
        with pytest.raises(ConfigurationError, match=r"another Newswire \(schema 0008\)"):
            restore(folder, checked(folder), target(tmp_path, url), SystemClock())
        with store.read() as connection:
            assert schema.revision(connection) == "0008"
    finally:
        store.close()


def test_an_older_schema_is_brought_forward_and_the_backup_stays_as_it_is(
    tmp_path: Path, place: Place, fresh: Callable[[str], str]
) -> None:
    place.write(1)
    folder = taken(place, tmp_path / "backups").folder
    older = open_store(f"sqlite:///{folder / 'store.sqlite3'}")
    with older.begin() as connection:
        command.downgrade(schema._alembic(connection), "0008")
    older.close()
    with closing(sqlite3.connect(folder / "store.sqlite3", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    (folder / "store.sqlite3.lock").unlink(missing_ok=True)
    said = manifest.read(folder)
    rows = {name: number for name, number in said.rows.items() if name not in {"marks", "recalled"}}
    files = manifest.described(folder)
    (folder / "manifest.json").write_bytes(manifest.to_json(replace(said, schema="0008", rows=rows, files=files)))
    found: Manifest = checked(folder)
    url = fresh("new")
    restore(folder, found, target(tmp_path, url), SystemClock())
    checked(folder)
    store = open_store(url)
    assert count(store, seen) == 1
    store.close()


@pytest.mark.servers
def test_either_database_is_restored_into_the_other(tmp_path: Path, postgres: PostgresServer) -> None:
    old = Place(tmp_path / "old", postgres.new_database())
    try:
        old.write(1)
        folder = taken(old, tmp_path / "backups").folder
    finally:
        old.close()
    middle = f"sqlite:///{tmp_path / 'middle' / 'newswire.sqlite3'}"
    restore(folder, checked(folder), target(tmp_path, middle, "middle"), SystemClock())
    store = open_store(middle)
    try:
        again = take(Sources(store, tmp_path / "middle" / "bus.sqlite3", {}, old.config, ""), tmp_path / "again", SystemClock()).folder
    finally:
        store.close()
    last = postgres.new_database()
    restore(again, checked(again), target(tmp_path, last, "last"), SystemClock())
    store = open_store(last)
    assert count(store, seen) == 1
    assert count(store, search_due) == 0
    store.close()


def test_a_backup_that_does_not_fit_the_place_is_refused(tmp_path: Path, place: Place, fresh: Callable[[str], str]) -> None:
    folder = taken(place, tmp_path / "backups").folder
    found = checked(folder)
    with pytest.raises(ConfigurationError, match="migrate-store"):
        restore(folder, found, Target(fresh("new"), tmp_path / "bus.sqlite3", lambda _: {}), SystemClock())
    with pytest.raises(ConfigurationError, match="records are on Kafka"):
        restore(folder, replace(found, bus="kafka"), target(tmp_path, fresh("new")), SystemClock())
    shutil.copy(folder / "bus.sqlite3", tmp_path / "bus.sqlite3")
    with pytest.raises(ConfigurationError, match="there is a bus"):
        restore(folder, found, Target(fresh("other"), tmp_path / "bus.sqlite3", None), SystemClock())
