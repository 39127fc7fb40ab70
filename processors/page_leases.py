"""Which pages this process holds: taken from those due, renewed while their looks are under way, let go where nothing comes back."""

from collections import Counter
from collections.abc import Set as AbstractSet
from typing import Final

from newswire.clock import Clock
from newswire.metrics import Metrics
from newswire.outcomes import PageOutcome, PageReason
from newswire.store import Store, pages
from newswire.store import robots as robots_rows
from newswire.store.pages import DuePage, Key
from newswire.store.robots import RobotsRow

LOOK_S: Final = 300.0  # longer than the fetches, the jail and their queues take together
LEASE_S: Final = 10.0  # renewed while looks are under way, so that what a killed process held is soon looked at by another
LOOK_FOR_PAGES_S: Final = 0.25

_RENEW_EVERY_S: Final = 3.0
_AGAIN_S: Final = 0.05  # where a host that had all it may have is free for more
_COUNT_EVERY_S: Final = 5.0
_PER_HOST_LEAST: Final = 2  # one is on the wire, one waits for the host's slot
_HOSTS_SHARE: Final = 4  # all hosts together may wait with a quarter of what can be in flight: the rest is for other hosts


class PageLeases:
    """The pages begun here and not yet settled, `most` of them; several processes share the work by their leases in the store."""

    def __init__(self, *, store: Store, clock: Clock, metrics: Metrics, owner: str, most: int, at_once: int) -> None:
        self._store, self._clock, self._metrics, self._owner = store, clock, metrics, owner
        self._most, self._least_room = most, min(at_once, most)
        self._pages: dict[Key, DuePage] = {}
        self._overdue_at: dict[Key, float] = {}  # on the monotonic clock: when nothing is expected of it any more
        self._asking: dict[Key, str] = {}  # the host of each that waits for an answer
        self._next_at = self._taken_at = self._count_at = self._renew_at = 0.0

    def __len__(self) -> int:
        return len(self._pages)

    def holds(self, page: DuePage) -> bool:
        """Return whether this very lease is still held; the page may have been let go, and taken anew, meanwhile."""
        return self._pages.get(page.key) is page

    def begin(self, page: DuePage) -> None:
        """Hold a page that was taken, until it is settled or nothing is expected of it any more."""
        self._pages[page.key] = page
        self._overdue_at[page.key] = self._clock.monotonic() + LOOK_S
        self.asks(page, page.host)

    def asks(self, page: DuePage, host: str) -> None:
        """Note which host the page waits for."""
        self._asking[page.key] = host

    def answered(self, page: DuePage) -> None:
        """Note that the page waits for no host any more."""
        if self._asking.pop(page.key, None) is not None:
            self._next_at = min(self._next_at, self._taken_at + _AGAIN_S)

    def settled(self, page: DuePage) -> None:
        """Forget a page whose end is written."""
        del self._pages[page.key], self._overdue_at[page.key]

    def take(self, *, ended: AbstractSet[Key]) -> list[tuple[DuePage, RobotsRow | None]]:
        """Return pages to begin, as many as there is room for, each with what is known of its host's robots.txt.

        They are held from when they are begun: one that never is, another may take when its lease is over. Looks from which nothing came back are let go: whoever leases their pages next looks again. `ended` are those that only wait
        to be written.
        """
        monotonic = self._clock.monotonic()
        room = self._most - len(self._pages)
        if monotonic < self._next_at or room < self._least_room:
            return []
        leased, known = self._lease(room)
        self._taken_at = monotonic
        self._next_at = monotonic + (LOOK_FOR_PAGES_S if len(leased) < room else 0.0)
        self._forget_overdue(monotonic, ended)
        # What is held already is leased anew where our own lease ran out while we were at it.
        return [(page, known.get(page.host)) for page in leased if page.key not in self._pages]

    def renew(self) -> None:
        """Hold on to what is under way; harmless to call at every step."""
        monotonic = self._clock.monotonic()
        if monotonic < self._renew_at:
            return
        self._renew_at = monotonic + _RENEW_EVERY_S
        if self._pages:
            with self._store.begin() as connection:
                pages.renew(connection, self._owner, list(self._pages), until=self._now() + LEASE_S)

    def show(self) -> None:
        """Show what is due, however busy this process is; harmless to call at every step."""
        monotonic, now = self._clock.monotonic(), self._now()
        if monotonic < self._count_at:
            return
        self._count_at = monotonic + _COUNT_EVERY_S
        with self._store.read() as connection:
            self._metrics.pages_due.set(pages.waiting(connection)[0])
            since = pages.free_since(connection, now)
        self._metrics.pages_due_oldest.set(max(0.0, now - since) if since is not None else 0.0)

    def give_back(self) -> None:
        """Let others look at all that is held here."""
        for key in list(self._pages):
            self._drop(key)
        with self._store.begin() as connection:
            pages.release(connection, self._owner)

    def _forget_overdue(self, monotonic: float, ended: AbstractSet[Key]) -> None:
        overdue = [key for key, at in self._overdue_at.items() if at <= monotonic and key not in ended]
        for key in overdue:
            self._drop(key)
        if overdue:
            with self._store.begin() as connection:
                pages.let_go(connection, self._owner, overdue)

    def _drop(self, key: Key) -> None:
        del self._pages[key], self._overdue_at[key]
        self._asking.pop(key, None)
        self._metrics.pages.labels(PageOutcome.RETRY, PageReason.RELEASED).inc()

    def _lease(self, room: int) -> tuple[list[DuePage], dict[str, RobotsRow]]:
        now = self._now()
        with self._store.read() as connection:  # looking keeps no writer waiting
            any_free = pages.any_free(connection, now)
        if not any_free:
            return [], {}
        asking = Counter(self._asking.values())
        per_host = max(_PER_HOST_LEAST, self._most // (_HOSTS_SHARE * max(1, len(asking))))
        full = [host for host, number in asking.items() if number >= per_host]
        with self._store.begin() as connection:
            leased = pages.lease(connection, now=now, owner=self._owner, until=now + LEASE_S, most=room, per_host=per_host, full_hosts=full)
            return leased, robots_rows.of_hosts(connection, {page.host for page in leased})

    def _now(self) -> float:
        return self._clock.now().timestamp()
