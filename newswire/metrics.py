"""Every metric of this process, built from `newswire.catalogue`.

Label values come from the enums of `newswire.outcomes` or from loaded configuration, never from the world.
"""

import platform
from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

import newswire
from newswire.bounded import Labelled, Level, Names
from newswire.catalogue import CATALOGUE
from newswire.catalogue.entry import Entry
from newswire.outcomes import RunStage

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each counter and histogram, which nobody asks for


class Metrics:
    """The registry and what stands in it. One object a process, built in `newswire.cli` and passed in.

    For every stage `…_in_total` counts inputs and `…_total{outcome,reason}` counts their ends: the two sums are equal
    when nothing is in flight.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:  # noqa: PLR0915 -- one list of all that is measured
        self.registry: Final = registry or CollectorRegistry()
        self._names: dict[str, Names] = {}
        self._labelled: list[Labelled[Counter] | Labelled[Gauge] | Labelled[Histogram]] = []
        self._stages: set[RunStage] = set()
        self._unbuilt = dict(CATALOGUE)

        self.polls_in = self._counter("newswire_collectors_polls_in_total")
        self.polls = self._counters("newswire_collectors_polls_total")
        self.entries_in = self._counter("newswire_collectors_entries_in_total")
        self.entries = self._counters("newswire_collectors_entries_total")
        self.possible_gaps = self._counter("newswire_collectors_possible_gaps_total")
        self.sources = self._gauges("newswire_collectors_sources")
        self.sources_due = self._level("newswire_collectors_sources_due")
        self.due_oldest = self._level("newswire_collectors_due_oldest_seconds")
        self.pressure = self._gauges("newswire_collectors_pressure")
        self.published_to_seen = self._histogram("newswire_published_to_seen_seconds")

        self.fetches_in = self._counters("newswire_http_fetches_in_total")
        self.fetches = self._counters("newswire_http_fetches_total")
        self.fetched_bytes = self._counters("newswire_http_body_bytes_total")
        self.fetch_seconds = self._histograms("newswire_http_fetch_seconds")
        self.jail_tasks = self._counters("newswire_jail_tasks_total")
        self.jail_kills = self._counters("newswire_jail_kills_total")
        self.jail_seconds = self._counters("newswire_jail_busy_seconds_total")

        self.items_in = self._counter("newswire_processors_items_in_total")
        self.items = self._counters("newswire_processors_items_total")
        self.pages_in = self._counter("newswire_processors_pages_in_total")
        self.pages = self._counters("newswire_processors_pages_total")
        self.pages_due = self._level("newswire_processors_pages_due")
        self.pages_due_oldest = self._level("newswire_processors_pages_due_oldest_seconds")
        self.labels = self._counters("newswire_processors_labels_total")
        self.seen_to_reported = self._histograms("newswire_seen_to_reported_seconds")

        self.reports_in = self._counter("newswire_alerting_reports_in_total")
        self.reports = self._counters("newswire_alerting_reports_total")
        self.alerts = self._counters("newswire_alerting_alerts_total")
        self.held = self._counters("newswire_alerting_held_total")
        self.matches = self._counters("newswire_alerting_matches_total")
        self.gathered = self._counters("newswire_alerting_gathered_total")
        self.digests = self._counters("newswire_alerting_digests_total")
        self.seen_to_decided = self._histograms("newswire_seen_to_decided_seconds")
        self.active = self._level("newswire_alerting_active")
        self.silences = self._gauges("newswire_alerting_silences")
        self.watchlists = self._gauges("newswire_alerting_watchlists")
        self.config_ok = self._level("newswire_config_last_reload_successful")
        self.config_ok_at = self._level("newswire_config_last_reload_success_timestamp_seconds")
        self.reloads = self._counters("newswire_config_reloads_total")
        self.notices = self._counters("newswire_notices_total")
        self.search_indexed = self._counter("newswire_alerting_search_indexed_total")
        self.search_lag = self._level("newswire_alerting_search_lag_seconds")
        self.pruned = self._counters("newswire_alerting_pruned_total")

        self.outbox = self._gauges("newswire_alerting_outbox_rows")
        self.outbox_oldest = self._gauges("newswire_alerting_outbox_oldest_seconds")
        self.receiver_success_at = self._gauges("newswire_alerting_receiver_last_success_timestamp_seconds")
        self.receiver_refusing = self._gauges("newswire_alerting_receiver_refusing")
        self.sends_in = self._counters("newswire_alerting_sends_in_total")
        self.sends = self._counters("newswire_alerting_sends_total")
        self.resends = self._counters("newswire_alerting_resends_total")
        self.replies_folded = self._counters("newswire_alerting_replies_folded_total")
        self.lanes_busy = self._level("newswire_alerting_lanes_busy")
        self.seen_to_told = self._histograms("newswire_seen_to_told_seconds")

        self.dead_letters = self._counters("newswire_dead_letters_total")
        self.backlog = self._gauges("newswire_bus_backlog_records")
        self.backlog_age = self._gauges("newswire_bus_backlog_oldest_seconds")
        self.bus_commit = self._histogram("newswire_bus_commit_seconds")
        self.store_transaction = self._histogram("newswire_store_transaction_seconds")
        self.dependency_up = self._gauges("newswire_dependency_up")
        self.worker_errors = self._counters("newswire_service_errors_total")
        self.worker_success_at = self._gauges("newswire_worker_last_success_timestamp_seconds")
        self.stage_up = self._gauges("newswire_stage_up")
        self.ready = self._level("newswire_ready")
        self.store_bytes = self._level("newswire_store_bytes")
        self.bus_bytes = self._level("newswire_bus_bytes")
        self.disk_free_bytes = self._level("newswire_disk_free_bytes")
        self.disk_bytes = self._level("newswire_disk_bytes")
        self.backup_at = self._level("newswire_backup_last_success_timestamp_seconds")
        self.build = self._gauges("newswire_build_info")

        if self._unbuilt:
            raise RuntimeError(f"in the catalogue and built by nobody: {', '.join(self._unbuilt)}")
        self.build.labels(newswire.__version__, platform.python_version()).set(1)
        ProcessCollector(registry=self.registry)

    def exposition(self) -> bytes:
        """Return all metrics in the text format that Prometheus scrapes. Asks nobody: what others know is looked at by workers."""
        return generate_latest(self.registry)

    def runs(self, *stages: RunStage) -> None:
        """Note that this process runs these stages: their counters are there from now on, at 0."""
        self._stages.update(stages)
        for stage in stages:
            self.stage_up.labels(stage).set(1)
        for metric in self._here():
            metric.begin()

    def known(self, label: str, names: Iterable[str]) -> None:
        """Note which names of loaded configuration a label may show: series of others are dropped, counters of these are there, at 0."""
        kept = self._names[label].load(names)
        for metric in self._labelled:
            if any(one.name == label and not one.values for one in metric.entry.labels):
                metric.keep(label, kept)
        for metric in self._here():
            if any(one.name == label for one in metric.entry.labels):
                metric.begin()

    def stands_by(self) -> None:
        """Show nothing that the active alerter alone knows: another process is it."""
        self.active.set(0)
        for shared in (self.silences, self.outbox, self.outbox_oldest, self.receiver_refusing):
            shared.clear()
        self.search_lag.clear()
        self.lanes_busy.clear()

    def _here(self) -> Iterator[Labelled[Counter] | Labelled[Gauge] | Labelled[Histogram]]:
        return (metric for metric in self._labelled if metric.entry.stages & self._stages)

    def _entry(self, name: str) -> Entry:
        entry = self._unbuilt.pop(name)
        for label in entry.labels:
            self._names.setdefault(label.name, Names())
        return entry

    def _counter(self, name: str) -> Counter:
        entry = self._entry(name)
        return Counter(name, entry.meaning, registry=self.registry)

    def _counters(self, name: str) -> Labelled[Counter]:
        entry = self._entry(name)
        made = Labelled(Counter(name, entry.meaning, _names(entry), registry=self.registry), entry, self._names)
        self._labelled.append(made)
        return made

    def _gauges(self, name: str) -> Labelled[Gauge]:
        entry = self._entry(name)
        made = Labelled(Gauge(name, entry.meaning, _names(entry), registry=self.registry), entry, self._names)
        self._labelled.append(made)
        return made

    def _level(self, name: str) -> Level:
        entry = self._entry(name)
        level = Level(Gauge(name, entry.meaning, registry=None), entry)
        self.registry.register(level)
        return level

    def _histogram(self, name: str) -> Histogram:
        entry = self._entry(name)
        return Histogram(name, entry.meaning, registry=self.registry, buckets=entry.buckets)

    def _histograms(self, name: str) -> Labelled[Histogram]:
        entry = self._entry(name)
        made = Labelled(Histogram(name, entry.meaning, _names(entry), registry=self.registry, buckets=entry.buckets), entry, self._names)
        self._labelled.append(made)
        return made


def _names(entry: Entry) -> list[str]:
    return [label.name for label in entry.labels]
