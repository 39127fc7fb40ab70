"""Fakes of the network and of the jail: answers by address, and tasks run in this very process."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from importlib import import_module
from typing import Any

from newswire.http import Fetched, FetchFailed, Request
from newswire.jail import Killed, TaskRaised
from newswire.outcomes import FetchReason

Answer = Fetched | FetchFailed | Callable[[Request], Fetched | FetchFailed]


class FakeHttp:
    """Serves what it was told to; honours validators and body caps as a server and the guarded client do together. Remembers every request."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.held: dict[str, list[Future[Fetched | FetchFailed]]] = defaultdict(list)
        self._answers: dict[str, Answer | None] = {}

    def serve(
        self,
        url: str,
        body: bytes | str,
        *,
        headers: Mapping[str, str] | None = None,
        etag: str | None = None,
        permanent_url: str | None = None,
        final_url: str | None = None,
    ) -> None:
        content = body.encode() if isinstance(body, str) else body
        sent = dict(headers or {}) | ({"etag": etag} if etag else {})

        def answer(request: Request) -> Fetched | FetchFailed:
            if len(content) > request.cap_bytes:
                return FetchFailed(url, FetchReason.TOO_LARGE, f"more than {request.cap_bytes} bytes")
            known = etag is not None and request.headers.get("if-none-match") == etag
            status, sent_body = (304, b"") if known else (200, content)
            return Fetched(final_url or permanent_url or request.url, status, sent, sent_body, permanent_url, 0.01)

        self._answers[url] = answer

    def fail(
        self, url: str, reason: FetchReason, *, retry_after_s: float | None = None, status: int | None = None, detail: str = ""
    ) -> None:
        self._answers[url] = FetchFailed(url, reason, detail or f"the fake was told to fail with {reason}", status, retry_after_s)

    def hang(self, url: str) -> None:
        """Never answer, until `let_go`."""
        self._answers[url] = None

    def let_go(self, url: str, answer: Fetched | FetchFailed) -> None:
        for future in self.held.pop(url, []):
            future.set_result(answer)

    def submit(self, request: Request) -> Future[Fetched | FetchFailed]:
        self.requests.append(request)
        future: Future[Fetched | FetchFailed] = Future()
        answer = self._answers.get(request.url, FetchFailed(request.url, FetchReason.HTTP_4XX, "404 Not Found", 404))
        if answer is None:
            self.held[request.url].append(future)
        else:
            future.set_result(answer(request) if callable(answer) else answer)
        return future

    def close(self) -> None:
        """Hold nothing open."""

    def asked(self, url: str) -> list[Request]:
        return [request for request in self.requests if request.url == url]


class InlineJail:
    """Runs each task at once, in this process. `kill` makes the next tasks end as if their child had been killed."""

    def __init__(self) -> None:
        self.tasks: list[str] = []
        self.kill: Killed | None = None

    def submit(self, task: str, *arguments: Any, deadline_s: float) -> Future[Any]:
        self.tasks.append(task)
        future: Future[Any] = Future()
        if self.kill is not None:
            future.set_exception(self.kill)
            return future
        module, _, function = task.partition(":")
        try:
            future.set_result(getattr(import_module(module), function)(*arguments))
        except Exception as error:  # noqa: BLE001 -- a task may raise anything, as in the real jail
            future.set_exception(TaskRaised(f"{type(error).__name__}: {error}"))
        return future

    def close(self) -> None:
        """Have no children to end."""
