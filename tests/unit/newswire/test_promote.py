"""From draft to staged to active, by one word in a file that is checked before it is touched."""

from datetime import date
from pathlib import Path

import pytest

from alerting.watchlists.load import DeskFiles, load_desk
from alerting.watchlists.vocabulary import Vocabulary
from newswire.cli.candidate import own_folder
from newswire.cli.promote import promoted
from newswire.errors import ConfigurationError

CABLES = """\
title: Cables  # as readers see it
status: draft  # until reviewed
when: {any: [submarine cable], partners: friends}
tests:
  - {item: {title: A submarine cable, label: diplomacy, partners: [US]}, alert: true}
  - {item: {title: A ferry}, alert: false}
"""
UNTESTED = "title: New\nstatus: staged\nwhen: {any: [quantum]}\n"


def read(folder: Path) -> DeskFiles:
    return load_desk(folder, Vocabulary(), date(2026, 11, 27))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "config"
    for name, text in (
        ("watchlists/cables.yaml", CABLES),
        ("watchlists/new.yaml", UNTESTED),
        ("lists/friends.yaml", "title: Friends\ncountries: [US]\n"),
        ("routes.yaml", "receivers: [{name: terminal, terminal: {}}]\nroute: {to: terminal}\n"),
    ):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text, encoding="utf-8")
    return made


def test_a_draft_is_staged_then_active_then_stays_so(folder: Path) -> None:
    path = folder / "watchlists" / "cables.yaml"
    path.chmod(0o640)
    first = promoted(read, folder, "cables")
    assert first[0] == f"cables: draft → staged, in {path}."
    assert first[1] == (
        "A running Newswire takes it within ten seconds: what it matches is counted and not sent; `newswire staged cables` lists it."
    )
    assert path.read_text("utf-8") == CABLES.replace("status: draft", "status: staged")
    assert "staged → active" in promoted(read, folder, "cables.yaml")[0]
    assert promoted(read, folder, "cables") == ["cables is active already: nothing to do."]
    assert path.read_text("utf-8") == CABLES.replace("status: draft", "status: active")
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["cables.yaml", "new.yaml"]


def test_a_muted_one_speaks_again_only_where_that_is_said(folder: Path) -> None:
    promoted(read, folder, "cables", "muted")
    with pytest.raises(ConfigurationError, match="promote cables --to active"):
        promoted(read, folder, "cables")
    assert "muted → active" in promoted(read, folder, "cables", "active")[0]


def test_a_link_stays_a_link_and_its_file_is_rewritten(folder: Path, tmp_path: Path) -> None:
    path = folder / "watchlists" / "cables.yaml"
    elsewhere = path.rename(tmp_path / "elsewhere.yaml")
    path.symlink_to(elsewhere)
    promoted(read, folder, "cables")
    assert path.is_symlink()
    assert "status: staged" in elsewhere.read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "to", "words"),
    [
        ("cabels", "", "watchlists: unknown watchlist 'cabels'; did you mean 'cables'"),
        ("../lists/friends", "", "unknown watchlist"),
        ("cables", "stagd", "--to: unknown status 'stagd'; did you mean 'staged'"),
        ("new", "", "new.yaml: an active watchlist needs tests both ways; add one with `alert: true` and one with `alert: false`"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(folder: Path, name: str, to: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        promoted(read, folder, name, to)
    assert (folder / "watchlists" / "cables.yaml").read_text("utf-8") == CABLES
    assert (folder / "watchlists" / "new.yaml").read_text("utf-8") == UNTESTED


def test_a_fault_anywhere_keeps_the_file_as_it_is_and_is_told_with_its_own_name_and_line(folder: Path) -> None:
    (folder / "watchlists" / "new.yaml").write_text("title: New\nwhen: {any: [quantum], partners: freinds}\n", encoding="utf-8")
    (folder / "lists" / "friends.yaml").write_text("title: Friends\ncountries: [USA]\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        promoted(read, folder, "cables")
    country, name = [str(fault) for fault in caught.value.faults]
    assert country.startswith(f"{folder}/lists/friends.yaml:2: unknown country 'USA'; did you mean US")
    assert name.startswith(f"{folder}/watchlists/new.yaml:2: unknown list 'freinds'; did you mean 'friends'")
    assert (folder / "watchlists" / "cables.yaml").read_text("utf-8") == CABLES


def test_a_file_that_somebody_saves_meanwhile_is_not_overwritten(folder: Path) -> None:
    path = folder / "watchlists" / "cables.yaml"
    theirs = CABLES.replace("submarine cable", "undersea cable")
    reads = 0

    def read_and_save(trial: Path) -> DeskFiles:
        nonlocal reads
        reads += 1
        if reads == 2:
            path.write_text(theirs, encoding="utf-8")
        return read(trial)

    with pytest.raises(ConfigurationError, match="somebody changed the file just now"):
        promoted(read_and_save, folder, "cables")
    assert path.read_text("utf-8") == theirs


def test_the_copy_inside_the_installation_is_not_written_to(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_folder(folder) == folder
    installed = tmp_path / "newswire"
    (installed / "_shipped").mkdir(parents=True)
    monkeypatch.setattr("newswire.config.__file__", str(installed / "config.py"))  # as a wheel lies on a disk
    with pytest.raises(ConfigurationError, match="newswire init config"):
        own_folder(installed / "_shipped")
