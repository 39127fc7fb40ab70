"""Slack's Web API, through slack_sdk: post, edit, and read back. The only module that imports slack_sdk's network part.

Never: lets slack_sdk retry by itself (a connection that breaks after Slack has accepted would make two messages), or waits without an end.
"""

import math
import socket
import ssl
from collections.abc import Callable, Collection, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.error import URLError

from pydantic import SecretStr
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from alerting.bulletin import Bulletin
from alerting.carried import Look, Said
from alerting.message import Message
from alerting.receivers import (
    Accepted,
    Answer,
    BadAccess,
    BadMessage,
    BadRoute,
    FindAnswer,
    NotFound,
    NotSent,
    RateLimited,
    Unclear,
    Unreadable,
)
from alerting.receivers.deadline import Deadlines, NoRoomError
from alerting.receivers.slack_access import Access, Channel, access_of, channel_of, is_channel
from alerting.receivers.slack_answers import UNKNOWN_METHOD, answer_of
from alerting.render import EVENT_TYPE, payload, plain_payload
from alerting.render_bulletin import EVENT_TYPES, standing_alone
from alerting.render_bulletin import payload as bulletin_payload
from alerting.render_bulletin import plain_payload as plain_bulletin_payload

DEFAULT_URL: Final = "https://slack.com/api/"
SPACING_S: Final = 1.0  # Slack's own rule: about one message a second a channel
TIMEOUT_S: Final = 10
DEADLINE_S: Final = 15.0
PERMALINK_S: Final = 5.0
"""A message goes out without a link rather than late."""
PAGE: Final = 200
PAGES_MOST: Final = 30
CLOCK_SLACK_S: Final = 60.0
"""Slack's machines need not agree on the time: a read-back begins this much before the newest moment that Slack named."""
_SAID: Final = frozenset(EVENT_TYPES.values())


class _Failed(Exception):  # noqa: N818 -- it carries an answer, and never leaves this module
    def __init__(self, answer: Answer) -> None:
        super().__init__(repr(answer))
        self.answer = answer


class SlackReceiver:
    """One channel of one workspace."""

    reads_back = True
    threads = True

    def __init__(
        self,
        name: str,
        *,
        channel: str,
        token: SecretStr,
        base_url: str = DEFAULT_URL,
        spacing_s: float = SPACING_S,
        timeout_s: int = TIMEOUT_S,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self.name, self.spacing_s = name, spacing_s
        self._channel = channel
        self._channel_id: str | None = None
        self._deadline_s = deadline_s
        self._deadlines = Deadlines()
        self._newest: float | None = None  # on Slack's clock
        base = base_url if base_url.endswith("/") else base_url + "/"
        self._client = WebClient(token=token.get_secret_value(), base_url=base, timeout=timeout_s, retry_handlers=[])
        # slack_sdk reads HTTPS_PROXY by itself; what goes through a proxy is decided by NEWSWIRE_SLACK_URL alone.
        self._client.proxy = None

    def clock_mark(self) -> str | Answer | None:
        if self._newest is None:
            try:
                self._call(self._client.auth_test)
            except _Failed as failed:
                if isinstance(failed.answer, BadAccess | RateLimited | NotSent):
                    return failed.answer
                # Anything else says nothing against sending: a read-back then looks at the whole history.
        return None if self._newest is None else f"{self._newest - CLOCK_SLACK_S:.6f}"

    def access(self) -> Access | Answer:
        """Return who the token makes us, what it allows, and the time by Slack's clock."""
        try:
            body, headers = self._answered(self._client.auth_test)
        except _Failed as failed:
            return failed.answer
        return access_of(body, headers)

    def channel(self) -> Channel | Answer:
        """Return what our channel is to us; `BadRoute` where it is none of those that the token lets us see."""
        wanted: dict[str, Any] = {"types": "public_channel,private_channel", "exclude_archived": False, "limit": PAGE}
        try:
            for _ in range(PAGES_MOST):
                body = self._call(lambda: self._client.conversations_list(**wanted))
                for one in _list_of(body, "channels"):
                    if is_channel(one, self._channel):
                        return channel_of(one)
                cursor = _next_cursor(body)
                if not cursor:
                    break
                wanted["cursor"] = cursor
        except _Failed as failed:
            return failed.answer
        return BadRoute("channel_not_found")

    def post(self, message: Message, *, plain: bool = False) -> Answer:
        said = plain_payload(message) if plain else payload(message)
        try:
            body = self._call(lambda: self._client.chat_postMessage(channel=self._channel, **said))
        except _Failed as failed:
            return failed.answer
        return self._accepted(body)

    def edit(self, message: Message, channel: str, reference: str, *, plain: bool = False) -> Answer:
        said = plain_payload(message) if plain else payload(message)
        said = {name: value for name, value in said.items() if not name.startswith("unfurl_")}  # `chat.update` knows no unfurling
        if plain:
            said |= {"blocks": [], "attachments": []}
        try:
            body = self._call(lambda: self._client.chat_update(channel=channel, ts=reference, **said))
        except _Failed as failed:
            # Where posting works and editing is not known (a proxy that lets only some calls through), the edit alone is given up.
            return BadMessage(UNKNOWN_METHOD) if failed.answer == BadAccess(UNKNOWN_METHOD) else failed.answer
        return self._accepted(body)

    def find(self, alert_id: str, *, channel: str | None, since: str | None) -> FindAnswer:
        return self._found(lambda said: _carried(said, (EVENT_TYPE,), "alert_id") == alert_id, channel, since, None)

    def say(self, bulletin: Bulletin, *, channel: str | None, thread: str | None, plain: bool = False) -> Answer:
        bulletin = bulletin if thread else standing_alone(bulletin)
        said = plain_bulletin_payload(bulletin) if plain else bulletin_payload(bulletin)
        said |= {"thread_ts": thread} if thread else {}
        try:
            body = self._call(lambda: self._client.chat_postMessage(channel=channel or self._channel, **said))
        except _Failed as failed:
            return failed.answer
        return self._accepted(body, our_own=channel is None)

    def find_said(self, bulletin_id: str, *, channel: str | None, thread: str | None, since: str | None) -> FindAnswer:
        return self._found(lambda said: _carried(said, _SAID, "bulletin_id") == bulletin_id, channel, since, thread)

    def look_back(self, *, channel: str | None, thread: str | None, since: str, cursor: str | None) -> Look | FindAnswer:
        if channel is None and self._channel_id is None:
            self._resolve_channel()
        there = channel or self._channel_id or self._channel
        wanted: dict[str, Any] = {"channel": there, "include_all_metadata": True, "limit": PAGE, "oldest": since, "inclusive": True}
        wanted |= {"ts": thread} if thread else {}
        wanted |= {"cursor": cursor} if cursor else {}
        read = self._client.conversations_replies if thread else self._client.conversations_history
        try:
            body = self._call(lambda: read(**wanted))
        except _Failed as failed:
            return _find_answer(failed.answer)
        said = (_said(there, one) for one in _list_of(body, "messages"))
        return Look(tuple(one for one in said if one is not None), _next_cursor(body))

    def permalink(self, channel: str, reference: str) -> str | None:
        try:
            body = self._call(lambda: self._client.chat_getPermalink(channel=channel, message_ts=reference), PERMALINK_S)
        except _Failed:
            return None
        address = body.get("permalink")
        return address if isinstance(address, str) else None

    def _found(self, is_it: Callable[[Mapping[str, Any]], bool], channel: str | None, since: str | None, thread: str | None) -> FindAnswer:
        try:
            return self._find_here_too(is_it, channel, since, thread)
        except _Failed as failed:
            if isinstance(failed.answer, BadRoute) and not channel and self._channel_id is None and self._resolve_channel():
                return self._found(is_it, self._channel_id, since, thread)
            return _find_answer(failed.answer)

    def _find_here_too(
        self, is_it: Callable[[Mapping[str, Any]], bool], channel: str | None, since: str | None, thread: str | None
    ) -> FindAnswer:
        """Look in `channel`, and where it is not there also in our own, which may be another. A thread is in one channel alone."""
        found = self._find(is_it, channel or self._channel_id or self._channel, since, thread)
        if isinstance(found, NotFound) and channel and thread is None and self._leads_elsewhere(channel):
            return self._find(is_it, self._channel_id or self._channel, since, None)
        return found

    def _leads_elsewhere(self, channel: str) -> bool:
        """Return whether our channel is surely another than this one, which was told last: routes.yaml may have been changed since."""
        if self._channel_id is None and self._channel != channel:
            self._resolve_channel()
        return self._channel_id not in {None, channel}

    def _find(self, is_it: Callable[[Mapping[str, Any]], bool], channel: str, since: str | None, thread: str | None) -> FindAnswer:
        wanted: dict[str, Any] = {"channel": channel, "include_all_metadata": True, "limit": PAGE}
        wanted |= {"ts": thread} if thread else {}
        read = self._client.conversations_replies if thread else self._client.conversations_history
        if since:
            wanted |= {"oldest": since, "inclusive": True}
        for _ in range(PAGES_MOST):
            body = self._call(lambda: read(**wanted))
            for said in _list_of(body, "messages"):
                if is_it(said) and isinstance(said.get("ts"), str):
                    return Accepted(channel, said["ts"])
            cursor = _next_cursor(body)
            if not cursor:
                return NotFound()
            wanted["cursor"] = cursor
        return Unreadable("history_too_long")

    def _resolve_channel(self) -> bool:
        """Return whether the channel's id was found by its name: `conversations.history` takes no names."""
        name = self._channel.removeprefix("#")
        wanted: dict[str, Any] = {"types": "public_channel,private_channel", "exclude_archived": True, "limit": PAGE}
        try:
            for _ in range(PAGES_MOST):
                body = self._call(lambda: self._client.conversations_list(**wanted))
                for channel in _list_of(body, "channels"):
                    if channel.get("name") == name and isinstance(channel.get("id"), str):
                        self._channel_id = channel["id"]
                        return True
                cursor = _next_cursor(body)
                if not cursor:
                    return False
                wanted["cursor"] = cursor
        except _Failed:
            return False  # the history's own answer is told
        return False

    def _accepted(self, body: Mapping[str, Any], *, our_own: bool = True) -> Answer:
        channel, reference = body.get("channel"), body.get("ts")
        if not isinstance(channel, str) or not isinstance(reference, str):
            return Unclear("no_ts")
        self._channel_id = channel if our_own else self._channel_id
        return Accepted(channel, reference)

    def _call(self, call: Callable[[], Any], at_most_s: float = math.inf) -> Mapping[str, Any]:
        """Return the body of a good answer; everything else is `_Failed` with what it means."""
        return self._answered(call, at_most_s)[0]

    def _answered(self, call: Callable[[], Any], at_most_s: float = math.inf) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """Return body and headers of a good answer."""
        try:
            response = self._deadlines.within(min(self._deadline_s, at_most_s), call)
        except SlackApiError as error:
            headers = self._headers_of(error.response)
            code = error.response.get("error") if isinstance(error.response.data, dict) else None
            raise _Failed(answer_of(error.response.status_code, str(code or ""), headers)) from None
        except NoRoomError:
            raise _Failed(NotSent("calls_hang")) from None
        except TimeoutError:
            raise _Failed(Unclear("timeout")) from None
        except URLError as error:
            never = isinstance(error.reason, ConnectionRefusedError | socket.gaierror | ssl.SSLCertVerificationError)
            reason = type(error.reason).__name__
            raise _Failed(NotSent(reason) if never else Unclear(reason)) from None
        except Exception as error:  # noqa: BLE001 -- whatever broke, the request may have been accepted
            raise _Failed(Unclear(type(error).__name__)) from None
        headers = self._headers_of(response)
        body: Mapping[str, Any] = response.data
        return body, headers

    def _headers_of(self, response: Any) -> dict[str, str]:
        headers = {str(name).lower(): str(value) for name, value in dict(response.headers or {}).items()}
        try:
            moment = parsedate_to_datetime(headers.get("date", "")).timestamp()
        except (TypeError, ValueError, OverflowError):
            return headers
        self._newest = max(self._newest or 0.0, moment)
        return headers


def _find_answer(answer: Answer) -> FindAnswer:
    match answer:
        case RateLimited() | Unclear():
            return answer
        case NotSent():
            return Unclear(answer.reason)
        case BadAccess(code) if code not in {"missing_scope", "no_permission"}:
            return answer
        case _:
            return Unreadable(_reason_of(answer))


def _reason_of(answer: Answer) -> str:
    return str(getattr(answer, "code", None) or getattr(answer, "reason", None) or type(answer).__name__)


def _carried(said: Mapping[str, Any], events: Collection[str], name: str) -> object:
    """Return what a message of ours carries under this name; None where it is none."""
    metadata = said.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") not in events:
        return None
    carried = metadata.get("event_payload")
    return carried.get(name) if isinstance(carried, dict) else None


def _said(channel: str, said: Mapping[str, Any]) -> Said | None:
    """Return what a message in a channel carries; None where it is none of ours."""
    metadata, reference = said.get("metadata"), said.get("ts")
    if not isinstance(metadata, dict) or not isinstance(reference, str):
        return None
    event, carried = metadata.get("event_type"), metadata.get("event_payload")
    if event not in {EVENT_TYPE, *_SAID} or not isinstance(carried, dict):
        return None
    own = carried.get("alert_id" if event == EVENT_TYPE else "bulletin_id")
    items, digest, due_at = carried.get("items"), carried.get("digest"), carried.get("due_at")
    return Said(
        str(event),
        channel,
        reference,
        own if isinstance(own, str) else "",
        tuple(one for one in items if isinstance(one, str)) if isinstance(items, list) else (),
        bool(said.get("reply_count")),
        digest if isinstance(digest, str) else None,
        float(due_at) if isinstance(due_at, int | float) else None,
    )


def _list_of(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    given = body.get(name)
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _next_cursor(body: Mapping[str, Any]) -> str | None:
    after = body.get("response_metadata")
    cursor = after.get("next_cursor") if isinstance(after, dict) else None
    return cursor if isinstance(cursor, str) and cursor else None
