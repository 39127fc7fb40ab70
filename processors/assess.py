"""Predictions for records in a JSONL file: what `newswire assess` does. The label of a record, if it has one, is never looked at."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from newswire.errors import Fault
from processors.record_file import Check, is_full_text, is_text, read_records
from processors.source_country import country_of_url
from processors.understand import Understanding
from processors.understood import Understood

Record: TypeAlias = Mapping[str, Any]
Cluster: TypeAlias = Callable[[Sequence[Record]], list[str]]

READ: Final = ("id", "title", "summary", "text", "lang", "outlet", "published", "source_url")
"""The fields that are read; all others are dropped at the door."""

_CHECKS: Final[Mapping[str, Check]] = {**dict.fromkeys(READ, is_text), "id": is_full_text, "title": is_full_text}


def assess_file(understanding: Understanding, records: Path, out: Path, *, cluster: Cluster | None = None) -> list[Fault]:
    """Write one prediction a line to `out` and return the faults of lines that could not be read, in order; the others go on."""
    good, faults = read_records(records, _CHECKS, needed=("id", "title"))
    predictions = assess(understanding, good, cluster=cluster)
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(prediction, ensure_ascii=False) + "\n" for prediction in predictions)
    return faults


def assess(understanding: Understanding, records: Sequence[Record], *, cluster: Cluster | None = None) -> list[dict[str, Any]]:
    """Return one prediction a record: id, label, score, home, partners, organisations, topics, story.

    `cluster` gets the records with what was understood of them and returns a story id for each; without it each record is its own story.
    """
    understood = understand(understanding, records)
    predictions = [prediction_of(record, found) for record, found in zip(records, understood, strict=True)]
    if cluster:
        give_stories(records, predictions, cluster, known=[beside(found) for found in understood])
    return predictions


def understand(understanding: Understanding, records: Sequence[Record]) -> list[Understood]:
    """Return what is understood of each record, read as the service reads an item."""
    return [
        understanding.read(
            title=record["title"],
            summary=record.get("summary") or "",
            text=record.get("text") or "",
            language_hint=record.get("lang"),
            outlet_country=understanding.country_of_outlet(record.get("outlet") or "") or country_of_url(record.get("source_url")),
            outlet=record.get("outlet") or "",
        )
        for record in records
    ]


def give_stories(
    records: Sequence[Record], predictions: Sequence[dict[str, Any]], cluster: Cluster, *, known: Sequence[Mapping[str, Any]]
) -> None:
    """Put the story that `cluster` finds into each prediction.

    Of a record it sees only what may be read, what was predicted, and what else is `known` (`beside`).
    """
    given = [
        {**{name: record[name] for name in READ if name in record}, **prediction, **more}
        for record, prediction, more in zip(records, predictions, known, strict=True)
    ]
    for prediction, story in zip(predictions, cluster(given), strict=True):
        prediction["story"] = story


def beside(understood: Understood) -> dict[str, Any]:
    """Return what no prediction carries and a story is told by: the language that was found, and the officials named."""
    return {"lang": understood.language, "people": list(understood.people)}


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


def explained(record: Record, understood: Understood) -> dict[str, Any]:
    """Return a prediction with what `newswire evaluate` shows of it: the score of every label, and the reasons with their words."""
    reasons = [
        {
            "name": one.name,
            "weight": one.weight,
            "words": one.span.text if one.span else None,
            "field": one.span.field.value if one.span else None,
        }
        for one in understood.evidence
    ]
    return {**prediction_of(record, understood), "scores": dict(understood.scores), "evidence": reasons, **beside(understood)}
