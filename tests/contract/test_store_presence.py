"""The lock of a session, on a real PostgreSQL: one holder, free when its session ends, however that is."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from newswire.store import Store, open_store
from newswire.store.presence import SessionLock
from tests.servers.postgres import PostgresServer

ROLE = "alerter"


@pytest.fixture
def url(migrated: Callable[[], str]) -> str:
    return migrated()


@pytest.fixture
def stores(url: str) -> Iterator[tuple[Store, Store]]:
    """Two processes' handles on one database."""
    with closing(open_store(url)) as first, closing(open_store(url)) as second:
        yield first, second


@pytest.mark.servers
def test_one_holds_it_and_it_falls_free_when_given_back(stores: tuple[Store, Store]) -> None:
    with closing(SessionLock(stores[0], ROLE)) as first, closing(SessionLock(stores[1], ROLE)) as second:
        assert first.held()
        assert not second.held()
        assert first.held()  # asked for twice, and given back once
        first.close()
        assert second.held()
        assert not first.held()


@pytest.mark.servers
def test_roles_do_not_exclude_each_other(stores: tuple[Store, Store]) -> None:
    with closing(SessionLock(stores[0], ROLE)) as first, closing(SessionLock(stores[1], "janitor")) as second:
        assert first.held()
        assert second.held()


@pytest.mark.servers
def test_a_session_that_the_server_ended_holds_nothing_and_a_new_one_does(
    stores: tuple[Store, Store], url: str, postgres: PostgresServer
) -> None:
    with closing(SessionLock(stores[0], ROLE)) as lock:
        assert lock.held()
        postgres.run_sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{url.rpartition('/')[2]}'")
        assert not lock.held()
        assert lock.held()


def test_sqlite_has_none(tmp_path_factory: pytest.TempPathFactory) -> None:
    with closing(open_store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.sqlite3'}")) as store:
        assert not SessionLock(store, ROLE).held()
