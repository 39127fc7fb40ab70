"""The figures: what they count, and the floors that only go up."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswire.errors import ConfigurationError
from processors.evaluate import Evaluation, recorded, score_sets
from processors.floors import below, proposed, read_floors
from processors.item_sets import By, sets_of
from processors.labelled import measured_files, training_files
from processors.mistakes import mistakes_of
from processors.reliability import reliability_of
from processors.scores import b_cubed, score

ROOT = Path(__file__).resolve().parents[3]


def labelled(name: str, **fields: Any) -> dict[str, Any]:
    plain = {"label": "diplomacy", "home": "PK", "partners": ["US"], "organisations": [], "topics": ["ai"], "lang": "en", "hard": False}
    return {"id": name, "title": name, "story": name, **plain, **fields}


def test_a_perfect_prediction_scores_one() -> None:
    records = [labelled("a"), labelled("b", label="domestic", partners=[]), labelled("c", story="a")]
    found = score(records, records, stories=True)
    wanted = {"f1", "precision", "recall", "accuracy", "partners", "topics", "home", "stories"}
    assert {name: (one.value, one.low, one.high) for name, one in found.figures.items()} == dict.fromkeys(wanted, (1, 1, 1))


def test_partners_are_scored_on_true_diplomacy_alone() -> None:
    records = [labelled("a"), labelled("b", label="other", partners=["FR"])]
    predicted = [labelled("a", partners=["US", "CN"]), labelled("b", label="other", partners=["DE"])]
    assert score(records, predicted).value("partners") == pytest.approx(2 / 3)


def test_a_missed_item_costs_recall_and_a_false_one_precision() -> None:
    records = [labelled("a"), labelled("b"), labelled("c", label="other")]
    predicted = [labelled("a"), labelled("b", label="other"), labelled("c")]
    found = score(records, predicted)
    assert (found.value("precision"), found.value("recall")) == (0.5, 0.5)
    assert found.confusion["diplomacy"] == {"diplomacy": 1, "domestic": 0, "other": 1}


def test_what_a_record_does_not_say_is_not_scored() -> None:
    bare = {"id": "a", "title": "a", "label": "diplomacy"}
    found = score([bare, labelled("b", partners=["CN"])], [labelled("a"), labelled("b")])
    assert (found.value("f1"), found.value("partners")) == (1, 0)
    assert set(score([bare], [labelled("a")]).figures) == {"f1", "precision", "recall", "accuracy"}
    assert [name for name, _ in score_sets([bare], [labelled("a")])] == ["all"]


def test_a_figure_lies_in_its_interval_and_stories_are_drawn_whole() -> None:
    records = [labelled(str(at), story=str(at // 5)) for at in range(40)]
    predicted = [labelled(str(at), label="diplomacy" if at % 2 else "other") for at in range(40)]
    alike = score(records, predicted).figures["accuracy"]
    assert alike.low < alike.value < alike.high
    wrong_stories = [labelled(str(at), label="diplomacy" if at // 20 else "other") for at in range(40)]
    apart = score(records, wrong_stories).figures["accuracy"]
    assert apart.value == alike.value
    assert apart.high - apart.low > alike.high - alike.low


def test_a_minimal_pair_is_right_when_all_its_labels_are() -> None:
    records = [labelled("a", group="1"), labelled("b", group="1", label="domestic"), labelled("c", group="2"), labelled("d", group="2")]
    predicted = [labelled("a"), labelled("b", label="other"), labelled("c"), labelled("d")]
    found = score(records, predicted)
    assert (found.value("pairs"), found.value("pairs_diplomacy")) == (0.5, 1.0)


def test_stories_are_scored_on_items_with_company() -> None:
    records = [labelled("a", story="s"), labelled("b", story="s"), *(labelled(str(at)) for at in range(50))]
    alone = [labelled(record["id"]) for record in records]
    assert score(records, alone, stories=True).value("stories") == pytest.approx(2 / 3)


def test_sets_are_all_english_others_and_hard_or_what_is_asked_for() -> None:
    records = [labelled("a"), labelled("b", lang="ur", hard=True), labelled("c", lang=None)]
    records[0]["outlet"] = "Dawn"
    assert [name for name, _ in sets_of(records)] == ["all", "English", "others", "hard"]
    assert dict(sets_of(records, By.LANGUAGE)) == {"all": [0, 1, 2], "en": [0], "und": [2], "ur": [1]}
    assert dict(sets_of(records, By.HARD)) == {"all": [0, 1, 2], "not hard": [0, 2], "hard": [1]}
    assert dict(sets_of(records * 3, By.SOURCE))["Dawn"] == [0, 3, 6]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_b_cubed_is_between_nothing_and_one_and_one_on_itself(pairs: list[tuple[int, int]]) -> None:
    true, found = [t for t, _ in pairs], [f for _, f in pairs]
    assert 0 < b_cubed(true, found) <= 1 + 1e-9
    assert b_cubed(true, true) == pytest.approx(1)


def test_nothing_found_is_no_division_by_zero() -> None:
    found = score([labelled("a")], [labelled("a", label="other")])
    assert (found.value("f1"), found.value("precision"), found.value("recall")) == (0, None, 0)


def test_a_table_shows_each_system_once_and_its_parts_under_it() -> None:
    records = [labelled("a")]
    rows = tuple(("Newswire", name, found) for name, found in score_sets(records, records))
    predicted = [
        {**labelled("a", label="other", partners=[]), "scores": {"diplomacy": 0.25, "domestic": 0.15, "other": 0.6}, "evidence": []}
    ]
    found = Evaluation(rows, ("a note",)).with_part("errors", mistakes_of(records, predicted))
    text = found.as_text()
    assert text.count("Newswire") == 1
    for words in ("a note", "1.000", "1–1", "diplomacy → other", "partners missed", "dipl 0.25"):
        assert words in text
    assert found.as_json()["errors"][0]["items"][0]["id"] == "a"
    assert found.as_json()["figures"]["Newswire"]["all"]["diplomacy"]["f1"] == 1


def test_mistakes_show_the_words_that_weighed_most() -> None:
    evidence = [{"name": f"sign {at}", "weight": 2.0 - at / 10, "words": f"word {at}", "field": "title"} for at in range(6)]
    predicted = {**labelled("a", label="domestic"), "scores": {"diplomacy": 0.4, "domestic": 0.6, "other": 0.0}, "evidence": evidence}
    text = mistakes_of([labelled("a", hard=True)], [predicted]).as_text()
    assert "a  [en, hard]  dipl 0.40 dom 0.60 oth 0.00" in text
    assert "+2.00 sign 0 “word 0”" in text
    assert "sign 3" not in text
    assert mistakes_of([labelled("a")], [labelled("a")]).as_text() == "No mistakes."


def test_reliability_tells_what_a_score_is_worth() -> None:
    records = [labelled(str(at), label="diplomacy" if at < 8 else "other") for at in range(10)]
    scores = {"diplomacy": 0.85, "domestic": 0.05, "other": 0.1}
    found = reliability_of(records, [{**labelled(str(at)), "score": 0.85, "scores": scores} for at in range(10)])
    assert [(one.low, one.items, one.right) for one in found.bins] == [(0.8, 10, 0.8)]
    assert found.expected_error == pytest.approx(0.05)
    assert found.brier == pytest.approx(0.8 * (0.15**2 + 0.05**2 + 0.1**2) + 0.2 * (0.85**2 + 0.05**2 + 0.9**2))
    assert reliability_of(records, [{**labelled("x"), "score": 1.0, "scores": scores}] * 10).bins[0].high == 1.0


def test_training_files_are_never_measured() -> None:
    measured, training = measured_files(ROOT / "corpus"), training_files(ROOT / "corpus")
    assert {path.stem for path in measured} == {"diplomacy-pk", "languages", "negatives", "recent", "world"}
    assert all(path.name.startswith("train-") for path in training)


FIGURES: dict[str, Any] = json.loads((ROOT / "config/model/figures.json").read_text(encoding="utf-8"))
OURS: dict[str, Any] = FIGURES["figures"]["Newswire"]


FLOORS = read_floors(ROOT / "config/model/floors.json")


def test_the_shipped_figures_hold_the_floors() -> None:
    """A floor above its figure is refused so, too: floors follow figures up and never lead them."""
    taken = {
        name: {figure: floor for figure, floor in floors.items() if recorded(OURS.get(name, {}), figure)} for name, floors in FLOORS.items()
    }
    assert sum(map(len, taken.values())) >= 8
    assert list(below(taken, OURS)) == []


def test_a_figure_under_its_floor_or_not_measured_is_told() -> None:
    figures = {"all": {"diplomacy": {"f1": 0.9}, "partners": 0.8}}
    assert list(below({"all": {"f1": 0.9, "partners": 0.8}}, figures)) == []
    assert list(below({"all": {"f1": 0.91}, "hard": {"f1": 0.5}}, figures)) == [
        "all: f1 is 0.900, under its floor of 0.910",
        "hard: f1 was not measured, and its floor is 0.500",
    ]


def test_floors_proposed_only_go_up() -> None:
    figures = {"all": {"diplomacy": {"f1": 0.95}, "partners": 0.7}}
    assert proposed({"all": {"f1": 0.9, "partners": 0.8, "home": 0.5}}, figures) == {"all": {"f1": 0.945, "partners": 0.8, "home": 0.5}}


@pytest.mark.parametrize("text", ["{", "[]", '{"all": 1}', '{"all": {"f1": "much"}}', '{"all": {"speed": 1}}'])
def test_a_file_that_holds_no_floors_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "floors.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"floors\.json: holds no floors"):
        read_floors(tmp_path / "floors.json")


@pytest.mark.parametrize("name", ["all", "English", "others", "hard"])
def test_the_shipped_figures_beat_the_baselines_clearly(name: str) -> None:
    ours = OURS[name]["diplomacy"]["f1"]
    baselines = [figures for system, figures in FIGURES["figures"].items() if system.casefold() in ("tf-idf + log. regr.", "keyword query")]
    assert len(baselines) == 2
    for figures in baselines:
        assert ours >= figures[name]["diplomacy"]["f1"] + 0.04


def test_weights_and_figures_were_made_from_what_stands_here() -> None:
    weights = json.loads((ROOT / "config/model/weights.json").read_text(encoding="utf-8"))["provenance"]
    corpus = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in sorted((ROOT / "corpus").glob("*.jsonl"))}
    for made in (weights, FIGURES["provenance"]):
        assert made["corpus"] == corpus, "the corpus changed: run `make train`"
    pytest.importorskip("sklearn")
    from processors.fit import fingerprint  # noqa: PLC0415 -- needs the extra `train`

    now = fingerprint(ROOT / "config", sorted((ROOT / "corpus").glob("*.jsonl")))
    assert {name: weights[name] for name in now} == now, "the taxonomy or the features changed: run `make train`"
    assert {name: FIGURES["provenance"][name] for name in now} == now
