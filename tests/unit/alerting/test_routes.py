from typing import Any

import pytest
from pydantic import ValidationError

from alerting.routes import TERMINAL_ONLY, Labelled, Routes, check_names, check_reach, receivers_for
from newswire.records import Label, Severity

RECEIVERS = [
    {"name": "desk", "slack": {"channel": "#desk"}},
    {"name": "trade", "slack": {"channel": "C0TRADE"}},
    {"name": "screen", "terminal": {}},
]


def routes(*table: dict[str, Any], to: object = "desk", **keys: Any) -> Routes:
    return Routes.model_validate({"receivers": RECEIVERS, "route": {"to": to, "routes": list(table)}, **keys})


def labelled(severity: str = "medium", *, label: str = "diplomacy", watchlist: str = "w", tags: tuple[str, ...] = ()) -> Labelled:
    return Labelled(Severity(severity), Label(label), watchlist, tags)


@pytest.mark.parametrize(
    ("table", "seen", "told"),
    [
        ([], labelled(), ("desk",)),
        ([{"match": {"severity": ["high", "critical"]}, "to": "trade"}], labelled("high"), ("trade",)),
        ([{"match": {"severity": ["high", "critical"]}, "to": "trade"}], labelled("low"), ("desk",)),
        ([{"match": {"tags": "trade"}, "to": "trade"}], labelled(tags=("other", "trade")), ("trade",)),
        ([{"match": {"tags": "trade"}, "to": "trade"}], labelled(), ("desk",)),
        ([{"match": {"label": "domestic"}, "to": "trade"}], labelled(label="domestic"), ("trade",)),
        ([{"match": {"label": "any"}, "to": "trade"}], labelled(), ("trade",)),
        ([{"match": {"watchlist": ["w", "v"]}, "to": "trade"}], labelled(), ("trade",)),
        ([{"match": {"watchlist": "v"}, "to": "trade"}], labelled(), ("desk",)),
        ([{"match": {"severity": "medium", "tags": "trade"}, "to": "trade"}], labelled(), ("desk",)),
        ([{"to": ["trade", "screen"]}], labelled(), ("trade", "screen")),
        ([{"match": {"severity": "medium"}, "to": "trade"}, {"to": "screen"}], labelled(), ("trade",)),
        ([{"match": {"severity": "medium"}, "to": "trade", "continue": "true"}, {"to": "screen"}], labelled(), ("trade", "screen")),
        ([{"match": {"severity": "medium"}, "to": "trade", "continue": "true"}], labelled(), ("trade",)),
        ([{"to": "trade", "continue": "true"}, {"to": "trade"}], labelled(), ("trade",)),
    ],
)
def test_the_first_route_that_fits_wins(table: list[dict[str, Any]], seen: Labelled, told: tuple[str, ...]) -> None:
    assert receivers_for(routes(*table), seen) == told


def test_what_the_watchlist_names_is_told_too_and_nobody_twice() -> None:
    assert receivers_for(routes(), labelled(), also=("screen", "desk")) == ("desk", "screen")


def test_without_a_token_the_terminal_hears_everything_once() -> None:
    table = ({"match": {"severity": "high"}, "to": ["desk", "trade"], "continue": "true"}, {"match": {"severity": "high"}, "to": "screen"})
    moved = routes(*table, fallback="desk", ops="trade").with_terminal()
    for severity in Severity:
        assert receivers_for(moved, labelled(severity), also=("trade",)) == ("terminal",)
    assert (moved.fallback, moved.ops) == ("terminal", "terminal")
    assert [receiver.name for receiver in moved.receivers if receiver.terminal is not None] == ["terminal"]
    assert list(check_reach(moved)) == []


def test_without_a_file_the_terminal_hears_everything() -> None:
    assert receivers_for(TERMINAL_ONLY, labelled()) == ("terminal",)
    assert TERMINAL_ONLY.with_terminal() == TERMINAL_ONLY


@pytest.mark.parametrize(
    ("table", "unreachable"),
    [
        ([{"to": "trade"}, {"match": {"severity": "high"}, "to": "desk"}], [1]),
        ([{"to": "trade", "continue": "true"}, {"match": {"severity": "high"}, "to": "desk"}], []),
        ([{"match": {"severity": ["high", "low"]}, "to": "trade"}, {"match": {"severity": "high"}, "to": "desk"}], [1]),
        ([{"match": {"severity": "high"}, "to": "trade"}, {"match": {"severity": ["high", "low"]}, "to": "desk"}], []),
        ([{"match": {"severity": "high"}, "to": "trade"}, {"match": {"tags": "a"}, "to": "desk"}], []),
        ([{"match": {"tags": ["a", "b"]}, "to": "trade"}, {"match": {"tags": "a", "severity": "high"}, "to": "desk"}], [1]),
        ([{"match": {"tags": "a"}, "to": "trade"}, {"match": {"tags": ["a", "b"]}, "to": "desk"}], []),
        ([{"match": {"watchlist": ["w"]}, "to": "trade"}, {"match": {"watchlist": ["w"]}, "to": "desk"}], [1]),
        ([{"match": {"watchlist": ["w"]}, "to": "trade"}, {"to": "desk"}, {"to": "screen"}], [2]),
        (
            [
                {"match": {"severity": ["info", "low"]}, "to": "trade"},
                {"match": {"severity": ["medium", "high", "critical"]}, "to": "trade"},
                {"match": {"label": "other"}, "to": "desk"},
            ],
            [2],
        ),
    ],
)
def test_a_route_that_nothing_can_reach_is_a_fault(table: list[dict[str, Any]], unreachable: list[int]) -> None:
    found = list(check_reach(routes(*table)))
    assert [problem.path for problem in found] == [("route", "routes", n) for n in unreachable]
    assert all("nothing can reach this route" in problem.message and not problem.warning for problem in found)


def test_names_that_nothing_answers_to() -> None:
    table = {"match": {"watchlist": "gaming-partner", "tags": "unused"}, "to": ["desk", "trad"]}
    raw = {"receivers": RECEIVERS, "route": {"to": "dest", "routes": [table]}, "fallback": "scren", "ops": "nobody"}
    said = {problem.path: problem.message for problem in check_names(raw, frozenset({"gaming-partners"}), frozenset())}
    assert said == {
        ("route", "to"): "unknown receiver 'dest'; did you mean 'desk'?",
        ("route", "routes", 0, "to", 1): "unknown receiver 'trad'; did you mean 'trade'?",
        ("route", "routes", 0, "match", "watchlist"): "unknown watchlist 'gaming-partner'; did you mean 'gaming-partners'?",
        ("route", "routes", 0, "match", "tags"): "no watchlist has the tag 'unused', so it brings nothing here",
        ("fallback",): "unknown receiver 'scren'; did you mean 'screen'?",
        ("ops",): "unknown receiver 'nobody'; one of: desk, screen, trade",
    }


@pytest.mark.parametrize(
    ("receiver", "said"),
    [
        ({"name": "a"}, "needs one of `slack: {channel: …}` or `terminal: {}`"),
        ({"name": "a", "slack": {"channel": "#a"}, "terminal": {}}, "needs one of"),
        ({"name": "a", "slack": {"channel": "xoxb-1-secret"}}, "looks like a secret"),
        ({"name": "a", "slack": {"channel": "https://hooks.slack.com/services/T/B/x"}}, "looks like a secret"),
        ({"name": "a", "webhook": {"url_env": "X"}}, "`webhook` is not supported yet: it comes with a later release"),
        ({"name": "a", "digest": {"to": "desk"}}, "`digest` is not supported yet"),
        ({"name": "a", "email": {"to": "x"}}, "`email` is not supported yet"),
        ({"name": "a", "slack": {"channel": "#a"}, "explain": "none"}, "`explain` is not supported yet"),
        ({"name": "A desk", "terminal": {}}, "match pattern"),
    ],
)
def test_a_receiver_that_cannot_be_used(receiver: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match="receivers") as refused:
        Routes.model_validate({"receivers": [receiver], "route": {"to": "a"}})
    assert said in str(refused.value)
    assert "secret" not in str(refused.value.errors(include_input=False)) or "looks like" in said
