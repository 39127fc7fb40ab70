"""Alerts and receivers: who is told, who refuses, what waits and what was doubtful. Pure."""

from typing import Final

from tools.dashboards import expressions as of
from tools.dashboards.shared import (
    ALERTS,
    ALWAYS,
    DOCS_AT,
    LATE,
    MOMENTS,
    NONE_HAPPENED,
    NOTHING_ENDED,
    RECEIVER,
    TITLES,
    WATCHLISTS,
    deeper,
    page,
)
from tools.grafana import Colour, Column, Dashboard, Panel, Query, Row, Said, Step, Unit, stat, state_timeline, steps, table, time_series

_TO: Final = 'receiver=~"$receiver"'
_BAD: Final = steps(Colour.GREEN, (1, Colour.RED))
_ODD: Final = steps(Colour.GREEN, (1, Colour.ORANGE))


def alerts() -> Dashboard:
    """Return the dashboard."""
    rows = (
        Row("Are readers told?", (*_now(), *_receivers())),
        Row("What do receivers answer?", _sends()),
        Row("Digests, silences and notices", _beside()),
        Row("The alerter", _alerter()),
    )
    description = "Who is told and how fast, who refuses, what waits, what was doubtful, and what is told in digests."
    return Dashboard(ALERTS, TITLES[ALERTS], description, rows, (*ALWAYS, RECEIVER, DOCS_AT), MOMENTS)


def _now() -> tuple[Panel, ...]:
    def sends(title: str, description: str, outcome: str, limits: tuple[Step, ...]) -> Panel:
        expression = of.grown("newswire_alerting_sends_total", where=f'outcome=~"{outcome}", {_TO}')
        return stat(title, description, Query(expression, title), width=3, decimals=0, steps=limits)

    return (
        sends(
            "Accepted", "Messages, replies and edits that receivers accepted in the time shown.", "sent|found|repeated", steps(Colour.BLUE)
        ),
        sends("Refused", "Refused for good: they went to the fallback, or are dead letters.", "refused", _BAD),
        sends("In doubt", "Sends whose answer never came: they are looked for before anything is sent again.", "in_doubt", _ODD),
        sends("Repeated", "Sent again, marked as a possible repeat.", "repeated", _ODD),
        sends("Rate limited", "The receiver asked us to wait.", "rate_limited", _ODD),
        stat(
            "Receivers that refuse",
            "They refuse our token, our channel or our address, now.",
            Query(of.or_zero(of.summed(of.stored("newswire_alerting_receiver_refusing", "receiver", _TO))), "refusing"),
            width=3,
            steps=_BAD,
            says=(Said(0, "none", Colour.GREEN),),
            links=(page("receivers.md"),),
        ),
        stat(
            "Messages that wait",
            "Rows of the outbox that are new or being sent: not replies that gather until their time.",
            Query(
                of.or_zero(of.summed(of.stored("newswire_alerting_outbox_rows", "receiver, state", f'state=~"new|sending", {_TO}'))),
                "waiting",
            ),
            width=3,
            decimals=0,
            steps=steps(Colour.GREEN, (50, Colour.ORANGE)),
            says=(Said(0, "none", Colour.GREEN),),
        ),
        stat(
            "The longest wait",
            "Of a message that may be sent: not of what a digest gathers.",
            Query(of.or_zero(of.stored("newswire_alerting_outbox_oldest_seconds", where=_TO)), "longest"),
            width=3,
            unit=Unit.SECONDS,
            steps=LATE,
        ),
    )


def _receivers() -> tuple[Panel, ...]:
    return (
        table(
            "Each receiver",
            "Whether it refuses us, what waits for it and how long, replies that gather until their time, when it last accepted something, and what it accepted in the time shown.",
            Query(of.stored("newswire_alerting_receiver_refusing", "receiver", _TO), ""),
            Query(of.summed(of.stored("newswire_alerting_outbox_rows", "receiver, state", f'state=~"new|sending", {_TO}'), "receiver"), ""),
            Query(of.stored("newswire_alerting_outbox_oldest_seconds", "receiver", _TO), ""),
            Query(of.stored("newswire_alerting_outbox_rows", "receiver", f'state="gathered", {_TO}'), ""),
            Query(f"time() - {of.stored('newswire_alerting_receiver_last_success_timestamp_seconds', 'receiver', _TO)}", ""),
            Query(of.grown("newswire_alerting_sends_total", "receiver", f'outcome=~"sent|found|repeated", {_TO}'), ""),
            columns=(
                Column("receiver", "Receiver"),
                Column("Value #A", "Refuses us", says=(Said(0, "no", Colour.GREEN), Said(1, "yes", Colour.RED)), steps=_BAD),
                Column("Value #B", "Waiting"),
                Column("Value #C", "Longest wait", Unit.SECONDS, LATE),
                Column("Value #D", "Gathering"),
                Column("Value #E", "Since it last accepted", Unit.SECONDS),
                Column("Value #F", "Accepted", Unit.COUNT),
            ),
            decimals=0,
            width=14,
            links=(page("receivers.md"),),
        ),
        time_series(
            "From seen to told, by receiver",
            "99 of 100, over 15 minutes. The dashed line is the promise for what the feed's own text decides.",
            Query(of.quantile(0.99, "newswire_seen_to_told_seconds", "receiver", _TO), "{{receiver}}"),
            unit=Unit.SECONDS,
            steps=steps(Colour.GREEN, (2, Colour.RED)),
            limit=True,
            says=NOTHING_ENDED,
            width=10,
        ),
    )


def _sends() -> tuple[Panel, ...]:
    return (
        time_series(
            "Attempts to deliver a minute, by how they ended",
            "sent, found (an earlier attempt had been accepted after all), and what did not go well.",
            Query(of.minutely("newswire_alerting_sends_total", "outcome", _TO), "{{outcome}}"),
            no_value=NONE_HAPPENED,
            stacked=True,
            unit=Unit.A_MINUTE,
            links=(page("receivers.md"),),
        ),
        time_series(
            "How long has the oldest message waited, by receiver?",
            "One receiver that is away holds up none of the others.",
            Query(of.stored("newswire_alerting_outbox_oldest_seconds", "receiver", _TO), "{{receiver}}"),
            unit=Unit.SECONDS,
            steps=LATE,
            limit=True,
        ),
        time_series(
            "The outbox, by state",
            "new: waits for its receiver; sending: is under way; gathered: a reply that gathers until its time; failed: was given up, `newswire dead list`.",
            Query(of.summed(of.stored("newswire_alerting_outbox_rows", "receiver, state", _TO), "state"), "{{state}}"),
            stacked=True,
            decimals=0,
        ),
        time_series(
            "What was doubtful, in the last hour",
            "Repeats that a reader may have seen twice, and replies that an edit of their parent tells instead.",
            Query(of.grown("newswire_alerting_resends_total", where=_TO, over="1h"), "sent again"),
            Query(of.grown("newswire_alerting_replies_folded_total", where=_TO, over="1h"), "replies folded"),
            steps=_ODD,
            limit=True,
        ),
        time_series(
            "Receivers that are being called",
            "Calls at once: each receiver has one lane. All busy for long: receivers are slow.",
            Query(of.or_zero(f"sum({of.chosen('newswire_alerting_lanes_busy')})"), "busy"),
            decimals=0,
        ),
        time_series(
            "Alerts an hour, by severity",
            "What was decided to be told: an alert of two watchlists counts under both.",
            Query(of.hourly("newswire_alerting_alerts_total", "severity"), "{{severity}}"),
            no_value=NONE_HAPPENED,
            links=(deeper(WATCHLISTS),),
        ),
    )


def _beside() -> tuple[Panel, ...]:
    def hourly(title: str, description: str, name: str, label: str, link: str) -> Panel:
        query = Query(of.hourly(name, label), f"{{{{{label}}}}}")
        return time_series(title, description, query, decimals=0, no_value=NONE_HAPPENED, width=6, links=(page(link),))

    return (
        hourly(
            "Alerts left to a digest, an hour",
            "Why they were not told by a message of their own.",
            "newswire_alerting_gathered_total",
            "reason",
            "digests.md",
        ),
        hourly("Digests an hour", "Why there was one.", "newswire_alerting_digests_total", "occasion", "digests.md"),
        time_series(
            "Silences in force",
            "Silences that have not ended, by state. `newswire silence list` says whose they are.",
            Query(of.stored("newswire_alerting_silences", "state"), "{{state}}"),
            decimals=0,
            width=6,
            links=(page("silences.md"),),
        ),
        hourly(
            "Notices to operators, an hour",
            "What Newswire told of itself in the ops channel.",
            "newswire_notices_total",
            "kind",
            "notices.md",
        ),
    )


def _alerter() -> tuple[Panel, ...]:
    return (
        state_timeline(
            "Which process is the active alerter?",
            "Exactly one at every moment, save for the seconds of a handover.",
            Query(f"sum by (instance) ({of.chosen('newswire_alerting_active')})", "{{instance}}"),
            says=(Said(1, "active", Colour.GREEN), Said(0, "stands by", Colour.GREY)),
            steps=steps(Colour.GREY, (1, Colour.GREEN)),
            width=8,
        ),
        time_series(
            "How far behind is the index of the search?",
            "For how long an archived report has waited to be indexed for `newswire search`. It tells nobody later.",
            Query(of.or_zero(of.stored("newswire_alerting_search_lag_seconds")), "oldest"),
            unit=Unit.SECONDS,
            width=5,
        ),
        time_series(
            "Items that were indexed for search, a minute",
            "Their newest report.",
            Query(of.per_minute("newswire_alerting_search_indexed_total"), "indexed"),
            unit=Unit.A_MINUTE,
            width=5,
        ),
        time_series(
            "Rows that were kept long enough, an hour",
            "What retention dropped, by kind.",
            Query(of.hourly("newswire_alerting_pruned_total", "kind"), "{{kind}}"),
            no_value=NONE_HAPPENED,
            decimals=0,
            width=6,
            links=(page("archive.md"),),
        ),
    )
