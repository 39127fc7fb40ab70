"""What `bench_matching` stands beside: the same watchlists on an automaton with plain sets, on `re`, and on Lucene Monitor.

The first two know less of the language: their terms are all of a watchlist's, as phrases; one that is excluded forbids, one of the others is
enough. They say which watchlists match, and nothing of why.
"""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ahocorasick_rs import AhoCorasick

from alerting.watchlists.expression import AllOf, AnyOf, Expression, Name, Not, SomeOf, parse
from alerting.watchlists.model import Watchlist, When, choices
from alerting.watchlists.terms import Near, Phrase, TermLike
from newswire.records import Field, Report

LUCENE: Final = Path(__file__).with_name("lucene_monitor")


class Sets:
    """Which terms each watchlist wants, which it excludes, and what it asks beside them."""

    def __init__(self, sources: Mapping[str, Watchlist]) -> None:
        self.patterns: dict[str, int] = {}
        self._wanted: list[set[int]] = []
        self._excluded: list[set[int]] = []
        self._labels = [source.label for source in sources.values()]
        self._partners: list[frozenset[str] | None] = []
        for position, source in enumerate(sources.values()):
            for wanted, text in _all_terms(source):
                index = self.patterns.setdefault(text.lower(), len(self.patterns))
                while len(self._wanted) <= index:
                    self._wanted.append(set())
                    self._excluded.append(set())
                (self._wanted if wanted else self._excluded)[index].add(position)
            partners = source.when.partners if source.when else None
            self._partners.append(frozenset(partners.values) if partners is not None and not partners.any else None)

    def matches(self, found: set[int], report: Report) -> list[int]:
        candidates: set[int] = set()
        excluded: set[int] = set()
        for index in found:
            candidates |= self._wanted[index]
            excluded |= self._excluded[index]
        return [
            one
            for one in candidates - excluded
            if report.label in self._labels[one] and ((partners := self._partners[one]) is None or not partners.isdisjoint(report.partners))
        ]


def _all_terms(source: Watchlist) -> Iterator[tuple[bool, str]]:
    """Every term of the watchlist, and whether it is wanted."""
    if source.when is not None:
        yield from _terms(source.when)
        return
    selections = source.selections or {}
    excluded = set(_excluded(parse(source.condition or ""), wanted=True))
    for name, block in selections.items():
        for wanted, text in _terms(block):
            yield wanted and name not in excluded, text


def _excluded(expression: Expression, *, wanted: bool) -> Iterator[str]:
    match expression:
        case Name(name):
            if not wanted:
                yield name
        case Not(part):
            yield from _excluded(part, wanted=not wanted)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _excluded(part, wanted=wanted)
        case SomeOf():
            raise TypeError(f"not translated: {expression}")


def _terms(when: When) -> Iterator[tuple[bool, str]]:
    for wanted, listed in ((True, when.any), (True, when.all), (False, when.none), (True, when.at_least.of if when.at_least else None)):
        for term in listed or ():
            for phrase in _phrases(term):
                yield wanted, phrase.text
    for block in when.any_of or ():
        yield from _terms(block)


def _phrases(term: TermLike) -> list[Phrase]:
    if isinstance(term, Phrase):
        return [term]
    return [phrase for group in term.groups for phrase in group] if isinstance(term, Near) else []


def text_of(report: Report) -> str:
    return f"{report.item.title}\n{report.item.summary}\n{report.text}"


class Automaton:
    """ahocorasick_rs over lower-cased text: no word edges, no folding."""

    def __init__(self, sources: Mapping[str, Watchlist]) -> None:
        self._sets = Sets(sources)
        self._automaton = AhoCorasick(list(self._sets.patterns))

    def match(self, report: Report) -> list[int]:
        hits = self._automaton.find_matches_as_indexes(text_of(report).lower(), overlapping=True)
        return self._sets.matches({index for index, _, _ in hits}, report)


class Alternation:
    """One regular expression, all terms side by side."""

    def __init__(self, sources: Mapping[str, Watchlist]) -> None:
        self._sets = Sets(sources)
        self._expression = re.compile(r"\b(?:" + "|".join(map(re.escape, self._sets.patterns)) + r")\b", re.IGNORECASE)

    def match(self, report: Report) -> list[int]:
        found = {self._sets.patterns.get(word.lower()) for word in self._expression.findall(text_of(report))}
        return self._sets.matches({index for index in found if index is not None}, report)


@dataclass(frozen=True)
class Lucene:
    """What Lucene Monitor did, or in one line why it did nothing."""

    one_by_one: float = 0.0
    batches: float = 0.0
    matches: int = 0
    tried: int = 0  # queries run on a report one by one, in all
    missing: str = ""


def lucene(sources: Mapping[str, Watchlist], over: Sequence[Report], rounds: int) -> Lucene:
    """Lucene Monitor on the same watchlists and reports, on one thread, where Java and Maven are at hand."""
    java, maven = shutil.which("java"), shutil.which("mvn")
    if java is None or maven is None:
        return Lucene(missing=f"no {'Java' if java is None else 'Maven'} here")
    jars = LUCENE / "target" / "jars"
    if not jars.is_dir():
        with tempfile.TemporaryDirectory() as fresh:
            command: list[str | Path] = [
                maven,
                "-q",
                "-B",
                "-f",
                LUCENE / "pom.xml",
                "dependency:copy-dependencies",
                f"-DoutputDirectory={fresh}",
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
            if done.returncode != 0:
                return Lucene(missing="Maven could not fetch its jars")
            shutil.copytree(fresh, jars)
    with tempfile.TemporaryDirectory() as folder:
        queries, documents = Path(folder) / "queries.jsonl", Path(folder) / "reports.jsonl"
        _write(queries, ({"id": name, "query": _query(source)} for name, source in sources.items()))
        _write(documents, map(_document, over))
        run: list[str | Path] = [
            java,
            "-XX:+UseSerialGC",
            "-Xmx1g",
            "-cp",
            f"{jars}/*",
            LUCENE / "Monitoring.java",
            queries,
            documents,
            str(rounds),
        ]
        done = subprocess.run(run, capture_output=True, text=True, check=False, timeout=3600)
    if done.returncode != 0:
        return Lucene(missing=(done.stderr.strip().splitlines() or ["it ended without a word"])[0])
    return Lucene(**json.loads(done.stdout.splitlines()[-1]))


def _write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def _document(report: Report) -> dict[str, Any]:
    home = [report.home] if report.home else []
    values = {
        "label": [report.label],
        "language": [report.language],
        "partners": report.partners,
        "countries": [*report.partners, *home],
        "home": home,
        "organisations": report.organisations,
        "people": report.people,
        "topics": report.topics,
    }
    has = [key for key, listed in values.items() if listed]
    return {"title": report.item.title, "lead": report.item.summary, "body": report.text, "values": {**values, "has": has}}


def _query(source: Watchlist) -> dict[str, Any]:
    languages = [{"key": "language", "values": source.languages}] if source.languages else []
    asked = _conditions(source.when) if source.when else [_combined(parse(source.condition or ""), source.selections or {})]
    return {"all": [{"key": "label", "values": sorted(source.label)}, *languages, *asked]}


def _combined(expression: Expression, selections: Mapping[str, When]) -> dict[str, Any]:
    match expression:
        case Name(name):
            return {"all": _conditions(selections[name])}
        case Not(part):
            return {"not": _combined(part, selections)}
        case AllOf(parts):
            return {"all": [_combined(part, selections) for part in parts]}
        case AnyOf(parts):
            return {"some": [_combined(part, selections) for part in parts], "least": 1}
        case SomeOf():
            raise TypeError(f"not translated: {expression}")


def _conditions(when: When) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if when.any is not None:
        found.append({"some": [_term(term) for term in when.any], "least": 1})
    found += [_term(term) for term in when.all or ()]
    found += [{"not": _term(term)} for term in when.none or ()]
    if when.at_least is not None:
        found.append({"some": [_term(term) for term in when.at_least.of], "least": when.at_least.n})
    for key, choice in choices(when):
        found.append({"key": "has", "values": [key]} if choice.any else {"key": key, "values": choice.values})
    if when.any_of is not None:
        found.append({"some": [{"all": _conditions(block)} for block in when.any_of], "least": 1})
    return found


def _term(term: TermLike) -> dict[str, Any]:
    if isinstance(term, Near):
        return {"near": [[_term(phrase) for phrase in group] for group in term.groups], "within": term.within}
    if not isinstance(term, Phrase):
        raise TypeError(f"a list of terms is not translated: {term}")
    field = "exact" if term.exact else "title" if term.field is Field.TITLE else "text"
    phrase: dict[str, Any] = {"phrase": term.text, "field": field, "prefix": term.prefix}
    return {"all": [phrase, {"key": "language", "values": [term.language]}]} if term.language else phrase
