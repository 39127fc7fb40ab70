"""`config/routes.yaml`: which receivers hear of a match, by severity, label, tags and watchlist. Pure; sending is the outbox's work."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from alerting.watchlists.faults import Problem, UnusableError, texts
from alerting.watchlists.fields import Labels, Maybe, NotYet, Severities, Text, Texts, Truth
from alerting.watchlists.model import NAME_PATTERN
from alerting.watchlists.nearest import unknown
from alerting.watchlists.strict import STRICT
from newswire.records import Label, Severity

TERMINAL_NAME: Final = "terminal"


def _channel(raw: object) -> object:
    if isinstance(raw, str) and raw.startswith(("xox", "https://hooks.")):
        raise UnusableError("this looks like a secret; the token comes from NEWSWIRE_SLACK_TOKEN, never from YAML")
    return raw


class Slack(BaseModel):
    """A Slack channel. The token comes from the environment, never from YAML."""

    model_config = STRICT
    channel: Annotated[Text, BeforeValidator(_channel)] = Field(description='"#it-diplomacy", or a channel\'s id')


class Terminal(BaseModel):
    """The terminal that Newswire runs on."""

    model_config = STRICT


class Receiver(BaseModel):
    """Somebody who can be told. Just one of the kinds is given."""

    model_config = STRICT
    name: Annotated[str, Field(pattern=f"^{NAME_PATTERN}$")]
    slack: Maybe[Slack] = None
    terminal: Maybe[Terminal] = None
    explain: NotYet = None
    webhook: NotYet = None
    digest: NotYet = None
    email: NotYet = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Receiver":
        if (self.slack is None) == (self.terminal is None):
            raise UnusableError(f"receiver {self.name!r} needs one of `slack: {{channel: …}}` or `terminal: {{}}`")
        return self


class RouteMatch(BaseModel):
    """What a route asks for; every key that is present must fit."""

    model_config = STRICT
    severity: Severities = frozenset(Severity)
    tags: Annotated[Texts, Field(description="one of these tags of the watchlist")] = ()
    label: Labels = frozenset(Label)
    watchlist: Annotated[Texts, Field(description="one of these watchlists")] = ()


class Route(BaseModel):
    """One line of the table."""

    model_config = STRICT
    match: RouteMatch = RouteMatch()
    to: Texts
    continue_: Truth = Field(False, alias="continue", description="go on with the routes below")
    during: NotYet = None
    otherwise: NotYet = None


class RouteTable(BaseModel):
    """The receivers `to` whom everything goes that none of the `routes` takes."""

    model_config = STRICT
    to: Texts
    routes: tuple[Route, ...] = ()


class Routes(BaseModel):
    """The whole of `routes.yaml`."""

    model_config = STRICT
    receivers: Annotated[tuple[Receiver, ...], Field(min_length=1)]
    route: RouteTable
    fallback: Annotated[Maybe[Text], Field(description="hears what a receiver refused for good")] = None
    ops: Annotated[Maybe[Text], Field(description="hears Newswire's own notices")] = None
    calendars: NotYet = None

    def receiver(self, name: str) -> Receiver | None:
        """Return the receiver of that name."""
        return next((receiver for receiver in self.receivers if receiver.name == name), None)

    def with_terminal(self) -> "Routes":
        """Return these routes for a Newswire without a Slack token: the terminal hears what every receiver would, once."""
        here = (TERMINAL_NAME,)
        routes = tuple(route.model_copy(update={"to": here}) for route in self.route.routes)
        return self.model_copy(
            update={
                "receivers": TERMINAL_ONLY.receivers,
                "route": RouteTable(to=here, routes=routes),
                "fallback": TERMINAL_NAME if self.fallback else None,
                "ops": TERMINAL_NAME if self.ops else None,
            }
        )


TERMINAL_ONLY: Final = Routes(receivers=(Receiver(name=TERMINAL_NAME, terminal=Terminal()),), route=RouteTable(to=(TERMINAL_NAME,)))
"""The routes where there is no `routes.yaml`: everything to the terminal."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What routes look at in one match."""

    severity: Severity
    label: Label
    watchlist: str
    tags: tuple[str, ...] = ()


def receivers_for(routes: Routes, labelled: Labelled, also: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the names of all who hear of it, each once: those of the first matching route (and on, past `continue`), then `also`.

    `also` are the receivers that the watchlist itself names under `to`; after `with_terminal` they are all the terminal.
    """
    found: list[str] = []
    for route in routes.route.routes:
        if fits(route.match, labelled):
            found.extend(route.to)
            if not route.continue_:
                break
    else:
        if not found:
            found.extend(routes.route.to)
    names = {receiver.name for receiver in routes.receivers}
    here = (name if name in names else TERMINAL_NAME for name in (*found, *also))
    return tuple(name for name in dict.fromkeys(here) if name in names)


def fits(asked: RouteMatch, labelled: Labelled) -> bool:
    """Return whether everything that a route asks for is so."""
    return (
        labelled.severity in asked.severity
        and labelled.label in asked.label
        and (not asked.watchlist or labelled.watchlist in asked.watchlist)
        and (not asked.tags or not set(asked.tags).isdisjoint(labelled.tags))
    )


def check_names(raw: Mapping[str, Any], watchlists: frozenset[str], tags: frozenset[str]) -> Iterator[Problem]:
    """Yield every name in the file's raw values that nothing answers to, and every receiver's name that is given twice.

    The raw values are asked, so that a file whose shape is wrong in one place is still checked in all others.
    """
    names = [one.get("name") if isinstance(one, Mapping) else None for one in _listed(raw.get("receivers"))]
    for n, name in enumerate(names):
        if name is not None and name in names[:n]:
            yield Problem(("receivers", n, "name"), f"the receiver {name!r} is there already; give this one another name")
    receivers = frozenset(name for name in names if isinstance(name, str))
    table = raw.get("route")
    for place, key, holder in ((("fallback",), "fallback", raw), (("ops",), "ops", raw), (("route", "to"), "to", table)):
        yield from _unknown(place, "receiver", holder, key, receivers)
    for n, route in enumerate(_listed(table.get("routes") if isinstance(table, Mapping) else None)):
        at_route = ("route", "routes", n)
        yield from _unknown((*at_route, "to"), "receiver", route, "to", receivers)
        asked = route.get("match") if isinstance(route, Mapping) else None
        yield from _unknown((*at_route, "match", "watchlist"), "watchlist", asked, "watchlist", watchlists)
        for at, tag in texts(asked.get("tags")) if isinstance(asked, Mapping) else ():
            if tag not in tags:
                message = f"no watchlist has the tag {tag!r}, so it brings nothing here"
                yield Problem((*at_route, "match", "tags", *at), message, warning=True)


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
    above = [(n, route.match) for n, route in enumerate(table[:position]) if not route.continue_]
    takers: dict[int, Any] = {}
    for severity, label, watchlist, tag in product(asked.severity, asked.label, asked.watchlist or ("",), asked.tags or (None,)):
        labelled = Labelled(severity, label, watchlist, (tag,) if tag else ())
        taker = next((n for n, match in above if fits(match, labelled)), None)
        if taker is None:
            return None
        takers[taker] = None
    return "number " + ", ".join(str(n + 1) for n in sorted(takers))
