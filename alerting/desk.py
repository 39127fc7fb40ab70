"""What is in force: watchlists and routes that were read and checked together, as one frozen value; and what differs between two of them.

Pure. The whole is swapped, never a part: whoever takes a `Desk` and holds on to it decides on one set, whatever is edited meanwhile.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from alerting.routes import Routes
from alerting.watchlists.compile import WatchlistSet, compile_watchlists
from alerting.watchlists.load import DeskFiles
from alerting.watchlists.model import Status

_NAMES_SHOWN: Final = 20  # of one kind of change, in words


@dataclass(frozen=True, slots=True)
class Desk:
    """A set of watchlists, the routes that belong to it, and which files it was made of."""

    watchlists: WatchlistSet
    routes: Routes
    digest: str = ""  # of the names and bytes of all files; empty where it was made of none
    since: datetime | None = None  # in force since then
    statuses: Mapping[Status, int] = field(default_factory=dict)  # how many watchlists have each


def desk_of(files: DeskFiles, *, digest: str, since: datetime, on_terminal: bool) -> Desk:
    """Return files without a fault as a set to be put in force; `on_terminal` is a Newswire without a Slack token."""
    return Desk(
        compile_watchlists(files.watchlists, files.lists),
        files.routes.with_terminal() if on_terminal else files.routes,
        digest,
        since,
        Counter(one.status for one in files.watchlists.values()),
    )


def difference(before: Desk, after: Desk) -> str:
    """Return in words what another set changes: watchlists by their content hash, which holds the lists that they use, and the routes."""
    hashes = [{one.name: one.content_hash for one in desk.watchlists.watchlists} for desk in (before, after)]
    old, new = hashes
    parts = [
        _named("added", new.keys() - old.keys()),
        _named("removed", old.keys() - new.keys()),
        _named("changed", (name for name in old.keys() & new.keys() if old[name] != new[name])),
        "routes changed" if before.routes != after.routes else "",
    ]
    return "; ".join(part for part in parts if part) or "nothing that decides: notes, tests or the order of terms"


def _named(what: str, names: Iterable[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - _NAMES_SHOWN} more" if len(listed) > _NAMES_SHOWN else ""
    return f"{what} {', '.join(listed[:_NAMES_SHOWN])}{more}" if listed else ""
