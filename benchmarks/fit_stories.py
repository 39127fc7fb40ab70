"""Fit what alerting/stories*.tsv hold: how common words and names are, and what each sign of a common story weighs.

    python -m benchmarks.fit_stories [--facts FILE]

Common words and names are counted in the training files. The weights come from a logistic regression over pairs of items, with the facts that
were understood out of fold, since those are what the alerter gets. Pairs of one story against pairs of two: all within the window, and
the likest of the whole corpus as if they had been told in one week, which is what a busy week looks like.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from alerting.stories import WINDOW_S, StoryIndex, document_of_record
from alerting.stories_likeness import FEATURES, features
from alerting.stories_member import Member, apart_s
from alerting.stories_names import count_names
from alerting.stories_words import NAMES, WORDS, Frequencies, count_stems, shipped_frequencies
from benchmarks.stories_corpus import ROOT, Record, event_of, measured, out_of_fold_facts, training, understood

ALERTING = ROOT / "alerting"
LEAST_DOCUMENTS = 4
DAY_S = 86_400.0
BUSY_DAYS = 5

Pair = tuple[int, int, bool, tuple[float, ...]]


def write_frequencies(file: str, count: Callable[[str, str, str], Counter[str]], records: Sequence[Record]) -> None:
    """Write how many documents hold each word or name."""
    frequency: Counter[str] = Counter()
    for record in records:
        frequency.update(count(record["title"], record.get("summary") or "", record.get("text") or "").keys())
    kept = sorted(key for key, number in frequency.items() if number >= LEAST_DOCUMENTS)
    lines = [f"documents\t{len(records)}", *(f"{key}\t{frequency[key]}" for key in kept)]
    (ALERTING / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{file}: {len(kept)} of {len(records)} documents")


def pairs(records: Sequence[Record]) -> Iterator[Pair]:
    """Yield pairs of items with what they share, and whether they tell one story."""
    words, names = shipped_frequencies(), shipped_frequencies(NAMES)
    placing = StoryIndex()
    members = [replace(placing.place(document_of_record(record))[1], story_id=record["id"]) for record in records]
    place_of = {member.item_id: place for place, member in enumerate(members)}
    rare = [_rarity(member, words, names) for member in members]
    crowd = StoryIndex(replace(member, dated_at=None) for member in members)
    near = {pair for pair in combinations(range(len(members)), 2) if apart_s(members[pair[0]], members[pair[1]]) <= WINDOW_S}
    alike = {
        (min(place, other), max(place, other))
        for place, member in enumerate(members)
        for other in (place_of[item_id] for item_id in crowd.candidates(replace(member, dated_at=None)))
        if other != place
    }
    for one, other in sorted(near | alike):
        first, second = records[one], records[other]
        same = first["story"] == second["story"]
        if not same and event_of(first) == event_of(second):
            continue
        if first.get("group") and first.get("group") == second.get("group"):
            continue
        if same and (one, other) not in near:
            continue
        if (one, other) in near:
            left, right = members[one], members[other]
        else:
            left = replace(members[one], dated_at=0.0)
            right = replace(members[other], dated_at=(one + other) % (BUSY_DAYS + 1) * DAY_S)
        yield one, other, same, features(left, right, rare[one])


def _rarity(member: Member, words: Frequencies, names: Frequencies) -> dict[str, float]:
    return {stem: words.rarity(stem) for stem in member.weights} | {name: names.rarity(name) for name in member.names}


def weights_of(found: Sequence[Pair]) -> tuple[float, ...]:
    """Return the fitted weights, in the order of `FEATURES`."""
    # The first feature is always there: its weight is the intercept, which is not held small.
    shared = np.array([values[1:] for *_, values in found])
    model = LogisticRegression(C=1.0, max_iter=5000, tol=1e-8).fit(shared, [same for _, _, same, _ in found])
    return tuple(round(float(weight), 3) for weight in (model.intercept_[0], *model.coef_[0]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=Path, help="where the facts understood out of fold are kept")
    kept = parser.parse_args().facts
    write_frequencies(WORDS, count_stems, training())
    write_frequencies(NAMES, count_names, training())
    found = list(pairs(understood([*measured(), *training()], out_of_fold_facts(kept))))
    fitted = weights_of(found)
    lines = [f"{name}\t{weight}" for name, weight in zip(FEATURES, fitted, strict=True)]
    (ALERTING / "stories_likeness.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(found)} pairs, {sum(same for _, _, same, _ in found)} of one story", *lines, sep="\n")


if __name__ == "__main__":
    main()
