"""Score the clustering of stories on the measured corpus files: B-cubed precision, recall and F1, beside two baselines.

    python benchmarks/bench_stories.py [--write-words]

Counted over items that have company in the corpus or were given some; the gold facts (home, partners, topics) stand in for what
the processors would have understood, and a second line goes without them. `--write-words` counts the stems of the training files anew.
"""

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alerting.stories import cluster
from alerting.stories_words import count_stems, stems

CORPUS = Path(__file__).parent.parent / "corpus"
MEASURED = ("diplomacy-pk", "negatives", "world", "recent", "languages")
WORDS = Path(__file__).parent.parent / "alerting" / "stories_words.tsv"
LEAST_DOCUMENTS = 4


def read(paths: Sequence[Path]) -> list[dict[str, Any]]:
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]


def b_cubed(gold: Sequence[str], given: Sequence[str], company: bool) -> tuple[float, float, float, int]:
    """Return precision, recall, F1 and how many items were counted (Bagga and Baldwin, 1998)."""
    true: defaultdict[str, set[int]] = defaultdict(set)
    found: defaultdict[str, set[int]] = defaultdict(set)
    for place, (story, cluster_id) in enumerate(zip(gold, given, strict=True)):
        true[story].add(place)
        found[cluster_id].add(place)
    places = [p for p in range(len(gold)) if not company or len(true[gold[p]]) > 1 or len(found[given[p]]) > 1]
    shared = [len(true[gold[p]] & found[given[p]]) for p in places]
    precision = sum(n / len(found[given[p]]) for n, p in zip(shared, places, strict=True)) / len(places)
    recall = sum(n / len(true[gold[p]]) for n, p in zip(shared, places, strict=True)) / len(places)
    return precision, recall, 2 * precision * recall / (precision + recall), len(places)


def same_title_words(records: Sequence[dict[str, Any]]) -> list[str]:
    """Return clusters of items whose titles share a third of their words (Jaccard): what a plain de-duplicator does."""
    titles: list[tuple[str, set[str]]] = []
    given = []
    for one in records:
        words = set(stems(one["title"]))
        match = next((name for name, other in titles if len(words & other) * 3 >= len(words | other)), one["id"])
        titles.append((match, words))
        given.append(match)
    return given


def write_words() -> None:
    records = read(sorted(CORPUS.glob("train-*.jsonl")))
    frequency: Counter[str] = Counter()
    for record in records:
        frequency.update(count_stems(record["title"], record.get("summary", ""), record.get("text", "")).keys())
    kept = sorted(stem for stem, count in frequency.items() if count >= LEAST_DOCUMENTS)
    lines = [f"documents\t{len(records)}", *(f"{stem}\t{frequency[stem]}" for stem in kept)]
    WORDS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{WORDS.name}: {len(kept)} stems of {len(records)} documents")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write-words", action="store_true")
    if parser.parse_args().write_words:
        write_words()
    records = read([CORPUS / f"{name}.jsonl" for name in MEASURED])
    bare = [{name: record[name] for name in ("id", "title", "summary", "text", "published", "lang")} for record in records]
    gold = [record["story"] for record in records]
    began = time.perf_counter()
    ours = cluster(records)
    took = time.perf_counter() - began
    rows = {
        "stories": ours,
        "stories, without facts": cluster(bare),
        "titles sharing a third of words": same_title_words(records),
        "every item alone": [record["id"] for record in records],
    }
    print(f"{len(records)} items, {len(set(gold))} stories; {len(records) / took:.0f} items/s")
    print(f"{'B-cubed':34}{'P':>7}{'R':>7}{'F1':>7}{'items':>7}{'F1 of all':>11}")
    for name, given in rows.items():
        precision, recall, f1, items = b_cubed(gold, given, company=True)
        print(f"{name:34}{precision:7.3f}{recall:7.3f}{f1:7.3f}{items:7}{b_cubed(gold, given, company=False)[2]:11.3f}")


if __name__ == "__main__":
    main()
