"""A dashboard as the JSON that Grafana imports: schema version 39, which Grafana 10.4 and newer take. Pure."""

import json
from string import ascii_uppercase
from typing import Any, Final

from tools.grafana import COLUMNS, Annotation, Column, Dashboard, Kind, Panel, Query, Said, Step, Variable

SCHEMA_VERSION: Final = 39
TAG: Final = "newswire"
DATASOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_EVERY_S: Final = "30s"


def dumped(dashboard: Dashboard) -> str:
    """Return the text of a dashboard's file."""
    return json.dumps(as_json(dashboard), ensure_ascii=False, indent=2) + "\n"


def as_json(dashboard: Dashboard) -> dict[str, Any]:
    """Return a dashboard as Grafana's dashboard model."""
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": [TAG],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "browser",
        "refresh": _EVERY_S,
        "time": {"from": dashboard.since, "to": "now"},
        "timepicker": {},
        "fiscalYearStartMonth": 0,
        "weekStart": "",
        "liveNow": False,
        "links": [_to_the_others()],
        "annotations": {"list": [_annotation(one) for one in dashboard.annotations]},
        "templating": {"list": [_variable(one) for one in dashboard.variables]},
        "panels": _laid_out(dashboard),
    }


def _laid_out(dashboard: Dashboard) -> list[dict[str, Any]]:
    """Return rows and panels with their places: panels from the left to the right, a new line where one does not fit any more."""
    laid: list[dict[str, Any]] = []
    y = 0
    for row in dashboard.rows:
        laid.append(
            {"type": "row", "id": len(laid) + 1, "title": row.title, "collapsed": False, "panels": [], "gridPos": _place(0, y, COLUMNS, 1)}
        )
        y, x, line = y + 1, 0, 0
        for panel in row.panels:
            if x + panel.width > COLUMNS:
                y, x, line = y + line, 0, 0
            laid.append(_panel(panel, len(laid) + 1) | {"gridPos": _place(x, y, panel.width, panel.height)})
            x, line = x + panel.width, max(line, panel.height)
        y += line
    return laid


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(panel: Panel, number: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": number,
        "type": panel.kind.value,
        "title": panel.title,
        "description": panel.description,
        "options": dict(panel.options),
    }
    if panel.links:
        made["links"] = [
            {"title": link.title, "url": link.url, "type": "link", "icon": "external link", "targetBlank": True, "asDropdown": False}
            | {"includeVars": False, "keepTime": False, "tags": [], "tooltip": ""}
            for link in panel.links
        ]
    if panel.kind is Kind.TEXT:
        return made
    defaults: dict[str, Any] = {
        "unit": panel.unit.value,
        "color": {"mode": panel.colour_mode},
        "custom": dict(panel.custom),
        "mappings": _mappings(panel.says),
        "thresholds": _thresholds(panel.steps),
    }
    optional = {"decimals": panel.decimals, "min": panel.least, "max": panel.most, "noValue": _instead(panel)}
    defaults |= {name: value for name, value in optional.items() if value is not None}
    return made | {
        "datasource": DATASOURCE,
        "targets": [_target(query, letter, panel.kind) for letter, query in zip(ascii_uppercase, panel.queries, strict=False)],
        "fieldConfig": {"defaults": defaults, "overrides": [_override(column, panel.kind) for column in panel.columns]},
        "transformations": [dict(one) for one in panel.transformations],
    }


def _instead(panel: Panel) -> str | None:
    """Return what stands there where a query brings no series at all: no mapping is asked then."""
    return panel.no_value or next((said.text for said in panel.says if said.value is None), None)


def _target(query: Query, letter: str, kind: Kind) -> dict[str, Any]:
    shape = {Kind.TABLE: "table", Kind.HEATMAP: "heatmap"}.get(kind, "time_series")
    return {
        "refId": letter,
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": query.expression,
        "legendFormat": query.legend,
        "format": shape,
        "instant": query.instant,
        "range": not query.instant,
    }


def _override(column: Column, kind: Kind) -> dict[str, Any]:
    properties: list[dict[str, Any]] = []
    if column.title:
        properties.append({"id": "displayName", "value": column.title})
    if column.unit:
        properties.append({"id": "unit", "value": column.unit.value})
    if column.steps:
        properties += [
            {"id": "thresholds", "value": _thresholds(column.steps)},
            {"id": "color", "value": {"mode": "thresholds"}},
        ]
        if kind is Kind.TABLE:
            properties.append({"id": "custom.cellOptions", "value": {"type": "color-text"}})
    if column.colour:
        properties.append({"id": "color", "value": {"mode": "fixed", "fixedColor": column.colour.value}})
    if column.says:
        properties.append({"id": "mappings", "value": _mappings(column.says)})
    if column.hidden:
        properties.append({"id": "custom.hidden", "value": True})
    return {"matcher": {"id": "byName", "options": column.name}, "properties": properties}


def _thresholds(given: tuple[Step, ...]) -> dict[str, Any]:
    return {"mode": "absolute", "steps": [{"value": step.value, "color": step.colour.value} for step in given]}


def _mappings(says: tuple[Said, ...]) -> list[dict[str, Any]]:
    mappings: list[dict[str, Any]] = []
    for index, said in enumerate(says):
        result: dict[str, Any] = {"text": said.text, "index": index} | ({"color": said.colour.value} if said.colour else {})
        if said.value is None:
            mappings.append({"type": "special", "options": {"match": "null+nan", "result": result}})
        else:
            mappings.append({"type": "value", "options": {f"{said.value:g}": result}})
    return mappings


def _variable(variable: Variable) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": variable.name,
        "label": variable.label,
        "description": variable.description,
        "type": variable.kind,
        "query": variable.query,
        "hide": 0,
        "skipUrlSync": False,
    }
    if variable.is_of_labels:
        query = {"qryType": 1, "query": variable.query, "refId": "StandardVariableQuery"}
        return made | {
            "datasource": DATASOURCE,
            "definition": variable.query,
            "query": query,
            "refresh": 2,
            "regex": "",
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
            "options": [],
        }
    if variable.kind == "datasource":
        return made | {"refresh": 1, "regex": "", "multi": False, "includeAll": False, "options": []}
    chosen = {"selected": True, "text": variable.query, "value": variable.query}
    return made | {"current": chosen, "options": [chosen]}


def _annotation(annotation: Annotation) -> dict[str, Any]:
    return {
        "name": annotation.name,
        "datasource": DATASOURCE,
        "enable": True,
        "hide": False,
        "iconColor": annotation.colour.value,
        "expr": annotation.expression,
        "titleFormat": annotation.title,
        "useValueForTime": False,
        "step": "30s",
    }


def _to_the_others() -> dict[str, Any]:
    return {
        "title": "Newswire",
        "type": "dashboards",
        "tags": [TAG],
        "asDropdown": True,
        "icon": "external link",
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
        "tooltip": "The other dashboards of Newswire",
        "url": "",
    }
