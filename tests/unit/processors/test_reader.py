"""The shipped reader: what it answers, what explains the answer, and what is said of a broken or missing one."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newswire.errors import ConfigurationError
from newswire.records import Field
from processors.reader import FACTS_FILE, MODEL_FILE, TOKENIZER_FILE, TOKENS_READ, Reader
from processors.reader_text import Abroad, ReaderSentence
from processors.reading import Sentence
from processors.two_steps import Answer
from processors.understand import Understanding

ROOT = Path(__file__).resolve().parents[3]
MODEL = ROOT / "config/model"
NOWHERE = Sentence(Field.BODY, 0, 0, 0, ())


def sentences(*texts: str) -> tuple[ReaderSentence, ...]:
    """Sentences as the reader gets them; "foreign" at the start of one stands for Japan."""
    return tuple(ReaderSentence(text, (Abroad("JP", 0, 7),) if text.startswith("foreign") else (), NOWHERE) for text in texts)


MEETING = sentences("foreign ambassador calls on homeland's telecom minister", "They agreed to lay a submarine cable and share spectrum.")
MATCH = sentences("Striker scores twice as homeland beat foreign country", "The final was played in town before 40,000 fans.")


@pytest.fixture(scope="module")
def reader() -> Reader:
    found = Reader.load(MODEL, threads=1)
    assert found is not None
    return found


def test_a_meeting_on_cables_is_told_from_a_match(reader: Reader) -> None:
    meeting, match = reader.read([MEETING, MATCH])
    assert meeting.margins.engagement > 0 > match.margins.subject
    assert meeting.margins.subject > 0


def test_an_answer_hardly_depends_on_its_company_and_alone_is_always_the_same(reader: Reader) -> None:
    together = reader.read([MEETING, MATCH, MEETING * 12])
    for found, item in zip(together, (MEETING, MATCH, MEETING * 12), strict=True):
        (alone,) = reader.read([item])
        # 8-bit activations are scaled by the whole batch, so company moves an answer a little: the service reads items one at a time.
        assert found.margins.engagement == pytest.approx(alone.margins.engagement, abs=1.0)
        assert found.margins.subject == pytest.approx(alone.margins.subject, abs=1.0)
        assert reader.read([item]) == [alone]


def test_the_sentences_parts_add_up_to_the_answer(reader: Reader) -> None:
    (answer,) = reader.read([MEETING])
    assert len(answer.sentences) == len(MEETING)
    # What is missing is what the marks at both ends added: two tokens of some thirty.
    assert sum(part.engagement for part in answer.sentences) == pytest.approx(answer.margins.engagement, abs=0.8)


def test_a_country_is_judged_by_the_words_that_stand_for_it(reader: Reader) -> None:
    meeting, match = reader.read([MEETING, MATCH])
    assert set(meeting.partners) == {"JP"}
    assert match.partners == {}
    (visit, rank) = reader.read([MEETING, sentences("foreign phones outsell local ones in homeland", "A survey ranked the brands.")])
    assert visit.partners["JP"] > 0 > rank.partners["JP"]


def test_what_lies_past_the_window_changes_nothing(reader: Reader) -> None:
    long = MEETING * 40
    first, cut = reader.read([long])[0], reader.read([(*long, *sentences("A match was played."))])[0]
    assert first.margins == cut.margins
    assert len(first.sentences) < len(long)
    assert len(reader._tokens.tokens(long).ids) == TOKENS_READ


@given(st.lists(st.text(max_size=80), max_size=4))
@settings(max_examples=25, deadline=None)
def test_any_text_has_an_answer(reader: Reader, texts: list[str]) -> None:
    (answer,) = reader.read([sentences(*texts)])
    assert isinstance(answer, Answer)
    assert len(answer.sentences) <= len(texts)


def test_no_reader_is_no_fault(tmp_path: Path) -> None:
    assert Reader.load(tmp_path) is None


def test_without_a_reader_everything_still_works_and_says_so(tmp_path: Path, understanding: Understanding) -> None:
    shutil.copytree(ROOT / "config/taxonomy", tmp_path / "taxonomy")
    (tmp_path / "model").mkdir()
    shutil.copy(MODEL / "weights.json", tmp_path / "model")
    alone = Understanding.load(tmp_path)
    assert understanding.has_reader
    assert not alone.has_reader
    found = alone.read(title="Telecom minister of Kenya meets Japanese ambassador on 5G")
    assert found.decided_by == "evidence"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (MODEL_FILE, "is no reader"),
        (TOKENIZER_FILE, "is no reader"),
        (FACTS_FILE, "is no reader"),
    ],
)
def test_a_broken_part_is_said_with_what_to_do(tmp_path: Path, broken: str, said: str) -> None:
    _copy(tmp_path)
    (tmp_path / broken).write_bytes(b"{ not a model")
    with pytest.raises(ConfigurationError) as told:
        Reader.load(tmp_path)
    assert said in str(told.value)
    assert "newswire train --encoder" in str(told.value)


def test_a_missing_part_and_another_model_are_refused(tmp_path: Path) -> None:
    _copy(tmp_path)
    facts = json.loads((tmp_path / FACTS_FILE).read_text(encoding="utf-8"))
    (tmp_path / FACTS_FILE).write_text(json.dumps({**facts, "sha256": "0" * 64}), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"is not the model of reader\.json"):
        Reader.load(tmp_path)
    (tmp_path / TOKENIZER_FILE).unlink()
    with pytest.raises(ConfigurationError, match="No such file"):
        Reader.load(tmp_path)


def test_the_shipped_reader_tells_what_made_it_and_is_small() -> None:
    facts = json.loads((MODEL / FACTS_FILE).read_text(encoding="utf-8"))
    made = facts["provenance"]
    assert made["licence"] == "Apache-2.0"
    assert (MODEL / MODEL_FILE).stat().st_size <= 30_000_000
    corpus = {path.name: _hash(path) for path in sorted((ROOT / "corpus").glob("*.jsonl"))}
    assert made["corpus"] == corpus, "the corpus changed since the reader was trained: make train-reader"
    code = hashlib.sha256()
    for name in ("encoder_export", "encoder_net", "encoder_train", "reader", "reader_text", "train_reader"):
        code.update((ROOT / f"processors/{name}.py").read_bytes())
    assert made["code"] == code.hexdigest()[:16], "the reader's code changed since it was trained: make train-reader"


def _copy(folder: Path) -> None:
    for name in (MODEL_FILE, TOKENIZER_FILE, FACTS_FILE):
        shutil.copy(MODEL / name, folder / name)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def test_the_library_keeps_nothing_about_this_machine_and_tells_nobody(tmp_path: Path) -> None:
    """By itself onnxruntime 1.29 and newer numbers the machine, keeps that under HOME, and sends what models are loaded to its makers.

    What it keeps and what it sends begin with the same step. It takes neither where it believes to be tested, so such variables are not handed on.
    """
    load = f"from pathlib import Path; from processors.reader import Reader; assert Reader.load(Path({str(MODEL)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", load], env={"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.rglob("*")) == []
