"""The first look: is the watch whole? What is broken is in its first lines; where to look next is behind each panel. Pure."""

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
    NOTHING_ENDED,
    OVERVIEW,
    PAGES_LATE,
    POLLED_LATE,
    SOURCES,
    TITLES,
    TOLD_LATE,
    WATCHLISTS,
    deeper,
    page,
    runbook,
)
from tools.grafana import Colour, Column, Dashboard, Panel, Query, Row, Said, Unit, bar_gauge, stat, steps, table, time_series

_ONE_IS_RIGHT: Final = steps(Colour.RED, (1, Colour.GREEN))
_NONE_IS_RIGHT: Final = steps(Colour.GREEN, (1, Colour.RED))
_FIRING: Final = 'ALERTS{alertname=~"Newswire.*", alertstate="firing"'


def overview() -> Dashboard:
    """Return the dashboard."""
    rows = (
        Row("Is the watch whole?", (*_whole(), *_whole_too())),
        Row("Does news flow in and out of each stage?", _flow()),
        Row("How long does news take?", _latency()),
        Row("The last day", _day()),
    )
    description = (
        "Is the watch whole, what is not, and where to look next. Green says that nobody need do anything; the word on it says what it is."
    )
    return Dashboard(OVERVIEW, TITLES[OVERVIEW], description, rows, (*ALWAYS, DOCS_AT), MOMENTS)


def _whole() -> tuple[Panel, ...]:
    running = [Query(of.or_zero(f'sum(newswire_stage_up{{stage="{stage}"}})'), stage) for stage in ("collect", "process", "alert")]
    return (
        stat(
            "Alarms that fire",
            "Alarms of Newswire that fire now, by what they ask for: wake somebody (page), or see to it in the day (ticket). The table at the end names them.",
            Query(f'count({_FIRING}, severity="page"}}) or vector(0)', "page"),
            Query(f'count({_FIRING}, severity="ticket"}}) or vector(0)', "ticket"),
            steps=_NONE_IS_RIGHT,
            says=(Said(0, "none", Colour.GREEN),),
            links=(page("alarms.md"),),
        ),
        stat(
            "Processes that run each stage",
            "How many processes run each stage. A stage that nobody runs is a hole: nothing behind it moves.",
            *running,
            width=6,
            steps=_ONE_IS_RIGHT,
            says=(Said(0, "nobody", Colour.RED),),
            links=(deeper(FLOW), runbook("NewswireStageDown")),
        ),
        stat(
            "Are all ready?",
            "How many processes Prometheus cannot reach, or that say themselves (/readyz) that they do not do their work.",
            Query('count(up{job="newswire"}) - (sum(newswire_ready) or vector(0))', "not ready"),
            width=3,
            steps=_NONE_IS_RIGHT,
            says=(Said(0, "all ready", Colour.GREEN), Said(None, "nothing is scraped", Colour.RED)),
            links=(deeper(FLOW), runbook("NewswireNotReady"), runbook("NewswireTargetDown")),
        ),
        stat(
            "The active alerter",
            "Of all processes that can tell, exactly one does; the others stand by.",
            Query(of.or_zero("sum(newswire_alerting_active)"), "active"),
            width=3,
            steps=steps(Colour.RED, (1, Colour.GREEN), (2, Colour.RED)),
            says=(Said(0, "nobody tells", Colour.RED), Said(1, "one", Colour.GREEN), Said(2, "two: see log", Colour.RED)),
            links=(deeper(ALERTS), runbook("NewswireNoActiveAlerter"), runbook("NewswireTwoActiveAlerters")),
        ),
        stat(
            "Sources that answer as ever",
            "The share of the configured sources whose state is ok. What is failing, silent or blocked is on the page of sources.",
            Query(
                of.sources('state="ok"') + " / " + of.sources(),
                "ok",
            ),
            unit=Unit.SHARE,
            decimals=0,
            steps=steps(Colour.RED, (0.5, Colour.ORANGE), (0.95, Colour.GREEN)),
            says=(Said(None, "no sources", Colour.RED),),
            links=(deeper(SOURCES), runbook("NewswireSourcesFailing"), runbook("NewswireSourcesLost")),
        ),
        stat(
            "Receivers that refuse us",
            "Receivers that refuse our token, our channel or our address. Their messages go to the fallback, and nobody reads them where they should be.",
            Query(of.or_zero("sum(max by (receiver) (newswire_alerting_receiver_refusing))"), "refusing"),
            steps=_NONE_IS_RIGHT,
            says=(Said(0, "none", Colour.GREEN),),
            links=(deeper(ALERTS), runbook("NewswireReceiverRefusing")),
        ),
    )


def _whole_too() -> tuple[Panel, ...]:
    queues = (
        Query(of.or_zero(of.stored("newswire_collectors_due_oldest_seconds")), "sources to poll"),
        Query(of.or_zero(of.stored("newswire_bus_backlog_oldest_seconds", where='group=~".*processors"')), "items to read"),
        Query(of.or_zero(of.stored("newswire_processors_pages_due_oldest_seconds")), "pages to fetch"),
        Query(of.or_zero(of.stored("newswire_bus_backlog_oldest_seconds", where='group=~".*alerting"')), "reports to decide"),
        Query(of.or_zero(of.stored("newswire_alerting_outbox_oldest_seconds")), "messages to send"),
    )
    return (
        bar_gauge(
            "How long has the oldest waited in each queue?",
            "What stands at the head of each queue, in the order of the flow. The first long bar is where it is stuck; those behind it are fed by it.",
            *queues,
            unit=Unit.SECONDS,
            height=6,
            most=600,
            steps=LATE,
            columns=(Column("sources to poll", steps=POLLED_LATE), Column("pages to fetch", steps=PAGES_LATE)),
            links=(deeper(FLOW), runbook("NewswireItemsLate"), runbook("NewswireReportsLate"), runbook("NewswireSendingLate")),
        ),
        stat(
            "99 of 100 are told within",
            "From first seen in the feed to accepted by the receiver, over the last hour; two seconds is the promise for what the feed's own text decides.",
            Query(of.quantile(0.99, "newswire_seen_to_told_seconds", over="1h"), "told"),
            unit=Unit.SECONDS,
            height=6,
            width=4,
            decimals=1,
            steps=TOLD_LATE,
            says=(Said(None, "none told"),),
            links=(deeper(FLOW), runbook("NewswireSlow")),
        ),
        stat(
            "Do bus and store answer?",
            "Whether the last use that each process made of them went well; one process that cannot reach them counts.",
            Query('min(newswire_dependency_up{dependency="bus"}) or vector(0)', "bus"),
            Query('min(newswire_dependency_up{dependency="store"}) or vector(0)', "store"),
            height=6,
            steps=_ONE_IS_RIGHT,
            says=(Said(0, "away", Colour.RED), Said(1, "yes", Colour.GREEN)),
            links=(deeper(FLOW), runbook("NewswireBusAway"), runbook("NewswireStoreAway")),
        ),
        stat(
            "Which configuration is in force?",
            "The newest, or an older one because the files on disk have faults: /readyz and the log name them.",
            Query(of.newest_in_force(), "newest"),
            height=6,
            steps=steps(Colour.ORANGE, (1, Colour.GREEN)),
            says=(Said(0, "an older one", Colour.ORANGE), Said(1, "the newest", Colour.GREEN)),
            links=(deeper(WATCHLISTS), runbook("NewswireConfigRefused")),
        ),
        stat(
            "Disk that is free",
            "Of the disk that the data lies on, the fullest of all processes.",
            Query("min(newswire_disk_free_bytes / newswire_disk_bytes)", "free"),
            unit=Unit.SHARE,
            decimals=0,
            height=6,
            steps=DISK,
            says=(Said(None, "unknown", Colour.ORANGE),),
            links=(deeper(FLOW), runbook("NewswireDiskLow"), runbook("NewswireDiskFull")),
        ),
    )


def _flow() -> tuple[Panel, ...]:
    return (
        time_series(
            "Collect: entries a minute",
            "Entries found in feeds that were read, and what of them was new or revised. No entries at all for long: sources, or this stage, are away.",
            Query(of.per_minute("newswire_collectors_entries_in_total"), "found in feeds"),
            Query(of.per_minute("newswire_collectors_entries_total", where='outcome=~"new|revised"'), "new or revised"),
            unit=Unit.A_MINUTE,
            links=(deeper(SOURCES),),
        ),
        time_series(
            "Process: items and pages a minute",
            "Items that came from the bus, reports of the first look that left, and pages that were read.",
            Query(of.per_minute("newswire_processors_items_in_total"), "items in"),
            Query(of.per_minute("newswire_processors_items_total", where='outcome!="dead"'), "reports out"),
            Query(of.per_minute("newswire_processors_pages_total", where='outcome=~"reported|feed_final"'), "pages settled"),
            unit=Unit.A_MINUTE,
            links=(deeper(FLOW),),
        ),
        time_series(
            "Alert: reports and messages a minute",
            "Reports that came from the bus, those that became an alert or joined one, and what receivers accepted.",
            Query(of.per_minute("newswire_alerting_reports_in_total"), "reports in"),
            Query(of.per_minute("newswire_alerting_reports_total", where='outcome=~"alerted|joined"'), "alerted or joined"),
            Query(of.per_minute("newswire_alerting_sends_total", where='outcome=~"sent|found|repeated"'), "messages accepted"),
            unit=Unit.A_MINUTE,
            links=(deeper(ALERTS),),
        ),
    )


def _latency() -> tuple[Panel, ...]:
    limit = steps(Colour.GREEN, (2, Colour.RED))
    return (
        time_series(
            "From published to seen",
            "How old dated entries are when they are first seen: what the sources and our intervals cost. Over 15 minutes.",
            Query(of.quantile(0.5, "newswire_published_to_seen_seconds"), "half of them"),
            Query(of.quantile(0.95, "newswire_published_to_seen_seconds"), "95 of 100"),
            unit=Unit.SECONDS,
            says=NOTHING_ENDED,
            links=(deeper(SOURCES),),
        ),
        time_series(
            "From seen to decided by the feed's own text",
            "What our own stages cost. Over 15 minutes.",
            Query(of.quantile(0.5, "newswire_seen_to_decided_seconds", where='basis="feed"'), "half of them"),
            Query(of.quantile(0.99, "newswire_seen_to_decided_seconds", where='basis="feed"'), "99 of 100"),
            unit=Unit.SECONDS,
            steps=limit,
            limit=True,
            says=NOTHING_ENDED,
            links=(deeper(FLOW),),
        ),
        time_series(
            "From seen to told",
            "From first seen in the feed to accepted by the receiver. The dashed line is the promise for what the feed's own text decides. Over 15 minutes.",
            Query(of.quantile(0.5, "newswire_seen_to_told_seconds"), "half of them"),
            Query(of.quantile(0.99, "newswire_seen_to_told_seconds"), "99 of 100"),
            unit=Unit.SECONDS,
            steps=limit,
            limit=True,
            says=NOTHING_ENDED,
            links=(deeper(ALERTS),),
        ),
    )


def _day() -> tuple[Panel, ...]:
    def count(title: str, description: str, expression: str, uid: str, bad: float | None = None) -> Panel:
        limits = steps(Colour.BLUE) if bad is None else steps(Colour.GREEN, (bad, Colour.ORANGE))
        return stat(title, description, Query(expression, title), width=3, decimals=0, steps=limits, spark=True, links=(deeper(uid),))

    day = "1d"
    return (
        count("Polls", "Polls that ended in the last day.", of.grown("newswire_collectors_polls_total", over=day), SOURCES),
        count(
            "New entries",
            "Entries that were new or revised.",
            of.grown("newswire_collectors_entries_total", where='outcome=~"new|revised"', over=day),
            SOURCES,
        ),
        count(
            "About diplomacy",
            "Final reports with the label diplomacy.",
            of.grown("newswire_processors_labels_total", where='label="diplomacy"', over=day),
            FLOW,
        ),
        count(
            "Alerts",
            "Stories that were told for the first time, or anew.",
            of.grown("newswire_alerting_reports_total", where='outcome="alerted"', over=day),
            WATCHLISTS,
        ),
        count(
            "Messages told",
            "Messages, replies and edits that receivers accepted.",
            of.grown("newswire_alerting_sends_total", where='outcome=~"sent|found|repeated"', over=day),
            ALERTS,
        ),
        count(
            "Possible gaps", "Polls in which no entry was known.", of.grown("newswire_collectors_possible_gaps_total", over=day), SOURCES, 1
        ),
        count("Possible repeats", "Messages sent again in doubt.", of.grown("newswire_alerting_resends_total", over=day), ALERTS, 3),
        count(
            "Dead letters", "Records that were given up: `newswire dead list`.", of.grown("newswire_dead_letters_total", over=day), FLOW, 1
        ),
        table(
            "Which alarms fire or are about to?",
            "Alarms of Newswire, pending and firing. Empty: none.",
            Query('max by (alertname, severity, stage, alertstate) (ALERTS{alertname=~"Newswire.*"})', ""),
            columns=(
                Column("alertname", "Alarm"),
                Column("severity", "Asks for"),
                Column("stage", "Stage"),
                Column("alertstate", "State"),
                Column("Value", hidden=True),
            ),
            sorted_by="State",
            no_value="No alarm.",
            height=6,
            links=(page("alarms.md"),),
        ),
        table(
            "What has gone well last, and when?",
            "For how long no receiver has accepted anything from a process, and how old the last backup is. Silence of receivers is no fault on a quiet day.",
            Query("time() - max(newswire_alerting_receiver_last_success_timestamp_seconds > 0) or vector(-1)", ""),
            Query("time() - max(newswire_backup_last_success_timestamp_seconds > 0) or vector(-1)", ""),
            columns=(
                Column("Value #A", "Since the last message", Unit.SECONDS, says=(Said(-1, "never"),)),
                Column("Value #B", "Since the last backup", Unit.SECONDS, says=(Said(-1, "never"),)),
            ),
            height=6,
            links=(page("backup.md"),),
        ),
    )
