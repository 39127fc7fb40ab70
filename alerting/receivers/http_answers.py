"""Answers to a POST, by what the sender must do about them: one table for webhooks, one for Slack's incoming webhooks. Pure.

The classes are those of Slack's Web API (`slack_answers`). What differs: a webhook's message carries a key by which its receiver knows a
repeat, so that what is unclear is simply sent again.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from alerting.receivers import Accepted, Answer, BadAccess, BadMessage, BadRoute, NotSent, RateLimited, Unclear
from alerting.receivers.http_post import Replied
from alerting.receivers.slack_answers import RETRY_AFTER_MOST_S, retry_after_s

_PAGE: Final = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_BY_STATUS: Final[tuple[tuple[Collection[int], Callable[[str], Answer]], ...]] = (
    ({401, 403, 407, 511}, BadAccess),  # who we are is not taken; 511 is a portal that asks for a login (RFC 6585)
    ({404, 405, 410, 421, 451}, BadRoute),  # nobody takes messages at this address
    ({408, 425}, NotSent),  # the server did not take the request in (RFC 9110, RFC 8470)
    (range(300, 400), BadRoute),  # it is elsewhere: that is not followed, the operator has to write it
    (range(400, 500), BadMessage),
)

_SLACK_WORDS: Final[Mapping[str, Callable[[str], Answer]]] = {
    "no_service": BadAccess,
    "no_service_id": BadAccess,
    "no_team": BadAccess,
    "no_active_hooks": BadAccess,
    "team_disabled": BadAccess,
    "invalid_token": BadAccess,
    "action_prohibited": BadAccess,
    "posting_to_general_channel_denied": BadRoute,
    "channel_not_found": BadRoute,
    "channel_is_archived": BadRoute,
    "user_not_found": BadRoute,
}
"""Slack's words for what is wrong, from its page on handling errors of incoming webhooks."""

_WORD: Final = re.compile(r"[a-z0-9_]{1,60}")


def webhook_answer(replied: Replied, *, accepted: Accepted, now: datetime) -> Answer:
    """Return what a webhook's answer means; `accepted` is what a good one means."""
    status, code = replied.status, f"http_{replied.status}"
    if 200 <= status < 300:
        # A page is what a login, a portal or a parked domain answers, with the best of statuses.
        return Unclear("html") if _PAGE.match(replied.body) else accepted
    if status == 429 or (status == 503 and "retry-after" in replied.headers):
        return RateLimited(wait_of(replied.headers, now))
    for statuses, meaning in _BY_STATUS:
        if status in statuses:
            return meaning(code)
    return Unclear(code)  # it may have been taken before the server fell over


def slack_webhook_answer(replied: Replied, *, accepted: Accepted, now: datetime) -> Answer:
    """Return what a Slack incoming webhook's answer means: a status, and Slack's own word as plain text (`no_service`)."""
    text = replied.body.decode("ascii", "replace").strip()
    if replied.status == 200:
        return accepted if text == "ok" else Unclear("html" if _PAGE.match(replied.body) else "not_ok")
    if text in _SLACK_WORDS:
        return _SLACK_WORDS[text](text)
    answer = webhook_answer(replied, accepted=accepted, now=now)
    if isinstance(answer, Accepted):
        return Unclear(f"http_{replied.status}")
    return BadMessage(text) if isinstance(answer, BadMessage) and _WORD.fullmatch(text) else answer


def wait_of(headers: Mapping[str, str], now: datetime) -> float:
    """Return the seconds that `Retry-After` asks for, given in seconds or as a date (RFC 9110, 10.2.3), within an hour."""
    given = headers.get("retry-after")
    try:
        moment = parsedate_to_datetime(given or "")
    except (TypeError, ValueError):
        return retry_after_s(given)
    if moment.tzinfo is None:
        return retry_after_s(None)
    return min(max((moment - now).total_seconds(), 0.0), RETRY_AFTER_MOST_S)
