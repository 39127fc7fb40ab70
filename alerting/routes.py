"""`config/routes.yaml`: which receivers hear of a match, by severity, label, tags and watchlist. Pure; sending is the outbox's work."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema, model_validator

from alerting.calendars import Calendar, DayField, TimeOfDay, Zone
from alerting.watchlists.faults import UnusableError
from alerting.watchlists.fields import Labels, Maybe, NotYet, Severities, Text, Texts, Truth
from alerting.watchlists.model import NAME_PATTERN
from alerting.watchlists.strict import STRICT
from alerting.watchlists.telling import Explain, ExplainField
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


def _variable(raw: object) -> object:
    if isinstance(raw, str) and ("://" in raw or raw.startswith("xox")):
        raise UnusableError("this looks like an address or a secret; write the name of the environment variable that holds it")
    if not isinstance(raw, str) or not re.fullmatch("[A-Z][A-Z0-9_]{2,99}", raw):
        raise UnusableError(f"the name of an environment variable is due here, such as NEWSWIRE_ARCHIVE_URL, not {str(raw)[:40]!r}")
    return raw


class Webhook(BaseModel):
    """An address that takes JSON by POST, signed."""

    model_config = STRICT
    url_env: Annotated[
        str,
        BeforeValidator(_variable),
        WithJsonSchema({"type": "string", "pattern": "^[A-Z][A-Z0-9_]{2,99}$"}),
        Field(description="the environment variable that holds the address; never the address itself"),
    ]


class Digest(BaseModel):
    """What is gathered for a receiver and told at set times."""

    model_config = STRICT
    to: Annotated[Text, Field(description="the receiver that hears it")]
    at: Annotated[TimeOfDay, Field(description='"07:00", by the clocks of the zone')]
    days: Annotated[
        Maybe[Annotated[tuple[DayField, ...], Field(min_length=1)]], Field(description="[mon, tue, …]; every day where it is missing")
    ] = None
    zone: Annotated[Zone, Field(description="whose clocks count: Asia/Karachi")] = "UTC"


class Terminal(BaseModel):
    """The terminal that Newswire runs on."""

    model_config = STRICT


class Receiver(BaseModel):
    """Somebody who can be told. Just one of the kinds is given."""

    model_config = STRICT
    name: Annotated[str, Field(pattern=f"^{NAME_PATTERN}$", description="how routes and watchlists name it")]
    slack: Annotated[Maybe[Slack], Field(description='{channel: "#it-diplomacy"}')] = None
    terminal: Annotated[Maybe[Terminal], Field(description="{}: the terminal that Newswire runs on")] = None
    webhook: Annotated[Maybe[Webhook], Field(description="{url_env: NEWSWIRE_ARCHIVE_URL}")] = None
    digest: Annotated[Maybe[Digest], Field(description='{to: desk, at: "07:00", days: [mon, fri], zone: Asia/Karachi}')] = None
    explain: Annotated[ExplainField, Field(description="what this receiver may see of the rule: full, words or none")] = Explain.FULL
    email: NotYet = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Receiver":
        kinds = [kind for kind in (self.slack, self.terminal, self.webhook, self.digest) if kind is not None]
        if len(kinds) != 1:
            raise UnusableError(
                f"receiver {self.name!r} needs {'just ' if kinds else ''}one of `slack: {{channel: …}}`, `terminal: {{}}`, `webhook: {{url_env: …}}`, "
                "`digest: {to: …, at: …}`"
            )
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
    during: Maybe[Text] = Field(None, description="a calendar's name: outside it the route passes on, or tells `otherwise`")
    otherwise: Maybe[Texts] = Field(None, description="who hears of it outside the calendar")

    @model_validator(mode="after")
    def _outside_of_what(self) -> "Route":
        if self.otherwise is not None and self.during is None:
            raise UnusableError("`otherwise` says who hears outside a calendar; add `during: NAME`, or take it out")
        return self


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
    calendars: Annotated[tuple[Calendar, ...], Field(description="named days and hours, for `during`")] = ()

    def receiver(self, name: str) -> Receiver | None:
        """Return the receiver of that name."""
        return next((receiver for receiver in self.receivers if receiver.name == name), None)

    def explains(self) -> dict[str, Explain]:
        """Return what each receiver may see of the rule, by its name."""
        return {receiver.name: receiver.explain for receiver in self.receivers}

    def with_terminal(self) -> "Routes":
        """Return these routes for a Newswire without a Slack token: the terminal hears what every receiver would, once."""
        here = (TERMINAL_NAME,)
        routes = tuple(route.model_copy(update={"to": here, "otherwise": here if route.otherwise else None}) for route in self.route.routes)
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


def receivers_for(routes: Routes, labelled: Labelled, also: tuple[str, ...] = (), *, at: datetime) -> tuple[str, ...]:
    """Return the names of all who hear of it at that moment, each once: those of the first matching route (and on, past `continue`), then `also`.

    `also` are the receivers that the watchlist itself names under `to`; after `with_terminal` they are all the terminal. What is for a digest goes
    to the digest's own receiver at once: nothing gathers digests yet.
    """
    calendars = {calendar.name: calendar for calendar in routes.calendars}
    found: list[str] = []
    for route in routes.route.routes:
        if not fits(route.match, labelled):
            continue
        here = route.to if route.during is None or calendars[route.during].covers(at) else route.otherwise
        if here is None:
            continue
        found.extend(here)
        if not route.continue_:
            break
    else:
        if not found:
            found.extend(routes.route.to)
    receivers = {receiver.name: receiver for receiver in routes.receivers}
    named = (name if name in receivers else TERMINAL_NAME for name in (*found, *also))
    told = (one.digest.to if (one := receivers.get(name)) and one.digest else name for name in named)
    return tuple(name for name in dict.fromkeys(told) if name in receivers)


def fits(asked: RouteMatch, labelled: Labelled) -> bool:
    """Return whether everything that a route asks for is so."""
    return (
        labelled.severity in asked.severity
        and labelled.label in asked.label
        and (not asked.watchlist or labelled.watchlist in asked.watchlist)
        and (not asked.tags or not set(asked.tags).isdisjoint(labelled.tags))
    )
