"""docs/watchlists.md names every key that a desk's file can have, and its examples work as they stand."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import UnionType
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from alerting.routes import Routes
from alerting.watchlists.compile import compile_watchlists
from alerting.watchlists.inline_tests import run_tests
from alerting.watchlists.load import load_desk
from alerting.watchlists.model import NamedList, Watchlist
from alerting.watchlists.terms import TERM_SCHEMA
from tests.fakes import NOW
from tests.unit.alerting.desk import VOCABULARY, understand

PAGE = Path(__file__).parents[3] / "docs" / "watchlists.md"


def keys_of(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[str]:
    seen.add(model)
    for name, field in model.model_fields.items():
        yield field.alias or name
        for inner in _models_in(field.annotation):
            if inner not in seen:
                yield from keys_of(inner, seen)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_args(annotation) or isinstance(annotation, UnionType):
        for part in get_args(annotation):
            yield from _models_in(part)


@pytest.mark.parametrize("model", [Watchlist, NamedList, Routes])
def test_the_page_names_every_key(model: type[BaseModel]) -> None:
    page = PAGE.read_text("utf-8")
    keys = set(keys_of(model, set()))
    assert len(keys) > 5
    missing = [key for key in sorted(keys) if not re.search(rf"`[^`\n]*\b{re.escape(key)}\b[^`\n]*`", page)]
    assert missing == []


def test_the_page_names_every_key_of_a_term() -> None:
    page = PAGE.read_text("utf-8")
    for form in TERM_SCHEMA["anyOf"]:
        for key in form.get("properties", ()):
            assert re.search(rf"`[^`\n]*\b{key}\b[^`\n]*`", page), key


def test_every_example_of_the_page_works_as_it_stands(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n# (\S+\.yaml)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert [name for name, _ in blocks] == ["watchlists/gaming-policy.yaml", "lists/partner-countries.yaml", "routes.yaml"]
    for name, text in blocks:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    desk = load_desk(tmp_path, VOCABULARY, date(2026, 11, 2))
    assert (desk.faults, desk.warnings) == ((), ())
    results = run_tests(compile_watchlists(desk.watchlists, desk.lists), desk.watchlists, understand, NOW)
    assert [result.fault for result in results] == ["", ""]
