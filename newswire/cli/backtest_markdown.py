"""A back-test as Markdown for a pull request: headlines are foreign text, and neither format it, nor link, nor ping anybody. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from alerting.backtest import Changed, Telling
from alerting.escape import link, plain
from newswire.cli.backtest_print import title_of
from newswire.cli.backtest_result import Result, counts_of, figures, words_of
from newswire.cli.options import counted

_SPECIAL: Final = re.compile(r"([\\`*_\[\]#|~&$])")
_IN_LINK: Final = {"(": "%28", ")": "%29"}
_OUTLETS: Final = 10
_TEXT: Final = 200


def as_markdown(result: Result, *, most: int) -> str:
    """Return it with a heading, a table of counts, and the lists of `+` and `−`, each cut after `most` stories."""
    return "\n".join(_lines(result, most)).rstrip()


def escaped(text: str, *, limit: int = _TEXT) -> str:
    """Return foreign text on one line, shown as it is written. `@` becomes its full-width like: GitHub would tell whoever is called so."""
    return _SPECIAL.sub(r"\\\1", plain(text, limit=limit)).replace("@", "＠").replace("://", ":\u2060//").replace("www.", "www\u2060.")


def _code(text: str) -> str:
    return f"`{plain(text, limit=80).replace('`', '')}`"


def _lines(result: Result, most: int) -> Iterator[str]:
    names = list(result.watchlists)
    yield f"## Back-test of {_code(names[0]) if len(names) == 1 else f'{len(names)} watchlists'}"
    yield ""
    yield f"{escaped(title_of(result))}. Nobody was told."
    yield ""
    if not result.new.reports:
        yield "No report lies in that time, so nothing can be said."
        return
    if result.same:
        yield f"Nothing that decides differs between now and {_code(result.old_name)}."
        yield ""
    yield from _table("", [(name, cells) for name, cells in figures(result)], result)
    if result.differences is None:
        yield from _stories("Told", result.new.told, result, most)
    else:
        old = _code(result.old_name)
        yield from _stories("+ only now", result.differences.added, result, most, silent=f"{old} is silent")
        yield from _stories(f"− only {old}", result.differences.removed, result, most, silent="now silent")
        yield from _changes(result.differences.changed, most)
    for part, heading in (
        ("watchlists", "stories by watchlist"),
        ("outlets", "stories by source"),
        ("held", "reports that told nobody, by reason"),
    ):
        rows = [(escaped(name) or "not given", [f"{count:,}" for count in counts]) for name, counts in counts_of(part, result, _OUTLETS)]
        if rows and (part != "watchlists" or len(names) > 1):
            yield from _table(heading, rows, result)
    if result.bad_reports:
        yield f"{counted(result.bad_reports, 'report')} could not be read."


def _table(heading: str, rows: Sequence[tuple[str, Sequence[str]]], result: Result) -> Iterator[str]:
    columns = ["now"] if result.old is None else ["now", _code(result.old_name)]
    yield f"| {heading} | {' | '.join(columns)} |"
    yield f"| --- |{' ---: |' * len(columns)}"
    for name, cells in rows:
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""


def _stories(heading: str, told: Sequence[Telling], result: Result, most: int, *, silent: str = "") -> Iterator[str]:
    yield f"### {heading} ({len(told):,})"
    yield ""
    for one in told[:most]:
        why = escaped(words_of(one, named=len(result.watchlists) > 1))
        said = f"- {one.at:%Y-%m-%d %H:%M} **{one.severity}** {_headline(one)} ({escaped(one.outlet, limit=80) or 'outlet not given'}): because {why}"
        yield f"{said}. {silent}: {escaped(one.other)}" if silent and one.other else said
    if not told:
        yield "none"
    if len(told) > most:
        yield f"- … and {len(told) - most:,} more"
    yield ""


def _changes(changed: Sequence[Changed], most: int) -> Iterator[str]:
    if not changed:
        return
    yield f"### ± told by both, with another severity ({len(changed):,})"
    yield ""
    for one in changed[:most]:
        yield f"- {one.new.at:%Y-%m-%d %H:%M} {one.was} → **{one.now}** {_headline(one.new)}"
    if len(changed) > most:
        yield f"- … and {len(changed) - most:,} more"
    yield ""


def _headline(one: Telling) -> str:
    title = escaped(one.title) or "(no title)"
    url = link(one.url)
    return title if url is None else f"[{title}]({''.join(_IN_LINK.get(sign, sign) for sign in url)})"
