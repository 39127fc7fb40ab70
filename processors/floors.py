"""The figures under which CI fails, kept in `config/model/floors.json`: by set of items and figure. They only go up."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from newswire.errors import ConfigurationError, Fault
from processors.evaluate import recorded
from processors.scores import FIGURES

FILE: Final = "floors.json"
ROOM: Final = 0.005  # between a figure and the floor proposed for it: retraining moves a figure so much

Floors = Mapping[str, Mapping[str, float]]
"""Set of items → figure → the least that it may be."""


def read_floors(path: Path) -> Floors:
    """Return the floors of a file.

    Raises:
        ConfigurationError: the file is missing, or holds something else than numbers by set and figure.

    """
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): {_known(figure): float(floor) for figure, floor in floors.items()} for name, floors in loaded.items()}
    except OSError as error:
        raise ConfigurationError([Fault(str(path), 0, 0, f"cannot be read ({error.strerror})")]) from None
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigurationError([Fault(str(path), 0, 0, f'holds no floors like {{"all": {{"f1": 0.9}}}}: {error}')]) from None


def _known(figure: str) -> str:
    if figure not in FIGURES:
        raise ValueError(f"{figure} is no figure; there are {', '.join(FIGURES)}")
    return figure


def below(floors: Floors, figures: Mapping[str, Any]) -> Iterator[str]:
    """Give a sentence for each floor that `figures` (by set, as `processors.evaluate.plain` makes them) do not hold."""
    for name, of in floors.items():
        for figure, floor in of.items():
            value = recorded(figures.get(name, {}), figure)
            if value is None:
                yield f"{name}: {figure} was not measured, and its floor is {floor:.3f}"
            elif value < floor:
                yield f"{name}: {figure} is {value:.3f}, under its floor of {floor:.3f}"


def proposed(floors: Floors, figures: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return the floors raised to what the figures allow; none is lowered."""
    out: dict[str, dict[str, float]] = {}
    for name, of in floors.items():
        for figure, floor in of.items():
            value = recorded(figures.get(name, {}), figure)
            out.setdefault(name, {})[figure] = max(floor, round(value - ROOM, 3)) if value is not None else floor
    return out


def written(floors: Floors) -> str:
    """Return the floors as their file holds them."""
    return json.dumps(floors, ensure_ascii=False, indent=1) + "\n"
