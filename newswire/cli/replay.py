"""`newswire replay`: what Newswire would make of records that lie on a topic, from a time or an offset on. It reaches nobody and changes nothing."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TextIO, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from newswire import log
from newswire.bus import Delivered
from newswire.cli import EXIT_USAGE, app, compose
from newswire.cli.moments import moment
from newswire.cli.options import AsJson, Config, read_settings
from newswire.clock import SystemClock
from newswire.codec import decode, encode
from newswire.config import find_config_folder
from newswire.errors import Permanent
from newswire.records import Decision, Item, Report
from newswire.topics import ITEMS, REPORTS, Topic, topic_named

if TYPE_CHECKING:
    from alerting.rehearsal import Rehearsal
    from processors.understand import Understanding

R = TypeVar("R")
_BATCH: Final = 100
_TOPICS: Final = (ITEMS, REPORTS)


@dataclass(frozen=True, slots=True)
class _Line:
    """A record, and what would have become of it."""

    record: Delivered
    report: Report | None
    decision: Decision | None
    fault: str  # empty where there is a decision


@app.command()
def replay(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="news.items or news.reports.")],
    *,
    since: Annotated[
        str, typer.Option("--since", metavar="WHEN", help="First moment of writing: 2026-11-20T00:00 (UTC), or so long ago: 6h.")
    ] = "",
    until: Annotated[str, typer.Option("--until", metavar="WHEN", help="Records written then or later are left out.")] = "",
    from_offset: Annotated[
        list[str] | None,
        typer.Option("--from-offset", metavar="PARTITION:OFFSET", help="Begin there, and leave the other partitions out; may be repeated."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", help="Stop after so many records (0: none).")] = 0,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the reports there, one JSON object a line.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say what would be decided about records of a topic with the configuration as it is: a dry run that can reach no receiver and moves no offset."""
    from alerting.rehearsal import Rehearsal

    now = SystemClock().now()
    wanted = _usage(lambda: _topic(topic))
    begin, end = _usage(lambda: moment(since, now)), _usage(lambda: moment(until, now))
    offsets = _usage(lambda: dict(map(_offset, from_offset))) if from_offset else None
    settings = read_settings(config)
    log.set_up(level=settings.log_level, secrets=tuple(settings.secret_values()))
    folder = find_config_folder(settings.config)
    with ExitStack() as stack:
        understanding = compose.load_understanding(folder)
        desk = compose.require_desk(folder, understanding, now)
        routes = desk.routes if settings.slack_token is not None else desk.routes.with_terminal()
        rehearsal = stack.enter_context(Rehearsal(watchlists=compose.compile_desk(desk), routes=routes, clock=SystemClock()))
        bus = compose.open_bus(settings, SystemClock())
        stack.callback(bus.close)
        reports_file = stack.enter_context(out.open("w", encoding="utf-8")) if out is not None else None
        found = (record for record in bus.browse(wanted, since=begin, offsets=offsets) if end is None or record.written_at < end)
        summary = _Summary()
        for line in _rehearsed(islice(found, limit or None), wanted, understanding, rehearsal):
            repeat = summary.add(line)
            _write(reports_file, line)
            if as_json:
                print(json.dumps({**_as_json(line), "repeat": repeat}, ensure_ascii=False))
            else:
                _print(line, repeat=repeat)
    _close(summary, as_json=as_json)


def _rehearsed(records: Iterator[Delivered], topic: Topic, understanding: "Understanding", rehearsal: "Rehearsal") -> Iterator[_Line]:
    while batch := list(islice(records, _BATCH)):
        looked = [_look(record, topic, understanding) for record in batch]
        decided = iter(rehearsal.decide([on_the_wire for _, on_the_wire, _ in looked if on_the_wire is not None]))
        for record, (report, on_the_wire, fault) in zip(batch, looked, strict=True):
            decision = next(decided) if on_the_wire is not None else None
            yield _Line(record, report, decision, fault or ("" if decision else "bug"))


def _look(record: Delivered, topic: Topic, understanding: "Understanding") -> tuple[Report | None, Delivered | None, str]:
    """Return the report, as alerting would be handed it, or why there is none."""
    from processors.feed_look import look_at_feed
    from processors.report import message_of

    try:
        if topic is REPORTS:
            return decode(Report, record.value), record, ""
        report = look_at_feed(understanding, decode(Item, record.value), SystemClock().now()).report
        return report, replace(record, topic=REPORTS.name, value=message_of(report).value), ""
    except Permanent as error:
        return None, None, error.reason.value


class _Summary:
    """How many records ended in which way."""

    def __init__(self) -> None:
        self.records = 0
        self.ends: Counter[tuple[str, str]] = Counter()
        self.watchlists: Counter[str] = Counter()
        self.repeats = 0
        self._known: set[str] = set()

    def add(self, line: _Line) -> bool:
        """Count it, and return whether its decision came before: a record that was published twice."""
        self.records += 1
        if line.decision is None:
            self.ends["dead", line.fault] += 1
        elif line.decision.decision_id in self._known:
            self.repeats += 1
            return True
        else:
            self._known.add(line.decision.decision_id)
            self.ends[line.decision.kind.value, line.decision.reason.value] += 1
            self.watchlists.update(verdict.watchlist for verdict in line.decision.watchlists if verdict.matched)
        return False


def _print(line: _Line, *, repeat: bool) -> None:
    record, report, decision = line.record, line.report, line.decision
    kind, reason = (decision.kind.value, decision.reason.value) if decision else ("dead", line.fault)
    matched = ", ".join(verdict.watchlist for verdict in decision.watchlists if verdict.matched) if decision else ""
    title = report.item.title if report else f"{len(record.value):,} bytes"
    text = Text(f"{record.written_at:%Y-%m-%d %H:%M:%S}  {record.partition}:{record.offset}  ", style="dim")
    text.append(f"{kind:<5} {reason:<14} ", style="bold green" if kind == "alert" else "")
    text.append(f"{matched}  " if matched else "", style="cyan").append(title)
    if repeat:
        text.append("  (again)", style="dim")
    Console(highlight=False).print(text, soft_wrap=True)


def _as_json(line: _Line) -> dict[str, Any]:
    record, report, decision = line.record, line.report, line.decision
    shown: dict[str, Any] = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "written_at": record.written_at.isoformat(),
        "kind": decision.kind.value if decision else "dead",
        "reason": decision.reason.value if decision else line.fault,
    }
    if report is not None:
        shown |= {
            "item_id": report.item.item_id,
            "revision": report.item.revision,
            "basis": report.basis.value,
            "title": report.item.title,
            "url": report.item.url,
            "label": report.label.value,
            "score": round(report.score, 3),
        }
    if decision is not None:
        shown |= {
            "severity": decision.severity.value if decision.severity else None,
            "watchlists": [verdict.watchlist for verdict in decision.watchlists if verdict.matched],
            "missed": {verdict.watchlist: verdict.missed for verdict in decision.watchlists if not verdict.matched},
            "receivers": list(decision.receivers),
            "story_id": decision.story_id,
        }
    return shown


def _write(file: TextIO | None, line: _Line) -> None:
    if file is not None and line.report is not None:
        file.write(encode(line.report).decode() + "\n")


def _close(summary: _Summary, *, as_json: bool) -> None:
    if as_json:
        ends = [{"kind": kind, "reason": reason, "records": count} for (kind, reason), count in summary.ends.most_common()]
        told = {"records": summary.records, "repeats": summary.repeats, "ends": ends, "watchlists": dict(summary.watchlists.most_common())}
        print(json.dumps({"summary": told}, ensure_ascii=False))
        return
    print(f"{summary.records:,} records, {summary.repeats:,} of them repeats. It was a dry run: nobody was told.")
    for (kind, reason), count in summary.ends.most_common():
        print(f"{count:>8,}  {kind}: {reason}")
    for name, count in summary.watchlists.most_common():
        print(f"{count:>8,}  matched {name}")


def _usage(read: Callable[[], R]) -> R:
    """Return what the command line says, or end with what would be right."""
    try:
        return read()
    except ValueError as error:
        print(f"newswire: {error}", file=sys.stderr)
        sys.exit(EXIT_USAGE)


def _topic(name: str) -> Topic:
    if name not in [topic.name for topic in _TOPICS]:
        raise ValueError(f"{' or '.join(topic.name for topic in _TOPICS)} can be replayed, not {name[:60]!r}")
    return topic_named(name)


def _offset(text: str) -> tuple[int, int]:
    partition, colon, offset = text.partition(":")
    if not (colon and partition.isascii() and partition.isdigit() and offset.isascii() and offset.isdigit()):
        raise ValueError(f"PARTITION:OFFSET is due, such as 3:1200, not {text[:60]!r}")
    return int(partition), int(offset)
