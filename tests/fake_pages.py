"""What the processors stand on, in memory: sites that answer as told, a jail without walls, an understanding of one rule."""

from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from typing import Any

from newswire.bus import Delivered, Message
from newswire.codec import decode, encode
from newswire.http import Fetched, FetchFailed, Request
from newswire.jail import Killed, KillReason, TaskRaised
from newswire.outcomes import FetchReason
from newswire.records import Evidence, Field, Item, Label, Report, Span
from newswire.topics import ITEMS, REPORTS
from processors.understood import Understood
from tests.fakes import NOW, MemoryBus

SENTENCE = "The minister of information technology received the ambassador and both agreed to work on digital services. "
BODY = SENTENCE * 5


def an_item(name: str = "a", **given: Any) -> Item:
    """Return an item of an ordinary source, `given` fields replaced."""
    fields: dict[str, Any] = {
        "item_id": name.ljust(32, "-"),
        "revision": "1" * 16,
        "source_id": "5" * 12,
        "source_url": "https://news.example/feed",
        "outlet": "The Example",
        "outlet_country": "PK",
        "language_hint": None,
        "url": f"https://news.example/{name}",
        "guid": name,
        "title": f"Minister meets ambassador {name}",
        "summary": "They talked about services.",
        "content": "",
        "published_at": NOW - timedelta(hours=1),
        "seen_at": NOW - timedelta(seconds=2),
        "backlog": False,
        "trace_id": f"trace-{name}",
    }
    return Item(**(fields | given))


def delivered(item: Item, offset: int = 0) -> Delivered:
    return Delivered(ITEMS.name, 0, offset, item.item_id, encode(item), {}, NOW)


def item_message(item: Item) -> Message:
    return Message(item.item_id, encode(item))


def reports_on(bus: MemoryBus) -> list[Report]:
    return [decode(Report, message.value) for message in bus.log[REPORTS.name]]


class FakeUnderstanding:
    """Calls an item diplomacy where the word `ambassador` stands in its title or text; raises where `poison` does."""

    def __init__(self) -> None:
        self.reads: list[dict[str, Any]] = []

    def read(
        self, *, title: str, summary: str, text: str, language_hint: str | None, outlet_country: str | None, outlet: str
    ) -> Understood:
        self.reads.append({"title": title, "summary": summary, "text": text, "language_hint": language_hint})
        if "poison" in title:
            raise ValueError("cannot read poison")
        place = text.find("ambassador")
        evidence = () if place < 0 else (Evidence("envoy", 2.0, Span(Field.BODY, place, place + 10, "ambassador")),)
        is_diplomacy = place >= 0 or "ambassador" in title
        label = Label.DIPLOMACY if is_diplomacy else Label.OTHER
        return Understood(
            language=language_hint or "en",
            label=label,
            score=0.9,
            scores={label: 0.9},
            home=outlet_country,
            partners=(),
            countries=(),
            organisations=(),
            people=(),
            topics=(),
            evidence=evidence,
            model="f" * 12,
        )


@dataclass
class FakeHttp:
    """Sites that answer as told: by URL, a list of answers (the last one stays). What is not told is 404, robots.txt too."""

    answers: dict[str, list[Fetched | FetchFailed]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    hold: bool = False  # keep answers back until `let_go`
    _held: list[tuple["Future[Fetched | FetchFailed]", Fetched | FetchFailed]] = field(default_factory=list)

    def page(self, url: str, body: str | bytes, content_type: str = "text/html; charset=utf-8", *, led_to: str | None = None) -> None:
        raw = body.encode() if isinstance(body, str) else body
        self.answers.setdefault(url, []).append(Fetched(led_to or url, 200, {"content-type": content_type}, raw, None, 0.01))

    def moves(self, url: str, led_to: str) -> None:
        """Redirect; how far is up to the one who asks, as with `hand_back`."""
        self.answers.setdefault(url, []).append(FetchFailed(url, FetchReason.REDIRECTED, "as told", 302, led_to=led_to))

    def fail(self, url: str, reason: FetchReason, *, retry_after_s: float | None = None) -> None:
        self.answers.setdefault(url, []).append(FetchFailed(url, reason, "as told", retry_after_s=retry_after_s))

    def submit(self, request: Request) -> "Future[Fetched | FetchFailed]":
        self.requests.append(request)
        told = self.answers.get(request.url, [FetchFailed(request.url, FetchReason.HTTP_4XX, "not told", 404)])
        answer = told.pop(0) if len(told) > 1 else told[0]
        future: Future[Fetched | FetchFailed] = Future()
        if self.hold:
            self._held.append((future, answer))
        else:
            future.set_result(answer)
        return future

    def let_go(self) -> None:
        for future, answer in self._held:
            future.set_result(answer)
        self._held.clear()

    def close(self) -> None:
        for future, _ in self._held:
            future.cancel()
        self._held.clear()

    def asked(self, ending: str = "") -> list[str]:
        return [request.url for request in self.requests if request.url.endswith(ending)]


class InlineJail:
    """Runs tasks at once, in this process. `kills` names pages (by a piece of their bytes) whose child is ended."""

    def __init__(self, kills: Mapping[bytes, KillReason] | None = None) -> None:
        self.kills = kills or {}
        self.tasks: dict[str, int] = defaultdict(int)

    def submit(self, task: str, *arguments: Any, deadline_s: float) -> "Future[Any]":
        self.tasks[task] += 1
        module, _, name = task.partition(":")
        future: Future[Any] = Future()
        reason = next((reason for piece, reason in self.kills.items() if isinstance(arguments[0], bytes) and piece in arguments[0]), None)
        if reason is not None:
            future.set_exception(Killed(reason, task))
            return future
        try:
            future.set_result(getattr(import_module(module), name)(*arguments))
        except Exception as error:  # noqa: BLE001 -- as the jail does: the task's own failure is a value
            future.set_exception(TaskRaised(f"{type(error).__name__}: {error}"))
        return future

    def close(self) -> None:
        """Keep nothing open."""


def html_page(text: str, title: str = "A page") -> str:
    paragraphs = "".join(f"<p>{line}</p>" for line in text.split("\n"))
    return f"<html lang='en'><head><title>{title}</title></head><body><article><h1>{title}</h1>{paragraphs}</article></body></html>"
