from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from alerting.backtest import MOST_DAYS, Summary, Tally, differences
from alerting.backtest_run import BackTest, Dated, Version
from alerting.rehearsal import Rehearsal
from alerting.watchlists.compile import WatchlistSet
from newswire.clock import ManualClock
from newswire.records import Label, Report, Severity
from tests.alerting_builders import GAMING, TELECOM, a_report, a_set, delivered, page_of, routes_to
from tests.fakes import NOW

SEOUL: Final[dict[str, Any]] = {
    "partners": ["KR"],
    "lead": "",
    "title": "Seoul minister and envoy open an esports academy",
    "text": "The gaming industry was there.",
}
BRASILIA: Final[dict[str, Any]] = {
    "partners": ["BR"],
    "lead": "",
    "title": "Brazilian ambassador promises studios",
    "text": "He praised the gaming industry.",
}


def at(report: Report, when: datetime, *, age: timedelta = timedelta(minutes=5)) -> Dated:
    """Return the report as it was seen and handled at that time."""
    item = replace(report.item, seen_at=when, published_at=None if report.item.published_at is None else when - age)
    return Dated(when, replace(report, item=item, reported_at=when))


def version(name: str = "now", **watchlists: Any) -> Version:
    return Version(name, a_set(**watchlists), routes_to("desk"))


def ran(reports: Iterable[Dated], *versions: Version) -> tuple[Tally, ...]:
    test = BackTest(versions or (version(gaming=GAMING),))
    for _ in test.run(reports):
        pass
    return test.tallies


def summary(*reports: Dated) -> Summary:
    return ran(reports)[0].summary()


def test_stories_are_counted_by_day_and_silent_days_count_too() -> None:
    found = summary(
        at(a_report("one"), NOW),
        at(page_of(a_report("one")), NOW + timedelta(minutes=1)),
        at(a_report("two", **SEOUL), NOW + timedelta(days=3), age=timedelta(0)),
        at(a_report("three", label=Label.DOMESTIC), NOW + timedelta(days=3, minutes=1)),
    )
    day = NOW.date()
    assert found.days == {day + timedelta(days=n): count for n, count in enumerate((1, 0, 0, 1))}
    assert (found.reports, found.joined, found.median_a_day, found.most_a_day) == (4, 1, 0.5, 1)
    assert [one.because for one in found.told] == [(("gaming", ("gaming industry", f"partner {code}")),) for code in ("US", "KR")]
    assert found.held == {"label": 1}
    assert found.severities == {Severity.HIGH: 2}
    assert found.outlets == {"The Nation": 2}


def test_the_same_report_twice_is_one() -> None:
    found = summary(at(a_report("one"), NOW), at(a_report("one"), NOW))
    assert (len(found.told), found.joined) == (1, 0)


def test_an_item_is_as_old_as_it_was_then() -> None:
    year_ago = NOW - timedelta(days=365)
    fresh, stale = at(a_report("one"), year_ago), at(a_report("two", **SEOUL), year_ago, age=timedelta(hours=100))
    found = summary(fresh, stale)
    assert len(found.told) == 1
    assert found.held == {"max_age": 1}


def test_a_month_goes_by_without_a_lease_running_out() -> None:
    found = summary(
        *(at(a_report(f"k{n}", **{**SEOUL, "title": f"Envoy's visit number {n} x{n}y"}), NOW + timedelta(days=n)) for n in range(31))
    )
    assert found.failed == 0
    assert len(found.days) == 31
    assert len(found.told) + found.joined == 31


def test_a_report_of_a_wrong_year_makes_no_list_of_centuries() -> None:
    found = summary(at(a_report("one"), NOW), at(a_report("two", **SEOUL), NOW + timedelta(days=MOST_DAYS + 1)))
    assert list(found.days) == [NOW.date(), (NOW + timedelta(days=MOST_DAYS + 1)).date()]


def test_two_versions_differ_in_what_only_one_tells_each_with_its_reason() -> None:
    before = {"title": "Gaming", "severity": "high", "when": {"any": ["gaming industry"], "partners": ["US", "BR"]}}
    reports = [at(a_report("both"), NOW), at(a_report("kr", **SEOUL), NOW), at(a_report("br", **BRASILIA), NOW)]
    new, old = ran(reports, version(gaming=GAMING), version("before", gaming=before))
    found = differences(new, old)
    assert [(one.title, one.other) for one in found.added] == [(SEOUL["title"], "engages KR, not in US, BR")]
    assert [(one.title, one.other) for one in found.removed] == [(BRASILIA["title"], "engages BR, not in US, KR")]
    assert not found.changed


def test_a_story_is_the_same_where_it_was_told_on_another_of_its_reports() -> None:
    later = {"title": "Gaming", "severity": "low", "when": {"all": ["gaming industry", "courts"], "partners": "any"}}
    first = a_report("one")
    second = page_of(first, text=first.text + " Courts were discussed too.")
    new, old = ran([at(first, NOW), at(second, NOW + timedelta(minutes=2))], version(gaming=GAMING), version("before", gaming=later))
    found = differences(new, old)
    assert (found.added, found.removed) == ((), ())
    assert [(one.was, one.now) for one in found.changed] == [(Severity.LOW, Severity.HIGH)]


def test_what_is_not_there_is_silent() -> None:
    new, old = ran([at(a_report("one"), NOW)], version(gaming=GAMING), version("before"))
    assert [one.other for one in differences(new, old).added] == ["the watchlist is not there"]
    assert old.summary().held == {"no_watchlists": 1}


def test_a_route_that_leads_nowhere_is_the_reason() -> None:
    nowhere = replace(version("before", gaming=GAMING), routes=routes_to("desk").model_copy(update={"receivers": ()}))
    new, old = ran([at(a_report("one"), NOW)], version(gaming=GAMING), nowhere)
    assert [one.other for one in differences(new, old).added] == ["it matches too, and no route leads from it to a receiver"]
    assert old.summary().held == {"no_receiver": 1}


def test_nothing_at_all_is_no_fault() -> None:
    found = summary()
    assert (found.reports, found.days, found.median_a_day, found.most_a_day) == (0, {}, 0.0, 0)


KINDS = st.fixed_dictionaries(
    {
        "key": st.sampled_from("abcde"),
        "revision": st.sampled_from(["r1", "r2"]),
        "label": st.sampled_from(Label),
        "text": st.sampled_from(["The gaming industry.", "Spectrum and 5G.", "The weather.", ""]),
        "title": st.sampled_from(["Minister meets the US ambassador", "Seoul opens an academy", "A cup final"]),
        "partners": st.sampled_from([("US",), ("KR",), ("BR",), ()]),
        "backlog": st.booleans(),
        "final": st.booleans(),
    }
)


@settings(max_examples=10, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # each opens two stores: shrinking would take minutes
@given(st.lists(KINDS, min_size=5, max_size=15, unique_by=lambda kind: (kind["key"], kind["revision"], kind["final"])))
def test_deciding_on_the_next_report_and_forgetting_the_rest_is_deciding_as_the_stage_does(kinds: list[dict[str, Any]]) -> None:
    watchlists: WatchlistSet = a_set(gaming=GAMING, telecom={**TELECOM, "label": "any"})
    reports = [a_report(**kind) for kind in kinds]
    clock = ManualClock(NOW)
    with (
        Rehearsal(watchlists=watchlists, routes=routes_to("desk"), clock=clock) as one_by_one,
        Rehearsal(watchlists=watchlists, routes=routes_to("desk"), clock=clock, sweep_every=1) as quick,
    ):
        for report in reports:
            [message] = delivered(report)
            expected = one_by_one.decide([message])[0]
            found = quick.decide_next(report, message)
            assert found == expected
