"""Whether the watch is whole: what was found, judged by the thresholds by which the notices speak and the alarms fire. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from alerting.notices.desk_rules import LATE_S as QUEUE_LATE_S
from alerting.notices.receiver_rules import LATE_S as SENDING_LATE_S
from newswire.cli.status.facts import Away, BusFacts, Facts, FileFacts, StoreFacts, there
from newswire.cli.status.sources import Sources, sources_of
from newswire.topics import ITEMS, REPORTS

DUE_LATE_S: Final = 900.0
"""A source that is due, that could be polled and that nobody takes for so long: nobody collects, or too few do."""

PAGES_LATE_S: Final = 3_600.0
DARK_SHARE: Final = 0.2
"""Past this share of sources that bring nothing it is no longer a matter of single outlets."""

DEAD_LATELY_S: Final = 86_400.0
BACKUP_LATE_S: Final = 2 * 86_400.0


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
    NOT_READY = "not_ready"
    RECEIVER_REFUSES = "receiver_refuses"
    SENDING_LATE = "sending_late"
    ALERTS_GIVEN_UP = "alerts_given_up"
    RECEIVER_NOT_SET_UP = "receiver_not_set_up"
    REPORTS_LATE = "reports_late"
    ITEMS_LATE = "items_late"
    PAGES_LATE = "pages_late"
    DISK_LOW = "disk_low"
    NO_SOURCES = "no_sources"
    NO_WATCHLISTS = "no_watchlists"
    FILES_FAULTY = "files_faulty"
    SOURCES_DARK = "sources_dark"
    COUNTRY_BLIND = "country_blind"
    DEAD_LETTERS = "dead_letters"
    BACKUP_LATE = "backup_late"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One reason why the watch is not whole: what, since when (seconds since 1970 UTC), what to do."""

    concern: Concern
    what: str
    do: str
    since: float | None = None


class Work(StrEnum):
    """Whether a stage is at work."""

    RUNS = "runs"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the three stages: whether it is at work, and what shows it."""

    name: str
    work: Work
    shown_by: str


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
    sources = sources_of(known, places) if not isinstance(facts.store, Away) else None
    stages = _stages(facts, store, there(facts.bus))
    troubles = [*_ground(facts), *_at_work(facts, stages)]
    if store is not None:
        troubles += [*_telling(facts, store), *_late(facts, store)]
    troubles += [*_queues(facts), *_seeing(sources, files), *_keeping(facts)]
    order = list(Concern)
    return Status(facts, stages, sources, tuple(sorted(troubles, key=lambda one: order.index(one.concern))))


def _ground(facts: Facts) -> Iterator[Trouble]:
    if facts.store is None:
        yield Trouble(
            Concern.NEVER_RAN, f"nothing has run here yet: there is no store at {facts.store_shown}", "`newswire run` starts the watch"
        )
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


def _stages(facts: Facts, store: StoreFacts | None, bus: BusFacts | None) -> tuple[Stage, ...]:
    return (_collect(facts, store, bus), _process(store, bus, facts), _alert(facts, store, bus))


def _nobody(facts: Facts, bus: BusFacts | None) -> bool:
    return facts.bus is None or (bus is not None and bus.processes == 0)


def _collect(facts: Facts, store: StoreFacts | None, bus: BusFacts | None) -> Stage:
    if _nobody(facts, bus):
        return Stage("collect", Work.STOPPED, "no process has the bus open")
    if store is None:
        return Stage("collect", Work.UNKNOWN, "the store would tell")
    work = store.work
    overdue_s = _age(facts, work.sources_due.since)
    if overdue_s >= DUE_LATE_S and not work.collecting:
        return Stage("collect", Work.STOPPED, f"{_many(work.sources_due.count, 'source')} due and in nobody's hand")
    if work.polled_at is None:
        return Stage("collect", Work.UNKNOWN, "no source was polled yet")
    if work.collecting:
        return Stage("collect", Work.RUNS, ", ".join(f"{owner} has {_many(many, 'source')} in hand" for owner, many in work.collecting))
    return Stage("collect", Work.RUNS, f"{_many(work.sources_due.count, 'source')} due" if work.sources_due.count else "no source is due")


def _process(store: StoreFacts | None, bus: BusFacts | None, facts: Facts) -> Stage:
    if _nobody(facts, bus):
        return Stage("process", Work.STOPPED, "no process has the bus open")
    if bus is None:
        return Stage("process", Work.UNKNOWN, "the bus would tell")
    members = sum(queue.members for queue in bus.queues if queue.topic == ITEMS.name)
    if not members:
        return Stage("process", Work.STOPPED, "nobody reads items")
    hands = f", {_many(sum(many for _, many in store.work.reading), 'page')} in hand" if store is not None and store.work.reading else ""
    return Stage("process", Work.RUNS, f"{_many(members, 'member')} of its group{hands}")


def _alert(facts: Facts, store: StoreFacts | None, bus: BusFacts | None) -> Stage:
    if _nobody(facts, bus):
        return Stage("alert", Work.STOPPED, "no process has the bus open")
    if store is None:
        return Stage("alert", Work.UNKNOWN, "the store would tell")
    lead = store.work.lead
    if lead is None or lead.until <= facts.now.timestamp():
        return Stage("alert", Work.STOPPED, "nobody holds the lease")
    return Stage("alert", Work.RUNS, f"{lead.owner} is the active alerter")


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
    if local is not None and local.ready is False:
        yield Trouble(Concern.NOT_READY, f"the process at {local.address} is not ready", "its log says what it waits for")


def _telling(facts: Facts, store: StoreFacts) -> Iterator[Trouble]:
    now = facts.now.timestamp()
    for one in facts.receivers:
        if one.state == "refused":
            yield Trouble(Concern.RECEIVER_REFUSES, f"{one.name} refuses us: {one.why}", one.do or "")
    refusing = {one.name for one in facts.receivers if one.state == "refused"}
    for name, waiting in sorted(store.overdue.items()):
        if now - waiting.since >= SENDING_LATE_S and name not in refusing:
            known = next((one for one in facts.receivers if one.name == name), None)
            why = f" ({known.state}: {known.why})" if known is not None and known.why else ""
            do = (known.do if known is not None else None) or "`newswire receivers list` shows what stands in the way"
            yield Trouble(
                Concern.SENDING_LATE,
                f"{_many(waiting.rows, 'message')} wait{'s' if waiting.rows == 1 else ''} for {name}{why}",
                do,
                waiting.since,
            )
    given_up = [one for one in store.given_up if one.receiver not in refusing]
    for name in sorted({one.receiver for one in given_up}):
        theirs = [one for one in given_up if one.receiver == name]
        yield Trouble(
            Concern.ALERTS_GIVEN_UP,
            f"{_many(len(theirs), 'alert')} given up at {name}: {theirs[-1].code}",
            "`newswire dead list` names them, `newswire dead replay` sends them again",
            theirs[0].at,
        )


def _late(facts: Facts, store: StoreFacts) -> Iterator[Trouble]:
    pages = store.work.pages_due
    if pages.since is not None and _age(facts, pages.since) >= PAGES_LATE_S:
        yield Trouble(
            Concern.PAGES_LATE,
            f"{_many(pages.count, 'page')} wait to be fetched",
            "start more `newswire process`; the feeds' own text is told meanwhile",
            pages.since,
        )


_QUEUES: Final = {
    ITEMS.name: (Concern.ITEMS_LATE, "item", "to be read", "start more `newswire process`, or look into their log"),
    REPORTS.name: (Concern.REPORTS_LATE, "report", "to be decided", "see that `newswire alert` runs and its database keeps up"),
}


def _queues(facts: Facts) -> Iterator[Trouble]:
    bus = there(facts.bus)
    if bus is None:
        return
    for queue in bus.queues:
        if queue.oldest_at is not None and _age(facts, queue.oldest_at) >= QUEUE_LATE_S:
            concern, noun, what, do = _QUEUES[queue.topic]
            yield Trouble(concern, f"{_many(queue.records, noun)} wait {what}", do, queue.oldest_at)
    if bus.dead_newest_at is not None and _age(facts, bus.dead_newest_at) < DEAD_LATELY_S:
        yield Trouble(
            Concern.DEAD_LETTERS,
            f"records could not be handled today; {_many(bus.dead, 'dead letter')} are kept",
            "`newswire dead list` says why; `newswire dead replay` tries them again",
            bus.dead_newest_at,
        )


def _seeing(sources: Sources | None, files: FileFacts | None) -> Iterator[Trouble]:
    if files is not None:
        if not files.sources and not files.source_faults:
            yield Trouble(Concern.NO_SOURCES, "no source is configured: nothing is watched", "`newswire sources add URL`")
        if not any(status == "active" for status in files.watchlists.values()) and not files.faults:
            yield Trouble(
                Concern.NO_WATCHLISTS,
                "no watchlist is active: nobody would be told anything",
                "`newswire watchlist new NAME`, then `newswire promote NAME`",
            )
        if faults := (*files.source_faults, *files.faults):
            yield Trouble(
                Concern.FILES_FAULTY,
                f"the files on disk have {_many(len(faults), 'fault')}: {faults[0]}",
                "`newswire check` shows all; the older set stays in force until they are right",
            )
        for words in files.receivers_lack:
            yield Trouble(Concern.RECEIVER_NOT_SET_UP, words, "set it; an alerter does not start without it")
    if sources is not None:
        if sources.dark > DARK_SHARE * sources.total:
            yield Trouble(
                Concern.SOURCES_DARK,
                f"{sources.dark} of {_many(sources.total, 'source')} bring nothing",
                "first see whether this machine's own network is sound; `newswire sources check` looks at each",
            )
        if sources.blind:
            yield Trouble(
                Concern.COUNTRY_BLIND,
                f"no source of {_listed(sources.blind)} brings anything",
                "`newswire sources check` looks at each, and finds a feed that has moved",
            )


def _keeping(facts: Facts) -> Iterator[Trouble]:
    for disk in facts.sizes.disks:
        if disk.free_bytes < disk.must_bytes:
            yield Trouble(
                Concern.DISK_LOW,
                f"the disk of {disk.folder} is nearly full ({disk.free_bytes / max(1, disk.total_bytes):.0%} free): no source is polled",
                "make room; polling goes on by itself at twice NEWSWIRE_DISK_LOW",
            )
    store = there(facts.store)
    if store is not None and store.backup_at is not None and _age(facts, store.backup_at) >= BACKUP_LATE_S:
        yield Trouble(
            Concern.BACKUP_LATE, "the last backup is old", "`newswire backup DIR`; see why its timer does not run", store.backup_at
        )


def _age(facts: Facts, at: float | None) -> float:
    return facts.now.timestamp() - at if at is not None else 0.0


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _listed(names: tuple[str, ...], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
