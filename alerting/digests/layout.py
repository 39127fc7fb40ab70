"""A digest as pages of bulletins: nothing twice, nothing left out, and what matters most on the first. Pure."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from alerting.bulletin import Bulletin, Line
from alerting.carried import carried_by_all
from alerting.digests.contents import DigestContents, Gathered, by_severity
from alerting.digests.data import page_data
from alerting.digests.lines import (
    GAPS_AT_ONCE,
    Section,
    alert_line,
    country_or_none,
    gap_in_words,
    group_section,
    headline_counts,
    held_section,
    proof_lines,
    silences_section,
    silent_section,
    text,
)
from alerting.digests.period import moment
from alerting.digests.proof import Proof, Sight
from alerting.digests.words import counted, listed
from alerting.escape import odd_host, plain
from alerting.watchlists.telling import Explain
from newswire.outcomes import DigestOccasion
from newswire.records import MessageKind, Severity

MOST_SEVERE: Final = 6
"""So many alerts stand on the first page of a digest that has several."""

_FALLBACK_LIMIT: Final = 400


@dataclass(frozen=True, slots=True)
class Room:
    """What one page may hold: lines, and characters as they are sent."""

    lines: int
    characters: int


SLACK: Final = Room(25, 11_300)
"""A page in a channel: a screen or two, and so much that `alerting.render_bulletin` need not leave a line out."""

PAPER: Final = Room(1_000, 1_000_000)

_LINE_COSTS: Final = 60
_PIECE_COSTS: Final = 70


@dataclass(slots=True)
class _Page:
    lines: list[Line] = field(default_factory=list)
    alerts: list[Gathered] = field(default_factory=list)
    characters: int = 0

    def fits(self, added: Sequence[Line], room: Room) -> bool:
        return len(self.lines) + len(added) <= room.lines and self.characters + sum(map(_weight, added)) <= room.characters

    def add(self, added: Sequence[Line]) -> None:
        self.lines += added
        self.characters += sum(map(_weight, added))


def room_for(kind: str) -> Room:
    """Return what a page may hold for a kind of receiver, as routes name it."""
    return SLACK if kind in {"slack", "slack_webhook"} else PAPER


def pages(contents: DigestContents, *, room: Room = PAPER, explain: Explain = Explain.FULL) -> tuple[Bulletin, ...]:
    """Return the digest in pages that have room for it; every alert that was gathered is named on just one of them."""
    summary = _summary(contents)
    groups = [(group_section(group, frozenset(), contents.period), group.alerts) for group in contents.groups]
    said = [*summary, *(line for section, _ in groups for line in (section.heading, *section.lines))]
    if len(said) > room.lines or sum(map(_weight, said)) > room.characters:
        severest = sorted(contents.alerts, key=by_severity)[:MOST_SEVERE]
        above = frozenset(one.message.alert_id for one in severest)
        lines = tuple(alert_line(one, contents.period) for one in severest)
        groups = [
            (group_section(group, above, contents.period), tuple(one for one in group.alerts if one.message.alert_id not in above))
            for group in contents.groups
        ]
        groups.insert(0, (Section((text("The most severe", bold=True),), lines), tuple(severest)))
    others = [section for section in (held_section(contents), silences_section(contents), silent_section(contents)) if section]
    packed = _packed(summary, [*groups, *((section, ()) for section in others)], room)
    return tuple(_bulletin(contents, n, page, len(packed), explain) for n, page in enumerate(packed))


def _packed(summary: Sequence[Line], sections: Iterable[tuple[Section, tuple[Gathered, ...]]], room: Room) -> list[_Page]:
    """Return the sections over pages. A heading never stands last, and is said again where its lines go on."""
    found = [_Page()]
    found[0].add(summary[: room.lines])
    for section, alerts in sections:
        again = (*section.heading[:1], text(" · continued"))
        for n, line in enumerate(section.lines):
            added = [line] if n else [section.heading, line]
            if found[-1].lines and not found[-1].fits(added, room):
                found.append(_Page())
                added = [again, line] if n else added
            found[-1].add(added)
            found[-1].alerts.extend(alerts[n : n + 1])
    return found


def _weight(line: Line) -> int:
    """Return how many characters a line takes in JSON, at most."""
    return _LINE_COSTS + sum(
        _PIECE_COSTS + len(json.dumps(piece.text, ensure_ascii=False)) + len(piece.url or "") + len(odd_host(piece.url) or "")
        for piece in line
    )


def _summary(contents: DigestContents) -> list[Line]:
    """Return what stands first: how much there is, and the proof of the watch."""
    lines: list[Line] = [(text(said, bold=contents.sight is Sight.BLIND),) for said in [_blind(contents)] if said]
    if contents.alerts:
        lines.append((text(headline_counts(contents)),))
    elif contents.proof and contents.sight is not Sight.BLIND:
        lines.append((text(_quiet(contents)),))
    if contents.told_at_once:
        lines.append((text(f"Told at once meanwhile: {counted(contents.told_at_once, 'story', 'stories')}."),))
    return [*lines, *proof_lines(contents)]


def _blind(contents: DigestContents) -> str:
    """Return the sentence that says how we were blind; empty where we were not."""
    proof = contents.proof
    if proof is None or contents.sight is not Sight.BLIND:
        return ""
    said = [gap_in_words(gap, contents.period) for gap in proof.gaps[:GAPS_AT_ONCE]]
    if not proof.sources:
        said.append("no source is watched")
    silent = proof.sources - proof.answering
    if silent > 0:
        worst = [f"{country_or_none(one.country)} {len(one.silent)} of {one.sources}" for one in proof.silent]
        said.append(f"{silent} of {counted(proof.sources, 'source')} do not answer now: {listed(worst, 3)}")
    return f"Blind: {'; '.join(said)}."


def _quiet(contents: DigestContents) -> str:
    since = moment(contents.period.since, contents.period)
    if contents.told_at_once:
        return f"Nothing waited for this digest since {since}."
    return f"Quiet: nothing matched since {since}."


def _whole(proof: Proof) -> str:
    if proof.sight is Sight.DIM:
        return "The watch was not whole"
    return "The watch was whole"


def _fallback(contents: DigestContents) -> str:
    """Return the digest in one line."""
    said = [_blind(contents)]
    if contents.alerts:
        said.append(f"{_title(contents)}: {headline_counts(contents)}.")
        if contents.sight is Sight.DIM:
            said.append("The watch was not whole.")
    elif contents.proof and contents.sight is not Sight.BLIND:
        proof = contents.proof
        read = f"{proof.answering:,} of {counted(proof.sources, 'source')} answered, {counted(proof.articles, 'article')} read"
        said += [_quiet(contents), f"{_whole(proof)}: {read}, {counted(proof.watchlists, 'watchlist')} in force."]
    return plain(" ".join(part for part in said if part) or _title(contents), limit=_FALLBACK_LIMIT)


def _title(contents: DigestContents) -> str:
    name = plain(contents.name, limit=64)
    match contents.occasion:
        case DigestOccasion.SCHEDULED:
            return f"Digest {name}"
        case DigestOccasion.OVERFLOW:
            return f"Over the cap at {name}"
        case DigestOccasion.OUTAGE:
            return f"After an outage, at {name}"


def _heading(contents: DigestContents, page: int, pages_in_all: int) -> Line:
    first = {Sight.BLIND: "⛔ BLIND · ", Sight.DIM: "⚠ NOT WHOLE · ", Sight.WHOLE: ""}[contents.sight]
    if not first and contents.proof and not contents.alerts and not contents.told_at_once:
        first = "✓ QUIET · "
    local = contents.period.until.astimezone(ZoneInfo(contents.period.zone))
    when = f" · {local:%a %-d %b %Y, %H:%M} ({contents.period.zone})"
    numbered = f" · page {page + 1} of {pages_in_all}" if pages_in_all > 1 else ""
    return text(f"{first if page == 0 else ''}{_title(contents)}", bold=True), text(when + numbered)


def _bulletin(contents: DigestContents, n: int, page: _Page, pages_in_all: int, explain: Explain) -> Bulletin:
    numbered = f" ({n + 1} of {pages_in_all})" if n else ""
    scheduled = contents.occasion is DigestOccasion.SCHEDULED and not n
    severity = max((one.message.severity for one in page.alerts), default=Severity.INFO, key=lambda one: one.rank)
    return Bulletin(
        bulletin_id=page_id(contents.digest_id, n),
        kind=MessageKind.DIGEST,
        severity=severity if n else contents.severity,
        fallback=f"{_title(contents)}{numbered}: {counted(len(page.alerts), 'story', 'stories')}" if n else _fallback(contents),
        heading=_heading(contents, n, pages_in_all),
        lines=tuple(page.lines),
        story_id=contents.digest_id,
        alert_id=contents.digest_id,
        watchlists=tuple(sorted({shown.watchlist for one in page.alerts for shown in one.message.watchlists})),
        data=page_data(contents, page.alerts, page=n, pages=pages_in_all, explain=explain),
        sequence=n,
        carries=carried_by_all(one.message for one in page.alerts),
        digest=contents.name if scheduled else None,
        due_at=contents.period.until.timestamp() if scheduled else None,
    )


def page_id(digest_id: str, page: int) -> str:
    """Return the id of a page of a digest; the first one has the digest's own."""
    return hashlib.sha256(f"digest page\0{digest_id}\0{page}".encode()).hexdigest()[:32] if page else digest_id
