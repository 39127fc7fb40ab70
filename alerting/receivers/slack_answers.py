"""Slack's answers, by what the sender must do about them: one table, from Slack's own documentation of its error codes. Pure."""

import math
import re
from collections.abc import Mapping
from typing import Final

from alerting.receivers import Answer, BadAccess, BadMessage, BadRoute, RateLimited, Unclear

RETRY_AFTER_MOST_S: Final = 3_600.0
RETRY_AFTER_ELSE_S: Final = 30.0

_RATE_LIMITED: Final = {"ratelimited", "rate_limited", "message_limit_exceeded"}

BAD_MESSAGE: Final = {
    "msg_too_long",
    "msg_blocks_too_long",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_attachments",
    "no_text",
    "invalid_arguments",
    "metadata_too_large",
    "metadata_must_be_sent_from_app",
    "too_many_attachments",
    # A reply whose thread is gone, or was never one.
    "thread_not_found",
    "invalid_thread_ts",
    "cannot_reply_to_message",
    # An edit whose parent is gone or may no longer be edited: nothing that we send again changes that.
    "message_not_found",
    "cant_update_message",
    "edit_window_closed",
}

BAD_ROUTE: Final = {"channel_not_found", "not_in_channel", "is_archived"}

UNKNOWN_METHOD: Final = "unknown_method"

BAD_ACCESS: Final = {
    UNKNOWN_METHOD,  # NEWSWIRE_SLACK_URL leads to something that is not Slack's Web API
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "missing_scope",
    "no_permission",
    "org_login_required",
    "team_added_to_org",
    "ekm_access_denied",
}

_CODE: Final = re.compile(r"[a-z0-9_]{1,60}")


def answer_of(status: int, error: str, headers: Mapping[str, str]) -> Answer:
    """Return what a refusal means. `error` is Slack's code, or whatever stood in its place; header names are in lower case.

    What is not in the table is unclear: of `internal_error` and `fatal_error` Slack says that some aspect of the operation may have
    succeeded.
    """
    code = error if _CODE.fullmatch(error) else ""
    if status == 429 or code in _RATE_LIMITED:
        return RateLimited(retry_after_s(headers.get("retry-after")))
    if status in {404, 405} and not code:
        code = UNKNOWN_METHOD
    if status >= 500 or not code:
        return Unclear(f"http_{status}" if status != 200 else "not_json")
    if code in BAD_MESSAGE or code.startswith("invalid_metadata"):
        return BadMessage(code)
    if code in BAD_ROUTE or code.startswith("restricted_action"):
        return BadRoute(code)
    if code in BAD_ACCESS:
        return BadAccess(code)
    return Unclear(code)


def retry_after_s(given: str | None) -> float:
    """Return the seconds that `Retry-After` asks for, within an hour; half a minute where it says nothing that can be read."""
    try:
        seconds = float(given) if given else RETRY_AFTER_ELSE_S
    except ValueError:
        seconds = RETRY_AFTER_ELSE_S
    return min(max(seconds, 0.0), RETRY_AFTER_MOST_S) if math.isfinite(seconds) else RETRY_AFTER_ELSE_S
