from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerting.routes import TERMINAL_ONLY, Routes
from alerting.timelines.feed import reports_of
from alerting.timelines.model import Timeline
from alerting.timelines.run import DeskInForce, TimelineResult, run_timeline
from alerting.watchlists.model import Watchlist
from newswire.records import Basis
from tests.unit.alerting.desk import understand

GAMING = {"title": "Gaming", "severity": "high", "when": {"any": ["gaming industry", "esports"], "partners": ["US", "CN"]}}
PARTNERS = {"title": "Partners", "when": {"partners": ["US", "CN", "SA"]}}
VISIT = {"title": "Minister meets US ambassador", "outlet": "Dawn"}
PACT = {"title": "US ambassador and minister agree on the gaming industry", "text": "They signed.", "outlet": "Dawn"}
DESK_AND_OPS = Routes.model_validate(
    {
        "receivers": [{"name": "desk", "slack": {"channel": "#desk"}}, {"name": "ops", "terminal": {}}],
        "route": {"to": ["desk"], "routes": [{"match": {"severity": "high"}, "to": ["ops"], "continue": "true"}]},
    }
)


def timeline(*feed: Mapping[str, Any], expect: list[dict[str, Any]] | None = None, **keys: Any) -> Timeline:
    items = {"visit": VISIT, "pact": PACT}
    return Timeline.model_validate({"title": "T", "items": items, "feed": feed, "expect": expect or [], **keys})


def run(line: Timeline, routes: Routes = TERMINAL_ONLY, **watchlists: Mapping[str, Any]) -> TimelineResult:
    given = watchlists or {"gaming": GAMING, "partners": PARTNERS}
    sources = {name: Watchlist.model_validate(keys) for name, keys in given.items()}
    return run_timeline("t", line, DeskInForce(sources, {}, routes), understand)


def seen(result: TimelineResult) -> list[tuple[int, str, str, str, int, str]]:
    """Return what the channel saw: minute, kind, receiver, severity, outlets, reason."""
    return [
        (int(one.at.total_seconds() // 60), one.kind.value, one.receiver, one.severity.value, one.outlets, one.reason)
        for step in result.steps
        for one in step.seen
    ]


def test_a_second_outlet_edits_the_message_that_the_first_one_posted() -> None:
    result = run(timeline({"at": "0m", "item": "pact"}, {"at": "3m", "item": "pact", "outlet": "The News"}))
    assert seen(result) == [
        (0, "post", "terminal", "high", 1, "matched"),
        (3, "edit", "terminal", "high", 2, "same_story"),
        (15, "reply", "terminal", "high", 2, ""),
    ]


def test_the_page_adds_evidence_and_raises_the_severity() -> None:
    page = {"at": "1m", "item": "visit", "basis": "page", "text": "The US ambassador praised esports."}
    result = run(timeline({"at": "0m", "item": "visit"}, page))
    assert seen(result) == [
        (0, "post", "terminal", "medium", 1, "matched"),
        (1, "edit", "terminal", "high", 1, "severity_raised"),
        (1, "reply", "terminal", "high", 1, "severity_raised"),
    ]


def test_the_page_takes_the_headline_back() -> None:
    page = {"at": "1m", "item": "visit", "basis": "page", "text": "It was a play.", "label": "other", "partners": []}
    result = run(timeline({"at": "0m", "item": "visit"}, page))
    assert seen(result)[1] == (1, "edit", "terminal", "medium", 1, "not_supported")


def test_a_revised_headline_is_a_revision_of_the_same_item() -> None:
    line = timeline({"at": "0m", "item": "visit"}, {"at": "5m", "item": "visit", "title": "Minister receives US ambassador"})
    first, second = (one.report for one in reports_of(line, understand))
    assert first.item.item_id == second.item.item_id
    assert first.item.revision != second.item.revision
    assert seen(run(line))[1] == (5, "edit", "terminal", "medium", 1, "revised")


def test_the_same_entry_again_changes_nothing_and_says_so() -> None:
    result = run(timeline({"at": "0m", "item": "visit"}, {"at": "30m", "item": "visit"}))
    assert len(seen(result)) == 1
    assert result.steps[1].silence == "the same words of the same item came before"


def test_a_feeds_report_is_final_where_no_page_follows_it() -> None:
    line = timeline(
        {"at": "9m", "item": "visit", "title": "Minister receives US ambassador"},  # revised after its page was read
        {"at": "0m", "item": "visit"},
        {"at": "1m", "item": "visit", "basis": "page", "text": "They met."},
        {"at": "2m", "item": "visit", "outlet": "The News"},
    )
    reports = reports_of(line, understand)
    assert [(one.at // timedelta(minutes=1), one.report.basis, one.report.final) for one in reports] == [
        (0, Basis.FEED, False),
        (1, Basis.PAGE, True),
        (2, Basis.FEED, True),
        (9, Basis.FEED, True),
    ]
    assert reports[1].report.item == reports[0].report.item


def test_a_page_keeps_the_headline_that_the_feed_showed_last() -> None:
    line = timeline(
        {"at": "0m", "item": "visit", "title": "Minister receives US ambassador", "published": "2026-05-31"},
        {"at": "1m", "item": "visit", "basis": "page", "text": "They met."},
    )
    page = reports_of(line, understand)[1].report
    assert (page.item.title, page.item.published_at, page.text) == ("Minister receives US ambassador", line.feed[0].published, "They met.")


def test_a_staged_watchlist_is_silent_while_another_tells_and_a_draft_can_be_tried() -> None:
    assert seen(run(timeline({"at": "0m", "item": "pact"}, status={"gaming": "staged"}))) == [
        (0, "post", "terminal", "medium", 1, "matched")
    ]
    assert seen(run(timeline({"at": "0m", "item": "pact"}, status={"gaming": "active"}), gaming={**GAMING, "status": "draft"}))
    silent = run(timeline({"at": "0m", "item": "pact"}), gaming={**GAMING, "status": "draft"})
    assert (seen(silent), silent.steps[0].silence) == ([], "held, no_watchlists")


def test_only_the_watchlists_named_are_in_force() -> None:
    result = run(timeline({"at": "0m", "item": "pact"}, watchlists=["partners"]))
    assert result.steps[0].seen[0].watchlists == ("partners",)


def test_old_news_is_silent_and_what_waited_in_our_own_queues_is_told() -> None:
    old = {"item": "visit", "published": "2026-05-27T08:00:00Z"}  # five days before the start
    result = run(timeline({"at": "0m", **old}, {"at": "1m", **old, "outlet": "The News", "waited": "4d"}))
    assert seen(result) == [(2, "digest", "terminal", "medium", 0, "")]
    assert result.steps[1].silence == "it waits for the digest outage:terminal (outage)"
    assert result.steps[0].silence == "held, max_age: partners: published 5 days ago, max_age is 72h"


def test_the_real_routes_say_who_sees_it_token_or_not() -> None:
    result = run(timeline({"at": "0m", "item": "pact"}), DESK_AND_OPS)
    assert {one[2] for one in seen(result)} == {"desk", "ops"}


def test_a_silence_can_be_expected() -> None:
    assert run(timeline({"at": "0m", "title": "A game of chess"})).passed


def test_a_timeline_fails_with_the_table_of_the_watchlist_that_was_expected() -> None:
    expect = [{"at": "0m", "post": {"watchlists": "gaming"}}]
    result = run(timeline({"at": "0m", "item": "visit"}, expect=expect))
    (failure,) = result.failures
    assert failure.fault == "at 0m: the post at terminal is not as expected: it speaks for partners, not for gaming"
    (table,) = failure.tables
    assert (table.watchlist, table.title, table.at) == ("gaming", VISIT["title"], timedelta())
    assert [row.holds for row in table.rows] == [True, False, True, True]


def test_what_was_not_expected_fails_with_the_tables_of_those_who_told() -> None:
    result = run(timeline({"at": "0m", "item": "pact"}, {"at": "2h", "item": "pact", "outlet": "The News"}))
    assert [[table.watchlist for table in failure.tables] for failure in result.failures] == [["gaming", "partners"]] * 3
    assert [failure.fault.split(":")[0] for failure in result.failures] == ["at 0m", "at 2h", "at 2h"]


@pytest.mark.parametrize("kind", ["reply", "digest"])
def test_what_nothing_sends_is_missed_and_the_last_item_before_is_explained(kind: str) -> None:
    expect = [{"at": "0m", "post": {}}, {"at": "15m", kind: {"receiver": "terminal"}}]
    result = run(timeline({"at": "0m", "item": "visit"}, expect=expect))
    (failure,) = result.failures
    assert failure.fault == f"at 15m: expected a {kind} at terminal, saw nothing"
    assert {table.title for table in failure.tables} == {VISIT["title"]}


def test_equal_words_are_understood_alike_whenever_they_are_seen() -> None:
    asked = []

    def counted(fields: Any) -> Any:
        asked.append(fields)
        return understand(fields)

    reports_of(timeline({"at": "0m", "item": "pact"}, {"at": "4h", "item": "pact", "published": "2026-05-01"}), counted)
    assert len(set(asked)) == 1


def test_a_reply_is_seen_when_it_is_due_and_says_what_was_gathered_until_then() -> None:
    steps = [
        {"at": at, "item": "pact", "outlet": outlet} for at, outlet in (("0m", "Dawn"), ("3m", "Jang"), ("14m", "APP"), ("16m", "Geo"))
    ]
    result = run(timeline(*steps, expect=[{"at": "15m", "reply": {"says": ["2 more outlets", "APP"]}}]))
    assert [(at, outlets) for at, kind, _, _, outlets, _ in seen(result) if kind == "reply"] == [(15, 3), (30, 4)]
    assert all(failure.fault.startswith("at ") and "reply at terminal is not" not in failure.fault for failure in result.failures)
    wrong = run(timeline(*steps, expect=[{"at": "15m", "reply": {"says": "Geo"}}]))
    assert any(
        "it says “2 more outlets: Jang (Pakistan), APP (Pakistan) (3 outlets, 1 country in all) · Jang (Pakistan): " in failure.fault
        for failure in wrong.failures
    )


def test_a_timeline_says_how_a_watchlist_tells_there() -> None:
    steps = [{"at": "0m", "item": "pact"}, {"at": "3m", "item": "pact", "outlet": "Jang"}]
    told = seen(run(timeline(*steps, watchlists=["partners"], alert={"partners": {"updates": "message", "update_every": "5m"}})))
    assert [(at, kind) for at, kind, *_ in told] == [(0, "post"), (3, "edit"), (5, "reply")]
    assert len(seen(run(timeline(*steps, watchlists=["partners"], alert={"partners": {"updates": "none"}})))) == 1


def test_nothing_is_written_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the working folder is where a store or a log would be made
    run(timeline({"at": "0m", "item": "visit"}))
    assert list(tmp_path.iterdir()) == []


def test_a_name_is_known_again_however_it_is_spaced() -> None:
    line = timeline({"at": "0m", "item": "the  visit"}, items={"the  visit": VISIT})
    assert len(seen(run(line))) == 1


def test_a_silence_holds_updates_for_as_long_as_it_lasts_and_says_whose_it_is() -> None:
    silences = [{"watchlist": ["gaming", "partners"], "from": "2m", "for": "10m"}]
    steps = [{"at": at, "item": "pact", "outlet": outlet} for at, outlet in (("0m", "Dawn"), ("3m", "The News"), ("12m", "The Nation"))]
    result = run(timeline(*steps, silences=silences))
    assert seen(result) == [
        (0, "post", "terminal", "high", 1, "matched"),
        (12, "edit", "terminal", "high", 2, "same_story"),
        (15, "reply", "terminal", "high", 2, ""),
    ]
    assert result.steps[1].silence == "held, silenced: gaming: silenced by this timeline until 08:12 UTC: its `silences` say so"


def test_a_silence_takes_one_watchlist_out_of_a_message_and_lets_the_critical_through() -> None:
    step = {"at": "0m", "item": "pact"}
    assert [one.watchlists for one in run(timeline(step, silences=[{"watchlist": "gaming", "for": "1h"}])).steps[0].seen] == [("partners",)]
    below = run(timeline(step, silences=[{"country": "US", "for": "1h", "below": "high"}]))
    assert [one.watchlists for one in below.steps[0].seen] == [("gaming",)]
    assert seen(run(timeline(step, silences=[{"country": "US", "label": "diplomacy", "for": "1h"}]))) == []


def test_a_correction_comes_through_a_silence() -> None:
    page = {"at": "1m", "item": "visit", "basis": "page", "text": "It was a play.", "label": "other", "partners": []}
    result = run(timeline({"at": "0m", "item": "visit"}, page, silences=[{"outlet": "Dawn", "from": "30s", "for": "1h"}]))
    assert seen(result)[1] == (1, "edit", "terminal", "medium", 1, "not_supported")
