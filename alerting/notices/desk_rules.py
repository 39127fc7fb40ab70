"""What is to be said of the alerter itself: its files, its silences, the queues before it, and that another process took over. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from alerting.bulletin import Line, Piece
from alerting.notices.history import History
from alerting.notices.notice import Notice, counted, ended
from alerting.notices.snapshot import Held, Snapshot
from alerting.silences import ENDING, said_of, state_of
from newswire.late import LATE_S, SAID_S
from newswire.outcomes import NoticeKind, SilenceState
from newswire.records import Severity
from newswire.silence import Silence
from newswire.topics import ITEMS, REPORTS

_FILES: Final = "files"
_STAGES: Final = {
    ITEMS.name: ("items wait to be read", "`newswire process` on another machine shares the work; the log says whether the stage fails"),
    REPORTS.name: ("reports wait to be decided", "one process decides: the log and `newswire_service_errors_total` say whether it fails"),
}


def desk_notices(snapshot: Snapshot, history: History) -> Iterator[Notice]:
    """Yield what is to be said of the desk's files, silences and queues, and of the alerter."""
    yield from _files(snapshot, history)
    yield from _silences(snapshot)
    yield from _queues(snapshot, history)
    yield from _taken_over(snapshot, history)


def _files(snapshot: Snapshot, history: History) -> Iterator[Notice]:
    kind, now = NoticeKind.FILES_REFUSED, snapshot.now.timestamp()
    if snapshot.files is None:
        return
    faults, known = snapshot.files.faults, history.open_troubles({kind}).get(_FILES)
    if faults and known is None and history.may_say(kind, _FILES, now):
        in_force = snapshot.files.desk.since
        since: Line = (Piece("In force: the set of "), Piece("", at=in_force)) if in_force else (Piece("In force: the set before"),)
        yield Notice(
            kind=kind,
            subject=_FILES,
            occurrence=str(int(now)),
            severity=Severity.MEDIUM,
            heading=f"The desk's files were not taken over: {counted(len(faults), 'fault', 'faults')}",
            means="the older set stays in force, whole: nothing that was changed since counts yet",
            do="put the lines right; `newswire check` shows all of them; the files are then taken over by themselves",
            since=now,
            details=(since, *((Piece(str(fault)),) for fault in faults)),
        )
    if not faults and known is not None and history.may_say(kind, _FILES, now, over=True):
        yield ended(
            kind, _FILES, began=known.at, now=now, heading="The desk's files are right again", means="what stands on disk is in force"
        )


def _silences(snapshot: Snapshot) -> Iterator[Notice]:
    for silence in snapshot.silences:
        state = state_of(silence, snapshot.now)
        # Who asks for less than an hour needs no warning within that hour.
        long_enough = silence.ends_at - silence.begins_at > ENDING.total_seconds()
        if state is SilenceState.ENDING and long_enough:
            minutes = int((silence.ends_at - snapshot.now.timestamp()) // 60)
            yield Notice(
                kind=NoticeKind.SILENCE_ENDS,
                subject=silence.silence_id,
                occurrence=str(silence.ends_at),
                severity=Severity.LOW,
                heading=f"A silence ends in {counted(minutes, 'minute', 'minutes')}: {said_of(silence)}",
                means="such news is told again from then on; what it has held is not told later",
                do="`newswire silence add` with another end makes it longer",
                since=silence.begins_at,
                details=(_asked(silence), (Piece("It ends at "), Piece("", at=datetime.fromtimestamp(silence.ends_at, UTC)))),
            )
        elif state in {SilenceState.ENDED, SilenceState.EXPIRED} and silence.ended_at > silence.begins_at:
            yield _ended(silence, snapshot.held.get(silence.silence_id, Held(0, ())))


def _ended(silence: Silence, held: Held) -> Notice:
    by = f", by {silence.expired_by}" if silence.expired_by else ""
    lines: list[Line] = [_asked(silence)]
    lines += [(Piece("held: "), Piece(title)) for title in held.titles]
    if held.stories > len(held.titles):
        lines.append((Piece(f"and {held.stories - len(held.titles):,} more"),))
    return Notice(
        kind=NoticeKind.SILENCE_ENDED,
        subject=silence.silence_id,
        occurrence="ended",
        severity=Severity.INFO,
        heading=f"A silence has ended{by}: {said_of(silence)}; it held {counted(held.stories, 'story', 'stories')}",
        means="such news is told again from now on; what it held is not told later",
        do="`newswire alerts --held` lists what was not told" if held.stories else "",
        since=silence.ended_at,
        details=tuple(lines),
    )


def _asked(silence: Silence) -> Line:
    return (Piece("Asked for by "), Piece(silence.by), Piece(": "), Piece(silence.why))


def _queues(snapshot: Snapshot, history: History) -> Iterator[Notice]:
    if snapshot.queues is None:
        return
    kind, now = NoticeKind.READING_LATE, snapshot.now.timestamp()
    known = history.open_troubles({kind})
    late = {name: since.timestamp() for name, since in snapshot.queues.items() if now - since.timestamp() >= LATE_S}
    said = {name for name, since in late.items() if now - since >= SAID_S}
    for name in sorted(said - known.keys()):
        if history.may_say(kind, name, now):
            what, do = _STAGES.get(name, ("records wait", "the log says what fails"))
            yield Notice(
                kind=kind,
                subject=name,
                occurrence=str(int(late[name])),
                severity=Severity.HIGH,
                heading=f"The watch is late: {what} for {counted(int((now - late[name]) // 60), 'minute', 'minutes')}",
                means="alerts come late by as much; nothing is lost",
                do=do,
                since=late[name],
            )
    for name in sorted(known.keys() - late.keys()):
        if history.may_say(kind, name, now, over=True):
            yield ended(
                kind,
                name,
                began=known[name].at,
                now=now,
                heading=f"The watch is in time again: {name}",
                means="what is new is read and decided at once",
            )


def _taken_over(snapshot: Snapshot, history: History) -> Iterator[Notice]:
    kind, now = NoticeKind.TAKEN_OVER, snapshot.now.timestamp()
    if snapshot.took_over and history.may_say(kind, "alerter", now):
        yield Notice(
            kind=kind,
            subject="alerter",
            occurrence=f"{snapshot.owner} {int(now)}",
            severity=Severity.MEDIUM,
            heading=f"Another alerter took over: {snapshot.owner}",
            means="alerts go on; the process that was active before has ended, or hangs",
            do="see whether it runs: with one process left nobody stands by",
            since=now,
        )
