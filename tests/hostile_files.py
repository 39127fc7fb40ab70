"""Files that a watchlist folder must survive, with what is said of each: the small ones checked in, the others made here."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

SMALL: Final = Path(__file__).parent / "golden" / "watchlists" / "hostile"
"""One file, one mistake; what is said of each stands in `hostile.txt` beside the folder."""

GOOD: Final = """title: A good one among them
status: draft
when: {any: [esports]}
"""

_HEAD: Final = "title: T\nstatus: draft\nwhen:\n  any: [esports]\n"
_DEEP: Final = 10_000


def _text(text: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_text(text, "utf-8")

    return write


def _lines(head: str, line: str, count: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_text(head + "".join(line.format(n=n) for n in range(count)), "utf-8")

    return write


def _fifty_megabytes(path: Path) -> None:
    with path.open("wb") as file:
        file.write(_HEAD.encode())
        file.truncate(50 * 1024 * 1024)


def _symlink_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def _symlink_to_nothing(path: Path) -> None:
    path.symlink_to("not-there.yaml")


_TOO_MANY_VALUES: Final = "more than 75000 values are too many for one file; split it"
_DEEPER: Final = "nested deeper than 20 levels"

MADE: Final[Mapping[str, tuple[Callable[[Path], None], str]]] = {
    "deep-brackets": (_text("a: " + "[" * _DEEP), "this is nested too deeply"),
    "deep-braces": (_text("{a: " * _DEEP), _DEEPER),
    "deep-dashes": (_text("a:\n" + "- " * _DEEP + "x\n"), _DEEPER),
    "deep-blocks": (_text("".join(" " * n + "a:\n" for n in range(1_000))), _DEEPER),
    "fifty-megabytes": (_fifty_megabytes, "the file is larger than 1024 KiB; split it"),
    "line-of-two-megabytes": (_text("title: " + "x" * 2_000_000), "the file is larger than 1024 KiB; split it"),
    "line-of-a-megabyte": (_text(_HEAD.replace("title: T", "title: " + "x" * 1_000_000)), "1000000 characters are too many; at most 2000"),
    "key-of-a-megabyte": (_text("a" * 1_000_000 + ": x\n"), "a ':' makes no key here"),
    "unclosed-megabyte": (_text('title: "' + "x " * 500_000), "this quoted text is not closed"),
    "half-a-million-values": (_text("a: [" + "x," * 500_000 + "]\n"), _TOO_MANY_VALUES),
    "half-a-million-nulls": (_text("a:\n" + "-\n" * 500_000), _TOO_MANY_VALUES),
    "a-million-tabs": (_text("\t\n" * 500_000), "a text cannot begin with this sign"),
    "spaces": (_text(" " * 1_000_000 + "x"), "keys with values are due here"),
    "dashes": (_text(_HEAD + "-" * 1_000_000), "':' is missing after the key"),
    "unknown-keys": (_lines(_HEAD, "key{n}: x\n", 35_000), "unknown key 'key0'"),
    "the-same-key": (_lines(_HEAD, "a: 1\n", 200_000), "duplicate key 'a'"),
    "bad-terms": (_lines("title: T\nwhen:\n  any:\n", "    - x\n", 10_000), "'x' is a single character"),
    "too-many-terms": (_lines("title: T\nwhen:\n  any:\n", "    - word {n}\n", 60_000), "60000 entries are too many; at most 10000"),
    "bad-countries": (_lines("title: T\nwhen:\n  partners:\n", "    - zz{n}\n", 10_000), "unknown country 'zz0'"),
    "bad-tests": (_lines(_HEAD + "tests:\n", "  - {{}}\n", 70_000), "the key 'item' is missing here"),
    "blocks": (_lines("title: T\nwhen:\n  any_of:\n", "    - {{any: [x]}}\n", 9_000), "'x' is a single character"),
    "tags": (_lines(_HEAD + "tags:\n", "- !a b\n", 140_000), "the tag !a is not allowed"),
    "aliases": (_lines("title: &t T\n", "a{n}: *t\n", 90_000), "the anchor &t is not allowed"),
    "controls": (_text(_HEAD + "\x01" * 500_000), "U+0001 (a control character) is not allowed here"),
    "a-folder": (Path.mkdir, "this is not a regular file"),
    "a-pipe": (os.mkfifo, "this is not a regular file"),
    "symlink-to-itself": (_symlink_to_itself, "cannot be read: too many levels of symbolic links"),
    "symlink-to-nothing": (_symlink_to_nothing, "cannot be read: no such file or directory"),
}
"""Each hostile file by its name: what makes it, and the words that must be said of it."""


SLOW: Final = frozenset({"bad-tests", "blocks", "too-many-terms", "unknown-keys", "half-a-million-values", "half-a-million-nulls"})
"""Those that take a good part of their second: for the acceptance test and `make bench-check`."""


def write_all(folder: Path) -> None:
    """Fill a folder of watchlists with every hostile file, and one good watchlist called `good`."""
    folder.mkdir(parents=True)
    for path in SMALL.glob("*.yaml"):
        shutil.copy(path, folder)
    for name, (make, _) in MADE.items():
        make(folder / f"{name}.yaml")
    (folder / "good.yaml").write_text(GOOD, "utf-8")
    (folder / "line\nend and \x1b[31mred.yaml").write_text(GOOD, "utf-8")
    (folder / os.fsdecode(b"not utf-8 \xff.yaml")).write_text(GOOD, "utf-8")
    (folder / "other-ending.yml").write_text(GOOD, "utf-8")
