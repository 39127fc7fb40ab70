"""What `newswire receivers test` does with a receiver, one step after another: a message, a reply in its thread, an edit, a look at what arrived."""

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from alerting.bulletin import Bulletin
    from alerting.message import Message
    from alerting.receivers import Answer, FindAnswer, Receiver

LOOKS: Final = 3
LOOK_S: Final = 1.0
"""Slack shows what it took at once, as a rule; a second look is for when it does not."""

_SAID: Final = "This is a test: it was asked for by `newswire receivers test`, and nothing has happened."
_TAKEN: Final = {
    "message": "the test message was taken",
    "reply": "the reply in its thread was taken",
    "edit": "the edit was taken",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step and what came back of it. `telling` ones must be taken, the others only look."""

    step: str
    good: bool
    words: str
    values: dict[str, Any]
    telling: bool = True


def steps(receiver: "Receiver", now: datetime, wait: Callable[[float], None] = time.sleep) -> Iterator[Step]:
    """Yield each step as it ends; where one is not taken, those that build on it are left out."""
    from alerting.receivers import Accepted

    message = test_message(receiver.name, now)
    posted = receiver.post(message)
    yield _told("message", posted)
    if not isinstance(posted, Accepted) or not receiver.threads:
        return
    channel, reference = posted.channel or "", posted.reference or ""
    reply = test_reply(message)
    said = receiver.say(reply, channel=channel, thread=reference)
    yield _told("reply", said)
    yield _told("edit", receiver.edit(_edited(message), channel, reference))
    if not receiver.reads_back:
        return
    yield _found("read_back", lambda: receiver.find(message.alert_id, channel=channel, since=None), posted, wait)
    if isinstance(said, Accepted):
        yield _found(
            "read_back_thread", lambda: receiver.find_said(reply.bulletin_id, channel=channel, thread=reference, since=None), said, wait
        )
    link = receiver.permalink(channel, reference)
    words = f"it stands at {link}" if link else "no link to it could be had; messages go out without links to earlier ones"
    yield Step("link", link is not None, words, {"link": link}, telling=False)


def test_message(receiver: str, now: datetime) -> "Message":
    """Return a message that nobody can take for news."""
    from alerting.message import Carrier, Message, Quote, ShownWatchlist
    from newswire.records import Basis, Label, Severity

    return Message(
        alert_id=secrets.token_hex(16),
        story_id=secrets.token_hex(16),
        severity=Severity.INFO,
        watchlists=(ShownWatchlist("newswire-test", "TEST of Newswire", Severity.INFO, ("test",)),),
        item_id="test",
        title=f"Test message for the receiver “{receiver}”",
        url=None,
        outlet="Newswire",
        country=None,
        language="en",
        published_at=now,
        seen_at=now,
        label=Label.OTHER,
        score=0.0,
        home=None,
        partners=(),
        organisations=(),
        topics=(),
        quote=Quote(_SAID, ((10, 14),)),
        carriers=(Carrier("test", "test", Basis.FEED, "Newswire", None, None),),
    )


def test_reply(message: "Message") -> "Bulletin":
    """Return a reply to it that nobody can take for news either."""
    from alerting.bulletin import Bulletin, Piece
    from newswire.records import MessageKind

    return Bulletin(
        bulletin_id=secrets.token_hex(16),
        kind=MessageKind.REPLY,
        severity=message.severity,
        fallback="TEST of Newswire: a reply in the thread",
        heading=(Piece("TEST of Newswire: ", bold=True), Piece("a reply in the thread")),
        lines=((Piece(_SAID),),),
        story_id=message.story_id,
        alert_id=message.alert_id,
        watchlists=tuple(shown.watchlist for shown in message.watchlists),
        data={"title": message.title, "test": True},
        sequence=1,
    )


def _edited(message: "Message") -> "Message":
    """Return it as an edit with something new in it: a receiver that cannot edit says that, and nothing else."""
    from newswire.records import Severity

    return replace(message, sequence=1, severity=Severity.LOW, title=f"{message.title}, edited")


def _told(step: str, answer: "Answer") -> Step:
    from alerting.receivers import Accepted

    good = isinstance(answer, Accepted)
    return Step(step, good, _TAKEN[step] if good else f"{step}: {answer_in_words(answer)}", answer_values(answer))


def _found(step: str, look: Callable[[], "FindAnswer"], wanted: object, wait: Callable[[float], None]) -> Step:
    from alerting.receivers import NotFound, Unreadable
    from alerting.receivers.advice import what_to_do

    place = "channel" if step == "read_back" else "thread"
    answer = look()
    for _ in range(LOOKS - 1):
        if answer != NotFound():
            break
        wait(LOOK_S)
        answer = look()
    if answer == wanted:
        return Step(step, True, f"it was found in the {place}: what is in doubt is looked for there", answer_values(answer), telling=False)
    if isinstance(answer, Unreadable):
        words = (
            f"the {place} cannot be read: {answer.code}; {what_to_do(answer.code)}. What is in doubt is sent again, as a possible repeat"
        )
        return Step(step, False, words, {"answer": "Unreadable", "reason": answer.code, "do": what_to_do(answer.code)}, telling=False)
    if isinstance(answer, NotFound):
        words = f"it was not found in the {place}: Slack shows it late, and what is in doubt may be said twice"
        return Step(step, False, words, {"answer": "NotFound", "reason": "not_found", "do": None}, telling=False)
    return Step(step, False, f"looking in the {place}: {answer_in_words(answer)}", answer_values(answer), telling=False)


def answer_in_words(answer: "Answer | FindAnswer") -> str:
    """Return what a receiver answered, what it means and what to do."""
    from alerting.receivers import Accepted, BadAccess, BadMessage, BadRoute, NotSent, RateLimited, Unclear
    from alerting.receivers.advice import what_to_do

    match answer:
        case RateLimited(retry_after_s):
            return f"not taken: rate limited, it wants {retry_after_s:.0f} s of silence"
        case NotSent(reason):
            return f"not sent: {reason}; {what_to_do(reason)}"
        case Unclear(reason):
            return f"not known whether it was taken: {reason}; {what_to_do(reason)}"
        case BadMessage(code) | BadRoute(code) | BadAccess(code):
            return f"refused: {code}; {what_to_do(code)}"
        case Accepted():
            return "it stands elsewhere than it was told to stand"
        case _:
            return "nothing is known of it"


def answer_values(answer: "Answer | FindAnswer") -> dict[str, Any]:
    """Return the same for programs."""
    from alerting.receivers import Accepted, NotSent, RateLimited, Unclear
    from alerting.receivers.advice import what_to_do

    match answer:
        case Accepted():
            return {"answer": "Accepted", "reason": None, "do": None}
        case RateLimited(retry_after_s):
            return {"answer": "RateLimited", "reason": "rate_limited", "do": what_to_do("rate_limited"), "retry_after_s": retry_after_s}
        case NotSent(reason) | Unclear(reason):
            return {"answer": type(answer).__name__, "reason": reason, "do": what_to_do(reason)}
        case _:
            code = getattr(answer, "code", "not_found")
            return {"answer": type(answer).__name__, "reason": code, "do": what_to_do(code)}
