"""Lines that are too long for a terminal, folded between words, by how wide each letter is there. No line is wider; a word that is, is broken. Pure."""

from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.text import Text

_RULER: Final = Console(width=80)  # rich asks one for its tabs, of which we have none
_STEP: Final = 2
_LEAST: Final = 32  # cells: beside a head that leaves less, a sentence is a ladder of words


def folded(head: Text, rest: Text, width: int) -> Iterator[Text]:
    """Yield `head` with `rest` beside it, which goes on below itself; where the head leaves too little room, a step in below the head."""
    beside = width - head.cell_len
    if rest.cell_len <= beside:
        yield head + rest
    elif beside >= _LEAST:
        for line in stepped(rest, beside):
            yield head + line
            head = Text(" " * head.cell_len)
    else:
        head.rstrip()
        yield head
        for line in stepped(rest, width - _STEP):
            yield Text(" " * _STEP) + line


def stepped(text: Text, width: int, step: int = 0) -> Iterator[Text]:
    """Yield the text in lines; all but the first stand so many cells further in."""
    for number, line in enumerate(text.wrap(_RULER, width - step, overflow="fold")):
        line.rstrip()
        yield Text(" " * step) + line if number else line
