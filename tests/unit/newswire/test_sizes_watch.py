"""What the watch over the sizes shows: of real files on a real disk, and nothing of what nobody can know."""

from contextlib import closing
from pathlib import Path

from newswire.metrics import Metrics
from newswire.sizes_watch import LOOK_S, SizesWatch
from newswire.store import Store, backups, open_store

STORE, BUS, BACKUP = "newswire_store_bytes", "newswire_bus_bytes", "newswire_backup_last_success_timestamp_seconds"
FREE, ALL = "newswire_disk_free_bytes", "newswire_disk_bytes"


def looked(data: Path, store: Store, *, with_bus: bool = True) -> dict[str, float]:
    metrics = Metrics()
    watch = SizesWatch(data=data, store=store, metrics=metrics, with_bus=with_bus)
    assert watch.step() == LOOK_S
    assert watch.idle()
    found = {name: metrics.registry.get_sample_value(name) for name in (STORE, BUS, BACKUP, FREE, ALL)}
    return {name: value for name, value in found.items() if value is not None}


def test_it_shows_what_the_files_take_and_what_is_free_beside_them(tmp_path: Path) -> None:
    (tmp_path / "bus.sqlite3").write_bytes(b"x" * 1_000)
    (tmp_path / "bus.sqlite3-wal").write_bytes(b"x" * 234)
    with closing(open_store(f"sqlite:///{tmp_path}/newswire.sqlite3")) as store:
        found = looked(tmp_path, store)
    assert found[BUS] == 1_234
    assert found[STORE] > 10_000
    assert 0 < found[FREE] <= found[ALL]


def test_what_is_not_there_is_not_shown_as_nought(tmp_path: Path) -> None:
    with closing(open_store(f"sqlite:///{tmp_path}/newswire.sqlite3")) as store:
        assert looked(tmp_path, store).keys() == {STORE, FREE, ALL}


def test_a_bus_elsewhere_is_not_measured_by_a_file_that_an_embedded_one_left(tmp_path: Path) -> None:
    (tmp_path / "bus.sqlite3").write_bytes(b"x")
    with closing(open_store(f"sqlite:///{tmp_path}/newswire.sqlite3")) as store:
        assert BUS not in looked(tmp_path, store, with_bus=False)


def test_the_last_backup_is_shown_when_it_ended_well(tmp_path: Path) -> None:
    with closing(open_store(f"sqlite:///{tmp_path}/newswire.sqlite3")) as store:
        with store.begin() as connection:
            backups.succeeded(connection, 1_700_000_000.0)
        assert looked(tmp_path, store)[BACKUP] == 1_700_000_000.0
