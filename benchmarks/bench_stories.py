"""Score the clustering of stories on the measured corpus files, beside two baselines, and run 100,000 items through the index.

    python -m benchmarks.bench_stories [--facts FILE] [--items N]

B-cubed precision, recall and F1 (95 % bootstrap over stories) over items that have company in the corpus or were given some, with the true facts and with those
that were understood out of fold; weights are fitted for each fold on the pairs that it does not touch. `--facts` keeps the facts, which take minutes.
"""

import argparse
import random
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerting.stories import WINDOW_S, StoryIndex, cluster_documents, document_of_record
from alerting.stories_member import Document, Member, apart_s
from alerting.stories_words import count_stems, shipped_frequencies, stems
from benchmarks.fit_stories import pairs, weights_of
from benchmarks.stories_corpus import FACTS, FOLDS, Record, b_cubed, event_of, f1_of, measured, out_of_fold_facts, training, understood
from processors.out_of_fold import fold_of

Weights = tuple[float, ...]
Scored = list[tuple[str, tuple[float, float]]]

DRAWS = 1_000
BASELINE_COSINES = (0.12, 0.16, 0.2, 0.25, 0.3)
ITEMS_A_DAY = 1_000


def out_of_fold(records: Sequence[Record], gold: Sequence[str], fitted: Sequence[Weights]) -> tuple[Scored, Scored, Counter[str]]:
    """Return how each item with company, and how every item, was placed by the weights of its fold, and what the joins were."""
    documents = [document_of_record(record) for record in records]
    true = Counter(gold)
    scored: Scored = []
    every: Scored = []
    joins: Counter[str] = Counter()
    for number in range(FOLDS):
        given = cluster_documents(documents, fitted[number])
        sizes = Counter(given)
        opener: dict[str, int] = {}
        for place in sorted(range(len(records)), key=lambda place: (records[place]["published"], place)):
            first = opener.setdefault(given[place], place)
            if first != place and fold_of(records[place]) == number:
                right = "right" if gold[first] == gold[place] else "wrong"
                joins[f"{right} {'across languages' if records[first]['lang'] != records[place]['lang'] else 'in one language'}"] += 1
        for record, story, one, found in zip(records, gold, given, b_cubed(gold, given, company=False), strict=True):
            if fold_of(record) == number:
                every.append((story, found))
                if true[story] > 1 or sizes[one] > 1:
                    scored.append((story, found))
    return scored, every, joins


def scored_plainly(gold: Sequence[str], given: Sequence[str], *, company: bool) -> Scored:
    """Return how each item was placed by a method that nothing is fitted for."""
    true, sizes = Counter(gold), Counter(given)
    every = zip(gold, given, b_cubed(gold, given, company=False), strict=True)
    return [(story, found) for story, one, found in every if not company or true[story] > 1 or sizes[one] > 1]


def interval(scored: Scored) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of F1; stories are drawn whole, since their items hang together."""
    groups: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for story, found in scored:
        groups[story].append(found)
    names = sorted(groups)
    draw = random.Random(1)
    figures = sorted(f1_of(found for name in draw.choices(names, k=len(names)) for found in groups[name])[2] for _ in range(DRAWS))
    return figures[DRAWS * 25 // 1000], figures[DRAWS * 975 // 1000]


def plain_cosine(records: Sequence[Record], least: float) -> list[str]:
    """Return stories by TF-IDF cosine alone: the nearest item within the window, one threshold, nothing understood."""
    frequencies = shipped_frequencies()
    kept: list[tuple[Member, str]] = []
    given = {}
    for record in sorted(records, key=lambda one: str(one["published"])):
        document = document_of_record(record)
        at = document.dated_at.timestamp() if document.dated_at else None
        weights = frequencies.weigh(count_stems(document.title, document.lead, document.text))
        alone = Member(document.item_id, "", at, "", "", None, frozenset(), frozenset(), weights)
        near = [
            (sum(weight * other.weights.get(stem, 0.0) for stem, weight in weights.items()), story)
            for other, story in kept
            if apart_s(alone, other) <= WINDOW_S
        ]
        best = max(near, default=(0.0, ""))
        given[document.item_id] = best[1] if best[0] >= least else document.item_id
        kept.append((alone, given[document.item_id]))
    return [given[record["id"]] for record in records]


def same_title_words(records: Sequence[Record]) -> list[str]:
    """Return clusters of items whose titles share a third of their words (Jaccard): what a plain de-duplicator does."""
    titles: list[tuple[str, set[str]]] = []
    given = []
    for one in records:
        words = set(stems(one["title"]))
        match = next((name for name, other in titles if len(words & other) * 3 >= len(words | other)), one["id"])
        titles.append((match, words))
        given.append(match)
    return given


def stream(records: Sequence[Record], number: int) -> Iterator[Document]:
    """Yield so many items, a thousand a day: those of the corpus over and over, four words in ten exchanged for others of the corpus."""
    draw = random.Random(1)
    documents = [document_of_record(record) for record in records]
    words = [word for record in records for word in str(record["text"]).split()[:40]]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for n in range(number):
        like = documents[draw.randrange(len(documents))]
        text = " ".join(draw.choice(words) if draw.random() < 0.4 else word for word in like.text.split())
        yield replace(like, item_id=f"{n}", text=text, dated_at=start + timedelta(days=n / ITEMS_A_DAY))


def bench_stream(records: Sequence[Record], number: int) -> None:
    """Print items a second and memory for each tenth of the stream: flat, or it is not bounded."""
    index, seconds, stories = StoryIndex(), 0.0, set()
    for n, document in enumerate(stream(records, number), 1):
        began = time.perf_counter()
        placement, member = index.place(document)
        index.add(member)
        seconds += time.perf_counter() - began
        stories.add(placement.story_id)
        if n % max(1, number // 10) == 0:
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{n:9,} items, {len(index):6,} kept, {len(stories):6,} stories, {n / seconds:6.0f} items/s, {memory:6.0f} MiB at most",
                flush=True,
            )


def show(name: str, scored: Scored, every: Scored, joins: str = "") -> None:
    precision, recall, f1 = f1_of(found for _, found in scored)
    low, high = interval(scored)
    print(
        f"{name:40}{precision:7.3f}{recall:7.3f}{f1:7.3f}  {low:.3f} to {high:.3f}{len(scored):6}{f1_of(found for _, found in every)[2]:8.3f}  {joins}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=Path, help="where the facts understood out of fold are kept")
    parser.add_argument("--items", type=int, default=100_000, help="how many go through the index")
    options = parser.parse_args()
    records, further = measured(), training()
    facts = out_of_fold_facts(options.facts)
    every = [*records, *further]
    found = list(pairs(understood(every, facts)))
    folds = [fold_of(record) for record in every]
    fitted = [weights_of([pair for pair in found if number not in (folds[pair[0]], folds[pair[1]])]) for number in range(FOLDS)]
    gold, events = [str(record["story"]) for record in records], [event_of(record) for record in records]
    bare = [{name: value for name, value in record.items() if name not in FACTS or name == "lang"} for record in records]
    print(f"{len(records)} items, {len(set(gold))} stories; those that have or were given company, and all")
    print(f"{'B-cubed':40}{'P':>7}{'R':>7}{'F1':>7}  {'95 %':14}{'items':>6}{'all F1':>8}  joins")
    for name, given, truth in (
        ("stories, true facts", records, gold),
        ("stories, facts out of fold", understood(records, facts), gold),
        ("stories, no facts", bare, gold),
        ("true facts, one event one story", records, events),
        ("out of fold, one event one story", understood(records, facts), events),
    ):
        scored, whole, joins = out_of_fold(given, truth, fitted)
        show(name, scored, whole, ", ".join(f"{n} {kind}" for kind, n in sorted(joins.items())))
    peers = {f"TF-IDF cosine from {least}": plain_cosine(records, least) for least in BASELINE_COSINES}
    for name, clusters in {**peers, "titles sharing a third of words": same_title_words(records)}.items():
        show(name, scored_plainly(gold, clusters, company=True), scored_plainly(gold, clusters, company=False))
    bench_stream(records, options.items)


if __name__ == "__main__":
    main()
