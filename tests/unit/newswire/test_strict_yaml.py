import itertools
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from newswire.errors import Fault
from newswire.strict_yaml import MAX_BYTES, MAX_FAULTS, read, read_bytes, read_text
from newswire.yaml_tree import MapNode


def messages(text: str) -> list[str]:
    _, faults = read_text(text, "x.yaml")
    return [str(fault) for fault in faults]


def test_every_value_keeps_its_place() -> None:
    document, faults = read_text("when:\n  any: [gaming,\n        esports]\n  partners: 'any'\n", "x.yaml")
    assert faults == []
    assert document is not None
    assert document.values() == {"when": {"any": ["gaming", "esports"], "partners": "any"}}
    assert document.fault(["when", "any", 1], "!") == Fault("x.yaml", 3, 9, "!")
    assert document.fault(["when", "partners"], "!") == Fault("x.yaml", 4, 13, "!")
    assert document.find(["when", "any", 7])[1] == 2


def test_only_a_plain_scalar_means_nothing() -> None:
    document, _ = read_text("a: ~\nb:\nc: null\nd: 'null'\ne: ''\nf: nil\n", "x.yaml")
    assert document is not None
    assert document.values() == {"a": None, "b": None, "c": None, "d": "null", "e": "", "f": "nil"}


texts = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Cf", "Zl", "Zp"], blacklist_characters="\ufeff\ufffe\uffff"), max_size=12)
trees = st.recursive(
    texts, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts.filter(bool), inner, max_size=4), max_leaves=12
)


@settings(max_examples=60, deadline=None)
@given(tree=st.dictionaries(texts.filter(bool), trees, min_size=1, max_size=4), flow=st.booleans())
def test_whatever_text_another_writer_quotes_comes_back_as_it_was(tree: dict[str, Any], flow: bool) -> None:
    written = yaml.safe_dump(tree, default_style='"', allow_unicode=True, default_flow_style=flow, width=80)
    document, faults = read_text(written, "x.yaml")
    assert faults == []
    assert document is not None
    assert document.values() == tree


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.sampled_from("ab:-[]{},&*!|>'\"%@`#?\n\t \\é\x07\u202e"), max_size=40))
def test_no_text_raises_and_every_fault_has_a_place_in_it(text: str) -> None:
    document, faults = read_text(text, "x.yaml")
    assert document is not None or faults
    for fault in faults:
        assert 0 <= fault.line <= text.count("\n") + 2
        assert fault.message


@given(raw=st.binary(max_size=60))
def test_no_bytes_raise(raw: bytes) -> None:
    document, faults = read_bytes(raw, "x.yaml")
    assert document is not None or faults


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "[{a: ", "a:\n"])
@pytest.mark.timeout(5)  # the deadline of a hostile file is the subject
def test_nesting_ends_in_one_line_and_no_crash(opening: str) -> None:
    text = "".join(" " * n + "a:\n" for n in range(1_200)) if opening == "a:\n" else "a: " * (opening in "[{a: ") + opening * 100_000
    found = messages(text)
    assert len(found) == 1
    assert "nested" in found[0]


@pytest.mark.timeout(5)  # as above
def test_a_merge_bomb_is_refused_at_its_first_line() -> None:
    levels = "abcdefgh"
    lines = ["a: &a {x: 1}"] + [f"{this}: &{this} {{<<: [{', '.join(['*' + last] * 9)}]}}" for last, this in itertools.pairwise(levels)]
    found = messages("\n".join(lines))
    assert found[:2] == [
        "x.yaml:1: the anchor &a is not allowed; write the value out, or use a named list",
        "x.yaml:2: the anchor &b is not allowed; write the value out, or use a named list",
    ]


def test_the_same_billion_laughs_by_alias() -> None:
    assert len(messages("a: &a [lol]\n" + "".join(f"b{n}: [*a, *a]\n" for n in range(1_000)))) == MAX_FAULTS


@pytest.mark.timeout(5)  # as above
def test_a_file_full_of_faults_says_a_hundred() -> None:
    assert len(messages("\x00" * (MAX_BYTES - 1))) == MAX_FAULTS
    assert len(messages("a: 1\n" * 200_000)) == MAX_FAULTS


def test_a_file_past_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"a: " + b"x" * MAX_BYTES)
    document, faults = read(path, "big.yaml")
    assert document is None
    assert [str(fault) for fault in faults] == ["big.yaml: the file is larger than 1024 KiB; split it"]


def test_what_is_no_file_is_said_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert [str(fault) for fault in read(tmp_path / "pipe.yaml", "pipe.yaml")[1]] == ["pipe.yaml: this is not a regular file"]
    assert [str(fault) for fault in read(tmp_path, "folder.yaml")[1]] == ["folder.yaml: this is not a regular file"]
    assert [str(fault) for fault in read(tmp_path / "no.yaml", "no.yaml")[1]] == ["no.yaml: cannot be read: no such file or directory"]


def test_of_duplicate_keys_the_first_is_kept() -> None:
    document, faults = read_text("a: 1\nb: 2\na: {c: 3, c: 4}\n", "x.yaml")
    assert document is not None
    assert document.values() == {"a": "1", "b": "2"}
    assert [str(fault) for fault in faults] == [
        "x.yaml:3: duplicate key 'a': it stands in line 1 already",
        "x.yaml:3: duplicate key 'c': it stands in line 3 already",
    ]


def test_the_tree_cannot_be_changed() -> None:
    document, _ = read_text("a: {b: c}\n", "x.yaml")
    assert document is not None
    assert isinstance(document.root, MapNode)
    with pytest.raises(TypeError):
        document.root.entries["x"] = None  # type: ignore[index]
