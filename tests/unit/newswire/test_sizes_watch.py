from pathlib import Path

from newswire.metrics import Metrics
from newswire.sizes_watch import SizesWatch
from newswire.store import backups, open_store


def level(metrics: Metrics, name: str) -> float | None:
    return metrics.registry.get_sample_value(f"newswire_{name}")


def test_the_room_that_data_take_is_shown_and_a_backup_once_there_was_one(tmp_path: Path, metrics: Metrics) -> None:
    store = open_store(f"sqlite:///{tmp_path}/store.sqlite3")
    (tmp_path / "bus.sqlite3").write_bytes(b"x" * 5_000)
    watch = SizesWatch(data=tmp_path, store=store, metrics=metrics, with_bus=True)
    assert watch.step() > 0
    assert level(metrics, "store_bytes") == sum(one.stat().st_size for one in tmp_path.glob("store.sqlite3*"))
    assert level(metrics, "bus_bytes") == 5_000
    assert 0 < (level(metrics, "disk_free_bytes") or 0) < (level(metrics, "disk_bytes") or 0)
    assert level(metrics, "backup_last_success_timestamp_seconds") is None
    with store.begin() as connection:
        backups.succeeded(connection, 1_700_000_000)
    watch.step()
    assert level(metrics, "backup_last_success_timestamp_seconds") == 1_700_000_000
    store.close()
