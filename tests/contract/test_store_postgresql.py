"""What only a real PostgreSQL can show: waits that end, faults in words, and many processes on the same rows."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import URL, insert, select, text, update
from sqlalchemy.engine import make_url

from newswire.clock import ManualClock
from newswire.errors import ConfigurationError, Fenced, Retryable
from newswire.outcomes import RetryReason, Stage
from newswire.store import Store, feeds, leaders, open_store, pages, postgresql, robots, trail
from newswire.store.engine import migrate
from newswire.store.hosts import StoreSlots
from newswire.store.tables import hosts
from newswire.store.upsert import upsert
from tests.fakes import NOW
from tests.servers.postgres import PostgresServer
from tests.servers.processes import free_ports
from tests.servers.proxy import Mode, Proxy

pytestmark = pytest.mark.servers

THREADS = 6


@pytest.fixture
def url(migrated: Callable[[], str]) -> str:
    return migrated()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(open_store(url)) as opened:
        yield opened


def with_query(url: str, **query: str) -> str:
    return make_url(url).update_query_dict(query).render_as_string(hide_password=False)


# --- waits that end


def test_a_row_that_another_holds_is_waited_for_but_not_for_ever(store: Store, url: str) -> None:
    with store.begin() as connection:
        connection.execute(insert(hosts).values(host="a"))
    with closing(open_store(with_query(url, options="-c lock_timeout=50ms"))) as hasty, store.begin() as holder:
        holder.execute(update(hosts).values(failures=1))

        def write() -> None:
            with hasty.begin() as connection:
                connection.execute(update(hosts).values(failures=2))

        with ThreadPoolExecutor(1) as thread, pytest.raises(Retryable, match="another transaction holds what is needed") as caught:
            thread.submit(write).result()
    assert caught.value.reason is RetryReason.STORE


def test_a_statement_that_takes_too_long_is_ended_by_the_server(url: str) -> None:
    with (
        closing(open_store(with_query(url, options="-c statement_timeout=50ms"))) as store,
        pytest.raises(Retryable, match="cancelled the statement"),
        store.read() as connection,
    ):
        connection.execute(text("SELECT pg_sleep(60)"))


def test_limits_stand_where_the_url_says_nothing(store: Store) -> None:
    with store.read() as connection:
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            assert connection.execute(text(f"SHOW {name}")).scalar() not in {"0", None}


def test_a_server_that_says_nothing_is_given_up_in_every_statement_and_in_the_commit(url: str, postgres: PostgresServer) -> None:
    def first(store: Store) -> None:
        with store.begin() as connection:
            proxy.set(Mode.STALL)
            connection.execute(insert(hosts).values(host="first"))

    def many(store: Store) -> None:
        with store.begin() as connection:
            connection.execute(select(hosts.c.host))
            proxy.set(Mode.STALL)
            upsert(connection, hosts, [{"host": f"many {n}"} for n in range(5)], ("host",))

    def commit(store: Store) -> None:
        with store.begin() as connection:
            connection.execute(insert(hosts).values(host="commit"))
            proxy.set(Mode.STALL)

    def read(store: Store) -> None:
        with store.read() as connection:
            proxy.set(Mode.STALL)
            connection.execute(select(hosts.c.host))

    with Proxy(("127.0.0.1", postgres.port)) as proxy:
        behind = make_url(url).set(port=proxy.port)
        with closing(Store(postgresql.engine(behind, silence_s=0.3))) as store:
            for statement in (first, many, commit, read):
                with pytest.raises(Retryable, match=r"no connection|connection to the database was lost"):
                    statement(store)
                proxy.set(Mode.PASS)
                with store.begin() as connection:  # and the next one is answered
                    upsert(connection, hosts, [{"host": "after"}], ("host",))
            with store.read() as connection:
                assert set(connection.execute(select(hosts.c.host)).scalars()) <= {"after", "commit"}  # a commit may have arrived


# --- faults in words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda url: url.set(database="nowhere"), 'database "nowhere" does not exist; NEWSWIRE_STORE must name a database'),
        (lambda url: url.set(username="nobody"), 'role "nobody" does not exist; NEWSWIRE_STORE must name a user'),
        (lambda url: url.set(username="locked"), 'password authentication failed for user "locked"; the user and password'),
    ],
)
def test_a_server_that_does_not_let_us_in_is_for_a_person_to_put_right(
    postgres: PostgresServer, change: Callable[[URL], URL], words: str
) -> None:
    postgres.lock_role("locked", password="right-password")
    changed = change(make_url(postgres.url).set(password="canary-password"))
    with pytest.raises(ConfigurationError, match=words) as caught:
        open_store(changed.render_as_string(hide_password=False))
    assert f"NEWSWIRE_STORE: postgresql+psycopg://{changed.username}" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_who_has_the_password_is_let_in(postgres: PostgresServer, url: str) -> None:
    postgres.lock_role("keyholder", password="right-password")
    database = make_url(url).database
    postgres.run_sql(f'GRANT CONNECT ON DATABASE "{database}" TO keyholder')
    postgres.run_sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO keyholder", str(database))
    open_store(make_url(url).set(username="keyholder", password="right-password").render_as_string(hide_password=False)).close()


def test_a_server_that_is_not_there_is_retryable_in_words_and_without_password(postgres: PostgresServer) -> None:
    away = make_url(postgres.url).set(port=free_ports(1)[0], password="canary-password")
    with pytest.raises(Retryable, match=rf'connection to server at "127.0.0.1", port {away.port} failed: Connection refused') as caught:
        open_store(away.render_as_string(hide_password=False))
    assert "canary" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_user_that_may_not_make_tables_is_refused_with_what_to_grant(postgres: PostgresServer) -> None:
    url = make_url(postgres.new_database())
    postgres.run_sql("DROP ROLE IF EXISTS reader")
    postgres.run_sql("CREATE ROLE reader LOGIN")
    with pytest.raises(ConfigurationError, match="GRANT CREATE, USAGE ON SCHEMA public"):
        migrate(url.set(username="reader").render_as_string())


# --- what the types of PostgreSQL would refuse


def test_a_nul_in_a_text_is_replaced(store: Store) -> None:
    with store.begin() as connection:
        robots.keep(connection, {"a": robots.RobotsRow("User-agent: *\x00", "ok", 1.0), "b": robots.RobotsRow("plain", "ok", 1.0)})
        connection.execute(update(hosts).where(hosts.c.host == "b").values(owner="x\x00y"))
        assert robots.of_hosts(connection, ["a", "b\x00"]) == {"a": robots.RobotsRow("User-agent: *\N{REPLACEMENT CHARACTER}", "ok", 1.0)}
        assert connection.execute(select(hosts.c.owner).where(hosts.c.host == "b")).scalar() == "x\N{REPLACEMENT CHARACTER}y"


def test_a_receivers_longest_code_fits_the_trail(store: Store) -> None:
    step = trail.Step("i" * 32, "r" * 16, Stage.DELIVER, "r" * 64 + "/parent", "refused", "e" * 64, None, 1.0)
    with store.begin() as connection:
        trail.record(connection, [step])
        assert trail.of_item(connection, step.item_id) == [step]


# --- many processes on the same rows


def at_once(work: Callable[[Store, str], None], url: str) -> None:
    """Do the work in several threads, each with a store of its own, as processes have; a deadlock is an error like any other."""
    start = threading.Barrier(THREADS)

    def alone(owner: str) -> None:
        with closing(open_store(url)) as store:
            start.wait(30)
            work(store, owner)

    with ThreadPoolExecutor(THREADS) as threads:
        for done in [threads.submit(alone, f"owner {n}") for n in range(THREADS)]:
            done.result()


def test_each_source_is_leased_by_one_of_many(store: Store, url: str) -> None:
    with store.begin() as connection:
        feeds.sync(connection, [feeds.NewFeed(f"{n}", "https://x/", f"host {n % 50}", 600.0) for n in range(300)], 0.0)
    taken: Counter[str] = Counter()

    def work(store: Store, owner: str) -> None:
        empty = 0
        while empty < 3:
            with store.begin() as connection:
                ids = feeds.due(connection, due_before=1.0, now=1.0, per_host=1_000, most=20)
                states = feeds.lease(connection, ids, owner=owner, now=1.0, until=100.0)
            taken.update(state.source_id for state in states)
            empty = 0 if states else empty + 1

    at_once(work, url)
    assert taken == Counter(f"{n}" for n in range(300))


def test_each_page_is_leased_by_one_of_many(store: Store, url: str) -> None:
    with store.begin() as connection:
        pages.add(connection, [pages.DuePage(f"{n}", "1", "https://x/", f"host {n % 50}", b"{}", 0.0, float(n % 7)) for n in range(300)])
    taken: Counter[str] = Counter()

    def work(store: Store, owner: str) -> None:
        empty = 0
        while empty < 3:
            with store.begin() as connection:
                leased = pages.lease(connection, now=10.0, owner=owner, until=100.0, most=20, per_host=1_000)
            taken.update(page.item_id for page in leased)
            empty = 0 if leased else empty + 1

    at_once(work, url)
    assert taken == Counter(f"{n}" for n in range(300))


def test_a_host_has_one_slot_for_all_and_nobody_waits_in_a_ring(store: Store, url: str) -> None:
    names = [f"host {n}" for n in range(12)]
    granted: Counter[str] = Counter()

    def work(store: Store, owner: str) -> None:
        slots = StoreSlots(store=store, clock=ManualClock(NOW), owner=owner, spacing_s=1.0)
        mine = names if owner[-1] in "024" else names[::-1]
        granted.update(name for name, wait in zip(mine, slots.settle(mine, []), strict=True) if wait == 0)

    at_once(work, url)
    assert granted == Counter(names)


def test_the_same_rows_written_in_any_order_at_once_meet_no_deadlock(store: Store, url: str) -> None:
    rows = [{"host": f"{n:03}", "failures": 1} for n in range(200)]

    def work(store: Store, owner: str) -> None:
        for turn in range(5):
            with store.begin() as connection:
                upsert(connection, hosts, rows if (int(owner[-1]) + turn) % 2 else rows[::-1], ("host",), update=("failures",))

    at_once(work, url)
    with store.read() as connection:
        assert len(connection.execute(select(hosts.c.host)).all()) == 200


def test_of_many_that_want_to_lead_one_does_and_who_was_replaced_writes_nothing(store: Store, url: str) -> None:
    epochs: dict[str, int] = {}

    def work(store: Store, owner: str) -> None:
        with store.begin() as connection:
            epoch = leaders.take(connection, "alerter", owner, 100.0, 30.0)
        if epoch is not None:
            epochs[owner] = epoch

    at_once(work, url)
    assert list(epochs.values()) == [1]
    first = next(iter(epochs))
    with store.begin() as connection:
        assert leaders.take(connection, "alerter", "heir", 131.0, 30.0) == 2

    def write_late() -> None:
        with store.begin() as connection:
            connection.execute(insert(hosts).values(host="late"))
            leaders.holds(connection, "alerter", first, 1)

    with pytest.raises(Fenced):
        write_late()
    with store.read() as connection:
        assert connection.execute(select(hosts.c.host)).all() == []


def test_nobody_takes_the_role_from_a_leader_that_is_writing(store: Store) -> None:
    with store.begin() as connection:
        leaders.take(connection, "alerter", "a", 100.0, 30.0)
    asked = threading.Event()

    def take() -> int | None:
        with store.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '200ms'"))
            asked.set()
            return leaders.take(connection, "alerter", "b", 200.0, 30.0)

    with store.begin() as connection, ThreadPoolExecutor(1) as thread:
        leaders.holds(connection, "alerter", "a", 1)  # its lease ran out, and nobody took it
        taking = thread.submit(take)
        assert asked.wait(10)
        with pytest.raises(Retryable):
            taking.result()
    assert take() == 2
