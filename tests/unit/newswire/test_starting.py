"""A configuration from nothing: `newswire init`, and `newswire watchlist new` by options and by questions."""

from collections.abc import Callable
from pathlib import Path

import pytest
from check_jsonschema.cli.main_command import main as check_jsonschema  # type: ignore[import-untyped]  # it ships no types

from alerting.timelines.run import DeskInForce, run_timeline
from alerting.watchlists.compile import compile_watchlists
from alerting.watchlists.inline_tests import run_tests
from alerting.watchlists.lists import resolve
from alerting.watchlists.load import DeskFiles, load_desk
from alerting.watchlists.vocabulary import Vocabulary
from collectors.sources_file import load_sources
from newswire.cli.init import begun
from newswire.cli.new_watchlist import Known, file_of, new_path, write_new
from newswire.config import folder_holding, shipped_folder
from newswire.errors import ConfigurationError
from tests.fakes import NOW
from tests.unit.alerting.desk import VOCABULARY, understand


def read(folder: Path) -> DeskFiles:
    return load_desk(folder, Vocabulary(), NOW.date())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    begun(tmp_path / "config")
    return tmp_path / "config"


def given(**options: str) -> dict[str, str | None]:
    return {"title": None, "any": None, "partners": None, "severity": None, "status": None, **options}


def known(folder: Path) -> Known:
    return Known(resolve(read(folder).lists)[0], VOCABULARY)


def typed(*answers: str) -> tuple[Callable[[str, str], str], list[str]]:
    """Return what answers questions with these texts (an empty one takes the default), and the questions as they come."""
    questions: list[str] = []
    left = list(answers)

    def ask(question: str, default: str) -> str:
        questions.append(question)
        return left.pop(0) or default

    return ask, questions


def test_what_init_writes_has_no_fault_and_no_warning_and_its_tests_pass(folder: Path) -> None:
    desk = read(folder)
    assert (desk.faults, desk.warnings) == ((), ())
    assert load_sources(folder / "sources")[1] == []
    results = run_tests(compile_watchlists(desk.watchlists, desk.lists), desk.watchlists, understand, NOW)
    assert [one.fault for one in results if not one.passed] == []
    assert set(desk.watchlists) == {one.watchlist for one in results}
    in_force = DeskInForce(desk.watchlists, desk.lists, desk.routes)
    assert desk.timeline_faults == ()
    assert [run_timeline(name, timeline, in_force, understand).passed for name, timeline in desk.timelines.items()] == [True]


def test_what_init_writes_names_its_schemas_and_agrees_with_them(folder: Path) -> None:
    for path in sorted(folder.rglob("*.yaml")):
        schema = (path.parent / path.read_text("utf-8").splitlines()[0].removeprefix("# yaml-language-server: $schema=")).resolve()
        assert schema.parent == folder / "schemas"
        assert check_jsonschema(["--schemafile", str(schema), str(path)], standalone_mode=False) in (0, None), path


def test_every_file_teaches_and_what_understands_the_news_stays_shipped(folder: Path) -> None:
    for path in folder.rglob("*.yaml"):
        assert path.read_text("utf-8").count("#") > 2, path
    readme = (folder / "README.md").read_text("utf-8")
    assert f"newswire check --config {folder}" in readme
    assert "@" not in readme
    assert len(readme.splitlines()) <= 12
    assert folder_holding(("taxonomy", "model"), folder) == shipped_folder()


def test_init_overwrites_nothing(folder: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(ConfigurationError, match=r"here already \(watchlists, lists, sources, tests, schemas, routes.yaml\)"):
        begun(folder)
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    other = tmp_path / "repository"
    other.mkdir()
    (other / "README.md").write_text("Ours.\n")
    begun(other)
    assert (other / "README.md").read_text() == "Ours.\n"
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="this is not a folder"):
        begun(tmp_path / "file")
    with pytest.raises(ConfigurationError, match="cannot be written: not a directory"):
        begun(tmp_path / "file" / "config")


def test_a_watchlist_from_options_alone(folder: Path) -> None:
    path = new_path(folder, "quantum")
    options = given(title="Quantum talks", any="quantum comput*, =QKD", severity="high")
    desk = write_new(read, folder, path, file_of("quantum", options, known(folder), None))
    watchlist = desk.watchlists["quantum"]
    assert (watchlist.title, watchlist.severity, watchlist.status) == ("Quantum talks", "high", "draft")
    assert read(folder).watchlists["quantum"] == watchlist
    assert read(folder).warnings == ()
    with pytest.raises(ConfigurationError, match=r"quantum\.yaml: this watchlist is there already"):
        new_path(folder, "quantum")
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="this watchlist is there already"):
        write_new(read, folder, path, before)
    assert path.read_bytes() == before


def test_four_questions_are_asked_and_a_bad_answer_is_asked_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask, questions = typed("", "gam*", "gaming industry, esports", "Norge", "", "hihg", "critical")
    content = file_of("gaming-talks", given(), known(folder), ask)
    asked = [question.partition(" ")[0].strip(":,") for question in questions]
    assert asked == ["Title", "Words", "Words", "Which", "Which", "Severity", "Severity"]
    told = capsys.readouterr().err
    for words in ("at least 4 letters", "unknown country 'Norge'", "did you mean 'high'?"):
        assert words in told
    watchlist = write_new(read, folder, new_path(folder, "gaming-talks"), content).watchlists["gaming-talks"]
    assert (watchlist.title, watchlist.severity) == ("Gaming talks", "critical")
    assert watchlist.when is not None
    assert watchlist.when.partners is not None
    assert watchlist.when.partners.list_name == "partner-countries"


def test_what_was_given_is_not_asked(folder: Path) -> None:
    ask, questions = typed("Norway and us")
    file_of("norway", given(any="", partners="no", severity="low", status="staged"), known(folder), ask)
    assert [question[:5] for question in questions] == ["Title"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"any": "gaming"}, "no terminal to ask on: --title, and --any or --partners, are due"),
        ({"title": "x"}, "no terminal to ask on"),
        ({"title": "x", "any": ""}, "every item would match"),
        ({"title": " ", "any": "gaming"}, "--title: a title is due"),
        ({"title": "x", "any": "gam*"}, "--any: .*at least 4 letters"),
        ({"title": "x", "partners": "partner-country"}, "--partners: unknown country"),
        ({"title": "x", "any": "gaming", "severity": "loud"}, "--severity: unknown severity 'loud'; one of"),
        ({"title": "x", "any": "gaming", "status": "live"}, "--status: unknown status 'live'"),
    ],
)
def test_options_that_cannot_be_used_are_said_by_name(folder: Path, options: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        file_of("x", given(**options), known(folder), None)


@pytest.mark.parametrize("title", ["bad \udcff byte", "\u202eesrever"])
def test_a_title_that_no_file_may_hold_is_refused_before_anything_is_written(folder: Path, title: str) -> None:
    path = new_path(folder, "odd")
    with pytest.raises(ConfigurationError, match=r"odd\.yaml:3"):
        write_new(read, folder, path, file_of("odd", given(title=title, any="gaming"), known(folder), None))
    assert not path.exists()


def test_a_bad_name_is_refused_with_the_right_one(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"'Gaming Partners' cannot be .*; write: newswire watchlist new gaming-partners"):
        new_path(folder, "Gaming Partners")


def test_a_fault_elsewhere_is_said_and_keeps_no_new_file_away(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "watchlists" / "typo.yaml").write_text("title: Typo\nwehn: {any: [x]}\n")
    path = new_path(folder, "quantum")
    write_new(read, folder, path, file_of("quantum", given(title="x", any="quantum"), known(folder), None))
    assert path.exists()
    assert f"warning: {folder}/watchlists/typo.yaml:2: unknown key 'wehn'" in capsys.readouterr().err
