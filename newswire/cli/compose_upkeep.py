"""The workers that every process has beside those of its stages."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newswire.cli.compose import Ground
    from newswire.service import Worker


def upkeep_workers(ground: "Ground") -> "list[Worker]":
    """Return the workers that keep the bus small and its figures fresh, and those that know whether servers answer and clocks go on."""
    from newswire.clockwatch import ClockWatch
    from newswire.reach import ReachWorker
    from newswire.service import BusUpkeep
    from newswire.sizes_watch import SizesWatch

    settings = ground.settings
    return [
        BusUpkeep(bus=ground.bus, metrics=ground.metrics, clock=ground.clock),
        ReachWorker(bus=ground.bus, store=ground.store),
        ClockWatch(store=ground.store, clock=ground.clock, spacing_s=settings.host_spacing_s),
        SizesWatch(data=settings.data, store=ground.store, metrics=ground.metrics, with_bus=settings.bus == "embedded"),
    ]
