"""libyaml's complaints in words that say what to do."""

from typing import Final

import yaml

_UNCLOSED: Final = (
    ("flow sequence", "this list is not closed: ']' or ',' is missing"),
    ("flow mapping", "these keys are not closed: '}' or ',' is missing"),
    ("quoted scalar", "this quoted text is not closed: the second quote is missing"),
)
_PROBLEMS: Final = (
    ("mapping values are not allowed", "a ':' makes no key here; put the text in quotes, or check the indentation"),
    ("could not find expected ':'", "':' is missing after the key in the line above"),
    ("did not find expected key", "a key is due here; check the indentation, and quote a text that begins or ends with a sign"),
    ("did not find expected '-' indicator", "a '-' is due here; check the indentation of the list"),
    ("cannot start any token", "a text cannot begin with this sign; put it in quotes"),
    ("expected alphabetic or numeric character", "a text cannot begin with * or &; put it in quotes"),
    ("expected comment or line break", "nothing may follow | or > in its line; begin the text in the next one"),
    ("block sequence entries are not allowed", "a list cannot begin here; put it on a line of its own"),
    ("unknown escape", "this backslash begins no escape; write \\\\, or use single quotes"),
    ("maximum nesting depth", "this is nested too deeply"),
    ("directive", "a line that begins with % is not allowed; delete it, or put the text in quotes"),
)


def syntax_words(error: yaml.MarkedYAMLError) -> tuple[int, int, str]:
    """Return line, column and words for what libyaml could not read, at the place that has to be mended."""
    problem, context = error.problem or "", error.context or ""
    mark = error.problem_mark or error.context_mark
    words = next((words for what, words in _PROBLEMS if what in problem), f"this is not YAML: {problem or context}")
    for what, unclosed in _UNCLOSED:
        if what in context and error.context_mark is not None and "escape" not in problem:
            mark, words = error.context_mark, unclosed
    return (mark.line + 1, mark.column + 1, words) if mark else (0, 0, words)
