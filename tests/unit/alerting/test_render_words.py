"""The lines that every kind of receiver shows, one by one."""

from dataclasses import replace
from typing import Any

import pytest

from alerting.decide import decide
from alerting.message import CARRIERS_LIMIT, Carrier, Earlier, EarlierKind, Message, Quote
from alerting.render_words import (
    also_lines,
    because_words,
    counted_outlets,
    facts_line,
    notes,
    origin_parts,
    other_outlets,
    quote_parts,
    runs_left,
)
from newswire.records import Basis
from tests.alerting_builders import a_match, a_report
from tests.fakes import NOW


def a_message(*, because: tuple[str, ...] = ("gaming industry", "partner US"), **changes: Any) -> Message:
    return decide(a_report(**changes), matches=[a_match(because=because)], story_id="5" * 32, told={}, now=NOW).rows[0].message


def carried(*outlets: tuple[str, str | None]) -> Message:
    carriers = tuple(Carrier(f"{n:032x}", "r", Basis.FEED, outlet, country, None) for n, (outlet, country) in enumerate(outlets))
    return replace(a_message(), carriers=carriers)


@pytest.mark.parametrize(
    ("outlets", "said"),
    [
        ((), "1 outlet"),
        ((("The Nation", "PK"),), "1 outlet"),
        ((("The Nation", "PK"), ("The Nation", "PK")), "1 outlet"),
        ((("The Nation", "PK"), ("Dawn", "PK")), "2 outlets · 1 country"),
        ((("The Nation", "PK"), ("Dawn", "PK"), ("Yonhap", "KR")), "3 outlets · 2 countries"),
        ((("One", None), ("Two", None)), "2 outlets"),
        (tuple((f"Outlet {n}", "PK") for n in range(CARRIERS_LIMIT)), f"{CARRIERS_LIMIT}+ outlets · 1 country"),
    ],
)
def test_how_far_it_has_spread(outlets: tuple[tuple[str, str | None], ...], said: str) -> None:
    assert counted_outlets(carried(*outlets)) == said


def test_an_outlet_from_right_to_left_is_the_last_of_its_line() -> None:
    assert origin_parts(a_message()) == ("The Nation · Pakistan · English", "1 outlet")
    assert origin_parts(a_message(outlet="جنگ", language="ur")) == ("Pakistan · Urdu", "1 outlet · جنگ")
    assert origin_parts(a_message(outlet="", country=None, language="und")) == ("outlet not named", "1 outlet")
    assert runs_left("Jang جنگ")
    assert not runs_left("中国新闻网 123 ·")


def test_others_are_named_in_a_row_that_reads() -> None:
    message = carried(("The Nation", "PK"), ("جنگ", "PK"), ("Dawn", "PK"), *((f"O{n}", None) for n in range(5)))
    assert other_outlets(message) == ["Dawn", "O0", "O1", "O2", "O3", "and 2 more"]


def test_words_of_the_text_are_quoted_and_facts_are_not() -> None:
    message = a_message(
        because=("گیمنگ", "partner US", "partner program", "topic gaming", "organisation ITU", "country club", "=5G"),
        organisations=("ITU",),
    )
    assert because_words(message) == [
        "partner US",
        "“partner program”",
        "topic gaming",
        "organisation ITU",
        "“country club”",
        "“5G”",
        "“گیمنگ”",
    ]


def test_the_facts_name_officials_and_say_why_only_where_they_may() -> None:
    named = replace(a_message(), people=("Sheza Fatima", "Donald Blome", "شزہ فاطمہ", "A B", "C D"))
    assert facts_line(named) == "diplomacy 0.97 · Sheza Fatima, Donald Blome, A B, and 1 more · because: “gaming industry”, partner US"
    assert facts_line(a_message(because=())) == "diplomacy 0.97"
    assert facts_line(replace(a_message(because=()), unsupported="label is domestic")) == "was diplomacy 0.97"


def test_the_newest_lines_of_folded_replies_are_said() -> None:
    assert also_lines(replace(a_message(), also=("one", "two"))) == ["one", "two"]
    assert also_lines(replace(a_message(), also=tuple("abcdefghij"))) == ["2 lines before these", *"cdefghij"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (EarlierKind.OTHER_CHANNEL, "First told to #it-diplomacy, 2026-11-02 09:00 UTC · see it there (https://x.slack.com/p1)"),
        (EarlierKind.REALERT, "Still going on; told before, 2026-11-02 09:00 UTC · see it there (https://x.slack.com/p1)"),
        (EarlierKind.RETURNED, "Goes back to a story of 2026-11-02 09:00 UTC: Minister meets envoy (https://x.slack.com/p1)"),
    ],
)
def test_where_it_was_told_before(kind: EarlierKind, said: str) -> None:
    earlier = Earlier(kind, "6" * 32, "desk", NOW, "Minister meets envoy", "https://x.slack.com/p1", "#it-diplomacy")
    assert notes(replace(a_message(), earlier=earlier)) == [said]
    without = notes(replace(a_message(), earlier=replace(earlier, link=None)))
    assert without == [said.removesuffix(" (https://x.slack.com/p1)").removesuffix(" · see it there")]


def test_a_quote_that_is_marked_nearly_whole_is_not_marked() -> None:
    text = "Ministers met in Doha."
    assert quote_parts(replace(a_message(), quote=Quote(text, ((0, 9),)))) == [("Ministers", True), (" met in Doha.", False)]
    assert quote_parts(replace(a_message(), quote=Quote(text, ((0, 20),)))) == [(text, False)]
