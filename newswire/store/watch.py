"""Whether the watch is whole: how many sources answer, how much is read, what waits; and the marks by which that is seen afterwards."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import Connection, and_, bindparam, case, func, or_, select

from newswire.outcomes import SendState
from newswire.store.tables import archive, feeds, matches, outbox, pages, watch_marks
from newswire.store.upsert import insert_new

OVERDUE_S: Final = 600.0
"""A source that was not polled for so long after it was due does not answer: nobody asks it, or its host is held back."""

FAILURES_BORNE: Final = 1
"""So many failed polls in a row happen to every source: it is said to be silent at the next one."""

_LIVE: Final = and_(feeds.c.configured, feeds.c.gone_at.is_(None), feeds.c.polled_at.is_not(None))
_ANSWERS: Final = and_(
    feeds.c.succeeded_at.is_not(None),
    feeds.c.failures <= FAILURES_BORNE,
    feeds.c.next_due_at > bindparam("overdue_before"),
    feeds.c.entries > 0,
)
_ANSWERING: Final = select(func.count().label("sources"), func.coalesce(func.sum(case((_ANSWERS, 1), else_=0)), 0).label("answered")).where(
    _LIVE
)
_SOURCES: Final = select(
    feeds.c.source_id,
    feeds.c.host,
    feeds.c.reason,
    feeds.c.polled_at,
    feeds.c.succeeded_at,
    feeds.c.next_due_at,
    feeds.c.entries,
    feeds.c.failures,
    feeds.c.gone_at,
    case((_ANSWERS, 1), else_=0).label("answers"),
).where(feeds.c.configured, feeds.c.polled_at.is_not(None), or_(feeds.c.gone_at.is_(None), feeds.c.gone_at >= bindparam("since")))
_READ: Final = select(func.count(archive.c.item_id.distinct()).label("items"), func.count().label("reports")).where(
    archive.c.archived_at >= bindparam("since"), archive.c.archived_at < bindparam("until")
)
_OLDEST_SENDING: Final = select(func.min(outbox.c.created_at)).where(
    outbox.c.state.in_((SendState.NEW.value, SendState.SENDING.value)), or_(outbox.c.next_try_at <= bindparam("now"), outbox.c.attempts > 0)
)
_OLDEST_PAGE: Final = select(func.min(pages.c.due_at)).where(pages.c.due_at <= bindparam("now"))
_PAGES: Final = select(func.count()).select_from(pages)
_STORY_DAYS: Final = (
    select(matches.c.story_id, matches.c.countries, func.min(matches.c.at).label("at"))
    .where(
        matches.c.at >= bindparam("since"), matches.c.at < bindparam("until"), matches.c.reason.is_(None), matches.c.countries.is_not(None)
    )
    .group_by(matches.c.story_id, matches.c.countries)
)
_TOLD: Final = select(func.count(matches.c.story_id.distinct())).where(
    matches.c.at >= bindparam("since"), matches.c.at < bindparam("until"), matches.c.reason.is_(None)
)
_WAITING: Final = (
    select(outbox.c.gathered_for, func.min(outbox.c.next_try_at).label("due_at"), func.min(outbox.c.created_at).label("first_at"))
    .where(outbox.c.gathered_for.is_not(None), outbox.c.digest_id.is_(None), outbox.c.state == SendState.GATHERED.value)
    .group_by(outbox.c.gathered_for)
    .order_by(func.min(outbox.c.next_try_at), outbox.c.gathered_for)
)
_NEWEST_MARK: Final = select(func.max(watch_marks.c.at))
_MARKS: Final = (
    select(watch_marks).where(watch_marks.c.at >= bindparam("since"), watch_marks.c.at <= bindparam("until")).order_by(watch_marks.c.at)
)
_MARK_BEFORE: Final = select(watch_marks).where(watch_marks.c.at < bindparam("since")).order_by(watch_marks.c.at.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Mark:
    """How the watch stood at one moment, in seconds since 1970 UTC. There is one only for moments at which an alerter was active."""

    at: float
    sources: int  # polled at least once, in the configuration, not retired
    answered: int  # of these, polled in time and with entries
    items: int  # articles whose reports were decided since the mark before
    reports: int
    queue_s: float  # for how long the oldest row of the outbox, or the oldest page, has been due


@dataclass(frozen=True, slots=True)
class SourceState:
    """How one source that was ever polled fares."""

    source_id: str
    host: str
    answers: bool
    reason: str | None  # of the last poll, where it failed
    failures: int  # in a row
    entries: int
    polled_at: float
    succeeded_at: float | None
    next_due_at: float
    gone_at: float | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A group of rows that one digest is to tell: when it is due, and when the first of them came."""

    gathered_for: str
    due_at: float
    first_at: float


@dataclass(frozen=True, slots=True)
class Queues:
    """What waits: since when the oldest of it has been due, None where nothing is."""

    sending_since: float | None
    page_since: float | None
    pages: int

    def age_s(self, now: float) -> float:
        """Return for how long the oldest has been due."""
        return max((now - at for at in (self.sending_since, self.page_since) if at is not None), default=0.0)


def answering(connection: Connection, now: float) -> tuple[int, int]:
    """Return how many sources are watched, and how many of them answer."""
    row = connection.execute(_ANSWERING, {"overdue_before": now - OVERDUE_S}).one()
    return int(row.sources), int(row.answered)


def sources(connection: Connection, since: float, now: float) -> list[SourceState]:
    """Return every source that is watched, and those that were retired since then."""
    rows = connection.execute(_SOURCES, {"since": since, "overdue_before": now - OVERDUE_S})
    return [SourceState(**{**row._mapping, "answers": bool(row.answers) and row.gone_at is None}) for row in rows]  # noqa: SLF001 -- SQLAlchemy's documented name


def read(connection: Connection, since: float, until: float) -> tuple[int, int]:
    """Return of how many articles reports were decided in [since, until), and how many reports that were."""
    row = connection.execute(_READ, {"since": since, "until": until}).one()
    return int(row.items), int(row.reports)


def told(connection: Connection, since: float, until: float) -> int:
    """Return how many stories some watchlist told in [since, until), at once or in a digest."""
    return int(connection.execute(_TOLD, {"since": since, "until": until}).scalar_one())


def queues(connection: Connection, now: float) -> Queues:
    """Return what waits although it is due."""
    return Queues(
        connection.execute(_OLDEST_SENDING, {"now": now}).scalar(),
        connection.execute(_OLDEST_PAGE, {"now": now}).scalar(),
        connection.execute(_PAGES).scalar_one(),
    )


def stories_by_country(connection: Connection, since: float, until: float) -> Mapping[str, dict[str, float]]:
    """Return by country's code when each story that names it as home or partner was first told in [since, until)."""
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for row in connection.execute(_STORY_DAYS, {"since": since, "until": until}):
        for code in row.countries.split():
            found[code][row.story_id] = min(row.at, found[code].get(row.story_id, row.at))
    return found


def waiting(connection: Connection) -> list[Waiting]:
    """Return what waits for digests, a group each, the first due first."""
    return [Waiting(row.gathered_for, row.due_at, row.first_at) for row in connection.execute(_WAITING)]


def newest_mark_at(connection: Connection) -> float | None:
    """Return when the newest mark was made."""
    at: float | None = connection.execute(_NEWEST_MARK).scalar()
    return at


def marks(connection: Connection, since: float, until: float) -> list[Mark]:
    """Return the marks of [since, until] and the newest one before, oldest first."""
    before = connection.execute(_MARK_BEFORE, {"since": since}).all()
    rows = [*before, *connection.execute(_MARKS, {"since": since, "until": until})]
    return [Mark(row.at, row.sources, row.answered, row.items, row.reports, row.queue_s) for row in rows]


def put_mark(connection: Connection, mark: Mark) -> None:
    """Write a mark; where there is one of that very moment, it stays as it is."""
    insert_new(connection, watch_marks, [asdict(mark)], ["at"])
