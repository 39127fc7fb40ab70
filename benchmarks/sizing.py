"""Writes docs/sizing.md: how much of everything a Newswire of a given size needs, computed from measured figures.

Each constant names the command that measured it. Measure anew on your machines, put the figures here, and run it again:

    python -m benchmarks.sizing
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Final

# Measured on 27 November 2026, on two cores of an AMD EPYC that other work shared.
STORAGE: Final = "`make bench-storage`, articles of 2,500 characters in sixteen languages"
ITEM_BYTES: Final = 522  # on Kafka, gzip, one copy
REPORT_BYTES: Final = 1_212
ALERT_BYTES: Final = 259
REPORTS_AN_ITEM: Final = 2  # by the feed, by the page
ALERTS_AN_ITEM: Final = 2  # a decision for each report; deliveries are few beside them
SEEN_BYTES: Final = 322  # in PostgreSQL, for each item, indexes and all
TRAIL_BYTES: Final = 2_780
ARCHIVE_BYTES: Final = 5_980
DECISION_BYTES: Final = 5_336
STORY_BYTES: Final = (
    1_371 + 164 + 1_496
)  # stories, story_items, outbox; half of the measured articles are diplomacy, far more than in the news
ALERTER_REPORTS_S: Final = 250.0
PIPELINE: Final = "`make bench-pipeline`: 82 items a second, each with its page, on two cores"
ITEM_CPU_S: Final = 2 / 82
POLL: Final = "`python benchmarks/bench_poll.py --feeds 500`"
POLL_CPU_S: Final = 0.00595  # a poll that finds 30 new items; one that finds nothing takes a fifth
MEMORY: Final = "`make run-kafka`, the most that each process and its children took (sum of PSS)"
COLLECT_MIB: Final = 87
PROCESS_MIB: Final = 364
ALERT_MIB: Final = 94

# Chosen, not measured.
PEAK: Final = 3.0  # the busiest hour against the mean
BUSY: Final = 0.6  # how much of a core a process is given to do
POLLS_A_DAY: Final = 96  # a poll each quarter of an hour; Newswire itself goes from 2 minutes to a day, by what a source publishes
COPIES: Final = 3
KEPT_DAYS: Final = 7
DAY_S: Final = 86_400
_UNITS: Final = ((1e6, "MB"), (1e9, "GB"), (1e12, "TB"))


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is to watch."""

    name: str
    feeds: int
    items_a_day: int


@dataclass(frozen=True, slots=True)
class Needs:
    """What that takes."""

    size: Size
    items_s: float  # at the peak
    polls_s: float
    collectors: int
    processors: int
    partitions: int
    alerter_busy: float
    records_a_day: int
    kafka_a_day: float  # bytes, one copy
    kafka_kept: float  # bytes, all copies, as long as they are kept
    store_a_day: float
    memory_mib: float


SIZES: Final = (
    Size("a desk", 150, 3_000),
    Size("a region", 2_000, 30_000),
    Size("a continent", 20_000, 200_000),
    Size("Media Cloud", 180_000, 1_000_000),
    Size("ten times that", 1_800_000, 10_000_000),
)


def needs_of(size: Size) -> Needs:
    """Return what a Newswire of this size needs."""
    items_s = size.items_a_day / DAY_S * PEAK
    polls_s = size.feeds * POLLS_A_DAY / DAY_S
    collectors = max(1, ceil(polls_s * POLL_CPU_S / BUSY))
    processors = max(2, ceil(items_s * ITEM_CPU_S / BUSY))
    kafka_a_day = size.items_a_day * (ITEM_BYTES + REPORTS_AN_ITEM * REPORT_BYTES + ALERTS_AN_ITEM * ALERT_BYTES)
    return Needs(
        size=size,
        items_s=items_s,
        polls_s=polls_s,
        collectors=collectors,
        processors=processors,
        partitions=max(12, 2 * processors),
        alerter_busy=items_s * REPORTS_AN_ITEM / ALERTER_REPORTS_S,
        records_a_day=size.items_a_day * (1 + REPORTS_AN_ITEM + ALERTS_AN_ITEM),
        kafka_a_day=kafka_a_day,
        kafka_kept=kafka_a_day * COPIES * KEPT_DAYS,
        store_a_day=size.items_a_day * (SEEN_BYTES + TRAIL_BYTES + ARCHIVE_BYTES + DECISION_BYTES + STORY_BYTES),
        memory_mib=collectors * COLLECT_MIB + processors * PROCESS_MIB + 2 * ALERT_MIB,
    )


def text() -> str:
    """Return the whole of docs/sizing.md."""
    needs = [needs_of(size) for size in SIZES]
    return (
        "\n\n".join(
            (
                "# Sizing",
                (
                    "Written by `python -m benchmarks.sizing` from measured figures. Its constants are at the end of this page, each with the command that measured it. "
                    "They were taken on two cores of an AMD EPYC that other work shared. All columns are computed: nobody has run Newswire at the last two sizes."
                ),
                "## What it takes",
                _table(("", *(one.size.name for one in needs)), _rows(needs)),
                (
                    f"- *Peak* is {PEAK:g} times the mean. A process is given {BUSY:.0%} of a core to do. A source is polled {POLLS_A_DAY} times a day.\n"
                    "- The processes' cores come on top of what Kafka and PostgreSQL need. `make bench-bus` measures a broker.\n"
                    f"- *Kafka, kept* is with {COPIES} copies for {KEPT_DAYS} days (`news.dead`: 90 days).\n"
                    "- Make the topics with the number of partitions given here (`NEWSWIRE_KAFKA_NUM_PARTITIONS`) before they are needed: they cannot be raised later without moving keys.\n"
                    "- *Memory* is of Newswire's own processes. The broker of `make run-kafka` took 367 MiB."
                ),
                "## Where it ends",
                (
                    f"**The alerter.** One alerter is active, and it decides {ALERTER_REPORTS_S:g} reports a second on the machine of this measurement, with PostgreSQL on the same two cores. "
                    "Above 100% it falls behind at the peak and catches up after; above 300% it never does. Media Cloud's size is within it. Ten times that needs several Newswires, "
                    "each with its own watchlists, topic prefix and store, fed by the same kind of collectors.\n\n"
                    "**The store's disk.** Reports are kept for 90 days, decisions, stories and trails for 400 (docs/archive.md); the search index comes on top, about as much again as the archive.\n\n"
                    "**Politeness.** One request at a time to a host, two seconds apart (`NEWSWIRE_HOST_SPACING`): a host that owns many feeds is polled as slowly as that allows, however many collectors there are."
                ),
                "## The figures it is computed from",
                _table(("figure", "value", "measured by"), _figures()),
            )
        )
        + "\n"
    )


def _rows(needs: Sequence[Needs]) -> Iterable[tuple[str, ...]]:
    yield ("feeds", *(f"{one.size.feeds:,}" for one in needs))
    yield ("items a day", *(f"{one.size.items_a_day:,}" for one in needs))
    yield ("items a second, peak", *(f"{one.items_s:,.1f}" for one in needs))
    yield ("polls a second", *(f"{one.polls_s:,.1f}" for one in needs))
    yield ("`collect` processes", *(f"{one.collectors:,}" for one in needs))
    yield ("`process` processes", *(f"{one.processors:,}" for one in needs))
    yield ("`alert` processes", *("2 (1 active)" for _ in needs))
    yield ("active alerter busy, peak", *(f"{one.alerter_busy:.0%}" for one in needs))
    yield ("partitions a topic", *(f"{one.partitions:,}" for one in needs))
    yield ("records a day", *(f"{one.records_a_day:,}" for one in needs))
    yield ("Kafka, a day, one copy", *(_bytes(one.kafka_a_day) for one in needs))
    yield ("Kafka, kept", *(_bytes(one.kafka_kept) for one in needs))
    yield ("PostgreSQL, a day", *(_bytes(one.store_a_day) for one in needs))
    yield ("PostgreSQL, a year", *(_bytes(one.store_a_day * 365) for one in needs))
    yield ("memory", *(_bytes(one.memory_mib * 2**20) for one in needs))


def _figures() -> Iterable[tuple[str, ...]]:
    yield ("an item on `news.items`", f"{ITEM_BYTES:,} bytes, gzip", STORAGE)
    yield ("a report on `news.reports`", f"{REPORT_BYTES:,} bytes, gzip; {REPORTS_AN_ITEM} an item", STORAGE)
    yield ("a record on `news.alerts`", f"{ALERT_BYTES:,} bytes, gzip; {ALERTS_AN_ITEM} an item", STORAGE)
    tables = (("seen", SEEN_BYTES), ("trail", TRAIL_BYTES), ("archive", ARCHIVE_BYTES), ("decisions", DECISION_BYTES))
    for name, size in (*tables, ("stories, story_items, outbox", STORY_BYTES)):
        yield (f"an item in `{name}`", f"{size:,} bytes, indexes and all", STORAGE)
    yield ("reports that one alerter decides", f"{ALERTER_REPORTS_S:g} a second", STORAGE)
    yield ("an item, all stages", f"{1_000 * ITEM_CPU_S:.0f} ms of processor time", PIPELINE)
    yield ("a poll", f"{1_000 * POLL_CPU_S:.1f} ms of processor time", f"{POLL}: 30 new items in each")
    for name, size in (("collect", COLLECT_MIB), ("process", PROCESS_MIB), ("alert", ALERT_MIB)):
        yield (f"`newswire {name}`", f"{size} MiB", MEMORY)


def _bytes(size: float) -> str:
    unit = next((unit for unit in _UNITS if size < unit[0] * 1_000), _UNITS[-1])
    shown = size / unit[0]
    return f"{shown:,.0f} {unit[1]}" if shown >= 10 else f"{shown:,.1f} {unit[1]}"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(headings) + " |", "|" + " --- |" * len(headings)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def main() -> None:
    """Write the page anew."""
    path = Path(__file__).resolve().parents[1] / "docs" / "sizing.md"
    path.write_text(text(), encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
