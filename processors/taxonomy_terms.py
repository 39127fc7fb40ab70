"""The terms of the taxonomy's files and what each means, gathered with a fault at the line of whatever cannot be used."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from newswire.errors import Fault
from newswire.terms import Term, fold
from newswire.yaml_tree import Document, ListNode, MapNode, Node, ScalarNode

LANGUAGE_ALIASES: Final = {"ms": "id"}  # Malay and Indonesian share their words for our purpose
ORGANISATION_KINDS: Final = ("agency", "body", "company", "development", "federation")
CUE_GROUPS: Final = ("actors", "engagement", "frames", "subject")
_CODE: Final = re.compile("[A-Z]{2}")
_LANGUAGE: Final = re.compile("[a-z]{2}")


class Kind(StrEnum):
    """What a term stands for."""

    COUNTRY = "country"  # by a name
    ADJECTIVE = "adjective"  # by a demonym or an adjective
    CAPITAL = "capital"  # by the seat of its government
    CITY = "city"  # a town tells where a story plays, never who is engaged
    ORGANISATION = "organisation"
    TOPIC = "topic"
    TOPIC_HINT = "topic hint"  # words of a topic that are as common elsewhere: they tell which topic, never that there is one
    CUE = "cue"
    NEVER = "never"  # words that look like the key and are not


@dataclass(frozen=True, slots=True)
class Entry:
    """The meaning of a term: a country code, an organisation's short name, a topic, or a cue class (`actor:envoy`)."""

    kind: Kind
    key: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """A body or company: its short name, what kind it is, and the country it belongs to, if it belongs to one."""

    name: str
    kind: str
    country: str | None


_COUNTRY_KINDS: Final = (
    ("names", Kind.COUNTRY),
    ("adjectives", Kind.ADJECTIVE),
    ("capitals", Kind.CAPITAL),
    ("cities", Kind.CITY),
)


def search_language(language: str) -> str:
    """Return the language whose terms are searched in texts of `language`."""
    return LANGUAGE_ALIASES.get(language, language)


class Collector:
    """Gathers terms and their meanings, each once. A node that cannot be used becomes a fault and is passed over."""

    def __init__(self, faults: list[Fault]) -> None:
        self.terms: list[Term] = []
        self.entries: list[Entry] = []
        self.known: dict[str, Organisation] = {}
        self.topic_names: list[str] = []
        self.english: dict[str, str] = {}
        self.doubtful: dict[str, str] = {}
        self._faults = faults
        self._file = ""
        self._seen: set[tuple[str, bool, bool, str | None, Entry]] = set()

    def countries(self, document: Document, file: str) -> None:
        """Take the names, adjectives, capitals, cities and guards of countries."""
        generated = {"country_names.yaml": "names", "country_cities.yaml": "cities"}.get(file)
        keys = (*(key for key, _ in _COUNTRY_KINDS), "never", "doubtful")
        for code, node in self._entries(document, _CODE, "a country is two capital letters of ISO 3166-1"):
            parts = [(generated, node)] if generated else list(self._keys(node, keys))
            for key, part in parts:
                if key == "never":
                    self._words(part, Entry(Kind.NEVER, code), None)
                elif key == "doubtful":
                    self.doubtful.update((fold(word.text).text, code) for word in self._list(part))
                else:
                    kind = dict(_COUNTRY_KINDS)[str(key)]
                    self._by_language(part, Entry(kind, code), english_everywhere=kind is not Kind.ADJECTIVE)
                    if key == "names" and generated:
                        self._english(code, part)

    def organisations(self, document: Document) -> None:
        """Take the bodies and companies."""
        for name, node in self._entries(document, None, ""):
            parts = dict(self._keys(node, ("kind", "country", "names", "never", "shares_names_with")))
            kind, country = self._text(parts.get("kind")), self._text(parts.get("country"))
            if kind not in ORGANISATION_KINDS:
                self._fault(parts.get("kind", node), f"{name}: kind is one of {', '.join(ORGANISATION_KINDS)}")
                continue
            if country is not None and not _CODE.fullmatch(country):
                self._fault(parts["country"], f"{name}: country is two capital letters of ISO 3166-1")
            self.known[name] = Organisation(name, kind, country)
            if "names" not in parts:
                self._fault(node, f"{name}: names are missing")
                continue
            self._by_language(parts["names"], Entry(Kind.ORGANISATION, name), english_everywhere=True)
            if "never" in parts:
                self._words(parts["never"], Entry(Kind.NEVER, name), None)

    def topics(self, document: Document) -> None:
        """Take the topics and their words."""
        for topic, node in self._entries(document, re.compile("[a-z0-9_]+"), "a topic is small letters, digits and _"):
            self.topic_names.append(topic)
            parts = dict(self._keys(node, ("title", "words", "also")))
            if "words" not in parts:
                self._fault(node, f"{topic}: words are missing")
                continue
            self._by_language(parts["words"], Entry(Kind.TOPIC, topic), english_everywhere=True)
            if "also" in parts:
                self._by_language(parts["also"], Entry(Kind.TOPIC_HINT, topic), english_everywhere=False)

    def cues(self, document: Document) -> None:
        """Take the cue words."""
        for group, classes in self._keys(document.root, CUE_GROUPS, document.name):
            for name, words in self._keys(classes, None):
                self._by_language(words, Entry(Kind.CUE, f"{group}:{name}"), english_everywhere=False)

    def by_code(self, document: Document) -> dict[str, dict[str, str]]:
        """Return the characters that stand for states, by language."""
        out: dict[str, dict[str, str]] = {}
        for language, node in self._entries(document, _LANGUAGE, "a language is two small letters of ISO 639-1"):
            out[language] = {}
            for character, value in self._keys(node, None):
                code = self._text(value) or ""
                if _CODE.fullmatch(code):
                    out[language][character] = code
                else:
                    self._fault(value, f"{character}: a country is two capital letters of ISO 3166-1")
        return out

    def outlets(self, document: Document) -> dict[str, str]:
        """Return the country of each outlet, by its folded name."""
        return {
            fold(word.text).text: code
            for code, node in self._entries(document, _CODE, "a country is two capital letters of ISO 3166-1")
            for word in self._list(node)
        }

    def _english(self, code: str, names: Node) -> None:
        if isinstance(names, MapNode) and "en" in names.entries:
            words = self._list(names.entries["en"][1])
            if words:
                self.english[code] = words[0].text

    def _entries(self, document: Document, pattern: re.Pattern[str] | None, rule: str) -> Iterator[tuple[str, Node]]:
        for key, node in self._keys(document.root, None, document.name):
            if pattern is not None and not pattern.fullmatch(key):
                self._fault(node, f"{key}: {rule}")
            else:
                yield key, node

    def _keys(self, node: Node, allowed: tuple[str, ...] | None, file: str | None = None) -> Iterator[tuple[str, Node]]:
        self._file = file or self._file
        if not isinstance(node, MapNode):
            self._fault(node, "keys with values are due here")
            return
        for key, (at, value) in node.entries.items():
            if allowed is not None and key not in allowed:
                self._fault(at, f"unknown key {key!r}; it is one of {', '.join(allowed)}")
            else:
                yield key, value

    def _by_language(self, node: Node, entry: Entry, *, english_everywhere: bool) -> None:
        languages = sorted(self._keys(node, None), key=lambda pair: pair[0] != "en")  # English first: it may make others needless
        for language, words in languages:
            if not _LANGUAGE.fullmatch(language):
                self._fault(words, f"{language}: a language is two small letters of ISO 639-1")
            else:
                self._words(words, entry, None if english_everywhere and language == "en" else language)

    def _words(self, node: Node, entry: Entry, language: str | None) -> None:
        for word in self._list(node):
            self._add(word, entry, None if language is None else search_language(language))

    def _add(self, word: ScalarNode, entry: Entry, language: str | None) -> None:
        exact, prefix = word.text.startswith("="), word.text.endswith("*")
        text = word.text.removeprefix("=").removesuffix("*")
        if not text.strip() or "*" in text:
            self._fault(word, f"{word.text!r} is no term: words, with = before them where case counts, or with * after them")
            return
        identity = text if exact else fold(text).text
        for known in (None, language):
            if (identity, exact, prefix, known, entry) in self._seen:
                return
            if entry.kind is Kind.CITY and (identity, False, False, known, Entry(Kind.CAPITAL, entry.key)) in self._seen:
                return
        self._seen.add((identity, exact, prefix, language, entry))
        self.terms.append(Term(text, prefix=prefix, exact=exact, language=language))
        self.entries.append(entry)

    def _list(self, node: Node) -> list[ScalarNode]:
        if not isinstance(node, ListNode):
            self._fault(node, "a list of words is due here")
            return []
        words = []
        for item in node.items:
            if isinstance(item, ScalarNode):
                words.append(item)
            else:
                self._fault(item, "a word is due here")
        return words

    def _text(self, node: Node | None) -> str | None:
        if node is None:
            return None
        if not isinstance(node, ScalarNode):
            self._fault(node, "a word is due here")
            return None
        return node.text

    def _fault(self, node: Node, message: str) -> None:
        self._faults.append(Fault(self._file, node.line, node.column, message))
