"""Out-of-fold figures of ours and of the baselines, on the same folds and the same further training files, in one run."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from newswire.records import Label
from processors.assess import assess, prediction_of
from processors.evaluate import Evaluation, score_sets
from processors.fit import Prepared, fingerprint, fit, prepare, shortened
from processors.labelled import measured_files, read_labelled, training_files
from processors.language import LanguageReader
from processors.taxonomy import load_taxonomy
from processors.understand import TAXONOMY_FOLDER, Understanding

if TYPE_CHECKING:
    from processors.assess import Cluster

Record = Mapping[str, Any]
FOLDS: Final = 5
SEED: Final = 7
_SUBJECTS: Final = (
    "telecom",
    "information technology",
    " it ",
    " ict",
    "digital",
    "5g",
    "broadband",
    "cyber",
    "internet",
    "satellite",
    "artificial intelligence",
)
_DIPLOMATS: Final = (
    *("ambassador", "envoy", "high commissioner", "delegation", "bilateral", "memorandum", "mou", "counterpart", "called on", "embassy"),
    *("international telecommunication union", "world bank", "summit", "foreign minister"),
)


def fold_of(record: Record, *, folds: int = FOLDS, seed: int = SEED) -> int:
    """Return the fold of an item; items of one story, or of one group of minimal pairs, share it."""
    key = f"{seed}:{record.get('group') or record.get('story') or record['id']}"
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % folds


def cross_validation(folder: Path, corpus: Path, *, cluster: "Cluster | None" = None) -> Evaluation:
    """Return ours and the baselines, each trained and scored out of fold."""
    return cross_validate(folder, measured_files(corpus), training_files(corpus), cluster=cluster)


def cross_validate(
    folder: Path,
    measured: Sequence[Path],
    further: Sequence[Path],
    *,
    folds: int = FOLDS,
    seed: int = SEED,
    cluster: "Cluster | None" = None,
    baselines: bool = True,
) -> Evaluation:
    """Return the scores on the measured files, every item predicted by weights that saw neither it nor its story."""
    taxonomy, reader = load_taxonomy(folder / TAXONOMY_FOLDER), LanguageReader()
    records, extra = read_labelled(measured), read_labelled(further)
    prepared, more = prepare(taxonomy, reader, records), prepare(taxonomy, reader, extra)
    brief = shortened(taxonomy, reader, (*prepared, *more))
    ours: dict[int, dict[str, Any]] = {}
    shorts: dict[int, dict[str, Any]] = {}
    peers: dict[int, str] = {}
    for number in range(folds):
        training = [item for item in (*prepared, *more) if fold_of(item.record, folds=folds, seed=seed) != number]
        held = [at for at, record in enumerate(records) if fold_of(record, folds=folds, seed=seed) == number]
        cut = [item for item in brief if fold_of(item.record, folds=folds, seed=seed) != number]
        understanding = Understanding(taxonomy, reader, fit(taxonomy, [*training, *cut], {}))
        for at in held:
            ours[at] = prediction_of(records[at], understanding.understand(prepared[at].reading))
            without = {**records[at], "text": ""}
            shorts[at] = assess(understanding, [without])[0]
        if baselines:
            peers.update(zip(held, _words_alone(training, [records[at] for at in held]), strict=True))
    predictions = [ours[at] for at in range(len(records))]
    if cluster:
        known = [{**record, **found} for record, found in zip(records, predictions, strict=True)]
        for found, story in zip(predictions, cluster(known), strict=True):
            found["story"] = story
    rows = [("Newswire", *row) for row in score_sets(records, predictions, stories=cluster is not None)]
    rows += [("title and summary only", *row) for row in score_sets(records, [shorts[at] for at in range(len(records))])[:4]]
    if baselines:
        for system, labels in (
            ("TF-IDF + log. regr.", [peers[at] for at in range(len(records))]),
            ("keyword query", [_keywords(record) for record in records]),
        ):
            rows += [(system, *row) for row in score_sets(records, [{"label": label} for label in labels])[:4]]
    notes = (
        f"{folds} folds, out of fold; stories and groups whole in one fold; {len(extra)} further items train every fold and are measured in none.",
    )
    return Evaluation(tuple(rows), notes, {"folds": folds, "seed": seed, **fingerprint(folder, [*measured, *further])})


def _text(record: Record) -> str:
    return "\n".join((record["title"], record.get("summary") or "", record.get("text") or ""))


def _words_alone(training: Sequence[Prepared], held: Sequence[Record]) -> list[str]:
    """Return the labels of TF-IDF (words 1-2, characters 2-4) with logistic regression."""
    model = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=3, max_features=100_000),
        ),
        LogisticRegression(C=10, max_iter=1_000, class_weight="balanced"),
    )
    model.fit([_text(item.record) for item in training], [item.record["label"] for item in training])
    return [str(label) for label in model.predict([_text(record) for record in held])]


def _keywords(record: Record) -> str:
    text = f" {_text(record).casefold()} "
    found = any(word in text for word in _SUBJECTS) and any(word in text for word in _DIPLOMATS)
    return Label.DIPLOMACY.value if found else Label.OTHER.value
