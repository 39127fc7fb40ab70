"""Every metric, in one place.

Label values come from the enums of `newswire.outcomes` or from loaded configuration, never from the world.
"""

import platform
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

import newswire

LATENCY_BUCKETS_S: Final = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600, 21600)
NO_COUNTRY: Final = "none"
"""The country of a source that has none."""


class Metrics:
    """The registry and what stands in it. One object a process, built in `newswire.cli` and passed in.

    For every stage `…_in_total` counts inputs and `…_total{outcome,reason}` counts their ends: the two sums are equal
    when nothing is in flight.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:  # noqa: PLR0915 -- one list of all that is measured
        self.registry = registry or CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=self.registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(name, text, labels, registry=self.registry)

        def histogram(name: str, text: str, *labels: str) -> Histogram:
            return Histogram(name, text, labels, registry=self.registry, buckets=LATENCY_BUCKETS_S)

        self.polls_in = counter("newswire_collectors_polls_in_total", "Polls begun.")
        self.polls = counter("newswire_collectors_polls_total", "Polls ended, by PollOutcome and reason.", "outcome", "reason")
        self.entries_in = counter("newswire_collectors_entries_in_total", "Entries found in feeds that were read.")
        self.entries = counter("newswire_collectors_entries_total", "Entries, by EntryOutcome.", "outcome")
        self.possible_gaps = counter(
            "newswire_collectors_possible_gaps_total", "Polls in which no entry was known: some may have been missed."
        )
        self.sources = gauge("newswire_collectors_sources", "Sources in the configuration, by SourceState and country.", "state", "country")
        self.sources_due = gauge("newswire_collectors_sources_due", "Sources that are due and that nobody has in hand.")
        self.due_oldest = gauge("newswire_collectors_due_oldest_seconds", "For how long the most overdue of them has been due.")
        self.pressure = gauge(
            "newswire_collectors_pressure", "How much the collectors hold back, from 0 (not at all) to 1 (no new polls), by cause.", "cause"
        )
        self.items_in = counter("newswire_processors_items_in_total", "Items read from the bus.")
        self.items = counter("newswire_processors_items_total", "Items, by ItemOutcome and reason.", "outcome", "reason")
        self.pages_in = counter("newswire_processors_pages_in_total", "Page looks begun.")
        self.pages = counter("newswire_processors_pages_total", "Page looks ended, by PageOutcome and reason.", "outcome", "reason")
        self.pages_due = gauge("newswire_processors_pages_due", "Pages waiting to be fetched.")
        self.pages_due_oldest = gauge(
            "newswire_processors_pages_due_oldest_seconds", "For how long the page that may be fetched and has waited longest has been due."
        )
        self.labels = counter("newswire_processors_labels_total", "Final reports, by label and language.", "label", "language")
        self.reports_in = counter("newswire_alerting_reports_in_total", "Reports read from the bus.")
        self.reports = counter("newswire_alerting_reports_total", "Reports, by ReportOutcome and reason.", "outcome", "reason")
        self.gathered = counter("newswire_alerting_gathered_total", "Alerts left to a digest, by GatherReason.", "reason")
        self.matches = counter("newswire_alerting_matches_total", "Reports that a watchlist matched.", "watchlist")
        self.silences = gauge("newswire_alerting_silences", "Silences that have not ended, by SilenceState.", "state")
        self.digests = counter("newswire_alerting_digests_total", "Digests put in the outbox, by DigestOccasion.", "occasion")
        self.alerts = counter("newswire_alerting_alerts_total", "Alerts decided.", "watchlist", "severity")
        self.held = counter(
            "newswire_alerting_held_total", "Reports that a watchlist nearly or wholly matched and that told nobody.", "watchlist", "reason"
        )
        self.outbox = gauge("newswire_alerting_outbox_rows", "Outbox rows not settled, by SendState.", "receiver", "state")
        self.outbox_oldest = gauge(
            "newswire_alerting_outbox_oldest_seconds",
            "For how long the row that may be sent and has waited longest has waited.",
            "receiver",
        )
        self.receiver_success_at = gauge(
            "newswire_alerting_receiver_last_success_timestamp_seconds", "When the receiver last accepted something.", "receiver"
        )
        self.sends_in = counter("newswire_alerting_sends_in_total", "Attempts to deliver begun.", "receiver")
        self.sends = counter("newswire_alerting_sends_total", "Attempts to deliver ended, by SendOutcome.", "receiver", "outcome")
        self.resends = counter(
            "newswire_alerting_resends_total",
            "Messages in doubt that were not found, and so sent again: repeats where they showed later.",
            "receiver",
        )
        self.replies_folded = counter(
            "newswire_alerting_replies_folded_total", "Replies in doubt that an edit of their parent tells.", "receiver"
        )
        self.lanes_busy = gauge("newswire_alerting_lanes_busy", "Receivers that are being called.")
        self.receiver_refusing = gauge(
            "newswire_alerting_receiver_refusing", "1 where a receiver refuses our token or our channel.", "receiver"
        )
        self.notices = counter("newswire_notices_total", "Notices put for those who operate Newswire, by NoticeKind.", "kind")
        self.active = gauge("newswire_alerting_active", "1 where this process is the active alerter.")
        self.search_indexed = counter("newswire_alerting_search_indexed_total", "Items whose newest report was indexed for search.")
        self.search_lag = gauge("newswire_alerting_search_lag_seconds", "For how long an archived report has waited to be indexed.")
        self.pruned = counter("newswire_alerting_pruned_total", "Rows that were kept long enough, by Kept.", "kind")
        self.dead_letters = counter("newswire_dead_letters_total", "Records given up, by stage and DeadReason.", "stage", "reason")
        self.fetches_in = counter("newswire_http_fetches_in_total", "Fetches begun.", "kind")
        self.fetches = counter("newswire_http_fetches_total", "Fetches ended, by FetchReason.", "kind", "reason")
        self.fetched_bytes = counter("newswire_http_body_bytes_total", "Decoded bytes of bodies that were kept.", "kind")
        self.fetch_seconds = histogram("newswire_http_fetch_seconds", "From the wish to fetch to the end of it.", "kind")
        self.jail_kills = counter("newswire_jail_kills_total", "Children of the jail that were killed or died.", "task", "reason")
        self.jail_tasks = counter("newswire_jail_tasks_total", "Tasks ended in the jail, by outcome.", "task", "outcome")
        self.jail_seconds = counter("newswire_jail_busy_seconds_total", "Time that children worked.", "task")
        self.backlog = gauge("newswire_bus_backlog_records", "Records that a group has not committed.", "topic", "group")
        self.backlog_age = gauge("newswire_bus_backlog_oldest_seconds", "Age of the oldest of them.", "topic", "group")
        self.worker_errors = counter("newswire_service_errors_total", "Steps of a worker that raised.", "worker", "kind")
        self.worker_success_at = gauge("newswire_worker_last_success_timestamp_seconds", "When a worker last ended a step well.", "worker")
        self.stage_up = gauge("newswire_stage_up", "1 for each stage that this process runs.", "stage")
        self.ready = gauge("newswire_ready", "What /readyz says: 1 or 0.")
        self.dependency_up = gauge("newswire_dependency_up", "1 where the last use of it went well.", "dependency")
        self.store_transaction = histogram("newswire_store_transaction_seconds", "Write transactions, from their wish to their end.")
        self.bus_commit = histogram("newswire_bus_commit_seconds", "Commits: outputs durable and offsets moved.")
        self.store_bytes = gauge("newswire_store_bytes", "Size of the store on disk.")
        self.bus_bytes = gauge("newswire_bus_bytes", "Size of the embedded bus on disk.")
        self.disk_free_bytes = gauge("newswire_disk_free_bytes", "Free bytes of the data folder's disk.")
        self.disk_bytes = gauge("newswire_disk_bytes", "Size of the data folder's disk.")
        self.backup_at = gauge("newswire_backup_last_success_timestamp_seconds", "When `newswire backup` last ended well.")
        self.published_to_seen = histogram(
            "newswire_published_to_seen_seconds",
            "From the publication date in the feed to first seen, of dated entries that are no backlog.",
        )
        self.seen_to_reported = histogram("newswire_seen_to_reported_seconds", "From first seen in the feed to reported.", "basis")
        self.seen_to_decided = histogram("newswire_seen_to_decided_seconds", "From first seen in the feed to decided.", "basis")
        self.seen_to_told = histogram(
            "newswire_seen_to_told_seconds", "From first seen in the feed to accepted by the receiver.", "receiver"
        )
        self.watchlists = gauge("newswire_alerting_watchlists", "Watchlists in force, by their status.", "status")
        self.config_ok = gauge("newswire_config_last_reload_successful", "1 where the configuration in force is the newest.")
        self.config_ok_at = gauge(
            "newswire_config_last_reload_success_timestamp_seconds", "When what stands on disk was last found good, in seconds since 1970."
        )
        self.reloads = counter("newswire_config_reloads_total", "Changes of the desk's files, by ReloadOutcome.", "outcome")
        self.build = gauge("newswire_build_info", "Always 1; the version is a label.", "version", "python")
        self.build.labels(newswire.__version__, platform.python_version()).set(1)
        ProcessCollector(registry=self.registry)  # process_cpu_seconds_total, process_resident_memory_bytes, process_open_fds, …

    def exposition(self) -> bytes:
        """Return all metrics in the text format that Prometheus scrapes."""
        return generate_latest(self.registry)
