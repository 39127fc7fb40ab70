import pytest

from newswire.bus import Message, Output
from newswire.bus.measured import MeasuredBus
from newswire.dependency import Uses
from newswire.errors import Fenced, Retryable
from newswire.metrics import Metrics
from newswire.outcomes import Dependency, RetryReason
from newswire.store import Store
from newswire.topics import ITEMS, PROCESSORS_GROUP, REPORTS
from tests.fakes import MemoryBus


def up(metrics: Metrics, dependency: Dependency) -> float | None:
    return metrics.registry.get_sample_value("newswire_dependency_up", {"dependency": dependency})


def failing(uses: Uses, *, writes: bool, error: Exception) -> None:
    with pytest.raises(type(error)), uses.use(writes):
        raise error


def test_it_is_up_where_reading_and_writing_go_well(metrics: Metrics) -> None:
    uses, full = Uses(Dependency.STORE, metrics), Retryable(RetryReason.STORE, "full")
    assert up(metrics, Dependency.STORE) is None  # nobody knows yet
    with uses.use(writes=False):
        pass
    assert up(metrics, Dependency.STORE) == 1
    failing(uses, writes=True, error=full)
    assert up(metrics, Dependency.STORE) == 0
    with uses.use(writes=False):
        pass
    assert up(metrics, Dependency.STORE) == 0  # a full disk can be read
    with uses.use(writes=True):
        pass
    assert up(metrics, Dependency.STORE) == 1
    failing(uses, writes=True, error=Fenced("another has it"))
    failing(uses, writes=True, error=ValueError("a bug of the user"))
    assert up(metrics, Dependency.STORE) == 1


def test_write_transactions_of_a_store_are_measured(store: Store, metrics: Metrics) -> None:
    uses = Uses(Dependency.STORE, metrics)
    store.watch(lambda writes: uses.use(writes, took=metrics.store_transaction))
    with store.read():
        pass
    with store.begin():
        pass
    assert metrics.registry.get_sample_value("newswire_store_transaction_seconds_count") == 1
    assert up(metrics, Dependency.STORE) == 1


def test_a_measured_bus_does_what_the_bus_does_and_measures_its_commits(bus: MemoryBus, metrics: Metrics) -> None:
    uses = Uses(Dependency.BUS, metrics)
    measured = MeasuredBus(bus, use=uses.use, commit=lambda writes: uses.use(writes, took=metrics.bus_commit))
    measured.publish(ITEMS, [Message("k", b"1")])
    consumer = measured.consumer(ITEMS, PROCESSORS_GROUP)
    batch = consumer.poll(timeout_s=0)
    assert [one.value for one in batch.messages] == [b"1"]
    assert metrics.registry.get_sample_value("newswire_bus_commit_seconds_count") == 0
    consumer.commit(batch, [Output(REPORTS, Message("k", b"2"))])
    consumer.close()
    assert metrics.registry.get_sample_value("newswire_bus_commit_seconds_count") == 1
    assert [one.value for one in measured.browse(REPORTS)] == [b"2"]
    assert measured.backlog(ITEMS, PROCESSORS_GROUP).records == 0
    assert up(metrics, Dependency.BUS) == 1


def test_one_that_is_away_from_the_start_is_seen_to_be_away(metrics: Metrics) -> None:
    uses, servers = Uses(Dependency.STORE, metrics), iter([Retryable(RetryReason.STORE, "refused"), None])

    def opened() -> str:
        if (error := next(servers)) is not None:
            raise error
        return "open"

    with pytest.raises(Retryable):
        uses.opened(opened)
    assert up(metrics, Dependency.STORE) == 0
    assert uses.opened(opened) == "open"
    assert up(metrics, Dependency.STORE) == 1
