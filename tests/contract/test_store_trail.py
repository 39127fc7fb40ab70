from dataclasses import replace

from newswire.outcomes import Stage
from newswire.store import Store
from newswire.store.trail import Step, find_items, forget, of_item, record

ALERTED = Step("item-1", "rev-1", Stage.ALERT, "feed", "held", "label", {"missed": "label is domestic", "score": 0.93}, 30.0)
COLLECTED = Step("item-1", "rev-1", Stage.COLLECT, "", "new", None, None, 10.0)


def test_the_steps_of_an_item_come_back_in_the_order_of_its_travel(store: Store) -> None:
    read = replace(COLLECTED, stage=Stage.READ_FEED, outcome="reported", at=10.0)
    with store.begin() as connection:
        record(connection, [ALERTED, read, COLLECTED, replace(COLLECTED, item_id="item-2")])
    with store.read() as connection:
        assert of_item(connection, "item-1") == [COLLECTED, read, ALERTED]
        assert of_item(connection, "nobody") == []


def test_a_replay_changes_nothing_and_a_later_word_replaces_the_earlier(store: Store) -> None:
    later = replace(ALERTED, outcome="alerted", reason="matched", detail=None, at=40.0)
    with store.begin() as connection:
        record(connection, [ALERTED])
        record(connection, [ALERTED])
        assert of_item(connection, "item-1") == [ALERTED]
        record(connection, [ALERTED, later])
        assert of_item(connection, "item-1") == [later]


def test_a_new_revision_and_another_step_stand_beside_the_first(store: Store) -> None:
    steps = [ALERTED, replace(ALERTED, revision="rev-2", at=31.0), replace(ALERTED, step="page", at=32.0)]
    with store.begin() as connection:
        record(connection, steps)
        assert of_item(connection, "item-1") == steps


def test_detail_survives_whatever_text_is_in_it(store: Store) -> None:
    step = replace(ALERTED, detail={"words": ["صناعة الألعاب", "a\x00b", "\ud800", "'; DROP TABLE trail"]})
    with store.begin() as connection:
        record(connection, [step])
        assert of_item(connection, "item-1") == [step]


def test_items_are_found_by_what_happened_to_them_newest_first(store: Store) -> None:
    with store.begin() as connection:
        record(connection, [replace(ALERTED, item_id=f"a{n}", at=float(n)) for n in range(5)])
        record(connection, [replace(ALERTED, item_id="b_1", at=99.0, outcome="alerted"), COLLECTED])
        assert find_items(connection, stage=Stage.ALERT, outcome="held", limit=2) == ["a4", "a3"]
        assert find_items(connection, outcome="alerted") == ["b_1"]
        assert find_items(connection, beginning="b_") == ["b_1"]
        assert find_items(connection, beginning="%") == []
        assert find_items(connection, stage=Stage.COLLECT) == ["item-1"]


def test_old_steps_are_forgotten_in_slices_oldest_first(store: Store) -> None:
    with store.begin() as connection:
        record(connection, [replace(ALERTED, item_id=f"a{n}", at=float(n)) for n in range(10)])
        assert forget(connection, before=6.0, most=4) == 4
        assert forget(connection, before=6.0, most=4) == 2
        assert forget(connection, before=6.0, most=4) == 0
        assert find_items(connection) == ["a9", "a8", "a7", "a6"]
