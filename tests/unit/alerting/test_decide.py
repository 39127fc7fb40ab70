from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.decide import Match, Outcome, Told, decide, decision_id_of
from alerting.message import CARRIERS_LIMIT, Earlier, EarlierKind, Message, from_json, looks_the_same, quote_of, to_json
from alerting.news import Manner
from alerting.watchlists.telling import Explain, Updates
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


def test_the_same_outlet_again_changes_nothing_in_the_message_and_is_named_in_the_thread() -> None:
    told = told_by(decided(a_report(), a_match()))
    quiet = decided(a_report("two"), in_manner(a_match(), Updates.EDIT), told=told)
    assert (quiet.rows, quiet.replies, quiet.outcome, quiet.decision.reason) == ((), (), ReportOutcome.JOINED, AlertReason.SAME_STORY)
    outcome = decided(a_report("two"), a_match(), told=told)
    assert looks_the_same(outcome.rows[0].message, told["desk"].message)
    assert [one.outlet for one in outcome.replies[0].update.reports] == ["The Nation"]
    page = decided(page_of(a_report("two")), a_match(), told=told_by(outcome, told))
    assert page.replies == (), "it was named"


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


def in_manner(match: Match, updates: Updates) -> Match:
    return replace(match, manner=Manner(updates))


def since(told: dict[str, Told], ago: timedelta) -> dict[str, Told]:
    return {name: replace(one, told_at=NOW - ago) for name, one in told.items()}


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
                replied = any(reply.receiver == row.receiver for reply in outcome.replies)
                assert replied == row.message.threaded
                assert replied or not looks_the_same(row.message, before.message)
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
    told = told_by(decided(a_report(text=""), in_manner(a_match(), Updates.NONE)))
    page = page_of(a_report())
    quiet = in_manner(a_match(spans=[span_of(page, "gaming industry")]), Updates.NONE)
    assert decided(page, quiet, told=told).rows == ()
    assert len(decided(page, quiet, a_match("telecom"), told=told).rows) == 1, "another watchlist has news"
    wrong = decided(page_of(a_report(text="Weather.")), in_manner(a_miss("gaming"), Updates.NONE), told=told)
    (row,) = wrong.rows
    assert row.message.unsupported is not None
    assert (row.message.threaded, wrong.replies) == (False, ())


@pytest.mark.parametrize(
    ("updates", "threaded", "in_channel"),
    [(Updates.EDIT, False, []), (Updates.THREAD, True, [False]), (Updates.MESSAGE, True, [True])],
)
def test_a_later_report_is_told_as_its_watchlist_asks(updates: Updates, *, threaded: bool, in_channel: list[bool]) -> None:
    told = told_by(decided(a_report(), a_match()))
    outcome = decided(a_report("two", outlet="Dawn"), in_manner(a_match(), updates), told=told)
    assert [(row.kind, row.message.threaded) for row in outcome.rows] == [(MessageKind.EDIT, threaded)]
    assert [one.update.in_channel for one in outcome.replies] == in_channel


def test_of_several_watchlists_the_most_talkative_counts_and_the_shortest_times() -> None:
    told = told_by(decided(a_report(), a_match()))
    slow = replace(a_match(), manner=Manner(Updates.EDIT, timedelta(minutes=5), None))
    talkative = replace(a_match("telecom"), manner=Manner(Updates.MESSAGE, timedelta(hours=1), timedelta(hours=24)))
    (reply,) = decided(a_report("two", outlet="Dawn"), slow, talkative, told=told).replies
    assert (reply.update.in_channel, reply.every) == (True, timedelta(minutes=5))
    anew = decided(a_report("two", outlet="Dawn"), slow, talkative, told=since(told, timedelta(hours=24)))
    assert [row.kind for row in anew.rows] == [MessageKind.PARENT]


def test_evidence_from_the_page_edits_and_needs_no_reply() -> None:
    told = told_by(decided(a_report(text=""), a_match()))
    page = page_of(a_report())
    outcome = decided(page, a_match(spans=[span_of(page, "gaming industry")]), told=told)
    assert ([row.message.threaded for row in outcome.rows], outcome.replies) == ([False], ())


def test_a_story_that_goes_on_is_told_anew_once_its_message_is_old() -> None:
    anew = replace(a_match(), manner=Manner(realert=timedelta(hours=24)))
    told = told_by(decided(a_report(), anew))
    young = decided(a_report("two", outlet="Dawn"), anew, told=since(told, timedelta(hours=23)))
    assert [row.kind for row in young.rows] == [MessageKind.EDIT]
    old = since(told, timedelta(hours=24))
    assert decided(page_of(a_report()), anew, told=old).replies == (), "nothing that goes on"
    outcome = decided(a_report("two", outlet="Dawn"), anew, told=old)
    (row,) = outcome.rows
    assert (row.kind, row.sequence, outcome.replies) == (MessageKind.PARENT, 1, ())
    assert (outcome.outcome, outcome.decision.kind, outcome.decision.reason) == (
        ReportOutcome.ALERTED,
        DecisionKind.ALERT,
        AlertReason.REALERT,
    )
    assert row.message.alert_id not in ("", told["desk"].message.alert_id)
    assert row.message.earlier == Earlier(EarlierKind.REALERT, STORY, "desk", NOW - timedelta(hours=24), a_report().item.title)
    assert [one.outlet for one in row.message.carriers] == ["The Nation", "Dawn"]
    after = decided(a_report("three", outlet="Jang"), anew, told={"desk": Told(row.message, 1, NOW)})
    assert [(one.kind, one.sequence, one.message.alert_id) for one in after.rows] == [(MessageKind.EDIT, 2, row.message.alert_id)]
    assert after.replies[0].update.alert_id == row.message.alert_id


def test_a_receiver_that_a_rise_reaches_is_told_where_the_story_was_told_first() -> None:
    told = since(told_by(decided(a_report(), a_match(severity=Severity.MEDIUM))), timedelta(minutes=9))
    outcome = decided(a_report("two", outlet="Dawn"), a_match(severity=Severity.HIGH, receivers=("desk", "minister")), told=told)
    parent = next(row for row in outcome.rows if row.receiver == "minister")
    assert parent.message.earlier == Earlier(EarlierKind.OTHER_CHANNEL, STORY, "desk", NOW - timedelta(minutes=9), a_report().item.title)
    beside = decided(a_report("two"), a_match("telecom", severity=Severity.MEDIUM, receivers=("telecoms",)), told=told)
    assert beside.rows[0].message.earlier is None, "another watchlist's receiver, and no rise"


def test_who_was_told_hears_of_a_rise_that_routes_lead_elsewhere_and_who_was_not_does_not() -> None:
    told = since(told_by(decided(a_report(), a_match(receivers=("desk",), severity=Severity.MEDIUM))), timedelta(hours=1))
    risen = replace(a_match(receivers=("urgent",), severity=Severity.CRITICAL), followers=("desk", "archive"))
    outcome = decided(a_report("two", outlet="Dawn"), risen, told=told)
    assert [(row.receiver, row.kind, row.message.severity, row.follows) for row in outcome.rows] == [
        ("urgent", MessageKind.PARENT, Severity.CRITICAL, False),
        ("desk", MessageKind.EDIT, Severity.CRITICAL, True),
    ]
    assert [(reply.receiver, reply.update.raised_from) for reply in outcome.replies] == [("desk", Severity.MEDIUM)]
    assert outcome.decision.reason is AlertReason.SEVERITY_RAISED
    of_another = replace(a_match("telecom", receivers=("urgent",), severity=Severity.CRITICAL), followers=("desk",))
    assert [row.receiver for row in decided(a_report("two", outlet="Dawn"), of_another, told=told).rows] == ["urgent"]


def test_a_correction_is_owed_to_each_receiver_that_is_not_told_again() -> None:
    report = a_report()
    told = told_by(decided(report, a_match(), a_match("telecom", receivers=("ops",))))
    outcome = decided(page_of(report), a_match(), a_miss("telecom"), told=told)
    assert [(row.receiver, row.message.unsupported is None) for row in outcome.rows] == [("ops", False)]
    assert [(one.receiver, one.update.unsupported is None) for one in outcome.replies] == [("ops", False)]
    assert outcome.decision.receivers == ("desk", "ops")
    nobody = decided(page_of(report), a_match(receivers=()), a_miss("telecom"), told={"ops": told["ops"]})
    assert (nobody.decision.reason, [row.receiver for row in nobody.rows]) == (AlertReason.NOT_SUPPORTED, ["ops"])


def test_no_reply_stands_under_what_a_digest_tells() -> None:
    told = {name: replace(one, has_thread=False) for name, one in told_by(decided(a_report(), a_match())).items()}
    outcome = decided(a_report("two", outlet="Dawn"), a_match(), told=told)
    assert ([(row.kind, row.message.threaded) for row in outcome.rows], outcome.replies) == ([(MessageKind.EDIT, False)], ())


def test_an_older_revision_that_comes_late_changes_neither_headline_nor_what_bears_it_out() -> None:
    old = a_report()
    new = a_report(revision="r2", title="Pakistan, US agree on IT")
    new = replace(new, item=replace(new.item, seen_at=old.item.seen_at + timedelta(minutes=5)))
    told = told_by(decided(new, a_match(), told=told_by(decided(old, a_match()))))
    late = decided(page_of(old), a_match("telecom"), told=told)
    assert late.rows[0].message.title == "Pakistan, US agree on IT"
    assert late.replies[0].update.corrections == ()
    assert decided(page_of(old), a_miss(), told=told).rows == ()


def test_who_acts_is_no_partner_where_another_outlet_tells_it_from_the_other_side() -> None:
    told = told_by(decided(a_report(), a_match()))
    outcome = decided(a_report("two", outlet="Reuters", home="US", partners=("PK",)), a_match(), told=told)
    assert outcome.rows[0].message.partners == ("US",)
    assert outcome.replies[0].update.partners == ()


def test_where_it_was_told_first_is_said_as_readers_know_the_place() -> None:
    low = since(told_by(decided(a_report(), a_match(severity=Severity.MEDIUM))), timedelta(minutes=9))
    outcome = decide(
        a_report("two"),
        matches=[a_match(receivers=("minister",), severity=Severity.CRITICAL)],
        story_id=STORY,
        told=low,
        now=NOW,
        places={"desk": "#it-diplomacy"},
    )
    (parent,) = (row for row in outcome.rows if row.receiver == "minister")
    assert parent.message.earlier is not None
    assert parent.message.earlier.place == "#it-diplomacy"


def test_partners_of_other_items_join_the_message() -> None:
    told = told_by(decided(a_report(), a_match()))
    outcome = decided(a_report("two", outlet="Dawn", partners=("JP", "US")), a_match(), told=told)
    assert outcome.rows[0].message.partners == ("US", "JP")
    assert outcome.replies[0].update.partners == ("JP",)
    page = decided(page_of(a_report()), a_match(), told=told_by(outcome, told))
    assert page.replies == (), "the page of the first item does not unsay what the second one said"
