"""A Slack that speaks the Web API's wire format over HTTP, refuses what Slack refuses, and fails as Slack and networks do.

It knows `chat.postMessage`, `chat.update`, `chat.getPermalink`, `conversations.history`, `conversations.replies`, `conversations.list` and
`auth.test` (docs.slack.dev/reference/methods), with form or JSON bodies. What a message may hold stands in `tests.slack_rules`; what was refused
is kept in `refused`. Faults are scripted: each write call takes the next of `faults`, each other call the next of `read_faults`. In a process of
its own: `python -m tests.fake_slack --port 9000 --log FILE`, where every accepted write is one JSON line of FILE.
"""

import argparse
import base64
import binascii
import json
import math
import re
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.fake_slack_wire import WRITES, Server, handler_for
from tests.slack_rules import TEXT_WHOLE, refusal

FAULTS = (
    "accept_then_reset",
    "accept_then_silence",
    "accept_then_500",
    "accept_then_html",
    "accept_drip",
    "accept_then_error:internal_error",
    "reset",
    "silence",
    "http_503",
    "html",
    "rate_limited:1",
    "error:fatal_error",
)
"""Twelve ways to fail; `error:CODE` and `rate_limited:SECONDS` take any value, `ok` is none."""

SCOPES = frozenset({"chat:write", "chat:write.public", "channels:history", "channels:read", "groups:history", "groups:read"})
"""Those of deploy/slack-app-manifest.yaml; a test holds that."""
_NEEDS = {"chat.postMessage": "chat:write", "chat.update": "chat:write"}
_TS = re.compile(r"[0-9]{10}\.[0-9]{6}")


@dataclass
class Posted:
    """One message in a channel, as it stands now, with every version that was accepted."""

    channel: str
    ts: str
    body: dict[str, Any]
    versions: list[dict[str, Any]] = field(default_factory=list)
    ours: bool = True
    thread_ts: str | None = None

    @property
    def alert_id(self) -> str | None:
        """Of an alert; what is said beside it only names it."""
        return self._carried("alert_id") if self._event in {None, "newswire_alert"} else None

    @property
    def bulletin_id(self) -> str | None:
        return self._carried("bulletin_id")

    @property
    def _event(self) -> str | None:
        found: str | None = (self.body.get("metadata") or {}).get("event_type")
        return found

    def _carried(self, name: str) -> str | None:
        found: str | None = (self.body.get("metadata") or {}).get("event_payload", {}).get(name)
        return found


class _RefusedError(Exception):
    def __init__(self, code: str, *, why: str = "", **more: str) -> None:
        super().__init__(code)
        self.why = why
        self.answer = {"ok": False, "error": code, **more}


class FakeSlack:
    """A workspace whose channels are made when they are first named, unless `channels` names them all."""

    def __init__(
        self,
        *,
        port: int = 0,
        faults: Iterable[str] = (),
        log: Path | None = None,
        page: int = 100,
        channels: tuple[str, ...] | None = None,
        history_error: str | None = None,
        slow_s: float = 0.0,
        scopes: Iterable[str] = SCOPES,
        token: str | None = None,
        archived: tuple[str, ...] = (),
        private: tuple[str, ...] = (),
        not_joined: tuple[str, ...] = (),
        visible_after_s: float = 0.0,
    ) -> None:
        self.faults = deque(faults)
        self.read_faults: deque[str] = deque()
        self.page = page  # at most so many of what is asked for come at once, whatever the limit
        self.channels = channels  # names that exist; None: any
        self.history_error = history_error
        self.slow_s = slow_s  # a write takes so long: half of it before it counts, half before the answer
        self.scopes, self.token = frozenset(scopes), token  # None: any token
        self.archived, self.private, self.not_joined = archived, private, not_joined  # names of channels
        self.visible_after_s = visible_after_s  # how long after it was posted a message is seen by those who read
        self.ahead_s = 0.0  # by so much its clock goes before ours
        self.posted: list[Posted] = []
        self.calls: list[str] = []
        self.refused: list[tuple[str, str, str]] = []  # method, code, what is wrong
        self.split = 0  # messages so long that Slack makes several of one
        self.released = threading.Event()  # ends the silences
        self._log = log
        self._lock = threading.Lock()
        self._clock = time.time()
        self._ids = {name: f"C{n + 1:07d}" for n, name in enumerate(channels or ())}
        self._server = Server(("127.0.0.1", port), handler_for(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/api/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def alerts(self) -> list[Posted]:
        """What was posted as a story's own message: no replies, digests or notices."""
        return [posted for posted in self.posted if posted.bulletin_id is None]

    def by_alert(self) -> dict[str | None, list[Posted]]:
        found: dict[str | None, list[Posted]] = {}
        for posted in self.alerts:
            found.setdefault(posted.alert_id, []).append(posted)
        return found

    def in_thread(self, ts: str) -> list[Posted]:
        return [posted for posted in self.posted if posted.thread_ts == ts]

    def somebody_says(self, channel: str, text: str, thread_ts: str | None = None) -> Posted:
        """Put a stranger's message in a channel."""
        with self._lock:
            return self._kept(self._channel(channel), {"text": text}, ours=False, thread_ts=thread_ts)

    def next_fault(self, method: str) -> str:
        with self._lock:
            self.calls.append(method)
            faults = self.faults if method in WRITES else self.read_faults
            return faults.popleft() if faults else "ok"

    def answer(self, method: str, asked: dict[str, Any], token: str) -> dict[str, Any]:
        """Do what the call asks, and return Slack's answer."""
        does = {
            "auth.test": self._who,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.getPermalink": self._permalink,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "conversations.list": self._list,
        }.get(method)
        with self._lock:
            try:
                self._let_in(token, _NEEDS.get(method))
                return {"ok": True} | (does or _unknown)(asked)
            except _RefusedError as error:
                self.refused.append((method, str(error), error.why))
                return error.answer

    def _let_in(self, token: str, scope: str | None) -> None:
        if not token or (self.token is not None and token != self.token):
            raise _RefusedError("invalid_auth" if token else "not_authed")
        self._needs(scope)

    def _needs(self, scope: str | None) -> None:
        if scope is not None and scope not in self.scopes:
            raise _RefusedError("missing_scope", needed=scope, provided=",".join(sorted(self.scopes)))

    def _name(self, channel: str) -> str:
        return next(name for name, id_ in self._ids.items() if id_ == channel)

    def _channel(self, named: str) -> str:
        """Return the id of a channel that is given by its name or id."""
        name = named.removeprefix("#")
        if named in self._ids.values():
            name = self._name(named)
        elif not name or (self.channels is not None and name not in self.channels):
            raise _RefusedError("channel_not_found", why=f"{named!r} is none of {self._ids}")
        if name in self.private and name in self.not_joined:
            raise _RefusedError("channel_not_found")  # a private channel is not there for those who are not in it
        return self._ids.setdefault(name, f"C{len(self._ids) + 1:07d}")

    def _channel_to_read(self, asked: dict[str, Any]) -> str:
        """Return the id of a channel whose messages may be read: it is given by its id alone."""
        if self.history_error:
            raise _RefusedError(self.history_error)
        if asked.get("channel") not in self._ids.values():
            raise _RefusedError("channel_not_found")
        channel = self._channel(str(asked["channel"]))
        self._needs("groups:history" if self._name(channel) in self.private else "channels:history")
        if self._name(channel) in self.not_joined:
            raise _RefusedError("not_in_channel")
        return channel

    def _who(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"url": "https://fake.slack.example/", "team": "Fake", "user": "newswire", "team_id": "T1", "user_id": "U1", "bot_id": "B1"}

    def _post(self, asked: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(str(asked.get("channel", "")))
        name = self._name(channel)
        if name in self.archived:
            raise _RefusedError("is_archived")
        if name in self.not_joined and "chat:write.public" not in self.scopes:
            raise _RefusedError("not_in_channel")
        self._check(asked)
        thread_ts = asked.get("thread_ts")
        if thread_ts is not None:
            if not isinstance(thread_ts, str) or not _TS.fullmatch(thread_ts):
                raise _RefusedError("invalid_thread_ts", why=f"{thread_ts!r} is not a valid thread_ts")
            if not any((p.channel, p.ts, p.thread_ts) == (channel, thread_ts, None) for p in self.posted):
                raise _RefusedError("thread_not_found")
        posted = self._kept(channel, asked, ours=True, thread_ts=thread_ts)
        self._write_log("chat.postMessage", posted)
        return {"channel": channel, "ts": posted.ts, "message": self._shown(posted, with_metadata=True)}

    def _kept(self, channel: str, body: dict[str, Any], *, ours: bool, thread_ts: str | None) -> Posted:
        self._clock = max(time.time(), self._clock + 0.000_001)
        posted = Posted(channel, f"{self._clock:.6f}", body, [body], ours, thread_ts)
        self.posted.append(posted)
        return posted

    def _check(self, asked: dict[str, Any]) -> None:
        if refused := refusal(asked):
            raise _RefusedError(refused[0], why=refused[1])
        self.split += len(asked.get("text") or "") > TEXT_WHOLE

    def _update(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked.get("channel") not in self._ids.values():
            raise _RefusedError("channel_not_found", why=f"{asked.get('channel')!r} is none of {self._ids}")
        posted = next((p for p in self.posted if (p.channel, p.ts) == (asked.get("channel"), asked.get("ts"))), None)
        if posted is None:
            raise _RefusedError("message_not_found")
        if not posted.ours:
            raise _RefusedError("cant_update_message")
        if self._name(posted.channel) in self.archived:
            raise _RefusedError("is_archived")
        self._check(asked)
        before = {key: value for key, value in posted.body.items() if key not in {"blocks", "attachments"} or "text" not in asked}
        posted.body = before | asked
        posted.versions.append(asked)
        self._write_log("chat.update", posted)
        return {"channel": posted.channel, "ts": posted.ts, "text": asked.get("text")}

    def _permalink(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked.get("channel") not in self._ids.values():
            raise _RefusedError("channel_not_found")
        posted = next((p for p in self.posted if (p.channel, p.ts) == (asked["channel"], asked.get("message_ts"))), None)
        if posted is None:
            raise _RefusedError("message_not_found")
        return {"channel": posted.channel, "permalink": permalink_of(posted)}

    def _history(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Return what stands in the channel itself, newest first: a reply is only in its thread."""
        channel = self._channel_to_read(asked)
        there = [p for p in reversed(self.posted) if p.channel == channel and (p.thread_ts is None or p.body.get("reply_broadcast"))]
        return self._messages(asked, there, [])

    def _replies(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Return a thread, oldest first; its first message comes with each page."""
        channel = self._channel_to_read(asked)
        first = [p for p in self.posted if (p.channel, p.ts, p.thread_ts) == (channel, asked.get("ts"), None)]
        if not first:
            raise _RefusedError("thread_not_found")
        return self._messages(asked, self.in_thread(first[0].ts), first)

    def _messages(self, asked: dict[str, Any], there: list[Posted], always: list[Posted]) -> dict[str, Any]:
        for name in ("oldest", "latest"):
            if asked.get(name) and not re.fullmatch(r"[0-9]+(\.[0-9]+)?", str(asked[name])):
                raise _RefusedError(f"invalid_ts_{name}")
        newest = time.time() - self.visible_after_s if self.visible_after_s else math.inf
        oldest, latest = float(asked.get("oldest") or 0), min(float(asked.get("latest") or math.inf), newest)
        inclusive = _true(asked.get("inclusive"))
        seen = [p for p in there if (oldest < float(p.ts) < latest) or (inclusive and float(p.ts) in {oldest, latest})]
        page, after = self._page(asked, seen)
        with_metadata = _true(asked.get("include_all_metadata"))
        messages = [self._shown(posted, with_metadata=with_metadata) for posted in (*always, *page)]
        return {"messages": messages, "has_more": bool(after), **after}

    def _list(self, asked: dict[str, Any]) -> dict[str, Any]:
        kinds = str(asked.get("types") or "public_channel").split(",")
        self._needs("channels:read" if "public_channel" in kinds else None)
        self._needs("groups:read" if "private_channel" in kinds else None)
        names = [name for name in self._ids if name not in self.private or ("private_channel" in kinds and name not in self.not_joined)]
        names = [name for name in names if name not in self.archived or not _true(asked.get("exclude_archived"))]
        page, after = self._page(asked, names)
        about = [
            {"id": self._ids[name], "name": name, "is_private": name in self.private, "is_archived": name in self.archived} for name in page
        ]
        return {"channels": [one | {"is_member": one["name"] not in self.not_joined} for one in about], **after}

    def _page(self, asked: dict[str, Any], there: list[Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return the page that is asked for, and what stands in the answer about the next one."""
        limit = str(asked.get("limit") or 100)
        if not limit.isdecimal() or not 0 < int(limit) <= 1_000:
            raise _RefusedError("invalid_limit")
        try:
            start = int(base64.b64decode(str(asked.get("cursor") or "MA=="), validate=True).decode())
        except (binascii.Error, ValueError):
            raise _RefusedError("invalid_cursor") from None
        end = start + min(self.page, int(limit))
        following = base64.b64encode(str(end).encode()).decode() if end < len(there) else None
        return there[start:end], {"response_metadata": {"next_cursor": following}} if following else {}

    def _shown(self, posted: Posted, *, with_metadata: bool) -> dict[str, Any]:
        said = {"type": "message", "text": posted.body.get("text"), "ts": posted.ts}
        said |= {"bot_id": "B1"} if posted.ours else {"user": "U9"}
        said |= {"thread_ts": posted.thread_ts} if posted.thread_ts else {}
        replies = len(self.in_thread(posted.ts))
        said |= {"reply_count": replies, "thread_ts": posted.ts} if replies else {}
        return said | ({"metadata": posted.body["metadata"]} if with_metadata and posted.body.get("metadata") else {})

    def _write_log(self, method: str, posted: Posted) -> None:
        if self._log is not None:
            ids = {"alert_id": posted.alert_id, "bulletin_id": posted.bulletin_id, "thread_ts": posted.thread_ts}
            line = {"method": method, "channel": posted.channel, "ts": posted.ts, **ids, "body": posted.versions[-1]}
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


def permalink_of(posted: Posted) -> str:
    """Return the address by which Slack shows a message."""
    address = f"https://fake.slack.example/archives/{posted.channel}/p{posted.ts.replace('.', '')}"
    return f"{address}?thread_ts={posted.thread_ts}&cid={posted.channel}" if posted.thread_ts else address


def _unknown(_: dict[str, Any]) -> dict[str, Any]:
    raise _RefusedError("unknown_method")


def _true(given: object) -> bool:
    return str(given).lower() in {"1", "true"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--faults", default="", help="comma list, taken one by one by the write calls")
    parser.add_argument("--visible-after", type=float, default=0.0, help="seconds until a message is seen by those who read")
    arguments = parser.parse_args()
    faults = [fault for fault in arguments.faults.split(",") if fault]
    with FakeSlack(port=arguments.port, faults=faults, log=arguments.log, visible_after_s=arguments.visible_after) as slack:
        print(slack.url, flush=True)  # noqa: T201 -- the parent reads where it listens
        threading.Event().wait()


if __name__ == "__main__":
    main()
