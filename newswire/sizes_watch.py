"""Shows once a minute how much room the data take, what is free of their disk, and when they were last backed up."""

from pathlib import Path
from typing import Final

from newswire.metrics import Metrics
from newswire.store import Store, backups, sizes

LOOK_S: Final = 60.0


class SizesWatch:
    """Looks at the data folder and at the store. `with_bus`: the bus is in the folder too."""

    name = "sizes"

    def __init__(self, *, data: Path, store: Store, metrics: Metrics, with_bus: bool) -> None:
        self._data, self._store, self._metrics, self._with_bus = data, store, metrics, with_bus

    def step(self) -> float:
        disk = sizes.disk(self._data)
        if disk is not None:
            self._metrics.disk_free_bytes.set(disk.free_bytes)
            self._metrics.disk_bytes.set(disk.bytes)
        bus_bytes = sizes.bus_bytes(self._data) if self._with_bus else None
        if bus_bytes is not None:
            self._metrics.bus_bytes.set(bus_bytes)
        with self._store.read() as connection:
            self._metrics.store_bytes.set(sizes.store_bytes(connection))
            backed_up_at = backups.last_success(connection)
        if backed_up_at is not None:
            self._metrics.backup_at.set(backed_up_at)
        return LOOK_S

    def idle(self) -> bool:
        return True

    def close(self) -> None:
        """Hold nothing."""
