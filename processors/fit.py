"""From labelled items to weights. The only module that imports scikit-learn (extra `train`)."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy import sparse
from sklearn.feature_selection import chi2
from sklearn.linear_model import LogisticRegression

from newswire.records import Label
from processors import organisations, roles, topics
from processors.countries import Candidate, candidates
from processors.features import structure
from processors.label import Binary
from processors.language import LanguageReader
from processors.lists import rows_of
from processors.outlets import country_of_outlet
from processors.reading import LEAD_READ, TEXT_READ, TITLE_READ, Reading, read
from processors.signs import Judged
from processors.source_country import country_of_url
from processors.taxonomy import Taxonomy, load_taxonomy
from processors.two_steps import AS_TRAINED
from processors.understand import TAXONOMY_FOLDER, judge
from processors.weights import Weights
from processors.words import WORD, weighed_words, words

Record = Mapping[str, Any]
WORDS_KEPT: Final = 6_000  # for each of the two questions
WORDS_SCALE: Final = 5.0  # what the words weigh beside the structure, before regularisation
LABEL_STRENGTH: Final = 0.03  # scikit-learn's C: small is smooth
ROLE_STRENGTH: Final = 0.2
HOME_STRENGTH: Final = 0.5
HOME_WEIGHTS: Final = {"diplomacy": 1.0, "domestic": 0.2, "other": 0.05}
"""What an item's home weighs in training: it is asked for, and right, where a government acts."""

TOPIC_STRENGTH: Final = 0.2
PARTS: Final = 4  # of the items, for roles judged unseen
DIPLOMACY: Final = Label.DIPLOMACY.value
OTHER: Final = Label.OTHER.value
CODE: Final = (
    "boilerplate",
    "boilerplate_phrases",
    "clubs",
    "countries",
    "features",
    "fit",
    "language",
    "lists",
    "organisations",
    "outlets",
    "pairs",
    "reading",
    "roles",
    "signs",
    "spoken",
    "taxonomy",
    "taxonomy_terms",
    "topics",
    "words",
)
"""The modules that decide what the weights mean: when one changes, weights and figures are due again."""
LEAST: Final = {"partner": 0.36, "organisation": 0.28, "topic": 0.3}


@dataclass(frozen=True)
class Prepared:
    """A labelled item, read, with the features that depend on no model."""

    record: Record
    reading: Reading
    named: dict[str, Candidate]
    own: dict[str, dict[str, float]]
    blind: dict[str, dict[str, float]]  # as `own`, were the outlet unknown: most of the world's outlets are


def prepare(taxonomy: Taxonomy, reader: LanguageReader, records: Iterable[Record]) -> list[Prepared]:
    """Return the items as `Understanding.read` would read them, their labelled language taken as a hint only."""
    return [_prepared(taxonomy, record, _read(taxonomy, reader, record, short=False)) for record in records]


def shortened(taxonomy: Taxonomy, reader: LanguageReader, items: Iterable[Prepared]) -> list[Prepared]:
    """Return the items that have a text once more, without it: what a feed carries before the page is read."""
    return [_prepared(taxonomy, item.record, _read(taxonomy, reader, item.record, short=True)) for item in items if item.record.get("text")]


def _read(taxonomy: Taxonomy, reader: LanguageReader, record: Record, *, short: bool) -> Reading:
    title, lead = record["title"][:TITLE_READ], (record.get("summary") or "")[:LEAD_READ]
    body = "" if short else (record.get("text") or "")[:TEXT_READ]
    return read(
        taxonomy,
        title=title,
        lead=lead,
        body=body,
        language=reader.identify(f"{title}\n{lead}\n{body}", record.get("lang")),
        outlet=record.get("outlet") or "",
        outlet_country=country_of_outlet(taxonomy, record.get("outlet") or "") or country_of_url(record.get("source_url")),
    )


def _prepared(taxonomy: Taxonomy, record: Record, reading: Reading) -> Prepared:
    named = candidates(taxonomy, reading)
    unknown = replace(reading, country_of_outlet=None)
    blind = roles.home_features(unknown, candidates(taxonomy, unknown))
    return Prepared(record, reading, named, roles.home_features(reading, named), blind)


def fit(taxonomy: Taxonomy, items: Sequence[Prepared], provenance: Mapping[str, Any]) -> Weights:
    """Return the weights that the items teach: roles, topics, then the label on what the roles say. Deterministic."""
    parts = _roles(taxonomy, items)
    known = [item for item in items if item.record["label"] != OTHER]
    found = [topics.features_of(item.reading) for item in known]
    by_topic = {
        topic: _binary([(own, topic in item.record["topics"]) for item, own in zip(known, found, strict=True)], TOPIC_STRENGTH)
        for topic in taxonomy.topics
    }
    engagement, subject, idf = _label(taxonomy, _judge_unseen(taxonomy, items), items)
    return replace(parts, topics=by_topic, engagement=engagement, subject=subject, idf=idf, provenance=provenance)


def _roles(taxonomy: Taxonomy, items: Sequence[Prepared]) -> Weights:
    """Return weights that judge roles alone."""
    home = _ranking(
        [(own, item.record["home"] or roles.NONE, HOME_WEIGHTS[item.record["label"]]) for item in items for own in (item.own, item.blind)]
    )
    partner = _binary(
        [
            (joined, code in item.record["partners"])
            for item in items
            for code, joined in roles.partner_features(
                item.reading, item.named, item.own, item.record["home"], rows_of(item.reading, item.named)
            ).items()
        ],
        ROLE_STRENGTH,
    )
    organisation = _binary(
        [
            (own, name in item.record["organisations"])
            for item in items
            for name, own in organisations.features_of(
                taxonomy,
                item.reading,
                organisations.candidates(item.reading),
                item.named,
                roles.Roles(item.record["home"], tuple(item.record["partners"]), {}),
            ).items()
        ],
        ROLE_STRENGTH,
    )
    nothing = Binary(0.0, {})
    return Weights(home, partner, organisation, {}, nothing, nothing, {}, AS_TRAINED, LEAST, {}, "")


def _judge_unseen(taxonomy: Taxonomy, items: Sequence[Prepared]) -> list[Judged]:
    """Return the roles of each item as judged by weights that did not see it: at run time no item was seen either."""
    parts = [_part(item.record) for item in items]
    weights = [_roles(taxonomy, [item for item, of in zip(items, parts, strict=True) if of != part]) for part in range(PARTS)]
    return [judge(taxonomy, weights[of], item.reading, item.named)[0] for item, of in zip(items, parts, strict=True)]


def _part(record: Record) -> int:
    key = str(record.get("group") or record.get("story") or record["id"])
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % PARTS


def _label(taxonomy: Taxonomy, judged: Sequence[Judged], items: Sequence[Prepared]) -> tuple[Binary, Binary, dict[str, float]]:
    """Return the models of the two questions that make the label, and the vocabulary they share."""
    engaged = [item.record["label"] == DIPLOMACY or (item.record["label"] == OTHER and bool(item.record["partners"])) for item in items]
    on_subject = [item.record["label"] != OTHER for item in items]
    counts = [words(taxonomy, item.reading, found) for item, found in zip(items, judged, strict=True)]
    idf = _vocabulary(counts, (engaged, on_subject))
    rows = [
        {
            **structure(taxonomy, item.reading, found),
            **{name: value * WORDS_SCALE for name, value in weighed_words(own, idf).items()},
        }
        for item, found, own in zip(items, judged, counts, strict=True)
    ]
    names, matrix = _matrix(rows, least=4)
    return _answer(names, matrix, engaged), _answer(names, matrix, on_subject), idf


def _answer(names: Sequence[str], matrix: Any, truth: Sequence[bool]) -> Binary:
    model = LogisticRegression(C=LABEL_STRENGTH, max_iter=1_000).fit(matrix, np.array(truth))
    scaled = {
        name: round(float(weight) * (WORDS_SCALE if name.startswith(WORD) else 1.0), 4)
        for name, weight in zip(names, model.coef_[0], strict=True)
    }
    return Binary(round(float(model.intercept_[0]), 4), {name: weight for name, weight in scaled.items() if weight})


def _vocabulary(counts: Sequence[Counter[str]], answers: Sequence[Sequence[bool]]) -> dict[str, float]:
    """Return the words that tell the answers apart best, with their idf."""
    names, matrix = _matrix([dict.fromkeys(count, 1.0) for count in counts], least=4)
    kept: set[int] = set()
    for truth in answers:
        power, _ = chi2(matrix, np.array(truth))
        kept.update(sorted(range(len(names)), key=lambda at: (-float(power[at]), names[at]))[:WORDS_KEPT])
    spread = np.asarray(matrix.sum(axis=0)).ravel()
    return {names[at]: round(float(np.log((1 + len(counts)) / (1 + spread[at])) + 1), 4) for at in sorted(kept)}


def _binary(pairs: Sequence[tuple[Mapping[str, float], bool]], strength: float) -> Binary:
    truth = np.array([yes for _, yes in pairs])
    if truth.all() or not truth.any():
        return Binary(-6.0 if not truth.any() else 6.0, {})
    names, matrix = _matrix([own for own, _ in pairs], least=3)
    model = LogisticRegression(C=strength, max_iter=3_000, solver="liblinear", random_state=0).fit(matrix, truth)
    rounded = {name: round(float(weight), 4) for name, weight in zip(names, model.coef_[0], strict=True)}
    return Binary(round(float(model.intercept_[0]), 4), {name: weight for name, weight in rounded.items() if weight})


def _ranking(choices: Sequence[tuple[Mapping[str, Mapping[str, float]], str, float]]) -> Binary:
    """Return the model that puts the right candidate of each item first: logistic regression on differences, by each item's weight."""
    rows: list[dict[str, float]] = []
    weights: list[float] = []
    for offered, right, weight in choices:
        others = [own for code, own in offered.items() if code != right]
        if right not in offered or not others:
            continue
        for other in others:
            rows.append({name: offered[right].get(name, 0.0) - other.get(name, 0.0) for name in {*offered[right], *other}})
            weights.append(weight * len(others) ** -0.5)
    names, matrix = _matrix(rows, least=6)
    signs = np.where(np.arange(len(rows)) % 2 == 0, 1.0, -1.0)
    model = LogisticRegression(C=HOME_STRENGTH, max_iter=3_000, solver="liblinear", random_state=0, fit_intercept=False)
    model.fit(sparse.csr_matrix(matrix.multiply(signs[:, None])), signs, sample_weight=np.array(weights))
    rounded = {name: round(float(weight), 4) for name, weight in zip(names, model.coef_[0], strict=True)}
    return Binary(0.0, {name: weight for name, weight in rounded.items() if weight})


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
