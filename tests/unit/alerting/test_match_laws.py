from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.watchlists.compile import WatchlistSet
from alerting.watchlists.conditions import holds, judge
from alerting.watchlists.facts import facts_of
from alerting.watchlists.match import judge_watchlist, match
from alerting.watchlists.model import Status
from newswire.records import Label, Report
from tests.fakes import NOW
from tests.unit.alerting.desk import compiled, report

WORDS = ["esports", "gaming", "tax", "law", "الألعاب", "والألعاب", "游戏", "게임", "कानून", "закон", "taxes", "laws"]
TERMS = ["esports", "gaming", "tax", "law", "gaming tax", "=Law", "gami*", "الألعاب", "游戏", "게임", "कानून", "закон"]
COUNTRIES = ["US", "NO", "KR"]

terms = st.lists(
    st.sampled_from(TERMS)
    | st.fixed_dictionaries(
        {"phrase": st.sampled_from(TERMS)}, optional={"in": st.sampled_from(["title", "body"]), "lang": st.sampled_from(["en", "ar"])}
    )
    | st.fixed_dictionaries({"near": st.just([["tax", "law"], ["gaming", "esports"]]), "within": st.integers(1, 3)}),
    min_size=1,
    max_size=4,
)
countries = st.just("any") | st.lists(st.sampled_from(COUNTRIES), min_size=1, max_size=2)
facets = {
    "partners": countries,
    "countries": countries,
    "home": countries,
    "topics": st.lists(st.sampled_from(["ai", "gaming"]), min_size=1),
}
positive = st.one_of(
    st.fixed_dictionaries({"any": terms}, optional=facets),
    st.fixed_dictionaries({"all": terms}, optional=facets),
    st.fixed_dictionaries({"partners": countries}, optional={"any": terms, "topics": facets["topics"]}),
    terms.flatmap(lambda of: st.integers(1, len(of)).map(lambda n: {"at_least": {"n": n, "of": of}})),
)
block = st.tuples(positive, st.fixed_dictionaries({}, optional={"none": terms})).map(lambda both: {**both[0], **both[1]})
whens = block | st.tuples(block, st.lists(block, min_size=1, max_size=2)).map(lambda both: {**both[0], "any_of": both[1]})

CONDITIONS = [
    "s0 and s1",
    "s0 and not s1",
    "s0 and (s1 or not s2)",
    "s0 or s1",
    "1 of s*",
    "2 of s*",
    "all of s*",
    "not (not s0 or s1)",
    "not (not s0 and not s1)",
]
rises = st.lists(
    st.fixed_dictionaries({"if": block | st.sampled_from(["s0", "s1 and not s0"]), "set": st.sampled_from(["low", "high", "critical"])}),
    max_size=2,
)
keys = whens.map(lambda when: {"when": when}) | st.builds(
    lambda blocks, condition, severity_if: {
        "selections": {f"s{n}": one for n, one in enumerate(blocks)},
        "condition": condition,
        "severity_if": severity_if,
    },
    st.lists(block, min_size=3, max_size=3),
    st.sampled_from(CONDITIONS),
    rises,
)

texts = st.lists(st.sampled_from([*WORDS, "Law", ".", "\n", "and"]), max_size=8).map(" ".join)
reports = st.builds(
    lambda title, text, partners, home, topics, language, label: report(
        title, text, partners=tuple(partners), home=home, topics=tuple(topics), language=language, label=label
    ),
    title=texts,
    text=texts,
    partners=st.lists(st.sampled_from(COUNTRIES), max_size=2, unique=True),
    home=st.none() | st.sampled_from(COUNTRIES),
    topics=st.lists(st.sampled_from(["ai", "gaming"]), max_size=2, unique=True),
    language=st.sampled_from(["en", "ar"]),
    label=st.sampled_from([Label.DIPLOMACY, Label.DIPLOMACY, Label.DOMESTIC]),
)


def matching(watchlists: WatchlistSet, seen: Report) -> set[str]:
    return {one.verdict.watchlist for one in match(watchlists, seen, NOW) if one.verdict.matched}


@settings(max_examples=60, deadline=None)
@given(st.lists(keys, min_size=1, max_size=6), reports)
def test_looking_only_at_triggered_watchlists_misses_none(several: list[dict[str, Any]], seen: Report) -> None:
    watchlists = compiled(*several)
    facts = facts_of(watchlists.search, seen)
    one_by_one = {one.name for one in watchlists.watchlists if judge_watchlist(one, facts, NOW).verdict.matched}
    assert matching(watchlists, seen) == one_by_one


@settings(max_examples=60, deadline=None)
@given(keys, reports)
def test_the_quick_answer_and_the_reasoned_one_agree(one: dict[str, Any], seen: Report) -> None:
    watchlists = compiled(one)
    facts = facts_of(watchlists.search, seen)
    for condition in watchlists.watchlists[0].conditions:
        said = judge(condition, facts)
        assert said.holds == holds(condition, facts)
        assert bool(said.missed) != said.holds


@settings(max_examples=60, deadline=None)
@given(block, st.sampled_from(TERMS), reports)
def test_one_more_term_under_any_never_removes_a_match(when: dict[str, Any], term: str, seen: Report) -> None:
    fewer = {"any": ["law"], **when}
    more = {**fewer, "any": [*fewer["any"], term]}
    assert matching(compiled({"when": fewer}), seen) <= matching(compiled({"when": more}), seen)


@settings(max_examples=60, deadline=None)
@given(block, terms, reports)
def test_none_only_removes(when: dict[str, Any], none: list[Any], seen: Report) -> None:
    with_none = {**when, "none": [*when.get("none", []), *none]}
    assert matching(compiled({"when": with_none}), seen) <= matching(compiled({"when": when}), seen)


@settings(max_examples=60, deadline=None)
@given(positive, reports, st.randoms(use_true_random=False))
def test_the_order_of_terms_is_irrelevant(when: dict[str, Any], seen: Report, random: Any) -> None:
    shuffled = {key: random.sample(value, len(value)) if isinstance(value, list) else value for key, value in when.items()}
    one, other = match(compiled({"when": when}), seen, NOW)[0], match(compiled({"when": shuffled}), seen, NOW)[0]
    assert one.verdict.matched == other.verdict.matched
    assert set(one.verdict.because) == set(other.verdict.because)
    assert one.spans == other.spans
    assert one.verdict.content_hash == other.verdict.content_hash


@settings(max_examples=60, deadline=None)
@given(st.lists(keys, min_size=1, max_size=4), reports)
def test_the_same_is_said_every_time_and_words_are_never_without_a_reason(several: list[dict[str, Any]], seen: Report) -> None:
    said = match(compiled(*several), seen, NOW)
    assert said == match(compiled(*several), seen, NOW)
    assert said
    for one in said:
        assert one.verdict.matched == bool(one.verdict.because)
        assert one.verdict.matched != bool(one.verdict.missed)


@settings(max_examples=60, deadline=None)
@given(whens, reports)
def test_a_draft_is_not_matched_live(when: dict[str, Any], seen: Report) -> None:
    watchlists = compiled({"when": when, "status": "draft"})
    assert match(watchlists, seen, NOW) == []
    active = replace(watchlists.watchlists[0], status=Status.ACTIVE)
    assert judge_watchlist(active, facts_of(watchlists.search, seen), NOW).verdict.watchlist == "w0"
