from hypothesis import given
from hypothesis import strategies as st

from collectors.entries import GUID_LIMIT, Entry, make_entry
from collectors.identity import identify

SOURCE = "0123456789ab"
URL = "https://news.example/feed"


def ids(*entries: Entry) -> list[str | None]:
    return [found.item_id if found else None for found in identify(SOURCE, URL, entries)]


def test_tracking_fragments_scheme_and_host_case_do_not_make_another_item() -> None:
    links = [
        "https://news.example/a?id=1",
        "http://NEWS.example/a?utm_source=x&id=1#c",
        "/a?id=1&fbclid=3",
        "https://news.example:443/a?id=1",
    ]
    assert len(set(ids(*(make_entry(title="A", link=link) for link in links)))) == 1


def test_a_guid_stands_in_where_no_link_can_be_used() -> None:
    permalink, opaque, other = ids(
        make_entry(title="A", guid="https://news.example/a", link="javascript:void(0)"),
        make_entry(title="B", guid="12345", permalink=False),
        make_entry(title="C", link="https://news.example/a"),
    )
    assert permalink == other
    assert opaque not in (None, other)
    assert ids(make_entry(title="B renamed", guid="12345", permalink=False)) == [opaque]
    assert (
        identify("another12345", URL, [make_entry(title="B", guid="12345")])[0]
        != identify(SOURCE, URL, [make_entry(title="B", guid="12345")])[0]
    )


def test_a_guid_that_is_no_permalink_is_never_a_link() -> None:
    (found,) = identify(SOURCE, URL, [make_entry(title="A", guid="https://news.example/a", permalink=False)])
    assert found is not None
    assert found.url is None


def test_entries_that_share_a_link_are_told_apart_by_their_guids() -> None:
    one, two = make_entry(title="One", link="/notices", guid="n1"), make_entry(title="Two", link="/notices", guid="n2")
    assert len(set(ids(one, two))) == 2
    assert ids(one, two) == list(reversed(ids(two, one)))
    same = make_entry(title="One", link="/notices?utm_medium=x", guid="n1")
    assert len(set(ids(one, same))) == 1


def test_nothing_to_show_or_to_identify_is_none() -> None:
    assert ids(make_entry(link="https://news.example/a"), make_entry(title="No link, no guid"), make_entry(guid="x")) == [None, None, None]


def test_an_endless_guid_is_hashed_and_an_endless_link_is_none() -> None:
    entry = make_entry(title="A", guid="g" * 5_000, link="https://news.example/" + "a" * 5_000)
    assert len(entry.guid) <= GUID_LIMIT
    (found,) = identify(SOURCE, URL, [entry])
    assert found is not None
    assert found.url is None
    assert ids(entry) != ids(make_entry(title="A", guid="g" * 5_001))


@given(st.lists(st.integers(0, 30), unique=True, min_size=1), st.randoms(use_true_random=False))
def test_the_order_of_a_feed_does_not_matter(numbers: list[int], chance: "st.random.Random") -> None:  # type: ignore[name-defined]
    entries = [make_entry(title=f"T{n}", link=f"/{n}", guid=f"g{n}") for n in numbers]
    shuffled = entries.copy()
    chance.shuffle(shuffled)
    assert set(ids(*entries)) == set(ids(*shuffled))
    assert len(set(ids(*entries))) == len(entries)
