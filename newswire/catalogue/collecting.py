"""What the collectors count: polls, entries, and how the sources fare."""

from typing import Final

from newswire.catalogue.entry import Across, Entry, Kind, Label, closed, ended
from newswire.outcomes import EntryOutcome, FetchReason, ParseReason, PollOutcome, PressureCause, RunStage, SourceState

_HERE: Final = frozenset({RunStage.COLLECT})
_READABLE: Final = (FetchReason.OK, FetchReason.NOT_MODIFIED)
_FAULTS: Final = (*(reason for reason in FetchReason if reason not in _READABLE), *ParseReason)
POLL_REASONS: Final = Label("reason", "FetchReason, ParseReason", tuple(dict.fromkeys((*FetchReason, *ParseReason))))

COLLECTING: Final = (
    Entry(
        "newswire_collectors_polls_in_total",
        Kind.COUNTER,
        "Polls begun.",
        unit="polls",
        normal="steady: the number of sources over their mean interval",
        act="where it stands still while sources are due, look at `newswire_collectors_pressure` and at the worker `collect`",
        across=Across.SUM,
        stages=_HERE,
    ),
    Entry(
        "newswire_collectors_polls_total",
        Kind.COUNTER,
        "Polls ended, by outcome and reason.",
        unit="polls",
        normal="nearly all `read` or `unchanged`; each reason of `failed` about as often as last week",
        act="one reason that rises for many hosts is our own network, resolver or certificates; for a few it is them: `newswire sources list`",
        across=Across.SUM,
        labels=(closed("outcome", PollOutcome), POLL_REASONS),
        stages=_HERE,
        pairs=(
            *ended(PollOutcome.READ, [FetchReason.OK]),
            *ended(PollOutcome.UNCHANGED, _READABLE),
            *ended(PollOutcome.FAILED, _FAULTS),
        ),
    ),
    Entry(
        "newswire_collectors_entries_in_total",
        Kind.COUNTER,
        "Entries found in feeds that were read.",
        unit="entries",
        normal="as many as the feeds list, again at every poll that is not answered `unchanged`",
        act="none of its own",
        across=Across.SUM,
        stages=_HERE,
    ),
    Entry(
        "newswire_collectors_entries_total",
        Kind.COUNTER,
        "Entries of feeds that were read, by what became of them.",
        unit="entries",
        normal="`new` follows the hours of the day; `rejected` and `overflow` near zero",
        act="no `new` for an hour of the day that has some: see the sources by state; `rejected` that rises: a feed has changed its shape, the log names it",
        across=Across.SUM,
        labels=(closed("outcome", EntryOutcome),),
        stages=_HERE,
    ),
    Entry(
        "newswire_collectors_possible_gaps_total",
        Kind.COUNTER,
        "Polls in which no entry was known from the poll before: some may have been missed.",
        unit="polls",
        normal="a few a day, right after an outage more",
        act="where it goes on, polls of those feeds are too far apart: the log names them, `interval` in their file makes them closer",
        across=Across.SUM,
        stages=_HERE,
    ),
    Entry(
        "newswire_collectors_sources",
        Kind.GAUGE,
        "Configured sources, by how they fare against their own past and by country. A refusal or a failure shows with the first poll that met it; notices wait until it lasts.",
        unit="sources",
        normal="nearly all `ok`; `waiting` zero some minutes after a start",
        act="`newswire sources list` names them with their reasons; `newswire sources check` finds feeds that have moved",
        across=Across.MAX,
        labels=(closed("state", SourceState), Label("country", "the sources' countries, `none` where a source has none")),
        stages=_HERE,
    ),
    Entry(
        "newswire_collectors_sources_due",
        Kind.GAUGE,
        "Sources that are due and that nobody has in hand; not those whose host asked to be left alone.",
        unit="sources",
        normal="a few; a peak after a start",
        act="where it grows, the collectors hold back (`newswire_collectors_pressure`) or there are too few of them",
        across=Across.MAX,
        stages=_HERE,
    ),
    Entry(
        "newswire_collectors_due_oldest_seconds",
        Kind.GAUGE,
        "For how long the most overdue of them has been due.",
        unit="seconds",
        normal="under a minute",
        act="as for `newswire_collectors_sources_due`: what it measures is news that is seen so much later",
        across=Across.MAX,
        stages=_HERE,
    ),
    Entry(
        "newswire_collectors_pressure",
        Kind.GAUGE,
        "How much the collectors hold back, from 0 (not at all) to 1 (no new polls), by cause.",
        unit="share",
        normal="0",
        act="the cause says what does not keep up: processors, alerting, or the disk; start more processors, find out why alerting stands, make room",
        across=Across.MAX,
        labels=(closed("cause", PressureCause),),
        stages=_HERE,
    ),
    Entry(
        "newswire_published_to_seen_seconds",
        Kind.HISTOGRAM,
        "From the publication date in the feed to first seen, of new entries that are dated and no backlog.",
        unit="seconds",
        normal="half within the polling interval; some outlets date ahead of what they list by hours",
        act="where it rises for all, polls are late (`newswire_collectors_due_oldest_seconds`); else shorten `interval` where it matters",
        across=Across.SUM,
        stages=_HERE,
        buckets=(60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 259200),
        buckets_because="polls are two minutes to a day apart, so that this is a matter of minutes to hours: below a minute there is nothing to tell apart",
    ),
)
