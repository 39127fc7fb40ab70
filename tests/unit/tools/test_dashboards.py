"""The dashboards' files: made by the code, as Grafana wants them, and told apart by more than colours."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import yaml

from newswire.catalogue import CATALOGUE, OF_THE_PROCESS
from newswire.catalogue.entry import Across
from tools.dashboards import FOLDER, dashboards, files
from tools.dashboards.shared import TITLES
from tools.grafana import COLUMNS, Kind, Unit
from tools.grafana_json import as_json

ALL = [pytest.param(as_json(dashboard), id=dashboard.uid) for dashboard in dashboards()]
GRAFANAS_OWN = {"__all", "__rate_interval", "__range", "__interval", "__url_time_range", "__all_variables"}
RUNBOOKS = FOLDER.parents[2] / "docs"


def panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (panel for panel in dashboard["panels"] if panel["type"] != "row")


def expressions() -> Iterator[str]:
    for dashboard in dashboards():
        yield from (annotation.expression for annotation in dashboard.annotations)
        for panel in dashboard.panels:
            yield from (query.expression for query in panel.queries)


def test_the_files_are_what_the_code_makes() -> None:
    made = files()
    assert {path for path in made if path.suffix == ".json"} == {*FOLDER.glob("*.json")}
    for path, text in made.items():
        assert path.read_text("utf-8") == text, f"{path.name}: run `make dashboards`"


@pytest.mark.parametrize("dashboard", ALL)
def test_every_panel_has_its_place(dashboard: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= COLUMNS, panel["title"]
        assert not cells & taken, f"{panel['title']} overlaps another panel"
        taken |= cells
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    holes = [y for y in range(max(y for _, y in taken) + 1) if (0, y) not in taken]
    assert not holes


@pytest.mark.parametrize("dashboard", ALL)
def test_every_line_of_panels_is_full(dashboard: dict[str, Any]) -> None:
    lines: dict[int, list[tuple[int, int]]] = {}
    for panel in dashboard["panels"]:
        lines.setdefault(panel["gridPos"]["y"], []).append((panel["gridPos"]["w"], panel["gridPos"]["h"]))
    for line in lines.values():
        assert sum(width for width, _ in line) == COLUMNS
        assert len({height for _, height in line}) == 1


@pytest.mark.parametrize("dashboard", ALL)
def test_every_panel_says_what_it_shows(dashboard: dict[str, Any]) -> None:
    titles = [panel["title"] for panel in panels(dashboard)]
    assert len(set(titles)) == len(titles)
    for panel in panels(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["description"].endswith("."), panel["title"]
        assert defaults["unit"] in {*Unit}
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["targets"], panel["title"]
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references)
        for target in panel["targets"]:
            assert target["legendFormat"] or panel["type"] == Kind.TABLE, f"{panel['title']}: a series without a name"
            assert target["instant"] != target["range"]
            for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                assert re.search(rf"\bby \([^)]*\b{label}\b", target["expr"]), f"{panel['title']}: nothing has the label {label}"


@pytest.mark.parametrize("dashboard", ALL)
def test_what_stands_there_as_if_it_were_now_is_asked_for_now(dashboard: dict[str, Any]) -> None:
    for panel in panels(dashboard):
        of_now = panel["type"] in {Kind.TABLE, Kind.BAR_GAUGE} or (panel["type"] == Kind.STAT and panel["options"]["graphMode"] == "none")
        for target in panel["targets"]:
            assert target["instant"] is of_now, f"{panel['title']}: over a range, the last value that there was stands for now"


@pytest.mark.parametrize("dashboard", ALL)
def test_nothing_has_a_line_of_its_own_beside_what_happened(dashboard: dict[str, Any]) -> None:
    for panel in panels(dashboard):
        for target in panel["targets"]:
            if "{{" in target["legendFormat"]:
                assert not re.search(r"\bor\b[^)]*\bvector\(", target["expr"]), (
                    f"{panel['title']}: 0 is drawn for each moment before the first event"
                )


@pytest.mark.parametrize("dashboard", ALL)
def test_the_most_stands_first_in_a_legend_that_is_cut(dashboard: dict[str, Any]) -> None:
    for panel in panels(dashboard):
        if panel["type"] == Kind.TIME_SERIES:
            legend = panel["options"]["legend"]
            assert (legend["sortBy"], legend["sortDesc"], legend["calcs"][0]) == ("Last *", True, "lastNotNull"), panel["title"]


@pytest.mark.parametrize("dashboard", ALL)
def test_what_is_said_of_no_value_is_said_of_no_series_too(dashboard: dict[str, Any]) -> None:
    for panel in panels(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        for mapping in defaults["mappings"]:
            if mapping["type"] == "special":
                assert defaults["noValue"] == mapping["options"]["result"]["text"], panel["title"]


@pytest.mark.parametrize("dashboard", ALL)
def test_thresholds_ascend_and_words_stand_beside_colours(dashboard: dict[str, Any]) -> None:
    for panel in panels(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        first, *above = [step["value"] for step in defaults["thresholds"]["steps"]]
        assert first is None
        assert all(lower < upper for lower, upper in pairwise(above)), panel["title"]
        if defaults["unit"] == Unit.COUNT and defaults.get("max") == 1:
            assert defaults["mappings"], f"{panel['title']}: yes and no are words"


@pytest.mark.parametrize("dashboard", ALL)
def test_variables_that_are_used_are_there_and_the_other_way_round(dashboard: dict[str, Any]) -> None:
    written = json.dumps([dashboard["panels"], dashboard["annotations"], dashboard["templating"]], ensure_ascii=False)
    used = set(re.findall(r"\$\{?(\w+)", written)) - GRAFANAS_OWN
    assert used == {variable["name"] for variable in dashboard["templating"]["list"]}


@pytest.mark.parametrize("dashboard", ALL)
def test_links_lead_somewhere(dashboard: dict[str, Any]) -> None:
    linked = [link["url"] for panel in panels(dashboard) for link in panel.get("links", ())]
    assert len(linked) >= len(list(panels(dashboard))) // 4
    for url in linked:
        uid, name = re.match(r"/d/([\w-]+)\?", url), re.match(r"\$\{docs\}/(.+)", url)
        assert (uid is not None and uid[1] in TITLES) or (name is not None and (RUNBOOKS / name[1]).is_file()), url


def named(expression: str) -> set[str]:
    """Return the metrics of an expression, a histogram's parts under its own name."""
    found = re.findall(r"\b(?:newswire|process)_\w+", re.sub(r'"[^"]*"', "", expression))
    return {name if name in MEASURED else re.sub(r"_(bucket|count|sum)$", "", name) for name in found}


def test_every_metric_that_is_named_is_measured_and_the_other_way_round() -> None:
    shown = {name for expression in expressions() for name in named(expression)}
    assert shown - MEASURED.keys() == set()
    assert MEASURED.keys() - shown == NOT_SHOWN


MEASURED = CATALOGUE | {entry.name: entry for entry in OF_THE_PROCESS}
NOT_SHOWN = {"process_virtual_memory_bytes"}  # what a process has reserved says nothing: the resident size is shown


@pytest.mark.parametrize("across", [Across.SUM, Across.MAX, Across.MIN])
def test_several_processes_are_brought_together_as_the_catalogue_says(across: Across) -> None:
    for expression in expressions():
        for name in named(re.sub(r"\band on \([^)]*\) [^)]*", "", expression)):  # what comes behind only chooses processes
            if MEASURED[name].across is across and not re.match(r"changes\(", expression):
                assert re.search(rf"\b{across}\b", expression), f"{name} is brought together by {across}: {expression}"


def test_grafana_finds_the_files_and_the_source_that_they_name() -> None:
    provisioning = FOLDER.parent / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "newswire.yaml").read_text("utf-8"))["datasources"]
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "newswire.yaml").read_text("utf-8"))["providers"]
    assert source["type"] == "prometheus"
    assert provider["type"] == "file"
    assert provider["allowUiUpdates"] is False
