"""What `bench_matching` matches: watchlists that use the whole language, one shape of ten after another, and reports of 400 words of the corpus' own articles.

One term in ten stands in the corpus: words of a single article, and two words in a row; a few are in Urdu or Chinese. The others join words of
the corpus that hardly stand together, as most terms of a large set hardly do: no automaton passes them without a look.
"""

import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from alerting.watchlists.model import Watchlist
from newswire.records import Basis, Item, Label, Report

CORPUS: Final = Path(__file__).resolve().parents[1] / "corpus"
NOW: Final = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TERMS_EACH: Final = 10
WORDS: Final = 400
CHARACTERS_A_WORD: Final = 2  # of a text without spaces
COUNTRIES: Final = ("US", "CN", "KR", "SA", "AE", "TR", "GB", "JP", "DE", "UZ")
ORGANISATIONS: Final = ("ITU", "World Bank", "Huawei", "Ericsson", "EU")
TOPICS: Final = ("connectivity", "broadband_5g", "digital_government", "spectrum_licensing", "skills_training", "standards_governance")
COMMON: Final = ("licen*", "minister", "agreement", "fibre", "spectrum", "network*", "invest*", "visit*", "talks", "sign*")

Row = Mapping[str, Any]


def corpus() -> list[Row]:
    rows = [json.loads(line) for path in sorted(CORPUS.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return [row for row in rows if row.get("text")]


def reports(rows: Sequence[Row], language: str, count: int, rng: random.Random) -> list[Report]:
    """Reports of 400 words in one language: the paragraphs of articles drawn at random, under the title, lead and findings of the first."""
    articles = [row for row in rows if row["lang"] == language]
    item = Item(
        item_id="0" * 32, revision="0" * 16, source_id="0" * 12, source_url="https://a.example/feed", outlet="A", outlet_country=None,
        language_hint=language, url=None, guid=None, title="", summary="", content="", published_at=NOW, seen_at=NOW, backlog=False,
        trace_id="t",
    )  # fmt: skip
    made: list[Report] = []
    for _ in range(count):
        row = rng.choice(articles)
        text = row["text"]
        while _words(text, language) < WORDS:
            text += "\n\n" + rng.choice(articles)["text"]
        made.append(
            Report(
                item=Item(
                    **{**{name: getattr(item, name) for name in item.__slots__}, "title": row["title"], "summary": row["summary"] or ""}
                ),
                basis=Basis.PAGE,
                final=True,
                text=_cut(text, language),
                language=language,
                label=Label(row["label"]),
                score=0.9,
                scores={},
                home=row["home"],
                partners=tuple(row["partners"]),
                countries=(),
                organisations=tuple(row["organisations"]),
                people=(),
                topics=tuple(row["topics"]),
                evidence=(),
                model="",
                reported_at=NOW,
            )
        )
    return made


def _words(text: str, language: str) -> int:
    return len(text) // CHARACTERS_A_WORD if language == "zh" else len(text.split())


def _cut(text: str, language: str) -> str:
    """The text up to its 400th word, white space as it stands."""
    if language == "zh":
        return text[: WORDS * CHARACTERS_A_WORD]
    paragraphs: list[str] = []
    left = WORDS
    for paragraph in text.split("\n\n"):
        words = paragraph.split(" ")
        paragraphs.append(" ".join(words[:left]))
        left -= len(words)
        if left <= 0:
            break
    return "\n\n".join(paragraphs)


@dataclass
class Terms:
    """Different terms without end, of one kind of text after another."""

    rows: Sequence[Row]
    rng: random.Random

    def __post_init__(self) -> None:
        english = [row["text"] for row in self.rows if row["lang"] == "en"]
        documents: Counter[str] = Counter(word for text in english for word in dict.fromkeys(text.lower().split()))
        self._texts = [text.lower().split() for text in english]
        self._words = [word for word in documents if word.isascii() and word.isalpha() and len(word) > 3]
        self._rare = [word for word in self._words if documents[word] == 1]
        self._urdu = [row["text"].split() for row in self.rows if row["lang"] == "ur"]
        self._chinese: list[str] = [row["text"] for row in self.rows if row["lang"] == "zh"]
        self._made: set[str] = set()

    def some(self, count: int, *, standing: bool) -> list[str]:
        """So many new terms; where `standing`, one in ten is taken from the corpus."""
        found: list[str] = []
        while len(found) < count:
            term = self._standing() if standing and self.rng.random() < 0.1 else self._joined()
            if term and term not in self._made:
                self._made.add(term)
                found.append(term)
        return found

    def _standing(self) -> str | None:
        rng = self.rng
        kind = rng.random()
        if kind < 0.4:
            return rng.choice(self._rare)
        if kind < 0.45:
            text: str = rng.choice(self._chinese)
            at = rng.randrange(len(text) - 4)
            three = text[at : at + 3]
            return three if three.isalpha() else None
        said: list[str] = rng.choice(self._urdu if kind < 0.5 else self._texts)
        at = rng.randrange(max(1, len(said) - 2))
        pair = said[at : at + 2]
        return " ".join(pair) if all(word.isalpha() and len(word) > 3 for word in pair) else None

    def _joined(self) -> str:
        return " ".join(self.rng.sample(self._words, self.rng.choice((2, 2, 3))))


def watchlists(terms: Terms, count: int, *, standing: bool = True, named: str = "w") -> dict[str, Watchlist]:
    """So many watchlists of ten terms each. With `standing=False` their terms hardly stand anywhere: a set that grows by what is rare."""
    made: dict[str, Watchlist] = {}
    for n in range(count):
        mine = [_written(term, terms.rng) for term in terms.some(TERMS_EACH, standing=standing)]
        body = {"title": "W", **SHAPES[n % len(SHAPES)](mine, terms.rng)}
        made[f"{named}{n:06}"] = Watchlist.model_validate(body)
    return made


def _written(term: str, rng: random.Random) -> Any:
    """The term as a desk would write it: most as they are, some as prefixes, in exact case, in the title alone or for one language."""
    kind = rng.random()
    if kind < 0.1 and term.isascii() and len(term.rsplit(maxsplit=1)[-1]) > 6:
        return term[:-2] + "*"
    if kind < 0.15:
        return "=" + term.title()
    if kind < 0.18:
        return {"phrase": term, "in": "title"}
    if kind < 0.21 and term.isascii():
        return {"phrase": term, "lang": "en"}
    return term


def _any(terms: list[Any], _rng: random.Random) -> dict[str, Any]:
    return {"when": {"any": terms[:8], "none": terms[8:]}}


def _any_of_partners(terms: list[Any], rng: random.Random) -> dict[str, Any]:
    return {"when": {"any": terms[:8], "none": terms[8:], "partners": rng.sample(COUNTRIES, 4)}}


def _near(terms: list[Any], rng: random.Random) -> dict[str, Any]:
    own = [term if isinstance(term, str) else term["phrase"] for term in terms]  # inside `near` each term is text
    near = {"near": [own[:4], rng.sample(COMMON, 3)], "within": 8}
    return {"when": {"any": [near, *terms[4:]], "partners": "any"}}


def _at_least(terms: list[Any], _rng: random.Random) -> dict[str, Any]:
    return {"when": {"at_least": {"n": 2, "of": terms[:9]}, "none": terms[9:]}}


def _all(terms: list[Any], rng: random.Random) -> dict[str, Any]:
    return {"label": "any", "when": {"all": terms[:1], "any": terms[1:8], "none": terms[8:], "countries": rng.sample(COUNTRIES, 6)}}


def _topics(terms: list[Any], rng: random.Random) -> dict[str, Any]:
    return {"severity": "high", "when": {"any": terms, "topics": rng.sample(TOPICS, 2)}}


def _any_of(terms: list[Any], rng: random.Random) -> dict[str, Any]:
    blocks = [
        {"any": terms[:4], "organisations": rng.sample(ORGANISATIONS, 2)},
        {"any": terms[4:8], "none": terms[8:9], "partners": rng.sample(COUNTRIES, 3)},
        {"any": terms[9:], "home": ["PK"]},
    ]
    return {"label": ["diplomacy", "domestic"], "languages": ["en", "ur", "zh"], "when": {"any_of": blocks}}


def _selections(terms: list[Any], rng: random.Random) -> dict[str, Any]:
    selections = {
        "subject": {"any": terms[:5]},
        "policy": {"any": terms[5:8]},
        "abroad": {"partners": rng.sample(COUNTRIES, 4)},
        "sport": {"any": terms[8:]},
    }
    return {
        "selections": selections,
        "condition": "subject and (policy or abroad) and not sport",
        "severity_if": [{"if": "policy and abroad", "set": "high"}],
    }


SHAPES: Final = (_any, _any_of_partners, _selections, _near, _at_least, _any_of_partners, _all, _topics, _any_of, _selections)
