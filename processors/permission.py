"""May this page be fetched? Asked of its host's robots.txt, which is fetched once for all who wait for it and kept in the store for a day.

Belongs to the page worker's thread: answers come back through its events.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from newswire.clock import Clock
from newswire.errors import Retryable
from newswire.http import Fetched, FetchFailed, Http, Request
from newswire.jail import Jail
from newswire.outcomes import FetchKind, FetchReason
from newswire.store import Store, hosts
from newswire.store import robots as robots_rows
from newswire.store.robots import RobotsRow
from processors.robots import FETCHED_BYTES, PRODUCT_TOKEN, Robots, Verdict, asks_for_delay, learned, patience, robots_url, verdict

_ALLOW: Final = "processors.jailed:robots_allow"
_DELAY: Final = "processors.jailed:robots_delay"
_FETCH_DEADLINE_S: Final = 20.0
_READ_DEADLINE_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Permission:
    """`ALLOWED`, `REFUSED`, or `WAIT` for so many seconds because the file could not be had."""

    verdict: Verdict
    reason: FetchReason = FetchReason.OK
    wait_s: float | None = None


Then = Callable[[Permission], None]
When = Callable[["Future[Any]", Callable[[Any], None]], None]
"""Calls the second with the outcome of the first, on the worker's thread; with None where it was cancelled."""


class Permissions:
    """Answers for all hosts. `learned` is what is not in the store yet; who writes it there clears it."""

    def __init__(self, *, http: Http, jail: Jail, store: Store, clock: Clock, when: When) -> None:
        self._http, self._jail, self._store, self._clock, self._when = http, jail, store, clock, when
        self._waiting: dict[str, list[tuple[str, Then]]] = {}
        self.learned: dict[str, Robots] = {}

    def ask(self, url: str, host: str, row: RobotsRow | None, then: Then) -> None:
        """Call `then` with the permission to fetch the URL, now or later. `row` is what the store knows of its host."""
        robots = self.learned.get(host) or _robots_of(row)
        if host in self._waiting:
            self._waiting[host].append((url, then))
        elif robots is not None and robots.until > self._now():
            self._judge(url, robots, then)
        else:
            self._waiting[host] = [(url, then)]
            request = Request(robots_url(url), FETCHED_BYTES, _FETCH_DEADLINE_S, kind=FetchKind.ROBOTS)
            self._when(self._http.submit(request), partial(self._fetched, host, robots))

    def ask_anew(self, url: str, host: str, then: Then) -> None:
        """Do as `ask` for a host that the store is still to be asked of.

        Raises:
            Retryable: the store does not answer.

        """
        with self._store.read() as connection:
            row = robots_rows.of_hosts(connection, [host]).get(host)
        self.ask(url, host, row, then)

    def forget(self) -> None:
        """Answer nobody who still waits."""
        self._waiting.clear()

    def _fetched(self, host: str, known: Robots | None, answer: Fetched | FetchFailed | None) -> None:
        if answer is None:  # cancelled: we are closing
            self._waiting.pop(host, None)
        elif isinstance(answer, FetchFailed) and answer.reason is FetchReason.HOST_BUSY:  # nothing was learned of the host
            for _, then in self._waiting.pop(host, []):
                then(Permission(Verdict.WAIT, answer.reason, answer.retry_after_s))
        else:
            robots = learned(answer, known, self._now())
            if isinstance(answer, Fetched) and asks_for_delay(robots.text):
                read = self._jail.submit(_DELAY, robots.text, PRODUCT_TOKEN, deadline_s=_READ_DEADLINE_S)
                self._when(read, partial(self._delay_read, host, robots))
            else:
                self._open(host, robots)

    def _delay_read(self, host: str, robots: Robots, asked_s: object) -> None:
        robots = replace(robots, delay_s=patience(asked_s) if isinstance(asked_s, int | float) else None)
        if robots.delay_s is not None:  # all processes keep to it from now on, this host's next request included
            row = RobotsRow(robots.text, robots.reason, robots.until, robots.delay_s)
            try:
                with self._store.begin() as connection:
                    robots_rows.keep(connection, {host: row})
                    hosts.hold_back(connection, host, self._now() + robots.delay_s)
            except Retryable:
                pass  # it is in `learned`, which is written with the next pages
        self._open(host, robots)

    def _open(self, host: str, robots: Robots) -> None:
        self.learned[host] = robots
        for url, then in self._waiting.pop(host, []):
            self._judge(url, robots, then)

    def _judge(self, url: str, robots: Robots, then: Then) -> None:
        match verdict(robots):
            case Verdict.RULES:
                asked = self._jail.submit(_ALLOW, robots.text, url, PRODUCT_TOKEN, deadline_s=_READ_DEADLINE_S)
                self._when(asked, partial(_read, then))
            case Verdict.WAIT:
                then(Permission(Verdict.WAIT, robots.reason, robots.until - self._now()))
            case other:
                then(Permission(other, robots.reason))

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _read(then: Then, answer: object) -> None:
    if answer is not None:  # a file that ends its reader is nobody's permission
        then(Permission(Verdict.ALLOWED if answer is True else Verdict.REFUSED))


def _robots_of(row: RobotsRow | None) -> Robots | None:
    return None if row is None else Robots(row.text, FetchReason(row.reason), row.until, row.delay_s)
