"""A mail server's reply codes, by what the sender must do about them: one table, from RFC 5321, 4.2 and RFC 4954, 6. Pure."""

from enum import StrEnum
from typing import Final

from alerting.receivers import Answer, BadAccess, BadMessage, BadRoute, NotSent


class Step(StrEnum):
    """How far a mail had come when the code was said."""

    GREETING = "greeting"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENTS = "recipients"  # of all of them, where none was taken
    CONTENT = "content"


_REFUSES_US: Final = {530, 534, 535, 538}  # log in first; a stronger way is due; wrong; only when encrypted
_TOO_LARGE: Final = 552


def answer_of(step: Step, code: int) -> Answer:
    """Return what a code other than "go on" means. None of them leaves it open whether the mail was taken: only silence does."""
    if not 200 <= code <= 599:
        return NotSent("not_smtp")
    said = f"smtp_{code}"
    if code < 500:
        return NotSent(said)  # 4yz asks to come again, 421 among them
    if step in {Step.GREETING, Step.LOGIN} or code in _REFUSES_US:
        return BadAccess(said)
    if step is Step.CONTENT or code == _TOO_LARGE:
        return BadMessage(said)
    return BadRoute(said)
