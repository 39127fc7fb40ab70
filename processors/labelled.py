"""Labelled files: which may be measured on, which are for training alone, and their records."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from newswire.errors import ConfigurationError, Fault

TRAINING_PREFIX: Final = "train-"
_NEEDED: Final = ("id", "title", "lang", "label", "home", "partners", "organisations", "topics", "hard")


def measured_files(corpus: Path) -> list[Path]:
    """Return the labelled files of a corpus that figures may be quoted from."""
    return sorted(path for path in corpus.glob("*.jsonl") if not path.name.startswith(TRAINING_PREFIX))


def training_files(corpus: Path) -> list[Path]:
    """Return the labelled files that are for training alone."""
    return sorted(corpus.glob(f"{TRAINING_PREFIX}*.jsonl"))


def read_labelled(files: Iterable[Path]) -> list[dict[str, Any]]:
    """Return the labelled records of JSONL files, in order.

    Raises:
        ConfigurationError: lines that are no labelled records, all of them, with their numbers.

    """
    records, faults = [], []
    for path in files:
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                missing = [name for name in _NEEDED if name not in record]
            except (ValueError, TypeError, RecursionError):
                faults.append(Fault(str(path), number, 1, "no JSON object"))
                continue
            if missing:
                faults.append(Fault(str(path), number, 1, f"not labelled: {', '.join(missing)} missing"))
                continue
            records.append(record)
    if faults:
        raise ConfigurationError(faults)
    return records
