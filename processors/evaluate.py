"""Predictions against labels: the figures of `newswire evaluate`, in the rows and columns that the README quotes."""

import random
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from newswire.records import Label
from processors.labelled import read_labelled

if TYPE_CHECKING:
    from processors.assess import Cluster, Record
    from processors.understand import Understanding

DIPLOMACY: Final = Label.DIPLOMACY.value
_RESAMPLES: Final = 400


@dataclass(frozen=True, slots=True)
class Ratio:
    """Precision, recall and their harmonic mean."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Scores:
    """The figures of one set of items. Partners, organisations, topics and home are taken on true diplomacy items."""

    items: int
    diplomacy: Ratio
    accuracy: float  # of three labels
    interval: tuple[float, float]  # of diplomacy F1: 95 %, bootstrap over stories
    partners: float | None  # None where a system gives labels alone
    organisations: float | None
    topics: float | None
    home: float | None
    stories: float | None  # B-cubed F1, where stories were predicted
    confusion: Mapping[str, Mapping[str, int]]  # true label → predicted label → items


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores by system and by set of items, in the order in which they are shown; notes say what a reader must know of them."""

    rows: tuple[tuple[str, str, Scores], ...]  # system, set, scores
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the figures as plain data, rounded to three places."""
        figures: dict[str, dict[str, Any]] = {}
        for system, name, scores in self.rows:
            figures.setdefault(system, {})[name] = _rounded(asdict(scores))
        return {"provenance": dict(self.provenance), "notes": list(self.notes), "figures": figures}

    def as_text(self) -> str:
        """Return the figures as a table for a terminal."""
        lines = [_HEAD]
        before = None
        for system, name, scores in self.rows:
            if before not in (None, system):
                lines.append("")
            lines.append(_line(system if system != before else "", name, scores))
            before = system
        lines += ["", *self.notes]
        return "\n".join(lines).rstrip()


_HEAD: Final = (
    f"{'':34}{'items':>6}  {'F1':>6}  {'95 %':>13}  {'prec.':>6}  {'recall':>6}  {'acc. 3':>6}  {'partn.':>6}  {'org.':>6}  {'topics':>6}  "
    f"{'home':>6}  {'stories':>7}"
)


def _line(system: str, name: str, scores: Scores) -> str:
    low, high = scores.interval
    return (
        f"{system:<24}{name:<10}{scores.items:>6}  {scores.diplomacy.f1:>6.3f}  {f'{low:.3f}–{high:.3f}':>13}  {scores.diplomacy.precision:>6.3f}  "
        f"{scores.diplomacy.recall:>6.3f}  {scores.accuracy:>6.3f}  {_shown(scores.partners):>6}  {_shown(scores.organisations):>6}  "
        f"{_shown(scores.topics):>6}  {_shown(scores.home):>6}  {_shown(scores.stories):>7}"
    )


def _shown(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.3f}"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, Mapping):
        return {name: _rounded(of) for name, of in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(of) for of in value]
    return value


def evaluation(understanding: "Understanding", files: Sequence[Path], *, cluster: "Cluster | None" = None) -> Evaluation:
    """Return the scores of the shipped weights on labelled files."""
    from processors.assess import assess  # noqa: PLC0415 -- scoring alone needs no understanding

    records = read_labelled(files)
    predictions = assess(understanding, records, cluster=cluster)
    seen = [path.name for path in files if understanding.was_trained_on(path)]
    notes = (f"The shipped weights were trained on {', '.join(seen)}: these figures are no measure; --cross-validate is.",) if seen else ()
    return Evaluation(tuple(("shipped weights", *row) for row in score_sets(records, predictions, stories=cluster is not None)), notes)


def score_sets(records: Sequence["Record"], predictions: Sequence["Record"], *, stories: bool = False) -> list[tuple[str, Scores]]:
    """Return the scores of all items, English, other languages and hard cases, then of each language."""
    pairs = list(zip(records, predictions, strict=True))
    languages = [name for name, _ in Counter(record["lang"] for record in records).most_common()]
    sets: list[tuple[str, Callable[[Record], bool]]] = [
        ("all", lambda _: True),
        ("English", lambda record: record["lang"] == "en"),
        ("others", lambda record: record["lang"] != "en"),
        ("hard", lambda record: bool(record["hard"])),
        *((language, lambda record, of=language: record["lang"] == of) for language in languages if language != "en"),
    ]
    out = []
    for name, belongs in sets:
        chosen = [pair for pair in pairs if belongs(pair[0])]
        if chosen:
            out.append((name, score([record for record, _ in chosen], [found for _, found in chosen], stories=stories and name == "all")))
    return out


def score(records: Sequence["Record"], predictions: Sequence["Record"], *, stories: bool = False) -> Scores:
    """Return the figures of predictions, which stand in the order of the records."""
    pairs = list(zip(records, predictions, strict=True))
    confusion = {true.value: {found.value: 0 for found in Label} for true in Label}
    for record, found in pairs:
        confusion[record["label"]][found["label"]] += 1
    true = [(record, found) for record, found in pairs if record["label"] == DIPLOMACY]
    whole = all("partners" in found for found in predictions)
    return Scores(
        items=len(pairs),
        diplomacy=_diplomacy(pairs),
        accuracy=sum(record["label"] == found["label"] for record, found in pairs) / max(1, len(pairs)),
        interval=_interval(pairs),
        partners=_set_f1(true, "partners") if whole else None,
        organisations=_set_f1(true, "organisations") if whole else None,
        topics=_set_f1(true, "topics") if whole else None,
        home=sum(record["home"] == found["home"] for record, found in true) / max(1, len(true)) if whole else None,
        stories=b_cubed([r["story"] for r, _ in pairs], [p["story"] for _, p in pairs]) if stories else None,
        confusion=confusion,
    )


def ratio(true_positive: int, false_positive: int, false_negative: int) -> Ratio:
    """Return precision, recall and F1; 0 where nothing was there to find or to be found."""
    found, there = true_positive + false_positive, true_positive + false_negative
    precision = true_positive / found if found else 0.0
    recall = true_positive / there if there else 0.0
    return Ratio(precision, recall, 2 * precision * recall / (precision + recall) if true_positive else 0.0)


def _diplomacy(pairs: Sequence[tuple["Record", "Record"]]) -> Ratio:
    counts = Counter((record["label"] == DIPLOMACY, found["label"] == DIPLOMACY) for record, found in pairs)
    return ratio(counts[True, True], counts[False, True], counts[True, False])


def _set_f1(pairs: Iterable[tuple["Record", "Record"]], name: str) -> float:
    """Return the micro-averaged F1 of the sets under `name`."""
    hit = extra = missed = 0
    for record, found in pairs:
        truth, given = set(record[name]), set(found[name])
        hit, extra, missed = hit + len(truth & given), extra + len(given - truth), missed + len(truth - given)
    return ratio(hit, extra, missed).f1


def _interval(pairs: Sequence[tuple["Record", "Record"]]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of diplomacy F1; stories are drawn whole, since their items hang together."""
    groups: dict[str, list[tuple[bool, bool]]] = {}
    for record, found in pairs:
        truth = (record["label"] == DIPLOMACY, found["label"] == DIPLOMACY)
        groups.setdefault(str(record.get("story") or record["id"]), []).append(truth)
    counted = [Counter(group) for group in groups.values()]
    chance = random.Random(0)  # noqa: S311 -- a bootstrap, the same at each run
    drawn = []
    for _ in range(_RESAMPLES):
        total: Counter[tuple[bool, bool]] = Counter()
        for group in chance.choices(counted, k=len(counted)):
            total.update(group)
        drawn.append(ratio(total[True, True], total[False, True], total[True, False]).f1)
    drawn.sort()
    return (drawn[int(0.025 * _RESAMPLES)], drawn[int(0.975 * _RESAMPLES)]) if drawn else (0.0, 0.0)


def b_cubed(true: Sequence[Hashable], found: Sequence[Hashable]) -> float:
    """Return the B-cubed F1 of a clustering (Bagga and Baldwin 1998): precision and recall of each item's companions, averaged."""
    if not true:
        return 0.0
    both = Counter(zip(true, found, strict=True))
    by_true, by_found = Counter(true), Counter(found)
    precision = sum(count * count / by_found[f] for (_, f), count in both.items()) / len(true)
    recall = sum(count * count / by_true[t] for (t, _), count in both.items()) / len(true)
    return 2 * precision * recall / (precision + recall)
