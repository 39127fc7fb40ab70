"""What later reports of a story add, as a reply in its thread: the record that an outbox row holds, and how it reads. Pure.

An update that was not sent yet grows: `extended` gives what two say together, each thing once. It may be put together in any grouping.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter

from alerting.bulletin import Bulletin, Line, Piece, text_of
from alerting.message import TITLE_KEPT, ShownWatchlist
from alerting.render import country_name
from newswire.records import MessageKind, Severity

REPORTS_SHOWN: Final = 5
NAMES_SHOWN: Final = 5
_FALLBACK_SENTENCES: Final = 4

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NewReport:
    """One more item that carries the story."""

    item_id: str
    outlet: str
    country: str | None
    title: str
    url: str | None
    language: str
    again: bool = False  # its outlet had carried the story before


@dataclass(frozen=True, slots=True)
class Correction:
    """An item whose outlet changed it: its headline, or, where both are the same, its text."""

    item_id: str
    outlet: str
    url: str | None
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Update:
    """All that one reply says. What it has nothing to say of is empty."""

    alert_id: str
    story_id: str
    title: str  # of the story, as its message has it by now
    url: str | None
    severity: Severity
    outlets: int  # that carry it, in all
    countries: int
    update_id: str = ""  # by it a reply in doubt is looked for; given by `numbered`
    raised_from: Severity | None = None
    partners: tuple[str, ...] = ()  # new ones
    watchlists: tuple[ShownWatchlist, ...] = ()  # that joined; the words of their rules only where readers may see them
    speaks_for: tuple[str, ...] = ()  # ids of all watchlists of the message
    reports: tuple[NewReport, ...] = ()
    officials: tuple[str, ...] = ()  # outlets of governments and international bodies that joined
    corrections: tuple[Correction, ...] = ()
    withdrawn: tuple[str, ...] = ()  # outlets whose full text does not bear it out, while others do
    unsupported: str | None = None  # what the full text lacks, where nothing bears it out any more
    supported_again: bool = False
    in_channel: bool = False  # posted in the channel, not in the thread
    possible_repeat: bool = False  # an earlier attempt may have arrived: said, rather than hidden


_ADAPTER: Final = TypeAdapter(Update)


def to_json(update: Update) -> str:
    """Return the update as the outbox stores it."""
    return _ADAPTER.dump_json(update).decode()


def from_json(text: str) -> Update:
    """Return the update that `to_json` wrote.

    Raises:
        ValueError: it is none.

    """
    return _ADAPTER.validate_json(text)


def numbered(update: Update, sequence: int) -> Update:
    """Return the update with the id that it has as this reply of its alert."""
    return replace(update, update_id=hashlib.sha256(f"update\0{update.alert_id}\0{sequence}".encode()).hexdigest()[:32])


def is_empty(update: Update) -> bool:
    """Return whether it has nothing to say."""
    return not (is_urgent(update) or update.watchlists or update.reports or update.corrections or update.withdrawn)


def is_urgent(update: Update) -> bool:
    """Return whether it must not wait for others: a rise, a changed headline, a retraction, a new partner, an official source."""
    changed = any(one.old != one.new for one in update.corrections)
    return is_pressing(update) or changed or bool(update.partners)


def is_pressing(update: Update) -> bool:
    """Return whether it is told at once, whatever went out a moment ago: a rise, a retraction, an official source. Of each there are few."""
    return bool(update.raised_from or update.officials or update.unsupported or update.supported_again)


def extended(update: Update, more: Update) -> Update:
    """Return what both say, `more` being the later one. What `more` corrects in a report that is only named here is named rightly at once."""
    named = {one.item_id for one in update.reports}
    changed = {one.item_id: one for one in more.corrections}
    reports = [
        replace(one, title=changed[one.item_id].new, url=changed[one.item_id].url) if one.item_id in changed else one
        for one in update.reports
    ]
    corrections = {one.item_id: one for one in update.corrections}
    for one in more.corrections:
        if one.item_id not in named:
            before = corrections.get(one.item_id)
            corrections[one.item_id] = replace(one, old=before.old) if before else one
    by_name = {one.watchlist: one for one in (*update.watchlists, *more.watchlists)}
    return replace(
        more,
        update_id=update.update_id,
        raised_from=update.raised_from or more.raised_from,
        partners=_distinct((*update.partners, *more.partners)),
        watchlists=tuple(by_name.values()),
        reports=(*reports, *(one for one in more.reports if one.item_id not in named)),
        officials=_distinct((*update.officials, *more.officials)),
        corrections=tuple(corrections.values()),
        withdrawn=_distinct((*update.withdrawn, *more.withdrawn)),
        unsupported=None if more.supported_again else more.unsupported or update.unsupported,
        supported_again=more.supported_again or (update.supported_again and not more.unsupported),
        in_channel=update.in_channel or more.in_channel,
    )


def laid_out(update: Update) -> Bulletin:
    """Return the update as receivers show it. In a thread its first sentence is the heading; in the channel the story's headline is."""
    lines = _sentences(update)
    said = "; ".join(text_of(line).removesuffix(".") for line in lines[:_FALLBACK_SENTENCES])
    reports = _report_lines(update.reports) if len(update.reports) > 1 else []
    heading: Line
    if update.in_channel or not lines:
        heading = (Piece("Update: ", bold=True), Piece(_cut(update.title), bold=True, url=update.url))
    else:
        heading, lines = tuple(replace(piece, bold=piece.url is None) for piece in lines[0]), lines[1:]
    return Bulletin(
        bulletin_id=update.update_id,
        kind=MessageKind.REPLY,
        severity=update.severity,
        fallback=f"[{update.severity}] Update on “{_cut(update.title)}”: {said or _in_all(update)}",
        heading=heading,
        lines=(*lines, *reports),
        story_id=update.story_id,
        alert_id=update.alert_id,
        watchlists=update.speaks_for,
        data=_data(update),
        possible_repeat=update.possible_repeat,
    )


def _sentences(update: Update) -> list[Line]:
    """Return what it says, a line each, what matters most first."""
    lines: list[Line] = []
    if update.unsupported is not None:
        lines.append((Piece(f"The full text does not bear this out: {_cut(update.unsupported)}"),))
    if update.supported_again:
        lines.append((Piece("Another report bears this out after all."),))
    if update.raised_from is not None:
        lines.append((Piece(f"Now {update.severity}, was {update.raised_from}"),))
    lines += _some_lines([_corrected(one) for one in update.corrections])
    if update.partners:
        word = "partner" if len(update.partners) == 1 else "partners"
        lines.append((Piece(f"New {word}: {_listed([country_name(code) for code in update.partners])}"),))
    if update.officials:
        word = "source" if len(update.officials) == 1 else "sources"
        lines.append((Piece(f"Official {word}: {_listed(update.officials)}"),))
    lines += _some_lines([(Piece(f"Also matches: {_cut(one.title)} ({one.severity})"),) for one in update.watchlists])
    if update.withdrawn:
        lines.append((Piece(f"Not borne out by the full text of {_listed(update.withdrawn)}; others still bear it out"),))
    if update.reports:
        lines.append(_joined(update))
    return lines


def _corrected(one: Correction) -> Line:
    if one.old == one.new:
        return (Piece(f"Text changed by {_cut(one.outlet)}: "), Piece(_cut(one.new), url=one.url))
    return (Piece(f"Headline changed: “{_cut(one.old)}” → “"), Piece(_cut(one.new), url=one.url), Piece("”"))


def _joined(update: Update) -> Line:
    """Return the line about new reports: a single one with its headline, of several the outlets."""
    reports = update.reports
    total = f" ({_in_all(update)})"
    if len(reports) == 1:
        (one,) = reports
        where = f"Another report in {_origin(one)}: " if one.again else f"Also in {_origin(one)}: "
        return (Piece(where), Piece(_cut(one.title), url=one.url), Piece(total))
    origins = _distinct(_origin(one) for one in reports)
    all_new = len({one.outlet for one in reports if not one.again}) == len(reports)
    counted = f"{len(reports)} more outlets" if all_new else f"{len(reports)} more reports"
    return (Piece(f"{counted}: {_listed(origins)}{total}"),)


def _report_lines(reports: Sequence[NewReport]) -> list[Line]:
    lines: list[Line] = [(Piece(f"{_origin(one)}: "), Piece(_cut(one.title), url=one.url)) for one in reports[:REPORTS_SHOWN]]
    return [*lines, *_more(len(reports) - REPORTS_SHOWN)]


def _some_lines(lines: Sequence[Line]) -> list[Line]:
    return [*lines[:NAMES_SHOWN], *_more(len(lines) - NAMES_SHOWN)]


def _more(left: int) -> list[Line]:
    return [(Piece(f"and {left} more"),)] if left > 0 else []


def _in_all(update: Update) -> str:
    outlets = f"{update.outlets} {'outlet' if update.outlets == 1 else 'outlets'}"
    countries = f", {update.countries} {'country' if update.countries == 1 else 'countries'}" if update.countries else ""
    return f"{outlets}{countries} in all"


def _origin(one: NewReport) -> str:
    return f"{_cut(one.outlet)} ({country_name(one.country)})" if one.country else _cut(one.outlet)


def _listed(names: Sequence[str]) -> str:
    left = len(names) - NAMES_SHOWN
    return ", ".join(_cut(name) for name in names[:NAMES_SHOWN]) + (f" and {left} more" if left > 0 else "")


def _cut(text: str) -> str:
    return text if len(text) <= TITLE_KEPT else text[: TITLE_KEPT - 1] + "…"


def _data(update: Update) -> dict[str, Any]:
    """Return the same as facts, for programs."""
    data: dict[str, Any] = _ADAPTER.dump_python(update, mode="json")
    return {key: value for key, value in data.items() if key not in ("update_id", "in_channel", "possible_repeat", "speaks_for")}


def _distinct(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
