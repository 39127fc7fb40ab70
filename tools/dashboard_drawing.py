"""A dashboard's JSON and its series as one HTML page on Grafana's grid of 24 columns. Pure."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Final

from tools.dashboard_series import COLOURS, PALETTE, Series, coloured, measured, shown
from tools.grafana import COLUMNS

WIDTH: Final = 1500
_UNIT: Final = 38  # pixels of a grid's row, with its gap
_GAP: Final = 8
_STYLE: Final = """
* { box-sizing: border-box } body { margin: 0; background: #111217; color: #ccccdc; font: 13px/18px Inter, Lato, "Noto Sans", sans-serif; position: relative }
h1 { font-size: 18px; margin: 0; padding: 14px 12px 10px } .panel { position: absolute; background: #181b1f; border: 1px solid #2c3035; border-radius: 2px; overflow: hidden; display: flex; flex-direction: column }
.panel h2 { font-size: 13px; font-weight: 500; margin: 0; padding: 7px 8px 3px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis } .row { position: absolute; font-weight: 600; font-size: 15px; padding: 7px 4px }
.body { flex: 1; min-height: 0; padding: 0 8px 6px; overflow: hidden } .stats { display: flex; gap: 4px; height: 100% }
.value { flex: 1; display: flex; flex-direction: column; align-items: center; justify-content: center; border-radius: 3px; color: #fff; text-align: center; min-width: 0 }
.value b { font-weight: 600; line-height: 1.15 } .value span { font-size: 13px; opacity: .9 }
table { border-collapse: collapse; width: 100%; font-size: 12px } td, th { text-align: left; padding: 3px 8px; border-bottom: 1px solid #25282d; font-weight: 400; white-space: nowrap } th { color: #8ab8ff }
.legend td { border: 0; padding: 0 6px; line-height: 16px; font-size: 11px } .legend td + td { text-align: right; color: #9a9aa8 } .key { display: inline-block; width: 12px; height: 3px; margin-right: 6px; vertical-align: middle }
.bars td { border: 0; padding: 1px 6px; font-size: 12px } .bars .track { background: #22252b; width: 50%; padding: 0 } .bars .bar { height: 16px } .empty { color: #8e8e8e; text-align: center; padding-top: 24px }
svg text { fill: #9a9aa8; font-size: 11px }
"""


def page(dashboard: Mapping[str, Any], series: Mapping[int, Sequence[Series]]) -> str:
    """Return the page; `series` has what each panel shows, by its id."""
    boxes = []
    bottom = 0
    column = (WIDTH - 2 * _GAP) / COLUMNS
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        x, y = _GAP + at["x"] * column, 46 + at["y"] * _UNIT
        width, height = at["w"] * column - _GAP, at["h"] * _UNIT - _GAP
        bottom = max(bottom, y + height)
        if panel["type"] == "row":
            boxes.append(f'<div class="row" style="left:{x}px;top:{y}px">{escape(panel["title"])}</div>')
            continue
        body = _DRAWN[panel["type"]](panel, series[panel["id"]], int(width) - 18, int(height) - 36)
        place = f"left:{x:.0f}px;top:{y}px;width:{width:.0f}px;height:{height}px"
        boxes.append(f'<div class="panel" style="{place}"><h2>{escape(panel["title"])}</h2><div class="body">{body}</div></div>')
    head = f'<!doctype html><meta charset="utf-8"><style>{_STYLE}</style><body style="height:{bottom + _GAP}px">'
    return f"{head}<h1>{escape(dashboard['title'])}</h1>{''.join(boxes)}</body>"


def _stat(panel: Mapping[str, Any], series: Sequence[Series], width: int, height: int) -> str:
    defaults = panel["fieldConfig"]["defaults"]
    several = panel["options"]["textMode"] == "value_and_name"
    drawn = []
    for one in series or [Series("", "A", {}, ())]:
        text, colour = shown(one.last, defaults)
        room = width / max(1, len(series))
        size = max(15, min(34, height * 0.42, room / max(3, len(text)) * 1.65))
        solid = panel["options"]["colorMode"] == "background_solid"
        style = f"background:{colour}" if solid else f"color:{colour}"
        name = f"<span>{escape(one.name)}</span>" if several else ""
        drawn.append(f'<div class="value" style="{style}"><b style="font-size:{size:.0f}px">{escape(text)}</b>{name}</div>')
    return f'<div class="stats">{"".join(drawn)}</div>'


def _bars(panel: Mapping[str, Any], series: Sequence[Series], _width: int, height: int) -> str:
    defaults = panel["fieldConfig"]["defaults"]
    if not series:
        return _empty(defaults)
    own = {
        override["matcher"]["options"]: {one["id"]: one["value"] for one in override["properties"]}
        for override in panel["fieldConfig"]["overrides"]
    }
    most = defaults.get("max") or max(one.last for one in series) or 1
    lines = []
    tall = max(8, min(48, height // len(series) - 8))
    for one in series:
        text, colour = shown(one.last, {**defaults, **own.get(one.name, {})})
        share = 0 if math.isnan(one.last) else max(0.5, min(100.0, one.last / most * 100))
        bar = f'<div class="bar" style="width:{share:.1f}%;background:{colour};height:{tall}px"></div>'
        lines.append(f'<tr><td>{escape(one.name)}</td><td class="track">{bar}</td><td style="color:{colour}">{escape(text)}</td></tr>')
    return f'<table class="bars">{"".join(lines)}</table>'


def _lines(panel: Mapping[str, Any], series: Sequence[Series], width: int, height: int) -> str:
    defaults = panel["fieldConfig"]["defaults"]
    if not any(one.points for one in series):
        return _empty(defaults)
    tall = height - 16 * min(4, len(series)) - 6
    stacked = defaults["custom"]["stacking"]["mode"] == "normal"
    tops = _stacked(series) if stacked else [list(one.points) for one in series]
    colours = _colours(panel, series)
    values = [value for points in tops for _, value in points if not math.isnan(value)]
    limits = [step["value"] for step in defaults["thresholds"]["steps"] if step["value"] is not None]
    dashed = defaults["custom"]["thresholdsStyle"]["mode"] == "dashed"
    most = max([*values, 0.0]) * 1.08 or 1.0
    if defaults.get("decimals") == 0 and defaults["unit"] == "short":
        most = math.ceil(most / 3.24) * 3.24  # whole numbers on the axis
    times = [at for one in series for at, _ in one.points]
    begin, end = min(times), max(*times, min(times) + 1)
    left = 62

    def x(at: float) -> float:
        return left + (at - begin) / (end - begin) * (width - left)

    def y(value: float) -> float:
        return tall - 18 - value / most * (tall - 26)

    drawn = [_axes(defaults, most=most, span=(begin, end), x=x, y=y, width=width)]
    for number, points in reversed(list(enumerate(tops))):
        colour = colours[number]
        for run in _runs(points):
            line = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in run)
            opacity = 0.35 if stacked else 0.08
            area = f"{x(run[0][0]):.1f},{y(0):.1f} {line} {x(run[-1][0]):.1f},{y(0):.1f}"
            drawn.append(f'<polygon points="{area}" fill="{colour}" opacity="{opacity}"/>')
            drawn.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.4"/>')
    if dashed:
        drawn += [
            f'<line x1="{left}" x2="{width}" y1="{y(limit):.1f}" y2="{y(limit):.1f}" stroke="{coloured(limit, defaults["thresholds"]["steps"])}" stroke-dasharray="6 4"/>'
            for limit in limits
            if limit <= most
        ]
    return f'<svg width="{width}" height="{tall}">{"".join(drawn)}</svg>{_legend(series, defaults, colours)}'


def _axes(
    defaults: Mapping[str, Any],
    *,
    most: float,
    span: tuple[float, float],
    x: Callable[[float], float],
    y: Callable[[float], float],
    width: int,
) -> str:
    begin, end = span
    drawn = []
    for part in range(4):
        value = most / 1.08 * part / 3
        text = escape(measured(value, defaults["unit"], defaults.get("decimals")))
        drawn.append(f'<line x1="62" x2="{width}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#25282d"/>')
        drawn.append(f'<text x="56" y="{y(value) + 4:.1f}" text-anchor="end">{text}</text>')
    for part in range(1, 4):
        at = begin + (end - begin) * part / 4
        drawn.append(f'<text x="{x(at):.1f}" y="{y(0) + 15:.1f}" text-anchor="middle">{time.strftime("%H:%M:%S", time.gmtime(at))}</text>')
    return "".join(drawn)


def _colours(panel: Mapping[str, Any], series: Sequence[Series]) -> list[str]:
    """Return the colour of each series: the next one of the palette, or its own."""
    own = {
        override["matcher"]["options"]: one["value"]["fixedColor"]
        for override in panel["fieldConfig"]["overrides"]
        for one in override["properties"]
        if one["id"] == "color" and one["value"]["mode"] == "fixed"
    }
    return [COLOURS.get(own.get(one.name, ""), own.get(one.name, PALETTE[number % len(PALETTE)])) for number, one in enumerate(series)]


def _legend(series: Sequence[Series], defaults: Mapping[str, Any], colours: Sequence[str]) -> str:
    lines = []
    ordered = sorted(enumerate(series), key=lambda numbered: math.inf if math.isnan(numbered[1].last) else -numbered[1].last)
    for place, (number, one) in enumerate(ordered[:4]):
        last = shown(one.last, defaults)[0]
        most = max((value for _, value in one.points if not math.isnan(value)), default=math.nan)
        more = f" (and {len(series) - 4} more)" if place == 3 and len(series) > 4 else ""
        key = f'<span class="key" style="background:{colours[number]}"></span>'
        lines.append(
            f"<tr><td>{key}{escape(one.name + more)}</td><td>last {escape(last)}</td><td>max {escape(shown(most, defaults)[0])}</td></tr>"
        )
    return f'<table class="legend">{"".join(lines)}</table>'


def _stacked(series: Sequence[Series]) -> list[list[tuple[float, float]]]:
    below: dict[float, float] = {}
    tops = []
    for one in series:
        top = []
        for at, value in one.points:
            below[at] = below.get(at, 0.0) + (0.0 if math.isnan(value) else value)
            top.append((at, below[at]))
        tops.append(top)
    return tops


def _runs(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Return the parts between which nothing was measured."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if math.isnan(point[1]):
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]


def _table(panel: Mapping[str, Any], series: Sequence[Series], _width: int, height: int) -> str:
    defaults = panel["fieldConfig"]["defaults"]
    if not series:
        return _empty(defaults)
    own = {
        override["matcher"]["options"]: {one["id"]: one["value"] for one in override["properties"]}
        for override in panel["fieldConfig"]["overrides"]
    }
    transformation = panel["transformations"][0]
    rows: dict[tuple[tuple[str, str], ...], dict[str, float | str]] = {}
    for one in series:
        if transformation["id"] == "groupingToMatrix":
            turned = transformation["options"]
            first = f"{turned['rowField']}\\{turned['columnField']}"
            row = rows.setdefault(((first, one.labels[turned["rowField"]]),), {first: one.labels[turned["rowField"]]})
            row[one.labels[turned["columnField"]]] = one.last
        else:
            row = rows.setdefault(tuple(sorted(one.labels.items())), {**one.labels})
            row["Value" if len(panel["targets"]) == 1 else f"Value #{one.reference}"] = one.last
    fields = [name for name in own if not own[name].get("custom.hidden") and any(name in row for row in rows.values())]
    sort = panel["options"]["sortBy"]
    if sort:
        by = next((name for name in fields if own[name].get("displayName") == sort[0]["displayName"]), fields[0])
        ordered = sorted(rows.values(), key=lambda row: (isinstance(row.get(by), str), row.get(by, 0)), reverse=True)
    else:
        ordered = list(rows.values())
    head = "".join(f"<th>{escape(own[name].get('displayName', name))}</th>" for name in fields)
    lines = [
        f"<tr>{''.join(_cell(row.get(name, ''), {**defaults, **own[name]}) for name in fields)}</tr>" for row in ordered[: height // 25 - 1]
    ]
    return f"<table><tr>{head}</tr>{''.join(lines)}</table>"


def _cell(value: float | str, defaults: Mapping[str, Any]) -> str:
    if isinstance(value, str):
        return f"<td>{escape(value)}</td>"
    text, colour = shown(value, defaults)
    return f'<td style="color:{colour}">{escape(text)}</td>' if "custom.cellOptions" in defaults else f"<td>{escape(text)}</td>"


def _heat(panel: Mapping[str, Any], series: Sequence[Series], width: int, height: int) -> str:
    ordered = sorted(series, key=lambda one: float(one.labels["le"]))
    if not any(one.last or any(value for _, value in one.points) for one in ordered):
        return _empty(panel["fieldConfig"]["defaults"])
    below: Mapping[float, float] = {}
    cells: list[tuple[int, float, float]] = []
    for number, one in enumerate(ordered):
        cells += [(number, at, value - below.get(at, 0.0)) for at, value in one.points]
        below = dict(one.points)
    most = max(count for _, _, count in cells)
    times = sorted({at for _, at, _ in cells})
    every = max(1, len(times) // 60)
    left, wide, tall = 62, (width - 62) / (len(times) // every + 1), (height - 18) / len(ordered)
    drawn = []
    for number, at, count in cells:
        place = times.index(at)
        if count > 0 and place % every == 0:
            y = height - 18 - (number + 1) * tall
            drawn.append(
                f'<rect x="{left + place // every * wide:.1f}" y="{y:.1f}" width="{wide - 1:.1f}" height="{tall - 1:.1f}" fill="#3274d9" opacity="{0.15 + 0.85 * math.sqrt(count / most):.2f}"/>'
            )
    for number, one in enumerate(ordered):
        if number % 2 == 0:
            label = "more" if one.labels["le"] == "+Inf" else measured(float(one.labels["le"]), "s")
            drawn.append(f'<text x="56" y="{height - 18 - number * tall - 2:.1f}" text-anchor="end">{label}</text>')
    return f'<svg width="{width}" height="{height}">{"".join(drawn)}</svg>'


def _states(panel: Mapping[str, Any], series: Sequence[Series], width: int, height: int) -> str:
    defaults = panel["fieldConfig"]["defaults"]
    if not series:
        return _empty(defaults)
    times = [at for one in series for at, _ in one.points]
    begin, end = min(times), max(*times, min(times) + 1)
    left, tall = 130, min(34.0, height / len(series))
    drawn = []
    for number, one in enumerate(series):
        drawn.append(f'<text x="{left - 6}" y="{number * tall + tall / 2 + 4:.1f}" text-anchor="end">{escape(one.name)}</text>')
        run_begin, run_value = one.points[0]
        for at, value in [*one.points[1:], (one.points[-1][0], math.nan)]:
            if value == run_value and at != one.points[-1][0]:
                continue
            text, colour = shown(run_value, defaults)
            x, wide = left + (run_begin - begin) / (end - begin) * (width - left), (at - run_begin) / (end - begin) * (width - left)
            drawn.append(f'<rect x="{x:.1f}" y="{number * tall + 2:.1f}" width="{wide:.1f}" height="{tall - 4:.1f}" fill="{colour}"/>')
            if wide > 60:
                drawn.append(f'<text x="{x + 6:.1f}" y="{number * tall + tall / 2 + 4:.1f}" style="fill:#fff">{escape(text)}</text>')
            run_begin, run_value = at, value
    return f'<svg width="{width}" height="{height}">{"".join(drawn)}</svg>'


def _empty(defaults: Mapping[str, Any]) -> str:
    return f'<div class="empty">{escape(defaults.get("noValue") or "No data")}</div>'


_DRAWN: Final[Mapping[str, Callable[[Mapping[str, Any], Sequence[Series], int, int], str]]] = {
    "stat": _stat,
    "bargauge": _bars,
    "timeseries": _lines,
    "table": _table,
    "heatmap": _heat,
    "state-timeline": _states,
}
