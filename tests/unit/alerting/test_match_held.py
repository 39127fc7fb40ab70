from datetime import timedelta
from typing import Any

import pytest

from alerting.watchlists.compile import compile_watchlists
from alerting.watchlists.match import NEAREST, match
from alerting.watchlists.model import Watchlist
from newswire.outcomes import HoldReason
from newswire.records import Label, Severity
from tests.fakes import NOW
from tests.unit.alerting.desk import compiled, judged, report

ESPORTS = {"any": ["esports"]}


def aged(**past: float) -> dict[str, Any]:
    return {"published_at": NOW - timedelta(**past)}


@pytest.mark.parametrize(
    ("keys", "item", "reason", "missed"),
    [
        ({}, {}, None, None),
        ({}, aged(hours=71), None, None),
        ({}, aged(hours=72), None, None),
        ({}, aged(hours=-3), None, None),
        ({}, aged(days=4), HoldReason.MAX_AGE, "published 4 days ago, max_age is 72h"),
        ({"max_age": "2h"}, aged(hours=5), HoldReason.MAX_AGE, "published 5 hours ago, max_age is 2h"),
        ({"max_age": "30m"}, aged(minutes=61), HoldReason.MAX_AGE, "published 1 hour ago, max_age is 30m"),
        ({"max_age": "7d"}, aged(days=8), HoldReason.MAX_AGE, "published 8 days ago, max_age is 7d"),
        ({"max_age": "2w"}, aged(days=8), None, None),
        ({}, {"published_at": None}, None, None),
        ({}, {"published_at": None, "seen_at": NOW - timedelta(days=5)}, None, None),  # it waited in our own queues
        ({}, {"published_at": NOW - timedelta(days=6), "seen_at": NOW - timedelta(days=5)}, None, None),
        (
            {},
            {"published_at": NOW - timedelta(days=9), "seen_at": NOW - timedelta(days=5)},
            HoldReason.MAX_AGE,
            "published 9 days ago, max_age is 72h",
        ),
        ({}, {"published_at": None, "seen_at": NOW - timedelta(days=11)}, HoldReason.MAX_AGE, "first seen 11 days ago, max_age is 72h"),
        ({}, {"backlog": True, **aged(hours=5)}, None, None),
        ({}, {"backlog": True, **aged(days=5)}, HoldReason.MAX_AGE, "published 5 days ago, max_age is 72h"),
        (
            {},
            {"backlog": True, "published_at": None},
            HoldReason.BACKLOG,
            "an undated entry of the source's first poll, which may be of any age",
        ),
        ({"status": "staged"}, {}, HoldReason.STAGED, "the watchlist is staged: counted, not sent"),
        ({"status": "muted"}, {}, HoldReason.MUTED, "the watchlist is muted"),
        ({"status": "muted"}, aged(days=5), HoldReason.MUTED, "the watchlist is muted"),
    ],
)
def test_a_match_that_is_held_back(keys: dict[str, Any], item: dict[str, Any], reason: HoldReason | None, missed: str | None) -> None:
    found = judged(ESPORTS, report("esports", item=item), **keys)
    assert (found.verdict.matched, found.verdict.because) == (True, ("esports",))
    assert (found.verdict.reason, found.verdict.missed) == (reason, missed)
    assert found.tells == (reason is None)


def test_the_first_test_that_fails_in_the_order_of_hold_reasons_is_the_reason() -> None:
    watchlist = {"when": {"any": ["esports"]}, "languages": ["ur"], "min_score": "0.9", "status": "staged"}
    bad = {"language": "en", "label": Label.OTHER, "score": 0.5}
    mended: list[tuple[dict[str, Any], str, HoldReason]] = [
        (bad, "Chess", HoldReason.SCOPE),
        ({**bad, "language": "ur"}, "Chess", HoldReason.LABEL),
        ({**bad, "language": "ur", "label": Label.DIPLOMACY}, "Chess", HoldReason.SCORE),
        ({"language": "ur"}, "Chess", HoldReason.CONDITION),
        ({"language": "ur"}, "Esports", HoldReason.STAGED),
    ]
    for understood, title, reason in mended:
        assert match(compiled(watchlist), report(title, **understood), NOW)[0].verdict.reason is reason


def test_where_one_matches_only_matches_are_told_those_that_tell_and_the_most_severe_first() -> None:
    watchlists = compiled(
        {"when": ESPORTS, "severity": "low"},
        {"when": ESPORTS, "severity": "critical", "status": "muted"},
        {"when": ESPORTS, "severity": "high"},
        {"when": {"any": ["chess"]}},
    )
    said = [one.verdict for one in match(watchlists, report("esports"), NOW)]
    assert [(one.watchlist, one.severity, one.reason) for one in said] == [
        ("w2", Severity.HIGH, None),
        ("w0", Severity.LOW, None),
        ("w1", Severity.CRITICAL, HoldReason.MUTED),
    ]


def test_where_none_matches_the_nearest_misses_are_told_nearest_first() -> None:
    watchlists = compiled(
        {"when": ESPORTS, "label": "other"},
        {"when": {"any": ["esports"], "partners": ["US"], "topics": ["gaming"]}},
        {"when": {"any": ["esports"], "partners": ["US"]}},
        {"when": {"any": ["chess"]}},
    )
    said = [one.verdict for one in match(watchlists, report("esports", partners=("KR",)), NOW)]
    assert len(said) == NEAREST
    assert (said[0].watchlist, said[0].missed) == ("w2", "engages KR, not in US")
    assert said[1].watchlist == "w1"


def test_a_report_that_triggers_nothing_still_hears_why() -> None:
    watchlists = compiled(*({"when": {"any": [f"word{n}"]}} for n in range(40)))
    said = match(watchlists, report("Chess", label=Label.DOMESTIC, score=0.93), NOW)
    assert [one.verdict.missed for one in said] == ["label is domestic (0.93), wants diplomacy"] * NEAREST


def test_without_watchlists_nothing_is_said() -> None:
    assert match(compiled(), report("esports"), NOW) == []
    assert match(compiled({"when": ESPORTS, "status": "draft"}), report("esports"), NOW) == []


def test_the_models_own_threshold_is_the_least_score_where_none_is_named() -> None:
    source = {"w": Watchlist.model_validate({"title": "W", "when": ESPORTS})}
    strict = compile_watchlists(source, {}, min_scores={Label.DIPLOMACY: 0.8})
    assert not match(strict, report("esports", score=0.7), NOW)[0].verdict.matched


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({"owner": "somebody"}, True),
        ({"tests": [{"item": {"title": "x"}, "alert": "true"}]}, True),
        ({"severity": "high"}, False),
        ({"title": "Another"}, False),
        ({"status": "muted"}, False),
        ({"when": {"any": ["esports", "games"]}}, False),
        ({"max_age": "71h"}, False),
    ],
)
def test_the_content_hash_changes_with_what_decides(changed: dict[str, Any], same: bool) -> None:
    before, after = (compiled({"when": ESPORTS, **keys}).watchlists[0].content_hash for keys in ({}, changed))
    assert (before == after) is same
    assert len(after) == 12


def test_the_content_hash_changes_with_a_list_that_it_uses() -> None:
    when = {"partners": "p", "any": [{"list": "t"}]}

    def hashed(countries: list[str], terms: list[str], other: list[str]) -> str:
        lists = {"p": {"countries": countries}, "t": {"terms": terms}, "o": {"terms": other}}
        return compiled({"when": when}, lists=lists).watchlists[0].content_hash

    first = hashed(["US"], ["esports"], ["a word"])
    assert first == hashed(["US"], ["esports"], ["another word"])
    assert first != hashed(["US", "KR"], ["esports"], ["a word"])
    assert first != hashed(["US"], ["esports", "chess"], ["a word"])
