"""What is to be said to a reader, before any receiver's format: the neutral message that an outbox row holds.

Pure. One message stands for one (story, receiver). It begins with the first report that matched, and `joined` and `unsupported` give the
next version of it: a message is a fold over the reports of its story, so an edit always carries all that was told before.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from pydantic import TypeAdapter

from alerting.official import is_official
from alerting.sentence import how_of
from newswire.records import Basis, Field, Label, Report, Severity, Span

QUOTE_LIMIT: Final = 320
BECAUSE_LIMIT: Final = 12
PEOPLE_LIMIT: Final = 6
CARRIERS_LIMIT: Final = 200
"""Items of one story that a message remembers; past it the count stops, the alert stays one."""

TITLE_KEPT: Final = 250
"""Characters that are kept of the headline of each item: they are compared, and shown in replies."""

LACKING: Final = "the words that matched are not in it"
"""What a text that takes an alert back is said to lack where the words of the rule are not to be seen."""

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_SENTENCE_END: Final = re.compile(r"(?<=[.!?؟۔।])\s+|(?<=[。！？])|\n+")


@dataclass(frozen=True, slots=True)
class ShownWatchlist:
    """A watchlist that the message speaks for, and the words that it found."""

    watchlist: str
    title: str
    severity: Severity
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """The sentence that proves it, with the matched words at [start, end) of `text`."""

    text: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Carrier:
    """One item that carries the story. `supports` is False where its full text did not bear out its headline."""

    item_id: str
    revision: str
    basis: Basis
    outlet: str
    country: str | None
    url: str | None
    supports: bool = True
    title: str = ""  # its beginning; empty in what was written before it was kept
    partners: tuple[str, ...] = ()
    official: bool = False  # the feed is a government's or an international body's own
    seen_at: datetime | None = None  # this revision; None in what was written before it was kept


class EarlierKind(StrEnum):
    """Why a message says that its story was told before."""

    OTHER_CHANNEL = "other_channel"  # it was told elsewhere, and has become severe enough for this receiver
    REALERT = "realert"  # it goes on, and is told anew where it was told long ago
    RETURNED = "returned"  # it comes back after days, as a story of its own


@dataclass(frozen=True, slots=True)
class Earlier:
    """Where the same story was told before."""

    kind: EarlierKind
    story_id: str
    receiver: str
    told_at: datetime
    title: str
    link: str | None = None  # to that message; the sender fills it in when it posts


@dataclass(frozen=True, slots=True)
class Message:
    """All that one alert says. The headline and the facts are those of the item `item_id`, which is among `carriers`."""

    alert_id: str
    story_id: str
    severity: Severity
    watchlists: tuple[ShownWatchlist, ...]
    item_id: str
    title: str
    url: str | None
    outlet: str
    country: str | None
    language: str
    published_at: datetime | None
    seen_at: datetime
    label: Label
    score: float
    home: str | None
    partners: tuple[str, ...]
    organisations: tuple[str, ...]
    topics: tuple[str, ...]
    quote: Quote | None
    carriers: tuple[Carrier, ...]
    unsupported: str | None = None  # what the full text lacks, where no carrier bears the alert out any more
    possible_repeat: bool = False  # an earlier attempt may have arrived: said, rather than hidden
    sequence: int = 0  # which version goes out: 0 says it first, 1 and on are edits; the sender sets it from the outbox row
    threaded: bool = False  # an edit whose news a reply tells as well: who cannot edit says nothing for it
    earlier: Earlier | None = None  # where the same story was told before
    also: tuple[str, ...] = ()  # lines of replies of which nobody can know whether they arrived: said here too
    how: tuple[str, ...] = ()  # kinds of people who act, and what they do: `alerting.sentence.how_of`
    people: tuple[str, ...] = ()  # officials that are named

    @property
    def supporting(self) -> tuple[Carrier, ...]:
        """The carriers that bear it out."""
        return tuple(carrier for carrier in self.carriers if carrier.supports)

    @property
    def because(self) -> tuple[str, ...]:
        """The words found, of all watchlists, each once."""
        return _distinct(word for shown in self.watchlists for word in shown.because)


_ADAPTER: Final = TypeAdapter(Message)


def to_json(message: Message) -> str:
    """Return the message as the outbox stores it."""
    return _ADAPTER.dump_json(message).decode()


def from_json(text: str) -> Message:
    """Return the message that `to_json` wrote."""
    return _ADAPTER.validate_json(text)


def alert_id_of(story_id: str, receiver: str, sequence: int = 0) -> str:
    """Return the id that this story's message to this receiver carries in its metadata; `sequence` is its own, of one that is told anew."""
    again = f"\0{sequence}" if sequence else ""
    return hashlib.sha256(f"alert\0{story_id}\0{receiver}{again}".encode()).hexdigest()[:32]


def opened(report: Report, story_id: str, receiver: str, watchlists: Sequence[ShownWatchlist], spans: Iterable[Span]) -> Message:
    """Return the first message about a story."""
    item = report.item
    return Message(
        alert_id=alert_id_of(story_id, receiver),
        story_id=story_id,
        severity=_highest(watchlists),
        watchlists=tuple(watchlists),
        item_id=item.item_id,
        title=item.title,
        url=item.url,
        outlet=item.outlet,
        country=item.outlet_country,
        language=report.language,
        published_at=item.published_at,
        seen_at=item.seen_at,
        label=report.label,
        score=report.score,
        home=report.home,
        partners=report.partners,
        organisations=report.organisations,
        topics=report.topics,
        quote=quote_of(report, spans),
        carriers=(_carrier(report),),
        how=how_of(report.evidence),
        people=report.people[:PEOPLE_LIMIT],
    )


def joined(message: Message, report: Report, watchlists: Sequence[ShownWatchlist], spans: Iterable[Span]) -> Message:
    """Return the message with one more report of its story in it.

    A report of the item whose headline is shown brings the facts up to date; any other item adds itself and its partners, and takes the
    headline only where nothing else bears the alert out any more. Severity never falls: what was said loudly is not unsaid in silence.
    """
    shown = _with_watchlists(message.watchlists, watchlists)
    severity = max(message.severity, _highest(watchlists), key=lambda one: one.rank)
    if is_outdated(message, report):
        return replace(message, watchlists=shown, severity=severity)
    carriers = _with_carrier(message.carriers, _carrier(report))
    if report.item.item_id != message.item_id and message.supporting:
        partners = _distinct((*message.partners, *report.partners))
        return replace(message, watchlists=shown, carriers=carriers, severity=severity, partners=partners)
    fresh = opened(report, message.story_id, "", shown, spans)
    return replace(
        fresh,
        alert_id=message.alert_id,
        severity=severity,
        carriers=carriers,
        partners=_distinct((*fresh.partners, *(code for one in carriers if one.supports for code in one.partners))),
        quote=fresh.quote or (message.quote if report.item.item_id == message.item_id else None),
        earlier=message.earlier,
        also=message.also,
    )


def is_outdated(message: Message, report: Report) -> bool:
    """Return whether a later revision of the report's item is in the message already."""
    known = next((one for one in message.carriers if one.item_id == report.item.item_id), None)
    if known is None or known.revision == report.item.revision or known.seen_at is None:
        return False
    return report.item.seen_at < known.seen_at


def unsupported(message: Message, report: Report, lacking: str) -> Message:
    """Return the message once this report's full text has not borne its headline out; `lacking` says what was missed, in words."""
    carriers = _with_carrier(message.carriers, replace(_carrier(report), supports=False))
    if any(carrier.supports for carrier in carriers):
        return replace(message, carriers=carriers)
    return replace(message, carriers=carriers, unsupported=lacking)


def folded(message: Message, other: Message) -> Message:
    """Return the message with all that another one about the same story says: for a receiver that stands in for another."""
    return replace(
        message,
        watchlists=_with_watchlists(message.watchlists, other.watchlists),
        severity=max(message.severity, other.severity, key=lambda one: one.rank),
        carriers=_folded_carriers(message.carriers, other.carriers),
        unsupported=message.unsupported and other.unsupported,
    )


def looks_the_same(one: Message, other: Message) -> bool:
    """Return whether a reader would see no difference: then no edit is worth sending."""
    return _visible(one) == _visible(other)


def quote_of(report: Report, spans: Iterable[Span]) -> Quote | None:
    """Return the sentence of the lead or the body that holds most of the matched words; None where they stand in the title alone.

    Where no watchlist word stands there, the evidence for the label is quoted, weightiest first.
    """
    texts = {Field.LEAD: report.item.summary, Field.BODY: report.text}
    marked = [span for span in spans if span.field in texts]
    if not marked:
        weighty = sorted((e for e in report.evidence if e.span and e.weight > 0), key=lambda e: -e.weight)
        marked = [e.span for e in weighty if e.span and e.span.field in texts][:1]
    best: tuple[int, int, Quote] | None = None
    for field, text in texts.items():
        inside = [(span.start, span.end) for span in marked if span.field is field and 0 <= span.start < span.end <= len(text)]
        for start, end in _sentences(text) if inside else ():
            marks = sorted({(a - start, b - start) for a, b in inside if start <= a and b <= end})
            if marks and (best is None or len(marks) > best[0]):
                best = (len(marks), start, _cut(text[start:end], marks))
    return best[2] if best else None


def _sentences(text: str) -> list[tuple[int, int]]:
    edges = [0]
    for gap in _SENTENCE_END.finditer(text):
        edges += [gap.start(), gap.end()]
    edges.append(len(text))
    return [(edges[n], edges[n + 1]) for n in range(0, len(edges), 2) if edges[n] < edges[n + 1]]


def _cut(sentence: str, marks: Sequence[tuple[int, int]]) -> Quote:
    """Return the sentence, or the stretch of it around the first mark where it is too long."""
    if len(sentence) <= QUOTE_LIMIT:
        return Quote(sentence, tuple(marks))
    first = marks[0][0]
    start = 0 if first < QUOTE_LIMIT // 2 else sentence.rfind(" ", 0, first - QUOTE_LIMIT // 4) + 1
    start = start if first - start < QUOTE_LIMIT else first
    end = min(len(sentence), start + QUOTE_LIMIT)
    if end < len(sentence):
        space = sentence.rfind(" ", start + QUOTE_LIMIT // 2, end)
        end = space if space > marks[0][1] else end
    before, after = "… " if start else "", " …" if end < len(sentence) else ""
    shift = len(before) - start
    return Quote(before + sentence[start:end] + after, tuple((a + shift, b + shift) for a, b in marks if start <= a and b <= end))


def _carrier(report: Report) -> Carrier:
    item = report.item
    return Carrier(
        item.item_id,
        item.revision,
        report.basis,
        item.outlet,
        item.outlet_country,
        item.url,
        title=item.title[:TITLE_KEPT],
        partners=report.partners,
        official=is_official(item.source_url),
        seen_at=item.seen_at,
    )


def _with_carrier(carriers: tuple[Carrier, ...], carrier: Carrier) -> tuple[Carrier, ...]:
    return _folded_carriers(carriers, (carrier,))


def _folded_carriers(carriers: tuple[Carrier, ...], more: Iterable[Carrier]) -> tuple[Carrier, ...]:
    by_item = {carrier.item_id: carrier for carrier in carriers}
    by_item.update({carrier.item_id: carrier for carrier in more})
    return tuple(by_item.values())[:CARRIERS_LIMIT]


def _with_watchlists(shown: tuple[ShownWatchlist, ...], more: Iterable[ShownWatchlist]) -> tuple[ShownWatchlist, ...]:
    by_id = {one.watchlist: one for one in shown}
    for one in more:
        known = by_id.get(one.watchlist)
        because = _distinct((*(known.because if known else ()), *one.because))[:BECAUSE_LIMIT]
        severity = max(one.severity, known.severity if known else one.severity, key=lambda severity: severity.rank)
        by_id[one.watchlist] = replace(one, because=because, severity=severity)
    return tuple(sorted(by_id.values(), key=lambda one: (-one.severity.rank, one.watchlist)))


def _highest(watchlists: Sequence[ShownWatchlist]) -> Severity:
    return max((one.severity for one in watchlists), key=lambda severity: severity.rank)


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _visible(message: Message) -> Message:
    """Return the message without what no receiver shows."""
    carriers = [Carrier("", "", Basis.FEED, c.outlet, c.country, None) for c in message.supporting]
    return replace(message, score=round(message.score, 2), carriers=tuple(dict.fromkeys(carriers)), seen_at=_NEVER, threaded=False)
