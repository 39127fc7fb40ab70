"""Fixtures that start a real server when the first test asks for it, once for the whole run."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TypeVar

import pytest

from newswire.store.engine import migrate
from tests.servers.kafka import KafkaCluster, kafka_cluster
from tests.servers.postgres import PostgresServer, postgres_server
from tests.servers.processes import REQUIRED_VARIABLE, ServerUnavailable, servers_are_required

S = TypeVar("S")


@contextmanager
def required(server: AbstractContextManager[S]) -> Iterator[S]:
    """Yield what `server` yields. Where it cannot be started the test is skipped with the reason, or fails where servers are required."""
    try:
        started = server.__enter__()
    except ServerUnavailable as error:
        if servers_are_required():
            pytest.fail(f"{REQUIRED_VARIABLE} is set, and a server is not there: {error}")
        pytest.skip(str(error))
    try:
        yield started
    finally:
        server.__exit__(None, None, None)


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaCluster]:
    """One broker that nobody kills; tests keep apart by their topics' prefixes."""
    with required(kafka_cluster()) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server that nobody kills; tests keep apart by their databases."""
    with required(postgres_server()) as server:
        yield server


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer) -> Callable[[], str]:
    """A function that returns the URL of one more empty store: copies of one database whose schema is up to date."""
    url = postgres.new_database()
    migrate(url)
    return partial(postgres.new_database, like=url.rpartition("/")[2])
