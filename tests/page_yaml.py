"""What a YAML block of a page is, and what is wrong with it by the loader of its kind. A new kind is one entry of `KINDS`."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from alerting.timelines.run import DeskInForce, run_timelines
from alerting.watchlists.inline_tests import run_tests
from collectors.sources_file import load_sources
from newswire.cli import compose
from newswire.cli.tests import understand_with
from tests.cli_in_process import shipped_understanding
from tests.pages import ROOT, Block, all_blocks

_NOW: Final = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
_ROUTES_KEYS: Final = frozenset({"receivers", "calendars", "route", "fallback", "ops"})

Check = Callable[[Block, Any, Path], list[str]]
"""Given the block, its parsed text and an empty folder: what is wrong, in words."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of YAML: how it is recognised, and what checks it."""

    name: str
    is_one: Callable[[Block, Any], bool]
    check: Check


def kind_of(block: Block) -> Kind | None:
    """Return the first kind that fits; None where nobody claims it."""
    raw = yaml.load(block.text, Loader=yaml.BaseLoader)  # it makes texts, lists and mappings only
    documents = [raw] if not block.text.lstrip().startswith("---") else list(yaml.load_all(block.text, Loader=yaml.BaseLoader))
    return next((kind for kind in KINDS if all(kind.is_one(block, one) for one in documents)), None)


def faults_of(block: Block, folder: Path) -> list[str]:
    """Return what is wrong with a block, each with its place."""
    kind = kind_of(block)
    if kind is None:
        return [
            f"{block.place}: no kind of tests/page_yaml.py fits; begin the block with `# watchlists/NAME.yaml` (or what it is), or add a kind"
        ]
    return [f"{block.place} ({kind.name}): {fault}" for fault in kind.check(block, yaml.safe_load(block.text), folder)]


def _named(prefix: str, *keys: str) -> Callable[[Block, Any], bool]:
    def is_one(block: Block, raw: Any) -> bool:
        if block.file is not None:
            return block.file.startswith(prefix) or f"/{prefix}" in block.file
        return isinstance(raw, Mapping) and any(set(group.split("+")) <= raw.keys() for group in keys)

    return is_one


def _desk_folder(block: Block, folder: Path) -> Path:
    """Return a configuration folder of the shipped lists and routes, with the lists that the block's page writes out."""
    shutil.copytree(ROOT / "config" / "lists", folder / "lists")
    (folder / "watchlists").mkdir()
    shutil.copy(ROOT / "config" / "routes.yaml", folder / "routes.yaml")
    for other in all_blocks("yaml"):
        if other.page == block.page and other.file and other.file.startswith("lists/"):
            (folder / other.file).write_text(other.text, "utf-8")
    return folder


def _with_watchlists(folder: Path) -> Path:
    """Return the folder with the shipped watchlists in it: what a route or a timeline may name."""
    shutil.copytree(ROOT / "config" / "watchlists", folder / "watchlists", dirs_exist_ok=True)
    return folder


def _desk_faults(folder: Path, *, of: str, names: frozenset[str] = frozenset()) -> list[str]:
    desk = compose.read_desk(folder, shipped_understanding(), _NOW)
    said = [str(fault) for fault in (*desk.faults, *desk.timeline_faults)]
    said += [str(warning) for warning in desk.warnings if of in str(warning.file)]
    if said:
        return said
    understand = understand_with(shipped_understanding())
    results = run_tests(
        compose.compile_desk(desk), {name: desk.watchlists[name] for name in names if name in desk.watchlists}, understand, _NOW
    )
    said += [f"{result.test}: {result.fault}" for result in results if result.fault]
    timelines = {name: one for name, one in desk.timelines.items() if name in names}
    shown = run_timelines(timelines, DeskInForce(desk.watchlists, desk.lists, desk.routes), understand)
    return said + [f"{one.title}: {failure}" for one in shown for failure in one.failures]


def _watchlist(block: Block, _: Any, folder: Path) -> list[str]:
    name = Path(block.file or f"watchlists/line-{block.line}.yaml").stem
    (_desk_folder(block, folder) / "watchlists" / f"{name}.yaml").write_text(block.text, "utf-8")
    for other in all_blocks("yaml"):  # a watchlist may tell a receiver, or be told of by a route, that its page shows
        if other.page == block.page and other.file == "routes.yaml":
            (folder / "routes.yaml").write_text(other.text, "utf-8")
    return _desk_faults(folder, of=f"watchlists/{name}.yaml", names=frozenset({name}))


def _list(block: Block, _: Any, folder: Path) -> list[str]:
    name = Path(block.file or "lists/one.yaml").stem
    (_desk_folder(block, folder) / "lists" / f"{name}.yaml").write_text(block.text, "utf-8")
    return [said for said in _desk_faults(folder, of=f"lists/{name}.yaml") if "uses" not in said]


def _routes(block: Block, raw: Any, folder: Path) -> list[str]:
    whole = dict(raw)
    if "route" not in raw:  # a page on receivers shows how one is named; a file has a route, too
        whole["route"] = {"to": raw["receivers"][0]["name"]}
    _with_watchlists(_desk_folder(block, folder))
    for other in all_blocks("yaml"):  # a route may ask for a watchlist that its page shows
        if other.page == block.page and other.file and other.file.startswith("watchlists/"):
            (folder / other.file).write_text(other.text, "utf-8")
    (folder / "routes.yaml").write_text(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), "utf-8")
    return _desk_faults(folder, of="routes.yaml")


def _timeline(block: Block, _: Any, folder: Path) -> list[str]:
    tests = _with_watchlists(_desk_folder(block, folder)) / "tests"
    tests.mkdir()
    (tests / "one.yaml").write_text(block.text, "utf-8")
    return _desk_faults(folder, of="tests/one.yaml", names=frozenset({"one"}))


def _part_of_a_watchlist(block: Block, raw: Any, folder: Path) -> list[str]:
    whole = {"title": "A part", "when": {"any": ["gaming industry"]}, "status": "draft"} | raw
    (_desk_folder(block, folder) / "watchlists" / "part.yaml").write_text(yaml.safe_dump(whole, allow_unicode=True), "utf-8")
    return _desk_faults(folder, of="watchlists/part.yaml", names=frozenset({"part"}))


def _sources(block: Block, _: Any, folder: Path) -> list[str]:
    (folder / "one.yaml").write_text(block.text, "utf-8")
    sources, faults = load_sources(folder)
    return [str(fault) for fault in faults] or ([] if sources else ["it names no source"])


def _kubernetes(block: Block, _: Any, __: Path) -> list[str]:
    documents = list(yaml.safe_load_all(block.text))
    wanted = ("apiVersion", "kind")
    said = [f"a manifest needs {key}" for one in documents for key in wanted if not one.get(key)]
    nameless = [one["kind"] for one in documents if not said and one["kind"] != "Kustomization" and not one.get("metadata", {}).get("name")]
    return said + [f"{kind} needs metadata.name" for kind in nameless]


def _prometheus(how: str) -> Check:
    def check(block: Block, raw: Any, folder: Path) -> list[str]:
        if shutil.which("promtool") is None:  # real servers' tools are there where CI runs
            return [] if raw else ["it is empty"]
        (folder / "one.yaml").write_text(block.text, "utf-8")
        command = ["promtool", "check", how, *(["--syntax-only"] if how == "config" else []), str(folder / "one.yaml")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return [] if done.returncode == 0 else [(done.stdout + done.stderr).strip()]

    return check


def _mapping_with(*keys: str) -> Check:
    return lambda _, raw, __: [f"{key} is missing" for key in keys if not raw.get(key)]


def _held_elsewhere(_: Block, __: Any, ___: Path) -> list[str]:
    return []


KINDS: Final = (
    Kind("part of a watchlist", lambda block, _: block.first_line == "# a part of a watchlist", _part_of_a_watchlist),
    Kind("taxonomy, held by tests/unit/processors/test_taxonomy_page.py", _named("organisations.yaml"), _held_elsewhere),
    Kind("taxonomy, held by tests/unit/processors/test_taxonomy_page.py", _named("outlets.yaml"), _held_elsewhere),
    Kind("taxonomy, held by tests/unit/processors/test_taxonomy_page.py", _named("topics.yaml"), _held_elsewhere),
    Kind("timeline", _named("tests/", "feed+expect"), _timeline),
    Kind("watchlist", _named("watchlists/", "title+when", "title+selections"), _watchlist),
    Kind("list", _named("lists/"), _list),
    Kind("sources", _named("sources/", "sources"), _sources),
    Kind("part of a kustomization, held by tests/unit/deploy/test_kubernetes.py", _named("kustomization.yaml"), _held_elsewhere),
    Kind("Kubernetes", lambda _, raw: isinstance(raw, Mapping) and "apiVersion" in raw and "kind" in raw, _kubernetes),
    Kind("Prometheus rules", _named("rules/", "groups"), _prometheus("rules")),
    Kind("Prometheus", _named("prometheus.y", "scrape_configs"), _prometheus("config")),
    Kind("Compose", _named("compose", "services"), _mapping_with("services")),
    Kind(
        "Alertmanager",
        lambda _, raw: isinstance(raw, Mapping) and "route" in raw and "receiver" in raw["route"],
        _mapping_with("route", "receivers"),
    ),
    Kind(
        "routes",
        lambda block, raw: Path(block.file or "").name == "routes.yaml" or (isinstance(raw, Mapping) and raw.keys() <= _ROUTES_KEYS),
        _routes,
    ),
)
