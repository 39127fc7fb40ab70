"""Files that nobody should have written: each gives its one clear error within its second, and hides no other file."""

import os
from itertools import product
from pathlib import Path

import pytest

from alerting.watchlists.fields import MAX_WORDS
from alerting.watchlists.load import DeskFiles, load_desk
from newswire.cli.problems import as_text, problems_of
from newswire.config import MAX_FILES, yaml_files
from newswire.strict_yaml import MAX_BYTES, MAX_DEPTH, MAX_FAULTS, MAX_VALUES
from tests import hostile_files
from tests.unit.alerting.desk import VOCABULARY
from tests.unit.alerting.test_check_files import TODAY

MANY = 3000  # terms: compared each with each, nine million times


def lines(desk: DeskFiles, folder: Path) -> list[str]:
    return [as_text(problem).removeprefix(f"{folder}/") for problem in problems_of(desk.faults, desk.warnings, strict=False)]


def test_each_small_one_gives_one_line_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "watchlists").symlink_to(hostile_files.SMALL)
    found = lines(load_desk(tmp_path, VOCABULARY, TODAY), tmp_path / "watchlists")
    assert found == hostile_files.SMALL.with_suffix(".txt").read_text().splitlines()
    assert [line.split(":")[0] for line in found] == sorted(path.name for path in hostile_files.SMALL.iterdir())


@pytest.mark.parametrize("name", sorted(hostile_files.MADE.keys() - hostile_files.SLOW))
@pytest.mark.timeout(20)  # a deadline is the subject: without its bounds any of these takes minutes; `make bench-check` holds the second
def test_each_large_or_strange_one_is_told_in_words(name: str, tmp_path: Path) -> None:
    make, words = hostile_files.MADE[name]
    (tmp_path / "watchlists").mkdir()
    make(tmp_path / "watchlists" / f"{name}.yaml")
    (tmp_path / "watchlists" / "good.yaml").write_text(hostile_files.GOOD)
    desk = load_desk(tmp_path, VOCABULARY, TODAY)
    assert words in desk.faults[0].message or any(words in fault.message for fault in desk.faults[:2])
    assert len(desk.faults) <= MAX_FAULTS
    assert all(len(str(fault)) < 500 for fault in desk.faults)
    assert "good" in desk.watchlists


def test_a_file_without_the_right_to_read_it_is_told(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (tmp_path / "watchlists").mkdir()
    (tmp_path / "watchlists" / "secret.yaml").write_text(hostile_files.GOOD)
    (tmp_path / "watchlists" / "secret.yaml").chmod(0)
    assert lines(load_desk(tmp_path, VOCABULARY, TODAY), tmp_path) == [
        "watchlists/secret.yaml:1:1: error: cannot be read: permission denied"
    ]


def test_more_files_than_anybody_writes_are_counted_and_not_read(tmp_path: Path) -> None:
    for n in range(4):
        (tmp_path / f"w{n}.yaml").symlink_to("nowhere")
    paths, faults = yaml_files(tmp_path, most=3)
    assert (paths, [fault.message for fault in faults]) == ([], ["4 files are too many for one folder; at most 3"])


def test_folders_and_routes_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    (tmp_path / "watchlists").symlink_to("nowhere")
    (tmp_path / "lists").write_text("no folder")
    (tmp_path / "routes.yaml").symlink_to("routes.yaml")
    assert lines(load_desk(tmp_path, VOCABULARY, TODAY), tmp_path) == [
        "lists:1:1: error: cannot be read: not a directory",
        "routes.yaml:1:1: error: cannot be read: too many levels of symbolic links",
        "watchlists:1:1: error: cannot be read: no such file or directory",
    ]


def test_a_chain_of_includes_ends(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    for n in range(40):
        (tmp_path / "lists" / f"l{n:02}.yaml").write_text(
            f"title: L\ncountries: [NO]\ninclude: [l{n + 1:02}]\n" if n < 39 else "title: L\ncountries: [SE]\n"
        )
    faults = load_desk(tmp_path, VOCABULARY, TODAY).faults
    assert [fault.message for fault in faults] == ["includes nested deeper than 20 lists; include fewer, larger lists"]


def test_the_page_tells_the_limits() -> None:
    page = (hostile_files.SMALL.parents[3] / "docs" / "checking.md").read_text()
    for limit in (f"{MAX_BYTES // 1024} KiB", f"{MAX_VALUES} values", f"{MAX_DEPTH} levels", f"{MAX_WORDS} entries", f"{MAX_FILES} files"):
        assert limit in page
    assert f"the first {MAX_FAULTS} mistakes" in page


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        (["gaming"] * MANY, "'gaming' stands here twice; take one out"),
        (
            ["".join(letters) for letters in product(*zip("gamingandpolicies"[:14], "GAMINGANDPOLICIES"[:14], strict=True))][:MANY],
            "is not needed",
        ),
        (["a" * length + "*" for length in range(4, 194)] * 6, "stands here twice"),
        (["{list: words}"] * MANY, "the list words stands here twice; take one out"),
    ],
)
@pytest.mark.timeout(20)  # a deadline is the subject: where each term is compared with each, these take many minutes
def test_thousands_of_terms_that_find_the_same_are_soon_told(terms: list[str], told: str, tmp_path: Path) -> None:
    for folder in ("watchlists", "lists"):
        (tmp_path / folder).mkdir()
    (tmp_path / "lists" / "words.yaml").write_text("title: Words\nterms:\n" + "".join(f"- word{n}\n" for n in range(MANY)))
    (tmp_path / "watchlists" / "alike.yaml").write_text("title: t\nwhen:\n  any:\n" + "".join(f"  - {term}\n" for term in terms))
    desk = load_desk(tmp_path, VOCABULARY, TODAY)
    assert not desk.faults
    assert any(told in warning.message for warning in desk.warnings)


@pytest.mark.timeout(20)  # as above
def test_a_long_list_that_includes_many_is_soon_read(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    names = [f"part{n}" for n in range(100)]
    for name in names:
        words = ", ".join(f"{name}-{n}.example" for n in range(500))
        (tmp_path / "lists" / f"{name}.yaml").write_text(f"title: t\nsources: [{words}]\n")
    words = ", ".join([*(f"{n}.example" for n in range(MANY)), "part7-7.example"])
    (tmp_path / "lists" / "all.yaml").write_text(f"title: t\nsources: [{words}]\ninclude: [{', '.join(names)}]\n")
    told = [warning.message for warning in load_desk(tmp_path, VOCABULARY, TODAY).warnings]
    assert "'part7-7.example' comes with the list part7, which is included; take it out here" in told
