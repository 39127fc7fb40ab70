"""A day's news for a fleet of processes: what is to be read, what is to be told of it, and the books that are held against it."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from newswire.bus import Bus
from newswire.codec import decode
from newswire.records import Item, Report
from newswire.store import Store, outbox
from newswire.store.tables import archive, decisions, pages
from newswire.text import clean_line
from newswire.topics import ALERTING_GROUP, DEAD, ITEMS, PROCESSORS_GROUP, REPORTS
from newswire.urls import canonical_url, item_id_of_url
from tests.acceptance.world import Entry, Web, World
from tests.crash.fleet import Story, Wire, filler, stories
from tests.fake_slack import FakeSlack


@dataclass(frozen=True, slots=True)
class Day:
    """What is to be read, and what is to be told of it."""

    entries: list[Entry]
    told: Sequence[Story]

    @classmethod
    def of(cls, sites: Sequence[Web], *, items: int, with_page: int, told: int) -> "Day":
        """Return so many entries in which the stories are spread, some of the others with a page to be fetched, and of those some missing."""
        chosen = stories(told)
        assert len(chosen) == told, f"the corpus has {len(chosen)} stories apart"
        entries = [filler(n, whole=n % (items // with_page) != 0, web=sites[n % len(sites)]) for n in range(items - told)]
        for number in range(0, items - told, items // 20):
            sites[number % len(sites)].answers.pop(f"/p{number}", None)
        for number, story in enumerate(chosen):
            entries.insert(number * (items // told) + 1, story.entry(number, sites[number % len(sites)]))
        return cls(entries, chosen)

    def until(self, number: int) -> "Day":
        """Return the day as it was when so many entries had come."""
        entries = self.entries[:number]
        titles = {entry.title for entry in entries}
        return Day(entries, [story for story in self.told if story.title in titles])

    def item_ids(self) -> set[str]:
        return {item_id_of_url(canonical_url(entry.link) or "") for entry in self.entries}


def set_out(world: World, wire: Wire, sites: Sequence[Web], slack: FakeSlack) -> None:
    world.sources(*wire.urls, interval="3s")
    world.allow_ports(*(site.port for site in sites))
    world.slack(slack.url)


def final_items(store: Store) -> int:
    """Return how many items have been decided for the last time."""
    with store.read() as connection:
        return connection.execute(select(func.count(archive.c.item_id.distinct())).where(archive.c.final)).scalar_one()


def drained(bus: Bus, store: Store, items: int) -> bool:
    """Return whether everything was read, decided and told, and nothing waits anywhere."""
    with store.read() as connection:
        owed = connection.execute(select(func.count()).select_from(pages)).scalar_one()
        unpublished = connection.execute(select(func.count()).select_from(decisions).where(~decisions.c.published)).scalar_one()
        unsent, _ = outbox.waiting(connection, time.time())
    if final_items(store) < items or owed or unpublished or unsent:
        return False
    return not any(bus.backlog(topic, group).records for topic, group in ((ITEMS, PROCESSORS_GROUP), (REPORTS, ALERTING_GROUP)))


def how_far(bus: Bus, store: Store) -> str:
    with store.read() as connection:
        owed = connection.execute(select(func.count()).select_from(pages)).scalar_one()
        unsent, _ = outbox.waiting(connection, time.time())
    items, reports = bus.backlog(ITEMS, PROCESSORS_GROUP).records, bus.backlog(REPORTS, ALERTING_GROUP).records
    return f"{final_items(store)} items final; behind: {items} items, {reports} reports, {owed} pages, {unsent} messages"


def books(bus: Bus, store: Store, slack: FakeSlack, day: Day) -> str:
    """Return, in a line, what lies on the bus twice; every item is there, ended once, and every story was told once."""
    published = Counter(decode(Item, message.value).item_id for message in bus.browse(ITEMS))
    reported = Counter(
        (report.item.item_id, report.basis, report.final) for report in (decode(Report, one.value) for one in bus.browse(REPORTS))
    )
    with store.read() as connection:
        final = Counter(connection.execute(select(archive.c.item_id).where(archive.c.final)).scalars())
        archived = set(connection.execute(select(archive.c.item_id)).scalars())
        decided = set(connection.execute(select(decisions.c.item_id)).scalars())
        looks = connection.execute(select(func.count()).select_from(archive)).scalar_one()
        decisions_taken = connection.execute(select(func.count()).select_from(decisions)).scalar_one()
        alerts = outbox.alerts(connection)
    assert set(published) == set(final) == archived == decided == day.item_ids()
    assert set(final.values()) == {1}
    assert looks == decisions_taken == len(reported)
    assert not list(bus.browse(DEAD))
    assert {alert["state"] for alert in alerts} == {"sent"}
    assert sorted(alert["title"] for alert in alerts) == sorted(clean_line(story.title, limit=500) for story in day.told)
    told = Counter(message.alert_id for message in slack.alerts)
    assert told == {alert["alert_id"]: 1 for alert in alerts}
    twice = sum(published.values()) - len(published), sum(reported.values()) - len(reported)
    return f"{len(published)} items in, {len(final)} out, {len(told)} stories told once; on the bus twice: {twice[0]} items, {twice[1]} reports"
