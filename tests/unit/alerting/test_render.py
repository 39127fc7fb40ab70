import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import bidirectional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.decide import decide
from alerting.escape import escape, link, odd_host, plain
from alerting.message import Carrier, Earlier, EarlierKind, Message, Quote, from_json
from alerting.render import COLOURS, country_name, fallback_text, flag, payload, plain_payload, topic_name
from newswire.records import Basis, Severity
from tests.alerting_builders import a_match, a_report, span_of
from tests.fakes import NOW
from tests.slack_rules import mentions, refusal

GOLDEN = Path(__file__).parents[2] / "golden" / "slack"
HOSTILE = (
    "<!channel>",
    "<@U1>",
    "<!subteam^S1|all>",
    "<#C1>",
    "<http://evil.example|https://bank.example>",
    "\u202etxt.exe\u202c",
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;https://evil.example\x07x\x1b]8;;\x07",
    "\x00\x07\r\n> quote",
    "`code` *bold* _it_ ~no~ &amp; &lt;!here&gt;",
    "pay\u200bpal",
    "e" + "\u0301" * 500,
    "\ud800",
    "<" * 5_000,
    "@channel @here",
    "👨‍👩‍👧 می‌خواهم",
)
FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def a_message(**changes: Any) -> Message:
    report = a_report(**changes)
    spans = [span_of(report, report.text[:8])] if report.text else []
    return decide(report, matches=[a_match(spans=spans)], story_id="5" * 32, told={}, now=NOW).rows[0].message


def strings(said: Any) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict):
        for name, value in said.items():
            yield name
            yield from strings(value)
    elif isinstance(said, list):
        for value in said:
            yield from strings(value)


def parts_of(said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the texts, links and dates of a message, those in lists among them."""
    for block in (*said["blocks"], *said["attachments"][0]["blocks"]):
        for section in block["elements"] if block["type"] == "rich_text" else ():
            for line in section["elements"] if section["type"] == "rich_text_list" else [section]:
                yield from line["elements"]


NAMES = sorted(path.name.removesuffix(".message.json") for path in GOLDEN.glob("*.message.json"))


def golden(name: str) -> Message:
    return from_json((GOLDEN / f"{name}.message.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_golden(name: str) -> None:
    """Written anew by `python tests/golden/slack/write.py`, from the root of the repository with PYTHONPATH=. ; then read the difference."""
    said = payload(golden(name))
    assert said == json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    for shown in (said, plain_payload(golden(name))):
        assert refusal(shown) is None
        assert mentions(shown) == []


def test_the_golden_messages_are_of_all_kinds() -> None:
    messages = [golden(name) for name in NAMES]
    assert len(messages) >= 35
    assert {message.severity for message in messages} == set(Severity)
    assert {"ar", "en", "fr", "hi", "ja", "ko", "ru", "tr", "ur", "zh"} <= {message.language for message in messages}
    assert {message.earlier.kind for message in messages if message.earlier} == set(EarlierKind)
    assert {1, 3, 40} <= {len(message.carriers) for message in messages}


@settings(max_examples=80, deadline=None)
@given(
    title=st.lists(st.sampled_from(HOSTILE) | st.text(max_size=40), max_size=4).map(" ".join),
    lead=st.sampled_from(HOSTILE),
    outlet=st.sampled_from(HOSTILE),
    word=st.sampled_from(HOSTILE),
    url=st.sampled_from(
        ["javascript:alert(1)", "https://x.example/<!channel>", "https://x.example/a|b", "https://x.example/\u202e", "x" * 5_000]
    ),
    lacking=st.none() | st.sampled_from(HOSTILE),
)
def test_nothing_can_ping_hide_or_overflow(*, title: str, lead: str, outlet: str, word: str, url: str, lacking: str | None) -> None:
    report = a_report(title=title, lead=lead, text=lead, outlet=outlet, url=url, partners=(), organisations=(word,) * 9, topics=(word,) * 9)
    matches = [a_match(f"w{n}", title=word, because=(word, title)) for n in range(9)]
    message = decide(report, matches=matches, story_id="5" * 32, told={}, now=NOW).rows[0].message
    earlier = Earlier(EarlierKind.RETURNED, "6" * 32, word, NOW, title, url)
    message = replace(
        message, unsupported=lacking, possible_repeat=True, earlier=earlier, people=(word,) * 9, how=(word, word), also=(word, title) * 6
    )
    for said in (payload(message), plain_payload(message)):
        for text in strings(said):
            assert not FORBIDDEN.search(text)
            assert "<" not in text
            assert len(text) < 3_000
        assert 0 < len(said["text"]) < 4_000
        assert len(json.dumps(said, ensure_ascii=False)) < 13_000
    said = payload(message)
    assert set(said) == {"text", "blocks", "attachments", "unfurl_links", "unfurl_media", "metadata"}
    assert said["unfurl_links"] is said["unfurl_media"] is False
    blocks = [*said["blocks"], *said["attachments"][0]["blocks"]]
    assert {block["type"] for block in blocks} == {"rich_text", "context"}
    assert {element["type"] for block in blocks if block["type"] == "context" for element in block["elements"]} == {"plain_text"}
    kinds = {part["type"] for part in parts_of(said)}
    assert kinds <= {"text", "link", "date"}
    assert refusal(said) is refusal(plain_payload(message)) is None


def test_a_headline_of_two_hundred_thousand_brackets_is_cut_on_an_entity() -> None:
    cut = escape("<" * 200_000, limit=300)
    assert len(cut) <= 300
    assert re.fullmatch(r"(&lt;)+…", cut)
    assert plain("<" * 200_000, limit=300) == "‹" * 299 + "…"


@pytest.mark.parametrize(
    ("raw", "escaped"),
    [
        ("<!channel> breaking", "&lt;!channel&gt; breaking"),
        ("AT&T", "AT&amp;T"),
        ("&lt;!here&gt;", "&amp;lt;!here&amp;gt;"),
        ("one\n> two", "one &gt; two"),
        ("plain", "plain"),
    ],
)
def test_escape(raw: str, escaped: str) -> None:
    assert escape(raw, limit=100) == escaped


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=60) | st.sampled_from(HOSTILE), limit=st.integers(2, 80))
def test_escaping_keeps_its_limit(text: str, limit: int) -> None:
    for done in (escape(text, limit=limit), plain(text, limit=limit)):
        assert len(done) <= limit
        assert "<" not in done
        assert not FORBIDDEN.search(done)


def test_only_plain_addresses_become_links() -> None:
    assert link("https://x.example/a?b=c") == "https://x.example/a?b=c"
    assert link("https://x.example/<a>|b") == "https://x.example/%3Ca%3E%7Cb"
    for bad in (
        None,
        "",
        "javascript:alert(1)",
        "ftp://x.example",
        "https://x.example/a b",
        "https://х.example/",
        "https://x.example/" + "a" * 2_000,
    ):
        assert link(bad) is None
    assert odd_host("https://xn--pple-43d.com/") == "xn--pple-43d.com"
    assert odd_host("https://apple.com/") is None
    assert odd_host("https://[bad") is None


def test_the_metadata_finds_the_message_again() -> None:
    message = a_message()
    assert payload(message)["metadata"] == {
        "event_type": "newswire_alert",
        "event_payload": {"alert_id": message.alert_id, "story_id": "5" * 32, "watchlists": ["gaming"], "items": [message.item_id[:12]]},
    }
    assert plain_payload(message)["metadata"] == payload(message)["metadata"]


def test_the_time_is_shown_in_the_readers_own_zone() -> None:
    said = json.dumps(payload(a_message()))
    assert '"type": "date"' in said
    assert f'"timestamp": {int(NOW.timestamp()) - 300}' in said
    undated = json.dumps(payload(a_message(published_at=None)))
    assert "undated, first seen " in undated
    assert f'"timestamp": {int(NOW.timestamp()) - 30}' in undated


@pytest.mark.parametrize("letter", ['"', "\\", "x", "漢", "&", "é"])
def test_a_message_that_is_full_everywhere_is_one_that_slack_takes(letter: str) -> None:
    full = letter * 500
    many = tuple(f"{n}{full}" for n in range(9))
    address = "https://x.example/" + "a" * 980
    report = a_report(title=full, text=full, outlet=full, url=address, partners=("CF",) * 9, organisations=many, topics=many)
    matches = [a_match(f"w{n}", title=full, because=(f"{n}{full}", full)) for n in range(9)]
    message = replace(
        decide(report, matches=matches, story_id="5" * 32, told={}, now=NOW).rows[0].message,
        quote=Quote(full[:320], tuple((n, n + 1) for n in range(0, 300, 2))),
        unsupported=full,
        possible_repeat=True,
        earlier=Earlier(EarlierKind.RETURNED, "6" * 32, full, NOW, full, address),
        how=(full, full),
        people=many,
        also=many * 2,
        carriers=tuple(Carrier(f"{n}", "r", Basis.FEED, f"{n}{full}", "PK", None) for n in range(50)),
    )
    assert refusal(payload(message)) is refusal(plain_payload(message)) is None


@pytest.mark.parametrize("year", [1, 1601, 1979, 2100, 9999])
def test_a_day_that_slack_cannot_show_is_text(year: int) -> None:
    said = json.dumps(payload(a_message(published_at=datetime(year, 1, 1, tzinfo=UTC))))
    assert '"type": "date"' not in said
    assert f"{year}-01-01 00:00 UTC" in said


def test_a_notification_begins_with_what_can_be_read() -> None:
    assert fallback_text(a_message()) == (
        "[high] Pakistan, US agree to boost cooperation in IT, telecom sector (The Nation)"
        " · Pakistan engages United States on gaming and digital government · Gaming industry with partner countries"
    )
    urdu = fallback_text(golden("urdu-envoy"))
    assert urdu.startswith("[high] Pakistan engages China on skills &amp; training · IT and telecom with partner countries · ")
    assert urdu.endswith(golden("urdu-envoy").title)


def test_the_text_alone_leads_to_the_article_too() -> None:
    assert plain_payload(a_message(url="https://nation.example/?a=1&b=2"))["text"].endswith(" · https://nation.example/?a=1&amp;b=2")


def test_what_is_taken_back_catches_no_eye() -> None:
    message = a_message()
    assert payload(message)["attachments"][0]["color"] == COLOURS[Severity.HIGH]
    back = payload(replace(message, unsupported="label is domestic"))
    assert back["attachments"][0]["color"] == COLOURS[Severity.INFO]
    assert "taken back, was high" in json.dumps(back)
    assert "does not bear this out: label is domestic" in json.dumps(back)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_from_right_to_left_stands_alone_or_last(name: str) -> None:
    """A name from right to left amid a line would turn its neighbours round: after one, no line of ours goes on with a digit."""
    said = payload(golden(name))
    for block in (*said["blocks"], *said["attachments"][0]["blocks"]):
        for section in block["elements"]:
            if section["type"] == "rich_text_list":
                continue  # each of its lines is a section of its own
            text = section["text"] if block["type"] == "context" else "".join(one.get("text", "0") for one in section["elements"])
            first = next((character for character in text if bidirectional(character) in {"L", "R", "AL"}), "")
            if first and bidirectional(first) == "L":
                assert not re.search(r"[\u0590-\u08ff][^A-Za-z]*\d", text.partition("Goes back to a story")[0])


def test_names_are_those_a_reader_knows() -> None:
    assert [country_name(code) for code in ("PK", "US", "XK", "QQ")] == ["Pakistan", "United States", "Kosovo", "QQ"]
    assert flag("PK") == "🇵🇰"
    assert flag("P") == flag("<!") == ""
    assert [topic_name(t) for t in ("digital_government", "it_exports", "e_commerce", "ai", "broadband_5g")] == [
        "digital government",
        "IT exports",
        "e-commerce",
        "AI",
        "broadband & 5G",
    ]
