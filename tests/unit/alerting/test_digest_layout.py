"""Digests as pages: every alert once, no page too long, and golden texts that a person has read."""

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.bulletin import Bulletin, from_json, text_of, to_json
from alerting.digests.contents import DigestContents, Gathered
from alerting.digests.layout import PAPER, SLACK, Room, pages, room_for
from alerting.digests.period import Period, moment
from alerting.digests.proof import Sight
from alerting.digests.sparkline import sparkline
from alerting.render_bulletin import payload as slack_payload
from alerting.watchlists.telling import Explain
from newswire.outcomes import DigestOccasion, GatherReason, HoldReason
from newswire.records import Severity
from newswire.store.watch import Queues
from tests.digest_builders import DUE, PERIOD, a_digest, a_held, a_proof, a_silence, an_alert, facts, hours, marks, source

GOLDEN = Path(__file__).parents[2] / "golden" / "digests"

PARTNERS = ("US", "CN", "TR", "SA", "KR", "JP", "DE", "GB")
TOPICS = ("it_exports", "gaming", "5g", "telecom", "")


def busy(count: int, *, reason: GatherReason = GatherReason.DIGEST, partners: Sequence[str] = PARTNERS[:4]) -> list[Gathered]:
    found = []
    for n in range(count):
        severity = Severity.CRITICAL if n == 17 else (Severity.HIGH, Severity.MEDIUM, Severity.MEDIUM, Severity.LOW)[n % 4]
        outlets = [("The Nation", "PK"), ("Dawn", "PK"), ("Yonhap", "KR")][: 1 + n % 3]
        topic = TOPICS[n % 3]
        partner = partners[(n * n) % len(partners)]
        title = f"Minister and envoy of {partner} agree on {topic.replace('_', ' ')}, part {n + 1}"
        came = hours(23 - n * 0.35)
        found.append(
            an_alert(f"s{n}", title=title, severity=severity, partners=(partner,), topics=(topic,), outlets=outlets, reason=reason, at=came)
        )
    return found


def silent_sources() -> DigestContents:
    names = [source(n) for n in range(118)]
    for n in range(0, 118, 10):
        names[n] = source(n, answers=False, reason="http_4xx", failures=9, silent_since=hours(7) if n < 60 else hours(90))
    names[33] = source(33, answers=False, reason="dns", failures=4, silent_since=hours(2))
    return a_digest(an_alert("one"), facts=facts(a_proof(names), told=4))


def blind() -> DigestContents:
    states = [
        source(n, answers=n % 10 > 3, reason="connect", failures=0 if n % 10 > 3 else 12, silent_since=None if n % 10 > 3 else hours(5))
        for n in range(118)
    ]
    night = [*marks(until=hours(5)), *marks(answered=0, since=hours(4.9), until=hours(1.3)), *marks(answered=77, since=hours(1.2))]
    return a_digest(facts=facts(a_proof(states, of_marks=night, articles=804)))


CASES: Mapping[str, Callable[[], DigestContents]] = {
    "quiet": lambda: a_digest(facts=facts()),
    "quiet-but-told-at-once": lambda: a_digest(facts=facts(told=12)),
    "blind": blind,
    "not-whole": lambda: a_digest(
        an_alert("one"), facts=facts(a_proof(queues=Queues(hours(3).timestamp(), hours(1.5).timestamp(), 412), refusing=["ops"]))
    ),
    "busy-60": lambda: a_digest(
        *busy(60),
        facts=facts(told=72, days={"US": (1, 4, 2, 0, 6, 3, 2, 1, 0, 4, 5, 2, 7, 9), "CN": (0, 0, 1, 2, 0, 0, 3, 1, 0, 0, 2, 1, 0, 4)}),
    ),
    "overflow": lambda: a_digest(*busy(31, reason=GatherReason.CAPPED), occasion=DigestOccasion.OVERFLOW, name="desk"),
    "outage": lambda: a_digest(*busy(9, reason=GatherReason.OUTAGE), occasion=DigestOccasion.OUTAGE, name="desk"),
    "silences": lambda: a_digest(
        an_alert("one", severity=Severity.HIGH),
        facts=facts(
            held=[a_held(f"h{n}", HoldReason.SILENCED, silence=a_silence(ends=hours(-10)).silence_id) for n in range(3)]
            + [a_held(f"s{n}", HoldReason.STAGED, severity=Severity.HIGH) for n in range(9)]
            + [a_held("old", HoldReason.MAX_AGE), a_held("nobody", HoldReason.NO_RECEIVER)],
            silences=[
                a_silence(ends=hours(-10)),
                a_silence(ends=hours(-60), country="CN", by="Bilal", why="visit"),
                a_silence(ends=hours(-400), country="TR"),
            ],
        ),
    ),
    "sources-silent": silent_sources,
    "weekend": lambda: a_digest(
        *(
            an_alert(
                f"w{n}",
                title=f"Weekend talks, part {n}",
                reason=GatherReason.CALENDAR,
                at=hours(4 + 11 * n),
                partners=("JP",) if n % 2 else (),
            )
            for n in range(5)
        ),
        facts=facts(told=5, days={"JP": (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1)}),
        period=Period(DUE - timedelta(days=3), DUE, "Asia/Karachi", DUE + timedelta(days=1)),
    ),
    "hostile": lambda: a_digest(
        an_alert(
            "x",
            title="<!channel> \u202egnp.exe " + "Ω" * 400,
            url="https://xn--pple-43d.example/",
            outlets=(("<@U1|boss>\n\n", None),),
            partners=(),
        ),
        an_alert("gone", title="", unsupported="no partner country", url=None, topics=()),
        facts=facts(),
    ),
}


def rendered(bulletins: Sequence[Bulletin]) -> str:
    parts = []
    for page in bulletins:
        lines = [f"[{page.severity}] {page.fallback}", text_of(page.heading), *(f"  {text_of(line)}" for line in page.lines)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


@pytest.mark.parametrize("name", CASES)
def test_golden_digests(name: str) -> None:
    text = rendered(pages(CASES[name](), room=SLACK))
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("NEWSWIRE_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_a_story_that_waits_for_two_reasons_stands_once() -> None:
    over = an_alert("one", severity=Severity.HIGH, reason=GatherReason.CAPPED)
    waits = an_alert("one", severity=Severity.MEDIUM, watchlist="IT diplomacy with a partner country")
    for order in ([over, waits], [waits, over]):
        (page,) = pages(a_digest(*order), room=SLACK)
        said = [text_of(line) for line in page.lines]
        (line,) = (one for one in said if "Pakistan, US agree" in one)
        assert "Gaming industry with partner countries, IT diplomacy with a partner country" in line
        assert "over the cap" in line
        assert said[0].startswith("1 story: 1 high")


KEYS = st.text("abcdefgh", min_size=1, max_size=6)
ALERTS = st.lists(
    st.builds(
        lambda key, severity, partners, topics, outlets, reason: an_alert(
            key, title=f"title of {key}", severity=severity, partners=partners, topics=topics, outlets=outlets, reason=reason
        ),
        KEYS,
        st.sampled_from(Severity),
        st.lists(st.sampled_from(PARTNERS), max_size=3),
        st.lists(st.sampled_from(TOPICS), max_size=2),
        st.lists(st.sampled_from([("Dawn", "PK"), ("Wire", None), ("Yonhap", "KR")]), min_size=1, max_size=3),
        st.sampled_from(GatherReason),
    ),
    unique_by=lambda one: one.message.alert_id,
    max_size=80,
)


@settings(deadline=None, max_examples=40)
@given(ALERTS, st.sampled_from([Room(6, 11_300), Room(9, 3_000), SLACK, PAPER]), st.integers(0, 40), st.sampled_from(DigestOccasion))
def test_every_alert_is_named_once_and_no_page_is_too_long(alerts: list[Gathered], room: Room, held: int, occasion: DigestOccasion) -> None:
    said = facts(held=[a_held(f"h{n}", HoldReason.STAGED) for n in range(held)]) if occasion is DigestOccasion.SCHEDULED else None
    laid_out = pages(a_digest(*alerts, occasion=occasion, facts=said), room=room)
    assert all(len(page.lines) <= room.lines for page in laid_out)
    titles = Counter(piece.text for page in laid_out for line in page.lines for piece in line if piece.text.startswith("title of "))
    assert titles == Counter(one.message.title for one in alerts)
    told = Counter(alert["alert_id"] for page in laid_out for alert in (page.data or {})["alerts"])
    assert told == Counter(one.message.alert_id for one in alerts)
    assert [page.sequence for page in laid_out] == list(range(len(laid_out)))
    assert len({page.bulletin_id for page in laid_out}) == len(laid_out)
    assert all(from_json(to_json(page)) == page for page in laid_out)
    assert all(json.dumps(page.data) for page in laid_out)
    assert all(line for page in laid_out for line in page.lines)


def test_the_first_page_has_the_most_severe_and_the_highest_severity() -> None:
    laid_out = pages(CASES["busy-60"](), room=SLACK)
    assert laid_out[0].severity is Severity.CRITICAL
    assert any("part 18" in text_of(line) for line in laid_out[0].lines)
    assert [page.alert_id for page in laid_out] == [laid_out[0].bulletin_id] * 3


def test_quiet_and_blind_differ_in_their_first_word_and_their_colour() -> None:
    (quiet,), (dark,) = pages(a_digest(facts=facts())), pages(blind())
    assert (quiet.severity, dark.severity) == (Severity.INFO, Severity.HIGH)
    assert quiet.fallback.startswith(
        "Quiet: nothing matched since Thu 07:00. The watch was whole: 118 of 118 sources answered, 3,212 articles read"
    )
    assert dark.fallback.startswith("Blind: no source answered between 02:00 and 05:48; 48 of 118 sources do not answer now:")
    assert text_of(quiet.heading).startswith("✓ QUIET")
    assert text_of(dark.heading).startswith("⛔ BLIND")


def test_where_nothing_is_watched_nothing_is_proved() -> None:
    (page,) = pages(a_digest(facts=facts(a_proof((), of_marks=()))))
    assert page.fallback == "Blind: no source is watched."


def test_a_receiver_may_see_less_of_the_rule() -> None:
    digest = a_digest(an_alert("one"), facts=facts())
    assert "gaming industry" in to_json(pages(digest)[0])
    for explain in (Explain.WORDS, Explain.NONE):
        assert "gaming industry" not in to_json(pages(digest, explain=explain)[0])


def test_a_page_is_short_where_a_channel_has_a_limit() -> None:
    assert [room_for(kind) for kind in ("slack", "slack_webhook", "webhook", "email", "terminal")] == [SLACK, SLACK, PAPER, PAPER, PAPER]


def test_sparklines_have_a_bar_of_their_own_for_nothing() -> None:
    assert sparkline((0, 1, 5, 10, 20)) == "▁▂▂▃▇"
    assert sparkline((0, 0)) == "▁▁"
    assert not sparkline(())


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=30))
def test_a_higher_count_never_has_a_lower_bar(counts: list[int]) -> None:
    bars = sparkline(sorted(counts))
    assert bars == "".join(sorted(bars))
    assert [bar == "▁" for bar in bars] == [count == 0 for count in sorted(counts)]


def test_moments_say_their_day_where_it_is_another() -> None:
    said = [moment(DUE - timedelta(hours=back), PERIOD) for back in (1, 8, 24 * 5, 24 * 9)]
    assert said == ["06:00", "Thu 23:00", "Sun 07:00", "18 Nov 07:00"]


def test_sight_is_whole_only_where_all_is() -> None:
    assert a_proof().sight is Sight.WHOLE
    assert a_proof(watchlists=0).sight is Sight.DIM
    assert a_proof(queues=Queues(hours(2).timestamp(), None, 0)).sight is Sight.DIM
    assert a_proof(refusing=["desk"]).sight is Sight.DIM
    assert a_proof(of_marks=[*marks(until=hours(12)), *marks(since=hours(10))]).sight is Sight.BLIND
    assert a_proof([source(n, answers=n > 6) for n in range(12)]).sight is Sight.BLIND


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.text(min_size=1, max_size=300), st.integers(0, 950)), min_size=1, max_size=60))
def test_slack_is_given_every_line_however_long_headlines_and_links_are(given_alerts: list[tuple[str, int]]) -> None:
    alerts = [
        an_alert(f"a{n}", title=f"{n}:{title}", url="https://x.example/" + "y" * length) for n, (title, length) in enumerate(given_alerts)
    ]
    for page in pages(a_digest(*alerts, facts=facts()), room=SLACK):
        shown = json.dumps(slack_payload(page), ensure_ascii=False)
        assert shown.count('"rich_text_section"') == 1 + len(page.lines)
        assert "more lines" not in shown


@pytest.mark.parametrize("name", ["quiet", "blind", "busy-60", "silences", "hostile"])
def test_golden_digests_as_slack_is_asked_to_show_them(name: str) -> None:
    asked = json.dumps([slack_payload(page) for page in pages(CASES[name](), room=SLACK)], ensure_ascii=False, indent=1) + "\n"
    path = GOLDEN / f"{name}.slack.json"
    if os.environ.get("NEWSWIRE_WRITE_GOLDEN"):
        path.write_text(asked, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == asked
    assert "<!" not in asked
    assert "\u202e" not in asked
