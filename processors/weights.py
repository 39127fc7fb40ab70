"""The trained weights: one readable JSON file, `config/model/weights.json`, with what they were made from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from newswire.errors import ConfigurationError, Fault
from processors.label import Binary
from processors.two_steps import Calibration, calibration_facts, calibration_of

FORMAT: Final = 3
FILE: Final = "weights.json"


@dataclass(frozen=True)
class Weights:
    """Every model of the understanding.

    `engagement` asks whether a foreign counterpart is engaged, `subject` whether it is about IT, telecom or digital matters.
    `idf` holds the vocabulary of words; their weights stand in these two as `w:WORD`. `alone` turns both answers into scores that mean
    what they say, where no reader was asked.
    """

    home: Binary
    partner: Binary
    organisation: Binary
    topics: Mapping[str, Binary]
    engagement: Binary
    subject: Binary
    idf: Mapping[str, float]
    alone: Calibration
    least: Mapping[str, float]  # thresholds of partner, organisation, topic
    provenance: Mapping[str, Any]
    version: str


def load_weights(path: Path) -> Weights:
    """Return the weights of a file.

    Raises:
        ConfigurationError: the file is missing, or is not what `newswire train` writes.

    """
    try:
        raw = path.read_bytes()
        loaded = json.loads(raw)
        if loaded["format"] != FORMAT:
            raise ConfigurationError([Fault(str(path), 0, 0, f"format {loaded['format']} is not {FORMAT}: run `newswire train`")])
        return Weights(
            home=_binary(loaded["home"]),
            partner=_binary(loaded["partner"]),
            organisation=_binary(loaded["organisation"]),
            topics={topic: _binary(model) for topic, model in loaded["topics"].items()},
            engagement=_binary(loaded["engagement"]),
            subject=_binary(loaded["subject"]),
            idf=loaded["idf"],
            alone=calibration_of(loaded["alone"]),
            least=loaded["least"],
            provenance=loaded["provenance"],
            version=hashlib.sha256(raw).hexdigest()[:12],
        )
    except OSError as error:
        raise ConfigurationError([Fault(str(path), 0, 0, f"cannot be read ({error.strerror}): run `newswire train`")]) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError([Fault(str(path), 0, 0, f"is no file of weights ({error!r}): run `newswire train`")]) from None


def _binary(raw: Mapping[str, Any]) -> Binary:
    return Binary(float(raw["intercept"]), raw["weights"])


def write_weights(path: Path, weights: Weights) -> None:
    """Write the weights sorted and rounded, one name a line, so that the same training gives the same file and a change can be read."""
    document = {
        "format": FORMAT,
        "provenance": weights.provenance,
        "least": weights.least,
        "alone": calibration_facts(weights.alone),
        "engagement": _plain(weights.engagement),
        "subject": _plain(weights.subject),
        "idf": weights.idf,
        "home": _plain(weights.home),
        "partner": _plain(weights.partner),
        "organisation": _plain(weights.organisation),
        "topics": {topic: _plain(model) for topic, model in sorted(weights.topics.items())},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_written(document) + "\n", encoding="utf-8")


def _plain(model: Binary) -> dict[str, Any]:
    return {"intercept": model.intercept, "weights": model.weights}


def _written(value: Any, depth: int = 0) -> str:
    """Return JSON in which every weight has its own line, and a row of weights stays on it."""
    if isinstance(value, Mapping):
        entries = sorted(value.items()) if depth else value.items()
        inner = ",\n".join(f"{' ' * depth}{json.dumps(str(name), ensure_ascii=False)}: {_written(of, depth + 1)}" for name, of in entries)
        return "{\n" + inner + "\n" + " " * max(depth - 1, 0) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_written(of, depth) for of in value) + "]"
    if isinstance(value, float):
        return repr(round(value, 4) + 0.0)
    return json.dumps(value, ensure_ascii=False)
