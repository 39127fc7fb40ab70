"""`selections` with a `condition`, and `severity_if`."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.watchlists.compile import compile_watchlists
from alerting.watchlists.explain import lines, truth_table
from alerting.watchlists.expression import AllOf, AnyOf, Expression, Name, Not, SomeOf, evaluate, excluded_in, names_in, parse, reading, say
from alerting.watchlists.facts import facts_of
from alerting.watchlists.faults import UnusableError
from alerting.watchlists.match import match
from alerting.watchlists.model import Watchlist
from newswire.records import Report, Severity
from tests.fakes import NOW
from tests.unit.alerting.desk import compiled, report

POLICY = {
    "selections": {
        "gaming": {"any": ["gaming industry", "video game*"]},
        "policy": {"any": ["memorandum of understanding", {"near": [["game*", "gaming"], ["tax", "licen*"]], "within": 8}]},
        "partner": {"partners": ["US", "KR"]},
        "betting": {"any": ["casino*"]},
    },
    "condition": "gaming and (policy or partner) and not betting",
    "severity_if": [{"if": "policy and partner", "set": "critical"}, {"if": {"partners": ["US"]}, "set": "high"}],
}
"""The example of WATCHLISTS.md, with the selection `partner` that its condition names."""


@pytest.mark.parametrize(
    ("seen", "matched", "because", "severity"),
    [
        (report("Talks on the gaming industry", partners=("KR",)), True, ("gaming industry", "partner KR"), Severity.MEDIUM),
        (report("Talks on the gaming industry", partners=("US",)), True, ("gaming industry", "partner US"), Severity.HIGH),
        (
            report("Envoys sign memorandum of understanding on video games"),
            True,
            ("video game*", "memorandum of understanding"),
            Severity.MEDIUM,
        ),
        (
            report("Minister to license the gaming industry", partners=("US",)),
            True,
            ("gaming industry", "game*/gaming near tax/licen*", "partner US"),
            Severity.CRITICAL,
        ),
        (report("Talks on the gaming industry", "The casinos were closed.", partners=("KR",)), False, (), Severity.MEDIUM),
        (report("Talks on the gaming industry", partners=("CN",)), False, (), Severity.MEDIUM),
        (report("Memorandum of understanding with Korea", partners=("KR",)), False, (), Severity.MEDIUM),
    ],
)
def test_the_condition_of_the_page(seen: Report, matched: bool, because: tuple[str, ...], severity: Severity) -> None:
    verdict = match(compiled(POLICY), seen, NOW)[0].verdict
    assert (verdict.matched, verdict.because, verdict.severity) == (matched, because, severity)


@pytest.mark.parametrize(
    ("seen", "missed"),
    [
        (
            report("Talks on the gaming industry", "The casinos were closed.", partners=("KR",)),
            "betting is excluded, and holds: 'casino*'",
        ),
        (
            report("Talks on the gaming industry", partners=("CN",)),
            (
                "policy fails: none of 'memorandum of understanding' and 'game*/gaming near tax/licen*' is found; "
                "partner fails: engages CN, not in US, KR"
            ),
        ),
        (report("A visit", partners=("KR",)), "gaming fails: none of 'gaming industry' and 'video game*' is found"),
    ],
)
def test_the_nearest_miss_is_said(seen: Report, missed: str) -> None:
    assert match(compiled(POLICY), seen, NOW)[0].verdict.missed == missed


def test_the_truth_table_has_a_row_for_each_selection() -> None:
    watchlists = compiled(POLICY)
    seen = report("Talks on the gaming industry", "No casino was opened.", partners=("KR",))
    table = lines(truth_table(watchlists.watchlists[0], facts_of(watchlists.search, seen), NOW))
    assert table == [
        "holds  diplomacy, score at least 0.5, in scope: label is diplomacy (0.97), language en, outlet The Nation",
        "holds  gaming: say 'gaming industry' or 'video game*': gaming industry (“gaming industry” in the title at 13)",
        (
            "fails  policy: say 'memorandum of understanding' or 'game*/gaming near tax/licen*': "
            "none of 'memorandum of understanding' and 'game*/gaming near tax/licen*' is found"
        ),
        "holds  partner: engage US or KR: partner KR",
        "fails  not betting: say 'casino*': is there: casino* (“casino” in the body at 3)",
        "fails  condition: gaming and (policy or partner) and not betting: betting is excluded, and holds: 'casino*'",
        (
            "no     severity critical where items meet policy and partner (policy: say 'memorandum of understanding' or "
            "'game*/gaming near tax/licen*', partner: engage US or KR): policy fails: none of 'memorandum of understanding' and "
            "'game*/gaming near tax/licen*' is found"
        ),
        "no     severity high where items engage US: engages KR, not in US",
        "holds  may tell: nothing holds it back",
    ]


def test_some_of_several_selections() -> None:
    keys = {
        "selections": {"law_tax": {"any": ["tax"]}, "law_ban": {"any": ["ban"]}, "law_fee": {"any": ["fee"]}},
        "condition": "2 of law_*",
    }
    first, second = (match(compiled(keys), report(title), NOW)[0].verdict for title in ("A tax and a fee", "A tax"))
    assert (first.matched, first.because) == (True, ("tax", "fee"))
    assert second.missed == "1 of law_* hold (law_tax), wants 2; law_ban fails: 'ban' is not found"
    every = {**keys, "condition": "all of law_*"}
    assert not match(compiled(every), report("A tax and a fee"), NOW)[0].verdict.matched
    assert match(compiled(every), report("A tax, a ban and a fee"), NOW)[0].verdict.matched


def test_the_first_severity_that_holds_counts_and_a_miss_keeps_its_own() -> None:
    keys = {"when": {"any": ["tax"]}, "severity_if": [{"if": {"any": ["fee"]}, "set": "low"}, {"if": {"any": ["ban"]}, "set": "critical"}]}
    said = [match(compiled(keys), report(title), NOW)[0].verdict for title in ("Tax, fee and ban", "Tax and ban", "Tax", "Ban")]
    assert [(one.matched, one.severity) for one in said] == [
        (True, Severity.LOW),
        (True, Severity.CRITICAL),
        (True, Severity.MEDIUM),
        (False, Severity.MEDIUM),
    ]
    assert said[0].because == ("tax", "fee")


_BASE: dict[str, Any] = {"title": "T", "selections": {"a": {"any": ["tax"]}, "b": {"any": ["ban"]}}, "condition": "a and b"}


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"condition": "(a) AND  b"}, True),
        ({"condition": "a or b"}, False),
        ({"selections": {"b": {"any": ["ban"]}, "a": {"any": ["tax"]}}}, True),
        ({"severity_if": [{"if": "a", "set": "high"}]}, False),
        ({"alert": {"updates": "thread"}}, True),
        ({"alert": {"explain": "none"}}, False),
    ],
)
def test_the_content_hash_changes_with_what_decides_or_is_told(change: dict[str, Any], same: bool) -> None:
    hashes = [
        compile_watchlists({"w": Watchlist.model_validate(keys)}, {}).watchlists[0].content_hash for keys in (_BASE, {**_BASE, **change})
    ]
    assert (hashes[0] == hashes[1]) == same


def test_the_order_of_severities_decides_and_so_changes_the_hash() -> None:
    rises = [{"if": "a", "set": "high"}, {"if": "b", "set": "low"}]
    hashes = {
        compile_watchlists({"w": Watchlist.model_validate({**_BASE, "severity_if": order})}, {}).watchlists[0].content_hash
        for order in (rises, rises[::-1])
    }
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a b", "between 'a' and 'b' `and` or `or` is missing"),
        ("a && b", "between 'a' and '&&' `and` or `or` is missing; write `and` for '&&'"),
        ("a and", "the condition ends after 'and'; the name of a selection is due there"),
        ("and a", "at the beginning the name of a selection is due, not 'and'"),
        ("a and or b", "after 'and' the name of a selection is due, not 'or'"),
        ("(a or b", "a `(` is not closed; every `(` needs its `)`"),
        ("a)", "the `)` after 'a' closes nothing; take it out"),
        ("()", "after '(' the name of a selection is due, not ')'"),
        ("policy*", "policy* can stand for several selections; write `1 of policy*` or `all of policy*`"),
        ("1 policy", "after '1' comes `of` and the beginning of names: `1 of policy*`"),
        ("1 of", "the condition ends after 'of'; the name of a selection is due there"),
        ("0 of a*", "`0 of` holds always; write how many must hold, from 1, or `not 1 of …`"),
        ("!a", "'!a' is no name of a selection; write `not` for '!'"),
        ("gаming", "'gаming' is no name of a selection"),
        ("not " * 40 + "a", "the condition is nested deeper than 20; give its parts selections of their own"),
        ("(" * 40 + "a" + ")" * 40, "the condition is nested deeper than 20; give its parts selections of their own"),
        ("a and " * 400 + "a", "a condition of 801 words is too long to be read; at most 500"),
    ],
)
def test_what_is_wrong_with_a_condition(text: str, fault: str) -> None:
    with pytest.raises(UnusableError) as caught:
        parse(text)
    assert str(caught.value) == fault


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a and b or c", "(a and b) or c"),
        ("(a and b) or c", None),
        ("a or b and (c or d)", "a or (b and (c or d))"),
        ("((a and b)) or not c", None),
        ("(a and b) and c or d", "(a and b and c) or d"),
        ("a or b or not c", None),
    ],
)
def test_a_condition_that_can_be_read_in_two_ways(text: str, read: str | None) -> None:
    said = reading(text)
    assert (said is None) == (read is None)
    if said is not None and read is not None:
        assert say(parse(said)) == say(parse(text))


NAMES = ("a1", "a2", "b1", "c")
expressions: st.SearchStrategy[Expression] = st.recursive(
    st.sampled_from([Name(name) for name in NAMES])
    | st.builds(SomeOf, st.sampled_from([None, 1, 2]), st.sampled_from(["a*", "b1", "a1*"])),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(AllOf, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


@given(expressions, st.frozensets(st.sampled_from(NAMES)))
def test_a_condition_means_what_its_spelling_means(expression: Expression, holding: frozenset[str]) -> None:
    again = parse(say(expression))
    assert say(again) == say(expression)
    assert evaluate(again, NAMES, holding.__contains__) == evaluate(expression, NAMES, holding.__contains__)
    assert _python(expression, holding) == evaluate(expression, NAMES, holding.__contains__)


@given(expressions)
def test_a_selection_that_is_only_excluded_never_helps(expression: Expression) -> None:
    excluded = excluded_in(expression, NAMES)
    assert excluded <= names_in(expression, NAMES)
    for name in excluded:
        for others in (frozenset[str](), frozenset(NAMES) - {name}):
            without = evaluate(expression, NAMES, others.__contains__)
            assert evaluate(expression, NAMES, (others | {name}).__contains__) <= without


def _python(expression: Expression, holding: frozenset[str]) -> bool:
    """The same, by Python's own words."""
    match expression:
        case Name(name):
            return name in holding
        case Not(part):
            return not _python(part, holding)
        case AllOf(parts):
            return all(_python(part, holding) for part in parts)
        case AnyOf(parts):
            return any(_python(part, holding) for part in parts)
        case SomeOf(least, pattern):
            meant = [name for name in NAMES if name == pattern or (pattern[-1] == "*" and name.startswith(pattern[:-1]))]
            return sum(name in holding for name in meant) >= (len(meant) if least is None else least)
