import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.stories import KEEP_S, MEMBERS_KEPT, PlacementReason, StoryIndex, cluster, cluster_documents, story_id_of
from alerting.stories_likeness import FEATURES, features, shipped_weights
from alerting.stories_member import Document, Member, document_of
from alerting.stories_names import count_names, names, rarest_names, sounds_of_people
from alerting.stories_words import NAMES, Frequencies, count_stems, shipped_frequencies, stems
from tests.alerting_builders import a_report
from tests.fakes import NOW

SHIPPED = shipped_frequencies()
SHIPPED_NAMES = shipped_frequencies(NAMES)

MEETING = Document(
    item_id="a",
    title="Pakistan, US agree to boost cooperation in IT and telecom",
    lead="Minister Shaza Fatima received ambassador Donald Blome in Islamabad.",
    text="They discussed digitalisation of the judicial system and the promotion of the gaming industry.",
    dated_at=NOW,
    language="en",
    label="diplomacy",
    home="PK",
    partners=frozenset({"US"}),
    topics=frozenset({"gaming"}),
)
RETOLD = replace(
    MEETING,
    item_id="b",
    title="Blome, Shaza Fatima discuss gaming industry and IT",
    lead="The US ambassador Donald Blome called on the minister in Islamabad.",
    text="Promotion of the gaming industry and digitalisation of the judicial system were on the table.",
    dated_at=NOW + timedelta(hours=6),
)
OTHER = replace(
    MEETING,
    item_id="c",
    title="Kenya borrows for a data centre in Konza",
    lead="Nairobi signed a loan with Beijing for the technology city.",
    text="Huawei will build the facility, the information ministry said.",
    home="KE",
    partners=frozenset({"CN"}),
)


def fresh_index(members: tuple[Member, ...] = ()) -> StoryIndex:
    return StoryIndex(
        members,
        Frequencies(SHIPPED.shipped, SHIPPED.shipped_documents),
        Frequencies(SHIPPED_NAMES.shipped, SHIPPED_NAMES.shipped_documents),
    )


def test_two_tellings_of_one_event_are_one_story_and_another_event_is_not() -> None:
    first, second, third = cluster_documents([MEETING, RETOLD, OTHER])
    assert first == second == story_id_of("a")
    assert third == story_id_of("c")


def test_the_story_is_named_by_the_first_item_whatever_the_order_given() -> None:
    assert cluster_documents([RETOLD, OTHER, MEETING]) == [story_id_of("a"), story_id_of("c"), story_id_of("a")]


def test_an_item_stays_in_its_story_when_its_text_changes_altogether() -> None:
    index = fresh_index()
    _, member = index.place(MEETING)
    index.add(member)
    placement, _ = index.place(replace(OTHER, item_id="a"))
    assert (placement.story_id, placement.reason) == (story_id_of("a"), PlacementReason.KNOWN_ITEM)
    placement, member = index.place(OTHER, "told-before")
    assert (placement.story_id, member.story_id) == ("told-before", "told-before")


def test_a_week_apart_is_another_story() -> None:
    assert len(set(cluster_documents([MEETING, replace(RETOLD, dated_at=NOW + timedelta(days=7))]))) == 2


def test_an_undated_item_may_join_any_window() -> None:
    assert len(set(cluster_documents([MEETING, replace(RETOLD, dated_at=None)]))) == 1


def test_like_words_about_other_partners_do_not_join() -> None:
    with_korea = replace(
        MEETING,
        item_id="k",
        title="Pakistan, Korea agree to boost cooperation in IT and telecom",
        lead="Minister Shaza Fatima received ambassador Park Kijun in Islamabad.",
        text="They discussed training for young people and the promotion of exports of software.",
        partners=frozenset({"KR"}),
    )
    similar = replace(with_korea, partners=frozenset({"US"}))
    assert len(set(cluster_documents([MEETING, with_korea]))) == 2
    assert len(set(cluster_documents([MEETING, similar]))) == 1


def test_the_same_words_join_even_where_the_partners_were_understood_otherwise() -> None:
    assert len(set(cluster_documents([MEETING, replace(MEETING, item_id="z", partners=frozenset({"KR"}))]))) == 1


def test_two_capitals_tell_one_story_with_home_and_partner_exchanged() -> None:
    from_washington = replace(RETOLD, home="US", partners=frozenset({"PK"}))
    assert len(set(cluster_documents([MEETING, from_washington]))) == 1


def test_another_language_joins_where_states_topic_and_time_agree() -> None:
    urdu = replace(
        MEETING,
        item_id="u",
        language="ur",
        title="امریکی سفیر بلوم کی وزیر آئی ٹی سے ملاقات",
        lead="",
        text="گیمنگ کی صنعت پر گفتگو، شزہ فاطمہ",
    )
    index = fresh_index()
    index.add(index.place(MEETING)[1])
    joined = index.place(urdu)[0]
    assert (joined.reason, joined.story_id) == (PlacementReason.ACROSS_LANGUAGES, story_id_of("a"))
    assert index.place(replace(urdu, partners=frozenset({"CN"})))[0].reason is PlacementReason.OPENED
    assert index.place(replace(urdu, dated_at=NOW + timedelta(days=4)))[0].reason is PlacementReason.OPENED
    elsewhere = replace(urdu, text="سیٹلائٹ", topics=frozenset({"satellite_space"}), label="domestic")
    assert index.place(elsewhere)[0].reason is PlacementReason.OPENED


def test_a_name_sounds_alike_in_every_script() -> None:
    assert {name for text in ("Усманов", "Usmanov", "USMANOV,") for name in names(text)} == {"~smnf"}
    assert set(names("telecomunicaciones telecommunications телекоммуникации télécommunications")) == {"~tlkmn"}
    assert list(names("श्रीलंका")) == ["~srlmk"]
    assert list(names("المغربية")) == list(names("والمغربية")) == list(names("مغربية"))
    assert not list(names("华为 会谈 it 5"))


def test_figures_are_alike_however_they_are_written() -> None:
    assert list(names("17.5 17,5 ۱۷٫۵ १७.५")) == ["#17.5"] * 4
    assert list(names("1,250,000 1.250.000 1250000")) == ["#1250000"] * 3
    assert not list(names("2024 1999 7")), "years and single digits tell no story"


def test_people_are_known_by_their_last_names() -> None:
    assert sounds_of_people(["Shaza Fatima", "S. Fatima", "فاطمہ", ""]) == frozenset({"~ftm"})


def test_the_rarest_names_of_an_item_are_bounded_and_do_not_depend_on_the_window() -> None:
    text = " ".join(f"Name{chr(97 + n % 26)}r{chr(97 + n // 26)}stk {n * 1013}" for n in range(600))
    busy = Frequencies(SHIPPED_NAMES.shipped, SHIPPED_NAMES.shipped_documents)
    found = rarest_names(busy, "Usmanov", "", text)
    busy.add(count_names("Usmanov", "", text).keys())
    assert rarest_names(busy, "Usmanov", "", text) == found
    assert len(found) <= 42


def test_words_of_scripts_with_vowel_signs_stay_whole() -> None:
    assert list(stems("श्रीलंका की पहचान। হুয়াওয়ে")) == ["श्रीलंका", "की", "पहचान", "হুয়াওয়ে"]


def test_every_weight_is_shipped_and_speaks_the_way_its_name_says() -> None:
    weights = dict(zip(FEATURES, shipped_weights(), strict=True))
    for name in ("words_cosine", "words_shared", "names_shared", "figures_shared", "people_shared", "states_shared", "topics_shared"):
        assert weights[name] > 0, name
    for name in ("states_apart", "organisations_apart", "topics_apart", "days_apart", "always"):
        assert weights[name] < 0, name


def test_what_is_not_known_decides_nothing() -> None:
    index = fresh_index()
    member = index.place(Document("x", "", "", "", None))[1]
    found = dict(zip(FEATURES, features(member, member, {}), strict=True))
    assert {name for name, value in found.items() if value} == {"always", "same_label"}


def test_a_member_that_an_earlier_release_kept_is_still_known() -> None:
    index = fresh_index()
    member = index.place(MEETING)[1]
    old = {name: value for name, value in member.to_facts().items() if name not in {"names", "organisations", "people", "label"}}
    loaded = Member.from_facts({**old, "diplomacy": True})
    assert (loaded.label, loaded.names) == ("diplomacy", frozenset())
    index.add(loaded)
    assert index.place(RETOLD)[0].story_id == member.story_id


def test_scripts_without_spaces_are_compared_by_pairs() -> None:
    assert list(stems("瑞典5G拍卖")) == ["瑞典", "5g", "拍卖"]
    assert list(stems("Digitalisation’s rules")) == ["digitalis", "s", "rules"]
    assert count_stems("gaming", "gaming", "")["gaming"] == 3


def test_a_common_word_stays_common_however_many_stories_run() -> None:
    frequencies = Frequencies({"the": 100}, 100)
    before = frequencies.rarity("the")
    for n in range(500):
        frequencies.add([f"rare{n}"])
    assert before == frequencies.rarity("the") == 0.0
    assert frequencies.rarity("rare1") > 5


def test_a_story_keeps_a_bounded_number_of_members() -> None:
    index = fresh_index()
    for n in range(MEMBERS_KEPT + 5):
        index.add(index.place(replace(MEETING, item_id=f"copy{n}"))[1])
    assert len(index) == MEMBERS_KEPT
    assert index.place(replace(RETOLD, item_id="late"))[0].story_id == story_id_of("copy0")


def test_members_go_when_the_window_has_passed_them() -> None:
    index = fresh_index()
    index.add(index.place(MEETING)[1])
    index.add(index.place(replace(OTHER, dated_at=NOW + timedelta(seconds=KEEP_S + 2 * 86_400)))[1])
    assert len(index) == 1


def test_records_are_clustered_with_whatever_they_carry() -> None:
    whole = {
        "id": "a",
        "title": MEETING.title,
        "summary": MEETING.lead,
        "text": MEETING.text,
        "published": "2026-11-02",
        "lang": "en",
        "label": "diplomacy",
        "home": "PK",
        "partners": ["US"],
        "topics": ["gaming"],
    }
    retold = {"id": "b", "title": RETOLD.title, "summary": RETOLD.lead, "text": RETOLD.text, "published": "2026-11-03T08:00:00+05:00"}
    bare = {"id": "c", "title": OTHER.title, "summary": None, "published": "soon", "partners": None}
    assert cluster([whole, retold, bare]) == [story_id_of("a"), story_id_of("a"), story_id_of("c")]
    assert cluster([{**whole, "published": datetime(2026, 11, 2, tzinfo=UTC)}]) == [story_id_of("a")]


def test_a_report_gives_the_document() -> None:
    document = document_of(a_report(published_at=None))
    assert document.dated_at == a_report(published_at=None).item.seen_at
    assert (document.home, document.partners, document.label) == ("PK", frozenset({"US"}), "diplomacy")


WORDS = st.sampled_from(
    [
        "minister",
        "ambassador",
        "gaming",
        "spectrum",
        "cable",
        "Huawei",
        "loan",
        "visit",
        "agreement",
        "server",
        "satellite",
        "exports",
        "Seoul",
        "Ankara",
    ]
)
DOCUMENTS = st.lists(
    st.builds(
        lambda words, day, partner: (words, day, partner),
        st.lists(WORDS, min_size=3, max_size=12).map(" ".join),
        st.integers(0, 20),
        st.sampled_from(["US", "KR", "CN"]),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(drawn=DOCUMENTS, cut=st.integers(0, 25), shuffle=st.randoms(use_true_random=False))
def test_an_index_built_anew_from_what_was_stored_places_as_the_old_one_would(
    drawn: list[tuple[str, int, str]], cut: int, shuffle: object
) -> None:
    documents = [
        Document(
            f"i{n}",
            words,
            "",
            words,
            datetime(2026, 11, 2, tzinfo=UTC) + timedelta(days=day),
            "en",
            "diplomacy",
            "PK",
            frozenset({partner}),
        )
        for n, (words, day, partner) in enumerate(drawn)
    ]
    old, stored = fresh_index(), []
    for document in documents[:cut]:
        _, member = old.place(document)
        old.add(member)
        stored.append(Member.from_facts(json.loads(json.dumps(member.to_facts()))))
    shuffle.shuffle(stored)  # type: ignore[attr-defined]
    new = fresh_index(tuple(stored))
    assert len(new) == len(old)
    for document in documents[cut:]:
        assert new.place(document) == old.place(document)
        new.add(new.place(document)[1])
        old.add(old.place(document)[1])


@settings(max_examples=40, deadline=None)
@given(drawn=DOCUMENTS)
def test_every_item_gets_one_story_that_some_item_of_it_opened(drawn: list[tuple[str, int, str]]) -> None:
    documents = [Document(f"i{n}", words, "", "", NOW + timedelta(days=day)) for n, (words, day, _) in enumerate(drawn)]
    given_stories = cluster_documents(documents)
    for story in set(given_stories):
        assert story in {story_id_of(d.item_id) for d, s in zip(documents, given_stories, strict=True) if s == story}
