"""Every labelled item judged by weights that saw neither it nor its story: what figures, calibration and the reader's training stand on."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from processors.calibrate import Judgement, truth_of
from processors.fit import Prepared, fit
from processors.signs import Judged
from processors.taxonomy import Taxonomy
from processors.two_steps import Margins
from processors.understand import first_step, judge
from processors.weights import Weights

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


def fold_of(record: Mapping[str, Any], *, folds: int = FOLDS, seed: int = SEED) -> int:
    """Return the fold of an item; items of one story, or of one group of minimal pairs, share it."""
    key = f"{seed}:{record.get('group') or record.get('story') or record['id']}"
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % folds


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


def judgements(records: Sequence[Mapping[str, Any]], folds: Folds, answers: Mapping[str, Margins]) -> list[Judgement]:
    """Return what both steps said of each record out of fold, with the truth."""
    return [Judgement(folds.first[str(record["id"])], answers.get(str(record["id"])), *truth_of(record)) for record in records]


def read_answers(folder: Path) -> dict[str, Margins]:
    """Return the reader's out-of-fold answers by item id; none where no reader was trained."""
    path = folder / ANSWERS_FILE
    if not path.exists():
        return {}
    loaded = json.loads(path.read_text(encoding="utf-8"))
    return {name: Margins(*answer) for name, answer in loaded["answers"].items()}
