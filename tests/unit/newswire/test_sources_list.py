"""`newswire sources list` as a script reads it."""

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
