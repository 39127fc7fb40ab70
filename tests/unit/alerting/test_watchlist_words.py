from typing import Any

import pytest

from alerting.routes import Routes
from alerting.watchlists.in_words import in_words
from alerting.watchlists.nearest import quoted, some, unknown
from tests.unit.alerting.desk import compiled

LISTS = {"partner-countries": {"countries": ["US", "KR", "NO"]}, "gaming-words": {"terms": ["esports", "video game*"]}}
LATER = "; later reports in its thread every 15 minutes"
CAP = "; at most 30 an hour, the rest in one digest when the hour is over"
END = "; the label must score 0.5 or more; items older than 72 hours stay silent" + LATER + CAP


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"severity": "high", "when": {"any": ["gaming industry", {"list": "gaming-words"}], "partners": "partner-countries"}},
            "alerts at once, high, on diplomacy items that say 'gaming industry', 'esports' or 'video game*' "
            "and engage one of the 3 countries in partner-countries" + END,
        ),
        ({"when": {"partners": "any"}}, "alerts at once, medium, on diplomacy items that engage a foreign country" + END),
        ({"when": {"partners": ["US", "KR"]}}, "alerts at once, medium, on diplomacy items that engage US or KR" + END),
        (
            {"when": {"all": ["tax", "law"], "none": ["casino*"], "topics": ["gaming"]}},
            "alerts at once, medium, on diplomacy items that say 'tax' and 'law' and are about gaming and do not say 'casino*'" + END,
        ),
        (
            {"when": {"at_least": {"n": 2, "of": ["tax", "law", "ban"]}, "home": ["PK"]}},
            "alerts at once, medium, on diplomacy items that say 2 of 'tax', 'law' or 'ban' and come from the government of PK" + END,
        ),
        (
            {"when": {"any_of": [{"organisations": ["ITU"]}, {"people": ["A B"], "countries": ["US"]}]}},
            "alerts at once, medium, on diplomacy items that either (engage ITU) or (name US and are about A B)" + END,
        ),
        (
            {
                "when": {"any": ["tax"]},
                "label": "any",
                "languages": ["en", "ur"],
                "outlets": ["Dawn"],
                "max_age": "7d",
                "to": ["desk", "ops"],
            },
            (
                "alerts at once, medium, on all items that say 'tax', only in the language en or ur and in dawn; items older than 7 days stay silent; "
                "later reports in its thread every 15 minutes; at most 30 an hour, the rest in one digest when the hour is over; told to desk and ops beside those that the routes name"
            ),
        ),
        (
            {"when": {"any": ["tax"]}, "label": ["domestic", "other"], "min_score": "0.8", "max_age": "90m", "status": "draft"},
            (
                "is a draft: checked and tested only; it would alert, medium, on domestic or other items that say 'tax'; "
                "the label must score 0.8 or more; items older than 90 minutes stay silent" + LATER + CAP
            ),
        ),
        (
            {"when": {"any": ["tax"]}, "status": "staged"},
            "is staged: counted, not sent; it would alert, medium, on diplomacy items that say 'tax'" + END,
        ),
        (
            {"when": {"any": ["tax"]}, "status": "muted"},
            "is muted: nothing is sent; it would alert, medium, on diplomacy items that say 'tax'" + END,
        ),
    ],
)
def test_a_watchlist_in_words(keys: dict[str, Any], said: str) -> None:
    assert in_words(compiled(keys, lists=LISTS).watchlists[0]) == said


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        ({"update_every": "90s", "realert": "24h"}, "; later reports in its thread every 90 seconds; told anew after 24 hours"),
        ({"updates": "message", "realert": "never"}, "; later reports in the channel every 15 minutes"),
        ({"updates": "edit"}, "; later reports are added to its message"),
        ({"updates": "none"}, "; later reports are not told"),
    ],
)
def test_how_later_reports_are_told_in_words(alert: dict[str, Any], said: str) -> None:
    whole = in_words(compiled({"when": {"partners": "any"}, "alert": alert}).watchlists[0])
    assert whole == "alerts at once, medium, on diplomacy items that engage a foreign country" + END.removesuffix(LATER + CAP) + said + CAP


DESK = {"name": "desk", "slack": {"channel": "#desk"}}
MORNING, EVENING = ({"name": name, "digest": {"to": "desk", "at": at}} for name, at in (("morning", "07:00"), ("evening", "19:00")))


@pytest.mark.parametrize(
    ("routes", "begin", "end"),
    [
        (
            {"receivers": [DESK], "route": {"to": "desk"}},
            "alerts at once, high",
            "; at most 9 an hour, the rest in one digest when the hour is over",
        ),
        (
            {"receivers": [DESK, MORNING, EVENING], "route": {"to": "desk"}},
            "alerts at once, high",
            "; at most 9 an hour, the rest in the 07:00 or 19:00 digest",
        ),
        ({"receivers": [DESK, MORNING], "route": {"to": "morning"}}, "alerts in the 07:00 digest, high", LATER),
        (
            {"receivers": [DESK, MORNING], "route": {"to": "morning", "routes": [{"match": {"severity": "critical"}, "to": "desk"}]}},
            "alerts at once, high",
            "; at most 9 an hour, the rest in the 07:00 digest; what the routes send to morning waits for the 07:00 digest",
        ),
        (
            {"receivers": [DESK, MORNING], "route": {"to": "morning", "routes": [{"match": {"tags": "trade"}, "to": "desk"}]}},
            "alerts in the 07:00 digest, high",
            LATER,
        ),
        (
            {
                "receivers": [DESK, MORNING, EVENING],
                "calendars": [{"name": "duty", "zone": "UTC", "hours": ["08:00-20:00"]}],
                "route": {"to": "evening", "routes": [{"to": "desk", "during": "duty", "otherwise": "morning"}]},
            },
            "alerts at once, high",
            "; at most 9 an hour, the rest in the 07:00 or 19:00 digest; what the routes send to morning waits for the 07:00 digest",
        ),
    ],
)
def test_what_becomes_of_alerts_over_the_cap_and_of_those_for_digests_in_words(routes: dict[str, Any], begin: str, end: str) -> None:
    keys = {
        "severity": "high",
        "when": {"partners": "any"},
        "alert": {"cap": {"per_hour": 9}},
        "severity_if": [{"if": {"partners": ["US"]}, "set": "critical"}],
    }
    said = in_words(compiled(keys).watchlists[0], Routes.model_validate(routes))
    assert said.startswith(begin)
    assert said.endswith(end)


def test_a_watchlist_that_is_not_active_says_in_which_digest_it_would_alert() -> None:
    only = Routes.model_validate({"receivers": [DESK, MORNING], "route": {"to": "morning"}})
    said = in_words(compiled({"when": {"partners": "any"}, "status": "staged"}).watchlists[0], only)
    assert said.startswith("is staged: counted, not sent; it would alert in the 07:00 digest, medium")


def test_the_nearest_word_is_offered() -> None:
    assert unknown("topic", "Gamin", ["gaming", "ai"]) == "unknown topic 'Gamin'; did you mean 'gaming'?"
    assert unknown("topic", "x", ["gaming", "ai"]) == "unknown topic 'x'; one of: ai, gaming"
    assert unknown("topic", "x", []) == "unknown topic 'x'; there is none yet"


def test_rows_of_words() -> None:
    assert some(["a", "b", "c"], limit=2) == "a, b and 1 more"
    assert quoted(["a"]) == "'a'"
    assert quoted(["a", "b"]) == "'a' or 'b'"
    assert quoted(["a", "b", "c"], limit=2, last="and") == "'a', 'b' and 1 more"
