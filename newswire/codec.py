"""Records to JSON bytes and back, checked at the border."""

import json
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from newswire.errors import Permanent
from newswire.outcomes import DeadReason
from newswire.records import DeadLetter, Decision, Delivery, Item, Report

SCHEMAS: Final[dict[type, tuple[str, int]]] = {
    Item: ("item", 1),
    Report: ("report", 1),
    Decision: ("decision", 1),
    Delivery: ("delivery", 1),
    DeadLetter: ("dead_letter", 1),
}
"""The wire name and the schema version that this Newswire writes, by record type."""

SCHEMA_HEADER: Final = "schema"
TRACE_HEADER: Final = "trace-id"

R = TypeVar("R")


_ADAPTERS: Final[dict[type, TypeAdapter[Any]]] = {kind: TypeAdapter(kind) for kind in SCHEMAS}


def schema_of(kind: type) -> str:
    """Return the schema header's value for a record type, `item/1`."""
    name, version = SCHEMAS[kind]
    return f"{name}/{version}"


def encode(record: Any) -> bytes:
    """Return the record as UTF-8 JSON with its `record` name and `schema` version first."""
    name, version = SCHEMAS[type(record)]
    body = _ADAPTERS[type(record)].dump_json(record)
    return b'{"record":"%s","schema":%d,' % (name.encode(), version) + body[1:]


def decode(kind: type[R], value: bytes) -> R:
    """Return the record that `value` holds.

    Unknown fields are ignored (an older reader meets a newer writer); missing ones without a default are refused.

    Raises:
        Permanent: `bad_record` where it is not JSON or not this shape, `unknown_schema` where a newer version wrote it.

    """
    name, version = SCHEMAS[kind]
    try:
        raw = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise Permanent(DeadReason.BAD_RECORD, f"not JSON: {error}") from None
    if not isinstance(raw, dict) or raw.get("record") != name:
        found = raw.get("record") if isinstance(raw, dict) else type(raw).__name__
        raise Permanent(DeadReason.BAD_RECORD, f"a record of kind {name!r} is due here, not {found!r}")
    written = raw.get("schema")
    if not isinstance(written, int) or isinstance(written, bool) or written < 1:
        raise Permanent(DeadReason.BAD_RECORD, f"schema must be a whole number from 1, not {written!r}")
    if written > version:
        raise Permanent(
            DeadReason.UNKNOWN_SCHEMA,
            f"{name}/{written} is newer than {name}/{version}, which this Newswire reads: upgrade it, then replay",
        )
    try:
        decoded: R = _ADAPTERS[kind].validate_json(value, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "record"
        raise Permanent(DeadReason.BAD_RECORD, f"{name}.{where}: {first['msg']} ({error.error_count()} faults)") from None
    return decoded
