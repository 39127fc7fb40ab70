"""What a warning promises, against the real matching: what never holds never does, and what is not needed changes nothing."""

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from alerting.watchlists.lint import Lint
from alerting.watchlists.lists import resolve
from alerting.watchlists.model import NamedList
from tests.unit.alerting.desk import judged, report

LISTS: Mapping[str, Mapping[str, Any]] = {"games": {"terms": ["video game", "esports", "游戏"]}, "few": {"terms": ["casino", "game"]}}
LINT = Lint(resolve({name: NamedList.model_validate({"title": name, **keys}) for name, keys in LISTS.items()})[0])

PHRASES = st.sampled_from(
    ["game", "games", "video game", "casino", "casino game", "gaming*", "gaming tax", "=Casino", "游戏", "游戏产业", "esports"]
)
NARROWED = st.fixed_dictionaries(
    {"phrase": PHRASES}, optional={"in": st.sampled_from(["title", "body"]), "lang": st.sampled_from(["en", "zh"])}
)
NEAR = st.fixed_dictionaries({"near": st.tuples(*[st.lists(PHRASES, min_size=1, max_size=2)] * 2).map(list), "within": st.just("5")})
TERMS = st.lists(PHRASES | NARROWED | NEAR | st.sampled_from(["games", "few"]).map(lambda name: {"list": name}), min_size=1, max_size=4)
BLOCKS = st.fixed_dictionaries(
    {"any": TERMS},
    optional={
        "none": TERMS,
        "all": st.lists(PHRASES | NARROWED, min_size=1, max_size=2),
        "at_least": st.fixed_dictionaries({"n": st.sampled_from(["1", "2"]), "of": st.lists(PHRASES, min_size=2, max_size=4)}),
    },
)
WORDS = st.lists(
    st.sampled_from(["game", "Games", "video", "casino", "Casino", "gaming", "tax", "游戏", "产业", "esports", "."]), max_size=6
).map(" ".join)
SEEN = st.builds(lambda title, text, language: report(title, text, language=language), WORDS, WORDS, st.sampled_from(["en", "zh", "ur"]))


def holds(when: Mapping[str, Any], seen: Any, **keys: Any) -> bool:
    verdict = judged(when, seen, lists=LISTS, label="any", **keys).verdict
    return verdict.matched and verdict.reason is None


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(when=BLOCKS, languages=st.lists(st.sampled_from(["en", "zh"]), max_size=1), seen=st.lists(SEEN, min_size=1, max_size=5))
def test_what_can_never_hold_never_does(when: dict[str, Any], languages: list[str], seen: list[Any]) -> None:
    raw = {"when": when, **({"languages": languages} if languages else {})}
    said = [problem for problem in LINT.watchlist(raw) if problem.message.startswith("this can never hold")]
    assume(said)
    assert not any(holds(when, one, **({"languages": languages} if languages else {})) for one in seen)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(when=BLOCKS, seen=st.lists(SEEN, min_size=1, max_size=5))
def test_taking_out_what_is_not_needed_changes_nothing(when: dict[str, Any], seen: list[Any]) -> None:
    words = ("is not needed", "stands here twice", "is the same as")
    needless = [problem for problem in LINT.watchlist({"when": when}) if any(one in problem.message for one in words)]
    needless = [problem for problem in needless if problem.path[1] != "at_least"]
    assume(needless)
    first = needless[0].path
    without = {
        key: [term for n, term in enumerate(terms) if (key, n) != (first[1], first[2])] if isinstance(terms, list) else terms
        for key, terms in when.items()
    }
    for one in seen:
        assert holds(when, one) == holds(without, one)
