"""The pipeline as a table: topic, record, key, who writes it, who reads it."""

from dataclasses import dataclass
from typing import Final

from newswire.records import DeadLetter, Decision, Delivery, Item, Report


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of the bus. `name` is without `NEWSWIRE_TOPIC_PREFIX`, which the bus adds."""

    name: str
    records: tuple[type, ...]
    key: str
    written_by: str
    read_by: str


ITEMS: Final = Topic("news.items", (Item,), "item id", "collectors", "processors")
REPORTS: Final = Topic("news.reports", (Report,), "item id", "processors", "alerting")
ALERTS: Final = Topic("news.alerts", (Decision, Delivery), "story id, else item id", "alerting", "anyone: audit, SIEM")
DEAD: Final = Topic("news.dead", (DeadLetter,), "as it came", "every stage", "newswire dead")

TOPICS: Final = (ITEMS, REPORTS, ALERTS, DEAD)

PROCESSORS_GROUP: Final = "processors"
ALERTING_GROUP: Final = "alerting"
GROUPS: Final = ((ITEMS, PROCESSORS_GROUP), (REPORTS, ALERTING_GROUP))
"""The consumer groups that exist, by topic: retention waits for each, and their lag is shown."""


def topic_named(name: str) -> Topic:
    """Return the topic of that name.

    Raises:
        KeyError: no topic is called so.

    """
    for topic in TOPICS:
        if topic.name == name:
            return topic
    raise KeyError(name)
