"""What `newswire why` knows of an item beside its trail: who watches its site, who lists it, how its messages stand. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from newswire.cli import compose
from newswire.config import find_config_folder
from newswire.errors import ConfigurationError
from newswire.settings import Settings
from newswire.store import Store, feeds, seen
from newswire.store.feeds import FeedHealth
from newswire.store.told import Telling, tellings


@dataclass(frozen=True, slots=True)
class Watched:
    """A source; `health` is None where it was never polled."""

    url: str
    outlet: str
    health: FeedHealth | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one address. `steps` and `decision` are as `newswire why --json` prints them."""

    url: str
    item_id: str
    steps: Sequence[Mapping[str, Any]]
    decision: Mapping[str, Any] | None
    site: Sequence[Watched]  # sources of the same site
    listed_by: Sequence[str]  # outlets of the sources that list it
    tellings: Sequence[Telling]


def facts_of(settings: Settings, store: Store, told: Mapping[str, Any]) -> Facts:
    """Return the facts. Sources whose configuration cannot be read are left out: `newswire check` says what is wrong there."""
    try:
        sources = compose.read_sources(find_config_folder(settings.config))
    except ConfigurationError:
        sources = []
    decision = told["decision"]
    story_id = decision["story_id"] if decision else None
    with store.read() as connection:
        health = feeds.health(connection)
        marks = seen.marks_of(connection, [told["item_id"]]).get(told["item_id"], {})
        rows = tellings(connection, story_id) if story_id else []
    site = _site(told["url"])
    return Facts(
        url=told["url"],
        item_id=told["item_id"],
        steps=told["stages"],
        decision=decision,
        site=[Watched(one.url, one.outlet, health.get(one.source_id)) for one in sources if site and _site(one.url) == site],
        listed_by=sorted({one.outlet for one in sources if one.source_id in marks}),
        tellings=rows,
    )


def _site(url: str) -> str:
    """Return the host without what sites put before their name for feeds."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    return host.removeprefix("feeds.").removeprefix("rss.")
