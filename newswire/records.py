"""The records that travel: `Item` → `Report` → `Decision` → `Delivery`, and `DeadLetter` for what could not be handled.

All are frozen. Times are aware and in UTC. Country codes are ISO 3166-1 alpha-2 (XK for Kosovo), languages ISO 639-1,
topics the ids of `config/taxonomy/topics.yaml`. A field may be added with a default; its meaning never changes
(`newswire.codec` holds the schema versions).
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from newswire.outcomes import AlertReason, DeadReason, HoldReason, SendOutcome, Stage


class Basis(StrEnum):
    """What a report was made from."""

    FEED = "feed"
    PAGE = "page"


class Label(StrEnum):
    """What an item is about; the policy is corpus/README.md."""

    DIPLOMACY = "diplomacy"
    DOMESTIC = "domestic"
    OTHER = "other"


class Severity(StrEnum):
    """How much a reader should care, least first."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for `info` to 4 for `critical`."""
        return list(Severity).index(self)


class Field(StrEnum):
    """Where in an item a span of evidence stands."""

    TITLE = "title"
    LEAD = "lead"  # the feed's summary
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Item:
    """One new or revised entry, as the source gave it, cleaned once (`newswire.text.clean`) and otherwise unchanged."""

    item_id: str  # hash of the canonical URL, else of source id + raw guid; 32 hex digits
    revision: str  # hash of the normalised title and text; 16 hex digits
    source_id: str  # 12 hex digits, from the source's configured URL
    source_url: str
    outlet: str
    outlet_country: str | None
    language_hint: str | None  # the source's configured language, else the feed's own word
    url: str | None  # the canonical link; None where the entry has only a guid
    guid: str | None
    title: str
    summary: str  # plain text
    content: str  # plain text of content:encoded and the like; empty where the feed carries none
    published_at: datetime | None  # None: undated
    seen_at: datetime
    backlog: bool  # came with the first poll of its source
    trace_id: str

    @property
    def dated_at(self) -> datetime:
        """When it was published, else when it was first seen."""
        return self.published_at or self.seen_at


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one field of the report, [start, end) in characters, as it stands there."""

    field: Field
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One named reason for the label, with the words that gave it and what it weighed (in the label's log-odds)."""

    name: str
    weight: float
    span: Span | None = None


class DecidedBy(StrEnum):
    """Which step gave the label."""

    EVIDENCE = "evidence"  # the linear model over named evidence and words
    READER = "reader"  # that and the pre-trained encoder together, where evidence alone left it open


class Role(StrEnum):
    """What part a country plays in an item."""

    HOME = "home"
    PARTNER = "partner"
    MENTIONED = "mentioned"


@dataclass(frozen=True, slots=True)
class CountryMention:
    """A country that the item names, in its role, with the first words that named it."""

    code: str
    role: Role
    span: Span


@dataclass(frozen=True, slots=True)
class Report:
    """An item, its text, and what was understood of it. `item.content` is empty here: the text used stands in `text`."""

    item: Item
    basis: Basis
    final: bool  # no further report of this revision follows
    text: str  # the body: the page's article text, or what the feed carried
    language: str
    label: Label
    score: float  # of `label`, 0 to 1
    scores: dict[str, float]  # of every label; they sum to 1
    home: str | None
    partners: tuple[str, ...]
    countries: tuple[CountryMention, ...]
    organisations: tuple[str, ...]
    people: tuple[str, ...]
    topics: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    model: str  # version of weights and taxonomy, 12 hex digits
    reported_at: datetime
    page_failure: str | None = None  # a FetchReason, ParseReason or PageReason; set where the page failed for good
    decided_by: DecidedBy = DecidedBy.EVIDENCE

    @property
    def waited_for(self) -> Basis:
        """Which text it was made after: a page that failed for good was waited for too, though the feed's own text is all there is."""
        return Basis.PAGE if self.page_failure else self.basis


class DecisionKind(StrEnum):
    """What alerting did with a report."""

    ALERT = "alert"
    JOIN = "join"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class WatchlistVerdict:
    """What one watchlist made of a report: matched on which words, or the first condition that did not hold, in words."""

    watchlist: str
    content_hash: str
    severity: Severity
    matched: bool
    reason: HoldReason | None  # None where it matched and may tell
    because: tuple[str, ...]  # the words found: terms as written in the watchlist, "partner US"
    missed: str | None  # 'label is domestic (0.93), wants diplomacy'; of a match that is held, why
    silence_id: str | None = None  # of the silence that held it


@dataclass(frozen=True, slots=True)
class Decision:
    """What alerting decided about one report, and why."""

    decision_id: str  # hash of (item id, revision, basis, final)
    story_id: str | None  # None where it was not clustered
    item_id: str
    revision: str
    basis: Basis
    kind: DecisionKind
    reason: AlertReason | HoldReason
    severity: Severity | None
    watchlists: tuple[WatchlistVerdict, ...]  # all that matched, the held ones with their reason; where none did, the nearest misses
    receivers: tuple[str, ...]
    title: str
    url: str | None
    decided_at: datetime
    trace_id: str


class MessageKind(StrEnum):
    """What an outbox row asks a receiver to do."""

    PARENT = "parent"  # the alert itself
    EDIT = "edit"  # of the parent
    REPLY = "reply"  # in the parent's thread
    DIGEST = "digest"  # many stories in one message; the further pages of a long one stand in its thread
    NOTICE = "notice"  # of Newswire itself, to those who operate it


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a receiver answered to one outbox row."""

    alert_id: str
    story_id: str
    receiver: str
    kind: MessageKind
    sequence: int
    outcome: SendOutcome
    reason: str | None  # the receiver's own code for a refusal
    channel: str | None
    reference: str | None  # Slack's `ts`
    at: datetime
    trace_id: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that a stage could not handle, whole, so that it can be replayed to the topic it came from."""

    dead_id: str
    stage: Stage
    topic: str  # without prefix
    key: str
    value_base64: str
    headers: dict[str, str]
    reason: DeadReason
    error: str
    attempts: int
    at: datetime
    trace_id: str = field(default="")
