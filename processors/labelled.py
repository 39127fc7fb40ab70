"""Labelled files: which may be measured on, which are for training alone, and their records."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from newswire.errors import ConfigurationError, Fault
from processors.record_file import Check, is_full_text, is_label, is_list_of_texts, is_text, is_truth, read_records

TRAINING_PREFIX: Final = "train-"
FOR_TRAINING: Final = ("id", "title", "lang", "label", "home", "partners", "organisations", "topics", "hard")
"""What a record must say to be learned from."""

FOR_SCORING: Final = ("id", "title", "label")
"""What a record must say to be measured on; figures of what it does not say are taken on the records that do."""

_CHECKS: Final[Mapping[str, Check]] = {
    "id": is_full_text,
    "title": is_full_text,
    "label": is_label,
    **dict.fromkeys(("summary", "text", "lang", "outlet", "published", "source_url", "home", "story", "group"), is_text),
    **dict.fromkeys(("partners", "organisations", "topics"), is_list_of_texts),
    "hard": is_truth,
}


def measured_files(corpus: Path) -> list[Path]:
    """Return the labelled files of a corpus that figures may be quoted from."""
    return sorted(path for path in corpus.glob("*.jsonl") if not path.name.startswith(TRAINING_PREFIX))


def training_files(corpus: Path) -> list[Path]:
    """Return the labelled files that are for training alone."""
    return sorted(corpus.glob(f"{TRAINING_PREFIX}*.jsonl"))


def read_labelled(files: Iterable[Path], *, needed: Sequence[str] = FOR_TRAINING) -> list[dict[str, Any]]:
    """Return the labelled records of JSONL files, in order, each with the name of its `file`.

    Raises:
        ConfigurationError: lines that are no labelled records, all of them, with their numbers.

    """
    records: list[dict[str, Any]] = []
    faults: list[Fault] = []
    seen: dict[str, str] = {}
    for path in files:
        good, bad = read_records(path, _CHECKS, needed=needed, seen=seen)
        records.extend({**record, "file": path.name} for record in good)
        faults.extend(bad)
    if faults:
        raise ConfigurationError(faults)
    return records
