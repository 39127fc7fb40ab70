"""What the guarded HTTP client and the jail count."""

from typing import Final

from newswire.catalogue.entry import Across, Entry, Kind, Label, closed
from newswire.outcomes import FetchKind, FetchReason, JailEnd, JailOutcome, RunStage

_HERE: Final = frozenset({RunStage.COLLECT, RunStage.PROCESS})
_KIND: Final = closed("kind", FetchKind)
_TASK: Final = Label("task", "the functions that run in the jail")

FETCHING: Final = (
    Entry(
        "newswire_http_fetches_in_total",
        Kind.COUNTER,
        "Fetches begun, by what for.",
        unit="fetches",
        normal="as the polls and the page looks; few of robots.txt",
        act="none of its own",
        across=Across.SUM,
        labels=(_KIND,),
        stages=_HERE,
    ),
    Entry(
        "newswire_http_fetches_total",
        Kind.COUNTER,
        "Fetches ended, by what for and how. A redirect of a page that is handed back counts as `redirected`, what follows as a fetch of its own.",
        unit="fetches",
        normal="mostly `ok` and `not_modified`; each other reason about as often as last week",
        act="`dns`, `connect`, `tls`, `deadline` that rise at once for all: our own network; `blocked_address`: a source leads where nothing may be fetched",
        across=Across.SUM,
        labels=(_KIND, closed("reason", FetchReason)),
        stages=_HERE,
    ),
    Entry(
        "newswire_http_body_bytes_total",
        Kind.COUNTER,
        "Decoded bytes of bodies that were kept, by what for.",
        unit="bytes",
        normal="steady over a day",
        act="feeds that double it send whole archives, or have stopped answering `not_modified`",
        across=Across.SUM,
        labels=(_KIND,),
        stages=_HERE,
    ),
    Entry(
        "newswire_http_fetch_seconds",
        Kind.HISTOGRAM,
        "From the wish to fetch to the end of it, the wait for the host's turn among it, whatever the end.",
        unit="seconds",
        normal="half under a second; what waits for its host's turn takes longer",
        act="all slower at once: our own network or resolver; else hosts that hang, which cost nobody but themselves",
        across=Across.SUM,
        labels=(_KIND,),
        stages=_HERE,
        buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 40),
        buckets_because="a near server answers in tens of milliseconds; the deadlines are 30 s for a feed and 40 s for a page: nothing lies beyond",
    ),
    Entry(
        "newswire_jail_tasks_total",
        Kind.COUNTER,
        "Tasks ended in the jail, by what became of them.",
        unit="tasks",
        normal="nearly all `ok`",
        act="as for `newswire_jail_kills_total`; `raised`: a parser's fault, which the log tells",
        across=Across.SUM,
        labels=(_TASK, closed("outcome", JailOutcome)),
        stages=_HERE,
    ),
    Entry(
        "newswire_jail_kills_total",
        Kind.COUNTER,
        "Children of the jail that were killed, or died, before their task was done.",
        unit="children",
        normal="a few a day, on hostile or enormous documents",
        act="many `deadline`: the machine is too busy; many `memory`: less is there than the jail may take; the log names the task, `newswire why URL` the page",
        across=Across.SUM,
        labels=(_TASK, closed("reason", JailEnd)),
        stages=_HERE,
    ),
    Entry(
        "newswire_jail_busy_seconds_total",
        Kind.COUNTER,
        "Time that children of the jail worked.",
        unit="seconds",
        normal="its rate, the children that are busy on average, under their number (2 a process)",
        act="near that number: another processor is due",
        across=Across.SUM,
        labels=(_TASK,),
        stages=_HERE,
    ),
)
