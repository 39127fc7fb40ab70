"""Sources and countries: who answers, who does not, what they bring and how late. Pure."""

from typing import Final

from tools.dashboards import expressions as of
from tools.dashboards.shared import (
    ALWAYS,
    COUNTRY,
    DOCS_AT,
    FLOW,
    MOMENTS,
    NONE_HAPPENED,
    NOTHING_ENDED,
    POLLED_LATE,
    SOURCES,
    TITLES,
    deeper,
    page,
)
from tools.grafana import (
    Colour,
    Column,
    Dashboard,
    Panel,
    Query,
    Row,
    Said,
    Unit,
    bar_gauge,
    heatmap,
    stat,
    state_timeline,
    steps,
    table,
    time_series,
)

_STATES: Final = {
    "ok": ("Sources that answer as ever", steps(Colour.GREEN), ""),
    "failing": ("Failing", steps(Colour.GREEN, (1, Colour.ORANGE)), "Their last polls failed: `newswire sources list` says how."),
    "silent": ("Silent", steps(Colour.GREEN, (1, Colour.ORANGE)), "They answer, but brought nothing for much longer than ever."),
    "blocked": ("Blocked", steps(Colour.GREEN, (1, Colour.ORANGE)), "They refuse us: 401, 403, 429, robots."),
    "retired": (
        "Retired",
        steps(Colour.GREEN, (1, Colour.ORANGE)),
        "They say that they are gone (410): take them out, or find the new address.",
    ),
    "waiting": ("Never polled yet", steps(Colour.BLUE), "Configured, and not polled so far: after a start, for a while."),
}
_COLOURS: Final = {
    "ok": Colour.GREEN,
    "failing": Colour.RED,
    "silent": Colour.ORANGE,
    "blocked": Colour.PURPLE,
    "retired": Colour.GREY,
    "waiting": Colour.BLUE,
}
_IN_COUNTRY: Final = 'country=~"$country"'
_OK_IN_COUNTRY: Final = f'state="ok", {_IN_COUNTRY}'


def sources() -> Dashboard:
    """Return the dashboard."""
    rows = (
        Row("Which sources answer?", (*_by_state(), *_over_time())),
        Row("Are they polled in time?", _polls()),
        Row("What do they bring?", _entries()),
        Row("How does the web answer?", _fetches()),
    )
    description = "Who of the configured sources answers, who does not, what they bring and how late."
    return Dashboard(SOURCES, TITLES[SOURCES], description, rows, (*ALWAYS, COUNTRY, DOCS_AT), MOMENTS)


def _by_state() -> tuple[Panel, ...]:
    return tuple(
        stat(
            title,
            description or "The last poll went well, and they bring what they always brought.",
            Query(of.or_zero(of.sources(f'state="{state}", {_IN_COUNTRY}')), state),
            decimals=0,
            steps=limits,
            links=(page("sources.md"),),
        )
        for state, (title, limits, description) in _STATES.items()
    )


def _over_time() -> tuple[Panel, ...]:
    shown = ("ok", "failing", "silent", "blocked", "retired", "waiting")
    return (
        time_series(
            "Sources by state",
            "All configured sources, by state. A step of many at once is ours (network, DNS, a block); single ones are theirs.",
            Query(of.sources(_IN_COUNTRY, "state"), "{{state}}"),
            stacked=True,
            decimals=0,
            width=8,
            columns=tuple(Column(state, colour=colour) for state, colour in _COLOURS.items()),
            links=(page("sources.md"),),
        ),
        bar_gauge(
            "In which countries do sources answer least?",
            "The share of each country's sources that are ok, the ten worst first. `none` are sources with no country.",
            Query(f"sort(bottomk(10, {of.sources(_OK_IN_COUNTRY, 'country')} / {of.sources(_IN_COUNTRY, 'country')}))", "{{country}}"),
            unit=Unit.SHARE,
            decimals=0,
            most=1,
            width=6,
            steps=steps(Colour.RED, (0.5, Colour.ORANGE), (0.95, Colour.GREEN)),
        ),
        table(
            "Sources of each country, by state",
            "One line a country. What is not ok is in the columns to the right of it.",
            Query(of.sources(_IN_COUNTRY, "country, state"), ""),
            matrix=("country", "state"),
            columns=(
                Column("country\\state", "Country"),
                *(Column(state, state, steps=_STATES[state][1] if state != "ok" else ()) for state in shown),
            ),
            width=10,
        ),
    )


def _polls() -> tuple[Panel, ...]:
    return (
        time_series(
            "Polls a minute, by how they ended",
            "read: new bytes; unchanged: 304 or the same bytes; failed: see the reasons beside.",
            Query(of.per_minute("newswire_collectors_polls_total", "outcome"), "{{outcome}}"),
            stacked=True,
            unit=Unit.A_MINUTE,
            width=8,
        ),
        time_series(
            "Failed polls a minute, by reason",
            "deadline, dns, connect, tls: the way there; http_4xx, rate_limited, robots: they refuse us; not_a_feed: what stands there is no feed any more.",
            Query(of.minutely("newswire_collectors_polls_total", "reason", 'outcome="failed"'), "{{reason}}"),
            no_value=NONE_HAPPENED,
            stacked=True,
            unit=Unit.A_MINUTE,
            width=8,
            links=(page("sources.md"),),
        ),
        time_series(
            "How long has the most overdue source waited?",
            "Of the sources that are due and that no process has in hand. It grows where pollers are too few, or held back.",
            Query(of.or_zero(of.stored("newswire_collectors_due_oldest_seconds")), "most overdue"),
            unit=Unit.SECONDS,
            steps=POLLED_LATE,
            limit=True,
            width=8,
        ),
        time_series(
            "Sources that are due now",
            "Sources that should be polled now and that no process has in hand.",
            Query(of.or_zero(of.stored("newswire_collectors_sources_due")), "due"),
            decimals=0,
            width=8,
        ),
        time_series(
            "How much polling holds back",
            "0: not at all; 1: no new polls. processors, alerting: they are behind; disk: it is nearly full.",
            Query(of.stored("newswire_collectors_pressure", "cause"), "{{cause}}"),
            unit=Unit.SHARE,
            most=1,
            width=8,
            links=(page("reference.md"),),
        ),
        time_series(
            "Possible gaps",
            "Polls in the last hour in which no entry was known: the feed has turned over faster than it was polled, and some may have been missed.",
            Query(of.grown("newswire_collectors_possible_gaps_total", over="1h"), "in the last hour"),
            decimals=0,
            steps=steps(Colour.GREEN, (1, Colour.ORANGE)),
            limit=True,
            width=8,
        ),
    )


def _entries() -> tuple[Panel, ...]:
    return (
        time_series(
            "Entries a minute, by what became of them",
            "unchanged: known already, the most of every feed; new and revised go on; duplicate: another source brought it first.",
            Query(of.minutely("newswire_collectors_entries_total", "outcome"), "{{outcome}}"),
            no_value=NONE_HAPPENED,
            stacked=True,
            unit=Unit.A_MINUTE,
            width=8,
        ),
        time_series(
            "New entries a minute",
            "What the world brings. Compare it with the same hour of other days.",
            Query(of.per_minute("newswire_collectors_entries_total", "outcome", 'outcome=~"new|revised"'), "{{outcome}}"),
            unit=Unit.A_MINUTE,
            width=8,
        ),
        heatmap(
            "How old are entries when they are first seen?",
            "Dated entries that are no backlog, from the date that the feed gives. Most should lie within a poll's interval.",
            Query(of.buckets("newswire_published_to_seen_seconds"), "{{le}}"),
            unit=Unit.SECONDS,
            width=8,
        ),
    )


def _fetches() -> tuple[Panel, ...]:
    return (
        time_series(
            "Fetches of feeds a minute, by how they ended",
            "Every HTTP fetch of a feed, its redirects within.",
            Query(of.minutely("newswire_http_fetches_total", "reason", 'kind="feed"'), "{{reason}}"),
            no_value=NONE_HAPPENED,
            stacked=True,
            unit=Unit.A_MINUTE,
            width=6,
        ),
        time_series(
            "How long do fetches take?",
            "95 of 100 take at most so long, over 15 minutes, by what is fetched.",
            Query(of.quantile(0.95, "newswire_http_fetch_seconds", "kind"), "{{kind}}"),
            unit=Unit.SECONDS,
            says=NOTHING_ENDED,
            width=6,
        ),
        time_series(
            "Bytes a second, by what is fetched",
            "Decoded bytes of bodies that were kept.",
            Query(of.per_second("newswire_http_body_bytes_total", "kind"), "{{kind}}"),
            stacked=True,
            unit=Unit.BYTES_A_SECOND,
            width=6,
        ),
        state_timeline(
            "Do the collectors run?",
            "Each process that collects, and whether it is ready.",
            Query(
                'min by (instance) (newswire_ready{instance=~"$instance"}) and on (instance) (newswire_stage_up{stage="collect"} == 1)',
                "{{instance}}",
            ),
            says=(Said(1, "ready", Colour.GREEN), Said(0, "not ready", Colour.RED)),
            steps=steps(Colour.RED, (1, Colour.GREEN)),
            width=6,
            links=(deeper(FLOW),),
        ),
    )
