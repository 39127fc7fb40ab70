"""From labelled items to weights. The only module that imports scikit-learn (extra `train`)."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy import sparse
from sklearn.feature_selection import chi2
from sklearn.linear_model import LogisticRegression

from processors import countries, organisations, topics
from processors.features import Judged, structure, words
from processors.label import Binary, Multi
from processors.reading import Reading, read
from processors.source_country import country_of_url
from processors.taxonomy import Taxonomy
from processors.understand import judge, weighed_words
from processors.weights import FILE, Weights, write_weights

Record = Mapping[str, Any]
WORDS_KEPT: Final = 9_000
WORDS_SCALE: Final = 8.0  # what the words weigh beside the structure, before regularisation
LABEL_STRENGTH: Final = 0.05  # scikit-learn's C: small is smooth
ROLE_STRENGTH: Final = 0.2
TOPIC_STRENGTH: Final = 1.0
LEAST: Final = {"home": 0.15, "partner": 0.45, "organisation": 0.45, "topic": 0.45}


@dataclass(frozen=True)
class Prepared:
    """A labelled item, read, with the features that depend on no model."""

    record: Record
    reading: Reading
    named: dict[str, countries.Candidate]
    own: dict[str, dict[str, float]]


def prepare(taxonomy: Taxonomy, records: Iterable[Record]) -> list[Prepared]:
    """Return the items read in their labelled language."""
    out = []
    for record in records:
        reading = read(
            taxonomy,
            title=record["title"],
            lead=record.get("summary") or "",
            body=record.get("text") or "",
            language=record["lang"],
            outlet=record.get("outlet") or "",
            outlet_country=country_of_url(record.get("source_url")),
        )
        named = countries.candidates(taxonomy, reading)
        out.append(Prepared(record, reading, named, countries.features_of(reading, named)))
    return out


def fit(taxonomy: Taxonomy, items: Sequence[Prepared], provenance: Mapping[str, Any]) -> Weights:
    """Return the weights that the items teach, in three steps: roles, topics, then the label on what the roles say. Deterministic."""
    home = _binary([(own, code == item.record["home"]) for item in items for code, own in item.own.items()], ROLE_STRENGTH)
    partner = _binary(
        [
            (joined, code in item.record["partners"])
            for item in items
            for code, joined in countries.partner_features(item.named, item.own, item.record["home"]).items()
        ],
        ROLE_STRENGTH,
    )
    organisation = _binary(
        [
            (own, name in item.record["organisations"])
            for item in items
            for name, own in organisations.features_of(
                taxonomy, item.reading, organisations.candidates(item.reading), item.record["home"]
            ).items()
        ],
        ROLE_STRENGTH,
    )
    known = [item for item in items if item.record["label"] != "other"]
    found = [topics.features_of(item.reading) for item in known]
    by_topic = {
        topic: _binary([(own, topic in item.record["topics"]) for item, own in zip(known, found, strict=True)], TOPIC_STRENGTH)
        for topic in taxonomy.topics
    }
    empty = Multi((), (), {})
    roles = Weights(home, partner, organisation, by_topic, empty, {}, LEAST, provenance, "")
    label, idf = _label(taxonomy, roles, items)
    return Weights(home, partner, organisation, by_topic, label, idf, LEAST, provenance, "")


def _label(taxonomy: Taxonomy, roles: Weights, items: Sequence[Prepared]) -> tuple[Multi, dict[str, float]]:
    judged: list[Judged] = [judge(taxonomy, roles, item.reading, item.named)[0] for item in items]
    structures = [structure(taxonomy, item.reading, found) for item, found in zip(items, judged, strict=True)]
    counts = [words(taxonomy, item.reading, found) for item, found in zip(items, judged, strict=True)]
    labels = np.array([str(item.record["label"]) for item in items])
    idf = _vocabulary(counts, labels)
    rows = [
        {**own, **{name: value * WORDS_SCALE for name, value in weighed_words(found, idf).items()}}
        for own, found in zip(structures, counts, strict=True)
    ]
    names, matrix = _matrix(rows, least=4)
    model = LogisticRegression(C=LABEL_STRENGTH, max_iter=4_000).fit(matrix, labels)
    weights = {
        name: tuple(round(float(w) * (WORDS_SCALE if name.startswith("w:") else 1.0), 4) for w in model.coef_[:, at])
        for at, name in enumerate(names)
    }
    kept = {name: row for name, row in weights.items() if any(row)}
    return Multi(tuple(map(str, model.classes_)), tuple(round(float(b), 4) for b in model.intercept_), kept), idf


def _vocabulary(counts: Sequence[Counter[str]], labels: Any) -> dict[str, float]:
    """Return the words that tell the labels apart best, with their idf."""
    names, matrix = _matrix([dict.fromkeys(count, 1.0) for count in counts], least=4)
    power, _ = chi2(matrix, labels)
    best = sorted(range(len(names)), key=lambda at: (-float(power[at]), names[at]))[:WORDS_KEPT]
    spread = np.asarray(matrix.sum(axis=0)).ravel()
    return {names[at]: round(float(np.log((1 + len(counts)) / (1 + spread[at])) + 1), 4) for at in sorted(best, key=lambda a: names[a])}


def _binary(pairs: Sequence[tuple[Mapping[str, float], bool]], strength: float) -> Binary:
    truth = np.array([yes for _, yes in pairs])
    if truth.all() or not truth.any():
        return Binary(-6.0 if not truth.any() else 6.0, {})
    names, matrix = _matrix([own for own, _ in pairs], least=3)
    model = LogisticRegression(C=strength, max_iter=3_000, solver="liblinear", random_state=0).fit(matrix, truth)
    rounded = {name: round(float(weight), 4) for name, weight in zip(names, model.coef_[0], strict=True)}
    return Binary(round(float(model.intercept_[0]), 4), {name: weight for name, weight in rounded.items() if weight})


def _matrix(rows: Sequence[Mapping[str, float]], *, least: int) -> tuple[list[str], Any]:
    """Return the names that at least `least` rows hold, sorted, and the rows as a sparse matrix."""
    spread: Counter[str] = Counter(name for row in rows for name in row)
    names = sorted(name for name, times in spread.items() if times >= least)
    column = {name: at for at, name in enumerate(names)}
    pointers, indices, values = [0], [], []
    for row in rows:
        for name, value in sorted(row.items()):
            if name in column:
                indices.append(column[name])
                values.append(value)
        pointers.append(len(indices))
    shape = (len(rows), len(names))
    data = (np.array(values, dtype=np.float64), np.array(indices, dtype=np.int32), np.array(pointers, dtype=np.int32))
    return names, sparse.csr_matrix(data, shape=shape)


def read_labelled(files: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """Give the records of labelled JSONL files, in the order of the files."""
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield json.loads(line)


def train(taxonomy: Taxonomy, corpus_files: Sequence[Path], out: Path, provenance: Mapping[str, Any]) -> Weights:
    """Train on all files and write `weights.json` into `out`; return the weights."""
    weights = fit(taxonomy, prepare(taxonomy, read_labelled(corpus_files)), provenance)
    write_weights(out / FILE, weights)
    return weights
