import gc
import logging
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import structlog
from hypothesis import settings

from newswire.clock import ManualClock
from newswire.metrics import Metrics
from newswire.store import Store, open_store
from tests.canaries import CANARY_TOKEN
from tests.fakes import NOW, MemoryBus
from tests.measured import measured, say
from tests.servers.fixtures import kafka, migrated, postgres

__all__ = ["kafka", "migrated", "postgres", "say"]  # fixtures

# A shared machine is no place for deadlines; `--hypothesis-profile=thorough` looks longer.
settings.register_profile("fast", max_examples=40, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile("fast")

_USUAL_S: Final = 60.0  # what the configuration of pytest gives a test; shorter deadlines stay where they stand


gc.disable()  # until all tests are known: what is made before stays to the end


def pytest_collection_finish() -> None:
    # Some 400,000 objects of the libraries and of the tests: the collector need not look at them again at every pass.
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Those that are given more time than others begin first (the rest keep their random order): one of minutes that
    # begins last keeps one worker, while the others have nothing left to do.
    items.sort(key=_given_s, reverse=True)


def _given_s(item: pytest.Item) -> float:
    given = item.get_closest_marker("timeout")
    return max(float(given.args[0]) if given else 0.0, _USUAL_S)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = [line for name in ("passed", "failed") for line in measured(terminalreporter.getreports(name))]
    if lines:
        terminalreporter.section("measured")
    for line in lines:
        terminalreporter.write_line(line)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run where a log that a test left behind shows a secret."""
    folder: Path | None = session.config._tmp_path_factory._basetemp  # type: ignore[attr-defined]  # there is no public way to ask without making one
    shown = [path for path in folder.rglob("*.log") if path.is_file() and CANARY_TOKEN.encode() in path.read_bytes()] if folder else []
    if shown:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        sys.stderr.write(f"\nthese logs show the Slack token of the tests' worlds: {shown}\n")


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """Undo what a command that ran in this process did to the log and to warnings: the next test may want to look at them."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = handlers, level
    if structlog.is_configured():
        structlog.reset_defaults()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite store with its schema, to be copied: migrating one takes 30 ms, and hundreds of tests ask for one."""
    path = tmp_path_factory.mktemp("migrated") / "store.sqlite3"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store; every test that asks for one runs on both databases."""
    opened = open_store(_sqlite_url(request, tmp_path) if request.param == "sqlite" else request.getfixturevalue("migrated")())
    yield opened
    opened.close()


def _sqlite_url(request: pytest.FixtureRequest, folder: Path) -> str:
    return f"sqlite:///{shutil.copy(request.getfixturevalue('migrated_sqlite'), folder / 'store.sqlite3')}"
