"""Predictions for records in a JSONL file: what `newswire assess` does. The label of a record, if it has one, is never looked at."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from newswire.errors import Fault
from processors.source_country import country_of_url
from processors.understand import Understanding
from processors.understood import Understood

Record: TypeAlias = Mapping[str, Any]
Cluster: TypeAlias = Callable[[Sequence[Record]], list[str]]

READ: Final = ("id", "title", "summary", "text", "lang", "outlet", "published", "source_url")
"""The fields that are read; all others are dropped at the door."""

LONGEST_LINE: Final = 8_000_000  # characters of one record


def assess_file(understanding: Understanding, records: Path, out: Path, *, cluster: Cluster | None = None) -> list[Fault]:
    """Write one prediction a line to `out` and return the faults of lines that could not be read, in order; the others go on."""
    good, faults = read_records(records)
    predictions = assess(understanding, good, cluster=cluster)
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(prediction, ensure_ascii=False) + "\n" for prediction in predictions)
    return faults


def read_records(path: Path) -> tuple[list[dict[str, Any]], list[Fault]]:
    """Return the records of a JSONL file with the fields that are read, and a fault for each line that is none."""
    good: list[dict[str, Any]] = []
    faults: list[Fault] = []
    with path.open("rb") as file:
        for number, raw in enumerate(_lines(file), 1):
            if not raw.strip():
                continue
            try:
                good.append(_record(raw))
            except ValueError as error:
                faults.append(Fault(str(path), number, 1, str(error)))
    return good, faults


def _lines(file: Any) -> Iterator[bytes]:
    """Give lines of bounded length; the rest of a longer one is passed over."""
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            line = b"\x00"
        yield line


def _record(raw: bytes) -> dict[str, Any]:
    if raw == b"\x00":
        raise ValueError(f"the line is longer than {LONGEST_LINE:,} bytes")
    try:
        loaded = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no JSON: {error}") from None
    if not isinstance(loaded, dict):
        raise ValueError(f"a record must be an object, not {type(loaded).__name__}")  # noqa: TRY004 -- all faults of a line are one kind
    record = {name: loaded[name] for name in READ if loaded.get(name) is not None}
    for name, value in record.items():
        if not isinstance(value, str):
            raise ValueError(f"{name} must be text, not {type(value).__name__}")  # noqa: TRY004 -- as above
    for name in ("id", "title"):
        if not record.get(name, "").strip():
            raise ValueError(f"{name} is missing or empty")
    return record


def assess(understanding: Understanding, records: Sequence[Record], *, cluster: Cluster | None = None) -> list[dict[str, Any]]:
    """Return one prediction a record: id, label, score, home, partners, organisations, topics, story.

    `cluster` gets the records with what was understood of them and returns a story id for each; without it each record is its own story.
    """
    predictions = []
    known = []
    for record in records:
        understood = understanding.read(
            title=record["title"],
            summary=record.get("summary") or "",
            text=record.get("text") or "",
            language_hint=record.get("lang"),
            outlet_country=understanding.country_of_outlet(record.get("outlet") or "") or country_of_url(record.get("source_url")),
            outlet=record.get("outlet") or "",
        )
        predictions.append(prediction_of(record, understood))
        known.append({**{name: record[name] for name in READ if name in record}, **predictions[-1], "lang": understood.language})
    if cluster:
        for prediction, story in zip(predictions, cluster(known), strict=True):
            prediction["story"] = story
    return predictions


def prediction_of(record: Record, understood: Understood) -> dict[str, Any]:
    """Return one prediction, its story its own."""
    return {
        "id": record["id"],
        "label": understood.label.value,
        "score": round(understood.score, 4),
        "home": understood.home,
        "partners": list(understood.partners),
        "organisations": list(understood.organisations),
        "topics": list(understood.topics),
        "story": str(record["id"]),
    }
