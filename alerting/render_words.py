"""The words of a message that every kind of receiver shows, each line by itself, cleaned for places that parse nothing. Pure.

A right-to-left name amid a line of ours would turn round what stands beside it, and the signs that isolate one are what we clean away
everywhere: such a name stands at the end of its line instead.
"""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from alerting.bulletin import Line, Piece, text_of
from alerting.escape import link, odd_host, plain
from alerting.message import CARRIERS_LIMIT, Earlier, EarlierKind, Message
from alerting.names import country_name, language_name, topic_name
from alerting.sentence import sentence
from newswire.records import Severity

NO_TITLE: Final = "(no title)"
TITLE_LIMIT: Final = 250
NOTE_LIMIT: Final = 200
NAME_LIMIT: Final = 80
WORD_LIMIT: Final = 48
WORDS_SHOWN: Final = 6
NAMES_SHOWN: Final = 5
PEOPLE_SHOWN: Final = 3
QUOTE_SHOWN: Final = 330
MARKS_SHOWN: Final = 12
EARLIER_SHOWN: Final = 60
ALSO_LIMIT: Final = 120
ALSO_SHOWN: Final = 8
_MARKED_MOST: Final = 0.6
UNDATED: Final = "undated, first seen "

_COUNTRY_NOUNS: Final = ("partner", "country", "home")


def notes(message: Message) -> list[str]:
    """Return what a reader must know before the headline, a line each."""
    before = [_written_out(earlier_line(message.earlier))] if message.earlier else []
    return [*warnings(message), *before, *(f"Since then: {line}" for line in also_lines(message))]


def also_lines(message: Message) -> list[str]:
    """Return what replies said of which nobody knows whether they arrived, the newest lines."""
    left = len(message.also) - ALSO_SHOWN
    newest = [plain(line, limit=ALSO_LIMIT) for line in message.also[-ALSO_SHOWN:]]
    return [*([f"{_counted(left, 'line', 'lines')} before these"] if left > 0 else []), *newest]


def warnings(message: Message) -> list[str]:
    """Return what makes the message doubtful."""
    said = []
    if message.unsupported:
        said.append(f"⚠ The full text does not bear this out: {plain(message.unsupported, limit=NOTE_LIMIT)}")
    if message.possible_repeat:
        said.append("Possible repeat: an earlier attempt was not confirmed.")
    return said


def earlier_line(earlier: Earlier) -> Line:
    """Return where the same story was told before: `First told to #it-diplomacy, 2026-11-03 09:00 UTC · see it there`."""
    moment, address = Piece("", at=earlier.told_at), link(earlier.link)
    title = Piece(plain(earlier.title, limit=EARLIER_SHOWN) or NO_TITLE, url=address)
    to = plain(earlier.place or earlier.receiver, limit=NAME_LIMIT)
    there = (Piece(" · "), Piece("see it there", url=address)) if address else ()
    match earlier.kind:
        case EarlierKind.OTHER_CHANNEL:
            return (Piece(f"First told to {to}, "), moment, *there)
        case EarlierKind.REALERT:
            return (Piece("Still going on; told before, "), moment, *there)
        case EarlierKind.RETURNED:
            return (Piece("Goes back to a story of "), moment, Piece(": "), title)


def _written_out(line: Line) -> str:
    address = next((piece.url for piece in line if piece.url), None)
    return text_of(line) + (f" ({address})" if address else "")


def seen_as(message: Message) -> Severity:
    """Return the severity whose colour the message has: what is taken back catches no eye any more."""
    return Severity.INFO if message.unsupported else message.severity


def severity_words(message: Message) -> str:
    """Return how severe it is: `high`, or `taken back, was high`."""
    return f"taken back, was {message.severity}" if message.unsupported else message.severity.value


def origin_parts(message: Message, *, address_shown: bool = False) -> tuple[str, str]:
    """Return outlet, country and language, and the count of outlets and countries; between them a receiver puts the time.

    Where the link may look as if it led elsewhere its host is among them, unless a reader sees the whole address anyway.
    """
    outlet, trails = outlet_name(message), runs_left(message.outlet)
    before = ["" if trails else outlet, "" if address_shown else plain(odd_host(message.url) or "", limit=NAME_LIMIT)]
    before += [country_name(message.country) if message.country else "", language_name(message.language)]
    after = [counted_outlets(message), outlet if trails else ""]
    return " · ".join(part for part in before if part), " · ".join(part for part in after if part)


def dated(message: Message, moment: Callable[[datetime], str]) -> str:
    """Return when it was published, or that it does not say so; `moment` writes a time as the receiver does."""
    return moment(message.published_at) if message.published_at else f"{UNDATED}{moment(message.seen_at)}"


def outlet_name(message: Message) -> str:
    """Return the outlet's name, or what stands for it where the feed gave none."""
    return plain(message.outlet, limit=NAME_LIMIT) or "outlet not named"


def counted_outlets(message: Message) -> str:
    """Return how far the story has spread: `1 outlet`, `3 outlets · 2 countries`."""
    outlets = {carrier.outlet for carrier in message.supporting} or {message.outlet}
    if len(outlets) == 1:
        return "1 outlet"
    countries = {carrier.country for carrier in message.supporting if carrier.country}
    more = "+" if len(message.carriers) >= CARRIERS_LIMIT else ""
    return f"{len(outlets)}{more} outlets" + (f" · {_counted(len(countries), 'country', 'countries')}" if countries else "")


def parties_line(message: Message, *, flags: bool = True) -> str:
    """Return who engages whom on what, in English; empty where nothing of it is known."""
    return sentence(
        home=message.home,
        partners=message.partners,
        organisations=message.organisations,
        topics=message.topics,
        how=message.how,
        flags=flags,
    )


def facts_line(message: Message) -> str:
    """Return label and score, the officials that are named, and why it is told: `diplomacy 0.97 · Yao Jing · because: “gaming”, partner US`."""
    parts = [f"{'was ' if message.unsupported else ''}{message.label} {message.score:.2f}"]
    people = [plain(name, limit=WORD_LIMIT) for name in message.people if not runs_left(name)]
    parts += [", ".join(shortened(people, PEOPLE_SHOWN))] if people else []
    words = because_words(message)
    if words:
        parts.append(f"because: {', '.join(shortened(words, WORDS_SHOWN))}")
    return " · ".join(parts)


def because_words(message: Message) -> list[str]:
    """Return what the watchlists found: words of the text in quotation marks, facts as they are."""
    return trailing_last(_said_of(message, word) for word in message.because)


def other_outlets(message: Message) -> list[str]:
    """Return the names of other outlets that carry it, each once, the first few."""
    names = dict.fromkeys(plain(c.outlet, limit=WORD_LIMIT) for c in message.supporting if c.outlet != message.outlet)
    return shortened(trailing_last(name for name in names if name), NAMES_SHOWN)


def quote_parts(message: Message) -> list[tuple[str, bool]]:
    """Return the quote in stretches, each with whether it is one of the words that matched."""
    quote = message.quote
    if quote is None:
        return []
    # A label's evidence may be a whole sentence: where nearly all is marked, nothing is.
    marks = quote.marks if sum(end - start for start, end in quote.marks) <= _MARKED_MOST * len(quote.text) else ()
    parts: list[tuple[str, bool]] = []
    position = 0
    for start, end in marks[:MARKS_SHOWN]:
        if position <= start < end <= min(len(quote.text), QUOTE_SHOWN):
            parts += [(quote.text[position:start], False), (quote.text[start:end], True)]
            position = end
    parts.append((quote.text[position:QUOTE_SHOWN], False))
    # Cleaned piece by piece: white space at the seams is kept, for a piece is a stretch of one sentence.
    return [(_seamless(text), marked) for text, marked in parts if text]


def shortened(words: Sequence[str], most: int) -> list[str]:
    """Return the first `most` of them, and how many there are beside."""
    return list(words) if len(words) <= most else [*words[:most], f"and {len(words) - most} more"]


def runs_left(text: str) -> bool:
    """Return whether the text has letters of a script that is written from right to left (UAX #9)."""
    return any(unicodedata.bidirectional(character) in {"R", "AL"} for character in text[:NAME_LIMIT])


def trailing_last(words: Iterable[str]) -> list[str]:
    """Return the words, those written from right to left after all others."""
    return sorted(words, key=runs_left)


def _said_of(message: Message, word: str) -> str:
    """Return one word of `because`: a fact of the report (`partner US`) as it is, words of its text in quotation marks."""
    noun, _, value = word.partition(" ")
    if noun == "topic" and value in message.topics:
        return f"topic {topic_name(value)}"
    is_country = noun in _COUNTRY_NOUNS and len(value) == 2 and value.isupper()
    is_name = (noun, value) in {*(("organisation", one) for one in message.organisations), *(("person", one) for one in message.people)}
    if is_country or is_name:
        return plain(word, limit=WORD_LIMIT)
    return f"“{plain(word.removeprefix('='), limit=WORD_LIMIT)}”"  # `=5G` is the rule's way to ask for capitals


def _seamless(text: str) -> str:
    before = " " if text[:1].isspace() else ""
    after = " " if len(text) > 1 and text[-1:].isspace() else ""
    return before + plain(text, limit=QUOTE_SHOWN) + after


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
