"""What is to be said of sources, several of a country at once: that they fell silent, refuse us or are gone, and that they came back. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from alerting.bulletin import Line, Piece
from alerting.digests.proof import Place, failure_in_words
from alerting.notices.history import History
from alerting.notices.notice import Notice, counted
from alerting.notices.snapshot import Snapshot
from alerting.render import country_name
from newswire.outcomes import NoticeKind, SourceState
from newswire.records import Severity
from newswire.source_state import judged
from newswire.store.source_health import SourceHealth

KINDS: Final = (NoticeKind.SOURCES_SILENT, NoticeKind.SOURCES_BLOCKED, NoticeKind.SOURCES_RETIRED)

COUNTRIES: Final = 5
"""Where more countries are struck at one look, they are told of together: it may be our own network."""

MANY: Final = 5
"""So many sources at once are worth more than a low severity."""

_SAID: Final = {
    NoticeKind.SOURCES_SILENT: ("fell silent", "`newswire sources check` looks at each, and finds a feed that has moved"),
    NoticeKind.SOURCES_BLOCKED: (
        "refused us",
        "`newswire sources check` finds a feed that has moved; else write to the outlet, give `NEWSWIRE_CONTACT` an address that it can answer to, or read it less often (`interval`)",
    ),
    NoticeKind.SOURCES_RETIRED: ("retired for good (410)", "take the address out of the source's file, or put the new one in its place"),
}
_EVERYWHERE: Final = "several countries"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a source, since when, in words."""

    kind: NoticeKind
    since: float | None  # seconds since 1970 UTC
    cause: str


def trouble_of(source: SourceHealth) -> Trouble | None:
    """Return what is wrong with a source, where it has been so for long enough to be said."""
    found = judged(source)
    if not found.lasting:
        return None
    match found.state:
        case SourceState.RETIRED:
            return Trouble(NoticeKind.SOURCES_RETIRED, found.since, "gone")
        case SourceState.SILENT:
            cause = f"nothing new, where something came every {_length(found.usual_gap_s or 0.0)}"
            return Trouble(NoticeKind.SOURCES_SILENT, found.since, cause)
        case _:
            kind = NoticeKind.SOURCES_BLOCKED if found.state is SourceState.BLOCKED else NoticeKind.SOURCES_SILENT
            never, why = found.since is None, failure_in_words(source.reason or ("" if found.since is None else "not read"))
            return Trouble(kind, found.since, f"never read: {why}" if never else why)


def source_notices(snapshot: Snapshot, history: History) -> Iterator[Notice]:
    """Yield what is to be said of sources."""
    if snapshot.sources is None:
        return
    now = snapshot.now.timestamp()
    troubles = {one.source_id: found for one in snapshot.sources if (found := trouble_of(one)) is not None}
    known = history.open_troubles(KINDS)
    sources = {one.source_id: one for one in snapshot.sources}
    begun = [key for key, found in troubles.items() if key not in known or known[key].kind is not found.kind]
    back = [key for key in known if key in sources and key not in troubles]
    for (kind, place), ids in _grouped({key: troubles[key].kind for key in begun}, snapshot.places).items():
        if history.may_say(kind, place, now):
            yield _begun(kind, place, [sources[key] for key in ids], troubles, snapshot)
    for (kind, place), ids in _grouped({key: known[key].kind for key in back}, snapshot.places).items():
        if history.may_say(kind, place, now, over=True):
            yield _over(kind, place, [sources[key] for key in ids], snapshot)


def _grouped(kinds: Mapping[str, NoticeKind], places: Mapping[str, Place]) -> dict[tuple[NoticeKind, str], list[str]]:
    """Return the sources by kind and country, or by kind alone where many countries are struck."""
    by_place: dict[tuple[NoticeKind, str], list[str]] = {}
    for key, kind in sorted(kinds.items()):
        country = places[key].country if key in places else None
        by_place.setdefault((kind, country or ""), []).append(key)
    for kind in set(kinds.values()):
        struck = [place for place in by_place if place[0] is kind]
        if len(struck) > COUNTRIES:
            by_place[kind, _EVERYWHERE] = sorted(key for place in struck for key in by_place.pop(place))
    return by_place


def _begun(kind: NoticeKind, place: str, struck: Sequence[SourceHealth], troubles: Mapping[str, Trouble], snapshot: Snapshot) -> Notice:
    what, do = _SAID[kind]
    found = {one.source_id: troubles[one.source_id] for one in struck}
    everywhere = place == _EVERYWHERE
    moments = [one.since for one in found.values() if one.since is not None]
    return Notice(
        kind=kind,
        subject=place,
        occurrence=str(int(snapshot.now.timestamp())),
        severity=Severity.MEDIUM if len(struck) >= MANY else Severity.LOW,
        heading=f"{counted(len(struck), 'source', 'sources')}{_of(place)} {what}",
        means="what they alone carry is not seen until they come back",
        do="first see whether this machine's own network is sound" if everywhere else do,
        since=max(moments, default=snapshot.now.timestamp()),
        details=tuple(_line(one, found[one.source_id], snapshot.places) for one in struck),
        members=tuple(one.source_id for one in struck),
    )


def _over(kind: NoticeKind, place: str, back: Sequence[SourceHealth], snapshot: Snapshot) -> Notice:
    now = snapshot.now.timestamp()
    return Notice(
        kind=kind,
        subject=place,
        occurrence=str(int(now)),
        severity=Severity.INFO,
        heading=f"{counted(len(back), 'source', 'sources')}{_of(place)} came back",
        means="they are read as ever",
        do="",
        since=now,
        over=True,
        details=tuple((Piece(_name(one, snapshot.places)),) for one in back),
        members=tuple(one.source_id for one in back),
    )


def _line(source: SourceHealth, trouble: Trouble, places: Mapping[str, Place]) -> Line:
    name = Piece(_name(source, places), url=source.url)
    if trouble.since is None:
        return (name, Piece(f": {trouble.cause}"))
    return (name, Piece(f": {trouble.cause}, since "), Piece("", at=datetime.fromtimestamp(trouble.since, UTC)))


def _name(source: SourceHealth, places: Mapping[str, Place]) -> str:
    return places[source.source_id].outlet if source.source_id in places else source.host


def _of(place: str) -> str:
    if not place:
        return ""
    return f" of {place if place == _EVERYWHERE else country_name(place)}"


def _length(seconds: float) -> str:
    hours = seconds / 3_600
    if hours >= 48:
        return f"{hours / 24:.0f} days"
    return f"{hours:.0f} hours" if hours >= 2 else counted(max(1, round(seconds / 60)), "minute", "minutes")
