"""Watchlists: what is in force, which of them match and tell, and what they hold back and why. Pure."""

from typing import Final

from tools.dashboards import expressions as of
from tools.dashboards.shared import ALERTS, ALWAYS, DOCS_AT, MOMENTS, NONE_HAPPENED, TITLES, WATCHLIST, WATCHLISTS, deeper, page, runbook
from tools.grafana import Colour, Column, Dashboard, Panel, Query, Row, Said, Unit, bar_gauge, stat, steps, table, time_series

_OF: Final = 'watchlist=~"$watchlist"'


def watchlists() -> Dashboard:
    """Return the dashboard."""
    rows = (
        Row("What is in force?", _in_force()),
        Row("Which watchlists tell?", _telling()),
        Row("What is held, and why?", _held()),
    )
    description = "Which watchlists are in force, what they match and tell, and what they hold back and why."
    return Dashboard(WATCHLISTS, TITLES[WATCHLISTS], description, rows, (*ALWAYS, WATCHLIST, DOCS_AT), MOMENTS, since="now-24h")


def _in_force() -> tuple[Panel, ...]:
    def by_status(title: str, description: str, status: str) -> Panel:
        expression = of.or_zero(of.stored("newswire_alerting_watchlists", where=f'status="{status}"'))
        limits = steps(Colour.RED, (1, Colour.GREEN)) if status == "active" else steps(Colour.BLUE)
        return stat(title, description, Query(expression, title), width=3, decimals=0, steps=limits, links=(page("watchlists.md"),))

    return (
        by_status("Active", "Watchlists that tell.", "active"),
        by_status("Staged", "Watchlists that are counted and shown by `newswire staged`, and tell nobody.", "staged"),
        by_status("Muted", "Watchlists that somebody has muted.", "muted"),
        stat(
            "Which configuration is in force?",
            "The newest, or an older one because the files on disk have faults: /readyz and the log name them.",
            Query(of.newest_in_force(), "newest"),
            width=5,
            steps=steps(Colour.ORANGE, (1, Colour.GREEN)),
            says=(Said(0, "an older one", Colour.ORANGE), Said(1, "the newest", Colour.GREEN)),
            links=(page("operating.md"),),
        ),
        stat(
            "Since the files were found good",
            "How long ago what stands on disk was last taken.",
            Query(f"time() - min({of.chosen('newswire_config_last_reload_success_timestamp_seconds')})", "ago"),
            width=4,
            unit=Unit.SECONDS,
            steps=steps(Colour.BLUE),
        ),
        stat(
            "What became of changes, in the time shown",
            "Taken: a new set came in force, or the old text was put back. Refused: the files had faults, and the set from before stayed.",
            Query(of.grown("newswire_config_reloads_total", where='outcome=~"loaded|restored"'), "taken"),
            Query(of.grown("newswire_config_reloads_total", where='outcome="refused"'), "refused"),
            width=6,
            decimals=0,
            steps=steps(Colour.BLUE),
            links=(runbook("NewswireConfigRefused"), page("operating.md")),
        ),
    )


def _telling() -> tuple[Panel, ...]:
    return (
        table(
            "Each watchlist, in the time shown",
            "Matched: reports that it matched. Alerts: what became a message. Held: what told nobody, by its own conditions or by a silence.",
            Query(of.grown("newswire_alerting_matches_total", "watchlist", _OF), ""),
            Query(of.grown("newswire_alerting_alerts_total", "watchlist", _OF), ""),
            Query(of.grown("newswire_alerting_held_total", "watchlist", _OF), ""),
            columns=(
                Column("watchlist", "Watchlist"),
                Column("Value #A", "Matched"),
                Column("Value #B", "Alerts"),
                Column("Value #C", "Held"),
            ),
            sorted_by="Matched",
            decimals=0,
            width=8,
            height=12,
            links=(page("watchlists.md"),),
        ),
        bar_gauge(
            "Which tell most, in the time shown?",
            "The ten with most alerts. One that towers over all others is too wide, or the world's news of the day.",
            Query(f"sort_desc(topk(10, {of.grown('newswire_alerting_alerts_total', 'watchlist', _OF)} > 0))", "{{watchlist}}"),
            width=8,
            height=12,
            decimals=0,
            steps=steps(Colour.BLUE),
            no_value="no alerts",
        ),
        time_series(
            "Alerts an hour, by watchlist",
            "What each decided to tell: an alert of two watchlists counts under both.",
            Query(of.hourly("newswire_alerting_alerts_total", "watchlist", _OF), "{{watchlist}}"),
            no_value=NONE_HAPPENED,
            stacked=True,
            width=8,
            height=12,
            links=(deeper(ALERTS),),
        ),
        time_series(
            "Reports that matched an hour, by watchlist",
            "Every report that it matched: more than one may come of a story, and join one alert.",
            Query(of.hourly("newswire_alerting_matches_total", "watchlist", _OF), "{{watchlist}}"),
            no_value=NONE_HAPPENED,
            stacked=True,
            width=12,
        ),
        time_series(
            "Alerts an hour, by severity",
            "Of the chosen watchlists.",
            Query(of.hourly("newswire_alerting_alerts_total", "severity", _OF), "{{severity}}"),
            no_value=NONE_HAPPENED,
            stacked=True,
            width=12,
        ),
    )


def _held() -> tuple[Panel, ...]:
    return (
        table(
            "Held, by watchlist and reason, in the time shown",
            "condition: a key of `when` did not hold; label, score: not what it asks for; silenced, muted, staged: somebody's wish; max_age, backlog: too old.",
            Query(f"{of.grown('newswire_alerting_held_total', 'watchlist, reason', _OF)} > 0", ""),
            columns=(Column("watchlist", "Watchlist"), Column("reason", "Reason"), Column("Value", "Held", Unit.COUNT)),
            sorted_by="Held",
            decimals=0,
            width=8,
            no_value="Nothing was held.",
            links=(page("why.md"),),
        ),
        time_series(
            "Held an hour, by reason",
            "What the chosen watchlists held back.",
            Query(of.hourly("newswire_alerting_held_total", "reason", _OF), "{{reason}}"),
            no_value=NONE_HAPPENED,
            stacked=True,
            width=8,
        ),
        time_series(
            "All reports a minute, by what alerting did",
            "Of all watchlists together: most of the world's news is held, by its label.",
            Query(of.minutely("newswire_alerting_reports_total", "outcome, reason"), "{{outcome}} {{reason}}"),
            no_value=NONE_HAPPENED,
            stacked=True,
            unit=Unit.A_MINUTE,
            width=8,
            links=(page("why.md"),),
        ),
    )
