"""Golden files: a faulty file, and beside it, as text, the faults and warnings that it must give."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from alerting.watchlists.load import DeskFiles, load_desk
from newswire.cli.problems import as_text, problems_of
from newswire.errors import Fault
from tests.unit.alerting.desk import VOCABULARY

GOLDEN = Path(__file__).parents[2] / "golden" / "watchlists"
TODAY = date(2026, 11, 2)


def desk_of(folder: Path, *, watchlists: list[Path] = [], lists: list[Path] = [], routes: Path | None = None) -> DeskFiles:  # noqa: B006 -- read only
    for name, paths in (("watchlists", watchlists), ("lists", lists)):
        (folder / name).mkdir()
        for path in paths:
            shutil.copy(path, folder / name)
    if routes is not None:
        shutil.copy(routes, folder / "routes.yaml")
    return load_desk(folder, VOCABULARY, TODAY)


def said(faults: tuple[Fault, ...], folder: Path) -> list[str]:
    return [str(fault).removeprefix(f"{folder}/") for fault in faults]


def as_golden(desk: DeskFiles, folder: Path, *, of: str = "") -> str:
    lines = [line for line in said(desk.faults, folder) if line.startswith(of)]
    lines += [f"warning: {line}" for line in said(desk.warnings, folder) if line.startswith(of)]
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("path", sorted((GOLDEN / "watchlists").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_faulty_watchlist_gives_all_its_faults_at_their_lines(path: Path, tmp_path: Path) -> None:
    desk = desk_of(tmp_path, watchlists=[path], lists=sorted((GOLDEN / "lists").glob("*.yaml")))
    assert as_golden(desk, tmp_path, of="watchlists/") == path.with_suffix(".txt").read_text()


@pytest.mark.parametrize("path", sorted((GOLDEN / "routes").glob("*.yaml")), ids=lambda path: path.stem)
def test_faulty_routes_give_all_their_faults_at_their_lines(path: Path, tmp_path: Path) -> None:
    desk = desk_of(tmp_path, routes=path)
    assert as_golden(desk, tmp_path) == path.with_suffix(".txt").read_text()


def test_faulty_lists_give_all_their_faults_and_their_users_are_not_blamed(tmp_path: Path) -> None:
    lists = sorted((GOLDEN / "faulty-lists").glob("*.yaml"))
    (tmp_path / "user.yaml").write_text("title: User\nstatus: draft\nwhen: {any: [{list: a-circle}], partners: two-kinds}\n")
    desk = desk_of(tmp_path, watchlists=[tmp_path / "user.yaml"], lists=lists)
    assert as_golden(desk, tmp_path) == (GOLDEN / "faulty-lists.txt").read_text()


def test_norway_is_norway(tmp_path: Path) -> None:
    (tmp_path / "north.yaml").write_text("title: North\nstatus: draft\nwhen: {partners: [NO, SE]}\n")
    desk = desk_of(tmp_path, watchlists=[tmp_path / "north.yaml"])
    assert (desk.faults, desk.warnings) == ((), ())
    when = desk.watchlists["north"].when
    choice = when.partners if when else None
    assert choice is not None
    assert choice.values == ("NO", "SE")


def test_one_faulty_file_does_not_hide_the_others(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.yaml").write_text("title: T\nstatus: draft\nwhen: {any: [esports]}\n" if name == "b" else "title: [\n")
    desk = desk_of(tmp_path, watchlists=[tmp_path / f"{name}.yaml" for name in ("a", "b", "c")])
    assert [fault.file.rsplit("/", 1)[1] for fault in desk.faults] == ["a.yaml", "c.yaml"]
    assert list(desk.watchlists) == ["b"]


def test_an_empty_folder_is_no_fault_and_tells_the_terminal(tmp_path: Path) -> None:
    desk = load_desk(tmp_path, VOCABULARY, TODAY)
    assert (desk.watchlists, desk.lists, desk.faults) == ({}, {}, ())
    assert desk.routes.route.to == ("terminal",)


def test_receivers_are_checked_against_the_routes(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text("title: T\nstatus: draft\nwhen: {any: [esports]}\nto: [desk, dsk]\n")
    (tmp_path / "r.yaml").write_text("receivers:\n  - {name: desk, terminal: {}}\nroute: {to: desk}\n")
    desk = desk_of(tmp_path, watchlists=[tmp_path / "w.yaml"], routes=tmp_path / "r.yaml")
    assert said(desk.faults, tmp_path) == ["watchlists/w.yaml:4: unknown receiver 'dsk'; did you mean 'desk'?"]


def test_a_file_of_nothing_but_faults_gives_the_first_hundred(tmp_path: Path) -> None:
    words = "\n".join(f"  - unheard of {n} {'x' * 100}" for n in range(2_000))
    (tmp_path / "many.yaml").write_text(f"title: Many\ncountries:\n{words}\n")
    desk = desk_of(tmp_path, lists=[tmp_path / "many.yaml"])
    assert len(desk.faults) == 100
    assert all(len(fault.message) < 300 for fault in desk.faults)


@pytest.mark.parametrize("folder", sorted(path for path in (GOLDEN / "desks").iterdir() if path.is_dir()), ids=lambda path: path.name)
def test_a_desk_gives_what_stands_beside_it(folder: Path) -> None:
    desk = load_desk(folder, VOCABULARY, TODAY)
    here = str(folder.relative_to(Path.cwd())) if folder.is_relative_to(Path.cwd()) else str(folder)
    lines = [as_text(problem).removeprefix(f"{here}/") for problem in problems_of(desk.faults, desk.warnings, strict=False)]
    assert "".join(f"{line}\n" for line in lines) == folder.with_suffix(".txt").read_text()
