"""The JSON Schemas of every kind of file: current, complete for an editor, and of one mind with the readers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from alerting.watchlists.load import load_desk
from newswire.cli.configure import all_schemas
from newswire.strict_yaml import read
from newswire.yaml_tree import ListNode, MapNode, Node, ScalarNode
from tests.unit.alerting.desk import VOCABULARY
from tests.unit.alerting.test_check_files import TODAY

ROOT: Final = Path(__file__).parents[3]
GOLDEN: Final = ROOT / "tests" / "golden" / "watchlists"
SCHEMAS: Final = all_schemas()


def test_the_checked_in_schemas_are_current_and_no_other_is_there() -> None:
    written = {path.stem: json.loads(path.read_text()) for path in (ROOT / "config" / "schemas").glob("*.json")}
    assert written == SCHEMAS


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_key_has_words_for_the_editor(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert [place for place, one in keys_of(SCHEMAS[name], name) if not one.get("description")] == []


def keys_of(schema: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, list):
        for one in schema:
            yield from keys_of(one, place)
    elif isinstance(schema, dict):
        for key, one in schema.items():
            for name, inner in one.items() if key == "properties" else ():
                yield f"{place}.{name}", inner
                yield from keys_of(inner, f"{place}.{name}")
            if key == "$defs":
                for name, inner in one.items():
                    yield from keys_of(inner, name)
            elif key != "properties":
                yield from keys_of(one, place)


KINDS: Final = {"watchlists": "watchlist", "lists": "list", "sources": "sources", "tests": "timeline"}


def shipped() -> Iterator[Path]:
    for folder in ("watchlists", "lists", "sources", "tests"):
        yield from sorted((ROOT / "config" / folder).glob("*.yaml"))
    yield ROOT / "config" / "routes.yaml"


@pytest.mark.parametrize("path", list(shipped()), ids=lambda path: path.name)
def test_every_shipped_file_names_its_schema_and_agrees_with_it(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    named = (path.parent / first.partition("=")[2]).resolve()
    assert named.parent == ROOT / "config" / "schemas"
    assert named.stem == KINDS.get(path.parent.name, named.stem)
    assert mistakes(path, named.stem) == []


EXCEPTIONS: Final = {
    "watchlists/Not a plain Word": "the file's name",
    "watchlists/at-least-too-many": "a number against the length of a list",
    "watchlists/exclusions-alone": "a key that may not stand alone",
    "watchlists/exclusions-alone-in-a-block": "likewise",
    "watchlists/not-in-brackets": "which lists there are, and a key that may not stand alone",
    "watchlists/empty-when": "one of many keys is due",
    "watchlists/condition-nested-too-deep": "the grammar of a condition",
    "watchlists/condition-of-a-thousand-parentheses": "likewise",
    "watchlists/selections-unused-and-excluding": "whether a condition uses a selection",
    "watchlists/scalars-that-yaml-1-1-misread": "valid: a number that stands where text is due is taken as text",
    "hostile/one-letter": "how long a term is, in the letters of its script",
    "hostile/norway-as-no": "which countries there are",
    "faulty-lists/two-kinds": "keys that may not stand together",
    "faulty-lists/nothing": "one of many keys is due",
    "faulty-lists/c-circle": "what another list includes",
    "faulty-lists/itself": "likewise",
    "faulty-lists/other-kind": "likewise",
    "faulty-lists/unknown-include": "which lists there are",
    "faulty-lists/countries": "which countries there are",
    "routes/names-and-reach": "which names there are, and what a route above takes",
    "routes/reach-with-calendars": "what a route above takes, and when",
}
"""Examples that reader and schema judge differently, each with what a schema cannot see. One that is out of date fails.

Those of timelines stand in tests/unit/alerting/test_timeline_files.py.
"""


def examples() -> Iterator[tuple[str, Path]]:
    for folder, schema in (
        ("watchlists", "watchlist"),
        ("hostile", "watchlist"),
        ("faulty-lists", "list"),
        ("lists", "list"),
        ("routes", "routes"),
    ):
        for path in sorted((GOLDEN / folder).glob("*.yaml")):
            yield schema, path
    for path in sorted((GOLDEN / "desks").glob("*/*/*.yaml")):
        yield KINDS[path.parent.name], path


@pytest.mark.parametrize(
    ("schema", "path"), list(examples()), ids=lambda value: f"{value.parent.name}/{value.stem}" if isinstance(value, Path) else ""
)
def test_reader_and_schema_judge_every_example_the_same(schema: str, path: Path, refused: dict[Path, bool]) -> None:
    name = f"{path.parent.name}/{path.stem}"
    found = mistakes(path, schema)
    assert ((found != []) != refused[path]) == (name in EXCEPTIONS), found[:3]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, bool]:
    """Whether the real loader refuses each example, those of a folder together, with the lists beside them."""
    found: dict[Path, bool] = {}
    named: dict[Path, set[str]] = {}
    for schema, path in examples():
        if schema == "routes" or path.parent not in named:
            folder = tmp_path_factory.mktemp("one")
            if schema == "routes":
                (folder / "routes.yaml").symlink_to(path)
            else:
                (folder / f"{schema}s").symlink_to(path.parent)
            if schema == "watchlist":
                lists = path.parent.parent / "lists"
                (folder / "lists").symlink_to(lists if lists.is_dir() else GOLDEN / "lists")
            named[path.parent] = {Path(fault.file).name for fault in load_desk(folder, VOCABULARY, TODAY).faults}
        found[path] = bool({path.name, "routes.yaml"} & named[path.parent])
    return found


def mistakes(path: Path, schema: str) -> list[str]:
    """Return what the schema has against a file as YAML 1.2 reads it; what is refused as YAML never comes before a schema."""
    document, unreadable = read(path)
    if document is None or unreadable:
        return [fault.message for fault in unreadable]
    return [error.message for error in Draft202012Validator(SCHEMAS[schema]).iter_errors(value_of(document.root))]


def value_of(node: Node) -> Any:
    """Return a tree as an editor sees it: plain scalars by YAML 1.2's core schema."""
    match node:
        case MapNode():
            return {key: value_of(one) for key, (_, one) in node.entries.items()}
        case ListNode():
            return [value_of(one) for one in node.items]
        case ScalarNode():
            return None if node.empty else scalar(node)
    raise AssertionError(node)


def scalar(node: ScalarNode) -> Any:
    if not node.plain:
        return node.text
    if node.text in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return node.text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(node.text)
        except ValueError:
            continue
    return node.text
