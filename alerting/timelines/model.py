"""A timeline as it stands in `config/tests/NAME.yaml`: the items, when each is seen, and what the channel must see of them."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from alerting.routes import Routes
from alerting.timelines.moments import Offset
from alerting.timelines.silences import TimelineSilence
from alerting.watchlists.faults import UnusableError
from alerting.watchlists.fields import (
    Count,
    LabelField,
    Maybe,
    Moment,
    Pins,
    Score,
    SeverityField,
    Text,
    Texts,
    TextsOrNone,
    one_of,
    plain_schema,
)
from alerting.watchlists.model import InlineItem, Status
from alerting.watchlists.strict import STRICT
from alerting.watchlists.telling import Alerting
from newswire.outcomes import AlertReason
from newswire.records import Basis

MONDAY: Final = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
"""When a timeline begins that names no `start`: a Monday morning."""

MAX_STEPS: Final = 500  # of one timeline, and so many expectations


class Kind(StrEnum):
    """What a channel can see of a story."""

    POST = "post"  # a message of its own
    EDIT = "edit"  # of that message
    REPLY = "reply"  # in its thread
    DIGEST = "digest"  # a message about many stories


_FEEDS_OWN: Final = ("title", "summary", "published", "source", "waited")
"""What only a feed's entry says of an item."""


def _step_schema(schema: dict[str, Any]) -> None:
    plain_schema(schema)
    schema["anyOf"] = [{"required": ["item"]}, {"required": ["title"]}]


def _listed(raw: object) -> object:
    if not isinstance(raw, list | tuple):
        raise UnusableError("a list is due here, one entry a line: - {at: 0m, …}")
    if len(raw) > MAX_STEPS:
        raise UnusableError(f"{len(raw)} entries are too many; at most {MAX_STEPS}")
    return raw


def _some(raw: object) -> object:
    if not raw:
        raise UnusableError("nothing is seen in this timeline; write what comes, such as - {at: 0m, title: Ministers meet}")
    return _listed(raw)


class FeedStep(BaseModel):
    """One sighting: an item of `items` by its name, or one that is written here; what is written here goes before what stands there."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_step_schema)
    at: Offset = Field(description="when it is seen, since the start: 0m, 3m, 1h30m")
    item: Maybe[Text] = Field(
        None, description="the name of an item; the same name and outlet are the same item, revised where its words changed"
    )
    basis: Annotated[Basis, BeforeValidator(one_of(Basis, "basis")), WithJsonSchema({"enum": [*map(str, Basis)]})] = Field(
        Basis.FEED, description="page: its page was read, and `text` is what stood there"
    )
    waited: Maybe[Offset] = Field(None, description="how long it lay in Newswire's own queues before")
    title: Maybe[Text] = None
    summary: Maybe[Text] = None
    text: Maybe[Text] = None
    lang: Maybe[Text] = None
    published: Maybe[Moment] = None
    outlet: Maybe[Text] = None
    source: Maybe[Text] = None
    label: Maybe[LabelField] = None
    score: Maybe[Score] = None
    home: Maybe[Text] = None
    partners: Maybe[Pins] = None
    countries: Maybe[Pins] = None
    organisations: Maybe[Pins] = None
    people: Maybe[Pins] = None
    topics: Maybe[Pins] = None

    @model_validator(mode="after")
    def _whole(self) -> "FeedStep":
        if self.item is None and self.title is None:
            raise UnusableError("which item is seen here? write `item:` with a name from `items`, or a `title:`")
        if self.basis is Basis.PAGE and self.item is None:
            raise UnusableError("a page belongs to an item that a feed showed before; write that item under `items`, and its name here")
        feeds_own = [key for key in _FEEDS_OWN if getattr(self, key) is not None]
        if self.basis is Basis.PAGE and feeds_own:
            raise UnusableError(f"a page brings its `text`; `{feeds_own[0]}` comes with the feed, so write it in a step before this one")
        return self


class Expected(BaseModel):
    """What is asked of one thing that the channel sees. What is not given may be anything."""

    model_config = STRICT
    receiver: Maybe[Text] = Field(None, description="who sees it, as routes.yaml names them")
    watchlists: Maybe[Texts] = Field(None, description="it speaks for these, and maybe for others")
    severity: Maybe[SeverityField] = None
    title: Maybe[Text] = Field(None, description="stands in its headline; of a digest, in one of its lines")
    because: Maybe[TextsOrNone] = Field(
        None, description="what it names as its reasons: terms as written, or 'partner US'; [] where it may name none"
    )
    bold: Maybe[TextsOrNone] = Field(None, description="the words that stand in bold in the sentence that a post shows; [] for none")
    says: Maybe[Texts] = Field(
        None,
        description="this stands in the lines of a reply or a digest, such as 'New partner: Japan', or in what a post says of an earlier one",
    )
    outlets: Maybe[Count] = Field(None, description="how many outlets it counts")
    reason: Maybe[
        Annotated[AlertReason, BeforeValidator(one_of(AlertReason, "reason")), WithJsonSchema({"enum": [*map(str, AlertReason)]})]
    ] = Field(None, description="why it was sent")


def _expectation_schema(schema: dict[str, Any]) -> None:
    plain_schema(schema)
    schema["minProperties"] = schema["maxProperties"] = 2


class Expectation(BaseModel):
    """One thing that the channel must see at a moment."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_expectation_schema)
    at: Offset
    post: Maybe[Expected] = Field(None, description="a message of its own")
    edit: Maybe[Expected] = Field(None, description="a change of a message that was posted")
    reply: Maybe[Expected] = Field(None, description="a reply in the message's thread")
    digest: Maybe[Expected] = Field(None, description="a message about many stories")

    @model_validator(mode="after")
    def _one_kind(self) -> "Expectation":
        given = [kind for kind in Kind if getattr(self, kind) is not None]
        if len(given) != 1:
            said = f"one thing at a time, not {' and '.join(given)}" if given else "nothing is said of what is to be seen"
            raise UnusableError(f"{said}; write one of {', '.join(Kind)}, such as `post: {{receiver: desk}}`")
        return self

    @property
    def kind(self) -> Kind:
        """What is to be seen."""
        return next(kind for kind in Kind if getattr(self, kind) is not None)

    @property
    def wanted(self) -> Expected:
        """What is asked of it."""
        wanted: Expected = getattr(self, self.kind)
        return wanted


class Timeline(BaseModel):
    """The whole of a timeline's file."""

    model_config = STRICT
    title: Text = Field(description="what it shows, in one sentence")
    description: Maybe[Text] = None
    start: Moment = Field(MONDAY, description="when it begins; a Monday, 08:00 UTC, where it is missing")
    watchlists: Maybe[Texts] = Field(None, description="only these are in force; all of them where it is missing")
    status: dict[Text, Annotated[Status, BeforeValidator(one_of(Status, "status"))]] = Field(
        {}, description="the status that a watchlist has here, whatever its own file says"
    )
    alert: dict[Text, Alerting] = Field(
        {}, description="how a watchlist tells here, whatever its own file says: {gaming-partners: {updates: message, update_every: 5m}}"
    )
    routes: Maybe[Routes] = Field(
        None, description="who hears what, and when, in this timeline alone: a whole routes.yaml; that of the desk where it is missing"
    )
    items: dict[Text, InlineItem] = Field({}, description="items by name, for those that are seen more than once")
    feed: Annotated[tuple[FeedStep, ...], BeforeValidator(_some), Field(json_schema_extra={"minItems": 1, "maxItems": MAX_STEPS})]
    expect: Annotated[tuple[Expectation, ...], BeforeValidator(_listed), Field(json_schema_extra={"maxItems": MAX_STEPS})] = ()
    silences: Annotated[tuple[TimelineSilence, ...], BeforeValidator(_listed), Field(json_schema_extra={"maxItems": MAX_STEPS})] = Field(
        (), description="what somebody asks not to be told of for a while: [{watchlist: NAME, from: 5m, for: 4h}]"
    )
    until: Offset = Field(timedelta(hours=24), description="nothing else is to be seen until then", json_schema_extra={"default": "24h"})
