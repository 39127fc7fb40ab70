from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from alerting.calendars import Calendar
from alerting.routes import TERMINAL_ONLY, Labelled, Reached, Routes, followers, reached, receivers_for
from alerting.routes_check import check_names, check_reach
from newswire.records import Label, Severity
from tests.fakes import NOW

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
    assert receivers_for(routes(*table), seen, at=NOW) == told


def test_what_the_watchlist_names_is_told_too_and_nobody_twice() -> None:
    assert receivers_for(routes(), labelled(), also=("screen", "desk"), at=NOW) == ("desk", "screen")


def test_without_a_token_the_terminal_hears_everything_once() -> None:
    table = ({"match": {"severity": "high"}, "to": ["desk", "trade"], "continue": "true"}, {"match": {"severity": "high"}, "to": "screen"})
    moved = routes(*table, fallback="desk", ops="trade").with_terminal()
    for severity in Severity:
        assert receivers_for(moved, labelled(severity), also=("trade",), at=NOW) == ("terminal",)
    assert (moved.fallback, moved.ops) == ("terminal", "terminal")
    assert [receiver.name for receiver in moved.receivers if receiver.terminal is not None] == ["terminal"]
    assert list(check_reach(moved)) == []


def test_without_a_token_who_is_reached_otherwise_is_told_as_ever() -> None:
    receivers = [
        *RECEIVERS,
        {"name": "archive", "webhook": {"url_env": "NEWSWIRE_ARCHIVE_URL"}},
        {"name": "chief", "email": {"to": "chief@ministry.example", "from": "newswire@ministry.example"}},
        {"name": "morning", "digest": {"to": "trade", "at": "07:00"}},
    ]
    table = [{"match": {"severity": "high"}, "to": ["desk", "archive", "trade"]}, {"match": {"severity": "low"}, "to": ["morning"]}]
    given = {"receivers": receivers, "route": {"to": ["chief"], "routes": table}, "fallback": "chief", "ops": "desk"}
    moved = Routes.model_validate(given).with_terminal()
    assert receivers_for(moved, labelled("high"), at=NOW) == ("terminal", "archive")
    assert receivers_for(moved, labelled("medium"), also=("trade",), at=NOW) == ("chief", "terminal")
    assert receivers_for(moved, labelled("low"), at=NOW) == ("morning",)
    assert [one.digest.to for one in moved.receivers if one.digest] == ["terminal"]
    assert (moved.fallback, moved.ops) == ("chief", "terminal")
    assert [one.name for one in moved.receivers] == ["archive", "chief", "morning", "terminal"]
    alone = Routes.model_validate({"receivers": receivers[3:4], "route": {"to": "archive"}})
    assert alone.with_terminal() == alone


def test_without_a_file_the_terminal_hears_everything() -> None:
    assert receivers_for(TERMINAL_ONLY, labelled(), at=NOW) == ("terminal",)
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
        ({"name": "a"}, "receiver 'a' needs one of `slack: {channel: …}`"),
        ({"name": "a", "slack": {"channel": "#a"}, "terminal": {}}, "needs just one of"),
        ({"name": "a", "slack": {"channel": "xoxb-1-secret"}}, "looks like a secret"),
        ({"name": "a", "slack": {"channel": "https://hooks.slack.com/services/T/B/x"}}, "looks like a secret"),
        ({"name": "a", "webhook": {"url_env": "x"}}, "the name of an environment variable is due here"),
        ({"name": "a", "webhook": {"url_env": "https://a.example/hook"}}, "this looks like an address or a secret"),
        ({"name": "a", "digest": {"to": "desk", "at": "7 o'clock"}}, "a time of day is due here"),
        ({"name": "a", "webhook": {"url_env": "NEWSWIRE_A_URL", "secret_env": "whsec_c2VjcmV0"}}, "this looks like an address or a secret"),
        ({"name": "a", "webhook": {"url_env": "NEWSWIRE_A_URL", "secret_env": "hunter2"}}, "the name of an environment variable is due"),
        ({"name": "a", "slack_webhook": {"url_env": "https://hooks.slack.com/services/T/B/x"}}, "this looks like an address or a secret"),
        ({"name": "a", "email": {"to": "x", "from": "a@b.example"}}, "a mail address is due here"),
        (
            {"name": "a", "email": {"to": ["a@b.example", "a@b.example\r\nBcc: c@d.example"], "from": "a@b.example"}},
            "a mail address is due here",
        ),
        ({"name": "a", "email": {"to": [], "from": "a@b.example"}}, "one to 50 mail addresses are due"),
        ({"name": "a", "email": {"to": "a@b.example"}}, "from"),
        ({"name": "a", "slack": {"channel": "#a"}, "explain": "nothing"}, "unknown word for `explain` 'nothing'"),
        ({"name": "A desk", "terminal": {}}, "match pattern"),
    ],
)
def test_a_receiver_that_cannot_be_used(receiver: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match="receivers") as refused:
        Routes.model_validate({"receivers": [receiver], "route": {"to": "a"}})
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value.errors(include_input=False))
    told = str(refused.value.errors(include_input=False)).replace("secret_env", "")
    assert "secret" not in told or "looks like" in said


WEEK = {"name": "duty", "zone": "Asia/Karachi", "days": ["mon", "tue", "wed", "thu", "fri"], "hours": ["08:00-20:00"]}
BERLIN = {"name": "duty", "zone": "Europe/Berlin", "hours": ["08:00-20:00"]}
NIGHTS = {"name": "duty", "zone": "Europe/Berlin", "days": ["fri"], "hours": ["22:00-06:00"]}


@pytest.mark.parametrize(
    ("calendar", "at", "covered"),
    [
        (WEEK, "2026-11-02T03:00:00+00:00", True),  # Monday, 08:00 in Karachi
        (WEEK, "2026-11-02T02:59:00+00:00", False),
        (WEEK, "2026-11-02T15:00:00+00:00", False),  # 20:00
        (WEEK, "2026-11-02T14:59:59+00:00", True),
        (WEEK, "2026-10-31T08:00:00+00:00", False),  # Saturday
        (WEEK, "2026-11-01T19:30:00+00:00", False),  # Monday there, half past midnight
        (BERLIN, "2026-03-28T07:00:00+00:00", True),  # the day before summer time: 08:00
        (BERLIN, "2026-03-28T06:59:00+00:00", False),
        (BERLIN, "2026-03-29T06:00:00+00:00", True),  # summer time: 08:00
        (BERLIN, "2026-03-29T05:59:00+00:00", False),
        (BERLIN, "2026-10-25T07:00:00+00:00", True),  # winter time again
        (BERLIN, "2026-10-25T06:59:00+00:00", False),
        (NIGHTS, "2026-11-06T21:00:00+00:00", True),  # Friday, 22:00
        (NIGHTS, "2026-11-07T04:59:00+00:00", True),  # that night goes on
        (NIGHTS, "2026-11-07T05:00:00+00:00", False),
        (NIGHTS, "2026-11-07T21:00:00+00:00", False),  # Saturday's own night
        ({"name": "duty", "zone": "UTC", "days": ["sun"]}, "2026-11-01T23:59:59+00:00", True),
        ({"name": "duty", "zone": "UTC", "hours": ["00:00-24:00"]}, "2026-11-01T23:59:59+00:00", True),
    ],
)
def test_a_calendar_covers_its_hours_by_the_clocks_of_its_zone(calendar: dict[str, Any], at: str, covered: bool) -> None:
    assert Calendar.model_validate(calendar).covers(datetime.fromisoformat(at)) == covered


@pytest.mark.parametrize(
    ("table", "on_duty", "off_duty"),
    [
        ([{"to": "trade", "during": "duty", "otherwise": "screen"}], ("trade",), ("screen",)),
        ([{"to": "trade", "during": "duty"}, {"to": "screen"}], ("trade",), ("screen",)),
        ([{"to": "trade", "during": "duty"}], ("trade",), ("desk",)),
        ([{"to": "trade", "during": "duty", "continue": "true"}, {"to": "screen"}], ("trade", "screen"), ("screen",)),
        ([{"to": "trade", "during": "duty", "otherwise": "screen"}, {"to": "desk"}], ("trade",), ("screen",)),
    ],
)
def test_a_route_holds_during_its_calendar(table: list[dict[str, Any]], on_duty: tuple[str, ...], off_duty: tuple[str, ...]) -> None:
    found = routes(*table, calendars=[WEEK])
    assert list(check_names({"receivers": RECEIVERS, "calendars": [WEEK], "route": {"routes": table}}, frozenset(), frozenset())) == []
    assert receivers_for(found, labelled(), at=datetime(2026, 11, 2, 9, tzinfo=UTC)) == on_duty
    assert receivers_for(found, labelled(), at=datetime(2026, 11, 2, 22, tzinfo=UTC)) == off_duty


WITH_MORNING = [*RECEIVERS, {"name": "morning", "digest": {"to": "trade", "at": "07:00"}}]


def test_what_is_for_a_digest_goes_to_the_digest() -> None:
    found = Routes.model_validate({"receivers": WITH_MORNING, "route": {"to": ["morning", "trade"]}})
    assert receivers_for(found, labelled(), at=NOW) == ("morning", "trade")


def test_who_is_told_by_otherwise_alone_is_told_outside_of_the_calendar() -> None:
    on_duty, off_duty = (datetime(2026, 11, 2, hour, tzinfo=UTC) for hour in (9, 22))
    table = [{"to": "trade", "during": "duty", "otherwise": ["morning", "screen"], "continue": "true"}, {"to": "screen"}]
    found = Routes.model_validate(
        {"receivers": WITH_MORNING, "calendars": [WEEK], "route": {"to": ["desk"], "routes": table}},
    )
    assert reached(found, labelled(), at=on_duty) == (Reached("trade"), Reached("screen"))
    assert reached(found, labelled(), at=off_duty) == (Reached("morning", "duty"), Reached("screen"))
    assert reached(found, labelled(), ("morning",), at=off_duty) == (Reached("morning"), Reached("screen"))


def test_those_of_other_severities_follow_where_routes_ask_for_one() -> None:
    on_duty, off_duty = (datetime(2026, 11, 2, hour, tzinfo=UTC) for hour in (9, 22))
    table = [{"match": {"severity": "critical"}, "to": "screen"}, {"match": {"tags": "t"}, "to": "trade", "during": "duty"}]
    found = Routes.model_validate({"receivers": WITH_MORNING, "calendars": [WEEK], "route": {"to": ["desk"], "routes": table}})
    risen = Labelled(Severity.CRITICAL, Label.DIPLOMACY, "w", ("t",))
    assert followers(found, risen, at=on_duty) == ("trade",)
    assert followers(found, risen, at=off_duty) == ("desk",)
    assert followers(found, replace(risen, severity=Severity.LOW), ("desk",), at=on_duty) == ("screen",)
    assert followers(Routes.model_validate({"receivers": RECEIVERS, "route": {"to": ["desk"]}}), risen, at=on_duty) == ()


def test_a_channel_hears_one_alert_a_minute_a_program_all_of_them_and_a_digest_has_no_cap() -> None:
    archive = {"name": "archive", "webhook": {"url_env": "NEWSWIRE_ARCHIVE_URL"}}
    given = [
        *RECEIVERS,
        archive,
        {**archive, "name": "small", "cap": {"per_hour": 5}},
        {**RECEIVERS[0], "name": "loud", "cap": {"per_hour": 500}},
    ]
    found = Routes.model_validate({"receivers": given, "route": {"to": ["desk"]}})
    most = {one.name: one.per_hour for one in found.receivers}
    assert (most["desk"], most["archive"], most["small"], most["loud"]) == (60, None, 5, 500)
    capped = [*RECEIVERS, {**WITH_MORNING[-1], "cap": {"per_hour": 5}}]
    with pytest.raises(ValueError, match="the digest 'morning' holds all that is gathered for it; give the cap to 'trade'"):
        Routes.model_validate({"receivers": capped, "route": {"to": ["desk"]}})
