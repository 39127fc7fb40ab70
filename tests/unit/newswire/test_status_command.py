"""`newswire status` on real files, sockets and servers that are away: what it finds, that it only looks, that it never hangs or tells a secret."""

import json
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from collectors.sources import make_source
from newswire import log
from newswire.bus import Message
from newswire.bus.embedded import EmbeddedBus
from newswire.bus.embedded_look import look
from newswire.cli.status.facts import Away, LocalFacts
from newswire.cli.status.read import read_facts, store_shown
from newswire.cli.status.read_local import local_facts
from newswire.clock import SystemClock
from newswire.metrics import Metrics
from newswire.settings import Settings
from newswire.status_server import StatusServer
from newswire.store import feeds, leaders, open_store
from newswire.topics import ALERTING_GROUP, DEAD, ITEMS, PROCESSORS_GROUP, REPORTS
from tests.cli_in_process import Run, runner
from tests.secrets_of_all import CANARIES, ROUTES, SOURCES, WATCHLIST

Make = Callable[..., Run]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Make:
    for name, text in {"sources/all.yaml": SOURCES, "watchlists/cables.yaml": WATCHLIST}.items():
        path = tmp_path / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    for name in CANARIES:
        monkeypatch.delenv(name, raising=False)
    usual = {"NEWSWIRE_HTTP_ADDRESS": "127.0.0.1:1", "NEWSWIRE_DISK_LOW": "0", "COLUMNS": "120", "TZ": "UTC"}
    return lambda **more: runner(monkeypatch, capsys, tmp_path, **(usual | more))


@contextmanager
def at_work(data: Path) -> Iterator[EmbeddedBus]:
    """Let a watch be at work in the data folder: a source that was polled, members of both groups, an active alerter."""
    clock = SystemClock()
    now = clock.now().timestamp()
    store, bus = open_store(f"sqlite:///{data / 'newswire.sqlite3'}"), EmbeddedBus(data / "bus.sqlite3", clock=clock)
    with store.begin() as connection:
        source = make_source("http://127.0.0.1:1/feed", outlet="Dawn", country="PK")
        feeds.sync(connection, [feeds.NewFeed(source.source_id, source.url, "127.0.0.1", 600.0)], now)
        [state] = feeds.lease(connection, [source.source_id], owner="node", now=now, until=now + 60)
        feeds.settle(
            connection, [replace(state, polled_at=now, succeeded_at=now, next_due_at=now + 600, first_read_at=now, entries=3)], owner="node"
        )
        leaders.take(connection, leaders.ALERTER, "node-1-4242-0a1b2c3d", now, 60.0)
    members = [bus.consumer(ITEMS, PROCESSORS_GROUP), bus.consumer(REPORTS, ALERTING_GROUP)]
    for member in members:
        member.poll(timeout_s=0)
    yield bus
    for member in members:
        member.close()
    bus.close()
    store.close()


def test_where_nothing_ever_ran_it_says_so_and_makes_nothing(make: Make, tmp_path: Path) -> None:
    done = make()("status")
    assert done.status == 1
    assert done.out.startswith("The watch is NOT whole: nothing has run here yet: there is no store at")
    assert f"{tmp_path}/var/newswire.sqlite3" in done.out.replace("\n  ", "")
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


def test_a_watch_at_work_is_whole_and_its_files_are_left_as_they_are(make: Make, tmp_path: Path) -> None:
    data = tmp_path / "var"
    with at_work(data):
        before = _contents(data)
        done = make()("status", "--json")
        assert _contents(data) == before
    told = json.loads(done.out)
    assert (done.status, told["whole"], told["troubles"]) == (0, True, [])
    assert [stage["work"] for stage in told["stages"]] == ["runs"] * 3
    assert told["sources"]["by_state"]["ok"] == 1
    assert told["bus"]["processes"] == 1
    assert told["watchlists"]["by_name"] == {"cables": "active"}


def _contents(data: Path) -> dict[str, Any]:
    """Return every row of both files: a reader may write to the shared memory beside them, and to nothing else."""
    found: dict[str, Any] = {"names": sorted(path.name for path in data.iterdir() if not path.name.endswith(("-shm", "-wal")))}
    for name in ("newswire.sqlite3", "bus.sqlite3"):
        connection = sqlite3.connect(data / name)
        found[name] = list(connection.iterdump())
        connection.close()
    return found


def test_after_the_last_process_ended_nothing_runs(make: Make, tmp_path: Path) -> None:
    with at_work(tmp_path / "var"):
        pass
    done = make()("status")
    assert done.status == 1
    assert done.out.startswith("The watch is NOT whole: nothing runs")
    assert "the last poll" not in done.out


def test_settings_that_are_wrong_end_with_two(make: Make) -> None:
    done = make()("status", NEWSWIRE_BUS="rabbit://there")
    assert (done.status, done.out) == (2, "")
    assert "NEWSWIRE_BUS" in done.err


@pytest.mark.parametrize(("revision", "words"), [("0001", "is older than this Newswire's"), ("9999", "a newer one wrote it")])
def test_another_schema_is_said_in_words_and_not_migrated(make: Make, tmp_path: Path, revision: str, words: str) -> None:
    with at_work(tmp_path / "var"):
        pass
    connection = sqlite3.connect(tmp_path / "var" / "newswire.sqlite3")
    connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.commit()
    done = make()("status")
    assert done.status == 1
    assert words in " ".join(done.out.split())
    assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (revision,)
    connection.close()


def test_who_closes_the_output_is_given_the_exit_status(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with at_work(tmp_path / "var"):
        run = make()
        monkeypatch.setattr(sys, "stdout", None)  # as Python has it under `>&-`
        assert run("status").status == 0
        sys.stdout.close()


def test_files_that_are_no_databases_are_said_and_the_rest_is_shown(make: Make, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    for name in ("newswire.sqlite3", "bus.sqlite3"):
        (tmp_path / "var" / name).write_bytes(b"rubbish" * 1_000)
    done = make()("status")
    assert done.status == 1
    assert "the store cannot be read" in done.out
    assert "the bus cannot be read: var/bus.sqlite3: not a log of Newswire, or a damaged one: file is not a database" in done.out.replace(
        "\n  ", " "
    )
    assert "1 active" in done.out


@contextmanager
def _silent() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield listener.getsockname()[1]


def test_servers_that_say_nothing_are_away_after_the_bounded_time(make: Make, tmp_path: Path) -> None:
    make()
    with _silent() as port:
        settings = Settings(
            config=tmp_path / "config",
            data=tmp_path / "var",
            store=SecretStr(f"postgresql+psycopg://u:p@127.0.0.1:{port}/db"),
            bus=f"kafka://127.0.0.1:{port}",
            kafka={"request_timeout_ms": SecretStr("1000")},
            http_port=port,
        )
        facts = read_facts(settings, SystemClock(), look_s=1.0)
    assert facts.store == Away("no answer within 1 s")
    assert isinstance(facts.bus, Away)
    assert isinstance(facts.local, Away)
    assert not isinstance(facts.files, Away)


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_secret_is_shown(make: Make, tmp_path: Path, form: tuple[str, ...]) -> None:
    make()
    (tmp_path / "config" / "routes.yaml").write_text(ROUTES, "utf-8")
    done = make(**(CANARIES | {"NEWSWIRE_BUS": "embedded"}))("status", *form)
    assert done.status == 1
    assert "canary" not in done.out + done.err
    assert "the store cannot be read" in done.out


def test_the_store_is_shown_without_name_and_password() -> None:
    settings = Settings(store=SecretStr("postgresql+psycopg://ada:secret@db.example:6432/watch?sslpassword=secret"))
    assert store_shown(settings) == "PostgreSQL db.example:6432/watch"


def test_the_status_pages_of_a_newswire_are_known_by_their_answers() -> None:
    metrics = Metrics()
    metrics.stage_up.labels("collect").set(1)
    server = StatusServer(
        "127.0.0.1",
        0,
        metrics=metrics.exposition,
        healthy=lambda: True,
        ready=lambda: False,
        note=lambda: "configuration: 2 faults",
        log=log.set_up(),
    )
    try:
        found = local_facts(Settings(http_port=server.address[1]))
    finally:
        server.close()
    assert isinstance(found, LocalFacts)
    assert (found.ours, found.ready, found.note, found.stages) == (True, False, "configuration: 2 faults", ("collect",))


def test_another_program_at_the_status_address_is_not_taken_for_ours() -> None:
    class Stranger:
        @staticmethod
        def page() -> bytes:
            return b"hello"

    server = StatusServer("127.0.0.1", 0, metrics=Stranger.page, healthy=lambda: True, ready=lambda: True, log=log.set_up())
    try:
        found = local_facts(Settings(http_port=server.address[1]))
    finally:
        server.close()
    assert isinstance(found, LocalFacts)
    assert not found.ours


def test_a_look_at_the_embedded_bus_tells_what_the_bus_tells_and_joins_nothing(tmp_path: Path) -> None:
    path = tmp_path / "bus.sqlite3"
    assert look(path) is None
    with at_work(tmp_path) as bus:
        bus.publish(ITEMS, [Message(f"k{number}", b"{}") for number in range(5)])
        bus.publish(DEAD, [Message("k", b"{}")])
        found = look(path)
        assert found is not None
        assert [one.backlog for one in found.groups] == [bus.backlog(ITEMS, PROCESSORS_GROUP), bus.backlog(REPORTS, ALERTING_GROUP)]
        assert [one.members for one in found.groups] == [1, 1]
        assert (found.processes, found.dead, bus.others()) == (1, 1, 0)
        assert found.dead_newest_at is not None
    assert look(path, "other.") is not None  # topics of that prefix are not there, and are not made
    ended = look(path)
    assert ended is not None
    assert (ended.processes, [one.members for one in ended.groups]) == (0, [0, 0])
