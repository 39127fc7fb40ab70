"""What is said of one report: messages, edits and replies, by receiver, as the decision puts them together. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerting.gathered import Gathering
from alerting.message import Earlier, EarlierKind, Message, alert_id_of, looks_the_same
from alerting.news import Manner, news_of
from alerting.updates import Update, is_empty
from alerting.watchlists.telling import Updates
from newswire.records import MessageKind, Report, Severity


@dataclass(frozen=True, slots=True)
class Told:
    """What a receiver has been told of a story, or soon will be: the newest row of the outbox, and its sequence."""

    message: Message
    sequence: int
    told_at: datetime | None = None  # when the channel last had a message of its own about it; None: not yet
    has_thread: bool = True  # replies can stand under it: no digest tells it


@dataclass(frozen=True, slots=True)
class Row:
    """A row to be put in the outbox."""

    receiver: str
    kind: MessageKind
    sequence: int
    message: Message
    gathered: Gathering | None = None  # a digest tells it; None: it is told by a message of its own
    grows: bool = False  # it is there already, and says this from now on
    follows: bool = False  # no route leads here any more: the story goes on elsewhere, and whoever was told of it hears so


@dataclass(frozen=True, slots=True)
class Reply:
    """What the next reply in a receiver's thread is to say, beside what is gathered for it already."""

    receiver: str
    update: Update
    every: timedelta  # so long replies keep apart, unless one is urgent


class Said:
    """What is said of one report; `told` is what was said of its story before, by receiver, `places` what readers call a receiver."""

    def __init__(self, report: Report, told: Mapping[str, Told], now: datetime, places: Mapping[str, str]) -> None:
        self._report, self._told, self._now, self._places = report, told, now, places
        self.rows: list[Row] = []
        self.replies: list[Reply] = []

    @property
    def receivers(self) -> tuple[str, ...]:
        """Those to whom a message or an edit goes."""
        return tuple(row.receiver for row in self.rows)

    @property
    def raises(self) -> bool:
        """Whether somebody who was told before now sees a higher severity."""
        later = [(row.message, self._told[row.receiver].message) for row in self.rows if row.receiver in self._told]
        return any(after.severity.rank > before.severity.rank for after, before in later)

    @property
    def tells_anew(self) -> bool:
        """Whether somebody is told of the story a second time."""
        return any(row.kind is MessageKind.PARENT and row.sequence for row in self.rows)

    def open(self, receiver: str, message: Message) -> None:
        """Tell a receiver that knows nothing of the story."""
        self.rows.append(Row(receiver, MessageKind.PARENT, 0, replace(message, earlier=self._elsewhere(message.severity))))

    def join(self, receiver: str, after: Message, manner: Manner, *, follows: bool = False) -> None:
        """Tell a receiver that knows the story what the report adds: `after` is its message with the report in it."""
        before = self._told[receiver]
        news = news_of(before.message, after, self._report, in_channel=manner.updates is Updates.MESSAGE)
        if not follows and before.told_at is not None and manner.is_due_anew(before.told_at, self._now) and not is_empty(news):
            sequence = before.sequence + 1
            earlier = Earlier(EarlierKind.REALERT, after.story_id, receiver, before.told_at, before.message.title)
            anew = replace(after, alert_id=alert_id_of(after.story_id, receiver, sequence), earlier=earlier, threaded=False)
            self.rows.append(Row(receiver, MessageKind.PARENT, sequence, anew))
        elif manner.updates is not Updates.NONE:
            self._edit(receiver, after, news, manner, follows=follows)

    def take_back(self, receiver: str, after: Message, manner: Manner) -> None:
        """Tell a receiver that the report does not bear out what it was told; that is said however quiet it is kept otherwise."""
        news = news_of(self._told[receiver].message, after, self._report, in_channel=manner.updates is Updates.MESSAGE)
        self._edit(receiver, after, news, manner)

    def _edit(self, receiver: str, after: Message, news: Update, manner: Manner, *, follows: bool = False) -> None:
        """Edit where a reader sees a difference; with a reply, always: what comes next is compared with what was said in both."""
        before = self._told[receiver]
        replies = manner.replies and before.has_thread and not is_empty(news)
        if replies:
            self.replies.append(Reply(receiver, news, manner.every))
        if replies or not looks_the_same(after, before.message):
            self.rows.append(Row(receiver, MessageKind.EDIT, before.sequence + 1, replace(after, threaded=replies), follows=follows))

    def _elsewhere(self, severity: Severity) -> Earlier | None:
        """Return where the story was told first, for a receiver that hears of it because it has become more severe."""
        if any(one.message.severity.rank >= severity.rank for one in self._told.values()):
            return None
        first = min(((one.told_at, name) for name, one in self._told.items() if one.told_at is not None and one.has_thread), default=None)
        if first is None:
            return None
        told_at, receiver = first
        message = self._told[receiver].message
        place = self._places.get(receiver, "")
        return Earlier(EarlierKind.OTHER_CHANNEL, message.story_id, receiver, told_at, message.title, place=place)
