"""Whether each of the three stages is at work, and what shows it: leases, groups, the alerter's role. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from newswire.cli.status.facts import Away, Facts, there
from newswire.cli.status.words import age, many
from newswire.topics import ITEMS

DUE_LATE_S: Final = 600.0
"""As deploy/prometheus/rules/alarms.yaml has it (NewswirePollsStopped)."""


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


def stages_of(facts: Facts) -> tuple[Stage, ...]:
    """Return the stages in the order of the news' way."""
    if facts.bus is None or ((bus := there(facts.bus)) is not None and bus.processes == 0):
        return tuple(Stage(name, Work.STOPPED, "no process has the bus open") for name in ("collect", "process", "alert"))
    return (_collect(facts), _process(facts), _alert(facts))


def _collect(facts: Facts) -> Stage:
    store, now = there(facts.store), facts.now.timestamp()
    if store is None:
        return Stage("collect", *_unknown(facts.store))
    work = store.work
    if work.collecting:
        return Stage("collect", Work.RUNS, ", ".join(f"{owner} has {many(count, 'source')} in hand" for owner, count in work.collecting))
    if work.sources_due.since is not None and now - work.sources_due.since > DUE_LATE_S:
        return Stage("collect", Work.STOPPED, f"{many(work.sources_due.count, 'source')} due and in nobody's hand")
    local = there(facts.local)
    here = local is not None and local.ready is True and "collect" in local.stages  # on Kafka no log tells who collects between two polls
    if work.polled_at is None:
        return Stage("collect", Work.RUNS if here else Work.UNKNOWN, "no source was polled yet")
    due = f"{many(work.sources_due.count, 'source')} due" if work.sources_due.count else "no source is due"
    seen = here or now - work.polled_at <= DUE_LATE_S
    return Stage("collect", Work.RUNS if seen else Work.UNKNOWN, f"{due}, the last poll was {age(max(0.0, now - work.polled_at))}")


def _process(facts: Facts) -> Stage:
    bus, store = there(facts.bus), there(facts.store)
    if bus is None:
        return Stage("process", *_unknown(facts.bus))
    members = sum(queue.members for queue in bus.queues if queue.topic == ITEMS.name)
    if not members:
        return Stage("process", Work.STOPPED, "nobody reads items")
    in_hand = sum(count for _, count in store.work.reading) if store is not None else 0
    return Stage(
        "process", Work.RUNS, f"{many(members, 'member')} of its group" + (f", {many(in_hand, 'page')} in hand" if in_hand else "")
    )


def _alert(facts: Facts) -> Stage:
    store = there(facts.store)
    if store is None:
        return Stage("alert", *_unknown(facts.store))
    lead = store.work.lead
    if lead is None or lead.until <= facts.now.timestamp():
        return Stage("alert", Work.STOPPED, "nobody holds the lease")
    return Stage("alert", Work.RUNS, f"{lead.owner} is the active alerter")


def _unknown(part: object) -> tuple[Work, str]:
    """Return what a stage is of which the part that would tell is away, or not there yet."""
    return (Work.UNKNOWN, "what would tell is away") if isinstance(part, Away) else (Work.STOPPED, "there is no store yet")
