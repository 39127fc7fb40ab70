import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ClauseElement

from newswire.errors import Fenced
from newswire.store import Store
from newswire.store.leaders import _HELD, _TAKE, holds, release, take
from newswire.store.tables import leaders

ROLE = "alerter"


def test_the_first_one_takes_the_role_and_renews_it_in_the_same_epoch(store: Store) -> None:
    with store.begin() as connection:
        assert take(connection, ROLE, "a", now=100, lease_s=30) == 1
        assert take(connection, ROLE, "a", now=125, lease_s=30) == 1
        assert take(connection, ROLE, "b", now=154, lease_s=30) is None  # renewed until 155
        holds(connection, ROLE, "a", 1)


def test_a_paused_one_is_fenced_by_the_next_epoch(store: Store) -> None:
    with store.begin() as connection:
        take(connection, ROLE, "a", now=100, lease_s=30)
    with store.begin() as connection:
        assert take(connection, ROLE, "b", now=130, lease_s=30) == 2
    with pytest.raises(Fenced, match="belongs to b in epoch 2, not to a in epoch 1"), store.begin() as connection:
        holds(connection, ROLE, "a", 1)
    with store.begin() as connection:
        assert take(connection, ROLE, "a", now=131, lease_s=30) is None
        holds(connection, ROLE, "b", 2)


def test_a_lease_that_ran_out_still_holds_while_nobody_took_it(store: Store) -> None:
    with store.begin() as connection:
        take(connection, ROLE, "a", now=100, lease_s=30)
        holds(connection, ROLE, "a", 1)
        assert take(connection, ROLE, "a", now=500, lease_s=30) == 1


def test_a_role_given_back_is_free_at_once(store: Store) -> None:
    with store.begin() as connection:
        take(connection, ROLE, "a", now=100, lease_s=30)
        release(connection, ROLE, "a", 1)
        assert take(connection, ROLE, "b", now=100, lease_s=30) == 2
        release(connection, ROLE, "a", 1)  # an old epoch gives nothing back
        assert take(connection, ROLE, "c", now=101, lease_s=30) is None


def test_a_role_never_taken_is_held_by_nobody(store: Store) -> None:
    with pytest.raises(Fenced, match="belongs to nobody"), store.begin() as connection:
        holds(connection, ROLE, "a", 1)


def test_roles_do_not_meet(store: Store) -> None:
    with store.begin() as connection:
        assert take(connection, ROLE, "a", now=100, lease_s=30) == 1
        assert take(connection, "digest", "b", now=100, lease_s=30) == 1


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(asks=st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 40)), min_size=1, max_size=12))
def test_one_owner_in_each_epoch_and_epochs_only_rise(store: Store, asks: list[tuple[str, float]]) -> None:
    owner_of: dict[int, str] = {}
    now, newest = 0.0, 0
    with store.begin() as connection:
        connection.execute(leaders.delete())
        for owner, later in asks:
            now += later
            epoch = take(connection, ROLE, owner, now=now, lease_s=30)
            if epoch is not None:
                assert owner_of.setdefault(epoch, owner) == owner
                assert epoch >= newest
                newest = epoch
            holds(connection, ROLE, owner_of[newest], newest)


def test_postgresql_locks_the_row_that_was_looked_at() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy types it not
    assert str(_HELD.compile(dialect=dialect)).endswith("FOR SHARE")
    taking = _TAKE["postgresql"]
    assert isinstance(taking, ClauseElement)
    assert "ON CONFLICT (role) DO UPDATE" in str(taking.compile(dialect=dialect))
