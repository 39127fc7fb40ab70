"""The tables of docs/dashboards.md: every panel, its unit and what it answers. Pure."""

from pathlib import Path
from typing import Final

from tools.grafana import Dashboard, Kind, Panel, Unit

PAGE: Final = Path(__file__).parents[2] / "docs" / "dashboards.md"

_KINDS: Final = {
    Kind.STAT: "value",
    Kind.TIME_SERIES: "lines",
    Kind.TABLE: "table",
    Kind.BAR_GAUGE: "bars",
    Kind.HEATMAP: "heatmap",
    Kind.STATE_TIMELINE: "states",
}
_UNITS: Final = {
    Unit.COUNT: "",
    Unit.SECONDS: "seconds",
    Unit.BYTES: "bytes",
    Unit.BYTES_A_SECOND: "bytes a second",
    Unit.SHARE: "share",
    Unit.A_MINUTE: "a minute",
    Unit.A_SECOND: "a second",
}


def with_tables(text: str, dashboards: tuple[Dashboard, ...]) -> str:
    """Return the page with each table between its marks as the code has it now.

    Raises:
        ValueError: a dashboard has no marks in the page.

    """
    for dashboard in dashboards:
        begin, end = f"<!-- panels of {dashboard.uid} -->\n", "<!-- end of panels -->"
        before, found, rest = text.partition(begin)
        if not found:
            raise ValueError(f"{PAGE.name} has no marks for the panels of {dashboard.uid}")
        text = before + begin + _tables(dashboard) + end + rest.partition(end)[2]
    return text


def _tables(dashboard: Dashboard) -> str:
    lines = []
    for row in dashboard.rows:
        lines += [f"\n**{row.title}**\n", "| panel | shown as | what it says |", "| --- | --- | --- |"]
        lines += [f"| {panel.title} | {_shown_as(panel)} | {panel.description.replace('|', '&#124;')} |" for panel in row.panels]
    return "\n".join(lines) + "\n\n"


def _shown_as(panel: Panel) -> str:
    return ", ".join(word for word in (_KINDS[panel.kind], _UNITS[panel.unit]) if word)
