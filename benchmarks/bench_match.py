"""`make bench-match`: reports of 400 words against 1,000 watchlists that hold 10,000 terms, on one core.

Printed: reports a second through `alerting.watchlists.match`, beside a peer in the same run (ahocorasick_rs over lower-cased text with
plain set logic: no word edges, no folding, no reasons), the cost of a report at ten times the terms, and how much of the time folding
and searching take.
"""

import argparse
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ahocorasick_rs import AhoCorasick

from alerting.watchlists.compile import WatchlistSet, compile_watchlists
from alerting.watchlists.facts import facts_of
from alerting.watchlists.match import match
from alerting.watchlists.model import Watchlist
from newswire.records import Basis, Item, Label, Report
from newswire.terms import fold

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TARGET_REPORTS_PER_S = 4_000
TARGET_RATIO = 1.6
TERMS_EACH = 10
COUNTRIES = ("US", "CN", "KR", "SA", "AE", "TR", "GB", "JP", "DE", "UZ")


def corpus_texts() -> list[str]:
    rows = [json.loads(line) for path in sorted((ROOT / "corpus").glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return [f"{row['title']}. {row['summary']} {row['text']}" for row in rows if row.get("lang") == "en" and row.get("text")]


def reports(texts: Sequence[str], count: int, rng: random.Random) -> list[Report]:
    """Reports of 400 words each: sentences of the corpus, shuffled."""
    sentences = [sentence for text in texts for sentence in text.split(". ")]
    item = Item(
        item_id="0" * 32, revision="0" * 16, source_id="0" * 12, source_url="https://a.example/feed", outlet="A", outlet_country=None,
        language_hint="en", url=None, guid=None, title="", summary="", content="", published_at=NOW, seen_at=NOW, backlog=False, trace_id="t",
    )  # fmt: skip
    made: list[Report] = []
    for _ in range(count):
        words: list[str] = []
        while len(words) < 400:
            words += (rng.choice(sentences) + ".").split()
        text = " ".join(words[:400])
        label = Label.DIPLOMACY if rng.random() < 0.5 else Label.OTHER
        made.append(
            Report(
                item=replace(item, title=text[:80]),
                basis=Basis.PAGE,
                final=True,
                text=text,
                language="en",
                label=label,
                score=0.9,
                scores={},
                home="PK",
                partners=(rng.choice(COUNTRIES),),
                countries=(),
                organisations=(),
                people=(),
                topics=(),
                evidence=(),
                model="",
                reported_at=NOW,
            )
        )
    return made


def terms(texts: Sequence[str], count: int, rng: random.Random) -> list[str]:
    """Different terms of one to three words: one in ten stands in the corpus, the others join words of it that hardly stand together."""
    documents = Counter(word for text in texts for word in set(text.lower().split()))
    words = [word for word in documents if word.isalpha() and len(word) > 3]
    rare = [word for word in words if documents[word] == 1]
    found: dict[str, None] = {}
    while len(found) < count:
        kind = rng.random()
        if kind < 0.05:
            found[rng.choice(rare)] = None
        elif kind < 0.1:
            said = rng.choice(texts).lower().split()
            at = rng.randrange(len(said) - 2)
            if all(word.isalpha() and len(word) > 3 for word in said[at : at + 2]):
                found[" ".join(said[at : at + 2])] = None
        else:
            found[" ".join(rng.sample(words, rng.choice((2, 2, 3))))] = None
    return list(found)


def watchlists(chosen: Sequence[str], rng: random.Random) -> dict[str, Watchlist]:
    """Ten terms each, eight wanted and two excluded; two in three ask for a partner too."""
    made: dict[str, Watchlist] = {}
    for n in range(0, len(chosen), TERMS_EACH):
        mine = chosen[n : n + TERMS_EACH]
        when: dict[str, object] = {"any": mine[:8], "none": mine[8:]}
        if rng.random() < 0.67:
            when["partners"] = rng.sample(COUNTRIES, 4)
        made[f"w{n:06}"] = Watchlist.model_validate({"title": "W", "when": when})
    return made


class PlainSets:
    """The peer: one automaton, and sets of watchlists by term."""

    def __init__(self, sources: dict[str, Watchlist]) -> None:
        patterns: dict[str, int] = {}
        self.wanted: list[set[int]] = []
        self.excluded: list[set[int]] = []
        self.partners: list[frozenset[str] | None] = []
        for position, source in enumerate(sources.values()):
            when = source.when
            if when is None:
                continue
            for into, listed in ((self.wanted, when.any), (self.excluded, when.none)):
                for term in listed or ():
                    index = patterns.setdefault(term.text.lower(), len(patterns))  # type: ignore[union-attr]  # all are phrases
                    while len(self.wanted) <= index:
                        self.wanted.append(set())
                        self.excluded.append(set())
                    into[index].add(position)
            self.partners.append(frozenset(when.partners.values) if when.partners else None)
        self.automaton = AhoCorasick(list(patterns))

    def match(self, report: Report) -> list[int]:
        text = f"{report.item.title}\n{report.text}".lower()
        found = {index for index, _, _ in self.automaton.find_matches_as_indexes(text, overlapping=True)}
        candidates: set[int] = set()
        excluded: set[int] = set()
        for index in found:
            candidates |= self.wanted[index]
            excluded |= self.excluded[index]
        if report.label is not Label.DIPLOMACY:
            return []
        asked = ((one, self.partners[one]) for one in candidates - excluded)
        return [one for one, partners in asked if partners is None or not partners.isdisjoint(report.partners)]


def rate(work: Callable[[Report], object], over: Sequence[Report], rounds: int) -> float:
    """Median reports a second over the rounds."""
    rates = []
    for _ in range(rounds):
        start = time.perf_counter()
        for report in over:
            work(report)
        rates.append(len(over) / (time.perf_counter() - start))
    return statistics.median(rates)


def matching(compiled: WatchlistSet) -> Callable[[Report], object]:
    return lambda report: match(compiled, report, NOW)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--terms", type=int, default=10_000)
    options = parser.parse_args()
    rng = random.Random(20261127)
    texts = corpus_texts()
    over = reports(texts, options.reports, rng)
    sources = watchlists(terms(texts, options.terms, rng), rng)
    more = watchlists(terms(texts, 10 * options.terms, rng), rng)
    compiled, compiled_more, peer = compile_watchlists(sources, {}), compile_watchlists(more, {}), PlainSets(sources)
    ours = rate(matching(compiled), over, options.rounds)
    beside = rate(peer.match, over, options.rounds)
    at_ten = rate(matching(compiled_more), over, max(1, options.rounds // 2))
    folding = rate(lambda report: (fold(report.item.title), fold(report.text)), over, options.rounds)
    finding = rate(lambda report: facts_of(compiled.search, report), over, options.rounds)
    told = sum(one.verdict.matched for report in over for one in match(compiled, report, NOW))
    hits = sum(len(facts_of(compiled.search, report).spots) for report in over)
    print(f"{len(sources)} watchlists, {options.terms} terms, {len(over)} reports of 400 words; {hits / len(over):.1f} terms found and "
          f"{told / len(over):.2f} matches a report")  # fmt: skip
    print(f"newswire                  {ours:8.0f} reports/s   (target {TARGET_REPORTS_PER_S})")
    print(f"  of it: folding {ours / folding:.0%}, folding and searching {ours / finding:.0%}")
    print(f"ahocorasick_rs + sets     {beside:8.0f} reports/s   newswire is {ours / beside:.2f} of it")
    print(f"newswire, 10 x the terms  {at_ten:8.0f} reports/s   a report costs {ours / at_ten:.2f} times as much (target {TARGET_RATIO})")


if __name__ == "__main__":
    main()
