"""What a member may still commit: the rule that keeps two members from committing the same partition."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from newswire.bus import Batch, Delivered
from newswire.bus.kafka_consumer import Claims, delivered
from newswire.errors import Fenced

AT = datetime(2026, 11, 2, tzinfo=UTC)


def at(partition: int, offset: int) -> Delivered:
    return Delivered("news.items", partition, offset, "k", b"v", {}, AT)


def polled(claims: Claims, *messages: Delivered) -> Batch:
    claims.delivered(messages)
    return Batch(messages, claims.epoch)


def test_what_is_owned_since_it_was_polled_may_be_committed() -> None:
    claims = Claims()
    claims.come([0, 1])
    claims.refuse_fenced(polled(claims, at(0, 5), at(1, 7)))


def test_a_batch_outlives_partitions_that_come_beside_it() -> None:
    claims = Claims()
    claims.come([0])
    batch = polled(claims, at(0, 5))
    claims.come([1])
    claims.refuse_fenced(batch)


def test_a_partition_that_went_is_fenced_and_stays_so_when_it_comes_back() -> None:
    claims = Claims()
    claims.come([0, 1])
    batch, other = polled(claims, at(0, 5)), polled(claims, at(1, 5))
    claims.go([0])
    with pytest.raises(Fenced):
        claims.refuse_fenced(batch)
    claims.come([0])
    with pytest.raises(Fenced):
        claims.refuse_fenced(batch)
    claims.refuse_fenced(other)
    claims.refuse_fenced(polled(claims, at(0, 5)))


def test_a_batch_is_fenced_as_a_whole() -> None:
    claims = Claims()
    claims.come([0, 1])
    batch = polled(claims, at(0, 5), at(1, 5))
    claims.go([1])
    with pytest.raises(Fenced, match="partition 1"):
        claims.refuse_fenced(batch)


def test_going_back_starts_at_the_first_that_is_not_committed() -> None:
    claims = Claims()
    claims.come([0, 1])
    polled(claims, at(0, 5), at(0, 6), at(1, 9))
    polled(claims, at(0, 7))
    assert claims.starts() == {0: 5, 1: 9}
    claims.committed({0: 7})
    assert claims.starts() == {0: 7, 1: 9}
    claims.committed({0: 6})  # an older batch, committed late
    assert claims.starts() == {0: 7, 1: 9}
    claims.go_all()
    assert claims.starts() == {}
    assert not claims.owns(0)


@pytest.mark.parametrize(
    ("key", "value", "headers", "timestamp", "expected"),
    [
        (b"k", b"v", [("schema", b"item/1")], 1_793_577_600_000, ("k", b"v", {"schema": "item/1"}, AT)),
        (None, None, None, -1, ("", b"", {}, datetime(1970, 1, 1, tzinfo=UTC))),
        (b"\xff", b"\xff", [("a", None), ("a", b"\xfe")], None, (r"\xff", b"\xff", {"a": r"\xfe"}, datetime(1970, 1, 1, tzinfo=UTC))),
    ],
)
def test_records_of_strangers_become_ours_whatever_they_are(
    key: bytes | None,
    value: bytes | None,
    headers: list[tuple[str, bytes | None]] | None,
    timestamp: int | None,
    expected: tuple[str, bytes, dict[str, str], datetime],
) -> None:
    record = SimpleNamespace(partition=3, offset=14, key=key, value=value, headers=headers, timestamp=timestamp)
    found = delivered("news.items", record)
    assert (found.topic, found.partition, found.offset) == ("news.items", 3, 14)
    assert (found.key, found.value, found.headers, found.written_at) == expected
