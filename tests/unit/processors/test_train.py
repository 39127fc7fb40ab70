"""Training: the same items give the same weights, and the arithmetic at run time is scikit-learn's."""

from pathlib import Path

import pytest

pytest.importorskip("sklearn")

import numpy as np
from sklearn.linear_model import LogisticRegression

from processors.cross_validate import Ground, each_fold
from processors.fit import Prepared, fit, prepare
from processors.label import Binary, label_scores
from processors.labelled import read_labelled
from processors.language import LanguageReader
from processors.out_of_fold import fold_of, rank_of
from processors.taxonomy import Taxonomy
from processors.weights import load_weights, write_weights

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def items(taxonomy: Taxonomy) -> list[Prepared]:
    return prepare(taxonomy, LanguageReader(), read_labelled([ROOT / "corpus/train-short.jsonl"])[::2])


def test_training_twice_gives_the_same_file(taxonomy: Taxonomy, items: list[Prepared], tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_weights(tmp_path / name, fit(taxonomy, items, {"corpus": {}}))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    loaded = load_weights(tmp_path / "one")
    assert loaded.engagement.weights
    assert list(loaded.topics) == sorted(taxonomy.topics)


def test_the_arithmetic_agrees_with_scikit_learn() -> None:
    chance = np.random.default_rng(0)
    matrix = chance.normal(size=(80, 5))
    truth = matrix @ np.array([1.0, -2.0, 0.5, 0.0, 3.0]) + chance.normal(size=80) > 0
    model = LogisticRegression().fit(matrix, truth)
    ours = Binary(float(model.intercept_[0]), {f"x{at}": float(weight) for at, weight in enumerate(model.coef_[0])})
    found = [ours.score({f"x{at}": float(value) for at, value in enumerate(row)}) for row in matrix]
    assert found == pytest.approx(list(model.predict_proba(matrix)[:, 1]))


def test_scores_of_labels_sum_to_one() -> None:
    for engagement in (0.0, 0.3, 1.0):
        for subject in (0.0, 0.7, 1.0):
            assert sum(label_scores(engagement, subject).values()) == pytest.approx(1.0)


def test_items_of_one_story_or_group_share_a_fold() -> None:
    assert fold_of({"id": "a", "story": "s"}) == fold_of({"id": "b", "story": "s"})
    assert fold_of({"id": "a", "story": "s", "group": "g"}) == fold_of({"id": "b", "story": "t", "group": "g"})
    assert len({fold_of({"id": str(at)}) for at in range(50)}) == 5


def test_a_share_of_the_training_items_holds_every_smaller_share_and_whole_groups() -> None:
    records = [{"id": str(at), "story": f"s{at // 2}"} for at in range(400)]
    quarter, half = ({record["id"] for record in records if rank_of(record) < share} for share in (0.25, 0.5))
    assert quarter < half
    assert 70 < len(quarter) < 130 < len(half) < 250
    assert all((str(at) in half) == (str(at + 1) in half) for at in range(0, 400, 2))


def test_an_item_is_never_taught_by_its_own_fold(taxonomy: Taxonomy, items: list[Prepared]) -> None:
    some = tuple(item for item in items if item.record["lang"] == "en")
    ground = Ground(taxonomy, LanguageReader(), some, (), ())
    held: list[str] = []
    for fold in each_fold(ground, folds=2):
        own = [item.record["id"] for item in some if not fold.trained(item.record)]
        assert own
        held += own
    assert sorted(held) == sorted(item.record["id"] for item in some)
