"""What one watchlist makes of one report, and row by row why: worked out once for `explain` and `why`, for a person or as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from alerting.escape import plain
from alerting.watchlists.compile import WatchlistSet
from alerting.watchlists.explain import Row, truth_table
from alerting.watchlists.facts import facts_of
from alerting.watchlists.match import judge_watchlist
from alerting.watchlists.model import Status
from newswire.records import Report, WatchlistVerdict

_TEXT: Final = 600
_EVIDENCE: Final = 5


@dataclass(frozen=True, slots=True)
class Truth:
    """A verdict with its table."""

    status: Status
    verdict: WatchlistVerdict
    rows: tuple[Row, ...]

    @property
    def alerts(self) -> bool:
        """Whether the watchlist would tell of it; a draft is answered for as if it were active."""
        return self.verdict.matched and self.verdict.reason is None


def truth_of(watchlists: WatchlistSet, name: str, report: Report, now: datetime) -> Truth:
    """Return what the watchlist of that name makes of the report at that time.

    Raises:
        KeyError: none is called so.

    """
    compiled = watchlists.named(name)
    facts = facts_of(watchlists.search, report)
    return Truth(compiled.status, judge_watchlist(compiled, facts, now).verdict, truth_table(compiled, facts, now))


def sentence(truth: Truth) -> str:
    """Return the verdict in words: `gaming-partners stays silent: engages KR, not in partner-countries`."""
    verdict = truth.verdict
    because = ", ".join(verdict.because) or "all that it asks for"
    if truth.alerts:
        if truth.status is Status.DRAFT:
            return f"{verdict.watchlist} is a draft and tells nobody; active it would alert, {verdict.severity}, because of {because}"
        return f"{verdict.watchlist} alerts, {verdict.severity}, because of {because}"
    if verdict.matched:
        return f"{verdict.watchlist} matches because of {because}, and tells nobody ({verdict.reason}): {verdict.missed}"
    return f"{verdict.watchlist} stays silent: {verdict.missed}"


def shown(rows: Sequence[Row]) -> Padding:
    """Return the table for a terminal: a mark, what is asked, and why it holds or fails."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    for _ in range(3):
        grid.add_column(overflow="fold")
    for row in rows:
        mark = Text("✓", style="green") if row.holds else Text("·", style="dim") if row.optional else Text("✗", style="red")
        why = Text(plain(row.why, limit=_TEXT), style="dim" if row.holds else "")
        grid.add_row(
            mark,
            Text(row.verdict),
            Padding(Group(Text(plain(row.asks, limit=_TEXT)), Padding(why, (0, 0, 0, 2))), (0, 0, 0, 3 * row.depth)),
        )
    return Padding(grid, (0, 0, 0, 2), expand=False)


def show(console: Console, truth: Truth) -> None:
    """Print the verdict and the table."""
    console.print(Text(f"{'✓' if truth.alerts else '✗'} {plain(sentence(truth), limit=_TEXT)}.", style="green" if truth.alerts else "red"))
    console.print(shown(truth.rows))


def as_json(truth: Truth) -> dict[str, Any]:
    """Return it for programs."""
    verdict = truth.verdict
    return {
        "watchlist": verdict.watchlist,
        "status": truth.status.value,
        "content_hash": verdict.content_hash,
        "alerts": truth.alerts,
        "matched": verdict.matched,
        "severity": verdict.severity.value,
        "reason": verdict.reason.value if verdict.reason else None,
        "because": list(verdict.because),
        "missed": verdict.missed,
        "table": [{"asks": row.asks, "holds": row.holds, "why": row.why, "depth": row.depth} for row in truth.rows],
    }


def understood(report: Report) -> dict[str, Any]:
    """Return what was understood of the report, for programs."""
    return {
        "label": report.label.value,
        "score": round(report.score, 3),
        "language": report.language,
        "home": report.home,
        "partners": list(report.partners),
        "countries": list(dict.fromkeys(mention.code for mention in report.countries)),
        "organisations": list(report.organisations),
        "people": list(report.people),
        "topics": list(report.topics),
        "evidence": _evidence(report),
    }


def _evidence(report: Report) -> list[str]:
    """Return what weighed most for and against the label, with the words that gave it."""
    named = [one for one in report.evidence if one.span is not None and one.span.text]
    most = sorted(named, key=lambda one: -abs(one.weight))[:_EVIDENCE]
    return [f"{one.name} “{plain(one.span.text, limit=60)}” {one.weight:+.1f}" for one in most if one.span is not None]


def show_understood(console: Console, report: Report) -> None:
    """Print what was understood of the report, a line a thing."""
    named = dict.fromkeys(mention.code for mention in report.countries)
    rows = [
        ("label", f"{report.label} ({report.score:.2f})"),
        ("language", report.language),
        ("home", report.home or "no engaging government is known"),
        ("partners", ", ".join(report.partners) or "no foreign country is engaged"),
        ("countries", ", ".join(named)),
        ("organisations", ", ".join(report.organisations)),
        ("people", ", ".join(report.people)),
        ("topics", ", ".join(report.topics)),
    ]
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for name, value in rows:
        if value:
            grid.add_row(name, Text(plain(value, limit=_TEXT)))
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))
