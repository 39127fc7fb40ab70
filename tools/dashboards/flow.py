"""Flow and latency: where it is stuck, how long each step takes, and what the machines say. Pure."""

from typing import Final

from tools.dashboards import expressions as of
from tools.dashboards.shared import (
    ALERTS,
    ALWAYS,
    DISK,
    DOCS_AT,
    FLOW,
    LATE,
    MOMENTS,
    NONE_HAPPENED,
    NOTHING_ENDED,
    SOURCES,
    TITLES,
    deeper,
    page,
    runbook,
)
from tools.grafana import (
    Colour,
    Column,
    Dashboard,
    Link,
    Panel,
    Query,
    Row,
    Said,
    Unit,
    bar_gauge,
    heatmap,
    state_timeline,
    steps,
    table,
    time_series,
)

_PROMISE: Final = steps(Colour.GREEN, (2, Colour.RED))
_INPUTS: Final = {
    "newswire_collectors_polls": "polls",
    "newswire_http_fetches": "fetches",
    "newswire_processors_items": "items",
    "newswire_processors_pages": "pages",
    "newswire_alerting_reports": "reports",
    "newswire_alerting_sends": "sends",
}
_UP: Final = (Said(1, "yes", Colour.GREEN), Said(0, "no", Colour.RED))


def flow() -> Dashboard:
    """Return the dashboard."""
    rows = (
        Row("Where is it stuck?", _queues()),
        Row("How long does each step take?", _latency()),
        Row("What becomes of items, pages and reports?", _ends()),
        Row("Bus and store", _durable()),
        Row("The processes", _processes()),
    )
    description = "What waits where, how long each step takes, how inputs end, and how bus, store and processes do."
    return Dashboard(FLOW, TITLES[FLOW], description, rows, (*ALWAYS, DOCS_AT), MOMENTS)


def _queues() -> tuple[Panel, ...]:
    return (
        time_series(
            "How long has the oldest waited, in each queue?",
            "In the order of the flow. The first that grows is where it is stuck.",
            Query(of.or_zero(of.stored("newswire_collectors_due_oldest_seconds")), "sources to poll"),
            Query(of.stored("newswire_bus_backlog_oldest_seconds", "group"), "bus, for {{group}}"),
            Query(of.or_zero(of.stored("newswire_processors_pages_due_oldest_seconds")), "pages to fetch"),
            Query(of.stored("newswire_alerting_outbox_oldest_seconds", "receiver"), "messages to {{receiver}}"),
            unit=Unit.SECONDS,
            steps=LATE,
            limit=True,
            width=9,
            links=(runbook("NewswireItemsLate"), runbook("NewswireReportsLate"), runbook("NewswirePagesLate"), page("alarms.md")),
        ),
        time_series(
            "How many wait, in each queue?",
            "Records that a group has not committed, pages due, messages that wait for their receiver.",
            Query(of.stored("newswire_bus_backlog_records", "group"), "bus, for {{group}}"),
            Query(of.or_zero(of.stored("newswire_processors_pages_due")), "pages to fetch"),
            Query(
                of.or_zero(of.summed(of.stored("newswire_alerting_outbox_rows", "receiver, state", 'state=~"new|sending"'))),
                "messages to send",
            ),
            decimals=0,
            width=9,
        ),
        bar_gauge(
            "What is in hand: inputs that have not ended",
            "Inputs less their ends since the processes started. Some in hand are the work; a number that only grows is a leak.",
            *(Query(of.in_hand(name), words) for name, words in _INPUTS.items()),
            decimals=0,
            most=100,
            width=6,
            steps=steps(Colour.BLUE),
        ),
    )


def _latency() -> tuple[Panel, ...]:
    def both(title: str, histogram: str, by: str, description: str) -> Panel:
        return time_series(
            title,
            f"{description} Half of them and 99 of 100, over 15 minutes.",
            Query(of.quantile(0.5, histogram, by), f"half, {{{{{by}}}}}"),
            Query(of.quantile(0.99, histogram, by), f"99 of 100, {{{{{by}}}}}"),
            unit=Unit.SECONDS,
            says=NOTHING_ENDED,
            steps=_PROMISE,
            limit=True,
            width=6,
        )

    told = of.chosen("newswire_seen_to_told_seconds_bucket", 'le="2.0"')
    return (
        both(
            "From seen to reported",
            "newswire_seen_to_reported_seconds",
            "basis",
            "feed: what the feed carried; page: once the page was read, or had failed for good.",
        ),
        both("From seen to decided", "newswire_seen_to_decided_seconds", "basis", "When alerting knew what to do with it."),
        both("From seen to told, by receiver", "newswire_seen_to_told_seconds", "receiver", "When the receiver had accepted it."),
        time_series(
            "What share is told within two seconds?",
            "Of what was told in the last hour. What the page alone proves, or a receiver's rate, takes longer.",
            Query(f"sum(rate({told}[1h])) / sum(rate({of.chosen('newswire_seen_to_told_seconds_count')}[1h]))", "within 2 s"),
            unit=Unit.SHARE,
            most=1,
            says=NOTHING_ENDED,
            width=6,
            links=(deeper(ALERTS),),
        ),
        heatmap(
            "Where does the time from seen to told lie?",
            "Each line is a bucket of the histogram: the darker, the more were told in that time.",
            Query(of.buckets("newswire_seen_to_told_seconds"), "{{le}}"),
            unit=Unit.SECONDS,
            width=12,
        ),
        heatmap(
            "Where does the time from seen to reported by the page lie?",
            "A second look waits for the host's slot and for the page: minutes are usual where one host brings many pages.",
            Query(of.buckets("newswire_seen_to_reported_seconds", 'basis="page"'), "{{le}}"),
            unit=Unit.SECONDS,
            width=12,
        ),
    )


def _ends() -> tuple[Panel, ...]:
    def ends(title: str, description: str, name: str, labels: str, where: str = "", *, links: tuple[Link, ...] = ()) -> Panel:
        legend = " ".join(f"{{{{{label}}}}}" for label in labels.split(", "))
        query = Query(of.minutely(name, labels, where), legend)
        return time_series(title, description, query, stacked=True, unit=Unit.A_MINUTE, no_value=NONE_HAPPENED, width=6, links=links)

    return (
        ends("Items a minute, by outcome", "The first look, at what the feed carries.", "newswire_processors_items_total", "outcome"),
        ends(
            "Pages a minute, by outcome",
            "retry is no end: the page is looked at again later.",
            "newswire_processors_pages_total",
            "outcome",
        ),
        ends(
            "Pages that gave no text, a minute",
            "Why a page look failed, or is tried again.",
            "newswire_processors_pages_total",
            "reason",
            'outcome=~"retry|feed_final"',
        ),
        ends("Reports a minute, by outcome", "What alerting did with them.", "newswire_alerting_reports_total", "outcome"),
        ends("Final reports a minute, by label", "What they are about.", "newswire_processors_labels_total", "label"),
        ends("Final reports a minute, by language", "The language that was found.", "newswire_processors_labels_total", "language"),
        ends("Tasks of the jail a minute", "What was parsed in children, by how it ended.", "newswire_jail_tasks_total", "task, outcome"),
        ends(
            "Children of the jail that were killed, a minute",
            "A few are foreign bytes that hang or swell; many are too little memory or a machine too slow.",
            "newswire_jail_kills_total",
            "task, reason",
            links=(runbook("NewswireJailKills"),),
        ),
        time_series(
            "Dead letters in the last hour",
            "Records that were given up, by stage and reason: `newswire dead list`, and after the fix `newswire dead replay --all`.",
            Query(of.hourly("newswire_dead_letters_total", "stage, reason"), "{{stage}} {{reason}}"),
            no_value=NONE_HAPPENED,
            steps=steps(Colour.GREEN, (1, Colour.RED)),
            links=(runbook("NewswireDeadLetters"),),
            limit=True,
            width=12,
        ),
        time_series(
            "Steps of workers that raised, in the last hour",
            "By worker and kind: retryable ones are tried again; others stand in the log.",
            Query(of.hourly("newswire_service_errors_total", "worker, kind"), "{{worker}} {{kind}}"),
            no_value=NONE_HAPPENED,
            width=12,
            links=(runbook("NewswireBugs"),),
        ),
    )


def _durable() -> tuple[Panel, ...]:
    return (
        time_series(
            "How long do commits take?",
            "99 of 100, over 15 minutes: a transaction of the store; the bus's commit, outputs durable and offsets moved.",
            Query(of.quantile(0.99, "newswire_store_transaction_seconds"), "store"),
            Query(of.quantile(0.99, "newswire_bus_commit_seconds"), "bus"),
            unit=Unit.SECONDS,
            says=NOTHING_ENDED,
            width=6,
        ),
        time_series(
            "How large are store and bus?",
            "On disk, looked at once a minute. A bus on Kafka is not measured here.",
            Query(of.or_zero(of.stored("newswire_store_bytes")), "store"),
            Query(of.or_zero(of.stored("newswire_bus_bytes")), "bus"),
            unit=Unit.BYTES,
            width=6,
            links=(page("sizing.md"),),
        ),
        time_series(
            "How much of each disk is free?",
            "Of the disk that each process's data lies on.",
            Query(f"min by (instance) ({of.chosen('newswire_disk_free_bytes')} / {of.chosen('newswire_disk_bytes')})", "{{instance}}"),
            unit=Unit.SHARE,
            most=1,
            steps=DISK,
            links=(runbook("NewswireDiskLow"),),
            limit=True,
            width=6,
        ),
        state_timeline(
            "Did bus and store answer?",
            "The last use that each process made of them.",
            Query(f"min by (instance, dependency) ({of.chosen('newswire_dependency_up')})", "{{dependency}}, {{instance}}"),
            says=_UP,
            steps=steps(Colour.RED, (1, Colour.GREEN)),
            width=6,
            links=(runbook("NewswireBusAway"), runbook("NewswireStoreAway")),
        ),
    )


def _processes() -> tuple[Panel, ...]:
    return (
        state_timeline(
            "Was each process ready?",
            "What /readyz says. A gap: Prometheus could not reach it.",
            Query(f"min by (instance) ({of.chosen('newswire_ready')})", "{{instance}}"),
            says=_UP,
            steps=steps(Colour.RED, (1, Colour.GREEN)),
            width=8,
            links=(runbook("NewswireNotReady"),),
        ),
        time_series(
            "Since when has each worker not ended a step well?",
            "Seconds for most, up to a minute for sizes, up to five for retention. Over the dashed line one fails or hangs: see the log.",
            Query(
                f"time() - max by (instance, worker) ({of.chosen('newswire_worker_last_success_timestamp_seconds')} > 0)",
                "{{worker}}, {{instance}}",
            ),
            unit=Unit.SECONDS,
            steps=steps(Colour.GREEN, (360, Colour.RED)),
            limit=True,
            width=8,
        ),
        table(
            "Which versions run?",
            "One line a process. Two versions for longer than an upgrade takes are a mistake.",
            Query(f"max by (instance, version, python) ({of.chosen('newswire_build_info')})", ""),
            columns=(
                Column("instance", "Process"),
                Column("version", "Newswire"),
                Column("python", "Python"),
                Column("Value", hidden=True),
            ),
            width=8,
        ),
        time_series(
            "Memory",
            "Resident memory of each process, without its children.",
            Query(
                f"max by (instance) (process_resident_memory_bytes and on (instance) {of.chosen('newswire_build_info')})", "{{instance}}"
            ),
            unit=Unit.BYTES,
            width=6,
        ),
        time_series(
            "Processor time",
            "What each process uses of one core, without its children.",
            Query(
                f"max by (instance) (rate(process_cpu_seconds_total[$__rate_interval]) and on (instance) {of.chosen('newswire_build_info')})",
                "{{instance}}",
            ),
            unit=Unit.SHARE,
            width=6,
        ),
        time_series(
            "Jail: how busy are its children?",
            "By task: for which share of the time a child works at it. 100% is one child that is never idle.",
            Query(of.per_second("newswire_jail_busy_seconds_total", "task"), "{{task}}"),
            stacked=True,
            unit=Unit.SHARE,
            width=6,
            links=(deeper(SOURCES),),
        ),
        time_series(
            "Open files",
            "Of each process, as a share of what it may open.",
            Query(
                f"max by (instance) (process_open_fds / process_max_fds and on (instance) {of.chosen('newswire_build_info')})",
                "{{instance}}",
            ),
            unit=Unit.SHARE,
            width=6,
            steps=steps(Colour.GREEN, (0.8, Colour.RED)),
        ),
    )
