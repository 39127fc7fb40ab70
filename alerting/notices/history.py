"""What was said before: which troubles have begun and not ended, and when there was last a word of each subject. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from alerting.notices.notice import Notice
from newswire.outcomes import NoticeKind
from newswire.store.notices import PutNotice

PAUSE_S: Final = 3_600.0
"""Of one subject at most one beginning and one end are said in this time, however often it flaps."""


@dataclass(frozen=True, slots=True)
class Said:
    """A notice that was put."""

    kind: NoticeKind
    subject: str
    over: bool
    at: float  # seconds since 1970 UTC
    until: float | None


class History:
    """The notices that were put, as far as the next ones depend on them."""

    def __init__(self, said: Iterable[PutNotice] = ()) -> None:
        self._ids: set[str] = set()
        self._newest: dict[tuple[NoticeKind, str], Said] = {}  # by member
        self._last: dict[tuple[NoticeKind, str, bool], Said] = {}  # by subject
        for one in said:
            self._read(one)

    def add(self, notice: Notice, at: float) -> None:
        """Remember a notice that was put."""
        said = Said(notice.kind, notice.subject, notice.over, at, notice.until)
        self._remember(notice.notice_id, said, notice.speaks_of)

    def knows(self, notice: Notice) -> bool:
        """Return whether this very notice was put."""
        return notice.notice_id in self._ids

    def open_troubles(self, kinds: Collection[NoticeKind]) -> dict[str, Said]:
        """Return by member what was last said of it in these kinds, where that has not been said to be over."""
        newest: dict[str, Said] = {}
        for (kind, member), said in self._newest.items():
            if kind in kinds and (member not in newest or newest[member].at <= said.at):
                newest[member] = said
        return {member: said for member, said in newest.items() if not said.over}

    def counted_until(self, kind: NoticeKind, subject: str) -> float | None:
        """Return up to which moment the newest notice of the subject has counted."""
        said = self._last.get((kind, subject, False))
        return said.until if said is not None else None

    def may_say(self, kind: NoticeKind, subject: str, now: float, *, over: bool = False) -> bool:
        """Return whether the subject was left in peace for long enough to begin, or to end, again."""
        said = self._last.get((kind, subject, over))
        return said is None or not 0 <= now - said.at < PAUSE_S

    def _read(self, put: PutNotice) -> None:
        data = put.data
        try:
            kind = NoticeKind(data["notice"])
        except (KeyError, ValueError):  # of a later release
            self._ids.add(put.notice_id)
            return
        said = Said(kind, str(data.get("subject", "")), bool(data.get("over")), put.at, data.get("until"))
        self._remember(put.notice_id, said, [str(member) for member in data.get("members", ())])

    def _remember(self, notice_id: str, said: Said, members: Iterable[str]) -> None:
        self._ids.add(notice_id)
        self._last[said.kind, said.subject, said.over] = said
        for member in members:
            self._newest[said.kind, member] = said
