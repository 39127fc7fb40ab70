"""Out-of-fold figures of ours and of the baselines, on the same folds and the same further training files, in one run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from newswire.records import Label
from processors.assess import explained, give_stories, prediction_of
from processors.baselines import keywords, words_alone
from processors.calibrate import Judgement, calibrate_alone, fit_steps
from processors.evaluate import Evaluation, score_sets
from processors.fit import Prepared, fingerprint, fit, prepare, shortened
from processors.item_sets import By
from processors.labelled import measured_files, read_labelled, training_files
from processors.language import LanguageReader
from processors.mistakes import mistakes_of
from processors.out_of_fold import FOLDS, SEED, Answers, Recorded, fold_of, judgements, out_of_fold, rank_of, read_answers
from processors.reliability import reliability_of
from processors.scores import score
from processors.taxonomy import Taxonomy, load_taxonomy
from processors.two_steps import Answer, Calibration, Steps
from processors.understand import MODEL_FOLDER, TAXONOMY_FOLDER, Understanding

if TYPE_CHECKING:
    from processors.assess import Cluster

Record = Mapping[str, Any]
OURS: Final = "Newswire"
PAIRS: Final = "minimal pairs"
PAIRS_FILE: Final = "train-pairs.jsonl"
FIRST_STEP: Final = "First step alone"
CURVE: Final = "Learning curve"
SHARES: Final = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Ground:
    """Labelled items, prepared once for as many trainings as are wanted; `brief` holds them without their text."""

    taxonomy: Taxonomy
    reader: LanguageReader
    measured: tuple[Prepared, ...]
    further: tuple[Prepared, ...]  # they train, and no figure is taken on them but that of the minimal pairs
    brief: tuple[Prepared, ...]

    def teach(self, keep: Callable[[Record], bool]) -> Understanding:
        """Return what the items that are kept teach."""
        return Understanding(self.taxonomy, self.reader, fit(self.taxonomy, [item for item in self._all() if keep(item.record)], {}))

    @property
    def paired(self) -> tuple[Prepared, ...]:
        """The minimal pairs among the items that train."""
        return tuple(item for item in self.further if item.record["file"] == PAIRS_FILE)

    def is_scored(self, item: Prepared) -> bool:
        """Return whether figures are taken on an item: the measured ones, and the minimal pairs for theirs."""
        return item.record["file"] in self.measured_files or item.record["file"] == PAIRS_FILE

    @cached_property
    def measured_files(self) -> frozenset[str]:
        """The names of the measured files."""
        return frozenset(item.record["file"] for item in self.measured)

    def _all(self) -> tuple[Prepared, ...]:
        return (*self.measured, *self.further, *self.brief)


def lay_ground(folder: Path, measured: Sequence[Path], further: Sequence[Path]) -> Ground:
    """Return the labelled files, read and prepared."""
    taxonomy, reader = load_taxonomy(folder / TAXONOMY_FOLDER), LanguageReader()
    records = read_labelled([*measured, *further])
    names = {path.name for path in measured}
    prepared = prepare(taxonomy, reader, records)
    return Ground(
        taxonomy,
        reader,
        tuple(item for item in prepared if item.record["file"] in names),
        tuple(item for item in prepared if item.record["file"] not in names),
        tuple(shortened(taxonomy, reader, prepared)),
    )


@dataclass(frozen=True)
class Fold:
    """A part of the items, and the understanding that none of them taught."""

    number: int
    understanding: Understanding
    trained: Callable[[Record], bool]  # whether an item taught it


def each_fold(ground: Ground, *, folds: int = FOLDS, seed: int = SEED, share: float = 1.0) -> Iterator[Fold]:
    """Give the folds one after the other, each taught by (a share of) the items of the others."""
    for number in range(folds):

        def trained(record: Record, held: int = number) -> bool:
            return fold_of(record, folds=folds, seed=seed) != held and (share >= 1.0 or rank_of(record, seed=seed) < share)

        yield Fold(number, ground.teach(trained), trained)


def cross_validation(folder: Path, corpus: Path, files: Sequence[Path] = (), **options: Any) -> Evaluation:
    """Return ours and the baselines on `files` (the measured ones of the corpus), each trained and scored out of fold.

    All other labelled files of the corpus train every fold. Options are those of `cross_validate`.
    """
    measured = list(files) or measured_files(corpus)
    taken = {path.resolve() for path in measured}
    further = [path for path in (*measured_files(corpus), *training_files(corpus)) if path.resolve() not in taken]
    return cross_validate(folder, measured, further, **options)


def cross_validate(
    folder: Path,
    measured: Sequence[Path],
    further: Sequence[Path],
    *,
    folds: int = FOLDS,
    seed: int = SEED,
    cluster: "Cluster | None" = None,
    baselines: bool = True,
    by: By | None = None,
    errors: bool = False,
    reliability: bool = False,
    learning_curve: bool = False,
    model: Path | None = None,
) -> Evaluation:
    """Return the scores on the measured files, every item predicted by weights that saw neither it nor its story.

    The reader's answers are those that `newswire train --encoder` recorded out of fold, on the same folds, in the folder `model`
    (the configuration's own). With other folds, or where none are recorded, the first step decides alone.
    """
    ground = lay_ground(folder, measured, further)
    recorded = read_answers(model or folder / MODEL_FOLDER) if (folds, seed) == (FOLDS, SEED) else Answers({}, {})
    found = _out_of_fold(ground, recorded, folds=folds, seed=seed, baselines=baselines)
    records = [item.record for item in ground.measured]
    predictions = [found.ours[record["id"]] for record in records]
    if cluster:
        give_stories(records, predictions, cluster, known=[{"lang": one["lang"], "people": one["people"]} for one in predictions])
    rows = [(OURS, *row) for row in score_sets(records, predictions, stories=cluster is not None, by=by)]
    notes = _notes(ground, folds)
    paired = [item.record for item in ground.paired]
    if paired:
        pairs = score(paired, [found.ours[record["id"]] for record in paired])
        rows.append((OURS, PAIRS, pairs))
        notes = (*notes, f"Minimal pairs with both told diplomacy or not: {pairs.figures['pairs_diplomacy']}.")
    if found.alone:
        rows += [(FIRST_STEP, *row) for row in score_sets(records, [found.alone[record["id"]] for record in records])]
    if found.alone:
        notes = (*notes, _on_steps(found, recorded, [item.record for item in (*ground.measured, *ground.further)]))
    rows += [("Title and summary", *row) for row in score_sets(records, [found.brief[record["id"]] for record in records])]
    if baselines:
        words = [{"label": found.words[record["id"]]} for record in records]
        rows += [("TF-IDF + log. regr.", *row) for row in score_sets(records, words)]
        rows += [("Keyword query", *row) for row in score_sets(records, [{"label": keywords(record)} for record in records])]
    if learning_curve:
        rows += [(CURVE, *row) for row in _curve(ground, predictions, folds=folds, seed=seed)]
    result = Evaluation(tuple(rows), notes, {"folds": folds, "seed": seed, **fingerprint(folder, [*measured, *further])})
    if reliability:
        result = result.with_part("reliability", reliability_of(records, predictions))
    return result.with_part("errors", mistakes_of(records, predictions)) if errors else result


@dataclass(frozen=True)
class _Found:
    """What was predicted out of fold, by the items' ids."""

    ours: dict[str, dict[str, Any]]  # of the measured items and the minimal pairs, explained
    alone: dict[str, dict[str, Any]]  # the first step's labels, where a reader decides some
    brief: dict[str, dict[str, Any]]  # of the measured items without their text
    words: dict[str, str]  # labels of the baseline
    asked: list[Mapping[str, Any]]  # the records that the first step left open
    lost: list[Mapping[str, Any]]  # the diplomacy items that it settled as no, of those that a reader could have read


def _out_of_fold(ground: Ground, recorded: Answers, *, folds: int, seed: int, baselines: bool) -> _Found:
    items = (*ground.measured, *ground.further)
    made = out_of_fold(ground.taxonomy, items, ground.brief, folds=folds, seed=seed)
    brief = {item.record["id"]: item for item in ground.brief}
    found = _Found({}, {}, {}, {}, [], [])
    for number, weights in enumerate(made.weights):
        own = [item for item in items if fold_of(item.record, folds=folds, seed=seed) == number]
        seen = [item.record for item in items if fold_of(item.record, folds=folds, seed=seed) != number]
        judged = judgements(seen, made, recorded.whole)
        alone = calibrate_alone(judged)
        steps = fit_steps(judged, alone) if recorded.whole else None
        understanding = Understanding(ground.taxonomy, ground.reader, replace(weights, alone=alone))
        if steps:
            _note_steps(found, judgements([item.record for item in own], made, recorded.whole), [item.record for item in own], alone, steps)
        for item in own:
            name = item.record["id"]
            if not ground.is_scored(item):
                continue
            found.ours[name] = explained(item.record, understanding.understand(item.reading, _recorded(steps, recorded.whole.get(name))))
            if item.record["file"] == PAIRS_FILE:
                continue
            if steps:
                found.alone[name] = prediction_of(item.record, understanding.understand(item.reading))
            short = brief.get(name, item).reading
            found.brief[name] = prediction_of(item.record, understanding.understand(short, _recorded(steps, recorded.brief.get(name))))
        if baselines:
            held = [item.record for item in ground.measured if fold_of(item.record, folds=folds, seed=seed) == number]
            found.words.update(zip((record["id"] for record in held), words_alone(seen, held), strict=True))
    return found


def _note_steps(found: _Found, judged: Sequence[Judgement], records: Sequence[Record], alone: Calibration, steps: Steps) -> None:
    """Note which items the first step leaves open, and which diplomacy it loses."""
    for item, record in zip(judged, records, strict=True):
        if item.reader is None:
            continue
        scores = alone.scores(item.first)
        if steps.leaves_open(scores):
            found.asked.append(record)
        elif item.diplomacy and scores[Label.DIPLOMACY] < steps.low:
            found.lost.append(record)


def _recorded(steps: Steps | None, answer: Answer | None) -> Recorded | None:
    return Recorded(steps, answer) if steps and answer else None


def _curve(ground: Ground, whole: Sequence[Record], *, folds: int, seed: int) -> Iterator[tuple[str, Any]]:
    """Give the scores by the share of the training items: each share holds the smaller ones, the folds stay."""
    records = [item.record for item in ground.measured]
    for share in SHARES:
        found = {record["id"]: one for record, one in zip(records, whole, strict=True)}
        for fold in each_fold(ground, folds=folds, seed=seed, share=share) if share < 1.0 else ():
            for item in ground.measured:
                if fold_of(item.record, folds=folds, seed=seed) == fold.number:
                    found[item.record["id"]] = prediction_of(item.record, fold.understanding.understand(item.reading))
        yield f"{share:.0%} of training", score(records, [found[record["id"]] for record in records])


def _on_steps(found: _Found, recorded: Answers, records: Sequence[Record]) -> str:
    read = [record for record in records if record["id"] in recorded.whole]
    diplomacy = sum(record["label"] == Label.DIPLOMACY for record in read)
    return (
        f"Of {len(read)} English items the first step leaves {len(found.asked)} to the reader; of their {diplomacy} on diplomacy it settles "
        f"{len(found.lost)} as no ({len(found.lost) / max(1, diplomacy):.1%})."
    )


def _notes(ground: Ground, folds: int) -> tuple[str, ...]:
    return (
        f"{folds} folds, out of fold; stories and groups whole in one fold; {len(ground.further)} further items train every fold and are measured in none.",
        "Under each figure its 95 % interval, bootstrap over stories. Partners, organisations, topics, home: on true diplomacy items.",
        "Stories: B-cubed F1 over items that have, or were given, company. Pairs: minimal pairs with both labels right.",
    )
