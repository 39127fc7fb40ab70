import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newswire.codec import SCHEMAS, decode, encode, schema_of
from newswire.errors import Permanent
from newswire.outcomes import DeadReason
from newswire.records import DecidedBy, Decision, Item, Report
from tests.examples import EXAMPLES, ITEM

GOLDEN = Path(__file__).parents[2] / "golden" / "records"

TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)  # `clean` lets no lone surrogate in
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    type(None): st.none(),
}


def any_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for a field's type: what records are made of, no more."""
    if kind in PLAIN:
        return PLAIN[kind]
    if get_origin(kind) is UnionType:
        return st.one_of([any_of(one) for one in get_args(kind)])
    if get_origin(kind) is tuple:
        return st.lists(any_of(get_args(kind)[0]), max_size=2).map(tuple)
    if get_origin(kind) is dict:
        return st.dictionaries(TEXT, any_of(get_args(kind)[1]), max_size=2)
    if issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: any_of(hints[field.name]) for field in fields(kind)})


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_record_comes_back_as_it_was(kind: type) -> None:
    @settings(max_examples=25, deadline=None)
    @given(record=any_of(kind))
    def holds(record: Any) -> None:
        value = encode(record)
        assert decode(kind, value) == record
        assert value.isascii() or value.decode()

    holds()


def test_a_report_from_before_the_second_step_was_decided_by_evidence() -> None:
    raw = json.loads((GOLDEN / "report.json").read_text())
    del raw["decided_by"]
    assert decode(Report, json.dumps(raw).encode()).decided_by is DecidedBy.EVIDENCE


def test_a_decision_from_before_silences_was_silenced_by_none() -> None:
    raw = json.loads((GOLDEN / "decision.json").read_text())
    del raw["watchlists"][0]["silence_id"]
    assert decode(Decision, json.dumps(raw).encode()) == EXAMPLES["decision"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_wire_is_what_it_was(name: str) -> None:
    record = EXAMPLES[name]
    golden = (GOLDEN / f"{name}.json").read_text()
    assert json.dumps(json.loads(encode(record)), indent=2, ensure_ascii=False) + "\n" == golden
    assert decode(type(record), golden.encode()) == record


def test_there_is_an_example_of_every_record() -> None:
    assert {type(record): (name, 1) for name, record in EXAMPLES.items()} == SCHEMAS
    assert schema_of(Item) == "item/1"


def refused(kind: type, value: bytes) -> Permanent:
    with pytest.raises(Permanent) as caught:
        decode(kind, value)
    return caught.value


def changed(**fields_changed: Any) -> bytes:
    return json.dumps({**json.loads(encode(ITEM)), **fields_changed}).encode()


def test_a_newer_schema_is_a_dead_letter_with_that_reason() -> None:
    error = refused(Item, changed(schema=2))
    assert error.reason is DeadReason.UNKNOWN_SCHEMA
    assert str(error) == "item/2 is newer than item/1, which this Newswire reads: upgrade it, then replay"


def test_a_newer_schema_is_told_even_where_its_fields_are_strange() -> None:
    assert refused(Item, b'{"record":"item","schema":7,"all":"new"}').reason is DeadReason.UNKNOWN_SCHEMA


@pytest.mark.parametrize("schema", [0, -1, True, "1", 1.0, None])
def test_a_schema_that_is_no_version_is_a_bad_record(schema: Any) -> None:
    assert refused(Item, changed(schema=schema)).reason is DeadReason.BAD_RECORD


@pytest.mark.parametrize("name", [field.name for field in fields(Item)])
def test_a_missing_field_is_named(name: str) -> None:
    record = json.loads(encode(ITEM))
    del record[name]
    error = refused(Item, json.dumps(record).encode())
    assert error.reason is DeadReason.BAD_RECORD
    assert f"item.{name}: " in str(error)


def test_a_field_of_a_newer_writer_is_ignored() -> None:
    assert decode(Item, changed(mood="good", nested={"a": [1]})) == ITEM


@pytest.mark.parametrize(
    "wrong",
    [{"title": 7}, {"backlog": "yes"}, {"backlog": 1}, {"seen_at": 5}, {"seen_at": "yesterday"}, {"outlet": None}, {"published_at": ""}],
)
def test_a_wrong_type_is_not_bent_into_shape(wrong: dict[str, Any]) -> None:
    assert refused(Item, changed(**wrong)).reason is DeadReason.BAD_RECORD


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"item"',
        b"{",
        b'{"record":"report","schema":1}',
        b"[" * 100_000,
        b'{"record":"item","schema":' + b"9" * 5_000 + b"}",
    ],
    ids=range(9),
)
def test_what_is_no_record_is_a_bad_record(value: bytes) -> None:
    assert refused(Item, value).reason is DeadReason.BAD_RECORD


@given(value=st.binary(max_size=40))
def test_no_bytes_raise_anything_else(value: bytes) -> None:
    refused(Item, value)


def test_records_are_made_of_plain_parts_only() -> None:
    for kind in SCHEMAS:
        assert is_dataclass(kind)
        any_of(kind)
