from dataclasses import replace
from datetime import timedelta

import pytest

from collectors.source_watch import ARRIVALS_LOOK_S, SourceWatch
from collectors.sources import Source, make_source
from newswire.clock import ManualClock
from newswire.metrics import Metrics
from newswire.outcomes import SourceState
from newswire.source_state import Judgement, judged
from newswire.store import Store, feeds, seen
from newswire.store.source_health import SourceHealth

HOUR, DAY = 3_600.0, 86_400.0
AT = 1_000_000_000.0
SOURCE = SourceHealth(
    source_id="a",
    url="https://a.example/feed",
    host="a.example",
    interval_s=HOUR,
    reason="ok",
    failures=0,
    polled_at=AT,
    succeeded_at=AT,
    gone_at=None,
    moments=12,
    first_at=AT - 6 * DAY,
    newest_at=AT - HOUR,
)
FAILS = replace(SOURCE, failures=3, reason="connect", succeeded_at=AT - DAY)


@pytest.mark.parametrize(
    ("source", "state", "lasting"),
    [
        (SOURCE, SourceState.OK, False),
        (replace(SOURCE, polled_at=None, succeeded_at=None), SourceState.WAITING, False),
        (replace(SOURCE, gone_at=AT), SourceState.RETIRED, True),
        (FAILS, SourceState.FAILING, True),
        (replace(FAILS, failures=1), SourceState.FAILING, False),
        (replace(FAILS, reason="http_4xx"), SourceState.BLOCKED, True),
        (replace(FAILS, reason="robots", failures=1), SourceState.BLOCKED, False),
        (replace(SOURCE, newest_at=AT - 5 * DAY, first_at=AT - 6 * DAY), SourceState.SILENT, True),
        (replace(SOURCE, newest_at=AT - 5 * DAY, first_at=AT - 6 * DAY, failures=1, reason="dns"), SourceState.SILENT, True),
    ],
)
def test_a_source_fares_so(source: SourceHealth, state: SourceState, *, lasting: bool) -> None:
    found = judged(source)
    assert (found.state, found.lasting) == (state, lasting)
    assert isinstance(found, Judgement)


def synced(store: Store, clock: ManualClock, *sources: Source) -> None:
    now = clock.now().timestamp()
    with store.begin() as connection:
        feeds.sync(connection, [feeds.NewFeed(one.source_id, one.url, one.source_id, 60.0, None) for one in sources], now)


def settled(store: Store, source: Source, clock: ManualClock, reason: str, *, due_in_s: float) -> None:
    now = clock.now().timestamp()
    failures = 0 if reason == "ok" else 1
    with store.begin() as connection:
        (state,) = feeds.lease(connection, [source.source_id], owner="me", now=now, until=now + 10)
        after = replace(
            state,
            outcome="read",
            reason=reason,
            failures=failures,
            polled_at=now,
            succeeded_at=now if not failures else None,
            next_due_at=now + due_in_s,
        )
        feeds.settle(connection, [after], owner="me")


def test_the_watch_shows_states_by_country_and_how_late_polls_are(store: Store, clock: ManualClock, metrics: Metrics) -> None:
    pk, us, none = (make_source(f"https://{name}.example/feed", country=code) for name, code in (("a", "PK"), ("b", "US"), ("c", None)))
    watch = SourceWatch(sources=[pk, us, none], store=store, clock=clock, metrics=metrics)

    def shown(state: str, country: str) -> float | None:
        return metrics.registry.get_sample_value("newswire_collectors_sources", {"state": state, "country": country})

    watch.step()
    assert shown("waiting", "PK") == shown("waiting", "none") == 1  # nobody has put them in the store yet
    synced(store, clock, pk, us, none)
    settled(store, pk, clock, "ok", due_in_s=60)
    settled(store, us, clock, "http_4xx", due_in_s=3_600)
    clock.set(clock.now() + timedelta(seconds=90))
    watch.step()
    assert (shown("ok", "PK"), shown("waiting", "PK"), shown("blocked", "US"), shown("waiting", "none")) == (1, 0, 1, 1)
    assert metrics.registry.get_sample_value("newswire_collectors_sources_due") == 2  # not the one that waits for its hour
    assert metrics.registry.get_sample_value("newswire_collectors_due_oldest_seconds") == 90
    with store.begin() as connection:
        feeds.lease(connection, [none.source_id], owner="me", now=clock.now().timestamp(), until=clock.now().timestamp() + 10)
    watch.step()
    assert metrics.registry.get_sample_value("newswire_collectors_sources_due") == 1
    assert metrics.registry.get_sample_value("newswire_collectors_due_oldest_seconds") == 30
    assert watch.idle()
    watch.close()


def test_what_was_seen_is_read_through_rarely(store: Store, clock: ManualClock, metrics: Metrics) -> None:
    source = make_source("https://a.example/feed", country="PK")
    synced(store, clock, source)
    watch = SourceWatch(sources=[source], store=store, clock=clock, metrics=metrics)
    watch.step()
    began = clock.now().timestamp()
    with store.begin() as connection:
        marks = [seen.Mark(source.source_id, f"i{n}", "r", began - 10 * DAY + n * HOUR) for n in range(8)]
        for mark in marks:
            seen.mark(connection, [mark])
    settled(store, source, clock, "ok", due_in_s=60)

    def silent() -> float | None:
        return metrics.registry.get_sample_value("newswire_collectors_sources", {"state": "silent", "country": "PK"})

    watch.step()
    assert silent() == 0
    clock.set(clock.now() + timedelta(seconds=ARRIVALS_LOOK_S))
    watch.step()
    assert silent() == 1
