"""What all five dashboards have in common: the variables above them, the moments drawn on them, and where their panels lead. Pure."""

from typing import Final

from tools.grafana import Annotation, Colour, Link, Said, Variable, steps

OVERVIEW: Final = "newswire-overview"
SOURCES: Final = "newswire-sources"
FLOW: Final = "newswire-flow"
ALERTS: Final = "newswire-alerts"
WATCHLISTS: Final = "newswire-watchlists"

TITLES: Final = {
    OVERVIEW: "Newswire: is the watch whole?",
    SOURCES: "Newswire: sources and countries",
    FLOW: "Newswire: flow and latency",
    ALERTS: "Newswire: alerts and receivers",
    WATCHLISTS: "Newswire: watchlists",
}

DOCS: Final = "https://newswire.example/docs"
"""Where links to runbooks lead until somebody says above the dashboard where docs/ can be read."""

ALWAYS: Final = (
    Variable("datasource", "Prometheus", "datasource", "prometheus"),
    Variable("instance", "Process", "query", "label_values(newswire_build_info, instance)"),
)
DOCS_AT: Final = Variable(
    "docs", "Docs at", "textbox", DOCS, "Where docs/ of your copy of Newswire can be read: panels lead to its runbooks."
)
COUNTRY: Final = Variable("country", "Country", "query", "label_values(newswire_collectors_sources, country)")
RECEIVER: Final = Variable("receiver", "Receiver", "query", "label_values(newswire_alerting_sends_in_total, receiver)")
WATCHLIST: Final = Variable("watchlist", "Watchlist", "query", "label_values(newswire_alerting_matches_total, watchlist)")

MOMENTS: Final = (
    Annotation(
        "Alarms that page",
        'max by (alertname) (ALERTS{alertname=~"Newswire.*", alertstate="firing", severity="page"})',
        Colour.RED,
        "{{alertname}}",
    ),
    Annotation(
        "Processes that started",
        'changes(newswire_build_info{instance=~"$instance"}[1m]) + on (instance) group_left () (time() - process_start_time_seconds < bool 60) > 0',
        Colour.GREY,
        "{{instance}} started, version {{version}}",
    ),
    Annotation(
        "Configurations that came in force",
        'changes(newswire_config_last_reload_success_timestamp_seconds{instance=~"$instance"}[1m]) > 0',
        Colour.BLUE,
        "{{instance}} took a new configuration",
    ),
)

# Where the colours change is where alarms begin to ask for somebody: deploy/prometheus/rules/alarms.yaml.
LATE: Final = steps(Colour.GREEN, (60, Colour.ORANGE), (300, Colour.RED))
"""Items, reports and messages: NewswireItemsLate, NewswireReportsLate, NewswireSendingLate."""
POLLED_LATE: Final = steps(Colour.GREEN, (300, Colour.ORANGE), (600, Colour.RED))
"""NewswirePollsStopped."""
PAGES_LATE: Final = steps(Colour.GREEN, (900, Colour.ORANGE), (3600, Colour.RED))
"""NewswirePagesLate."""
DISK: Final = steps(Colour.RED, (0.05, Colour.ORANGE), (0.10, Colour.GREEN))
"""NewswireDiskFull, NewswireDiskLow."""
TOLD_LATE: Final = steps(Colour.GREEN, (2, Colour.ORANGE), (300, Colour.RED))
"""The promise for what the feed's own text decides, and NewswireSendingLate."""

NONE_HAPPENED: Final = "none in the time shown"
NOTHING_ENDED: Final = (Said(None, "none ended"),)


def deeper(uid: str) -> Link:
    """Return the way to another dashboard, with the same time and choices."""
    return Link(TITLES[uid], f"/d/{uid}?${{__url_time_range}}&${{__all_variables}}")


def runbook(alarm: str) -> Link:
    """Return the way to what an alarm means and what to do."""
    return Link(f"Runbook: {alarm}", f"${{docs}}/runbooks/{alarm}.md")


def page(name: str) -> Link:
    """Return the way to a page of the docs."""
    return Link(f"Docs: {name}", f"${{docs}}/{name}")
