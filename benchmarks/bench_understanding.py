"""`make bench-understanding`: how right and how fast the understanding is, beside its peers in the same run (`--quick` for a trial).

1. Figures out of fold, grouped 5-fold: ours, title and summary alone, TF-IDF + logistic regression, a keyword query.
2. 100,000 items of a realistic day (`benchmarks.realistic_mix`) through `Understanding.read`: items a second, p99 of one item, resident memory at
   a tenth, half and all of them; beside it what the peer and what trafilatura take, the latter for one page.
3. How the time of one item grows with the length of its text: 1, 2, 4 and 8 times as long, and 1 MB.

One core, CPU time, which is steadier than the wall's on a machine that others use too.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import psutil

from alerting.stories import cluster
from benchmarks.bench_pages import made_pages, trafilatura_alone
from benchmarks.realistic_mix import realistic_mix
from newswire.records import Label
from processors.reading import TEXT_READ
from processors.understand import Understanding

ROOT = Path(__file__).resolve().parents[1]
TARGET_MS = 4.0
TARGET_GROWTH_MIB = 10  # of memory, from a tenth of the items to all of them
SEED = 20261127
BATCH = 1_000
T = TypeVar("T")


def seconds_each(work: Callable[[T], object], items: Iterable[T]) -> list[float]:
    out = []
    for item in items:
        start = time.process_time()
        work(item)
        out.append(time.process_time() - start)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help="2,000 items, two folds: a trial, not a figure")
    options = parser.parse_args()
    count = 2_000 if options.quick else options.items
    understanding = loaded()
    throughput(understanding, count)
    pages(60 if options.quick else 600)
    growth(understanding)
    quality(2 if options.quick else 5)


def loaded() -> Understanding:
    before, start = resident_mib(), time.perf_counter()
    understanding = Understanding.load(ROOT / "config")
    print(f"loading: {time.perf_counter() - start:.1f} s, {resident_mib() - before:.0f} MiB resident more\n")
    return understanding


def resident_mib() -> float:
    return psutil.Process().memory_info().rss / 2**20


def throughput(understanding: Understanding, count: int) -> None:
    """Print what `count` items of a realistic day take; they are made in batches, so that only the understanding could grow."""

    def read(item: dict[str, Any]) -> object:
        label = understanding.read(title=item["title"], summary=item["summary"], text=item["text"], outlet=item["outlet"]).label
        labels[item["subject"], label] = labels.get((item["subject"], label), 0) + 1
        return label

    labels: dict[tuple[bool, Label], int] = {}
    seconds_each(read, realistic_mix(200, SEED - 1))  # folds and caches fill
    labels.clear()
    marks = {count // 10, count // 2, count}
    times: list[float] = []
    memory: list[float] = []
    for start in range(0, count, BATCH):
        times += seconds_each(read, realistic_mix(min(BATCH, count - start), SEED + start))
        if len(times) in marks:
            memory.append(resident_mib())
            print(f"  after {len(times):>7,} items: {memory[-1]:.0f} MiB resident")
    mean = sum(times) / len(times) * 1_000
    told = sum(number for (subject, label), number in labels.items() if label is Label.DIPLOMACY and not subject)
    ordered = sorted(times)
    print(f"Newswire, {count:,} items, 1 in 50 about the subject: {1_000 / mean:.0f} items/s, mean {mean:.2f} ms (target < {TARGET_MS})")
    print(
        f"  p50 {ordered[count // 2] * 1_000:.2f} ms, p99 {ordered[int(0.99 * count)] * 1_000:.2f} ms, slowest {ordered[-1] * 1_000:.1f} ms"
    )
    print(f"  memory from a tenth of the items to all of them: {memory[-1] - memory[0]:+.1f} MiB (target < {TARGET_GROWTH_MIB})")
    print(
        f"  {told} of {sum(number for (subject, _), number in labels.items() if not subject):,} items of another subject told as diplomacy\n"
    )
    items = realistic_mix(600, SEED)
    print(
        f"TF-IDF + log. regr., one by one: {len(items) / words_alone(items):.0f} items/s (a label alone: no countries, bodies, topics, evidence)"
    )


def pages(count: int) -> None:
    """Print what trafilatura takes for one page."""
    made = [page for _, page in made_pages(count)]
    seconds_each(trafilatura_alone, made[:20])
    times = seconds_each(trafilatura_alone, made)
    print(
        f"trafilatura, {count} pages: mean {sum(times) / count * 1_000:.2f} ms a page, p99 {sorted(times)[int(0.99 * count)] * 1_000:.1f} ms\n"
    )


def growth(understanding: Understanding) -> None:
    """Print how the time grows with the text, and that what lies past the limit costs nothing."""
    text = " ".join(item["text"] for item in realistic_mix(4_000, SEED) if item["subject"] and item["lang"] == "en")
    one = TEXT_READ // 8
    print("characters     time   for twice the text")
    before = 0.0
    for times in (1, 2, 4, 8):
        cost = min(seconds_each(lambda part: understanding.read(title="Minister meets ambassador", text=part), [text[: one * times]] * 9))
        print(f"{one * times:>10,}  {cost * 1_000:5.1f} ms   {f'{cost / before:.2f}' if before else ''}")
        before = cost
    whole = (text * (1_000_000 // len(text) + 1))[:1_000_000]
    cost = min(seconds_each(lambda part: understanding.read(title="Minister meets ambassador", text=part), [whole] * 9))
    print(f"{len(whole):>10,}  {cost * 1_000:5.1f} ms   {cost / before:.2f} of {one * 8:,} (past {TEXT_READ:,} nothing is looked at)\n")


def quality(folds: int) -> None:
    from processors.cross_validate import cross_validation  # noqa: PLC0415 -- scikit-learn comes after our own memory was measured

    print(cross_validation(ROOT / "config", ROOT / "corpus", folds=folds, cluster=cluster).as_text())


def words_alone(items: Sequence[dict[str, Any]]) -> float:
    """Return the CPU seconds that the peer takes for all items, one by one as they arrive."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 -- after our own memory was measured
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 -- as above
    from sklearn.pipeline import make_pipeline, make_union  # noqa: PLC0415 -- as above

    warnings.simplefilter("ignore")
    texts = [f"{item['title']}\n{item['summary']}\n{item['text']}" for item in items]
    model = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=3, max_features=100_000),
        ),
        LogisticRegression(C=10, max_iter=200),
    )
    model.fit(texts, [item["label"] for item in items])
    start = time.process_time()
    for text in texts:
        model.predict([text])
    return time.process_time() - start


if __name__ == "__main__":
    main()
