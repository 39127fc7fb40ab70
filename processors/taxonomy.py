"""What Newswire knows of the world: countries, bodies and companies, topics and cue words, from `config/taxonomy/`.

All terms of all languages stand in one automaton; each hit leads to an `Entry` that says what the words mean.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import yaml

from newswire.errors import ConfigurationError, Fault
from newswire.terms import Term, TermSearch, fold

FILES: Final = (
    "countries.yaml",
    "country_cities.yaml",
    "country_names.yaml",
    "country_pairs.yaml",
    "cues.yaml",
    "organisations.yaml",
    "outlets.yaml",
    "topics.yaml",
)
LANGUAGE_ALIASES: Final = {"ms": "id"}  # Malay and Indonesian share their words for our purpose


class Kind(StrEnum):
    """What a term stands for."""

    COUNTRY = "country"  # by a name
    ADJECTIVE = "adjective"  # by a demonym or an adjective
    CAPITAL = "capital"  # by the seat of its government
    CITY = "city"  # a town tells where a story plays, never who is engaged
    ORGANISATION = "organisation"
    TOPIC = "topic"
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


@dataclass(frozen=True)
class Taxonomy:
    """Everything of `config/taxonomy/`, ready to search."""

    entries: tuple[Entry, ...]
    search: TermSearch
    organisations: Mapping[str, Organisation]
    topics: tuple[str, ...]
    country_names: Mapping[str, str]  # English, by code
    doubtful: Mapping[str, str]  # folded name → country: counts only in company (`processors.countries`)
    pairs: Mapping[str, Mapping[str, str]]  # language → character → country
    outlets: Mapping[str, str]  # folded outlet name → country
    version: str


_COUNTRY_KINDS: Final = (
    ("names", Kind.COUNTRY),
    ("adjectives", Kind.ADJECTIVE),
    ("capitals", Kind.CAPITAL),
    ("cities", Kind.CITY),
)


def search_language(language: str) -> str:
    """Return the language whose terms are searched in texts of `language`."""
    return LANGUAGE_ALIASES.get(language, language)


def load_taxonomy(folder: Path) -> Taxonomy:
    """Return the taxonomy of `folder`.

    Raises:
        ConfigurationError: a file is missing, is no YAML, or holds something else than it should; every fault at once.

    """
    faults: list[Fault] = []
    files = {name: _read(folder / name, faults) for name in FILES}
    collector = _Collector(faults)
    for name in ("country_names.yaml", "countries.yaml", "country_cities.yaml"):
        collector.countries(name, files[name])
    collector.organisations(files["organisations.yaml"])
    collector.topics(files["topics.yaml"])
    collector.cues(files["cues.yaml"])
    if faults:
        raise ConfigurationError(faults)
    digest = hashlib.sha256()
    for name in FILES:
        digest.update((folder / name).read_bytes())
    return Taxonomy(
        entries=tuple(collector.entries),
        search=TermSearch(collector.terms),
        organisations=collector.known,
        topics=tuple(files["topics.yaml"]),
        country_names={code: names["en"][0] for code, names in files["country_names.yaml"].items()},
        doubtful=collector.doubtful,
        pairs={str(language): dict(pairs) for language, pairs in files["country_pairs.yaml"].items()},
        outlets={fold(str(name)).text: str(code) for code, names in files["outlets.yaml"].items() for name in names},
        version=digest.hexdigest()[:12],
    )


def _read(path: Path, faults: list[Fault]) -> dict[str, Any]:
    try:
        loaded = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    except OSError as error:
        faults.append(Fault(str(path), 0, 0, f"cannot be read: {error.strerror}"))
        return {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        faults.append(Fault(str(path), line, 0, f"no YAML: {error.problem}"))
        return {}
    if not isinstance(loaded, dict):
        faults.append(Fault(str(path), 0, 0, "must be a mapping"))
        return {}
    return loaded


class _Collector:
    """Gathers terms and what they mean, each once."""

    def __init__(self, faults: list[Fault]) -> None:
        self.terms: list[Term] = []
        self.entries: list[Entry] = []
        self.known: dict[str, Organisation] = {}
        self.doubtful: dict[str, str] = {}
        self._faults = faults
        self._seen: set[tuple[str, bool, bool, str | None, Entry]] = set()

    def _add(self, written: object, language: str | None, entry: Entry, file: str, *, plural: bool = False) -> None:
        if not isinstance(written, str) or not written.strip("*= "):
            self._faults.append(Fault(file, 0, 0, f"{entry.key}: a term must be text, not {written!r}"))
            return
        exact, prefix = written.startswith("="), written.endswith("*")
        text = written.removeprefix("=").removesuffix("*")
        if "*" in text:
            self._faults.append(Fault(file, 0, 0, f"{entry.key}: {written!r} has a * that is not at its end"))
            return
        language = None if language is None else search_language(language)
        identity = text if exact else fold(text).text
        if entry.kind is Kind.CITY and any(
            (identity, False, False, of, Entry(Kind.CAPITAL, entry.key)) in self._seen for of in (None, language)
        ):
            return
        for known_language in (None, language):
            if (identity, exact, prefix, known_language, entry) in self._seen:
                return
        self._seen.add((identity, exact, prefix, language, entry))
        self.terms.append(Term(text, prefix=prefix, exact=exact, language=language, plural=plural))
        self.entries.append(entry)

    def _by_language(self, names: object, entry: Entry, file: str, *, english_everywhere: bool) -> Iterator[None]:
        if not isinstance(names, dict):
            self._faults.append(Fault(file, 0, 0, f"{entry.key}: words must be lists by language"))
            return
        for language, words in sorted(names.items(), key=lambda pair: pair[0] != "en"):
            for word in words:
                everywhere = english_everywhere and language == "en"
                self._add(word, None if everywhere else language, entry, file)
                yield

    def countries(self, file: str, loaded: dict[str, Any]) -> None:
        for code, what in loaded.items():
            kinds = what if file == "countries.yaml" else {"cities" if file == "country_cities.yaml" else "names": what}
            for key, kind in _COUNTRY_KINDS:
                if key in kinds:
                    english_everywhere = kind is not Kind.ADJECTIVE
                    for _ in self._by_language(kinds[key], Entry(kind, code), file, english_everywhere=english_everywhere):
                        pass
            if file == "countries.yaml":
                for word in kinds.get("never", ()):
                    self._add(word, None, Entry(Kind.NEVER, code), file)
                for name in kinds.get("doubtful", ()):
                    self.doubtful[fold(name).text] = code

    def organisations(self, loaded: dict[str, Any]) -> None:
        for name, what in loaded.items():
            self.known[name] = Organisation(name, what["kind"], what.get("country"))
            for _ in self._by_language(what["names"], Entry(Kind.ORGANISATION, name), "organisations.yaml", english_everywhere=True):
                pass
            for word in what.get("never", ()):
                self._add(word, None, Entry(Kind.NEVER, name), "organisations.yaml")

    def topics(self, loaded: dict[str, Any]) -> None:
        for topic, what in loaded.items():
            for _ in self._by_language(what["words"], Entry(Kind.TOPIC, topic), "topics.yaml", english_everywhere=True):
                pass

    def cues(self, loaded: dict[str, Any]) -> None:
        for group, classes in loaded.items():
            for name, words in classes.items():
                for _ in self._by_language(words, Entry(Kind.CUE, f"{group}:{name}"), "cues.yaml", english_everywhere=False):
                    pass
