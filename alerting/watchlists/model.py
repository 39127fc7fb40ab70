"""A watchlist as it stands in `config/watchlists/NAME.yaml`, and what each of its keys may hold (WATCHLISTS.md)."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from alerting.watchlists import expression
from alerting.watchlists.faults import UnusableError
from alerting.watchlists.fields import (
    MAX_WORDS,
    Choice,
    ChoiceField,
    ConditionText,
    Count,
    Day,
    Duration,
    HeldField,
    LabelField,
    Labels,
    Maybe,
    Moment,
    Pins,
    Score,
    SeverityField,
    Text,
    Texts,
    Truth,
    one_of,
    plain_schema,
)
from alerting.watchlists.strict import STRICT
from alerting.watchlists.telling import Alerting
from alerting.watchlists.terms import ListOfTerms, Term
from newswire.records import Label, Severity

NAME_PATTERN: Final = r"[a-z0-9][a-z0-9-]{0,62}"
DEFAULT_MAX_AGE: Final = timedelta(hours=72)
MAX_SELECTIONS: Final = 100


class Status(StrEnum):
    """How far a watchlist is from its readers."""

    DRAFT = "draft"  # checked and tested only
    STAGED = "staged"  # counted, not sent
    ACTIVE = "active"
    MUTED = "muted"


def _some(raw: object) -> object:
    if not isinstance(raw, list | tuple):
        raise UnusableError(f"a list is due here: [{raw}]" if isinstance(raw, str) else "a list is due here: [one, two]")
    if not 0 < len(raw) <= MAX_WORDS:
        raise UnusableError(
            f"{len(raw)} entries are too many; at most {MAX_WORDS}" if raw else "this list is empty; take the key out, or fill it"
        )
    return raw


Terms = Annotated[tuple[Term, ...], BeforeValidator(_some), Field(json_schema_extra={"minItems": 1})]


class AtLeast(BaseModel):
    """So many of the terms must be found."""

    model_config = STRICT
    n: Count
    of: Terms

    @model_validator(mode="after")
    def _enough(self) -> "AtLeast":
        if self.n > len(self.of) and not any(isinstance(term, ListOfTerms) for term in self.of):
            raise UnusableError(f"n is {self.n}, but there are only {len(self.of)} terms")
        return self


class When(BaseModel):
    """One block of conditions: every key that is present must hold."""

    model_config = STRICT
    any: Maybe[Terms] = Field(None, description="at least one of the terms is found")
    all: Maybe[Terms] = Field(None, description="every one of the terms is found")
    none: Maybe[Terms] = Field(None, description="not one of the terms is found; never shown as evidence")
    at_least: Maybe[AtLeast] = Field(None, description="{n: 2, of: [terms]}")
    partners: Maybe[ChoiceField] = Field(None, description="an engaged foreign country is one of these: a list's name, [US, KR] or any")
    countries: Maybe[ChoiceField] = Field(None, description="one of these is named at all, whatever its role")
    home: Maybe[ChoiceField] = Field(None, description="the engaging government is one of these")
    organisations: Maybe[ChoiceField] = Field(None, description="one of these bodies or companies is engaged")
    people: Maybe[ChoiceField] = Field(None, description="one of these people is in the item")
    topics: Maybe[ChoiceField] = Field(None, description="the item is about one of these")
    any_of: Maybe[Annotated[tuple["When", ...], BeforeValidator(_some)]] = Field(None, description="blocks, one of which must hold")

    @model_validator(mode="after")
    def _positive(self) -> "When":
        present = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if not present:
            raise UnusableError("this block is empty; write what must hold, such as `any: [gaming industry]` or `partners: any`")
        if present == ["none"]:
            raise UnusableError("a condition of exclusions alone would match nearly everything; add what must be there beside `none`")
        return self


def _kind_of_if(raw: object) -> str:
    return "block-of-conditions" if isinstance(raw, Mapping | When) else "condition-over-selections"


class SeverityIf(BaseModel):
    """Another severity, where something more holds. Of several the first that holds counts."""

    model_config = STRICT
    if_: Annotated[
        Annotated[ConditionText, Tag("condition-over-selections")] | Annotated[When, Tag("block-of-conditions")],
        Discriminator(_kind_of_if),
        Field(alias="if", description="a condition over the selections, or a block like `when`"),
    ]
    set: Annotated[SeverityField, Field(description="the severity then")]


class InlineItem(BaseModel):
    """The news item of a test; what is not given is worked out by the real understanding."""

    model_config = STRICT
    title: Text
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


class InlineTest(BaseModel):
    """What a watchlist must do with one item."""

    model_config = STRICT
    name: Maybe[Text] = None
    item: InlineItem
    alert: Truth
    severity: Maybe[SeverityField] = None
    because: Maybe[Texts] = Field(None, description="what the alert must name: terms as written, 'partner US', or selections")
    held: Maybe[HeldField] = Field(None, description="why it must stay silent")

    @model_validator(mode="after")
    def _agree(self) -> "InlineTest":
        if self.alert and self.held is not None:
            raise UnusableError("`held` says why an item is silent; it cannot stand beside `alert: true`")
        if not self.alert and (self.because or self.severity):
            raise UnusableError("`because` and `severity` are for `alert: true`; for a silence write `held: condition`")
        return self


def _named(raw: object) -> object:
    if not isinstance(raw, Mapping):
        raise UnusableError("selections are named blocks of conditions: {gaming: {any: [esports]}}")
    if not 0 < len(raw) <= MAX_SELECTIONS:
        raise UnusableError(
            f"{len(raw)} selections are too many; at most {MAX_SELECTIONS}"
            if raw
            else "there is no selection here; take the key out, or name one"
        )
    return raw


def _selection_name(raw: object) -> object:
    if not isinstance(raw, str) or not re.fullmatch(expression.NAME_PATTERN, raw) or raw.lower() in expression.RESERVED:
        reserved = isinstance(raw, str) and raw.lower() in expression.RESERVED
        why = "is a word of the condition itself" if reserved else "cannot be said in a condition"
        raise UnusableError(
            f"a selection cannot be called {str(raw)[:40]!r}, which {why}; letters, digits, _ and - make a name, such as gaming"
        )
    return raw


SelectionName = Annotated[str, BeforeValidator(_selection_name)]
Selections = Annotated[dict[SelectionName, When], BeforeValidator(_named)]


def _one_way(schema: dict[str, Any]) -> None:
    """Say in the JSON Schema that a watchlist has either `when` or `selections` with a `condition`."""
    plain_schema(schema)
    schema["oneOf"] = [{"required": ["when"]}, {"required": ["selections", "condition"]}]
    schema["properties"]["selections"]["propertyNames"] = {
        "pattern": f"^{expression.NAME_PATTERN}$",
        "not": {"enum": sorted(expression.RESERVED)},
    }


class Watchlist(BaseModel):
    """The whole of a watchlist's file. Its name is the file's name."""

    model_config = ConfigDict(**{**STRICT, "json_schema_extra": _one_way})
    title: Text = Field(description="what the message says above the headline")
    severity: SeverityField = Severity.MEDIUM
    status: Annotated[Status, BeforeValidator(one_of(Status, "status"))] = Status.ACTIVE
    owner: Maybe[Text] = None
    description: Maybe[Text] = None
    tags: Texts = ()
    falsepositives: Texts = ()
    review_by: Maybe[Day] = Field(None, description="past this day `newswire check` warns")
    label: Labels = frozenset({Label.DIPLOMACY})
    min_score: Maybe[Score] = Field(None, description="least score of the label; the model's threshold where it is missing")
    when: Maybe[When] = Field(None, description="what must hold; every key that is present must")
    selections: Maybe[Selections] = Field(
        None, description="blocks of conditions by name, for `condition`", json_schema_extra={"minProperties": 1}
    )
    condition: Maybe[ConditionText] = Field(None, description="which selections must hold: gaming and (policy or partner) and not betting")
    severity_if: Annotated[
        tuple[SeverityIf, ...], Field(description="[{if: a condition or a block like `when`, set: high}]; the first that holds counts")
    ] = ()
    languages: Maybe[Texts] = None
    sources: Maybe[ChoiceField] = Field(None, description="addresses or hosts of feeds, or the name of a list")
    outlets: Maybe[Texts] = None
    countries_of_outlet: Maybe[ChoiceField] = None
    max_age: Duration = Field(DEFAULT_MAX_AGE, description="older items do not alert", json_schema_extra={"default": "72h"})
    to: Texts = Field((), description="receivers by name, beside what the routes say")
    alert: Annotated[Alerting, Field(description="updates, update_every, realert, cap, explain")] = Alerting()
    tests: tuple[InlineTest, ...] = ()


class NamedList(BaseModel):
    """The whole of a list's file: a title, and words of one kind, its own and those of the lists it includes."""

    model_config = STRICT
    title: Text
    countries: Maybe[Texts] = None
    terms: Maybe[Terms] = None
    organisations: Maybe[Texts] = None
    sources: Maybe[Texts] = None
    people: Maybe[Texts] = None
    include: Texts = ()

    @model_validator(mode="after")
    def _one_kind(self) -> "NamedList":
        kinds = [kind for kind in LIST_KINDS if getattr(self, kind) is not None]
        if len(kinds) > 1:
            raise UnusableError(f"a list holds one kind of word; this one has {' and '.join(kinds)}: make two lists of it")
        if not kinds and not self.include:
            raise UnusableError(f"an empty list; it needs one of {', '.join(LIST_KINDS)}, or include")
        return self

    @property
    def kind(self) -> str | None:
        """Which of `LIST_KINDS` its own words are; None where it only includes others."""
        return next((kind for kind in LIST_KINDS if getattr(self, kind) is not None), None)


LIST_KINDS: Final = ("countries", "terms", "organisations", "sources", "people")

CHOICES: Final[dict[str, tuple[str, str]]] = {
    "partners": ("countries", "partner"),
    "countries": ("countries", "country"),
    "home": ("countries", "home"),
    "organisations": ("organisations", "organisation"),
    "people": ("people", "person"),
    "topics": ("topics", "topic"),
}
"""Each key of `when` that chooses among what was understood: the kind of list it takes, and what `because` calls a value of it."""


def blocks_of(watchlist: Watchlist) -> Iterator[When]:
    """Yield every block of conditions that a watchlist has: `when`, its selections, and those of `severity_if`."""
    if watchlist.when is not None:
        yield watchlist.when
    yield from (watchlist.selections or {}).values()
    yield from (one.if_ for one in watchlist.severity_if if isinstance(one.if_, When))


def choices(when: When) -> list[tuple[str, Choice]]:
    """Return the choosing keys that are present in this block, in the order of WATCHLISTS.md."""
    found: list[tuple[str, Any]] = [(key, getattr(when, key)) for key in CHOICES]
    return [(key, choice) for key, choice in found if choice is not None]
