"""The second look as a stage: pages due are leased, fetched, read in the jail, understood, and reported for good.

Order of durability: the final report is published, then the page's row is deleted. Killed in between, the page is looked at again once its lease is over.
"""

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Final

from newswire.bus import Bus
from newswire.clock import Clock
from newswire.codec import decode
from newswire.consumer import HOW_TO_GO_ON, DeadLimit, TooManyDead
from newswire.crash import crash_point
from newswire.errors import Retryable
from newswire.guard import host_key
from newswire.http import Fetched, FetchFailed, Http, Request
from newswire.jail import Jail, Killed, TaskRaised
from newswire.metrics import Metrics
from newswire.outcomes import FetchReason, PageOutcome, ParseReason, Stage
from newswire.records import Basis, DeadLetter, Item
from newswire.service import guard
from newswire.store import Store, pages
from newswire.store.pages import DuePage, Retry
from newswire.store.robots import RobotsRow
from processors.extract import Article
from processors.extract_charset import charset_named
from processors.feed_look import final_without_page
from processors.page_end import PageEnd, as_delivered, count_end, publish_ends, write_ends
from processors.page_leases import LOOK_FOR_PAGES_S, PageLeases
from processors.page_look import GivenUp, after_failure, again, body_text, unusable
from processors.permission import Permission, Permissions
from processors.report import Understanding, make_report
from processors.robots import Verdict

PAGE_BYTES: Final = 4 << 20
PAGE_DEADLINE_S: Final = 40.0
EXTRACT_DEADLINE_S: Final = 3.0

_EXTRACT: Final = "processors.jailed:extract_article"

_ENDS_A_BATCH: Final = 16
_ENDS_WAIT_S: Final = 0.1
_EVENTS_A_STEP: Final = 32
_SOON_S: Final = 60.0
_HOPS: Final = 5  # redirects of a page
_ACCEPT: Final = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"}


@dataclass(frozen=True, slots=True)
class PagesStatus:
    """What a live display shows of the second look."""

    due: int
    in_flight: int
    oldest_s: float | None  # since the oldest page was added


@dataclass(frozen=True, slots=True)
class _Look:
    """A page in flight."""

    page: DuePage
    item: Item
    way: tuple[str, ...]  # the addresses so far, of which the last is to be fetched
    until: float | None = None  # on the monotonic clock: when all fetches must be done, from the first on

    @property
    def url(self) -> str:
        """The address that is to be fetched: the page's, or where redirects led."""
        return self.way[-1]


class PageWorker:
    """Fetches and reads the pages due, many at a time. Several processes may each have one: leases in the store share the work."""

    name = "pages"

    def __init__(
        self,
        *,
        understanding: Understanding,
        store: Store,
        bus: Bus,
        http: Http,
        jail: Jail,
        clock: Clock,
        metrics: Metrics,
        owner: str,
        in_flight: int = 64,
        limit: DeadLimit | None = None,
    ) -> None:
        self._understanding, self._store, self._bus, self._http, self._jail = understanding, store, bus, http, jail
        self._clock, self._metrics, self._owner = clock, metrics, owner
        self._leases = PageLeases(store=store, clock=clock, metrics=metrics, owner=owner, most=in_flight, at_once=_ENDS_A_BATCH)
        self._events: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._permissions = Permissions(http=http, jail=jail, store=store, clock=clock, when=self._when)
        self._ends: list[PageEnd] = []
        self._ended_at: float | None = None  # the oldest of them, on the monotonic clock
        self._limit = limit or DeadLimit()

    def step(self) -> float:
        """Lease what there is room for, handle what has come back, and settle what has ended."""
        self._leases.renew()
        self._leases.show()
        taken = self._take_up()
        handled = self._handle_events()
        settled = self._settle() if self._is_time_to_settle() else False
        return 0.0 if taken or handled or settled else (0.001 if len(self._leases) else LOOK_FOR_PAGES_S)

    def idle(self) -> bool:
        """Return whether no page is in flight here or due within a minute; a host that is down for longer is not waited for."""
        if len(self._leases) or self._ends:
            return False
        with self._store.read() as connection:
            return not pages.any_due_by(connection, self._now() + _SOON_S)

    def status(self) -> PagesStatus:
        """Return what is due, by all processes, and what is in flight here. Callable from any thread."""
        with self._store.read() as connection:
            due, oldest = pages.waiting(connection)
        return PagesStatus(due, len(self._leases), None if oldest is None else max(0.0, self._now() - oldest))

    def close(self) -> None:
        """Write what has ended, and give the rest back for others to look at."""
        try:
            self._settle()
        except Retryable:
            self._ends.clear()  # their rows are there still: whoever leases them next reports them
        self._permissions.forget()
        self._leases.give_back()

    # -- taking up

    def _take_up(self) -> bool:
        leased = self._leases.take(ended={end.page.key for end in self._ends})
        for page, row in leased:
            self._begin(page, row)
        return bool(leased)

    def _begin(self, page: DuePage, row: RobotsRow | None) -> None:
        self._metrics.pages_in.inc()
        self._leases.begin(page)
        item = self._guarded(page, lambda: decode(Item, page.item))
        if item is None:
            return
        self._permissions.ask(page.url, page.host, row, partial(self._permitted, _Look(page, item, (page.url,))))

    # -- what has come back, each on the worker's own thread

    def _when(self, future: "Future[Any]", then: Callable[[Any], None]) -> None:
        future.add_done_callback(lambda done: self._events.put(lambda: then(_outcome_of(done))))

    def _handle_events(self) -> bool:
        # Waiting here, not in the service's loop: what comes back is handled at once.
        wait_s = _ENDS_WAIT_S if len(self._leases) > len(self._ends) else 0.0
        handled = 0
        while handled < _EVENTS_A_STEP:
            try:
                event = self._events.get(timeout=wait_s) if wait_s and not handled else self._events.get_nowait()
            except Empty:
                break
            event()
            handled += 1
        return handled > 0

    def _permitted(self, look: _Look, permission: Permission) -> None:
        if not self._leases.holds(look.page):
            return  # let go meanwhile
        match permission.verdict:
            case Verdict.ALLOWED:
                self._fetch(look)
            case Verdict.WAIT:
                self._end_or_retry(look, again(look.page, permission.reason, self._now(), permission.wait_s))
            case _:
                self._end_with_feed(look, FetchReason.ROBOTS)

    def _fetch(self, look: _Look) -> None:
        now = self._clock.monotonic()
        until = look.until if look.until is not None else now + PAGE_DEADLINE_S
        if until <= now:
            late = FetchFailed(look.url, FetchReason.DEADLINE, f"not done within {PAGE_DEADLINE_S:g} s")
            self._end_or_retry(look, after_failure(look.page, late, self._now()))
            return
        request = Request(look.url, PAGE_BYTES, until - now, _ACCEPT, hand_back=True)
        self._when(self._http.submit(request), partial(self._fetched, replace(look, until=until)))

    def _led(self, look: _Look, url: str) -> None:
        """Go where a redirect leads, if that host's robots.txt lets us: every hop is a fetch like the first."""
        host = host_key(url)
        if host is None or url in look.way or len(look.way) > _HOPS:
            self._end_with_feed(look, FetchReason.REDIRECT)
            return
        self._leases.asks(look.page, host)
        try:
            self._permissions.ask_anew(url, host, partial(self._permitted, replace(look, way=(*look.way, url))))
        except Retryable:  # the store is away: this look must not hang in the air
            self._end_or_retry(look, again(look.page, FetchReason.HOST_BUSY, self._now(), None))

    def _fetched(self, look: _Look, answer: Fetched | FetchFailed | None) -> None:
        if answer is None or not self._leases.holds(look.page):
            return
        self._leases.answered(look.page)
        if isinstance(answer, FetchFailed) and answer.led_to is not None:
            self._led(look, answer.led_to)
            return
        if isinstance(answer, FetchFailed):
            self._end_or_retry(look, after_failure(look.page, answer, self._now()))
            return
        useless = unusable(look.page, answer)
        if useless is not None:
            self._end_with_feed(look, useless.reason)
            return
        charset = charset_named(answer.headers.get("content-type", ""))
        read = self._jail.submit(_EXTRACT, answer.body, answer.url, charset, deadline_s=EXTRACT_DEADLINE_S)
        self._when(read, partial(self._extracted, look, answer.url))

    def _extracted(self, look: _Look, url: str, answer: Article | Killed | TaskRaised | None) -> None:
        match answer:
            case None:
                return
            case Killed():
                self._end_with_feed(look, ParseReason.PARSE_KILLED, {"killed": answer.reason})
            case TaskRaised():
                self._end_with_feed(look, ParseReason.PARSE_ERROR, {"error": str(answer)[:200]})
            case Article():
                text = body_text(look.item, answer)
                if isinstance(text, GivenUp):
                    self._end_with_feed(look, text.reason)
                else:
                    self._end_with_page(look, text, answer, url)

    # -- ends

    def _end_with_page(self, look: _Look, text: str, article: Article, url: str) -> None:
        report = self._guarded(
            look.page,
            lambda: make_report(
                self._understanding,
                look.item,
                text,
                basis=Basis.PAGE,
                final=True,
                now=self._clock.now(),
                language_hint=article.language,
            ),
        )
        if report is not None:
            told = {"url": url, "canonical": article.canonical, "published": article.published}
            detail = {name: value for name, value in told.items() if value is not None} | {"charset": article.charset}
            self._end(PageEnd(look.page, PageOutcome.REPORTED, report=report, detail=detail))

    def _end_with_feed(self, look: _Look, reason: str, detail: dict[str, Any] | None = None) -> None:
        report = self._guarded(look.page, lambda: final_without_page(self._understanding, look.item, self._clock.now(), reason))
        if report is not None:
            self._end(PageEnd(look.page, PageOutcome.FEED_FINAL, reason, report=report, detail=detail or {}))

    def _end_or_retry(self, look: _Look, decided: Retry | GivenUp) -> None:
        if isinstance(decided, GivenUp):
            self._end_with_feed(look, decided.reason)
        else:
            self._end(PageEnd(look.page, PageOutcome.RETRY, decided.reason, retry=decided))

    def _guarded(self, page: DuePage, work: Callable[[], Any]) -> Any:
        """Return what `work` returns, or None where the page ended as a dead letter of its item."""
        result = guard(Stage.READ_PAGE, as_delivered(page), self._clock, work)
        if isinstance(result, DeadLetter):
            self._end(PageEnd(page, PageOutcome.DEAD, result.reason, letter=result))
            return None
        return result

    def _end(self, end: PageEnd) -> None:
        if not self._leases.holds(end.page):
            return  # it came back after all, too late: the page was let go, or is being looked at anew
        self._leases.answered(end.page)
        if self._ended_at is None:
            self._ended_at = self._clock.monotonic()
        self._ends.append(end)

    # -- settling

    def _is_time_to_settle(self) -> bool:
        if self._ended_at is None:
            return False
        return (
            len(self._ends) >= _ENDS_A_BATCH
            or len(self._ends) == len(self._leases)
            or self._clock.monotonic() - self._ended_at >= _ENDS_WAIT_S
        )

    def _settle(self) -> bool:
        """Publish, then write, then count. Where it raises, the next step does all of it again: that is harmless."""
        ends = self._ends
        if not ends:
            return False
        limit = self._limit.after([end.letter.reason if end.letter is not None else None for end in ends])
        why = limit.broken()
        if why is not None:
            raise TooManyDead(f"{self.name} stops, its pages stay due: {why}; {HOW_TO_GO_ON}")
        publish_ends(self._bus, ends)
        crash_point("page_after_publish")
        write_ends(self._store, ends, self._permissions.learned, owner=self._owner, now=self._now())
        crash_point("page_after_delete")
        self._limit = limit
        self._ends, self._ended_at = [], None
        self._permissions.learned.clear()
        for end in ends:
            self._leases.settled(end.page)
            count_end(self._metrics, end)
        return True

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _outcome_of(done: "Future[Any]") -> Any:
    """Return the future's result, the jail's word that there is none, or None where it was cancelled."""
    try:
        return done.result()
    except (Killed, TaskRaised) as error:
        return error
    except CancelledError:
        return None
