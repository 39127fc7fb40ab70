"""`config/routes.yaml`: which receivers hear of a match, by severity, label, tags and watchlist. Pure; sending is the outbox's work."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema, model_validator

from alerting.calendars import Calendar, DayField, TimeOfDay, Zone
from alerting.watchlists.faults import UnusableError
from alerting.watchlists.fields import Count, Labels, Maybe, Severities, Text, Texts, Truth
from alerting.watchlists.model import NAME_PATTERN
from alerting.watchlists.strict import STRICT
from alerting.watchlists.telling import Explain, ExplainField
from newswire.records import Label, Severity

TERMINAL_NAME: Final = "terminal"
KINDS: Final = ("slack", "terminal", "webhook", "slack_webhook", "email", "digest")


def _channel(raw: object) -> object:
    if isinstance(raw, str) and raw.startswith(("xox", "https://hooks.")):
        raise UnusableError("this looks like a secret; the token comes from NEWSWIRE_SLACK_TOKEN, never from YAML")
    return raw


class Slack(BaseModel):
    """A Slack channel. The token comes from the environment, never from YAML."""

    model_config = STRICT
    channel: Annotated[Text, BeforeValidator(_channel)] = Field(description='"#it-diplomacy", or a channel\'s id')


def _variable(raw: object) -> object:
    if isinstance(raw, str) and ("://" in raw or raw.startswith(("xox", "whsec_"))):
        raise UnusableError("this looks like an address or a secret; write the name of the environment variable that holds it")
    if not isinstance(raw, str) or not re.fullmatch("[A-Z][A-Z0-9_]{2,99}", raw):
        # What stands here is not shown: it may be the secret itself.
        raise UnusableError("the name of an environment variable is due here, in capitals, such as NEWSWIRE_ARCHIVE_URL")
    return raw


Variable = Annotated[str, BeforeValidator(_variable), WithJsonSchema({"type": "string", "pattern": "^[A-Z][A-Z0-9_]{2,99}$"})]


class Webhook(BaseModel):
    """An address that takes JSON by POST, signed."""

    model_config = STRICT
    url_env: Annotated[Variable, Field(description="the environment variable that holds the address; never the address itself")]
    secret_env: Annotated[
        Maybe[Variable], Field(description="the variable of the secret that signs; NEWSWIRE_WEBHOOK_SECRET where it is missing")
    ] = None


class SlackWebhook(BaseModel):
    """A Slack incoming webhook: posts alone, without threads, edits or a look whether something arrived."""

    model_config = STRICT
    url_env: Annotated[Variable, Field(description="the environment variable that holds the address; never the address itself")]


_MAIL_PATTERN: Final = r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"


def _mail_address(raw: object) -> object:
    if not isinstance(raw, str) or len(raw) > 254 or not re.fullmatch(_MAIL_PATTERN, raw):
        raise UnusableError(f"a mail address is due here, such as desk@ministry.example, not {str(raw)[:60]!r}")
    return raw


def _mail_addresses(raw: object) -> object:
    several = raw if isinstance(raw, list | tuple) else (raw,)
    if not 1 <= len(several) <= _RECIPIENTS_MOST:
        raise UnusableError(f"one to {_RECIPIENTS_MOST} mail addresses are due here, not {len(several)}; a mailing list reaches more")
    return tuple(_mail_address(one) for one in several)


_RECIPIENTS_MOST: Final = 50
_MAIL_SCHEMA: Final = {"type": "string", "format": "email"}


class Email(BaseModel):
    """Mail addresses, through the SMTP server that the environment names."""

    model_config = STRICT
    to: Annotated[
        tuple[str, ...],
        BeforeValidator(_mail_addresses),
        WithJsonSchema({"anyOf": [_MAIL_SCHEMA, {"type": "array", "items": _MAIL_SCHEMA, "minItems": 1, "maxItems": _RECIPIENTS_MOST}]}),
        Field(description="who gets the mail: one address, or a list"),
    ]
    from_: Annotated[str, BeforeValidator(_mail_address), WithJsonSchema(_MAIL_SCHEMA)] = Field(
        alias="from", description="whose mail it is; its domain must be one that the SMTP server may send for"
    )


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


DEFAULT_CHANNEL_CAP: Final = 60
"""Messages an hour, one a minute: past it a channel is no longer read, it is scrolled."""


class ChannelCap(BaseModel):
    """How many alerts an hour a receiver hears at once."""

    model_config = STRICT
    per_hour: Annotated[Count, Field(description="alerts an hour, whichever watchlists they are of; the others are told in a digest")]


class Receiver(BaseModel):
    """Somebody who can be told. Just one of the kinds is given."""

    model_config = STRICT
    name: Annotated[str, Field(pattern=f"^{NAME_PATTERN}$", description="how routes and watchlists name it")]
    slack: Annotated[Maybe[Slack], Field(description='{channel: "#it-diplomacy"}')] = None
    terminal: Annotated[Maybe[Terminal], Field(description="{}: the terminal that Newswire runs on")] = None
    webhook: Annotated[Maybe[Webhook], Field(description="{url_env: NEWSWIRE_ARCHIVE_URL}")] = None
    slack_webhook: Annotated[Maybe[SlackWebhook], Field(description="{url_env: NEWSWIRE_TEAM_URL}: no threads, no edits")] = None
    email: Annotated[Maybe[Email], Field(description="{to: [desk@ministry.example], from: newswire@ministry.example}")] = None
    digest: Annotated[Maybe[Digest], Field(description='{to: desk, at: "07:00", days: [mon, fri], zone: Asia/Karachi}')] = None
    cap: Annotated[
        Maybe[ChannelCap], Field(description="{per_hour: 60}: what is over it is told in a digest; a webhook has none of itself")
    ] = None
    explain: Annotated[ExplainField, Field(description="what this receiver may see of the rule: full, words or none")] = Explain.FULL

    @property
    def kinds(self) -> tuple[str, ...]:
        """The keys given that say what it is; one, once it is checked."""
        return tuple(name for name in KINDS if getattr(self, name) is not None)

    @property
    def per_hour(self) -> int | None:
        """How many alerts an hour it hears at once, None for any number: a program reads what a webhook gets."""
        if self.cap is not None:
            return self.cap.per_hour
        return None if self.webhook is not None else DEFAULT_CHANNEL_CAP

    @model_validator(mode="after")
    def _one_kind(self) -> "Receiver":
        if len(self.kinds) != 1:
            raise UnusableError(
                f"receiver {self.name!r} needs {'just ' if self.kinds else ''}one of `slack: {{channel: …}}`, `terminal: {{}}`, `webhook: {{url_env: …}}`, "
                "`slack_webhook: {url_env: …}`, `email: {to: […], from: …}`, `digest: {to: …, at: …}`"
            )
        if self.digest is not None and self.cap is not None:
            raise UnusableError(
                f"the digest {self.name!r} holds all that is gathered for it; give the cap to {self.digest.to!r}, or take it out"
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

    def places(self) -> dict[str, str]:
        """Return what readers call a receiver where they do not know its name: a Slack channel, as it is written here."""
        return {receiver.name: receiver.slack.channel for receiver in self.receivers if receiver.slack is not None}

    def with_terminal(self) -> "Routes":
        """Return these routes for a Newswire without a Slack token: the terminal hears what each Slack channel would, once.

        Who is reached without that token (webhooks, mail) is told as ever.
        """
        kept = [one for one in self.receivers if one.slack is None and one.terminal is None and one.name != TERMINAL_NAME]
        names = {one.name for one in kept}
        here = {one.name: one.name if one.name in names else TERMINAL_NAME for one in self.receivers}

        def moved(told: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(dict.fromkeys(here.get(name, name) for name in told))

        digests = {one.name: one.digest.model_copy(update={"to": here.get(one.digest.to, one.digest.to)}) for one in kept if one.digest}
        receivers = [one.model_copy(update={"digest": digests[one.name]}) if one.name in digests else one for one in kept]
        if len(kept) < len(self.receivers):
            receivers.append(Receiver(name=TERMINAL_NAME, terminal=Terminal()))
        routes = tuple(
            route.model_copy(update={"to": moved(route.to), "otherwise": moved(route.otherwise) if route.otherwise else None})
            for route in self.route.routes
        )
        return self.model_copy(
            update={
                "receivers": tuple(receivers),
                "route": RouteTable(to=moved(self.route.to), routes=routes),
                "fallback": here.get(self.fallback, self.fallback) if self.fallback else None,
                "ops": here.get(self.ops, self.ops) if self.ops else None,
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


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody who hears of a match: a receiver, or a digest that gathers for one."""

    receiver: str
    calendar: str | None = None  # outside of which it came, where it is told here by `otherwise` alone


def receivers_for(routes: Routes, labelled: Labelled, also: tuple[str, ...] = (), *, at: datetime) -> tuple[str, ...]:
    """Return the names of all who hear of it at that moment, digests among them, each once, as `reached` finds them."""
    return tuple(one.receiver for one in reached(routes, labelled, also, at=at))


def reached(routes: Routes, labelled: Labelled, also: tuple[str, ...] = (), *, at: datetime) -> tuple[Reached, ...]:
    """Return all who hear of it at that moment, each once: those of the first matching route (and on, past `continue`), then `also`.

    `also` are the receivers that the watchlist itself names under `to`; after `with_terminal` those that are gone are the terminal.
    """
    calendars = {calendar.name: calendar for calendar in routes.calendars}
    found: list[tuple[str, str | None]] = []
    for route in routes.route.routes:
        if not fits(route.match, labelled):
            continue
        outside = None if route.during is None or calendars[route.during].covers(at) else route.during
        here = route.otherwise if outside else route.to
        if here is None:
            continue
        found.extend((name, outside) for name in here)
        if not route.continue_:
            break
    else:
        if not found:
            found.extend((name, None) for name in routes.route.to)
    found.extend((name, None) for name in also)
    known = {receiver.name for receiver in routes.receivers}
    told: dict[str, str | None] = {}
    for name, outside in ((name if name in known else TERMINAL_NAME, outside) for name, outside in found):
        told[name] = outside if name not in told else told[name] and outside
    return tuple(Reached(name, outside) for name, outside in told.items() if name in known)


def followers(routes: Routes, labelled: Labelled, also: tuple[str, ...] = (), *, at: datetime) -> tuple[str, ...]:
    """Return the names of those who would hear of it at that moment if it were of another severity, and do not as it is.

    Whoever was told of a story hears how it goes on, also where its severity leads elsewhere by now.
    """
    if all(route.match.severity >= frozenset(Severity) for route in routes.route.routes):
        return ()
    here = receivers_for(routes, labelled, also, at=at)
    others = (replace(labelled, severity=severity) for severity in Severity if severity is not labelled.severity)
    found = dict.fromkeys(name for one in others for name in receivers_for(routes, one, also, at=at))
    return tuple(name for name in found if name not in here)


def fits(asked: RouteMatch, labelled: Labelled) -> bool:
    """Return whether everything that a route asks for is so."""
    return (
        labelled.severity in asked.severity
        and labelled.label in asked.label
        and (not asked.watchlist or labelled.watchlist in asked.watchlist)
        and (not asked.tags or not set(asked.tags).isdisjoint(labelled.tags))
    )
