"""Whether the watch is whole: what was found, judged as the alarms judge it, with their limits. One cause, one trouble. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from newswire.cli.status.facts import Away, Facts, FileFacts, StoreFacts, there
from newswire.cli.status.sources import Sources, sources_of
from newswire.cli.status.stages import Stage, Work, stages_of
from newswire.cli.status.words import listed, many
from newswire.late import LATE_S
from newswire.outcomes import SourceState
from newswire.topics import ITEMS, REPORTS

PAGES_LATE_S: Final = 3_600.0
GIVEN_UP_S: Final = 3_600.0
DEAD_LATELY_S: Final = 3_600.0
BACKUP_LATE_S: Final = 2 * 86_400.0
FAILING_SHARE: Final = 0.5
LOST_SHARE: Final = 0.05
SHORT_SHARE: Final = 0.10
SHORT_BYTES: Final = 1e9
"""The limits of deploy/prometheus/rules/alarms.yaml, which has the reasons; a test holds them to it. An alarm then waits for minutes more."""


class Concern(StrEnum):
    """Why a watch is not whole, the most important first."""

    NEVER_RAN = "never_ran"
    STORE_AWAY = "store_away"
    BUS_AWAY = "bus_away"
    MOVED = "moved"
    NOTHING_RUNS = "nothing_runs"
    ALERT_STOPPED = "alert_stopped"
    PROCESS_STOPPED = "process_stopped"
    COLLECT_STOPPED = "collect_stopped"
    DISK_FULL = "disk_full"
    SOURCES_FAILING = "sources_failing"
    RECEIVER_REFUSES = "receiver_refuses"
    SENDING_LATE = "sending_late"
    REPORTS_LATE = "reports_late"
    ITEMS_LATE = "items_late"
    NO_SOURCES = "no_sources"
    NO_WATCHLISTS = "no_watchlists"
    FILES_FAULTY = "files_faulty"
    RECEIVER_NOT_SET_UP = "receiver_not_set_up"
    NOT_READY = "not_ready"
    ALERTS_GIVEN_UP = "alerts_given_up"
    COUNTRY_BLIND = "country_blind"
    SOURCES_LOST = "sources_lost"
    PAGES_LATE = "pages_late"
    DEAD_LETTERS = "dead_letters"
    DISK_SHORT = "disk_short"
    BACKUP_LATE = "backup_late"


ALARMS: Final[dict[Concern, str]] = {
    Concern.STORE_AWAY: "NewswireStoreAway",
    Concern.BUS_AWAY: "NewswireBusAway",
    Concern.NOTHING_RUNS: "NewswireStageDown",
    Concern.ALERT_STOPPED: "NewswireNoActiveAlerter",
    Concern.PROCESS_STOPPED: "NewswireStageDown",
    Concern.COLLECT_STOPPED: "NewswirePollsStopped",
    Concern.DISK_FULL: "NewswireDiskFull",
    Concern.SOURCES_FAILING: "NewswireSourcesFailing",
    Concern.RECEIVER_REFUSES: "NewswireReceiverRefusing",
    Concern.SENDING_LATE: "NewswireSendingLate",
    Concern.REPORTS_LATE: "NewswireReportsLate",
    Concern.ITEMS_LATE: "NewswireItemsLate",
    Concern.NO_WATCHLISTS: "NewswireNoWatchlists",
    Concern.FILES_FAULTY: "NewswireConfigRefused",
    Concern.NOT_READY: "NewswireNotReady",
    Concern.ALERTS_GIVEN_UP: "NewswireAlertsGivenUp",
    Concern.COUNTRY_BLIND: "NewswireCountryBlind",
    Concern.SOURCES_LOST: "NewswireSourcesLost",
    Concern.PAGES_LATE: "NewswirePagesLate",
    Concern.DEAD_LETTERS: "NewswireDeadLetters",
    Concern.DISK_SHORT: "NewswireDiskLow",
    Concern.BACKUP_LATE: "NewswireBackupOld",
}
"""The alarm that says the same. Those concerns that have none keep every process from starting, or there is none yet: nobody could ring."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One reason why the watch is not whole: what, since when (seconds since 1970 UTC), what to do."""

    concern: Concern
    what: str
    do: str
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """The watch, judged. `troubles` stand in order of importance; none: it is whole."""

    facts: Facts
    stages: tuple[Stage, ...]
    sources: Sources | None  # None: neither the store nor the files tell
    troubles: tuple[Trouble, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is amiss that an alarm would fire on."""
        return not self.troubles


def judge(facts: Facts) -> Status:
    """Return the status of the watch."""
    store, files = there(facts.store), there(facts.files)
    known = store.sources if store is not None else ()
    places = files.sources if files is not None else {}
    sources = sources_of(known, places, facts.now.timestamp()) if not isinstance(facts.store, Away) else None
    stages = stages_of(facts)
    down = {stage.name for stage in stages if stage.work is Work.STOPPED}
    troubles = [*_ground(facts), *_at_work(facts, stages), *_keeping(facts), *_desk(files, stages), *_queues(facts, down)]
    if store is not None:
        troubles += [*_telling(facts, store, down), *_pages(facts, store, down)]
    if sources is not None and "collect" not in down:
        troubles += _seeing(sources)
    order = list(Concern)
    return Status(facts, stages, sources, tuple(sorted(troubles, key=lambda one: order.index(one.concern))))


_WITH_SYSTEMD: Final = "with systemd: `sudo newswire-command status`"


def _ground(facts: Facts) -> Iterator[Trouble]:
    local = there(facts.local)
    if facts.store is None and local is not None and local.ours:
        what = f"a Newswire runs at {local.address}, and there is no store at {facts.store_shown}: these are not its settings"
        yield Trouble(Concern.NEVER_RAN, what, f"look with those that it has ({_WITH_SYSTEMD})")
    elif facts.store is None:
        what = f"nothing has run here yet: there is no store at {facts.store_shown}"
        do = f"where it has, look with its settings ({_WITH_SYSTEMD}), and at its disk; where it has not, `newswire run` starts the watch"
        yield Trouble(Concern.NEVER_RAN, what, do)
    if isinstance(facts.store, Away):
        yield Trouble(Concern.STORE_AWAY, f"the store cannot be read: {facts.store.why}", "`newswire doctor` looks into it")
    if isinstance(facts.bus, Away):
        yield Trouble(Concern.BUS_AWAY, f"the bus cannot be read: {facts.bus.why}", "`newswire doctor` looks into it")
    store = there(facts.store)
    if store is not None and store.moved_to is not None:
        yield Trouble(
            Concern.MOVED,
            f"the data were moved to {store.moved_to}: nothing is told from here",
            "point NEWSWIRE_STORE there (docs/moving.md)",
        )


_STOPPED: Final = {
    "collect": (
        Concern.COLLECT_STOPPED,
        "nobody collects: no source is polled",
        "`newswire collect` (or `run`) on a machine; its log says why it ended",
    ),
    "process": (
        Concern.PROCESS_STOPPED,
        "nobody processes: items are not read",
        "`newswire process` (or `run`) on a machine; its log says why it ended",
    ),
    "alert": (
        Concern.ALERT_STOPPED,
        "nobody alerts: no reader is told anything",
        "`newswire alert` (or `run`) on a machine; its log says why it ended",
    ),
}


def _at_work(facts: Facts, stages: tuple[Stage, ...]) -> Iterator[Trouble]:
    stopped = [stage for stage in stages if stage.work is Work.STOPPED]
    if facts.store is None:
        return
    if len(stopped) == len(stages):
        yield Trouble(
            Concern.NOTHING_RUNS,
            "nothing runs: no source is polled and no reader is told anything",
            "`newswire run`, or start its service; its log says why it ended",
        )
        return
    for stage in stopped:
        concern, what, do = _STOPPED[stage.name]
        yield Trouble(concern, f"{what} ({stage.shown_by})", do)
    local = there(facts.local)
    away = isinstance(facts.store, Away) or isinstance(facts.bus, Away)  # and is what it waits for
    if local is not None and local.ready is False and not away:
        yield Trouble(Concern.NOT_READY, f"the process at {local.address} is not ready", "its log says what it waits for")


def _telling(facts: Facts, store: StoreFacts, down: Collection[str]) -> Iterator[Trouble]:
    refusing = {one.name for one in facts.receivers if one.state == "refused" and one.one_message is False}
    for one in facts.receivers:
        if one.name in refusing:
            yield Trouble(Concern.RECEIVER_REFUSES, f"{one.name} refuses us: {one.why}", one.do or "")
    for name, waiting in sorted(store.overdue.items()):
        if _age(facts, waiting.since) > LATE_S and name not in refusing and "alert" not in down:
            known = next((one for one in facts.receivers if one.name == name), None)
            why = f" ({known.state}: {known.why})" if known is not None and known.why else ""
            do = (known.do if known is not None else None) or "`newswire receivers list` shows what stands in the way"
            what = f"{many(waiting.rows, 'message')} {'waits' if waiting.rows == 1 else 'wait'} for {name}{why}"
            yield Trouble(Concern.SENDING_LATE, what, do, waiting.since)
    lately = [one for one in store.given_up if one.receiver not in refusing and _age(facts, one.at) < GIVEN_UP_S]
    for name in sorted({one.receiver for one in lately}):
        theirs = [one for one in lately if one.receiver == name]
        yield Trouble(
            Concern.ALERTS_GIVEN_UP,
            f"{many(len(theirs), 'alert')} given up at {name}: {theirs[-1].code}",
            "`newswire dead list` names them, `newswire dead replay --all` sends them again",
            theirs[0].at,
        )


def _pages(facts: Facts, store: StoreFacts, down: Collection[str]) -> Iterator[Trouble]:
    since = store.work.pages_due_since
    if since is not None and _age(facts, since) > PAGES_LATE_S and "process" not in down:
        do = "start more `newswire process`, or look which host holds many back; headlines are told in time"
        yield Trouble(Concern.PAGES_LATE, f"{many(store.work.pages, 'article page')} wait to be fetched", do, since)


_QUEUES: Final = {
    ITEMS.name: (Concern.ITEMS_LATE, "process", "item", "to be read", "start more `newswire process`; where they are idle, read their log"),
    REPORTS.name: (
        Concern.REPORTS_LATE,
        "alert",
        "report",
        "to be decided",
        "see whether the database is slow: one alerter is active, more do not help",
    ),
}


def _queues(facts: Facts, down: Collection[str]) -> Iterator[Trouble]:
    bus = there(facts.bus)
    for queue in bus.queues if bus is not None else ():
        concern, stage, noun, what, do = _QUEUES[queue.topic]
        if queue.oldest_at is not None and _age(facts, queue.oldest_at) > LATE_S and stage not in down:
            yield Trouble(concern, f"{many(queue.records, noun)} wait {what}", do, queue.oldest_at)
    if bus is not None and bus.dead_newest_at is not None and _age(facts, bus.dead_newest_at) < DEAD_LATELY_S:
        do = "`newswire dead list` says why; after the fix, `newswire dead replay --all`"
        yield Trouble(Concern.DEAD_LETTERS, "records could not be handled within the last hour", do, bus.dead_newest_at)


def _desk(files: FileFacts | None, stages: Sequence[Stage]) -> Iterator[Trouble]:
    if files is None:
        return
    if not files.sources and not files.source_faults:
        yield Trouble(Concern.NO_SOURCES, "no source is configured: nothing is watched", "`newswire sources add URL`")
    if not files.faults and "active" not in files.watchlists.values():
        do = "`newswire watchlist list`, then `newswire promote NAME --to active` for the one that is meant to be live"
        yield Trouble(Concern.NO_WATCHLISTS, "no watchlist is active: nobody would be told anything", do)
    alerts = any(stage.name == "alert" and stage.work is Work.RUNS for stage in stages)
    if faults := (*files.source_faults, *files.faults):
        until = "the older set stays in force until then" if alerts else "no stage starts with them"
        do = f"`newswire check` says file, line and what would be right; {until}"
        yield Trouble(Concern.FILES_FAULTY, f"the files on disk have {many(len(faults), 'fault')}: {faults[0]}", do)
    # Where one is at work it has what it needs, whatever the environment here lacks.
    for words in () if alerts else files.receivers_lack:
        yield Trouble(Concern.RECEIVER_NOT_SET_UP, words, "set it: an alerter does not start without it")


def _seeing(sources: Sources) -> Iterator[Trouble]:
    if sources.failing_share > FAILING_SHARE:
        do = "so many at once point at our own network: `newswire doctor`, then `newswire sources check`"
        yield Trouble(Concern.SOURCES_FAILING, f"{sources.failing_share:.0%} of the sources cannot be read", do)
        return
    if sources.blind:
        do = "`newswire sources list` says why; add another source of that country where they are lost"
        yield Trouble(Concern.COUNTRY_BLIND, f"nothing comes from {listed(sources.blind)}", do)
    for state in (SourceState.SILENT, SourceState.BLOCKED, SourceState.RETIRED):
        if sources.by_state[state] > LOST_SHARE * sources.total:
            do = "go through `newswire sources list`: mend, replace or take out each"
            yield Trouble(Concern.SOURCES_LOST, f"{sources.by_state[state]:,} of {sources.total:,} sources are {state}", do)


def _keeping(facts: Facts) -> Iterator[Trouble]:
    for disk in facts.sizes.disks:
        free = f"{disk.free_bytes / max(1, disk.total_bytes):.0%} free"
        if disk.free_bytes < disk.must_bytes:
            do = "make room; polling goes on by itself at twice of NEWSWIRE_DISK_LOW"
            yield Trouble(Concern.DISK_FULL, f"no feed is polled: the disk of {disk.folder} is nearly full ({free})", do)
        elif disk.must_bytes and (disk.free_bytes < SHORT_SHARE * disk.total_bytes or disk.free_bytes < SHORT_BYTES):
            do = "make room, or keep less: NEWSWIRE_KEEP_TEXT, NEWSWIRE_KEEP_REPORTS"
            yield Trouble(Concern.DISK_SHORT, f"the disk of {disk.folder} fills up ({free})", do)
    store = there(facts.store)
    if store is not None and store.backup_at is not None and _age(facts, store.backup_at) > BACKUP_LATE_S:
        yield Trouble(
            Concern.BACKUP_LATE, "the last backup is old", "`newswire backup DIR` by hand, then look at what runs it", store.backup_at
        )


def _age(facts: Facts, at: float) -> float:
    return facts.now.timestamp() - at
