from hypothesis import given, settings
from hypothesis import strategies as st

from newswire.bus.members import Moves, moves

NAMES = st.sets(st.sampled_from("abcdefghijkl"), min_size=1, max_size=10)


@settings(max_examples=50)
@given(members=NAMES, partitions=st.integers(1, 20), owners=st.data())
def test_from_any_state_shares_become_fair_and_nothing_is_taken_from_the_living(
    members: set[str], partitions: int, owners: st.DataObject
) -> None:
    owned = owners.draw(st.dictionaries(st.integers(0, partitions - 1), st.sampled_from(sorted(members | {"gone"}))))
    for _ in range(2):
        for me in sorted(members):
            planned = moves(me, members, owned, partitions=partitions, in_flight=())
            assert all(owned[partition] == me for partition in planned.give)
            assert all(owned.get(partition, "gone") == "gone" for partition in planned.take)
            owned = {p: who for p, who in owned.items() if p not in planned.give} | dict.fromkeys(planned.take, me)

    shares = [sum(who == me for who in owned.values()) for me in members]
    assert sum(shares) == partitions
    assert max(shares) - min(shares) <= 1
    assert all(moves(me, members, owned, partitions=partitions, in_flight=()) == Moves((), ()) for me in members)


@settings(max_examples=25)
@given(members=NAMES, in_flight=st.sets(st.integers(0, 7)))
def test_what_is_in_flight_is_kept(members: set[str], in_flight: set[int]) -> None:
    me = max(members)
    planned = moves(me, members, dict.fromkeys(range(8), me), partitions=8, in_flight=in_flight)
    assert not in_flight.intersection(planned.give)
    share = 8 // len(members)  # the last in the order has the smaller share
    assert 8 - len(planned.give) - planned.owed == share


def test_more_members_than_partitions_leaves_some_without() -> None:
    assert [len(moves(me, set("abc"), {}, partitions=2, in_flight=()).take) for me in "abc"] == [1, 1, 0]
