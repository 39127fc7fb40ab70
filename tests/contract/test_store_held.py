"""What matched and was told to nobody, on both databases."""

from dataclasses import replace

from newswire.outcomes import HoldReason
from newswire.records import Severity
from newswire.store import Store, matches
from newswire.store.matches import Matched
from tests.alerting_builders import A_MATCH_KEPT as ONE

AGE, STAGED = HoldReason.MAX_AGE, HoldReason.STAGED


def of_item(letter: str, story: str, reason: HoldReason | None, **changes: object) -> Matched:
    return replace(ONE, item_id=letter * 32, story_id=story, reason=reason, **changes)  # type: ignore[arg-type]


def kept(store: Store, at: float, *matched: Matched) -> None:
    with store.begin() as connection:
        matches.keep(connection, matched, at)


def test_a_story_is_held_where_its_watchlist_never_told_it(store: Store) -> None:
    kept(store, 100.0, of_item("a", "s1", AGE, countries=" PK  US "), of_item("b", "s2", AGE), of_item("a", "s1", None, watchlist="other"))
    kept(store, 200.0, of_item("c", "s1", STAGED, severity=Severity.CRITICAL, silence_id="abc"), of_item("d", "s3", STAGED, url=None))
    kept(store, 300.0, of_item("b", "s2", None, revision="2" * 16), of_item("e", "s4", AGE, watchlist="cables"))
    with store.read() as connection:
        every = matches.held(connection, 0.0, 1e9)
        some = matches.held(connection, 150.0, 300.0)
    assert [(one.story_id, one.watchlist, one.at, one.reason, one.severity, one.articles) for one in every] == [
        ("s1", "gaming", 100.0, STAGED, Severity.CRITICAL, 2),
        ("s3", "gaming", 200.0, STAGED, ONE.severity, 1),
        ("s4", "cables", 300.0, AGE, ONE.severity, 1),
    ]
    assert (every[0].item_id, every[0].countries, every[0].because, every[0].silence_id) == ("a" * 32, ("PK", "US"), ONE.because, "abc")
    assert (every[1].url, every[1].countries) == (None, ())
    assert [(one.story_id, one.articles) for one in some] == [("s1", 1), ("s3", 1)]


def test_items_of_a_watchlist_are_those_it_matched_told_or_held(store: Store) -> None:
    kept(store, 100.0, of_item("a", "s1", AGE), of_item("b", "s2", None), of_item("c", "s3", None, watchlist="other"))
    with store.read() as connection:
        assert matches.items_of(connection, "gaming", [letter * 32 for letter in "abc"]) == {"a" * 32, "b" * 32}
        assert matches.items_of(connection, "gaming", []) == set()
