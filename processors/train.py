"""From labelled items to weights. The only module that imports scikit-learn (extra `train`)."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy import sparse
from sklearn.feature_selection import chi2
from sklearn.linear_model import LogisticRegression

from processors import countries, organisations, topics
from processors.evaluate import measured_files, read_labelled, training_files
from processors.features import Judged, structure, words
from processors.label import Binary, Multi
from processors.language import LanguageReader
from processors.reading import LEAD_READ, TEXT_READ, TITLE_READ, Reading, read
from processors.source_country import country_of_url
from processors.taxonomy import Taxonomy, load_taxonomy
from processors.understand import TAXONOMY_FOLDER, judge, weighed_words
from processors.weights import FILE, Weights, write_weights

Record = Mapping[str, Any]
WORDS_KEPT: Final = 9_000
WORDS_SCALE: Final = 8.0  # what the words weigh beside the structure, before regularisation
LABEL_STRENGTH: Final = 0.05  # scikit-learn's C: small is smooth
ROLE_STRENGTH: Final = 0.2
TOPIC_STRENGTH: Final = 1.0
FIGURES: Final = "figures.json"
CODE: Final = ("boilerplate", "countries", "features", "language", "organisations", "reading", "taxonomy", "topics", "train")
"""The modules that decide what the weights mean: when one changes, weights and figures are due again."""
LEAST: Final = {"home": 0.15, "partner": 0.45, "organisation": 0.45, "topic": 0.45}


@dataclass(frozen=True)
class Prepared:
    """A labelled item, read, with the features that depend on no model."""

    record: Record
    reading: Reading
    named: dict[str, countries.Candidate]
    own: dict[str, dict[str, float]]


def prepare(taxonomy: Taxonomy, reader: LanguageReader, records: Iterable[Record]) -> list[Prepared]:
    """Return the items as `Understanding.read` would read them, their labelled language taken as a hint only."""
    out = []
    for record in records:
        title, lead, body = record["title"][:TITLE_READ], (record.get("summary") or "")[:LEAD_READ], (record.get("text") or "")[:TEXT_READ]
        reading = read(
            taxonomy,
            title=title,
            lead=lead,
            body=body,
            language=reader.identify(f"{title}\n{lead}\n{body}", record.get("lang")),
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


def fingerprint(folder: Path, files: Sequence[Path]) -> dict[str, Any]:
    """Return what weights and figures were made from: a hash of each labelled file, of the taxonomy and of the code that makes features."""
    package = Path(__file__).parent
    return {
        "corpus": {path.name: _hash([path]) for path in sorted(files, key=lambda path: path.name)},
        "taxonomy": load_taxonomy(folder / TAXONOMY_FOLDER).version,
        "code": _hash([package / f"{name}.py" for name in CODE]),
    }


def _hash(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def train(folder: Path, corpus: Path, out: Path) -> str:
    """Train on every labelled file of `corpus`, write `weights.json` and the out-of-fold `figures.json` into `out`, and say what was made."""
    from processors.cross_validate import cross_validate  # noqa: PLC0415 -- it imports this module

    measured, further = measured_files(corpus), training_files(corpus)
    taxonomy = load_taxonomy(folder / TAXONOMY_FOLDER)
    items = prepare(taxonomy, LanguageReader(), read_labelled([*measured, *further]))
    weights = fit(taxonomy, items, {**fingerprint(folder, [*measured, *further]), "items": len(items)})
    write_weights(out / FILE, weights)
    figures = cross_validate(folder, measured, further)
    (out / FIGURES).write_text(json.dumps(figures.as_json(), ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return f"{figures.as_text()}\n\n{len(items)} items, {len(weights.label.weights)} weights of the label: {out / FILE}"
