"""What a silence holds, and the laws: it only takes away, and what has ended holds nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.decide import Match, Outcome, Told, decide, may_tell
from alerting.silences import fits, hold_back, in_words, match_facts, said_of, silenced, state_of
from newswire.outcomes import AlertReason, HoldReason, ReportOutcome
from newswire.records import DecisionKind, Label, MessageKind, Report, Severity
from newswire.silence import Kind, Silence
from tests.alerting_builders import a_match, a_miss, a_report, page_of
from tests.fakes import NOW

AT = NOW.timestamp()
STORY = "5" * 32
REPORT = a_report()


def a_silence(*, begins: float = -60, ends: float = 3_600, below: Severity | None = None, **matchers: Sequence[str]) -> Silence:
    given_ = {kind: tuple(values) for kind, values in (matchers or {"watchlist": ["gaming"]}).items()}
    return Silence(given_, AT + begins, AT + ends, "Ayesha", "summit week", AT + begins, below=below)


def decided(
    matches: Sequence[Match], *silences: Silence, report: Report = REPORT, told: dict[str, Told] | None = None, now: datetime = NOW
) -> Outcome:
    held = hold_back(silences, matches, report, STORY, now)
    return decide(report, matches=held, story_id=STORY, told=told or {}, now=now)


def told_by(outcome: Outcome) -> dict[str, Told]:
    return {row.receiver: Told(row.message, row.sequence) for row in outcome.rows}


def holds(silence: Silence, *, report: Report = REPORT, match: Match | None = None) -> bool:
    return fits(silence, match_facts(match or a_match(), report, STORY))


@pytest.mark.parametrize(
    ("silence", "fit"),
    [
        (a_silence(watchlist=["gaming"]), True),
        (a_silence(watchlist=["Gaming"]), False),
        (a_silence(watchlist=["cables", "gaming"]), True),
        (a_silence(story=[STORY]), True),
        (a_silence(story=["6" * 32]), False),
        (a_silence(country=["US"]), True),  # a partner
        (a_silence(country=["PK"]), True),  # at home
        (a_silence(country=["KR"]), False),
        (a_silence(outlet=["the nation"]), True),
        (a_silence(outlet=["nation.example"]), True),
        (a_silence(outlet=["https://nation.example/feed"]), True),
        (a_silence(outlet=["Nation"]), False),
        (a_silence(label=["diplomacy"]), True),
        (a_silence(label=["domestic", "other"]), False),
        (a_silence(watchlist=["gaming"], country=["US"], label=["diplomacy"]), True),
        (a_silence(watchlist=["gaming"], country=["KR"]), False),
        (a_silence(below=Severity.CRITICAL), True),
        (a_silence(below=Severity.HIGH), False),
        (replace(a_silence(), matchers={}), False),
        (replace(a_silence(), matchers={"of a later release": ("gaming",)}), False),
    ],
)
def test_every_kind_that_is_asked_for_must_fit_by_one_of_its_values(silence: Silence, *, fit: bool) -> None:
    assert holds(silence) is fit


def test_a_country_that_is_only_mentioned_is_not_silenced_and_a_match_without_a_story_not_by_its_story() -> None:
    assert not holds(a_silence(country=["US"]), report=a_report(partners=(), home=None))
    assert not fits(a_silence(story=[STORY]), match_facts(a_match(), REPORT, None))


def test_of_several_the_one_that_ends_last_is_named() -> None:
    short, long = a_silence(ends=600), a_silence(ends=7_200, label=["diplomacy"])
    facts = match_facts(a_match(), REPORT, STORY)
    assert silenced([short, long], facts, NOW) == silenced([long, short], facts, NOW) == long
    assert silenced([a_silence(begins=10), a_silence(ends=0), replace(long, expired_at=AT - 1)], facts, NOW) is None


def test_a_silenced_match_is_held_with_who_until_when_and_why() -> None:
    silence = a_silence()
    outcome = decided([a_match()], silence)
    assert (outcome.outcome, outcome.rows, outcome.decision.reason) == (ReportOutcome.HELD, (), HoldReason.SILENCED)
    (verdict,) = outcome.decision.watchlists
    ends = NOW + timedelta(hours=1)
    assert (verdict.matched, verdict.reason, verdict.silence_id) == (True, HoldReason.SILENCED, silence.silence_id)
    assert verdict.missed == f"silenced by Ayesha until {ends:%H:%M} UTC: summit week"


def test_another_watchlist_still_tells_and_the_decision_names_both() -> None:
    outcome = decided([a_match(), a_match("cables", receivers=["ops"])], a_silence())
    assert [(row.receiver, [one.watchlist for one in row.message.watchlists]) for row in outcome.rows] == [("ops", ["cables"])]
    assert [(one.watchlist, one.reason) for one in outcome.decision.watchlists] == [("cables", None), ("gaming", HoldReason.SILENCED)]
    assert outcome.decision.kind is DecisionKind.ALERT


def test_what_was_told_before_is_not_edited_while_the_silence_lasts_but_after_it() -> None:
    told = told_by(decided([a_match()]))
    second = a_report("two", outlet="Dawn")
    silent = decided([a_match()], a_silence(), report=second, told=told)
    assert (silent.rows, silent.decision.reason) == ((), HoldReason.SILENCED)
    after = decided([a_match()], a_silence(), report=a_report("three", outlet="The News"), told=told, now=NOW + timedelta(hours=1))
    assert [(row.kind, {one.outlet for one in row.message.carriers}) for row in after.rows] == [
        (MessageKind.EDIT, {"The Nation", "The News"})
    ]


def test_a_correction_is_told_whatever_is_silenced() -> None:
    told = told_by(decided([a_match()]))
    outcome = decided([a_miss()], a_silence(), report=page_of(REPORT), told=told)
    assert [row.kind for row in outcome.rows] == [MessageKind.EDIT]
    assert outcome.decision.reason is AlertReason.NOT_SUPPORTED


def test_what_still_matches_under_a_silence_has_not_been_contradicted() -> None:
    told = told_by(decided([a_match()]))
    assert decided([a_match()], a_silence(), report=page_of(REPORT), told=told).rows == ()


def test_what_would_tell_nobody_keeps_its_own_reason() -> None:
    for match, reason in (
        (a_match(held=HoldReason.STAGED), HoldReason.STAGED),
        (a_match(held=HoldReason.MAX_AGE), HoldReason.MAX_AGE),
        (a_match(receivers=[]), HoldReason.NO_RECEIVER),
        (a_miss(), HoldReason.LABEL),
    ):
        assert decided([match], a_silence()).decision.reason is reason


def test_beside_a_match_that_no_route_takes_the_silence_is_the_reason() -> None:
    assert decided([a_match(), a_match("cables", receivers=[])], a_silence()).decision.reason is HoldReason.SILENCED


@pytest.mark.parametrize(
    ("silence", "state"),
    [
        (a_silence(begins=60, ends=120), "pending"),
        (a_silence(ends=3_601), "active"),
        (a_silence(ends=3_600), "ending"),
        (a_silence(ends=0), "ended"),
        (replace(a_silence(), expired_at=AT), "expired"),
    ],
)
def test_how_a_silence_stands(silence: Silence, state: str) -> None:
    assert state_of(silence, NOW) == state


def test_a_silence_in_words() -> None:
    silence = a_silence(country=["US", "KR"], watchlist=["gaming"], below=Severity.CRITICAL, ends=86_400)
    end = NOW + timedelta(days=1)
    assert said_of(silence) == "watchlist gaming and country US or KR, below critical"
    assert in_words(silence, NOW) == f"silenced by Ayesha until {end:%d %b %H:%M} UTC: summit week"
    assert f"{end:%Y}" in in_words(silence, NOW - timedelta(days=366))


# --- laws

WATCHLISTS, RECEIVERS, COUNTRIES = ("gaming", "cables", "5g"), ("desk", "ops"), ("US", "KR", "PK")


def some(values: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, unique=True).map(tuple)


MATCHERS = st.fixed_dictionaries(
    {},
    optional={
        Kind.WATCHLIST.value: some(WATCHLISTS),
        Kind.COUNTRY.value: some(COUNTRIES),
        Kind.LABEL.value: some([one.value for one in Label]),
        Kind.STORY.value: some([STORY, "6" * 32]),
        Kind.OUTLET.value: some(["The Nation", "Dawn"]),
    },
)
SILENCES = st.builds(
    lambda matchers, begins, length, below, expired: Silence(
        matchers, AT + begins, AT + begins + length, "A", "b", AT, below=below, expired_at=AT + expired if expired is not None else None
    ),
    MATCHERS,
    st.integers(-100, 100),
    st.integers(1, 200),
    st.none() | st.sampled_from(Severity),
    st.none() | st.integers(-100, 100),
)
MATCHES = st.lists(
    st.builds(
        lambda name, severity, receivers, held: a_match(name, severity=severity, receivers=receivers, held=held),
        st.sampled_from(WATCHLISTS),
        st.sampled_from(Severity),
        st.lists(st.sampled_from(RECEIVERS), unique=True),
        st.none() | st.sampled_from([HoldReason.STAGED, HoldReason.MAX_AGE]),
    ),
    max_size=3,
    unique_by=lambda match: match.verdict.watchlist,
)
REPORTS = st.builds(
    lambda partners, outlet, label: a_report("two", partners=partners, outlet=outlet, label=label),
    st.lists(st.sampled_from(COUNTRIES), unique=True),
    st.sampled_from(["The Nation", "Dawn"]),
    st.sampled_from(Label),
)


@given(matches=MATCHES, silences=st.lists(SILENCES, max_size=3), one_more=SILENCES, report=REPORTS, told_before=st.booleans())
def test_a_silence_more_only_removes_tellings(
    matches: list[Match], silences: list[Silence], one_more: Silence, report: Report, *, told_before: bool
) -> None:
    told = told_by(decided([a_match(receivers=RECEIVERS)])) if told_before else {}
    fewer = hold_back(silences, matches, report, STORY, NOW)
    more = hold_back([*silences, one_more], matches, report, STORY, NOW)
    for before, after in zip(fewer, more, strict=True):
        assert may_tell(before) or after.verdict.reason in {before.verdict.reason, HoldReason.SILENCED}
        assert set(after.receivers) <= set(before.receivers)
        assert not may_tell(after) or after == before
    with_fewer, with_more = (
        decided(matches, *silences, report=report, told=told),
        decided(matches, *silences, one_more, report=report, told=told),
    )
    assert set(with_more.decision.receivers) <= set(with_fewer.decision.receivers)
    assert {row.receiver for row in with_more.rows if row.kind is MessageKind.PARENT} <= {row.receiver for row in with_fewer.rows}
    for row in with_more.rows:
        speaking = {one.watchlist for one in row.message.watchlists}
        assert speaking <= {one.watchlist for other in with_fewer.rows for one in other.message.watchlists} | {"gaming"}


@given(matches=MATCHES, silences=st.lists(SILENCES, max_size=3), report=REPORTS, later=st.integers(300, 10_000))
def test_what_has_ended_or_was_expired_holds_nothing(matches: list[Match], silences: list[Silence], report: Report, later: int) -> None:
    now = NOW + timedelta(seconds=later)
    assert hold_back(silences, matches, report, STORY, now) == tuple(matches)
    expired = [replace(one, expired_at=AT - 101) for one in silences]
    assert hold_back(expired, matches, report, STORY, NOW) == tuple(matches)
