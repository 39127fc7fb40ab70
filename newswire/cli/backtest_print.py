"""A back-test for the terminal, and as JSON."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from alerting.backtest import Changed, Summary, Telling
from alerting.escape import plain
from newswire.cli.backtest_result import Result, counts_of, figures, words_of
from newswire.cli.options import counted

_COLOURS: Final = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}
_BAR: Final = 40  # characters of the longest bar
_OUTLETS: Final = 10
_TEXT: Final = 300


def as_text(console: Console, result: Result, *, most: int) -> None:
    """Print it for a person."""
    console.print(Text(title_of(result), style="bold"))
    if not result.new.reports:
        console.print("No report lies in that time, so nothing can be said.")
        return
    for name, status in result.watchlists.items():
        if status not in ("active", ""):
            console.print(Text(f"{name} has the status {status}; it is run here as if it were active.", style="dim"))
    if result.same:
        console.print(Text(f"Both versions decide alike: nothing that decides differs between now and {result.old_name}.", style="yellow"))
    _side_by_side(console, "", [(name, cells) for name, cells in figures(result)], result)
    _days(console, result)
    if result.differences is None:
        _stories(console, "What would have been told", result.new.told, result, most)
    else:
        found = result.differences
        _stories(console, "+ only now", found.added, result, most, silent=f"{result.old_name} is silent")
        _stories(console, f"− only {result.old_name}", found.removed, result, most, silent="now silent")
        _changes(console, found.changed, most)
    for part, heading in (
        ("watchlists", "Stories by watchlist"),
        ("outlets", "Stories by source"),
        ("held", "Reports that told nobody, by reason"),
    ):
        rows = [
            (plain(name, limit=60) or "not given", [f"{count:,}" for count in counts]) for name, counts in counts_of(part, result, _OUTLETS)
        ]
        if rows and (part != "watchlists" or len(result.watchlists) > 1):
            _side_by_side(console, heading, rows, result)
    if result.bad_reports:
        console.print(Text(f"{counted(result.bad_reports, 'report')} could not be read; the lines above say which.", style="red"))
    console.print(Text("This was a back-test: nobody was told, nothing was changed.", style="dim"))


def title_of(result: Result) -> str:
    """Return the one line that says what was run over what."""
    names = list(result.watchlists)
    what = names[0] if len(names) == 1 else f"{len(names)} watchlists"
    days = list(result.new.days)
    when = f"{days[0]} to {days[-1]} (UTC)" if days else "no day"
    against = f", now against {result.old_name}" if result.old is not None else ""
    return f"{what}, {when}, {counted(result.new.reports, 'report')}{against}"


def _side_by_side(console: Console, heading: str, rows: Sequence[tuple[str, Sequence[str]]], result: Result) -> None:
    console.print()
    if heading:
        console.print(Text(heading, style="bold"))
    table = Table(box=None, pad_edge=False, show_header=result.old is not None, padding=(0, 2, 0, 0))
    table.add_column("", overflow="fold")
    for name in ("now", result.old_name)[: len(result.summaries)]:
        table.add_column(Text(name), justify="right", overflow="fold")
    for name, cells in rows:
        table.add_row(Text(name), *(Text(cell) for cell in cells))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))


def _days(console: Console, result: Result) -> None:
    """Print a bar a day; where there are two versions, the bars of both under each other, where they differ."""
    if not any(one.told for one in result.summaries):
        return
    console.print()
    console.print(Text("Stories a day", style="bold"))
    greatest = max(one.most_a_day for one in result.summaries)
    grid = Table.grid(padding=(0, 2))
    for day in result.new.days:
        counts = [one.days.get(day, 0) for one in result.summaries]
        figure = str(counts[0]) if len(counts) == 1 or counts[0] == counts[1] else f"{counts[0]}  ({result.old_name}: {counts[1]})"
        bar = "█" * _length(counts[0], greatest)
        grid.add_row(Text(f"{day:%m-%d %a}", style="dim"), Text(bar, style="cyan") + Text(f"{' ' if bar else ''}{figure}"))
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))


def _length(count: int, greatest: int) -> int:
    return count if greatest <= _BAR else max(1, round(count * _BAR / greatest)) if count else 0


def _stories(console: Console, heading: str, told: Sequence[Telling], result: Result, most: int, *, silent: str = "") -> None:
    console.print()
    console.print(Text(f"{heading} ({len(told):,})", style="bold"))
    if not told:
        console.print("  none")
        return
    grid = Table.grid(padding=(0, 2, 0, 0))
    for style in ("dim", "", ""):
        grid.add_column(style=style, overflow="fold")
    for one in told[:most]:
        words = Text(plain(one.title, limit=_TEXT) or "(no title)")
        words.append(f"\n{plain(one.outlet, limit=80) or 'outlet not given'} · ", style="dim")
        words.append(plain(f"because: {words_of(one, named=len(result.watchlists) > 1)}", limit=_TEXT), style="dim")
        if silent and one.other:
            words.append(f"\n{silent}: {plain(one.other, limit=_TEXT)}", style="yellow")
        grid.add_row(f"{one.at:%m-%d %H:%M}", Text(one.severity, style=_COLOURS[one.severity]), words)
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))
    if len(told) > most:
        console.print(Text(f"  … and {len(told) - most:,} more (--most 0 lists them all)", style="dim"))


def _changes(console: Console, changed: Sequence[Changed], most: int) -> None:
    if not changed:
        return
    console.print()
    console.print(Text(f"± told by both, with another severity ({len(changed):,})", style="bold"))
    grid = Table.grid(padding=(0, 2, 0, 0))
    for one in changed[:most]:
        grid.add_row(
            Text(f"{one.new.at:%m-%d %H:%M}", style="dim"), Text(f"{one.was} → {one.now}"), Text(plain(one.new.title, limit=_TEXT))
        )
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))
    if len(changed) > most:
        console.print(Text(f"  … and {len(changed) - most:,} more", style="dim"))


def document(result: Result) -> dict[str, Any]:
    """Return it for programs."""
    days = list(result.new.days)
    told: dict[str, Any] = {
        "watchlists": dict(result.watchlists),
        "from": _iso(days[0]) if days else None,
        "to": _iso(days[-1]) if days else None,
        "reports": result.new.reports,
        "bad_reports": result.bad_reports,
        "new": _summary(result.new),
    }
    if result.old is None or result.differences is None:
        return told
    found = result.differences
    return told | {
        "against": result.old_name,
        "same": result.same,
        "old": _summary(result.old),
        "added": [_telling(one) for one in found.added],
        "removed": [_telling(one) for one in found.removed],
        "changed": [{**_telling(one.new), "was": one.was.value, "now": one.now.value} for one in found.changed],
    }


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        "told": len(summary.told),
        "a_day": {"median": summary.median_a_day, "most": summary.most_a_day, "days": {_iso(day): n for day, n in summary.days.items()}},
        "joined": summary.joined,
        "failed": summary.failed,
        "severities": _plain_keys(summary.severities),
        "watchlists": dict(summary.watchlists),
        "outlets": dict(summary.outlets),
        "held": dict(summary.held),
        "stories": [_telling(one) for one in summary.told],
    }


def _plain_keys(counts: Mapping[Any, int]) -> dict[str, int]:
    return {str(name): count for name, count in counts.items()}


def _telling(one: Telling) -> dict[str, Any]:
    return {
        "at": one.at.isoformat(timespec="seconds"),
        "severity": one.severity.value,
        "title": one.title,
        "url": one.url,
        "outlet": one.outlet,
        "item_id": one.item_id,
        "because": {name: list(words) for name, words in one.because},
        "other": one.other or None,
    }


def _iso(day: date) -> str:
    return day.isoformat()
