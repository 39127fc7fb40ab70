"""What the one guarded client is asked and what it answers. Tests that need no socket pass a fake of `Http`."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from newswire.outcomes import FetchKind, FetchReason


@dataclass(frozen=True, slots=True)
class Request:
    """One GET. `cap_bytes` counts decoded bytes; `deadline_s` covers everything: waiting for the host's slot, redirects, the body."""

    url: str
    cap_bytes: int
    deadline_s: float
    headers: Mapping[str, str] = field(default_factory=dict)
    max_redirects: int = 5
    hand_back: bool = False  # a redirect is not followed but told: `FetchFailed` with `redirected` and `led_to`
    kind: FetchKind = FetchKind.PAGE  # what it is counted as


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer with status 200 or 304. Header names are in lower case."""

    url: str  # after redirects
    status: int
    headers: Mapping[str, str]
    body: bytes
    permanent_url: str | None  # where 301 and 308 alone led, if they did
    took_s: float


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """A fetch that gave nothing: a value, not an exception, since a failing feed is an ordinary day."""

    url: str  # of the hop that failed
    reason: FetchReason
    detail: str  # in words, with no secret in it
    status: int | None = None
    retry_after_s: float | None = None
    led_to: str | None = None  # where a redirect leads that was handed back; not checked yet


class Http(Protocol):
    """What a stage may ask of the network. Thread-safe."""

    def submit(self, request: Request) -> "Future[Fetched | FetchFailed]":
        """Start the fetch and return its future, which never raises but for cancellation."""
        ...

    def close(self) -> None:
        """Cancel what is in flight and end the loop's thread."""
        ...


class HostSlots(Protocol):
    """Politeness: one request in flight per host, spaced, whichever process asks."""

    def acquire(self, host: str) -> float:
        """Return 0 where the slot is ours now, else the seconds to wait before asking again."""
        ...

    def release(self, host: str, *, retry_after_s: float | None = None, failed: bool = False) -> None:
        """Give the slot back; the next request may start after the spacing, or after `retry_after_s`."""
        ...

    def settle(self, acquires: Sequence[str], releases: Sequence[tuple[str, float | None, bool]]) -> list[float]:
        """Do many at once: first the releases (host, `retry_after_s`, `failed`), then the acquires; return the waits of those, in order."""
        ...
