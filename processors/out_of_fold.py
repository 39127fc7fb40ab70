"""Every labelled item judged by weights that saw neither it nor its story: what figures, calibration and the reader's training stand on."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from processors.calibrate import Judgement, Told, truth_of
from processors.fit import Prepared, fit
from processors.label import log_odds
from processors.reader_text import ReaderSentence
from processors.scores import group_of
from processors.signs import Judged
from processors.taxonomy import Taxonomy
from processors.two_steps import Answer, Margins, Steps
from processors.understand import first_step, judge
from processors.weights import Weights

Record = Mapping[str, Any]
FOLDS: Final = 5
SEED: Final = 7
ANSWERS_FILE: Final = "reader-out-of-fold.json"
"""The reader's answers to each labelled item by models that did not see it: `evaluate --cross-validate` weighs them without torch."""


@dataclass(frozen=True)
class Folds:
    """The weights of each fold, and by item id what they make of the items that they did not see."""

    weights: tuple[Weights, ...]
    judged: Mapping[str, Judged]
    first: Mapping[str, Margins]


def fold_of(record: Record, *, folds: int = FOLDS, seed: int = SEED) -> int:
    """Return the fold of an item; items of one story, or of one group of minimal pairs, share it."""
    return _drawn(f"{seed}:{group_of(record)}") % folds


def rank_of(record: Record, *, seed: int = SEED) -> float:
    """Return a place from 0 to 1: the items under a share of it are a subset of those under any greater share, groups whole."""
    return _drawn(f"{seed}:share:{group_of(record)}") / 2**256


def _drawn(key: str) -> int:
    return int(hashlib.sha256(key.encode()).hexdigest(), 16)


def out_of_fold(taxonomy: Taxonomy, items: Sequence[Prepared], brief: Sequence[Prepared], *, folds: int = FOLDS, seed: int = SEED) -> Folds:
    """Return each item judged out of fold; `brief` are the items without their text, which train and are not judged."""
    judged: dict[str, Judged] = {}
    first: dict[str, Margins] = {}
    made: list[Weights] = []
    for number in range(folds):
        seen = [item for item in (*items, *brief) if fold_of(item.record, folds=folds, seed=seed) != number]
        weights = fit(taxonomy, seen, {})
        made.append(weights)
        for item in items:
            if fold_of(item.record, folds=folds, seed=seed) == number:
                name = str(item.record["id"])
                judged[name], _ = judge(taxonomy, weights, item.reading, item.named)
                first[name] = first_step(taxonomy, weights, item.reading, judged[name])[0]
    return Folds(tuple(made), judged, first)


def judgements(records: Iterable[Record], folds: Folds, answers: Mapping[str, Answer]) -> list[Judgement]:
    """Return what both steps said of each record out of fold, with the truth."""
    return [_judgement(record, folds, answers.get(str(record["id"]))) for record in records]


def _judgement(record: Record, folds: Folds, answer: Answer | None) -> Judgement:
    name = str(record["id"])
    if answer is None:
        return Judgement(folds.first[name], None, *truth_of(record))
    scores = folds.judged[name].roles.scores
    partners = set(record.get("partners") or ())
    countries = tuple(
        Told(log_odds(scores[code]), margin, code in partners) for code, margin in sorted(answer.partners.items()) if code in scores
    )
    return Judgement(folds.first[name], answer.margins, *truth_of(record), countries)


@dataclass(frozen=True)
class Answers:
    """The reader's out-of-fold answers by item id: to whole items, and to those without their text."""

    whole: Mapping[str, Answer]
    brief: Mapping[str, Answer]


def read_answers(folder: Path) -> Answers:
    """Return the answers that `newswire train --encoder` recorded; none where no reader was trained."""
    path = folder / ANSWERS_FILE
    if not path.exists():
        return Answers({}, {})
    loaded = json.loads(path.read_text(encoding="utf-8"))
    return Answers(*({name: _answer(raw) for name, raw in loaded[part].items()} for part in ("whole", "brief")))


def answers_facts(answers: Answers) -> dict[str, Any]:
    """Return the answers as plain JSON data, rounded to three places."""
    return {
        part: {name: _facts(answer) for name, answer in sorted(of.items())}
        for part, of in (("whole", answers.whole), ("brief", answers.brief))
    }


def _facts(answer: Answer) -> list[Any]:
    partners = {code: round(margin, 3) for code, margin in sorted(answer.partners.items())}
    return [round(answer.margins.engagement, 3), round(answer.margins.subject, 3), partners]


def _answer(raw: Sequence[Any]) -> Answer:
    return Answer(Margins(float(raw[0]), float(raw[1])), (), raw[2])


class Recorded:
    """A second step whose answer to one item was given before, out of fold."""

    version = "out of fold"

    def __init__(self, steps: Steps, answer: Answer) -> None:
        self.steps, self._answer = steps, answer

    def read(self, items: Sequence[Sequence[ReaderSentence]]) -> list[Answer]:
        """Return that answer for whatever is asked; no sentence has a part in it."""
        return [self._answer for _ in items]
