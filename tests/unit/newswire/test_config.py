"""The YAML of people: each file of tests/golden/yaml against the model below, and what is said of it in its .json."""

import json
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, Field, ValidationInfo, field_validator

from newswire.config import STRICT, check, find_config_folder, folder_holding, load, load_folder, shipped_folder, shown
from newswire.errors import ConfigurationError
from newswire.field_types import COUNTRY_CODES, CountryCode, Duration, LanguageCode, seconds
from newswire.strict_yaml import read_text

GOLDEN = Path(__file__).parents[2] / "golden" / "yaml"


class Severity(StrEnum):
    LOW = "low"
    HIGH = "high"


class Phrase(BaseModel):
    model_config = STRICT

    phrase: str
    case: Literal["exact", "folded"] = "folded"


class ListName(BaseModel):
    model_config = STRICT

    list_name: str = Field(alias="list")


class Watch(BaseModel):
    model_config = STRICT

    title: str = Field(min_length=1)
    severity: Severity = Severity.LOW
    least: int = Field(1, ge=1)
    notify: bool = True
    max_age: Duration = 60.0
    partners: Literal["any"] | tuple[CountryCode, ...] = "any"
    terms: tuple[str | Phrase | ListName, ...] = ()
    weights: dict[str, float] = {}
    nested: "Watch | None" = None
    review_by: date | None = None


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text())
    value, faults = load(Watch, path)
    assert [f"{fault.line}:{fault.column}: {fault.message}" for fault in faults] == expected["faults"]
    assert (None if value is None else value.model_dump(mode="json", by_alias=True, exclude_defaults=True)) == expected["value"]
    assert {fault.file for fault in faults} <= {str(path.relative_to(Path.cwd())), str(path)}


def test_every_golden_file_has_its_twin() -> None:
    assert {path.stem for path in GOLDEN.glob("*.yaml")} == {path.stem for path in GOLDEN.glob("*.json")}


def test_norway_is_norway() -> None:
    value, faults = load(Watch, GOLDEN / "norway.yaml")
    assert faults == []
    assert value is not None
    assert value.partners == ("NO", "SE")
    assert value.terms[3:6] == ("22:30", "010", "1e3")
    assert value.max_age == 5400.0
    assert value.notify is False


def test_the_faults_of_all_files_come_together_in_order(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("title: x\nseverty: low\n")
    (tmp_path / "a.yaml").write_text("title: [x]\ntitle: y\n")
    (tmp_path / "good.yaml").write_text("title: good\n")
    (tmp_path / "c.yml").write_text("title: never read\n")
    (tmp_path / ".#good.yaml").write_text("an editor's lock")
    (tmp_path / "notes.txt").write_text("not ours")
    values, faults = load_folder(Watch, tmp_path)
    assert {name: value.title for name, value in values.items()} == {"good": "good"}
    assert [(Path(fault.file).name, fault.line) for fault in faults] == [("a.yaml", 1), ("a.yaml", 2), ("b.yaml", 2), ("c.yml", 0)]
    assert faults[-1].message == "only *.yaml is read; rename it to .yaml"


@pytest.mark.parametrize("name", ["a.yml", "A.YAML", "a.yaml.txt", "a.Yml.TXT"])
def test_a_file_that_is_meant_to_be_read_is_not_passed_over(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("title: never read\n")
    _, faults = load_folder(Watch, tmp_path)
    assert [fault.message for fault in faults] == ["only *.yaml is read; rename it to .yaml"]


@pytest.mark.parametrize("name", ["a.yaml~", ".a.yaml.swp", "#a.yaml#", ".#a.yaml", "a.yaml.bak", "a.yaml.orig", "notes.txt"])
def test_what_editors_leave_behind_is_passed_over(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("titel: [\n")
    assert load_folder(Watch, tmp_path) == ({}, [])


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert load_folder(Watch, tmp_path / "lists") == ({}, [])


def test_files_are_named_as_one_would_type_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "x.yaml").write_text("titel: x\n")
    _, faults = load(Watch, tmp_path / "config" / "x.yaml")
    assert [str(fault) for fault in faults] == ["config/x.yaml:1: unknown key 'titel'; did you mean 'title'?"]


def test_files_are_named_whole_where_systemd_starts_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert shown(tmp_path / "routes.yaml") == str(tmp_path / "routes.yaml")


def test_what_a_validator_says_stands_at_the_value_it_says_it_of() -> None:
    class Routed(BaseModel):
        model_config = STRICT

        receivers: tuple[str, ...]
        to: str

        @field_validator("to")
        @classmethod
        def _is_known(cls, to: str, info: ValidationInfo) -> str:
            assert info.context is not None
            if to not in info.context["known"]:
                raise ValueError(f"no receiver is called '{to}'")
            return to

    document, _ = read_text("receivers: [desk]\nto: dsk\n", "routes.yaml")
    assert document is not None
    value, faults = check(Routed, document, context={"known": {"desk"}})
    assert value is None
    assert [str(fault) for fault in faults] == ["routes.yaml:2: no receiver is called 'dsk'"]
    assert str(document.fault(["receivers", 0], "never used")) == "routes.yaml:1: never used"
    assert document.fault(["receivers", 0], "").column == 13
    assert document.fault(["to"], "", of_key=True).column == 1
    assert document.fault(["to"], "").column == 5
    assert document.fault(["nowhere", 3], "").line == 1


def test_a_wrong_key_is_told_at_the_key() -> None:
    class Offices(BaseModel):
        model_config = STRICT

        staff: dict[CountryCode, dict[str, int]]
        hours: dict[Literal["monday", "friday"], int] | None = None

    text = "staff:\n  UK:\n    desk: 2\n  NO:\n    '[key]': many\nhours:\n  monday: 8\n  firday: 4\n"
    document, _ = read_text(text, "offices.yaml")
    assert document is not None
    _, faults = check(Offices, document)
    assert [f"{fault.line}:{fault.column}: {fault.message}" for fault in faults] == [
        "2:3: unknown country code 'UK'; did you mean GB?",
        "5:14: a whole number is due here, not the text 'many'",
        "8:3: unknown word 'firday'; did you mean 'friday'?",
    ]


def test_a_model_that_would_ignore_unknown_keys_is_a_bug() -> None:
    class Loose(BaseModel):
        title: str

    class Outer(BaseModel):
        model_config = STRICT

        inner: list[Loose]

    document, _ = read_text("inner: []\n", "x.yaml")
    assert document is not None
    with pytest.raises(TypeError, match="Loose must forbid unknown keys"):
        check(Outer, document)


def test_the_folder_named_is_the_one_used_or_the_fault_says_so(tmp_path: Path) -> None:
    assert find_config_folder(tmp_path) == tmp_path
    with pytest.raises(ConfigurationError, match="this folder does not exist; --config or NEWSWIRE_CONFIG names it"):
        find_config_folder(tmp_path / "confg")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="this is not a folder"):
        find_config_folder(tmp_path / "file")


def test_the_working_folder_comes_before_what_was_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    assert find_config_folder() == Path("config")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("0s", 0), ("90s", 90), ("1.5h", 5400), ("1h30m", 5400), ("72h", 259_200), ("7d", 604_800), ("1w2d", 777_600)],
)
def test_durations(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "90", "m", "-5m", "30m1h", "5m5m", "1 h", "1e3s", "٥m", "9999999999s", "5ms", "1h30"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="a duration"):
        seconds(text)


def test_country_and_language_codes_say_what_was_meant() -> None:
    class Codes(BaseModel):
        model_config = STRICT

        country: CountryCode
        language: LanguageCode

    document, _ = read_text("country: UAE\nlanguage: Urdu\n", "x.yaml")
    assert document is not None
    _, faults = check(Codes, document)
    assert [fault.message for fault in faults] == [
        "unknown country code 'UAE'; did you mean AE?",
        "a language code of two small letters is due here, such as en or ur, not 'Urdu'",
    ]
    assert {"NO", "XK", "GB", "TW", "PS"} <= COUNTRY_CODES
    assert len(COUNTRY_CODES) == 250


def test_a_desks_own_folder_need_hold_only_what_the_desk_edits(tmp_path: Path) -> None:
    assert folder_holding(("taxonomy", "model"), tmp_path) == shipped_folder()
    (tmp_path / "model").mkdir()
    assert folder_holding(("taxonomy", "model"), tmp_path) == tmp_path
