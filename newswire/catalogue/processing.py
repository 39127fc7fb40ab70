"""What the processors count: items, pages, labels."""

from typing import Final

from newswire.catalogue.entry import OTHER, Across, Entry, Kind, Label, closed, ended
from newswire.languages import LANGUAGES, UNKNOWN
from newswire.outcomes import DeadReason, FetchReason, ItemOutcome, NoPageReason, PageOutcome, PageReason, ParseReason, RunStage
from newswire.records import Basis
from newswire.records import Label as NewsLabel

LATENCY_BUCKETS_S: Final = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 120, 300, 900, 3600, 21600)
LATENCY_BECAUSE: Final = (
    "the target is a 99th percentile under 2 s, which is a bound with one close on either side; "
    "above it they reach to the hours that an outage lasts"
)

_HERE: Final = frozenset({RunStage.PROCESS})
_NO_PAGE_TEXT: Final = (*FetchReason, *ParseReason, *PageReason)

PROCESSING: Final = (
    Entry(
        "newswire_processors_items_in_total",
        Kind.COUNTER,
        "Items read from the bus.",
        unit="items",
        normal="as the collectors' new and revised entries",
        act="where it falls behind them, see `newswire_bus_backlog_records`",
        across=Across.SUM,
        stages=_HERE,
    ),
    Entry(
        "newswire_processors_items_total",
        Kind.COUNTER,
        "Items after the first look, by outcome; `reported_final` says why no page look is owed, `dead` why it was given up.",
        unit="items",
        normal="no `dead`",
        act="`newswire dead list` says what could not be handled and why; `newswire dead replay --all` puts it back when that is put right",
        across=Across.SUM,
        labels=(closed("outcome", ItemOutcome), Label("reason", "NoPageReason, DeadReason, or empty", ("", *NoPageReason, *DeadReason))),
        stages=_HERE,
        pairs=(
            *ended(ItemOutcome.REPORTED, [""]),
            *ended(ItemOutcome.REPORTED_FINAL, NoPageReason),
            *ended(ItemOutcome.DEAD, DeadReason),
        ),
    ),
    Entry(
        "newswire_processors_pages_in_total",
        Kind.COUNTER,
        "Page looks begun.",
        unit="looks",
        normal="about one an item, and one more for each retry",
        act="none of its own",
        across=Across.SUM,
        stages=_HERE,
    ),
    Entry(
        "newswire_processors_pages_total",
        Kind.COUNTER,
        "Page looks ended, by outcome and reason. `feed_final`: the page failed for good, and the feed's own text is the final word.",
        unit="looks",
        normal="most `reported`; walls and teasers (`less_text`, `http_4xx`, `robots`) make most of the rest",
        act="a reason that rises at once for all is ours: network, resolver, the jail; `newswire why URL` tells the way of one page",
        across=Across.SUM,
        labels=(
            closed("outcome", PageOutcome),
            Label(
                "reason",
                "FetchReason, ParseReason, PageReason, DeadReason, or empty",
                tuple(dict.fromkeys(("", *_NO_PAGE_TEXT, *DeadReason))),
            ),
        ),
        stages=_HERE,
        pairs=(
            *ended(PageOutcome.REPORTED, [""]),
            *ended(PageOutcome.FEED_FINAL, _NO_PAGE_TEXT),
            *ended(PageOutcome.RETRY, [*FetchReason, PageReason.RELEASED]),
            *ended(PageOutcome.DEAD, DeadReason),
        ),
    ),
    Entry(
        "newswire_processors_pages_due",
        Kind.GAUGE,
        "Pages that are owed a look, those that wait for a retry among them.",
        unit="pages",
        normal="up to some hundred; more after a start",
        act="where it grows for an hour, start another processor, or see which hosts are slow (`newswire_http_fetch_seconds`)",
        across=Across.MAX,
        stages=_HERE,
    ),
    Entry(
        "newswire_processors_pages_due_oldest_seconds",
        Kind.GAUGE,
        "For how long the page that may be fetched and has waited longest has been due; not those that somebody has in hand or whose host is held back.",
        unit="seconds",
        normal="under a minute; where many pages are of one host, its spacing times their number",
        act="the second look is late, the alerts on headlines are not: start another processor",
        across=Across.MAX,
        stages=_HERE,
    ),
    Entry(
        "newswire_processors_labels_total",
        Kind.COUNTER,
        "Final reports, by label and language.",
        unit="reports",
        normal="each label's share about as last week, in each language",
        act="a share that jumps is a feed that changed, or a model that was: `newswire evaluate` on labelled items of that language",
        across=Across.SUM,
        labels=(
            closed("label", NewsLabel),
            Label("language", "the languages that Newswire knows, `und`, `other`", (*LANGUAGES, UNKNOWN, OTHER)),
        ),
        stages=_HERE,
    ),
    Entry(
        "newswire_seen_to_reported_seconds",
        Kind.HISTOGRAM,
        "From first seen in the feed to reported, by what was waited for: the `page` too where it failed for good and the feed's text is the last word.",
        unit="seconds",
        normal="`feed`: within a second or two; `page`: within a minute",
        act="the queue before the processors grows (`newswire_bus_backlog_oldest_seconds`, topic `news.items`): start another one",
        across=Across.SUM,
        labels=(closed("basis", Basis),),
        stages=_HERE,
        buckets=LATENCY_BUCKETS_S,
        buckets_because=LATENCY_BECAUSE,
    ),
)
