"""What a Grafana dashboard is made of, as frozen values: panels, queries, thresholds, variables. `tools.grafana_json` writes them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

COLUMNS: Final = 24
"""Grafana's grid is so wide."""


class Kind(StrEnum):
    """Panel types by Grafana's names."""

    STAT = "stat"
    TIME_SERIES = "timeseries"
    TABLE = "table"
    BAR_GAUGE = "bargauge"
    HEATMAP = "heatmap"
    STATE_TIMELINE = "state-timeline"
    TEXT = "text"


class Unit(StrEnum):
    """Grafana's ids of the units that are used."""

    COUNT = "short"
    SECONDS = "s"
    BYTES = "bytes"
    BYTES_A_SECOND = "binBps"  # KiB, as BYTES counts; Bps counts kB
    SHARE = "percentunit"
    A_MINUTE = "cpm"  # counts a minute
    A_SECOND = "ops"
    WORDS = "string"


class Colour(StrEnum):
    """Named colours of Grafana's palette, readable in its dark and its light theme."""

    GREEN = "green"
    ORANGE = "orange"
    RED = "red"
    BLUE = "blue"
    PURPLE = "purple"
    GREY = "#8e8e8e"


@dataclass(frozen=True, slots=True)
class Query:
    """One expression; `legend` names its series with `{{label}}`. `instant` asks for now alone."""

    expression: str
    legend: str
    instant: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """From this value on (None: from the least), this colour."""

    value: float | None
    colour: Colour


@dataclass(frozen=True, slots=True)
class Said:
    """A value that is shown as a word. `value` None stands for no value and for NaN."""

    value: float | None
    text: str
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Where a panel leads: another dashboard by its uid, or a page of the docs."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Column:
    """One field by its name, a column of a table or a series: how it is titled and measured, where its colours change, and whether it is left out."""

    name: str
    title: str = ""
    unit: Unit | None = None
    steps: tuple[Step, ...] = ()
    hidden: bool = False
    colour: Colour | None = None
    says: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel; build it with the function of its kind."""

    kind: Kind
    title: str
    description: str
    queries: tuple[Query, ...] = ()
    unit: Unit = Unit.COUNT
    width: int = 8
    height: int = 8
    steps: tuple[Step, ...] = (Step(None, Colour.GREEN),)
    says: tuple[Said, ...] = ()
    links: tuple[Link, ...] = ()
    decimals: int | None = None
    least: float | None = None
    most: float | None = None
    no_value: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    custom: Mapping[str, Any] = field(default_factory=dict)
    colour_mode: str = "thresholds"
    transformations: tuple[Mapping[str, Any], ...] = ()
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A titled row and its panels, laid from the left to the right, in as many lines as they need."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice above the dashboard. `query` is Grafana's (`label_values(metric, label)`), or a datasource's type, or a text's default."""

    name: str
    label: str
    kind: str
    query: str
    description: str = ""

    @property
    def is_of_labels(self) -> bool:
        """Whether one or many of a label's values are chosen."""
        return self.kind == "query"


@dataclass(frozen=True, slots=True)
class Annotation:
    """Moments that are drawn on every time series."""

    name: str
    expression: str
    colour: Colour
    title: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard; `uid` is for ever, links lead to it."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...]
    annotations: tuple[Annotation, ...] = ()
    since: str = "now-6h"

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels, in reading order."""
        return tuple(panel for row in self.rows for panel in row.panels)


def steps(base: Colour, *above: tuple[float, Colour]) -> tuple[Step, ...]:
    """Return thresholds: a colour from the least value on, and others from theirs on."""
    return (Step(None, base), *(Step(value, colour) for value, colour in above))


def stat(title: str, description: str, *queries: Query, words: bool = True, spark: bool = False, **more: Any) -> Panel:
    """Return a panel of single values, as they stand now. `words`: the name of each stands beside it where there are several.

    Over the time shown is asked only for a `spark`: else what ended hours ago would stand there as if it were now, as the last value that there was.
    """
    options = {
        "colorMode": "background_solid" if not spark else "value",
        "graphMode": "area" if spark else "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showPercentChange": False,
        "textMode": "value_and_name" if words and len(queries) > 1 else "auto",
        "wideLayout": True,
    }
    return Panel(
        Kind.STAT, title, description, queries if spark else _now(queries), **{"width": 4, "height": 4, "options": options, **more}
    )


def time_series(title: str, description: str, *queries: Query, stacked: bool = False, limit: bool = False, **more: Any) -> Panel:
    """Return a panel of lines over time. `limit` draws the thresholds as dashed lines; `stacked` sums what is one whole."""
    custom = {
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": 30 if stacked else 8,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
        "thresholdsStyle": {"mode": "dashed" if limit else "off"},
        "axisSoftMin": 0,
    }
    options = {
        "legend": {
            "calcs": ["lastNotNull", "max"],
            "displayMode": "table",
            "placement": "bottom",
            "showLegend": True,
            "sortBy": "Last *",
            "sortDesc": True,
        },
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return Panel(
        Kind.TIME_SERIES, title, description, queries, **{"colour_mode": "palette-classic", "custom": custom, "options": options, **more}
    )


def bar_gauge(title: str, description: str, *queries: Query, **more: Any) -> Panel:
    """Return horizontal bars, one a series, as they stand now."""
    options = {
        "displayMode": "basic",
        "orientation": "horizontal",
        "namePlacement": "auto",
        "minVizHeight": 16,
        "minVizWidth": 8,
        "maxVizHeight": 48,
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "text",
    }
    return Panel(Kind.BAR_GAUGE, title, description, _now(queries), **{"options": options, "least": 0, **more})


def heatmap(title: str, description: str, query: Query, **more: Any) -> Panel:
    """Return the buckets of a histogram over time: the darker, the more. `query` is a sum by `le`."""
    options = {
        "calculate": False,
        "cellGap": 1,
        "cellValues": {"unit": Unit.COUNT.value},
        "color": {
            "mode": "scheme",
            "scheme": "Blues",
            "fill": "dark-blue",
            "exponent": 0.5,
            "reverse": False,
            "scale": "exponential",
            "steps": 32,
        },
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "yHistogram": False, "showColorScale": False},
        "yAxis": {"axisPlacement": "left", "reverse": False, "unit": Unit.SECONDS.value},
    }
    custom = {"scaleDistribution": {"type": "linear"}, "hideFrom": {"legend": False, "tooltip": False, "viz": False}}
    return Panel(Kind.HEATMAP, title, description, (query,), **{"options": options, "custom": custom, **more})


def state_timeline(title: str, description: str, *queries: Query, **more: Any) -> Panel:
    """Return how states went: a bar a series, coloured and worded by its value."""
    options = {
        "alignValue": "left",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "mergeValues": True,
        "rowHeight": 0.9,
        "showValue": "auto",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return Panel(
        Kind.STATE_TIMELINE, title, description, queries, **{"options": options, "custom": {"fillOpacity": 70, "lineWidth": 0}, **more}
    )


def table(
    title: str,
    description: str,
    *queries: Query,
    columns: Sequence[Column],
    sorted_by: str = "",
    matrix: tuple[str, str] | None = None,
    **more: Any,
) -> Panel:
    """Return a table of instant values: one row for each set of labels that the queries share, or, as a `matrix`, one for each (row, column)."""
    options = {
        "cellHeight": "sm",
        "footer": {"countRows": False, "reducer": ["sum"], "show": False},
        "frameIndex": 0,
        "showHeader": True,
        "sortBy": [{"displayName": sorted_by, "desc": True}] if sorted_by else [],
    }
    if matrix:
        turned: dict[str, Any] = {"rowField": matrix[0], "columnField": matrix[1], "valueField": "Value", "emptyValue": "zero"}
        transformations: tuple[dict[str, Any], ...] = ({"id": "groupingToMatrix", "options": turned},)
    else:
        transformations = ({"id": "merge", "options": {}},)
    custom = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}
    made = {
        "options": options,
        "custom": custom,
        "transformations": transformations,
        "columns": (Column("Time", hidden=True), *columns),
        "width": 12,
    }
    return Panel(Kind.TABLE, title, description, _now(queries), **{**made, **more})


def _now(queries: tuple[Query, ...]) -> tuple[Query, ...]:
    return tuple(replace(query, instant=True) for query in queries)


def text(title: str, description: str, content: str, **more: Any) -> Panel:
    """Return a panel of Markdown."""
    options = {"mode": "markdown", "content": content, "code": {"language": "plaintext", "showLineNumbers": False, "showMiniMap": False}}
    return Panel(Kind.TEXT, title, description, **{"options": options, **more})
