"""The day that the benchmark reads: what it is made of, and that it is the same one at each run."""

from collections import Counter

from benchmarks.realistic_mix import DESKS, OF, realistic_mix


def test_one_item_in_fifty_is_about_the_subject() -> None:
    made = realistic_mix(20 * OF, 1)
    assert len({item["id"] for item in made}) == len(made) == 20 * OF
    assert sum(item["subject"] for item in made) == 20
    assert {item["label"] for item in made if item["subject"]} == {"diplomacy", "domestic"}
    assert {item["label"] for item in made if not item["subject"]} == {"other"}


def test_every_desk_writes_and_no_slot_stays_open() -> None:
    made = [item for item in realistic_mix(20 * OF, 2) if "topics" not in item]
    desks = Counter(item["id"].split("-", 1)[1].replace("-", " ") for item in made)
    assert set(desks) == set(DESKS)
    assert all("{" not in item["title"] + item["summary"] + item["text"] for item in made)
    assert len({item["text"] for item in made}) == len(made)


def test_the_same_seed_gives_the_same_day() -> None:
    assert realistic_mix(120, 3) == realistic_mix(120, 3)
    assert realistic_mix(120, 3) != realistic_mix(120, 4)
