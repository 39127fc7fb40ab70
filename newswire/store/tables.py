"""Every table of the store, for SQLite and PostgreSQL alike. Times are seconds since 1970 UTC; JSON stands in text columns."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
)

feeds: Final = Table(
    "feeds",
    METADATA,
    Column("source_id", String(12), primary_key=True),
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False),  # of the URL that is polled: configured, or learned from permanent redirects
    Column("learned_url", Text),
    Column("redirect_target", Text),  # the permanent redirect last seen, adopted after three equal ones
    Column("redirect_count", Integer, nullable=False, default=0),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", String(64)),
    Column("interval_s", Double, nullable=False),
    Column("next_due_at", Double, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until", Double, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),  # in a row
    Column("first_read_at", Double),  # None: its first poll, the backlog, is still to come
    Column("polled_at", Double),
    Column("succeeded_at", Double),
    Column("outcome", String(16)),  # PollOutcome
    Column("reason", String(32)),
    Column("detail", Text),
    Column("entries", Integer, nullable=False, default=0),  # listed at the last read
    Column("gone_at", Double),  # 410: retired, with a notice
    Column("configured", Boolean, nullable=False, default=True),  # false: no longer in the configuration, kept for its state
    Index(None, "next_due_at"),
    # Few of many rows: who is leased must not be looked for in all of them.
    Index("ix_feeds_leased", "lease_until", sqlite_where=text("lease_until > 0"), postgresql_where=text("lease_until > 0")),
)

seen: Final = Table(
    "seen",
    METADATA,
    Column("source_id", String(12), primary_key=True),
    Column("item_id", String(32), primary_key=True),
    Column("revision", String(16), nullable=False),
    Column("first_seen_at", Double, nullable=False),
    Column("listed_at", Double, nullable=False),  # last poll that still listed it
    Index(None, "item_id"),
)

hosts: Final = Table(
    "hosts",
    METADATA,
    Column("host", Text, primary_key=True),
    Column("next_at", Double, nullable=False, default=0),  # spacing
    Column("owner", Text),  # who has a request in flight
    Column("held_until", Double, nullable=False, default=0),
    Column("down_until", Double, nullable=False, default=0),  # Retry-After, or back-off after failures
    Column("failures", Integer, nullable=False, default=0),
    Column("robots", Text),
    Column("robots_reason", String(32)),  # FetchReason of the last robots.txt fetch
    Column("robots_until", Double, nullable=False, default=0),
    Column("crawl_delay_s", Double),  # the spacing that its robots.txt asks for
)

pages: Final = Table(
    "pages",
    METADATA,
    Column("item_id", String(32), primary_key=True),
    Column("revision", String(16), primary_key=True),
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("item", LargeBinary, nullable=False),  # the encoded Item
    Column("added_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("reason", String(32)),  # of the last failed attempt
    Column("lease_owner", Text),
    Column("lease_until", Double, nullable=False, default=0),
    Index(None, "due_at"),
)

trail: Final = Table(
    "trail",
    METADATA,
    Column("item_id", String(32), primary_key=True),
    Column("revision", String(16), primary_key=True),
    Column("stage", String(16), primary_key=True),  # Stage
    Column("step", String(96), primary_key=True, default=""),  # basis for `alert`, receiver and kind for `deliver`
    Column("outcome", String(32), nullable=False),
    Column("reason", String(64)),  # as long as a receiver's own code may be
    Column("detail", Text),  # JSON
    Column("at", Double, nullable=False),
    Index(None, "at"),
)

archive: Final = Table(
    "archive",
    METADATA,
    Column("item_id", String(32), primary_key=True),
    Column("revision", String(16), primary_key=True),
    Column("basis", String(8), primary_key=True),
    Column("final", Boolean, primary_key=True),
    Column("report", LargeBinary, nullable=False),  # the encoded Report
    Column("story_id", String(32)),
    Column("label", String(16), nullable=False),
    Column("score", Double, nullable=False),
    Column("dated_at", Double, nullable=False),
    Column("archived_at", Double, nullable=False),
    Column("whole", Boolean, nullable=False, server_default=true()),  # false: the article's text is no longer in it
    Index(None, "archived_at"),
    Index(None, "story_id"),
    # Those that still have a text are few beside those that were kept without: they must not be looked for in all.
    Index("ix_archive_whole", "archived_at", sqlite_where=text("whole IS 1"), postgresql_where=text("whole IS true")),
)

search: Final = Table(
    "search",
    METADATA,
    Column("row_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),  # of `search_words`
    Column("item_id", String(32), nullable=False),
    Column("dated_at", Double, nullable=False),
    Column("label", String(16), nullable=False),
    Column("countries", Text, nullable=False),  # home and partners, each between two spaces
    UniqueConstraint("item_id"),
    Index(None, "dated_at"),
)

search_due: Final = Table(
    "search_due",
    METADATA,
    Column("item_id", String(32), primary_key=True),
    Column("revision", String(16), primary_key=True),
    Column("basis", String(8), primary_key=True),
    Column("final", Boolean, primary_key=True),
    Column("at", Double, nullable=False),  # archived, or shortened
    Index(None, "at"),
)

stories: Final = Table(
    "stories",
    METADATA,
    Column("story_id", String(32), primary_key=True),
    Column("opened_at", Double, nullable=False),
    Column("last_at", Double, nullable=False),  # newest report's date
    Column("title", Text, nullable=False),
    Column("facts", Text, nullable=False),  # JSON: what clustering and rendering need, by member item
    Index(None, "last_at"),
)

story_marks: Final = Table(
    "story_marks",
    METADATA,
    Column("mark", String(80), primary_key=True),  # what a told story can be known by when it returns: who engages whom, a name, a body
    Column("story_id", String(32), primary_key=True),
    Column("at", Double, nullable=False),  # date of the report that told it
    Index(None, "mark", "at"),
    Index(None, "story_id"),
)

story_items: Final = Table(
    "story_items",
    METADATA,
    Column("item_id", String(32), primary_key=True),
    Column("story_id", String(32), nullable=False),
    Column("joined_at", Double, nullable=False),
    Index(None, "story_id"),
)

decisions: Final = Table(
    "decisions",
    METADATA,
    Column("decision_id", String(32), primary_key=True),
    Column("item_id", String(32), nullable=False),
    Column("revision", String(16), nullable=False),
    Column("basis", String(8), nullable=False),
    Column("story_id", String(32)),
    Column("kind", String(8), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("record", LargeBinary, nullable=False),  # the encoded Decision
    Column("decided_at", Double, nullable=False),
    Column("published", Boolean, nullable=False, default=False),  # on news.alerts
    Index(None, "item_id"),
    Index(None, "published"),
    Index(None, "decided_at"),
)

matches: Final = Table(
    "matches",
    METADATA,
    Column("watchlist", String(64), primary_key=True),
    Column("item_id", String(32), primary_key=True),
    Column("revision", String(16), primary_key=True),
    Column("basis", String(8), primary_key=True),
    Column("final", Boolean, primary_key=True),
    Column("story_id", String(32), nullable=False),
    Column("at", Double, nullable=False),  # decided
    Column("severity", String(8), nullable=False),
    Column("reason", String(32)),  # HoldReason: what held it, or would hold what is only staged; null: told
    Column("content_hash", String(12), nullable=False),  # of the watchlist as it was
    Column("because", Text, nullable=False),  # JSON list of the words found
    Column("title", Text, nullable=False),
    Column("url", Text),
    Column("outlet", Text, nullable=False),
    Column("silence_id", String(12)),  # of the silence that held it
    Column("countries", Text),  # home and partners, each between two spaces; null: written before it was kept
    Index(None, "watchlist", "at"),
    Index(None, "at"),
    Index(None, "story_id"),
    # Few of many rows: what silences held is looked for by the silence.
    Index(
        "ix_matches_silenced",
        "silence_id",
        sqlite_where=text("silence_id IS NOT NULL"),
        postgresql_where=text("silence_id IS NOT NULL"),
    ),
)

silences: Final = Table(
    "silences",
    METADATA,
    Column("silence_id", String(12), primary_key=True),
    Column("matchers", Text, nullable=False),  # JSON: values by kind; any value of a kind fits, every kind must
    Column("below", String(8)),  # Severity: only what is less severe is held; null: all of it
    Column("begins_at", Double, nullable=False),
    Column("ends_at", Double, nullable=False),
    Column("why", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expired_at", Double),  # ended by a command, before its end
    Column("expired_by", Text),
    Column("warned_at", Double),  # when it was said that it ends soon
    Index(None, "ends_at"),
)

outbox: Final = Table(
    "outbox",
    METADATA,
    Column("row_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("story_id", String(32), nullable=False),
    Column("receiver", String(64), nullable=False),
    Column("kind", String(8), nullable=False),  # MessageKind
    Column("sequence", Integer, nullable=False),
    Column("alert_id", String(32), nullable=False),  # of (story, receiver)
    Column("decision_id", String(32), nullable=False),
    Column("item_id", String(32), nullable=False),
    Column("revision", String(16), nullable=False),
    Column("watchlists", Text, nullable=False),  # JSON list of ids
    Column("severity", String(8), nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text),
    Column("message", Text, nullable=False),  # JSON: what is to be said, before any receiver's format
    Column("state", String(8), nullable=False),  # SendState
    Column("reason", String(64)),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_try_at", Double, nullable=False),
    Column("doubt_since", Double),  # a send whose answer never came
    Column("channel", Text),
    Column("reference", Text),  # Slack's ts
    Column("created_at", Double, nullable=False),
    Column("settled_at", Double),
    Column("outcome", String(16)),  # SendOutcome of the last attempt
    Column("published", Boolean, nullable=False, default=False),  # its Delivery is on news.alerts
    Column("gathered_for", String(80)),  # the digest that tells it: a digest receiver, `overflow:RECEIVER`, `outage:RECEIVER`
    Column("gathered_at", Double),
    Column("gather_reason", String(16)),  # GatherReason: `reason` as long as no receiver's code stands there
    Column("digest_id", String(32)),  # of the DIGEST rows that have taken it
    UniqueConstraint("story_id", "receiver", "kind", "sequence"),
    Index(None, "state", "next_try_at"),
    Index(None, "alert_id"),
    Index(None, "receiver", "created_at"),  # what a channel had within the hour
    Index(
        "ix_outbox_gathered",
        "gathered_for",
        sqlite_where=text("gathered_for IS NOT NULL AND digest_id IS NULL"),
        postgresql_where=text("gathered_for IS NOT NULL AND digest_id IS NULL"),
    ),
    Index(
        "ix_outbox_digest",
        "digest_id",
        sqlite_where=text("digest_id IS NOT NULL"),
        postgresql_where=text("digest_id IS NOT NULL"),
    ),
    # These belong to no story, so that retention looks for them by themselves.
    Index(
        "ix_outbox_bulletins",
        "settled_at",
        sqlite_where=text("kind IN ('digest', 'notice')"),
        postgresql_where=text("kind IN ('digest', 'notice')"),
    ),
    # Few of many rows, and looked for five times a second.
    Index(
        "ix_outbox_unpublished",
        "settled_at",
        sqlite_where=text("published IS 0"),
        postgresql_where=text("published IS false"),
    ),
    # Few of many rows: what may have been sent twice is looked for four times a minute.
    Index(
        "ix_outbox_repeated",
        "settled_at",
        sqlite_where=text("outcome = 'repeated'"),
        postgresql_where=text("outcome = 'repeated'"),
    ),
)

leaders: Final = Table(
    "leaders",
    METADATA,
    Column("role", String(16), primary_key=True),  # `alerter`
    Column("owner", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("lease_until", Double, nullable=False),
)

watch_marks: Final = Table(
    "watch_marks",
    METADATA,
    Column("at", Double, primary_key=True),
    Column("sources", Integer, nullable=False),  # watched: configured, polled at least once, not retired
    Column("answered", Integer, nullable=False),  # of these, polled in time, without two faults in a row, and with entries
    Column("items", Integer, nullable=False),  # articles of which reports were decided since the mark before
    Column("reports", Integer, nullable=False),  # decided since the mark before
    Column("queue_s", Double),  # for how long the oldest message or page has been due
)

digest_times: Final = Table(
    "digest_times",
    METADATA,
    Column("name", String(64), primary_key=True),  # of the digest receiver
    Column("schedule", Text, nullable=False),  # its times, days and zone, as they are configured
    Column("first_at", Double, nullable=False),  # configured so since then, as far as an alerter saw
    Column("told_at", Double),  # the last of its times for which a digest was put in the outbox
)

marks: Final = Table(
    "marks",
    METADATA,
    Column("name", String(80), primary_key=True),  # of `newswire.store.backups`
    Column("at", Double, nullable=False),
)

recalled: Final = Table(
    "recalled",
    METADATA,
    Column("receiver", String(64), primary_key=True),
    Column("item", String(12), primary_key=True),  # the beginning of an item id, as messages carry it
    Column("channel", Text, nullable=False),
    Column("reference", Text),  # Slack's ts of the message that begins the thread; null: a digest told it
    Column("at", Double, nullable=False),  # read back
    Index(None, "at"),
)
