"""Who can hear of a watchlist by the routes, at once or by digest, and what becomes of what is over its cap; in words. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from alerting.routes import Labelled, Receiver, Routes, fits
from alerting.watchlists.compile import CompiledWatchlist


@dataclass(frozen=True, slots=True)
class Hearers:
    """The receivers that some item of the watchlist can reach, at some hour."""

    at_once: tuple[Receiver, ...]
    digests: tuple[Receiver, ...]
    overflow: tuple[Receiver, ...]  # the digests that go to those who hear at once


def hearers_of(routes: Routes, watchlist: CompiledWatchlist) -> Hearers:
    """Return who can hear of it: whatever its severity comes to be, inside and outside of calendars."""
    names: dict[str, None] = {}
    for severity in {watchlist.severity, *(rise.severity for rise in watchlist.rises)}:
        for label in watchlist.labels:
            names.update(dict.fromkeys(_reached(routes, Labelled(severity, label, watchlist.name, watchlist.tags))))
    names.update(dict.fromkeys(watchlist.to))
    found = [receiver for receiver in routes.receivers if receiver.name in names]
    at_once = tuple(one for one in found if one.digest is None)
    told = {one.name for one in at_once}
    overflow = tuple(one for one in routes.receivers if one.digest is not None and one.digest.to in told)
    return Hearers(at_once, tuple(one for one in found if one.digest is not None), overflow)


def _reached(routes: Routes, labelled: Labelled) -> Iterable[str]:
    for route in routes.route.routes:
        if not fits(route.match, labelled):
            continue
        yield from route.to
        yield from route.otherwise or ()
        if not route.continue_ and (route.during is None or route.otherwise is not None):
            return
    yield from routes.route.to


def times_of(digests: Iterable[Receiver]) -> str:
    """Return when they are told: `the 07:00 digest`, `the 07:00 or 19:00 digest`."""
    times = sorted({one.digest.at for one in digests if one.digest is not None})
    return f"the {' or '.join(times)} digest"


def cap_in_words(per_hour: int, hearers: Hearers) -> str:
    """Return what becomes of what is over the cap: `at most 30 an hour, the rest in the 07:00 digest`."""
    rest = times_of(hearers.overflow) if hearers.overflow else "one digest when the hour is over"
    return f"at most {per_hour} an hour, the rest in {rest}"
