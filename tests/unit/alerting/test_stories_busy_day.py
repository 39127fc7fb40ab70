"""One day with much news: one release in forty outlets is one story, ten calls on one minister are ten."""

import json
from collections import Counter, defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerting.stories import StoryIndex, document_of_record
from alerting.stories_member import Document, Member
from tests.fakes import NOW
from tests.measured import Say
from tests.rewriter import rewrites

CORPUS = Path(__file__).parents[3] / "corpus"
ENVOYS = (
    ("CN", "Chinese", "Jiang Zaidong", "a cloud region for the universities"),
    ("KR", "South Korean", "Park Kijun", "a chip design course"),
    ("TR", "Turkish", "Irfan Neziroglu", "a game studio in Lahore"),
    ("FR", "French", "Nicolas Galey", "a school of cyber security"),
    ("DE", "German", "Alfred Grannas", "vocational training for programmers"),
    ("AE", "UAE", "Hamad Al Zaabi", "a payment link between the two central banks"),
    ("UZ", "Uzbek", "Alisher Tukhtaev", "a fibre line through Termez"),
    ("US", "US", "Natalie Baker", "export rules for graphics processors"),
    ("JP", "Japanese", "Akamatsu Shuichi", "open radio networks"),
    ("SA", "Saudi", "Nawaf Al Malki", "a founding seat in the digital body"),
)


def others(number: int) -> list[Document]:
    """Return so many items of the corpus, all as if they had been told on one day."""
    lines = [line for path in sorted(CORPUS.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    records: list[dict[str, Any]] = [json.loads(line) for line in lines[:: max(1, len(lines) // number)][:number]]
    return [
        document_of_record({**record, "published": (NOW + timedelta(minutes=n * 540 // number)).isoformat()})
        for n, record in enumerate(records)
    ]


def call(n: int) -> Document:
    code, demonym, envoy, subject = ENVOYS[n]
    return Document(
        item_id=f"call-{n}",
        title=f"{demonym} ambassador calls on IT minister",
        lead=f"Ambassador {envoy} called on the federal minister for IT and telecommunication, Shaza Fatima Khawaja, in Islamabad on Monday.",
        text=f"The two sides discussed cooperation in information technology, start-ups and {subject}. The minister said that Pakistan valued its "
        f"ties with the {demonym} government. The ambassador praised the young IT workforce and promised to promote joint ventures.",
        dated_at=NOW + timedelta(minutes=40 * n),
        language="en",
        label="diplomacy",
        home="PK",
        partners=frozenset({code}),
        topics=frozenset({"startups_innovation"}),
        people=(envoy, "Shaza Fatima Khawaja"),
    )


def placed(documents: list[Document]) -> dict[str, str]:
    index, stories = StoryIndex(), {}
    for document in sorted(documents, key=lambda one: (one.dated_at or NOW, one.item_id)):
        placement, member = index.place(document)
        index.add(member)
        stories[document.item_id] = placement.story_id
    return stories


def test_forty_outlets_tell_one_story_among_four_hundred_other_items(say: Say) -> None:
    told, beside = rewrites(40, NOW), others(400)
    stories = placed([*told, *beside])
    of_release = {stories[one.item_id] for one in told}
    assert len(of_release) == 1
    (story,) = of_release
    assert Counter(stories.values())[story] == 40, [item for item, of in stories.items() if of == story and not item.startswith("outlet")]
    events = event_of_item()
    first: dict[str, str] = {}
    wrong = sum(first.setdefault(stories[one.item_id], events[one.item_id]) != events[one.item_id] for one in beside)
    say(
        f"forty rewrites in one story of 40; of 400 other items of one day {wrong} were put into a story of another event ({wrong / 4:.1f} %)"
    )
    assert wrong < 40


def event_of_item() -> dict[str, str]:
    events = {}
    for path in CORPUS.glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            events[record["id"]] = record["story"]
    return events


def test_ten_calls_on_one_minister_on_one_day_are_ten_stories() -> None:
    assert len(set(placed([call(n) for n in range(len(ENVOYS))]).values())) == len(ENVOYS)


@pytest.mark.parametrize("cut", [1, 13, 47, 60])
def test_a_restart_changes_no_story(cut: int) -> None:
    documents = sorted([*rewrites(20, NOW), *(call(n) for n in range(10)), *others(30)], key=lambda one: (one.dated_at or NOW, one.item_id))
    through, stored = StoryIndex(), []
    for document in documents[:cut]:
        _, member = through.place(document)
        through.add(member)
        stored.append(json.dumps(member.to_facts()))
    by_story: defaultdict[str, list[Member]] = defaultdict(list)
    for text in stored:
        member = Member.from_facts(json.loads(text))
        by_story[member.story_id].append(member)
    # The store gives the members story by story, not in the order in which they came.
    anew = StoryIndex(member for story in sorted(by_story) for member in by_story[story])
    for document in documents[cut:]:
        expected, member = through.place(document)
        found, again = anew.place(document)
        assert (found, again) == (expected, member)
        through.add(member)
        anew.add(again)
