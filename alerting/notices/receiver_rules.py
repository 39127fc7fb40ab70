"""What is to be said of receivers: that one refuses us, that alerts were given up or sent twice, that messages wait for too long. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from alerting.bulletin import Line, Piece
from alerting.notices.history import History
from alerting.notices.notice import Notice, counted, ended
from alerting.notices.snapshot import Snapshot
from alerting.receivers.advice import ELSE, what_to_do
from alerting.receivers.standing import State, shown
from newswire.late import LATE_S, SAID_S
from newswire.outcomes import NoticeKind
from newswire.records import Severity
from newswire.store.standings import Settled, Standing

_OF_ONE_MESSAGE: Final = frozenset({what_to_do("http_400"), what_to_do("bug"), what_to_do("unreadable_row"), ELSE})
_CODES_SHOWN: Final = 3


def receiver_notices(snapshot: Snapshot, history: History) -> Iterator[Notice]:
    """Yield what is to be said of receivers."""
    refusing = {name: code for name, standing in snapshot.receivers.items() if (code := _refusal(standing, snapshot)) is not None}
    yield from _refusals(snapshot, history, refusing)
    yield from _given_up(snapshot, history)
    yield from _repeats(snapshot, history)
    yield from _late(snapshot, history, refusing)


def _refusal(standing: Standing, snapshot: Snapshot) -> str | None:
    """Return the code with which a receiver refuses us, None where it does not, or refused a single message for what that held."""
    found = shown(standing, lacks=None, now=snapshot.now.timestamp())
    code = found.why or ""
    return code if found.state is State.REFUSED and not of_one_message(code) else None


def of_one_message(code: str) -> bool:
    """Return whether the code says something of one message alone, and nothing of the receiver."""
    return what_to_do(code) in _OF_ONE_MESSAGE


def _refusals(snapshot: Snapshot, history: History, refusing: dict[str, str]) -> Iterator[Notice]:
    kind, now = NoticeKind.RECEIVER_REFUSES, snapshot.now.timestamp()
    known = history.open_troubles({kind})
    for name in sorted(refusing.keys() - known.keys()):
        if history.may_say(kind, name, now):
            yield Notice(
                kind=kind,
                subject=name,
                occurrence=str(int(now)),
                severity=Severity.HIGH,
                heading=f"{name} refuses us: {refusing[name]}",
                means=_in_the_meantime(snapshot, name),
                do=what_to_do(refusing[name]),
                since=now,
                about=name,
            )
    for name in sorted(known.keys() - refusing.keys()):
        if history.may_say(kind, name, now, over=True):
            yield ended(
                kind,
                name,
                began=known[name].at,
                now=now,
                heading=f"{name} works again",
                means="what waited for it is sent now, in order",
                about=name,
            )


def _in_the_meantime(snapshot: Snapshot, name: str) -> str:
    kept = f"nobody at {name} is told anything; what waits for it is kept"
    return f"{kept}, and what it refused for good goes to {snapshot.fallback}" if snapshot.fallback not in {None, name} else kept


def _given_up(snapshot: Snapshot, history: History) -> Iterator[Notice]:
    kind = NoticeKind.ALERTS_GIVEN_UP
    for name, new in _since_last(snapshot, history, kind, snapshot.given_up).items():
        codes = Counter(one.code or "" for one in new).most_common(_CODES_SHOWN)
        lines: tuple[Line, ...] = tuple(
            (Piece(counted(many, "alert", "alerts")), Piece(": "), Piece(code, code=True), Piece(f": {what_to_do(code)}"))
            for code, many in codes
        )
        told = snapshot.fallback not in {None, name}
        yield Notice(
            kind=kind,
            subject=name,
            occurrence=str(new[-1].at),
            severity=Severity.HIGH,
            heading=f"{counted(len(new), 'alert', 'alerts')} given up at {name}",
            means=f"{snapshot.fallback} was told instead" if told else f"nobody was told: {name} has no fallback",
            do="put right what is said above; then `newswire dead list` names them and `newswire dead replay --all` sends them again",
            since=new[0].at,
            details=lines,
            about=name,
            until=new[-1].at,
        )


def _repeats(snapshot: Snapshot, history: History) -> Iterator[Notice]:
    kind = NoticeKind.POSSIBLE_REPEATS
    for name, new in _since_last(snapshot, history, kind, snapshot.repeated).items():
        yield Notice(
            kind=kind,
            subject=name,
            occurrence=str(new[-1].at),
            severity=Severity.LOW,
            heading=f"{counted(len(new), 'message', 'messages')} sent to {name} as a possible repeat",
            means="each is marked so: the answer to the first attempt never came, and nobody could look whether it had arrived",
            do="with `channels:history` in the Slack app's scopes Newswire can look before it repeats (docs/slack.md)",
            since=new[0].at,
            about=name,
            until=new[-1].at,
        )


def _since_last(snapshot: Snapshot, history: History, kind: NoticeKind, settled: Sequence[Settled]) -> dict[str, list[Settled]]:
    """Return by receiver what no notice has counted yet, of those receivers that may be spoken of again."""
    found: dict[str, list[Settled]] = {}
    for one in settled:
        if one.at > (history.counted_until(kind, one.receiver) or 0.0):
            found.setdefault(one.receiver, []).append(one)
    now = snapshot.now.timestamp()
    return {name: new for name, new in sorted(found.items()) if history.may_say(kind, name, now)}


def _late(snapshot: Snapshot, history: History, refusing: dict[str, str]) -> Iterator[Notice]:
    kind, now = NoticeKind.SENDING_LATE, snapshot.now.timestamp()
    late = {name: one for name, one in snapshot.overdue.items() if now - one.since >= LATE_S}
    said = {name for name, one in late.items() if now - one.since >= SAID_S}
    known = history.open_troubles({kind})
    for name in sorted(said - known.keys() - refusing.keys()):
        if history.may_say(kind, name, now):
            why = snapshot.receivers[name].trouble_for if name in snapshot.receivers else None
            yield Notice(
                kind=kind,
                subject=name,
                occurrence=str(int(late[name].since)),
                severity=Severity.HIGH,
                heading=f"{counted(late[name].rows, 'message waits', 'messages wait')} for {name}, the oldest for {_minutes(now - late[name].since)}",
                means=f"{name} hears late; nothing is lost",
                do=what_to_do(why)
                if why
                else "`newswire receivers list` shows what stands in the way; a name that routes.yaml lacks keeps its queue",
                since=late[name].since,
                about=name,
            )
    for name in sorted(known.keys() - late.keys()):
        if history.may_say(kind, name, now, over=True):
            yield ended(
                kind,
                name,
                began=known[name].at,
                now=now,
                heading=f"Nothing waits for {name} any longer than it should",
                means=f"{name} hears in time again",
                about=name,
            )


def _minutes(seconds: float) -> str:
    return counted(int(seconds // 60), "minute", "minutes")
