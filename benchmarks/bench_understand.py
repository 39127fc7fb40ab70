"""`make bench-understand`: items a second through `Understanding.read`, beside TF-IDF + logistic regression of scikit-learn in the same run.

Printed: items/s from title and summary, and with the full text; the same for the peer (words 1-2 and characters 2-4, which only give a
label); p99 of one item; how the cost grows with the length of a text; resident memory that loading takes. One core, CPU time.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from processors.understand import Understanding

ROOT = Path(__file__).resolve().parents[1]
TARGET_MS = 4.0
TARGET_MIB = 120


def records() -> list[dict[str, Any]]:
    paths = sorted((ROOT / "corpus").glob("*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]


def seconds_each(work: Callable[[dict[str, Any]], object], items: Sequence[dict[str, Any]]) -> list[float]:
    out = []
    for item in items:
        start = time.process_time()
        work(item)
        out.append(time.process_time() - start)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000)
    options = parser.parse_args()
    before = psutil.Process().memory_info().rss
    start = time.perf_counter()
    understanding = Understanding.load(ROOT / "config")
    took = time.perf_counter() - start
    grown = (psutil.Process().memory_info().rss - before) / 2**20
    items = [item for item in records() if item["text"]]
    items = (items * (options.items // len(items) + 1))[: options.items]
    words = sum(len(item["text"].split()) for item in items if item["lang"] == "en") / sum(item["lang"] == "en" for item in items)
    print(f"loading: {took:.1f} s, {grown:.0f} MiB resident more (target < {TARGET_MIB})")
    print(f"{len(items):,} items of the corpus, {words:.0f} words each in English\n")

    def short(item: dict[str, Any]) -> object:
        return understanding.read(title=item["title"], summary=item["summary"], outlet=item["outlet"])

    def full(item: dict[str, Any]) -> object:
        return understanding.read(title=item["title"], summary=item["summary"], text=item["text"], outlet=item["outlet"])

    for work in (short, full):
        seconds_each(work, items[:50])  # folds and caches fill
    ours = {"title and summary": seconds_each(short, items), "full text": seconds_each(full, items)}
    for name, times in ours.items():
        times.sort()
        print(f"Newswire, {name:18} {len(times) / sum(times):8.0f} items/s   p99 {times[int(0.99 * len(times))] * 1000:6.1f} ms")
    peer = words_alone(items)
    print(f"TF-IDF + LR, {'full text':15} {len(items) / peer:8.0f} items/s   (a label alone: no countries, bodies, topics, evidence)")
    mean = sum(ours["full text"]) / len(items) * 1000
    print(f"\nfull text: {mean:.2f} ms an item (target < {TARGET_MS}), {peer / sum(ours['full text']):.2f} of the peer's rate inverted\n")
    text = " ".join(item["text"] for item in items if item["lang"] == "en")
    for length in (1_000, 5_000, 20_000, 200_000):
        cost = min(
            seconds_each(
                lambda item: understanding.read(title="Minister meets ambassador", text=item["text"]), [{"text": text[:length]}] * 5
            )
        )
        print(f"{length:>9,} characters: {cost * 1000:7.1f} ms")


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
    sample = texts[:600]
    model.fit(sample, [item["label"] for item in items[:600]])
    start = time.process_time()
    for text in texts:
        model.predict([text])
    return time.process_time() - start


if __name__ == "__main__":
    main()
