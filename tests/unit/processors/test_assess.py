"""Predictions for a file of records: every good line is answered, every bad one is told."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from processors.assess import assess, assess_file
from processors.understand import Understanding

TITLE = "Kenyan ICT minister and Chinese ambassador sign 5G agreement in Nairobi"


def test_one_prediction_a_record_with_id_and_title_alone(understanding: Understanding, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "deep/out.jsonl"
    source.write_text(json.dumps({"id": "1", "title": TITLE}) + "\n\n" + json.dumps({"id": "2", "title": "Rain"}) + "\n", encoding="utf-8")
    assert assess_file(understanding, source, out) == []
    first, second = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert list(first) == ["id", "label", "score", "home", "partners", "organisations", "topics", "story"]
    assert (first["id"], first["label"], first["partners"], first["story"]) == ("1", "diplomacy", ["CN"], "1")
    assert second["label"] == "other"


def test_bad_lines_are_told_with_their_number_and_the_rest_goes_on(understanding: Understanding, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    bad = ["{", "[1]", json.dumps({"id": "x"}), json.dumps({"id": "y", "title": 5}), "[" * 100_000, json.dumps({"id": " ", "title": "t"})]
    good = json.dumps({"id": "g", "title": TITLE, "text": None})
    source.write_bytes("\n".join([*bad, good]).encode() + b'\n\xff\xfe{"id"\n')
    faults = assess_file(understanding, source, out)
    assert [fault.line for fault in faults] == [1, 2, 3, 4, 5, 6, 8]
    assert str(faults[2]) == f"{source}:3: title missing: a record needs id, title"
    assert [json.loads(line)["id"] for line in out.read_text(encoding="utf-8").splitlines()] == ["g"]


def test_the_label_of_a_record_is_never_looked_at(understanding: Understanding, tmp_path: Path) -> None:
    record = {"id": "1", "title": TITLE, "summary": "", "text": "", "lang": "en"}
    lies = {"label": "other", "home": "FR", "partners": ["BR"], "topics": ["gaming"], "story": "s", "hard": True, "organisations": ["ITU"]}
    outs = []
    for name, fields in (("plain", record), ("lies", {**record, **lies})):
        (tmp_path / name).write_text(json.dumps(fields) + "\n", encoding="utf-8")
        assess_file(understanding, tmp_path / name, tmp_path / "out")
        outs.append((tmp_path / "out").read_text(encoding="utf-8"))
    assert outs[0] == outs[1]


def test_stories_come_from_the_clustering_passed_in(understanding: Understanding) -> None:
    seen: list[dict[str, Any]] = []

    def cluster(records: Sequence[Any]) -> list[str]:
        seen.extend(records)
        return ["one"] * len(records)

    found = assess(understanding, [{"id": "1", "title": TITLE}, {"id": "2", "title": TITLE}], cluster=cluster)
    assert [prediction["story"] for prediction in found] == ["one", "one"]
    assert seen[0]["label"] == "diplomacy"
    assert seen[0]["lang"] == "en"


def test_the_outlets_name_tells_more_than_the_address(understanding: Understanding) -> None:
    record = {"id": "1", "title": "IT minister opens software park", "source_url": "https://example.com.tr/x"}
    by_url, by_name = assess(understanding, [record, {**record, "outlet": "Times of Oman"}])
    assert (by_url["home"], by_name["home"]) == ("TR", "OM")
