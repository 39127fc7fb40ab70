"""What a panel of a dashboard's JSON shows: its series from a real Prometheus, named, measured, coloured and worded as Grafana does."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

PALETTE: Final = ("#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0", "#37872d", "#fade2a")
COLOURS: Final = {"green": "#299c46", "orange": "#d9730d", "red": "#c4162a", "blue": "#3274d9", "purple": "#8f3bb8"}
_SIZES: Final = ("B", "KiB", "MiB", "GiB", "TiB")


class Answer(Protocol):
    """A series as it stands now."""

    @property
    def labels(self) -> Mapping[str, str]: ...

    @property
    def value(self) -> float: ...


class Asked(Protocol):
    """A Prometheus that answers for a span of time."""

    def query(self, expression: str) -> Sequence[Answer]: ...

    def series(self, expression: str, seconds: float, step_s: float = 1) -> list[tuple[Mapping[str, str], list[tuple[float, float]]]]: ...


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a panel; NaN stands for no value."""

    name: str
    reference: str
    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]

    @property
    def last(self) -> float:
        """The last value that is one."""
        return next((value for _, value in reversed(self.points) if not math.isnan(value)), math.nan)


def answered(panel: Mapping[str, Any], prometheus: Asked, span_s: float, words: Mapping[str, str]) -> list[Series]:
    """Return the series of all queries of a panel, over the last `span_s`; `words` stand for Grafana's variables."""
    found = []
    for target in panel["targets"]:
        expression = target["expr"]
        for name, value in words.items():
            expression = expression.replace(f"${name}", value)
        if target["instant"]:
            asked = [(one.labels, [(0.0, one.value)]) for one in prometheus.query(expression)]
        else:
            asked = prometheus.series(expression, span_s, max(1.0, span_s / 300))
        for labels, points in asked:
            name = re.sub(r"{{(\w+)}}", _from(labels), target["legendFormat"])
            found.append(Series(name, target["refId"], labels, points))
    return found


def _from(labels: Mapping[str, str]) -> Any:
    return lambda found: labels.get(found[1], "")


def shown(value: float, defaults: Mapping[str, Any]) -> tuple[str, str]:
    """Return how a value is written, and its colour: a word where it is mapped to one."""
    colour = coloured(value, defaults.get("thresholds", {}).get("steps", ()))
    for mapping in defaults.get("mappings", ()):
        options = mapping["options"]
        result = (options["result"] if math.isnan(value) else None) if mapping["type"] == "special" else options.get(f"{value:g}")
        if result:
            return result["text"], COLOURS.get(result.get("color", ""), colour)
    if math.isnan(value):
        return defaults.get("noValue") or "No data", "#6e6e6e"
    return measured(value, defaults.get("unit", "short"), defaults.get("decimals")), colour


def coloured(value: float, steps: Sequence[Mapping[str, Any]]) -> str:
    """Return the colour of the highest threshold that a value reaches."""
    name = "green"
    for step in steps:
        if step["value"] is None or value >= step["value"]:
            name = step["color"]
    return COLOURS.get(name, name)


def measured(value: float, unit: str, decimals: int | None = None) -> str:
    """Return a value with its unit, as Grafana writes it."""
    if unit == "percentunit":
        return f"{_number(value * 100, decimals)}%"
    if unit == "s":
        return _span(value, decimals)
    if unit in {"bytes", "binBps"}:
        size = 0
        while abs(value) >= 1024 and size < len(_SIZES) - 1:
            value, size = value / 1024, size + 1
        return f"{_number(value, decimals)} {_SIZES[size]}{'/s' if unit == 'binBps' else ''}"
    ending = {"cpm": " c/m", "ops": " ops/s"}.get(unit, "")
    for factor, letter in ((1e9, "Bil"), (1e6, "Mil"), (1e3, "K")):
        if abs(value) >= factor:
            return f"{_number(value / factor, decimals)} {letter}{ending}"
    return f"{_number(value, decimals)}{ending}"


def _span(value: float, decimals: int | None) -> str:
    for factor, name in ((31_536_000, "years"), (604_800, "weeks"), (86_400, "days"), (3600, "hours"), (60, "mins")):
        if abs(value) >= factor:
            return f"{_number(value / factor, decimals)} {name}"
    if 0 < abs(value) < 1:
        return f"{_number(value * 1000, decimals)} ms"
    return f"{_number(value, decimals)} s"


def _number(value: float, decimals: int | None) -> str:
    if decimals is None:
        decimals = 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{decimals}f}"
