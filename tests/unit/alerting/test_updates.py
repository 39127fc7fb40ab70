from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.bulletin import Bulletin, text_of
from alerting.message import ShownWatchlist, joined, opened
from alerting.news import news_of
from alerting.updates import Correction, NewReport, Update, extended, from_json, is_empty, is_urgent, laid_out, numbered, to_json
from newswire.records import MessageKind, Severity
from tests.alerting_builders import a_report

EMPTY = Update("a" * 32, "s" * 32, "Pakistan, US agree", "https://nation.example/1", Severity.HIGH, outlets=3, countries=2)
DAWN = NewReport("1", "Dawn", "PK", "IT talks", "https://dawn.example/1", "en")
YONHAP = NewReport("2", "Yonhap", "KR", "Korea's minister in Islamabad", "https://yna.example/2", "en")
GAMING = ShownWatchlist("gaming", "Gaming industry", Severity.HIGH, ("esports",))


def lines(bulletin: Bulletin) -> list[str]:
    return [text_of(line) for line in (bulletin.heading, *bulletin.lines)]


@pytest.mark.parametrize(
    ("update", "said"),
    [
        (replace(EMPTY, reports=(DAWN,)), ["Also in Dawn (Pakistan): IT talks (3 outlets, 2 countries in all)"]),
        (
            replace(EMPTY, reports=(DAWN, YONHAP)),
            [
                "2 more outlets: Dawn (Pakistan), Yonhap (South Korea) (3 outlets, 2 countries in all)",
                "Dawn (Pakistan): IT talks",
                "Yonhap (South Korea): Korea's minister in Islamabad",
            ],
        ),
        (
            replace(EMPTY, reports=(DAWN, replace(DAWN, item_id="3", title="More talks", country=None))),
            [
                "2 more reports: Dawn (Pakistan), Dawn (3 outlets, 2 countries in all)",
                "Dawn (Pakistan): IT talks",
                "Dawn: More talks",
            ],
        ),
        (
            replace(EMPTY, reports=(DAWN, replace(YONHAP, again=True))),
            [
                "2 more reports: Dawn (Pakistan), Yonhap (South Korea) (3 outlets, 2 countries in all)",
                "Dawn (Pakistan): IT talks",
                "Yonhap (South Korea): Korea's minister in Islamabad",
            ],
        ),
        (
            replace(EMPTY, reports=(replace(DAWN, again=True),)),
            ["Another report in Dawn (Pakistan): IT talks (3 outlets, 2 countries in all)"],
        ),
        (replace(EMPTY, partners=("JP",)), ["New partner: Japan"]),
        (replace(EMPTY, partners=("JP", "KR")), ["New partners: Japan, South Korea"]),
        (replace(EMPTY, raised_from=Severity.MEDIUM), ["Now high, was medium"]),
        (
            replace(EMPTY, corrections=(Correction("1", "Dawn", None, "old", "new"), Correction("2", "APP", None, "same", "same"))),
            ["Headline changed: “old” → “new”", "Text changed by APP: same"],
        ),
        (replace(EMPTY, unsupported="label is domestic"), ["The full text does not bear this out: label is domestic"]),
        (replace(EMPTY, supported_again=True), ["Another report bears this out after all."]),
        (replace(EMPTY, withdrawn=("Dawn",)), ["Not borne out by the full text of Dawn; others still bear it out"]),
        (replace(EMPTY, officials=("Press Information Department",)), ["Official source: Press Information Department"]),
        (replace(EMPTY, watchlists=(GAMING,)), ["Also matches: Gaming industry (high)"]),
    ],
)
def test_each_kind_of_news_in_words(update: Update, said: list[str]) -> None:
    bulletin = laid_out(numbered(update, 1))
    assert lines(bulletin) == said
    assert bulletin.fallback.startswith("[high] Update on “Pakistan, US agree”: " + said[0].removesuffix("."))
    assert not is_empty(update)
    assert (bulletin.kind, bulletin.alert_id, bulletin.story_id) == (MessageKind.REPLY, "a" * 32, "s" * 32)


def test_links_stand_on_the_headlines_of_new_reports() -> None:
    (heading, *rest) = (
        laid_out(replace(EMPTY, reports=(DAWN, YONHAP))).lines[0],
        *laid_out(replace(EMPTY, reports=(DAWN, YONHAP))).lines[1:],
    )
    assert [piece.url for line in (heading, *rest) for piece in line if piece.url] == [DAWN.url, YONHAP.url]


def test_what_is_long_is_counted() -> None:
    reports = tuple(replace(DAWN, item_id=str(n), outlet=f"Outlet {n}") for n in range(12))
    said = lines(laid_out(replace(EMPTY, reports=reports, partners=("JP", "KR", "CN", "DE", "FR", "NO", "SE"))))
    assert said[0].endswith("France and 2 more")
    assert said[1].startswith("12 more outlets: Outlet 0 (Pakistan), Outlet 1 (Pakistan)")
    assert (len(said), said[-1]) == (8, "and 7 more")


def test_in_the_channel_it_says_which_story_it_is_about() -> None:
    bulletin = laid_out(replace(EMPTY, reports=(DAWN,), in_channel=True))
    assert lines(bulletin)[0] == "Update: Pakistan, US agree"
    assert bulletin.heading[1].url == EMPTY.url


def test_a_hostile_headline_is_cut() -> None:
    long = replace(
        EMPTY, title="x" * 100_000, reports=(replace(DAWN, title="y" * 100_000, outlet="z" * 100_000),), unsupported="w" * 100_000
    )
    bulletin = laid_out(long)
    assert max(len(line) for line in (bulletin.fallback, *lines(bulletin))) < 1_500


def test_nothing_is_said_of_the_rule_but_what_the_message_may_show() -> None:
    before = opened(a_report(), "s" * 32, "desk", [GAMING], [])
    hidden = ShownWatchlist("telecom", "Telecom", Severity.HIGH, ())
    news = news_of(before, joined(before, a_report("two"), [hidden], []), a_report("two"))
    bulletin = laid_out(news)
    assert "esports" not in str(bulletin)
    assert bulletin.data is not None
    assert bulletin.data["watchlists"][0]["because"] == []


def test_what_a_reply_corrects_in_what_it_names_itself_it_names_rightly_at_once() -> None:
    corrected = replace(EMPTY, corrections=(Correction("1", "Dawn", "https://dawn.example/new", "IT talks", "IT talks end"),))
    both = extended(replace(EMPTY, reports=(DAWN,)), corrected)
    assert [(one.title, one.url) for one in both.reports] == [("IT talks end", "https://dawn.example/new")]
    assert both.corrections == ()
    twice = extended(corrected, replace(EMPTY, corrections=(Correction("1", "Dawn", None, "IT talks end", "Over"),)))
    assert [(one.old, one.new) for one in twice.corrections] == [("IT talks", "Over")]


def test_an_update_without_news_is_empty_and_what_must_not_wait_is_urgent() -> None:
    assert is_empty(EMPTY)
    for quiet in (replace(EMPTY, reports=(DAWN,)), replace(EMPTY, watchlists=(GAMING,)), replace(EMPTY, withdrawn=("Dawn",))):
        assert not is_urgent(quiet)
    assert not is_urgent(replace(EMPTY, corrections=(Correction("1", "Dawn", None, "same", "same"),))), "a text changes often"
    for urgent in (
        replace(EMPTY, raised_from=Severity.LOW),
        replace(EMPTY, partners=("JP",)),
        replace(EMPTY, officials=("ITU",)),
        replace(EMPTY, unsupported="x"),
        replace(EMPTY, supported_again=True),
        replace(EMPTY, corrections=(Correction("1", "Dawn", None, "old", "new"),)),
    ):
        assert is_urgent(urgent)


def test_each_reply_of_an_alert_has_an_id_of_its_own_and_keeps_it_as_it_grows() -> None:
    first, second = numbered(EMPTY, 1), numbered(EMPTY, 2)
    assert len({first.update_id, second.update_id, numbered(replace(EMPTY, alert_id="b" * 32), 1).update_id}) == 3
    assert extended(first, replace(EMPTY, reports=(DAWN,))).update_id == first.update_id


CORRECTIONS = st.builds(
    Correction, st.sampled_from("123"), st.just("Dawn"), st.none(), st.sampled_from(["A", "B"]), st.sampled_from(["B", "C"])
)
UPDATES = st.builds(
    Update,
    alert_id=st.just("a" * 32),
    story_id=st.just("s" * 32),
    title=st.sampled_from(["T", "U"]),
    url=st.none(),
    severity=st.sampled_from(Severity),
    outlets=st.integers(1, 9),
    countries=st.integers(0, 3),
    raised_from=st.none() | st.sampled_from(Severity),
    partners=st.lists(st.sampled_from(["JP", "KR"]), max_size=2, unique=True).map(tuple),
    watchlists=st.sampled_from([(), (GAMING,)]),
    reports=st.lists(st.sampled_from([DAWN, YONHAP]), max_size=2, unique=True).map(tuple),
    officials=st.sampled_from([(), ("ITU",)]),
    corrections=st.lists(CORRECTIONS, max_size=2, unique_by=lambda one: one.item_id).map(tuple),
    withdrawn=st.sampled_from([(), ("Dawn",)]),
    unsupported=st.none() | st.text(min_size=1, max_size=9),
    supported_again=st.booleans(),
    in_channel=st.booleans(),
).map(lambda one: replace(one, supported_again=one.supported_again and one.unsupported is None))


@given(UPDATES, UPDATES, UPDATES)
def test_updates_may_be_put_together_in_any_grouping(one: Update, two: Update, three: Update) -> None:
    known = {report.item_id for report in one.reports}
    two, three = (replace(more, reports=tuple(r for r in more.reports if r.item_id not in known)) for more in (two, three))
    three = replace(three, reports=tuple(r for r in three.reports if r.item_id not in {r.item_id for r in two.reports}))
    # What an update corrects was told before it: a report is new once, and only then corrected.
    two = replace(
        two, corrections=tuple(c for c in two.corrections if c.item_id not in {r.item_id for r in (*two.reports, *three.reports)})
    )
    one = replace(
        one,
        corrections=tuple(c for c in one.corrections if c.item_id not in {r.item_id for r in (*one.reports, *two.reports, *three.reports)}),
    )
    three = replace(three, corrections=tuple(c for c in three.corrections if c.item_id not in {r.item_id for r in three.reports}))
    assert extended(extended(one, two), three) == extended(one, extended(two, three))


@given(UPDATES)
def test_an_update_survives_its_json_and_extends_itself_to_itself(update: Update) -> None:
    assert from_json(to_json(update)) == update
    again = extended(update, replace(update, corrections=()))
    assert {one.item_id for one in again.reports} == {one.item_id for one in update.reports}
    assert (again.partners, again.officials, again.watchlists) == (update.partners, update.officials, update.watchlists)


def test_no_line_begins_with_a_name_from_right_to_left_and_no_number_follows_one() -> None:
    jang = NewReport("1", "روزنامہ جنگ", "PK", "گیمنگ انڈسٹری پر گفتگو", "https://jang.example/1", "ur")
    nowhere = NewReport("2", "نصر", None, "گفتگو", None, "fa")
    about = Update("a" * 32, "s" * 32, "title", None, Severity.HIGH, 3, 2)
    one = laid_out(replace(about, reports=(jang,)))
    assert text_of(one.heading) == "Also in Pakistan · روزنامہ جنگ (3 outlets, 2 countries in all): گیمنگ انڈسٹری پر گفتگو"
    two = laid_out(replace(about, reports=(jang, nowhere)))
    assert text_of(two.heading) == "2 more outlets (3 outlets, 2 countries in all): Pakistan · روزنامہ جنگ, نصر"
    assert [text_of(line) for line in two.lines] == ["Pakistan · روزنامہ جنگ: گیمنگ انڈسٹری پر گفتگو", "Persian · نصر: گفتگو"]
    changed = laid_out(replace(about, corrections=(Correction("1", "نصر", None, "گفتگو", "ملاقات"),)))
    assert text_of(changed.heading) == "Headline changed: “گفتگو” now reads “ملاقات”"
