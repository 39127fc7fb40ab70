"""Every setting, metric, reason, topic, command and option stands in the docs with words, and taking one out is noticed."""

import re
from enum import StrEnum

from newswire.cli.reason_words import MEANINGS, meanings
from newswire.outcomes import FetchReason, HoldReason
from tests.documented import Name, every_name, undocumented
from tests.pages import pages

REFERENCE = pages()["docs/reference.md"] + "\n" + pages()["docs/metrics.md"]


def test_nothing_is_left_out() -> None:
    assert undocumented(REFERENCE) == [], "`newswire reference` writes docs/reference.md and docs/metrics.md anew"


def test_there_is_something_to_look_for() -> None:
    kinds = [name.kind for name in every_name()]
    least = {"setting": 50, "metric": 60, "explained metric": 70, "topic": 4, "command": 35, "option": 100, "reason": 120}
    assert {kind for kind, count in least.items() if kinds.count(kind) < count} == set()


def test_each_name_that_is_taken_out_is_missed() -> None:
    """For each name: without the row, or the option, that stands for it, the checker names just that."""
    unnoticed: list[Name] = []
    for name in every_name():
        without = name.taken_out(REFERENCE)
        if without == REFERENCE or name.stands_in(without):
            unnoticed.append(name)
    assert unnoticed == []


def test_one_line_less_is_one_name_more_that_is_missed() -> None:
    """Not only by the name's own pattern: a line taken out of the file, as by a slip of an editor, is missed by the whole checker."""
    lines = REFERENCE.splitlines(keepends=True)
    rows = [n for n, line in enumerate(lines) if re.match(r"\| `", line) and not line.startswith("| `value`")]
    # Each tenth, so that the test stays quick; the one above takes every name.
    assert [lines[n] for n in rows[::10] if not undocumented("".join(lines[:n] + lines[n + 1 :]))] == []


def test_a_name_without_words_is_missed() -> None:
    bare = re.sub(r"^\| `newswire why` \|.*$", "| `newswire why` | | |", REFERENCE, flags=re.MULTILINE)
    assert "newswire why" in [name.name for name in undocumented(bare)]


def test_every_reason_has_a_sentence() -> None:
    kinds: list[type[StrEnum]] = [*MEANINGS, HoldReason]
    for kind in kinds:
        for value, words in meanings(kind):
            assert words.endswith("."), (kind.__name__, value)
            assert len(words.split()) >= 3, (kind.__name__, value)


def test_no_words_are_kept_of_a_value_that_is_gone() -> None:
    assert [(kind.__name__, value) for kind, words in MEANINGS.items() for value in words if value not in set(kind)] == []


def test_what_went_wrong_says_what_to_do() -> None:
    """A fetch that failed for a reason that a person can mend names the setting, the file or the deed."""
    todo = re.compile(r"`|look at|ask its|tried again|must mend|look for|only the site|may help|done after|write", re.IGNORECASE)
    failures = {value: words for value, words in meanings(FetchReason) if value not in {"ok", "not_modified", "redirected"}}
    assert [value for value, words in failures.items() if not todo.search(words)] == []
