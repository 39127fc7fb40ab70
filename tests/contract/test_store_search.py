"""The search index finds the same on both databases, in any script, and keeps up with the archive."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from newswire.outcomes import HoldReason
from newswire.records import Basis, Label, Report
from newswire.search_query import marks, parse
from newswire.search_tokens import tokens
from newswire.store import Store, archive, matches, open_store, schema, search
from newswire.store.archive import Archived
from newswire.store.search import Filter
from newswire.store.tables import search as rows_of_search
from newswire.store.tables import search_due
from tests.alerting_builders import A_MATCH_KEPT as ONE
from tests.alerting_builders import a_report, page_of
from tests.fakes import NOW

ANY = Filter()
ROOT = Path(__file__).parents[2]


def archived(store: Store, *reports: Report, at: float = 100.0, story: str | None = "s1") -> None:
    with store.begin() as connection:
        archive.keep(connection, [Archived(report, story) for report in reports], at)


def indexed(store: Store) -> int:
    """Index all that is due, two reports at a time; return how many items that were."""
    count = 0
    while True:
        with store.read() as connection:
            due = search.due(connection, 2)
        if not due.keys:
            return count
        documents = [search.document_of(report) for value in due.newest.values() if (report := search.readable(value))]
        with store.begin() as connection:
            search.put(connection, documents, due.keys)
        count += len(documents)


def found(store: Store, query: str, asked: Filter = ANY, limit: int = 50) -> list[str]:
    with store.read() as connection:
        return [
            one.report.item.url.rsplit("/", 1)[-1] for one in search.find(connection, parse(query), asked, limit) if one.report.item.url
        ]


def plain(key: str, title: str, text: str = "", **changes: Any) -> Report:
    return a_report(key, title=title, lead="", text=text, **changes)


TEXTS = {
    "en": plain("en", "Café licences: 5G spectrum auction", "The submarine cable was agreed. Huawei stays out of it."),
    "ar": plain("ar", "وزير الاتصالات والأردن يبحثان التعاون", "اجتمع الوزيران في عمّان"),
    "ur": plain("ur", "پاکستان اور چین کا ٹیلی کام معاہدہ", "وزیر نے کہا"),
    "zh": plain("zh", "中国与巴基斯坦签署网络安全协议", "双方讨论5G网络建设"),
    "ru": plain("ru", "Министр связи встретился с послом", "Ёлка и кабель"),
    "hi": plain("hi", "भारत और जापान ने समझौता किया", "दूरसंचार मंत्री"),
    "ko": plain("ko", "한국에서는 통신 장관이 만났다", ""),
}


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("CAFE", ["en"]),
        ("café 5g", ["en"]),
        ("licen*", ["en"]),
        ("licen", []),
        ('"submarine cable"', ["en"]),
        ('"cable submarine"', []),
        ('"auction the"', []),  # a phrase does not reach from the title into the text
        ("spectrum -huawei", []),
        ("spectrum -ericsson", ["en"]),
        ("الاردن", ["ar"]),
        ('"الاتصالات الأردن"', []),
        ("عمان", ["ar"]),
        ("پاكستان", ["ur"]),
        ("ٹیلی معاہدہ", ["ur"]),
        ("网络", ["zh"]),
        ("网络安全协议", ["zh"]),
        ("安全网络", []),
        ("网", ["zh"]),
        ("设", ["zh"]),
        ("5G网络", ["zh"]),
        ("министр елка", ["ru"]),
        ("मंत्री", ["hi"]),
        ("한국", ["ko"]),
        ("한국 -장관", []),
    ],
)
def test_words_of_any_script_are_found_alike(filled: Store, query: str, keys: Sequence[str]) -> None:
    assert found(filled, query) == keys
    for key in keys:
        fields = (TEXTS[key].item.title, TEXTS[key].text)
        assert any(marks(parse(query), field) for field in fields)


@pytest.fixture
def filled(store: Store) -> Store:
    archived(store, *TEXTS.values())
    assert indexed(store) == len(TEXTS)
    return store


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(title=st.text(min_size=1, max_size=60), query=st.text(max_size=40))
def test_any_text_can_be_indexed_and_any_query_asked(store: Store, title: str, query: str) -> None:
    report = plain("any", title, revision=title)
    with store.begin() as connection:
        archive.keep(connection, [Archived(report, None)], 1.0)
    indexed(store)
    with store.begin() as connection:
        search.put(connection, [search.document_of(report)], [])
    words = tokens(title)
    if words:
        assert found(store, f'"{words[0].word}"') == ["any"]
    with suppress(ValueError):
        assert found(store, query) in (["any"], [])


def test_an_item_is_one_result_of_its_newest_report(store: Store) -> None:
    first = plain("one", "Minister meets envoy", "short")
    archived(store, first)
    assert indexed(store) == 1
    page = page_of(first, text="The whole text speaks of quantum chips.")
    archived(store, page, at=200.0)
    revised = plain("one", "Minister meets nobody", "They did not meet.", revision="r2")
    assert found(store, "quantum") == []
    assert indexed(store) == 1
    assert found(store, "quantum") == ["one"]
    archived(store, revised, at=300.0)
    assert indexed(store) == 1
    assert (found(store, "quantum"), found(store, "nobody")) == ([], ["one"])
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(rows_of_search)).scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM search_words")).scalar_one() == 1


def test_what_is_put_on_the_list_meanwhile_stays_on_it(store: Store) -> None:
    first = plain("one", "Minister meets envoy")
    archived(store, first)
    with store.read() as connection:
        due = search.due(connection, 10)
    archived(store, page_of(first, text="later"), at=200.0)
    with store.begin() as connection:
        search.put(connection, [search.document_of(first)], due.keys)
    with store.read() as connection:
        assert search.oldest_due(connection) == 200.0
    assert indexed(store) == 1
    assert found(store, "later") == ["one"]


def test_results_come_newest_first_and_can_be_narrowed(store: Store) -> None:
    days = [plain(f"d{n}", "cable", published_at=NOW - timedelta(days=n)) for n in (2, 0, 1)]
    other = plain("other", "cable", label=Label.DOMESTIC, home="NO", partners=(), published_at=NOW - timedelta(days=9))
    archived(store, *days, story="s1")
    archived(store, other, story=None)
    with store.begin() as connection:
        one = replace(ONE, item_id=days[1].item.item_id, story_id="s1")
        held = replace(one, watchlist="cables", item_id=days[0].item.item_id, reason=HoldReason.MAX_AGE)
        matches.keep(connection, [one, replace(one, watchlist="a", basis=Basis.PAGE, final=True), held], 1.0)
    indexed(store)
    assert found(store, "cable") == ["d0", "d1", "d2", "other"]
    assert found(store, "cable", limit=2) == ["d0", "d1"]
    assert found(store, "cable", Filter(since=(NOW - timedelta(days=1)).timestamp())) == ["d0", "d1"]
    assert found(store, "cable", Filter(label=Label.DOMESTIC)) == ["other"]
    assert found(store, "cable", Filter(country="US")) == ["d0", "d1", "d2"]
    assert found(store, "cable", Filter(country="NO")) == ["other"]
    assert found(store, "cable", Filter(watchlist="cables")) == ["d2"]
    with store.read() as connection:
        hits = search.find(connection, parse("cable"), ANY, 9)
    assert [(hit.story_id, hit.told_by) for hit in hits] == [("s1", ("a", "gaming")), ("s1", ()), ("s1", ()), (None, ())]


def test_what_has_left_the_archive_is_neither_indexed_nor_found(store: Store) -> None:
    one = plain("one", "cable")
    with store.begin() as connection:
        search.put(connection, [search.document_of(one)], [])
    assert found(store, "cable") == []
    archived(store, one)
    indexed(store)
    with store.begin() as connection:
        assert search.forget(connection, [one.item.item_id, "f" * 32]) == 1
        assert search.forget(connection, []) == 0
    assert found(store, "cable") == []


def test_the_index_can_be_made_anew_and_an_older_archive_is_indexed_after_its_upgrade(store: Store) -> None:
    archived(store, *TEXTS.values())
    indexed(store)
    with store.begin() as connection:
        search.put_all_due(connection)
    assert found(store, "cable") == []
    assert indexed(store) == len(TEXTS)
    with store.begin() as connection:
        command.downgrade(schema._alembic(connection), "0004")
    with store.begin() as connection:
        assert schema.upgrade(connection, "the store") == ("0004", schema.HEAD)
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(search_due)).scalar_one() == len(TEXTS)
        assert not archive.shortened(connection, TEXTS["en"].item.item_id)
    assert found(store, "cable") == []
    assert indexed(store) == len(TEXTS)
    assert found(store, "cable") == ["en"]


_WAYS_BACK = ("From 0009 to 0008", "From 0008 to 0007", "From 0007 to 0006", "From 0006 to 0005", "From 0005 to 0004")


def test_the_way_back_that_the_documents_give_is_one(tmp_path: Path) -> None:
    """Run the statements of docs/upgrading.md, then the upgrade over what they leave."""
    written = (ROOT / "docs" / "upgrading.md").read_text("utf-8")
    blocks = [written.split(way)[1].split("```sql")[1].split("```")[0] for way in _WAYS_BACK]
    statements = " ".join(blocks).replace("\n", " ").split(";")
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    store = open_store(url)
    archived(store, *TEXTS.values())
    indexed(store)
    with store.begin() as connection:
        for statement in filter(str.strip, statements):
            connection.execute(text(statement))
        assert schema.revision(connection) == "0004"
    store.close()
    again = open_store(url)
    assert indexed(again) == len(TEXTS)
    assert found(again, "cable") == ["en"]
    again.close()
