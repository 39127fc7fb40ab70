"""The silence that a command line asks for. What is wrong with it is said with what would be right."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from newswire.config import yaml_files
from newswire.field_types import country_code, seconds
from newswire.records import Label, Severity
from newswire.silence import Kind, Silence
from newswire.store import silences, stories
from newswire.text import clean_line
from newswire.urls import canonical_url, item_id_of_url

LONGEST: Final = timedelta(days=30)
"""A silence that outlives those who remember it hides what nobody wants hidden; what is longer belongs into the configuration, as `status: muted`."""

MOST: Final = 500
"""So many that have not ended: each is looked at for each match."""

_BY_MOST, _WHY_MOST, _OUTLET_MOST = 80, 300, 200  # characters
_VALUES_MOST: Final = 50  # of one kind
_STORIES_SHOWN: Final = 3
_BEGINNING_LEAST: Final = 6  # characters of a story's id


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands on the command line."""

    watchlists: Sequence[str] = ()
    stories: Sequence[str] = ()
    countries: Sequence[str] = ()
    outlets: Sequence[str] = ()
    labels: Sequence[str] = ()
    below: str = ""
    begin: str = ""
    length: str = ""
    until: str = ""
    by: str = ""
    why: str = ""


def silence_of(asked: Asked, *, folder: Path, connection: Connection, now: datetime) -> Silence:
    """Return the silence that is asked for; watchlists are looked for in `folder`, stories in the store.

    Raises:
        ValueError: something is missing or wrong.

    """
    matchers = _matchers(asked, folder, connection)
    if not matchers:
        raise ValueError(
            "say what is to be silent: --watchlist, --story, --country, --outlet or --label; of several kinds, all must fit (nothing silences everything)"
        )
    if len(silences.current(connection, now.timestamp())) >= MOST:
        raise ValueError(f"{MOST} silences have not ended yet; end some, or name several watchlists, countries or outlets in one")
    by = _required(asked.by, "--by", "who silences, such as --by 'Ayesha Khan'", _BY_MOST)
    why = _required(asked.why, "--why", "the reason, such as --why 'summit week'", _WHY_MOST)
    begin = moment(asked.begin, now) if asked.begin else now
    end = _end(asked, begin, now)
    return Silence(
        matchers=matchers,
        begins_at=begin.timestamp(),
        ends_at=end.timestamp(),
        by=by,
        why=why,
        created_at=now.timestamp(),
        below=_below(asked.below),
    )


def _matchers(asked: Asked, folder: Path, connection: Connection) -> Mapping[str, tuple[str, ...]]:
    known = {path.stem for path in yaml_files(folder / "watchlists")[0]} if asked.watchlists else set()
    found = {
        Kind.WATCHLIST: [_watchlist(one, known, folder) for one in asked.watchlists],
        Kind.STORY: [_story(one, connection) for one in asked.stories],
        Kind.COUNTRY: [country_code(one.strip()) for one in asked.countries],
        Kind.OUTLET: [_required(one, "--outlet", "an outlet's name, such as 'The Nation'", _OUTLET_MOST) for one in asked.outlets],
        Kind.LABEL: [_word(one, "label", Label) for one in asked.labels],
    }
    for kind, values in found.items():
        if len(values) > _VALUES_MOST:
            raise ValueError(f"--{kind}: {len(values)} are too many for one silence; at most {_VALUES_MOST}")
    return {kind.value: tuple(dict.fromkeys(values)) for kind, values in found.items() if values}


def _watchlist(name: str, known: set[str], folder: Path) -> str:
    from alerting.watchlists.nearest import unknown

    wanted = name.removesuffix(".yaml")
    if wanted not in known:
        raise ValueError(f"--watchlist: {unknown('watchlist', wanted, known)} (in {folder})")
    return wanted


def _story(given: str, connection: Connection) -> str:
    """Return the id of the story that is named by its id, the beginning of it, or the address of one of its articles."""
    if "://" in given:
        url = canonical_url(given)
        of_items = stories.of_items(connection, [item_id_of_url(url)]) if url else {}
        if not of_items:
            raise ValueError(f"--story: {given[:200]} is in no story; `newswire why URL` says what became of an article")
        return next(iter(of_items.values()))
    beginning = given.strip().lower()
    if len(beginning) < _BEGINNING_LEAST or not re.fullmatch("[0-9a-f]{1,32}", beginning):
        raise ValueError(f"--story: a story's id as in `newswire alerts --json`, or an article's address, is due, not {given[:60]!r}")
    found = stories.beginning_with(connection, beginning, _STORIES_SHOWN + 1)
    if not found:
        raise ValueError(f"--story: no story's id begins with {beginning}; see story_id in `newswire alerts --json`")
    if len(found) > 1:
        raise ValueError(f"--story: several stories' ids begin with {beginning}: {', '.join(sorted(found)[:_STORIES_SHOWN])}")
    return next(iter(found))


def _word(given: str, kind: str, words: type[Label] | type[Severity]) -> str:
    from alerting.watchlists.nearest import unknown

    choices: Iterable[str] = [one.value for one in words]
    if given not in choices:
        raise ValueError(unknown(kind, given, choices))
    return given


def _below(given: str) -> Severity | None:
    if not given:
        return None
    severity = Severity(_word(given, "severity", Severity))
    if severity.rank == 0:
        raise ValueError(f"--below {severity}: nothing is less severe, so nothing would be silent; low, medium, high or critical is due")
    return severity


def _required(given: str, option: str, due: str, most: int) -> str:
    text = clean_line(given, limit=most + 1)
    if not text:
        raise ValueError(f"{option}: {due}, is due")
    if len(text) > most:
        raise ValueError(f"{option}: too long; at most {most} characters")
    return text


def _end(asked: Asked, begin: datetime, now: datetime) -> datetime:
    if bool(asked.length) == bool(asked.until):
        both = "not both" if asked.length else "a silence without an end would be forgotten"
        raise ValueError(f"say when it ends: --for 4h, or --until 2026-12-01T08:00 (UTC); {both}; {LONGEST.days} days at most")
    if asked.length:
        try:
            end = begin + timedelta(seconds=min(seconds(asked.length), 2 * LONGEST.total_seconds()))
        except ValueError as error:
            raise ValueError(f"--for: {error}") from None
    else:
        end = moment(asked.until, now)
    if end <= max(begin, now):
        raise ValueError(f"it would end at {end:%Y-%m-%d %H:%M} UTC, which is {'past' if end <= now else 'before it begins'}")
    if end - max(begin, now) > LONGEST or begin - now > LONGEST:
        raise ValueError(
            f"a silence lasts {LONGEST.days} days at most and begins within as many; what is to be silent longer has `status: muted` in its watchlist's file"
        )
    return end


def moment(text: str, now: datetime) -> datetime:
    """Return a moment that is written as a date, as a date and time, or as the next such time of day; in UTC where it names no zone.

    Raises:
        ValueError: it is none.

    """
    if re.fullmatch("[0-2]?[0-9]:[0-5][0-9]", text):
        try:
            at = datetime.combine(now.astimezone(UTC).date(), time.fromisoformat(text.zfill(5)), UTC)
        except ValueError:
            at = None
        if at is not None:
            return at if at > now else at + timedelta(days=1)
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"a moment such as 2026-12-01T08:00, 2026-12-01T13:00+05:00 or 18:30 (UTC) is due, not {text[:60]!r}") from None
