"""`newswire sources list` as a script reads it, and `check` as a terminal does."""

from pathlib import Path

import pytest

from tests.cli_in_process import runner

ADDRESS = f"https://feeds.example/{'a-long-way/' * 12}feed.xml"


def test_a_pipe_gets_a_line_for_each_source_with_its_whole_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = tmp_path / "config" / "sources" / "all.yaml"
    sources.parent.mkdir(parents=True)
    sources.write_text(f"sources:\n  - {{url: '{ADDRESS}', outlet: An Outlet of Many Words, country: PK, language: en}}\n", "utf-8")
    done = runner(monkeypatch, capsys, tmp_path)("sources", "list")
    _, line = done.out.splitlines()
    assert line.split()[-1] == ADDRESS
    assert "An Outlet of Many Words" in line


def test_what_a_terminal_would_obey_in_an_address_is_not_repeated_by_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = runner(monkeypatch, capsys, tmp_path)("sources", "check", "https://nation.example/\x1b[31m\u202e")
    assert done.status == 1
    assert "https://nation.example/?[31m?: bad_url" in done.out + done.err
    assert not {"\x1b", "\u202e"} & set(done.out + done.err)
