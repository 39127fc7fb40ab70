from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.decide import Match, Outcome, Told, decide, decision_id_of
from alerting.message import CARRIERS_LIMIT, Message, from_json, looks_the_same, quote_of, to_json
from alerting.watchlists.telling import Explain
from newswire.outcomes import AlertReason, HoldReason, ReportOutcome
from newswire.records import Basis, DecisionKind, Evidence, Field, Label, MessageKind, Report, Severity
from tests.alerting_builders import a_match, a_miss, a_report, page_of, span_of
from tests.fakes import NOW

STORY = "s" * 32


def decided(report: Report, *matches: Match, told: dict[str, Told] | None = None, story: str | None = STORY) -> Outcome:
    return decide(report, matches=matches, story_id=story, told=told or {}, now=NOW)


def told_by(outcome: Outcome, before: dict[str, Told] | None = None) -> dict[str, Told]:
    return {**(before or {}), **{row.receiver: Told(row.message, row.sequence) for row in outcome.rows}}


def test_a_feed_report_that_matches_alerts_each_receiver_once() -> None:
    report = a_report()
    match = a_match(receivers=("desk", "ops"), spans=[span_of(report, "gaming industry")])
    outcome = decided(report, match, a_match("telecom", receivers=("desk",), severity=Severity.CRITICAL))
    assert outcome.outcome is ReportOutcome.ALERTED
    assert (outcome.decision.kind, outcome.decision.reason) == (DecisionKind.ALERT, AlertReason.MATCHED)
    assert outcome.decision.severity is Severity.CRITICAL
    assert outcome.decision.receivers == ("desk", "ops")
    assert [(row.receiver, row.kind, row.sequence) for row in outcome.rows] == [
        ("desk", MessageKind.PARENT, 0),
        ("ops", MessageKind.PARENT, 0),
    ]
    desk, ops = (row.message for row in outcome.rows)
    assert [shown.watchlist for shown in desk.watchlists] == ["gaming", "telecom"]
    assert [shown.watchlist for shown in ops.watchlists] == ["gaming"]
    assert (desk.severity, ops.severity) == (Severity.CRITICAL, Severity.HIGH)
    assert desk.alert_id != ops.alert_id


def test_the_page_report_of_the_same_item_edits_with_its_evidence_and_then_nothing_is_left_to_say() -> None:
    report = a_report(text="")
    first = decided(report, a_match())
    told = told_by(first)
    page = page_of(a_report())
    match = a_match(spans=[span_of(page, "gaming industry")])
    second = decided(page, match, told=told)
    assert (second.outcome, second.decision.reason) == (ReportOutcome.JOINED, AlertReason.MORE_EVIDENCE)
    (row,) = second.rows
    assert (row.kind, row.sequence) == (MessageKind.EDIT, 1)
    quote = row.message.quote
    assert quote is not None
    assert [quote.text[a:b] for a, b in quote.marks] == ["gaming industry"]
    again = decided(page, match, told=told_by(second, told))
    assert again.rows == ()
    assert again.decision.kind is DecisionKind.JOIN


def test_another_outlet_joins_and_a_receiver_reached_later_gets_a_message_of_its_own() -> None:
    told = told_by(decided(a_report(), a_match()))
    other = a_report("two", outlet="Dawn", country="PK", title="US envoy on gaming")
    outcome = decided(other, a_match(), a_match("telecom", receivers=("ops",)), told=told)
    assert [(row.receiver, row.kind) for row in outcome.rows] == [("desk", MessageKind.EDIT), ("ops", MessageKind.PARENT)]
    edit, parent = (row.message for row in outcome.rows)
    assert edit.title == a_report().item.title
    assert [carrier.outlet for carrier in edit.carriers] == ["The Nation", "Dawn"]
    assert parent.title == "US envoy on gaming"
    assert (outcome.outcome, outcome.decision.reason) == (ReportOutcome.ALERTED, AlertReason.SAME_STORY)


def test_the_same_outlet_again_adds_nothing_that_can_be_seen() -> None:
    told = told_by(decided(a_report(), a_match()))
    outcome = decided(a_report("two"), a_match(), told=told)
    assert (outcome.rows, outcome.outcome, outcome.decision.reason) == ((), ReportOutcome.JOINED, AlertReason.SAME_STORY)


def test_severity_rises_and_never_falls() -> None:
    told = told_by(decided(a_report(), a_match(severity=Severity.MEDIUM)))
    raised = decided(a_report("two"), a_match(severity=Severity.CRITICAL), told=told)
    assert raised.decision.reason is AlertReason.SEVERITY_RAISED
    assert raised.rows[0].message.severity is Severity.CRITICAL
    lower = decided(a_report("three", outlet="Dawn"), a_match(severity=Severity.LOW), told=told_by(raised, told))
    assert lower.rows[0].message.severity is Severity.CRITICAL


def test_a_page_that_does_not_bear_the_headline_out_is_said_once() -> None:
    report = a_report()
    told = told_by(decided(report, a_match()))
    page = page_of(report, label=Label.DOMESTIC)
    outcome = decided(page, a_miss(), told=told)
    assert (outcome.outcome, outcome.decision.reason) == (ReportOutcome.JOINED, AlertReason.NOT_SUPPORTED)
    assert outcome.decision.receivers == ("desk",)
    assert outcome.rows[0].message.unsupported == "label is domestic (0.93), wants diplomacy"
    again = decided(page, a_miss(), told=told_by(outcome, told))
    assert (again.rows, again.outcome) == ((), ReportOutcome.HELD)


def test_a_page_takes_nothing_back_while_another_outlet_bears_it_out() -> None:
    report = a_report()
    told = told_by(decided(report, a_match()))
    told = told_by(decided(a_report("two", outlet="Dawn"), a_match(), told=told), told)
    outcome = decided(page_of(report, label=Label.DOMESTIC), a_miss(), told=told)
    assert outcome.rows[0].message.unsupported is None
    assert [carrier.outlet for carrier in outcome.rows[0].message.supporting] == ["Dawn"]


def test_an_outlet_that_bears_it_out_later_takes_the_headline() -> None:
    report = a_report()
    told = told_by(decided(report, a_match()))
    told = told_by(decided(page_of(report), a_miss(), told=told), told)
    outcome = decided(a_report("two", outlet="Dawn", title="It was so"), a_match(), told=told)
    message = outcome.rows[0].message
    assert (message.unsupported, message.title, message.outlet) == (None, "It was so", "Dawn")
    assert message.alert_id == told["desk"].message.alert_id


def test_what_is_not_contradicted_is_not_taken_back() -> None:
    report = a_report()
    told = told_by(decided(report, a_match()))
    page = page_of(report)
    assert decided(page, a_match(held=HoldReason.MAX_AGE), told=told).decision.reason is HoldReason.MAX_AGE
    assert decided(replace(report, final=True), a_miss(), told=told).outcome is ReportOutcome.HELD  # the same words, judged otherwise
    assert decided(a_report(revision="r2"), a_miss(), told=told).outcome is ReportOutcome.HELD  # its page is still to come
    assert decided(page_of(a_report("two")), a_miss(), told=told).outcome is ReportOutcome.HELD  # an item that was never told


def test_a_changed_title_edits_and_does_not_alert_again() -> None:
    told = told_by(decided(a_report(), a_match()))
    outcome = decided(a_report(revision="r2", title="Pakistan, US agree on IT"), a_match(), told=told)
    assert (outcome.outcome, outcome.decision.reason) == (ReportOutcome.JOINED, AlertReason.REVISED)
    assert [(row.kind, row.message.title) for row in outcome.rows] == [(MessageKind.EDIT, "Pakistan, US agree on IT")]


@pytest.mark.parametrize(
    ("matches", "reason"),
    [
        ([], HoldReason.NO_WATCHLISTS),
        ([a_miss("a", reason=HoldReason.SCOPE), a_miss("b", reason=HoldReason.CONDITION)], HoldReason.CONDITION),
        ([a_miss(), a_match(held=HoldReason.STAGED)], HoldReason.STAGED),
        ([a_match(held=HoldReason.BACKLOG)], HoldReason.BACKLOG),
        ([a_match(receivers=())], HoldReason.NO_RECEIVER),
    ],
)
def test_a_silence_has_the_reason_of_the_watchlist_that_came_nearest(matches: list[Match], reason: HoldReason) -> None:
    outcome = decided(a_report(), *matches)
    assert (outcome.outcome, outcome.decision.kind, outcome.decision.reason) == (ReportOutcome.HELD, DecisionKind.HOLD, reason)
    assert outcome.rows == ()
    assert outcome.decision.severity is None
    assert len(outcome.decision.watchlists) == len(matches)


def test_a_decision_that_tells_holds_what_else_matched_and_says_nothing_of_it_to_readers() -> None:
    report = a_report()
    alone = decided(report, a_match())
    beside = decided(
        report, a_match("muted", severity=Severity.CRITICAL, held=HoldReason.MUTED), a_match(), a_match("new", held=HoldReason.STAGED)
    )
    assert [(one.watchlist, one.reason) for one in beside.decision.watchlists] == [
        ("gaming", None),
        ("muted", HoldReason.MUTED),
        ("new", HoldReason.STAGED),
    ]
    assert beside.rows == alone.rows
    assert replace(beside.decision, watchlists=()) == replace(alone.decision, watchlists=())


def test_a_silence_holds_every_watchlist_that_matched_however_many() -> None:
    matches = [a_match(f"new-{n}", held=HoldReason.STAGED) for n in range(5)]
    outcome = decided(a_report(), *matches, a_miss("other", reason=HoldReason.SCOPE))
    assert [one.watchlist for one in outcome.decision.watchlists] == [f"new-{n}" for n in range(5)]


def test_one_report_one_decision_id() -> None:
    report = a_report()
    ids = {decision_id_of(one) for one in (report, page_of(report), replace(report, final=True), a_report(revision="r2"), a_report("two"))}
    assert len(ids) == 5
    assert decision_id_of(report) == decision_id_of(a_report(title="other words, same revision"))


def test_the_quote_is_the_sentence_with_most_of_the_words_and_its_marks_fit() -> None:
    report = a_report(text="Exports rose. " + "The gaming industry, gaming studios and exports were discussed! " + "Nothing more。完")
    quote = quote_of(report, [span_of(report, "Exports"), span_of(report, "gaming industry"), span_of(report, "exports")])
    assert quote is not None
    assert quote.text == "The gaming industry, gaming studios and exports were discussed!"
    assert [quote.text[a:b] for a, b in quote.marks] == ["gaming industry", "exports"]


def test_a_long_sentence_is_cut_around_its_first_mark() -> None:
    text = "word " * 200 + "gaming industry " + "more " * 200
    report = a_report(text=text)
    quote = quote_of(report, [span_of(report, "gaming industry")])
    assert quote is not None
    assert len(quote.text) < 340
    assert [quote.text[a:b] for a, b in quote.marks] == ["gaming industry"]


def test_words_of_the_title_alone_quote_the_evidence_for_the_label_instead() -> None:
    report = a_report(title="gaming industry")
    assert quote_of(report, [span_of(report, "gaming industry", Field.TITLE)]) is None
    evidence = Evidence("engages", 2.0, span_of(report, "received", Field.LEAD))
    quote = quote_of(replace(report, evidence=(evidence,)), [span_of(report, "gaming industry", Field.TITLE)])
    assert quote is not None
    assert quote.text == report.item.summary


def test_spans_that_do_not_fit_the_text_are_passed_over() -> None:
    report = a_report()
    span = span_of(report, "gaming industry")
    assert quote_of(report, [replace(span, start=10_000, end=10_010), replace(span, start=9, end=3)]) is None


def test_a_message_is_bounded_however_many_carry_the_story() -> None:
    told = told_by(decided(a_report(), a_match()))
    for n in range(CARRIERS_LIMIT + 20):
        told = told_by(decided(a_report(f"k{n}", outlet=f"Outlet {n}"), a_match(because=[f"w{n}"]), told=told), told)
    message = told["desk"].message
    assert len(message.carriers) == CARRIERS_LIMIT
    assert len(message.because) <= 12


REPORTS = st.builds(
    lambda key, basis, outlet, revision: a_report(
        key, revision=revision, outlet=outlet, basis=basis, final=basis is Basis.PAGE, title=f"{key} {revision}"
    ),
    st.sampled_from("abc"),
    st.sampled_from(Basis),
    st.sampled_from(["Dawn", "The Nation"]),
    st.sampled_from(["r1", "r2"]),
)
MATCHES = st.lists(
    st.sampled_from(
        [a_match(), a_match("telecom", receivers=("ops",), severity=Severity.LOW), a_miss(), a_match("x", receivers=("ops", "desk"))]
    ),
    max_size=3,
    unique_by=id,
)


@settings(max_examples=60, deadline=None)
@given(flow=st.lists(st.tuples(REPORTS, MATCHES), max_size=12))
def test_whatever_comes_a_receiver_has_one_parent_and_each_edit_shows_something_new(flow: list[tuple[Report, list[Match]]]) -> None:
    told: dict[str, Told] = {}
    for report, matches in flow:
        outcome = decided(report, *matches, told=told)
        for row in outcome.rows:
            before = told.get(row.receiver)
            assert (row.kind is MessageKind.PARENT) == (before is None)
            if before is not None:
                assert row.sequence == before.sequence + 1
                assert not looks_the_same(row.message, before.message)
                assert row.message.severity.rank >= before.message.severity.rank
                assert {s.watchlist for s in before.message.watchlists} <= {s.watchlist for s in row.message.watchlists}
            assert from_json(to_json(row.message)) == row.message
        told = told_by(outcome, told)


def test_a_message_survives_its_json() -> None:
    report = a_report(published_at=NOW + timedelta(microseconds=5))
    message: Message = decided(report, a_match(spans=[span_of(report, "gaming industry")])).rows[0].message
    assert message.quote is not None
    assert from_json(to_json(message)) == message


@pytest.mark.parametrize(
    ("watchlist", "receiver", "because", "marks"),
    [
        (Explain.FULL, Explain.FULL, ("gaming industry", "partner US"), ["gaming industry"]),
        (Explain.WORDS, Explain.FULL, (), ["gaming industry"]),
        (Explain.FULL, Explain.WORDS, (), ["gaming industry"]),
        (Explain.NONE, Explain.WORDS, (), []),
        (Explain.WORDS, Explain.NONE, (), []),
    ],
)
def test_of_watchlist_and_receiver_the_stricter_says_what_is_seen_of_the_rule(
    watchlist: Explain, receiver: Explain, because: tuple[str, ...], marks: list[str]
) -> None:
    report = a_report()
    match = replace(a_match(spans=[span_of(report, "gaming industry")]), explain=watchlist)
    (row,) = decide(report, matches=[match], story_id=STORY, told={}, now=NOW, explains={"desk": receiver}).rows
    assert row.message.because == because
    quote = row.message.quote
    assert [quote.text[a:b] for a, b in quote.marks] == marks if quote else marks == []
    (verdict,) = decide(report, matches=[match], story_id=STORY, told={}, now=NOW, explains={"desk": receiver}).decision.watchlists
    assert verdict.because == ("gaming industry", "partner US"), "the decision keeps the whole reason"


def test_what_a_text_lacks_is_not_said_in_the_words_of_a_rule_that_readers_may_not_see() -> None:
    told = told_by(decided(a_report(text=""), a_match()))
    for explain, said in ((Explain.FULL, "'gaming industry' is not found"), (Explain.WORDS, "the words that matched are not in it")):
        miss = replace(a_miss("gaming", missed="'gaming industry' is not found"), explain=explain)
        (row,) = decided(page_of(a_report(text="Weather.")), miss, told=told).rows
        assert row.message.unsupported == said


def test_a_watchlist_without_updates_leaves_its_message_as_it_is_unless_it_was_wrong() -> None:
    told = told_by(decided(a_report(text=""), replace(a_match(), updates=False)))
    page = page_of(a_report())
    quiet = replace(a_match(spans=[span_of(page, "gaming industry")]), updates=False)
    assert decided(page, quiet, told=told).rows == ()
    assert len(decided(page, quiet, a_match("telecom"), told=told).rows) == 1, "another watchlist has news"
    (row,) = decided(page_of(a_report(text="Weather.")), replace(a_miss("gaming"), updates=False), told=told).rows
    assert row.message.unsupported is not None
