from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from newswire import records
from newswire.codec import SCHEMAS
from newswire.records import Severity
from newswire.topics import GROUPS, TOPICS, topic_named
from tests.examples import ITEM

RECORDS = [one for one in vars(records).values() if isinstance(one, type) and is_dataclass(one)]


@pytest.mark.parametrize("kind", RECORDS)
def test_records_cannot_be_changed(kind: Any) -> None:
    empty = kind.__new__(kind)
    with pytest.raises(FrozenInstanceError):
        setattr(empty, fields(kind)[0].name, "x")
    assert not hasattr(empty, "__dict__")


def test_an_item_is_dated_when_published_else_when_first_seen() -> None:
    published = datetime(2026, 11, 1, tzinfo=UTC)
    assert replace(ITEM, published_at=published).dated_at == published
    assert replace(ITEM, published_at=None).dated_at == ITEM.seen_at


def test_severities_rank_from_least_to_most() -> None:
    assert [severity.rank for severity in Severity] == [0, 1, 2, 3, 4]
    assert max(Severity, key=lambda severity: severity.rank) is Severity.CRITICAL


def test_every_record_of_a_topic_has_a_schema_and_every_schema_a_topic() -> None:
    assert {kind for topic in TOPICS for kind in topic.records} == set(SCHEMAS)
    assert all(topic in TOPICS for topic, _ in GROUPS)


def test_topics_are_found_by_name() -> None:
    assert [topic_named(topic.name) for topic in TOPICS] == list(TOPICS)
    with pytest.raises(KeyError):
        topic_named("news.nothing")
