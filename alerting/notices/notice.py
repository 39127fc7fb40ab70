"""A notice: what it says, the id by which it is said once, and its bulletin. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from alerting.bulletin import Bulletin, Line, Piece, to_json
from newswire.outcomes import NoticeKind
from newswire.records import MessageKind, Severity
from newswire.store.notices import NewNotice

LINES_SHOWN: Final = 12
"""Lines of detail in one notice: more of them are counted."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to be said. Its strings may be foreign: whoever shows them cleans and escapes them."""

    kind: NoticeKind
    subject: str  # what it is about, among those of its kind
    occurrence: str  # which time of several
    severity: Severity
    heading: str
    means: str  # for the watch
    do: str  # empty: nothing
    since: float  # seconds since 1970 UTC
    over: bool = False  # the end of what an earlier one began
    details: tuple[Line, ...] = ()
    about: str | None = None  # the receiver that is in trouble, which is not to be told of it
    members: tuple[str, ...] = ()  # all that it speaks of, where that is more than its subject
    until: float | None = None  # what had happened until then is counted in it

    @property
    def notice_id(self) -> str:
        """The id under which it is put once."""
        key = f"notice\0{self.kind}\0{self.subject}\0{self.occurrence}\0{self.over}"
        return hashlib.sha256(key.encode()).hexdigest()[:32]

    @property
    def speaks_of(self) -> tuple[str, ...]:
        """The members, or the subject where it has none."""
        return self.members or (self.subject,)


def ended(kind: NoticeKind, subject: str, *, began: float, now: float, heading: str, means: str, about: str | None = None) -> Notice:
    """Return that the trouble is over which was said at `began`: there is nothing to be done."""
    return Notice(
        kind=kind,
        subject=subject,
        occurrence=str(int(began)),
        severity=Severity.INFO,
        heading=heading,
        means=means,
        do="",
        since=now,
        over=True,
        about=about,
    )


def bulletin_of(notice: Notice) -> Bulletin:
    """Return the notice laid out: what, since when, what it means, what to do."""
    shown = notice.details[:LINES_SHOWN]
    hidden = len(notice.details) - len(shown)
    more: tuple[Line, ...] = ((Piece(f"and {hidden} more"),),) if hidden else ()
    since = datetime.fromtimestamp(notice.since, UTC)
    return Bulletin(
        bulletin_id=notice.notice_id,
        kind=MessageKind.NOTICE,
        severity=notice.severity,
        fallback=notice.heading,
        heading=(Piece(notice.heading, bold=True),),
        lines=(
            *shown,
            *more,
            (Piece("Over at: " if notice.over else "Since: "), Piece("", at=since)),
            (Piece("For the watch: "), Piece(notice.means)),
            *(((Piece("To do: ", bold=True), *_with_commands(notice.do)),) if notice.do else ()),
        ),
        data={
            "notice": notice.kind.value,
            "subject": notice.subject,
            "occurrence": notice.occurrence,
            "over": notice.over,
            "since": since.isoformat(),
            "until": notice.until,
            "members": list(notice.speaks_of),
        },
    )


def _with_commands(words: str) -> Line:
    """Return words of ours with what stands between backticks as code; they hold nothing foreign."""
    return tuple(Piece(part, code=bool(n % 2)) for n, part in enumerate(words.split("`")) if part)


def row_of(notice: Notice, receiver: str) -> NewNotice:
    """Return the notice as it is put in the outbox for a receiver."""
    return NewNotice(notice.notice_id, receiver, notice.severity.value, notice.heading, to_json(bulletin_of(notice)))


def counted(number: int, one: str, several: str) -> str:
    """Return `1 source`, `1,200 sources`."""
    return f"1 {one}" if number == 1 else f"{number:,} {several}"
