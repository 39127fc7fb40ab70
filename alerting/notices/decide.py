"""Which notices are due, and who hears each. Pure."""

from collections.abc import Iterator

from alerting.notices.desk_rules import desk_notices
from alerting.notices.history import History
from alerting.notices.notice import Notice
from alerting.notices.receiver_rules import receiver_notices
from alerting.notices.snapshot import Snapshot
from alerting.notices.source_rules import source_notices
from alerting.routes import Routes


def notices_due(snapshot: Snapshot, history: History) -> list[Notice]:
    """Return what is to be said now and was not said before."""
    return [notice for notice in _all(snapshot, history) if not history.knows(notice)]


def _all(snapshot: Snapshot, history: History) -> Iterator[Notice]:
    yield from receiver_notices(snapshot, history)
    yield from desk_notices(snapshot, history)
    yield from source_notices(snapshot, history)


def hears_notices(routes: Routes, about: str | None = None) -> str | None:
    """Return the receiver of a notice, None where nobody is to hear it.

    That is the one which `ops:` names; the fallback, where the notice is about that very receiver: its own failure cannot be told to it.
    """
    ops = _receiver(routes, routes.ops)
    if ops is None or about != ops:
        return ops
    fallback = _receiver(routes, routes.fallback)
    return fallback if fallback != ops else None


def _receiver(routes: Routes, name: str | None) -> str | None:
    """Return the receiver of that name; for a digest the one that hears it, because a notice does not wait."""
    entry = routes.receiver(name) if name else None
    if entry is None:
        return None
    return entry.digest.to if entry.digest is not None else entry.name
