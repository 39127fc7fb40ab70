"""Files of records: what is read, and every line that is refused, with its number and what would be right."""

import json
from pathlib import Path
from typing import Any

import pytest

from newswire.errors import ConfigurationError
from processors.assess import assess_file
from processors.labelled import FOR_SCORING, read_labelled
from processors.understand import Understanding

GOOD = {"id": "g", "title": "Rain", "label": "other"}
BAD: dict[str, tuple[str | bytes, str]] = {
    "broken JSON": ('{"id": ', "no JSON: Expecting value at character 7; one object a line is expected"),
    "a list": ("[1]", 'a record must be an object like {"id": …, "title": …}, not a list'),
    "a number": ("12", 'a record must be an object like {"id": …, "title": …}, not a number'),
    "a number without end": ('{"id": ' + "1" * 5_000 + "}", "no JSON: Exceeds the limit"),
    "nested deep": ("[" * 100_000, "no JSON of a record: nested too deep; one flat object a line is expected"),
    "no UTF-8": (b'{"id": "\xff"}', "no UTF-8 at byte 8: save the file as UTF-8"),
    "no id": ('{"title": "t", "label": "other"}', "id missing: a record needs "),
    "no title": ('{"id": "x", "title": null, "label": "other"}', "title is empty: a record needs one"),
    "an empty id": ('{"id": " ", "title": "t", "label": "other"}', "id is empty: a record needs one"),
    "a number for text": ('{"id": "x", "title": 5, "label": "other"}', "title must be text, not a number"),
    "an object for text": ('{"id": "x", "title": "t", "label": "other", "text": {}}', "text must be text, not an object"),
    "an id twice": ('{"id": "g", "title": "t", "label": "other"}', 'id "g" stands already at {file}:1: each record needs its own'),
    "too long": (
        json.dumps({**GOOD, "id": "x", "text": "a" * 8_000_000}),
        "the line is longer than 8,000,000 bytes: a record is one item, on one line",
    ),
}
BAD_LABELS: dict[str, tuple[str, str]] = {
    "no label": ('{"id": "x", "title": "t"}', "label missing: a record needs id, title, label"),
    "an unknown label": ('{"id": "x", "title": "t", "label": "Diplomacy"}', 'label must be diplomacy, domestic or other, not "Diplomacy"'),
    "a list of labels": ('{"id": "x", "title": "t", "label": ["other"]}', 'label must be diplomacy, domestic or other, not ["other"]'),
    "a text for a list": ('{"id": "x", "title": "t", "label": "other", "partners": "US"}', 'partners must be a list like ["US"], not text'),
    "numbers in a list": ('{"id": "x", "title": "t", "label": "other", "topics": [1]}', "topics must hold texts, not a number"),
    "a text for a truth": ('{"id": "x", "title": "t", "label": "other", "hard": "yes"}', "hard must be true or false, not text"),
}


def faults_of(path: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        read_labelled([path], needed=FOR_SCORING)
    return [str(fault) for fault in raised.value.faults]


@pytest.mark.parametrize(("line", "words"), [*BAD.values(), *BAD_LABELS.values()], ids=[*BAD, *BAD_LABELS])
def test_a_labelled_line_that_is_none_is_refused(tmp_path: Path, line: str | bytes, words: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(json.dumps(GOOD).encode() + b"\n\n" + (line if isinstance(line, bytes) else line.encode()) + b"\n")
    (fault,) = faults_of(path)
    assert fault.startswith(f"{path}:3: {words.replace('{file}', str(path))}")


@pytest.mark.parametrize(("line", "words"), BAD.values(), ids=BAD)
def test_assess_tells_a_line_that_is_none_and_answers_the_others(
    understanding: Understanding, tmp_path: Path, line: str | bytes, words: str
) -> None:
    path, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    path.write_bytes(
        json.dumps(GOOD).encode() + b"\n" + (line if isinstance(line, bytes) else line.encode()) + b"\n" + b'{"id": "h", "title": "t"}'
    )
    (fault,) = assess_file(understanding, path, out)
    assert str(fault).startswith(f"{path}:2: {words.replace('{file}', str(path))}")
    assert [json.loads(answer)["id"] for answer in out.read_text("utf-8").splitlines()] == ["g", "h"]


def test_every_fault_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(f'{json.dumps(GOOD)}\n{{\n{{"id": "{name}", "title": "t"}}\n', encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        read_labelled([tmp_path / "a", tmp_path / "b"], needed=FOR_SCORING)
    assert [(Path(fault.file).name, fault.line) for fault in raised.value.faults] == [("a", 2), ("a", 3), ("b", 1), ("b", 2), ("b", 3)]


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf"], ids=["empty", "blank", "a byte order mark alone"])
def test_a_file_without_a_record_is_told(understanding: Understanding, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(content)
    assert faults_of(path) == [f"{path}: holds no record: one JSON object a line is expected"]
    assert [str(fault) for fault in assess_file(understanding, path, tmp_path / "out")] == faults_of(path)
    assert (tmp_path / "out").read_bytes() == b""


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + json.dumps(GOOD).encode(),
        json.dumps(GOOD).encode() + b"\r\n\r\n",
        json.dumps({**GOOD, "summary": None, "partners": None, "hard": None, "unknown": {"a": [1]}}).encode(),
        json.dumps({**GOOD, "text": "Rain. " * 170_000}).encode(),
        json.dumps({**GOOD, "text": "half a character: \ud83d"}).encode(),
        json.dumps({**GOOD, "text": "a line\u2028separator, a nul \x00"}, ensure_ascii=False).encode(),
    ],
    ids=["byte order mark", "CRLF", "nulls and unknown fields", "1 MB", "lone surrogate", "separators"],
)
def test_odd_but_good_files_are_read(understanding: Understanding, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(content)
    (record,) = read_labelled([path], needed=FOR_SCORING)
    assert {name: record[name] for name in GOOD} == GOOD
    assert assess_file(understanding, path, tmp_path / "out") == []
    answer: dict[str, Any] = json.loads((tmp_path / "out").read_text("utf-8"))
    assert answer["label"] == "other"


def test_a_record_to_learn_from_says_everything(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps(GOOD), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="lang, home, partners, organisations, topics, hard missing"):
        read_labelled([path])


def test_no_government_is_not_the_same_as_no_word_on_it(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({**GOOD, "home": None}), encoding="utf-8")
    (record,) = read_labelled([path], needed=FOR_SCORING)
    assert record["home"] is None
