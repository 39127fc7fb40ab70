"""A watchlist as it stands in `config/watchlists/NAME.yaml`, and what each of its keys may hold (WATCHLISTS.md)."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from alerting.watchlists.faults import UnusableError
from alerting.watchlists.fields import (
    MAX_WORDS,
    Choice,
    ChoiceField,
    Count,
    Day,
    Duration,
    HeldField,
    LabelField,
    Labels,
    Maybe,
    Moment,
    NotYet,
    Pins,
    Score,
    SeverityField,
    Text,
    Texts,
    Truth,
    one_of,
    plain_schema,
)
from alerting.watchlists.terms import ListOfTerms, Term
from newswire.records import Label, Severity

NAME_PATTERN: Final = r"[a-z0-9][a-z0-9-]{0,62}"
DEFAULT_MAX_AGE: Final = timedelta(hours=72)

STRICT: Final = ConfigDict(extra="forbid", frozen=True, json_schema_extra=plain_schema)


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
            raise UnusableError("`when` is empty; write what must hold, such as `any: [gaming industry]` or `partners: any`")
        if present == ["none"]:
            raise UnusableError("a condition of exclusions alone would match nearly everything; add what must be there beside `none`")
        return self


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
    because: Maybe[Texts] = Field(None, description="what the alert must name: terms as written, or 'partner US'")
    held: Maybe[HeldField] = Field(None, description="why it must stay silent")

    @model_validator(mode="after")
    def _agree(self) -> "InlineTest":
        if self.alert and self.held is not None:
            raise UnusableError("`held` says why an item is silent; it cannot stand beside `alert: true`")
        if not self.alert and (self.because or self.severity):
            raise UnusableError("`because` and `severity` are for `alert: true`; for a silence write `held: condition`")
        return self


class Watchlist(BaseModel):
    """The whole of a watchlist's file. Its name is the file's name."""

    model_config = STRICT
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
    when: When
    languages: Maybe[Texts] = None
    sources: Maybe[ChoiceField] = Field(None, description="addresses or hosts of feeds, or the name of a list")
    outlets: Maybe[Texts] = None
    countries_of_outlet: Maybe[ChoiceField] = None
    max_age: Duration = Field(DEFAULT_MAX_AGE, description="older items do not alert", json_schema_extra={"default": "72h"})
    to: Texts = Field((), description="receivers by name, beside what the routes say")
    tests: tuple[InlineTest, ...] = ()
    selections: NotYet = None
    condition: NotYet = None
    severity_if: NotYet = None
    alert: NotYet = None


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


def choices(when: When) -> list[tuple[str, Choice]]:
    """Return the choosing keys that are present in this block, in the order of WATCHLISTS.md."""
    found: list[tuple[str, Any]] = [(key, getattr(when, key)) for key in CHOICES]
    return [(key, choice) for key, choice in found if choice is not None]
