"""`newswire sources list` as a script reads it, and `check` as a terminal does."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from collectors.sources import make_source
from newswire.store import feeds, open_store
from tests.cli_in_process import runner

ADDRESS = f"https://feeds.example/{'a-long-way/' * 12}feed.xml"
REFUSES, GONE = "https://refuses.example/feed", "https://gone.example/feed"
AT = 1_764_000_000.0


def configured(folder: Path, *urls: str) -> None:
    sources = folder / "config" / "sources" / "all.yaml"
    sources.parent.mkdir(parents=True)
    lines = "".join(f"  - {{url: '{url}', outlet: An Outlet of Many Words, country: PK, language: en}}\n" for url in urls)
    sources.write_text(f"sources:\n{lines}", "utf-8")


def test_a_pipe_gets_a_line_for_each_source_with_its_whole_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(tmp_path, ADDRESS)
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


def test_each_source_is_in_the_state_that_alarms_and_status_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(tmp_path, ADDRESS, REFUSES, GONE)
    data = tmp_path / "var"
    data.mkdir()
    store = open_store(f"sqlite:///{data / 'newswire.sqlite3'}")
    with store.begin() as connection:
        known = [make_source(url) for url in (REFUSES, GONE)]
        feeds.sync(connection, [feeds.NewFeed(one.source_id, one.url, "a.example", 600.0) for one in known], AT)
        refused, gone = feeds.lease(connection, [one.source_id for one in known], owner="node", now=AT, until=AT + 60)
        polled = replace(refused, polled_at=AT, failures=1, outcome="failed", reason="http_4xx")
        feeds.settle(connection, [polled, replace(gone, polled_at=AT, gone_at=AT, outcome="failed", reason="gone")], owner="node")
    store.close()
    ran = runner(monkeypatch, capsys, tmp_path)
    listed = [json.loads(line) for line in ran("sources", "list", "--json").out.splitlines()]
    assert {one["url"]: one["state"] for one in listed} == {ADDRESS: "waiting", REFUSES: "blocked", GONE: "retired"}
    assert [line for line in ran("sources", "list").out.splitlines() if " blocked " in line and "failed (http_4xx)" in line]
