"""What is wrong with `routes.yaml` that its model cannot see: names that nothing answers to, routes that nothing can reach."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from alerting.routes import Labelled, Route, Routes, fits
from alerting.watchlists.faults import Problem, texts
from alerting.watchlists.nearest import unknown


def check_names(raw: Mapping[str, Any], watchlists: frozenset[str], tags: frozenset[str]) -> Iterator[Problem]:
    """Yield every name in the file's raw values that nothing answers to, and every receiver's name that is given twice.

    The raw values are asked, so that a file whose shape is wrong in one place is still checked in all others.
    """
    names = [one.get("name") if isinstance(one, Mapping) else None for one in _listed(raw.get("receivers"))]
    for n, name in enumerate(names):
        if name is not None and name in names[:n]:
            yield Problem(("receivers", n, "name"), f"the receiver {name!r} is there already; give this one another name")
    receivers = receivers_in(raw)
    calendars = frozenset(_names_of(raw.get("calendars")))
    table = raw.get("route")
    yield from _check_digests(raw, receivers)
    yield from _check_calendars(raw)
    for place, key, holder in ((("fallback",), "fallback", raw), (("ops",), "ops", raw), (("route", "to"), "to", table)):
        yield from _unknown(place, "receiver", holder, key, receivers)
    for n, route in enumerate(_listed(table.get("routes") if isinstance(table, Mapping) else None)):
        at_route = ("route", "routes", n)
        yield from _unknown((*at_route, "to"), "receiver", route, "to", receivers)
        yield from _unknown((*at_route, "otherwise"), "receiver", route, "otherwise", receivers)
        yield from _unknown((*at_route, "during"), "calendar", route, "during", calendars)
        asked = route.get("match") if isinstance(route, Mapping) else None
        yield from _unknown((*at_route, "match", "watchlist"), "watchlist", asked, "watchlist", watchlists)
        for at, tag in texts(asked.get("tags")) if isinstance(asked, Mapping) else ():
            if tag not in tags:
                message = f"no watchlist has the tag {tag!r}, so it brings nothing here"
                yield Problem((*at_route, "match", "tags", *at), message, warning=True)


def receivers_in(raw: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the receivers in the file's raw values."""
    return frozenset(_names_of(raw.get("receivers")))


def _check_digests(raw: Mapping[str, Any], receivers: frozenset[str]) -> Iterator[Problem]:
    digests = {
        one["name"]: (n, one["digest"])
        for n, one in enumerate(_listed(raw.get("receivers")))
        if isinstance(one, Mapping) and isinstance(one.get("name"), str) and isinstance(one.get("digest"), Mapping)
    }
    for n, digest in digests.values():
        place = ("receivers", n, "digest", "to")
        yield from _unknown(place, "receiver", digest, "to", receivers)
        if digest.get("to") in digests:
            yield Problem(place, f"{digest['to']!r} is a digest itself; name the receiver that hears this one")
    for key in ("fallback", "ops"):
        if raw.get(key) in digests:
            yield Problem((key,), f"{raw[key]!r} is a digest, which waits; name a receiver that hears at once")


def _check_calendars(raw: Mapping[str, Any]) -> Iterator[Problem]:
    table = raw.get("route")
    routes = _listed(table.get("routes") if isinstance(table, Mapping) else None)
    used = {route.get("during") for route in routes if isinstance(route, Mapping) and isinstance(route.get("during"), str)}
    names = _names_of(raw.get("calendars"))
    for n, name in enumerate(names):
        if name in names[:n]:
            yield Problem(("calendars", n, "name"), f"the calendar {name!r} is there already; give this one another name")
        elif name not in used:
            yield Problem(("calendars", n, "name"), f"no route says `during: {name}`; take the calendar out, or use it", warning=True)


def _names_of(raw: object) -> list[str]:
    return [one["name"] for one in _listed(raw) if isinstance(one, Mapping) and isinstance(one.get("name"), str)]


def _listed(raw: object) -> list[Any]:
    return raw if isinstance(raw, list) else []


def _unknown(place: tuple[str | int, ...], noun: str, holder: object, key: str, known: frozenset[str]) -> Iterator[Problem]:
    for at, name in texts(holder.get(key)) if isinstance(holder, Mapping) else ():
        if name not in known:
            yield Problem((*place, *at), unknown(noun, name, known))


def check_reach(routes: Routes) -> Iterator[Problem]:
    """Yield every route that nothing can reach."""
    for n in range(len(routes.route.routes)):
        if (above := _shadowed(n, routes.route.routes)) is not None:
            message = f"nothing can reach this route: all it asks for stops at the routes above it ({above}); move it up"
            yield Problem(("route", "routes", n), message)


def _shadowed(position: int, table: tuple[Route, ...]) -> str | None:
    """Return which routes above take everything that this one asks for; None where something can reach it.

    What would reach it most easily has just one of its tags, none where it asks for none, and an unheard-of watchlist.
    """
    asked = table[position].match
    # Outside its calendar a route without `otherwise` passes on what it fits.
    above = [
        (n, route.match) for n, route in enumerate(table[:position]) if not route.continue_ and (route.during is None or route.otherwise)
    ]
    takers: dict[int, Any] = {}
    for severity, label, watchlist, tag in product(asked.severity, asked.label, asked.watchlist or ("",), asked.tags or (None,)):
        labelled = Labelled(severity, label, watchlist, (tag,) if tag else ())
        taker = next((n for n, match in above if fits(match, labelled)), None)
        if taker is None:
            return None
        takers[taker] = None
    return "number " + ", ".join(str(n + 1) for n in sorted(takers))
