"""Score the links of stories that return, on the diplomacy items of the corpus with the facts that are labelled there.

    python -m benchmarks.bench_returns

Precision: every item is told on its day, and looks for the story that it returns to among all that were told up to sixty days before; each link between
two stories of the corpus was read and judged (`RETURNS`: the same matter; anything else that is found counts as wrong, and is printed). Recall: of each pair of items that
tell one story, the later one is moved ten days on; a retelling is easier than a return, so this is a ceiling. Beside both a baseline: most shared marks alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import combinations

from alerting.stories import StoryIndex, document_of_record
from alerting.stories_member import Member
from alerting.stories_return import CANDIDATES, OlderStory, marks_of, returns_to
from benchmarks.stories_corpus import Record, event_of, measured, training

Link = tuple[str, str]
Finds = Callable[[Member, Sequence[OlderStory]], str | None]

RETURNS: frozenset[Link] = frozenset(
    {
        ("nexperia-nld-chn-2025-11", "nexperia-wang-karremans-call-2025-10"),
        ("tas-ee-estonia-ukraine-agree-on-app-keys-and-035b", "tae-ua-ee-mriia"),
    }
)
"""Stories of the corpus that return to another one, as they were judged: the newer, the older."""

MOVED = timedelta(days=10)
BASELINE_MARKS = 2


def main() -> None:
    records = [record for record in (*measured(), *training()) if record["label"] == "diplomacy" and record.get("published")]
    members = _members(records)
    stories = {record["id"]: event_of(record) for record in records}
    pairs = _retold(records)
    print(f"{len(records):,} items, {len(set(stories.values())):,} stories, {len(pairs)} pairs of one story")
    for name, finds in (("returns_to", _found), (f"{BASELINE_MARKS} shared marks", _most_marks)):
        links = _links(members, stories, finds)
        right = links & RETURNS
        for link in sorted(links - RETURNS) if finds is _found else ():
            print(f"  not judged to be a return: {link[0]} -> {link[1]}")
        found = sum(finds(later, _narrowed(later, [_story(before)])) is not None for before, later in pairs)
        precision = len(right) / len(links) if links else 1.0
        print(
            f"{name}: {len(links)} links, precision {precision:.2f}; recall on retold pairs {found / len(pairs):.2f} ({found} of {len(pairs)})"
        )


def _found(alone: Member, candidates: Sequence[OlderStory]) -> str | None:
    found = returns_to(alone, candidates)
    return found.story_id if found is not None else None


def _most_marks(alone: Member, candidates: Sequence[OlderStory]) -> str | None:
    """Return the candidate with most marks in common, where it has some."""
    best = max(candidates, key=lambda story: _shared(alone, story), default=None)
    return best.story_id if best is not None and _shared(alone, best) >= BASELINE_MARKS else None


def _members(records: Sequence[Record]) -> list[Member]:
    index = StoryIndex()
    placed = (index.place(document_of_record(record))[1] for record in records)
    return sorted(placed, key=lambda member: (member.dated_at or 0.0, member.item_id))


def _links(members: Sequence[Member], stories: dict[str, str], finds: Finds) -> set[Link]:
    """Return which story returns to which, as each item is told in its turn."""
    told: dict[str, OlderStory] = {}
    links = set()
    for member in members:
        story = stories[member.item_id]
        if story not in told:
            within = [one for one in told.values() if (member.dated_at or 0.0) - one.last_at <= 120 * 86_400]
            found = finds(member, _narrowed(member, within))
            if found is not None:
                links.add((story, found))
        before = told.get(story)
        kept = [*(before.members if before else ()), member]
        told[story] = OlderStory(story, member.dated_at or 0.0, kept)
    return links


def _narrowed(alone: Member, stories: Sequence[OlderStory]) -> list[OlderStory]:
    """Return those stories that the store would find by their marks, of the first that told each."""
    sharing = [story for story in stories if _shared(alone, story) >= 1]
    return sorted(sharing, key=lambda story: -_shared(alone, story))[:CANDIDATES]


def _shared(alone: Member, story: OlderStory) -> int:
    return len(set(marks_of(alone)) & set(marks_of(story.members[0])))


def _retold(records: Sequence[Record]) -> list[tuple[Member, Member]]:
    index = StoryIndex()
    found = []
    for one, other in combinations(records, 2):
        if event_of(one) == event_of(other):
            before, later = (
                index.place(document_of_record(record))[1] for record in sorted((one, other), key=lambda record: record["published"])
            )
            found.append((before, replace(later, dated_at=(before.dated_at or 0.0) + MOVED.total_seconds())))
    return found


def _story(member: Member) -> OlderStory:
    return OlderStory(member.story_id, member.dated_at or 0.0, [member])


if __name__ == "__main__":
    main()
