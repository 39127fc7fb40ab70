"""Every fenced block of every page is held by a test: what its language says is how; what is shown only stands in one table, with its reason."""

import configparser
import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from functools import cache
from html import unescape
from pathlib import Path
from typing import Final

import pytest

from newswire.settings import from_environment
from tests.cli_in_process import runner
from tests.pages import ROOT, Block, all_blocks

BY_LANGUAGE: Final = {
    "sh": "run by tests/acceptance/test_docs_commands.py",
    "yaml": "checked by tests/unit/newswire/test_docs_yaml.py",
    "sql": "run by tests/acceptance/test_docs_sql.py",
    "json": "read below",
    "toml": "read below",
    "ini": "read below: a file of settings (NAME=VALUE), or sections",
    "python": "compiled below; docs/receivers.md's is run by tests/unit/newswire/test_docs_receivers.py",
    "promql": "parsed by promtool below",
    "text": "in the table below",
    "": "in the table below",
}

GOLDEN: Final = "golden"  # every line stands in a file of tests/golden, which another test holds to the code
FAULTS: Final = "faults"  # `newswire check` says so of a file that has these mistakes
MEASURED: Final = "measured"  # a benchmark printed it; `make bench-…` prints it anew
SHOWN: Final = "shown"  # for the eye

TEXT: Final[dict[tuple[str, str], tuple[str, str]]] = {
    ("ARCHITECTURE.md", "config/sources/*.yaml"): (SHOWN, "a drawing"),
    ("docs/alert.md", "[high] Pakistan, US agree"): (GOLDEN, ""),
    ("docs/backup.md", "/var/backups/newswire/newswire-"): (SHOWN, "sizes of an example; tests/contract/test_backup.py makes one"),
    ("docs/checking.md", "config/watchlists/gaming.yaml:4:11"): (FAULTS, ""),
    ("docs/digests.md", "Digest morning"): (GOLDEN, ""),
    ("docs/digests.md", "✓ QUIET"): (GOLDEN, ""),
    ("docs/first-watchlist.md", "severity: hihg"): (SHOWN, "mistakes to be made; what they bring is the next block"),
    ("docs/first-watchlist.md", "$ newswire check"): (FAULTS, ""),
    ("docs/first-watchlist.md", "submarine-cables: is a draft"): (
        SHOWN,
        "tests/acceptance/test_first_watchlist.py looks for its beginning",
    ),
    ("docs/first-watchlist.md", "$ newswire test submarine-cables"): (SHOWN, "tests/acceptance/test_first_watchlist.py runs it"),
    ("docs/first-watchlist.md", "$ newswire backtest submarine-cables"): (
        SHOWN,
        "figures of one day's demo; tests/golden/backtest holds the form",
    ),
    ("docs/doctor.md", "fail sources"): (SHOWN, "tests/unit/newswire/test_docs_status.py holds it"),
    ("docs/figures.md", "items "): (MEASURED, "make bench-pipeline"),
    ("docs/moving.md", "news.items "): (SHOWN, "tests/acceptance/test_migrate_store.py counts the same rows"),
    ("docs/security.md", "the world"): (SHOWN, "a drawing"),
    ("docs/slack.md", "desk: the test message was taken"): (SHOWN, "tests/unit/newswire/test_receivers_commands.py holds each line"),
    ("docs/status.md", "The watch is whole"): (GOLDEN, ""),
    ("docs/status.md", "The watch is NOT whole"): (GOLDEN, ""),
    ("docs/taxonomy.md", "config/taxonomy/organisations.yaml:12:28"): (
        SHOWN,
        "tests/unit/processors/test_taxonomy_page.py makes each of them",
    ),
    ("docs/upgrading.md", "environment: NEWSWIRE_STORE"): (SHOWN, "tests/contract/test_store.py meets a newer schema"),
    ("docs/why.md", "Pakistan, US agree"): (GOLDEN, ""),
}

BLOCKS: Final = all_blocks()
WITHOUT_LANGUAGE: Final = [block for block in BLOCKS if block.language in {"", "text"}]


def held(block: Block) -> tuple[str, str] | None:
    """Return how a block of text is held and why so; None where nobody claims it."""
    return next((how for (page, start), how in TEXT.items() if block.page == page and block.first_line.startswith(start.strip())), None)


@pytest.mark.parametrize("block", BLOCKS, ids=[block.place for block in BLOCKS])
def test_somebody_claims_it(block: Block) -> None:
    assert block.language in BY_LANGUAGE, f"{block.place}: say what ```{block.language} is in {Path(__file__).name}, and check it there"
    if block.language in {"", "text"}:
        assert held(block) is not None, (
            f"{block.place}: nobody holds this block. Mark it sh, yaml, sql, json, toml, ini or promql, which are checked; or give it a line in TEXT of "
            f"{Path(__file__).name} with how it is held and why it cannot be run"
        )


def test_the_table_claims_nothing_that_is_not_there() -> None:
    unused = [
        key for key in TEXT if not any(block.page == key[0] and block.first_line.startswith(key[1].strip()) for block in WITHOUT_LANGUAGE)
    ]
    assert unused == []


def test_what_is_only_shown_says_why() -> None:
    assert [key for key, (how, why) in TEXT.items() if how in {SHOWN, MEASURED} and not why] == []


@cache
def _goldens() -> str:
    found = []
    for path in sorted((ROOT / "tests" / "golden").rglob("*")):
        if path.suffix == ".json":
            found.append(json.dumps(json.loads(path.read_text("utf-8")), ensure_ascii=False))
        elif path.suffix == ".txt":
            found.append(path.read_text("utf-8"))
    return unescape("\n".join(found))  # Slack's `&amp;` is read as `&`


@pytest.mark.parametrize("block", [b for b in WITHOUT_LANGUAGE if (held(b) or ("",))[0] == GOLDEN], ids=lambda b: b.place)
def test_what_is_said_to_be_sent_stands_in_a_golden_file(block: Block) -> None:
    assert [line for line in block.text.splitlines() if line.strip() and line.strip() not in _goldens()] == []


MISTAKES: Final = {
    "docs/checking.md": "title: Gaming\nseverity: hihg\nwhen: {any: [gam*], partners: [UK]}\n",
    "docs/first-watchlist.md": "title: Cables\nseverity: hihg\nwhen:\n  any: [submarine cable]\n  partner: any\n  topics: [submarine_cable]\n",
}


@pytest.mark.parametrize("page", MISTAKES)
def test_the_faults_that_a_page_shows_are_those_that_check_says(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = [one for one in WITHOUT_LANGUAGE if one.page == page and (held(one) or ("",))[0] == FAULTS]
    shown = re.findall(r"error: (.*)", block.text)
    assert len(shown) == 3
    shutil.copytree(ROOT / "config" / "lists", tmp_path / "config" / "lists")
    shutil.copy(ROOT / "config" / "routes.yaml", tmp_path / "config" / "routes.yaml")
    (tmp_path / "config" / "watchlists").mkdir()
    (tmp_path / "config" / "watchlists" / "one.yaml").write_text(MISTAKES[page])
    done = runner(monkeypatch, capsys, tmp_path, NEWSWIRE_CONFIG="config")("check")
    assert done.status == 2
    assert [words for words in shown if words not in done.err] == []


def _json(block: Block) -> None:
    json.loads(block.text.replace("…", ""))


def _ini(block: Block) -> None:
    if re.search(r"^\[", block.text, re.MULTILINE):
        parser = configparser.RawConfigParser(strict=False)  # systemd says a key several times
        parser.read_string(block.text)
        assert parser.sections()
        return
    lines = [line for line in block.text.splitlines() if line.strip() and not line.startswith("#")]
    values = dict(line.split("=", 1) for line in lines)
    # A file that a page names is not on this machine.
    from_environment({name: value for name, value in values.items() if name.startswith("NEWSWIRE_") and not name.endswith("_FILE")})


def _promql(block: Block, folder: Path) -> None:
    if shutil.which("promtool") is None:
        assert block.text.strip()
        return
    expressions = [line for line in block.text.split("\n\n") if line.strip()]
    rules = [{"record": f"x:{n}", "expr": one} for n, one in enumerate(expressions)]
    (folder / "rules.yaml").write_text(json.dumps({"groups": [{"name": "page", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", str(folder / "rules.yaml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


READ: Final[dict[str, Callable[[Block], object]]] = {
    "json": _json,
    "toml": lambda block: tomllib.loads(block.text),
    "ini": _ini,
    "python": lambda block: compile(block.text, block.place, "exec"),
}


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language in {*READ, "promql"}], ids=lambda b: b.place)
def test_it_can_be_read(block: Block, tmp_path: Path) -> None:
    if block.language == "promql":
        _promql(block, tmp_path)
    else:
        READ[block.language](block)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("json", '{"a": }'),
        ("toml", "a = "),
        ("ini", "[Service\nExec"),
        ("ini", "NEWSWIRE_DISK_LOW=plenty"),
        ("python", "def f(:"),
        ("promql", "sum by ("),
    ],
)
def test_what_cannot_be_read_is_found(language: str, text: str, tmp_path: Path) -> None:
    if language == "promql" and shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")
    with pytest.raises(Exception):  # noqa: B017, PT011 -- of each reader its own
        test_it_can_be_read(Block("docs/a.md", 1, language, text + "\n"), tmp_path)
