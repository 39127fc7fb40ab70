"""The files of `config/taxonomy/` against their models: what is told of each golden file, and that schema, models and processors are of one mind."""

import json
import shutil
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from newswire.config import check
from newswire.errors import Fault
from newswire.strict_yaml import read, read_text
from newswire.terms import fold
from newswire.yaml_tree import Document
from processors.schemas import schema_name, schemas
from processors.taxonomy import FILES, Kind, Organisation, Taxonomy, load_taxonomy
from processors.taxonomy_check import check_documents, check_taxonomy
from processors.taxonomy_cues import Cues
from processors.taxonomy_files import MODELS, OrganisationKind
from processors.taxonomy_terms import CUE_GROUPS, ORGANISATION_KINDS, Collector
from processors.weights import FILE, load_weights
from tests.unit.newswire.test_schemas import value_of

ROOT: Final = Path(__file__).parents[3]
SHIPPED: Final = ROOT / "config" / "taxonomy"
GOLDEN: Final = ROOT / "tests" / "golden" / "taxonomy"
RIGHT: Final = GOLDEN / "right"
TOPICS: Final = frozenset({"ai", "gaming"})  # that the weights know, in these tests
SCHEMAS: Final = schemas()
FAULTY: Final = sorted(path for path in GOLDEN.glob("*/*.yaml") if path.parent != RIGHT)

BEYOND_A_SCHEMA: Final = {
    "countries/between-entries": "which name another country has, and what a doubtful name belongs to",
    "organisations/between-entries": "which name another body has, and that an agency has a country",
    "outlets/two-countries": "which outlet stands in another country too",
    "topics/unknown": "which topics the weights know",
}
"""Examples that the schema lets through, each with what it cannot see. One that is out of date fails."""


def folder_with(folder: Path, path: Path) -> Path:
    """Return a folder in which everything is right but that one file, which is of the kind that its own folder is named by."""
    shutil.copytree(RIGHT, folder, dirs_exist_ok=True)
    shutil.copy(path, folder / f"{path.parent.name}.yaml")
    return folder


def said(faults: list[Fault], folder: Path) -> str:
    return "".join(f"{fault.file.removeprefix(f'{folder}/')}:{fault.line}:{fault.column}: {fault.message}\n" for fault in faults)


@pytest.mark.parametrize("path", FAULTY, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_faulty_file_gives_all_its_faults_at_their_lines(path: Path, tmp_path: Path) -> None:
    found = said(check_taxonomy(folder_with(tmp_path, path), TOPICS), tmp_path)
    assert found
    assert found == path.with_suffix(".txt").read_text("utf-8")


def test_what_is_right_is_right_for_all_who_read_it() -> None:
    assert check_taxonomy(RIGHT, TOPICS) == []
    assert load_taxonomy(RIGHT).topics == ("ai", "gaming")


@pytest.fixture(scope="module")
def shipped() -> dict[str, Document]:
    """The shipped files as they were read: half a megabyte, once for all tests."""
    found = {name: read(SHIPPED / f"{name}.yaml") for name in MODELS}
    assert [faults for _, faults in found.values() if faults] == []
    return {name: document for name, (document, _) in found.items() if document is not None}


def test_the_shipped_files_are_right_and_their_topics_are_those_of_the_weights(shipped: dict[str, Document]) -> None:
    weighed = load_weights(ROOT / "config" / "model" / FILE).topics.keys()
    assert check_documents(shipped, {name: [] for name in shipped}, weighed) == []


def test_models_and_processors_read_the_same(shipped: dict[str, Document], taxonomy: Taxonomy) -> None:
    read_as = {name: check(MODELS[name], document)[0] for name, document in shipped.items()}
    values = {name: value.model_dump(exclude_defaults=True) for name, value in read_as.items() if value is not None}
    bodies = {name: Organisation(name, body["kind"], body.get("country")) for name, body in values["organisations"].items()}
    assert taxonomy.organisations == bodies
    assert taxonomy.topics == tuple(values["topics"])
    assert taxonomy.pairs == values["country_pairs"]
    assert taxonomy.outlets == {fold(name).text: code for code, names in values["outlets"].items() for name in names}
    assert taxonomy.country_names == {code: names["en"][0] for code, names in values["country_names"].items()}
    assert taxonomy.doubtful == {fold(name).text: code for code, words in values["countries"].items() for name in words.get("doubtful", ())}
    cues = {f"{group}:{name}" for group, classes in values["cues"].items() for name in classes}
    assert {entry.key for entry in taxonomy.entries if entry.kind is Kind.CUE} == cues


@pytest.mark.parametrize("path", [*FAULTY, *sorted(RIGHT.glob("*.yaml"))], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_schema_and_models_judge_every_example_the_same(path: Path) -> None:
    kind = path.stem if path.parent == RIGHT else path.parent.name
    refused = path.parent != RIGHT
    document, unreadable = read(path)
    assert document is not None
    assert ((unreadable + mistakes(document, kind) != []) != refused) == (f"{path.parent.name}/{path.stem}" in BEYOND_A_SCHEMA)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_shipped_file_names_its_schema_and_agrees_with_it(name: str, shipped: dict[str, Document]) -> None:
    path = SHIPPED / f"{name}.yaml"
    first = path.read_text("utf-8").partition("\n")[0]
    assert first == f"# yaml-language-server: $schema=../schemas/{schema_name(name)}.json"
    assert json.loads((path.parent / first.partition("=")[2]).read_text("utf-8")) == SCHEMAS[schema_name(name)]
    assert mistakes(shipped[name], name) == []


def mistakes(document: Document, kind: str) -> list[Any]:
    return [error.message for error in Draft202012Validator(SCHEMAS[schema_name(kind)]).iter_errors(value_of(document.root))]


def test_every_file_has_a_model_and_models_and_processors_name_the_same_kinds() -> None:
    assert {f"{name}.yaml" for name in MODELS} == set(FILES)
    assert get_args(OrganisationKind) == ORGANISATION_KINDS
    assert tuple(Cues.model_fields) == CUE_GROUPS


def test_every_class_of_cues_is_in_use(shipped: dict[str, Document]) -> None:
    classes = {group: set(words) for group, words in shipped["cues"].values().items()}
    assert classes == {name: set(field.annotation.model_fields) for name, field in Cues.model_fields.items() if field.annotation}


def test_a_file_that_cannot_be_read_hides_no_fault_of_the_others(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, GOLDEN / "topics" / "unknown.yaml")
    (folder / "cues.yaml").write_text("actors: [\n", "utf-8")
    (folder / "outlets.yaml").unlink()
    assert {Path(fault.file).name for fault in check_taxonomy(folder, TOPICS)} == {"cues.yaml", "outlets.yaml", "topics.yaml"}


def test_of_a_file_of_nothing_but_faults_the_first_hundred_are_told(tmp_path: Path) -> None:
    shutil.copytree(RIGHT, tmp_path, dirs_exist_ok=True)
    (tmp_path / "organisations.yaml").write_text("".join(f'"B{n}": {{kind: agency, names: {{en: [One]}}}}\n' for n in range(400)), "utf-8")
    faults = check_taxonomy(tmp_path, TOPICS)
    assert len(faults) == 100
    assert "more is wrong from here on" in faults[-1].message


def _one_of(*words: str) -> st.SearchStrategy[str]:
    """Return a strategy for these words, the last of which is hardly ever right and comes seldom."""
    return st.sampled_from([*words[:-1] * 6, words[-1]])


def _map(keys: st.SearchStrategy[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(keys, values, min_size=1, max_size=2)


_CODE, _LANGUAGE, _NAME = _one_of("PK", "NO", "Pak"), _one_of("en", "ur", "ms", "english"), _one_of("ITU", "World Bank", "ai", "")
_TERM = st.sampled_from(["=US", "minister*", "中", "=*", "== a *", "no", "~"] * 2 + ["a*b", "*", "=", " "])
_TERMS = st.lists(_TERM, min_size=1, max_size=2)
_BY_LANGUAGE = _map(_LANGUAGE, _TERMS)
_COUNTRY = dict.fromkeys(("names", "adjectives", "capitals", "cities"), _BY_LANGUAGE) | dict.fromkeys(("never", "doubtful"), _TERMS)
_BODY = {"country": _CODE, "never": _TERMS, "shares_names_with": st.lists(_NAME, max_size=2)}
_CONTENTS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "countries": _map(_CODE, st.fixed_dictionaries({}, optional=_COUNTRY)),
    "country_names": _map(_CODE, _BY_LANGUAGE),
    "country_cities": _map(_CODE, _BY_LANGUAGE),
    "country_pairs": _map(_LANGUAGE, _map(_one_of("中", "a", "中巴"), _CODE)),
    "cues": st.fixed_dictionaries(
        {group: _map(_one_of("minister", "meet", "sport", "it"), _BY_LANGUAGE) | st.just({}) for group in CUE_GROUPS}
    ),
    "organisations": _map(_NAME, st.fixed_dictionaries({"kind": _one_of("body", "club"), "names": _BY_LANGUAGE}, optional=_BODY)),
    "outlets": _map(_CODE, st.lists(_NAME, max_size=2)),
    "topics": _map(
        _one_of("ai", "Gaming"), st.fixed_dictionaries({"title": _NAME, "words": _BY_LANGUAGE}, optional={"also": _BY_LANGUAGE})
    ),
}
_FILES = st.sampled_from(sorted(MODELS)).flatmap(lambda name: st.tuples(st.just(name), _CONTENTS[name]))


@given(_FILES)
def test_schemas_judge_as_the_models_do_and_what_they_let_through_the_processors_take(file: tuple[str, dict[str, Any]]) -> None:
    name, content = file
    document, _ = read_text(json.dumps(content, ensure_ascii=False), f"{name}.yaml")
    assert document is not None
    value, faults = check(MODELS[name], document)
    assert (value is None) == bool(faults) == bool(mistakes(document, name))
    if value is not None:
        assert refusals(name, document) == []


def refusals(name: str, document: Document) -> list[Fault]:
    """Return what the processors' own reader has against a document."""
    faults: list[Fault] = []
    collector = Collector(faults)
    match name:
        case "countries" | "country_names" | "country_cities":
            collector.countries(document, f"{name}.yaml")
        case "country_pairs":
            collector.by_code(document)
        case _:
            getattr(collector, name)(document)
    return faults
