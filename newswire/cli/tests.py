"""`newswire test`: the tests that stand inside the watchlists, and the timelines of `config/tests/`, on the real matching and understanding."""

import re
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from xml.etree import ElementTree as ET

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from newswire import log
from newswire.cli import EXIT_USAGE, app, compose
from newswire.cli.options import AsJson, Config, counted, print_json, read_settings
from newswire.clock import SystemClock
from newswire.config import find_config_folder
from newswire.errors import ConfigurationError, NewswireError
from newswire.records import Basis, Item, Report

if TYPE_CHECKING:
    from alerting.timelines.run import Step, TimelineResult
    from alerting.timelines.run import Table as Asked
    from alerting.watchlists.explain import Row
    from alerting.watchlists.inline_tests import InlineResult, ItemFields, Understand
    from alerting.watchlists.load import DeskFiles
    from processors.understand import Understanding

_TEST_SOURCE: Final = "0" * 12
_LEAD: Final = re.compile(r"\s*(?:holds|fails|no)\s+")
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML 1.0 cannot hold, even escaped."""


@app.command("test")
def run_watchlist_tests(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Watchlists or timelines (all of them).")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write the results there too, as JUnit XML for CI.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests inside the watchlists and the timelines of config/tests, on the real matching and understanding.

    A watchlist's name runs its own tests and the timelines that name it.
    """
    from alerting.timelines.run import DeskInForce, run_timelines
    from alerting.watchlists.inline_tests import run_tests

    settings = read_settings(config)
    log.set_up(level=settings.log_level, secrets=tuple(settings.secret_values()))
    folder = find_config_folder(settings.config)
    clock = SystemClock()
    understanding = compose.load_understanding(folder)
    desk = compose.read_desk(folder, understanding, clock.now())
    if desk.faults or desk.timeline_faults:
        raise ConfigurationError([*desk.faults, *desk.timeline_faults])
    _require_known(names or (), desk)
    chosen = {name: watchlist for name, watchlist in desk.watchlists.items() if not names or name in names}
    timelines = {
        name: timeline
        for name, timeline in desk.timelines.items()
        if not names or name in names or not set(names).isdisjoint(timeline.watchlists or ())
    }
    understand = cache(understand_with(understanding))
    results = run_tests(compose.compile_desk(desk), chosen, understand, clock.now())
    in_force = DeskInForce(desk.watchlists, desk.lists, desk.routes)
    shown = run_timelines(timelines, in_force, understand)
    if junit is not None:
        _write_junit(junit, results, shown)
    if as_json:
        print_json(_as_json(results, shown))
    else:
        _print(Console(highlight=False), results, shown, watchlists=len(chosen))
    sys.exit(1 if _failed(results, shown) else 0)


def understand_with(understanding: "Understanding") -> "Understand":
    """Return what makes a report of a test's item, by the real understanding, as if it had just been seen."""
    from collectors.sources import normalised_url
    from processors.report import make_report

    now = SystemClock().now()

    def understand(fields: "ItemFields") -> Report:
        item = Item(
            item_id="0" * 32,
            revision="0" * 16,
            source_id=_TEST_SOURCE,
            source_url=normalised_url(fields.source_url) if fields.source_url and "://" in fields.source_url else (fields.source_url or ""),
            outlet=fields.outlet or "",
            outlet_country=None,
            language_hint=fields.language,
            url=None,
            guid=None,
            title=fields.title,
            summary=fields.summary,
            content="",
            published_at=fields.published_at or now,
            seen_at=now,
            backlog=False,
            trace_id="",
        )
        return make_report(understanding, item, fields.text, basis=Basis.PAGE, final=True, now=now)

    return understand


def _require_known(names: Iterable[str], desk: "DeskFiles") -> None:
    from alerting.watchlists.nearest import unknown

    known = {*desk.watchlists, *desk.timelines}
    for name in names:
        if name not in known:
            print(f"newswire: {unknown('watchlist or timeline', name, known)}", file=sys.stderr)
            sys.exit(EXIT_USAGE)


def _failed(results: "list[InlineResult]", shown: "list[TimelineResult]") -> int:
    return sum(not one.passed for one in results) + sum(not one.passed for one in shown)


def _print(console: Console, results: "list[InlineResult]", shown: "list[TimelineResult]", *, watchlists: int) -> None:
    for result in results:
        if not result.passed:
            _say(console, f"✗ {result.watchlist}: {result.test}", style="bold red")
            _say(console, result.fault, 2)
            _print_table(console, result.table, 4)
    for one in shown:
        if not one.passed:
            _print_timeline(console, one)
    console.print(_summary(results, shown, watchlists))


def _print_timeline(console: Console, result: "TimelineResult") -> None:
    _say(console, f"✗ timeline {result.name}: {result.title}", style="bold red")
    printed: set[str] = set()
    for failure in result.failures:
        _say(console, failure.fault, 2)
        for table in failure.tables:
            if (heading := _heading(table)) not in printed:
                _say(console, heading, 4, style="bold")
                _print_table(console, table.rows, 6)
                printed.add(heading)
    _say(console, "What the channel saw:", 2, style="bold")
    for lead, said in timeline_lines(result.steps):
        _say(console, said, 4, lead)


def _print_table(console: Console, rows: "tuple[Row, ...]", indent: int) -> None:
    from alerting.watchlists.explain import lines

    for line in lines(rows):
        lead = _LEAD.match(line)
        first = lead.group() if lead else ""
        _say(console, line[len(first) :], indent, first, style="yellow" if first.strip() == "fails" else "")


def _say(console: Console, text: str, indent: int = 0, lead: str = "", style: str = "") -> None:
    """Print one line after its lead, broken beside it where the terminal ends; into a file or a pipe it goes whole."""
    before = Text(" " * indent + lead, style=style)
    if not console.is_terminal or not before:
        console.print(before.append(text, style=style), soft_wrap=not console.is_terminal)
        return
    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(before, Text(text, style=style))
    console.print(grid)


def _heading(table: "Asked") -> str:
    from alerting.timelines.moments import offset_in_words

    return f"{table.watchlist} about “{table.title}” at {offset_in_words(table.at)}:"


def timeline_lines(steps: "Iterable[Step]") -> list[tuple[str, str]]:
    """Return what came and what the channel saw of it, minute by minute: the lead of each line, and its words."""
    from alerting.timelines.moments import offset_in_words

    lines = []
    for step in steps:
        at = f"{offset_in_words(step.at):<6} "
        if step.given is not None:
            item = step.given.report.item
            what = "page" if step.given.report.basis is Basis.PAGE else "feed"
            lines.append((f"{at}{what}  ", f"“{item.title}”" + (f", {item.outlet}" if item.outlet else "")))
            at = " " * len(at)
        lines += [(f"{at}→     ", str(one)) for one in step.seen]
        if step.silence:
            lines.append((f"{at}→     ", f"nothing: {step.silence}"))
    return lines


def _summary(results: "list[InlineResult]", shown: "list[TimelineResult]", watchlists: int) -> Text:
    parts = []
    if results or not shown:
        passed = sum(one.passed for one in results)
        parts.append(f"{passed:,} of {counted(len(results), 'test')} of {counted(watchlists, 'watchlist')}")
    if shown:
        parts.append(f"{sum(one.passed for one in shown)} of {counted(len(shown), 'timeline')}")
    return Text(f"{' and '.join(parts)} passed.")


def _as_json(results: "list[InlineResult]", shown: "list[TimelineResult]") -> dict[str, Any]:
    from alerting.watchlists.explain import lines

    failed = _failed(results, shown)
    return {
        "tests": [
            {
                "watchlist": one.watchlist,
                "test": one.test,
                "passed": one.passed,
                "fault": one.fault,
                "table": lines(one.table),
            }
            for one in results
        ],
        "timelines": [
            {
                "timeline": one.name,
                "title": one.title,
                "passed": one.passed,
                "failures": [
                    {
                        "fault": failure.fault,
                        "tables": [
                            {"watchlist": table.watchlist, "title": table.title, "table": lines(table.rows)} for table in failure.tables
                        ],
                    }
                    for failure in one.failures
                ],
                "seen": ["".join(line) for line in timeline_lines(one.steps)],
            }
            for one in shown
        ],
        "passed": len(results) + len(shown) - failed,
        "failed": failed,
    }


def _write_junit(path: Path, results: "list[InlineResult]", shown: "list[TimelineResult]") -> None:
    """Write the results as JUnit XML, the form that CI systems show: one case a test, with its fault and its truth table.

    Raises:
        NewswireError: the file cannot be written.

    """
    from alerting.watchlists.explain import lines

    failed = _failed(results, shown)
    root = ET.Element("testsuite", name="newswire test", tests=str(len(results) + len(shown)), failures=str(failed))
    for one in results:
        _case(root, one.watchlist, one.test, [one.fault] if one.fault else [], lines(one.table))
    for timeline in shown:
        tables = [line for failure in timeline.failures for table in failure.tables for line in (_heading(table), *lines(table.rows), "")]
        seen = ["".join(line) for line in timeline_lines(timeline.steps)]
        _case(root, "timelines", timeline.name, [failure.fault for failure in timeline.failures], [*tables, *seen])
    try:
        ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise NewswireError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None


def _case(suite: ET.Element, of: str, name: str, faults: list[str], said: list[str]) -> None:
    case = ET.SubElement(suite, "testcase", classname=of, name=_NOT_XML.sub("", name))
    if faults:
        failure = ET.SubElement(case, "failure", message=_NOT_XML.sub("", "\n".join(faults)))
        failure.text = _NOT_XML.sub("", "\n".join(said))
