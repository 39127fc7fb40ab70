"""The findings as a person reads them, and as JSON. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from rich.text import Text

from newswire import __version__
from newswire.cli.doctor.finding import Finding, Level
from newswire.cli.folded import folded
from newswire.cli.options import counted
from newswire.errors import one_line

SHAPE: Final = 1
"""Grows where a name changes its meaning or goes; names may be added without."""

_LABEL: Final = 23
_NARROWEST, _WIDEST = 60, 140
_STYLES: Final = {Level.FAIL: "bold red", Level.WARN: "yellow", Level.NOTE: "dim", Level.OK: "green"}


def failed(findings: Sequence[Finding]) -> bool:
    """Return whether anything fails."""
    return any(one.level is Level.FAIL for one in findings)


def answer(findings: Sequence[Finding]) -> str:
    """Return the findings in one line."""
    counts = Counter(one.level for one in findings)
    checks = counted(len({one.check for one in findings}), "check")
    many = [f"{counts[level]} {words}" for level, words in ((Level.FAIL, "fail"), (Level.WARN, "warn")) if counts[level]]
    return f"{', '.join(many) or 'Nothing is amiss'} ({checks})"


def rendered(findings: Sequence[Finding], width: int, shown: Callable[[str], str]) -> Iterator[Text]:
    """Yield the lines: what fails first, then what will, then the rest in the order of the checks."""
    width = min(max(width, _NARROWEST), _WIDEST)
    order = list(Level)
    bad = sorted((one for one in findings if one.level in {Level.FAIL, Level.WARN}), key=lambda one: order.index(one.level))
    for one in bad:
        yield from _lines(one, width, shown, whole=True)
    if 0 < len(bad) < len(findings):
        yield Text("")
    for one in findings:
        if one.level not in {Level.FAIL, Level.WARN}:
            yield from _lines(one, width, shown, whole=False)
    yield Text("")
    worst = Level.FAIL if failed(findings) else Level.WARN if bad else Level.OK
    yield Text(answer(findings), style=_STYLES[worst])


def _lines(one: Finding, width: int, shown: Callable[[str], str], *, whole: bool) -> Iterator[Text]:
    label = Text.assemble((f"{one.level:<5}", _STYLES[one.level]), f"{one.check:<{_LABEL - 5}}")
    quiet = "dim" if one.level is Level.NOTE else ""
    texts = (("", one.what, ""), ("", one.why if whole else "", "dim"), ("→ ", one.do, quiet))
    for arrow, text, style in texts:
        if text:
            for line in folded(Text(arrow, style), Text(shown(one_line(text)), style), width - _LABEL):
                yield label + line
                label = Text(" " * _LABEL)


def as_json(findings: Sequence[Finding], now: datetime) -> dict[str, Any]:
    """Return the findings as plain values."""
    return {
        "shape": SHAPE,
        "at": now.isoformat(timespec="seconds"),
        "version": __version__,
        "failed": failed(findings),
        "findings": [{"check": one.check, "level": one.level, "what": one.what, "why": one.why, "do": one.do} for one in findings],
    }
