"""Whether a watchlist matches a report, worked out the slow and obvious way, to hold the fast one against.

Written from WATCHLISTS.md, on the watchlist as it stands in the file: no automaton, no index, nothing of `newswire.terms` or
`alerting.watchlists`. Every term is tried at every character of every field.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

from newswire.records import Report

Raw = Mapping[str, Any]
Lists = Mapping[str, Raw]

SPACELESS: Final = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
SAME: Final = {
    **dict.fromkeys("‘’‚‛´`ʻʼ′", "'"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("یىے", "ي"),
    **dict.fromkeys("کڪ", "ك"),
    **dict.fromkeys("ہھەةۃ", "ه"),
    "ı": "i",
    "ø": "o",
    "đ": "d",
    "ł": "l",
    "æ": "ae",
    "œ": "oe",
    "ـ": "",
    "\u00ad": "",
    "\u200c": "",
    "\u200d": "",
}
CLITICS: Final = [
    conjunction + rest
    for conjunction in ("", "و", "ف")
    for rest in ("لل", *(preposition + article for preposition in ("", "ب", "ك", "ل") for article in ("", "ال")))
]
TITLES: Final = {"Dr", "Mr", "Prof", "No", "Nov", "млн"}  # those that the random texts hold


class Spot(NamedTuple):
    """Where a term was found."""

    field: str
    start: int
    end: int


class Letter(NamedTuple):
    """A letter as a reader compares it, and the stretch of the text that it stands for."""

    plain: str
    start: int
    end: int


def matches(watchlist: Raw, lists: Lists, report: Report) -> bool:
    """Return whether the watchlist matches: scope, label, score and every condition."""
    label, scope = watchlist.get("label", "diplomacy"), watchlist
    labels = {"diplomacy", "domestic", "other"} if label == "any" else {label} if isinstance(label, str) else set(label)
    least = watchlist.get("min_score", 0 if label == "any" else 0.5)
    in_scope = (
        ("languages" not in scope or report.language in scope["languages"])
        and ("sources" not in scope or not chosen(scope["sources"], "sources", lists).isdisjoint(names_of_source(report)))
        and ("outlets" not in scope or report.item.outlet.lower() in [outlet.lower() for outlet in scope["outlets"]])
        and ("countries_of_outlet" not in scope or report.item.outlet_country in chosen(scope["countries_of_outlet"], "countries", lists))
    )
    return in_scope and report.label in labels and report.score >= float(least) and asked_holds(watchlist, lists, report)


def severity(watchlist: Raw, lists: Lists, report: Report) -> str:
    """Return the severity of a match: that of the first `severity_if` that holds, else the watchlist's own."""
    for rise in watchlist.get("severity_if", ()):
        if condition_holds(rise["if"], watchlist, lists, report) if isinstance(rise["if"], str) else block_holds(rise["if"], lists, report):
            return str(rise["set"])
    return str(watchlist.get("severity", "medium"))


def asked_holds(watchlist: Raw, lists: Lists, report: Report) -> bool:
    if "when" in watchlist:
        return block_holds(watchlist["when"], lists, report)
    return condition_holds(watchlist["condition"], watchlist, lists, report)


def condition_holds(condition: str, watchlist: Raw, lists: Lists, report: Report) -> bool:
    holding = {name for name, block in watchlist["selections"].items() if block_holds(block, lists, report)}
    return reduced(condition, set(watchlist["selections"]), holding)


def reduced(condition: str, names: set[str], holding: set[str]) -> bool:
    """Return whether the condition holds: its names become T or F, then every smallest part of it does, until one letter is left."""

    def some(found: re.Match[str]) -> str:
        meant = {name for name in names if name == found[2] or (found[2].endswith("*") and name.startswith(found[2][:-1]))}
        return truth(len(meant & holding) >= (len(meant) if found[1] == "all" else int(found[1])))

    text = re.sub(r"(\d+|all) of ([\w-]+\*?)", some, condition)
    text = re.sub(r"[\w-]+", lambda word: truth(word[0] in holding) if word[0] in names else word[0], text)
    while len(text) > 1:
        for part, whole in PARTS:
            text, changed = re.subn(part, whole, text, count=1)
            if changed:
                break
    return text == "T"


def truth(holds: bool) -> str:
    return "T" if holds else "F"


PARTS: Final = [  # the one that binds closest first
    (r"\(([TF])\)", r"\1"),
    ("not T", "F"),
    ("not F", "T"),
    ("T and T", "T"),
    ("[TF] and [TF]", "F"),
    ("(?<!and )F or F(?! and)", "F"),
    ("(?<!and )[TF] or [TF](?! and)", "T"),
]


def names_of_source(report: Report) -> set[str]:
    host = report.item.source_url.split("/")[2]
    return {report.item.source_url, report.item.source_id, host, host.removeprefix("www.")}


def block_holds(block: Raw, lists: Lists, report: Report) -> bool:
    """Return whether every key that is present holds."""
    return all(key_holds(key, value, lists, report) for key, value in block.items())


def key_holds(key: str, value: Any, lists: Lists, report: Report) -> bool:
    if key == "any_of":
        return any(block_holds(block, lists, report) for block in value)
    if key == "at_least":
        return count(value["of"], lists, report) >= int(value["n"])
    if key in ("any", "all", "none"):
        found, watched = count(value, lists, report), len(spelled_out(value, lists))
        return {"any": found > 0, "all": found == watched, "none": found == 0}[key]
    home = {report.home} if report.home else set()
    understood: dict[str, set[str]] = {
        "partners": set(report.partners),
        "countries": {mention.code for mention in report.countries} | set(report.partners) | home,
        "home": home,
        "organisations": set(report.organisations),
        "people": set(report.people),
        "topics": set(report.topics),
    }
    here = understood[key]
    return bool(here) if value == "any" else not here.isdisjoint(chosen(value, key, lists))


def chosen(value: Any, kind: str, lists: Lists) -> set[str]:
    if not isinstance(value, str):
        return set(value)
    kind = "countries" if kind in ("partners", "home") else kind
    return set(lists[value].get(kind, ())).union(*(chosen(included, kind, lists) for included in lists[value].get("include", ())))


def spelled_out(terms: Any, lists: Lists) -> list[Any]:
    """Return the terms with those of named lists in place of `{list: name}`, each once."""
    found: list[Any] = []
    for term in terms:
        several = [in_full(term)]
        if isinstance(term, Mapping) and "list" in term:
            several = spelled_out(lists[term["list"]].get("terms", ()), lists)
            for included in lists[term["list"]].get("include", ()):
                several += spelled_out([{"list": included}], lists)
        found += [one for one in several if one not in found]
    return found


def in_full(term: Any) -> Any:
    """Return the term as a map with what is left out filled in: written in two ways it is one term."""
    if isinstance(term, str):
        return {"phrase": term}
    return {"within": 10, **term} if "near" in term else term


def evidence(terms: Any, lists: Lists, report: Report) -> set[Spot]:
    """Return everywhere that any of the terms stands, each with the rest of a word of which it is the beginning."""
    fields = {"title": report.item.title, "lead": report.item.summary, "body": report.text}
    found = {spot for term in spelled_out(terms, lists) for spot in spots_of(term, report)}
    return {Spot(field, start, whole(fields[field], end)) for field, start, end in found}


def whole(text: str, end: int) -> int:
    """Return where the word ends of which a part ends there."""
    letters = read(text)
    place = next((n for n, letter in enumerate(letters) if letter.start >= end), len(letters))
    while not is_edge(letters, place):
        end, place = letters[place].end, place + 1
    while end < len(text) and is_accent(text[end]):
        end += 1
    return end


def count(terms: Any, lists: Lists, report: Report) -> int:
    """Return how many of the terms are found."""
    return sum(bool(spots_of(term, report)) for term in spelled_out(terms, lists))


def spots_of(term: Any, report: Report) -> list[Spot]:
    """Return everywhere that the term stands."""
    if isinstance(term, str):
        return spots_of({"phrase": term}, report)
    fields = {"title": report.item.title, "lead": report.item.summary, "body": report.text}
    if "in" in term:
        fields = {term["in"]: fields[term["in"]]}
    if term.get("lang", report.language) != report.language:
        return []
    if "near" in term:
        left, right = ([spot for one in group for spot in spots_of(one, report) if spot.field in fields] for group in term["near"])
        return [here for here in left for there in right if near(here, there, term.get("within", 10), fields)]
    return [Spot(name, start, end) for name, text in fields.items() for start, end in stretches(term, text)]


def stretches(term: Raw, text: str) -> Iterator[tuple[int, int]]:
    phrase, exact = term["phrase"], "case" in term or term["phrase"].startswith("=")
    phrase = phrase.removeprefix("=")
    prefix = phrase.endswith("*")
    phrase = phrase.removesuffix("*")
    letters = read(text)
    plain = "".join(letter.plain for letter in letters)
    for spelling in spellings(phrase, inflects=not exact and not prefix):
        for first in range(len(letters) - len(spelling) + 1):
            last = first + len(spelling)
            if plain[first:last] == spelling and begins_word(letters, first) and (prefix or is_edge(letters, last)):
                start, end = letters[first].start, letters[last - 1].end
                if not exact or as_written(text, start, end) == as_written(phrase, 0, len(phrase)):
                    yield start, end


@cache
def spellings(phrase: str, *, inflects: bool) -> list[str]:
    """Return the phrase as a reader compares it, with its plain English plural, and without the alef of an article after lam."""
    plain = "".join(letter.plain for letter in read(phrase.strip()))
    found = [plain]
    if phrase.startswith("ال"):
        found.append(("لل" + plain[2:]).replace("للل", "لل"))
    if "\u200c" in phrase:
        found.append("".join(letter.plain for letter in read(phrase.replace("\u200c", " ").strip())))
    last = plain.split(" ")[-1]
    if inflects and len(last) >= 3 and all("a" <= letter <= "z" for letter in last):
        if last[-1] == "y" and last[-2] not in "aeiou":
            found.append(plain[:-1] + "ies")
        elif last.endswith(("ch", "o")):
            found += [plain + "es", plain + "s"]
        else:
            found.append(plain + ("es" if last.endswith(("s", "x", "z", "sh")) else "s"))
    return found


@lru_cache(maxsize=9)  # every term asks for the same three texts
def read(text: str) -> list[Letter]:
    """Return the letters of a text without case and accents, with one space for any white space or hyphens."""
    letters: list[Letter] = []
    for offset, character in enumerate(text):
        for plain in plainly(character):
            if plain == " " and letters and letters[-1].plain == " ":
                letters[-1] = Letter(" ", letters[-1].start, offset + 1)
            else:
                letters.append(Letter(plain, offset, offset + 1))
    return letters


@cache
def plainly(character: str) -> str:
    if character.isspace() or unicodedata.category(character) == "Pd":
        return " "
    if character in SAME:
        return SAME[character]
    if character == "™":
        return character
    if character.isdecimal():
        return str(int(character))
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    kept = unicodedata.normalize("NFKC", "".join(one for one in apart if not is_accent(one)))
    if kept in ("\u0929", "\u0931", "\u0934"):  # a nukta is a sign of its own, as most write it
        kept = unicodedata.normalize("NFD", kept)
    return "".join(SAME.get(one, one) for one in kept)


def is_accent(character: str) -> bool:
    """Return whether this is a mark over a letter; the marks of Indic and Thai scripts are vowels, those of kana are consonants."""
    name = unicodedata.name(character, "")
    return bool(unicodedata.combining(character)) and name.startswith(("COMBINING", "ARABIC", "HEBREW")) and "KATAKANA" not in name


def begins_word(letters: list[Letter], first: int) -> bool:
    if is_edge(letters, first):
        return True
    takes_clitics = is_arabic(letters[first].plain) or letters[first].plain.isdigit()
    before = "".join(letter.plain for letter in letters[:first])
    return takes_clitics and any(before.endswith(clitic) and is_edge(letters, first - len(clitic)) for clitic in CLITICS if clitic)


def is_edge(letters: list[Letter], place: int) -> bool:
    """Return whether a word may begin or end between these two letters."""
    if place in (0, len(letters)):
        return True
    before, after = letters[place - 1].plain, letters[place].plain
    if not (is_of_word(before) and is_of_word(after)) or is_spaceless(before) or is_spaceless(after):
        return True
    return is_arabic(before) != is_arabic(after) and not before.isdigit() and not after.isdigit()


def is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_" or unicodedata.category(character).startswith("M")


def is_arabic(character: str) -> bool:
    return unicodedata.name(character, "").startswith("ARABIC")


def is_spaceless(character: str) -> bool:
    """Return whether no edges are asked for: Chinese, Japanese, Thai and their like, and Korean, whose particles join the word."""
    return unicodedata.name(character, "").startswith((*SPACELESS, "HANGUL"))


def as_written(text: str, start: int, end: int) -> str:
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    spaced = "".join(" " if plainly(one) == " " else one for one in unicodedata.normalize("NFKC", text[start:end]))
    return " ".join(spaced.split()).translate(str.maketrans("‘’“”", "''\"\""))


def near(here: Spot, there: Spot, within: int, fields: Mapping[str, str]) -> bool:
    """Return whether at most `within` words and no end of a sentence stand between the two."""
    first, second = sorted((here, there), key=lambda spot: (spot.start, spot.end))
    if here.field != there.field or first.end > second.start:
        return False
    text = fields[here.field]
    if any(ends_sentence(text, place) for place in range(first.end, second.start)):
        return False
    between = [text[start:end] for start, end in words(text) if first.end <= start and end <= second.start]
    spaceless = sum(unicodedata.name(one, "").startswith(SPACELESS) for one in text[first.end : second.start])
    return len(between) + spaceless // 2 <= within


def words(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each word of a text with spaces begins and ends; a word has a letter or a digit."""
    start = 0
    for place, character in enumerate(text + " "):
        if (
            plainly(character) == " "
            or character in ',;:!?/()[]"“”„«»،؛؟、，；：।॥۔。｡！？'
            or unicodedata.name(character, "").startswith(SPACELESS)
        ):
            if any(one.isalnum() for one in text[start:place]):
                yield start, place
            start = place + 1


def ends_sentence(text: str, place: int) -> bool:
    """Return whether the sentence ends at this character: at a stop after which a new one can begin."""
    if text[place] in "\n۔؟。｡！？।॥":
        return True
    if text[place] not in ".…!?":
        return False
    after = text[place:].lstrip(".…!?").lstrip("\"'”’»)]")
    if not after or not after[0].isspace() or after.lstrip()[:1].islower():
        return False
    one_stop = text[place] == "." and text[place - 1 : place] not in tuple(".…!?") and text[place + 1] not in ".…!?"
    word = "".join(" " if one.isspace() or one in ".-(\"'“‘«/" else one for one in text[:place] + "|").split(" ")[-1].rstrip("|")
    return not (one_stop and (word in TITLES or (len(word) == 1 and word.isalpha())))
