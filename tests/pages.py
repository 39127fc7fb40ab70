"""The pages of the project, read for the tests that hold them: their fenced blocks, headings, links and pictures. Pure, but for `pages`."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

ROOT: Final = Path(__file__).parents[1]
_FENCE: Final = re.compile(r"^( *)(```+)([\w+-]*)[^\n`]*\n(.*?)^ *\2 *$", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(<?([^()\s<>]+(?:\([^()\s]*\)[^()\s<>]*)?)>?(?:\s+\"[^\"]*\")?\)")
_HEADING: Final = re.compile(r"^#{1,6} +(.*?)(?: +#+)?$", re.MULTILINE)
_NOT_IN_ANCHORS: Final = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: where it begins, what its fence says it is, and its lines without the indent of the fence."""

    page: str
    line: int  # of its first line of text
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def first_line(self) -> str:
        return self.text.partition("\n")[0].strip()

    @property
    def file(self) -> str | None:
        """The file that it says it is: `# watchlists/NAME.yaml` in its first line."""
        found = re.match(r"# ([\w./-]+\.\w+)(?=\s|$)", self.text)
        return found[1] if found else None


@dataclass(frozen=True, slots=True)
class Link:
    """A link or a picture with a target, as it is written."""

    page: str
    line: int
    words: str
    target: str
    picture: bool

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


@cache
def pages() -> Mapping[str, str]:
    """Return the text of every page that a reader of the project meets, by its path from the root."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md"), *(ROOT / "config").rglob("*.md")]
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in sorted(found)}


def blocks(page: str, text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page, in order."""
    for found in _FENCE.finditer(text):
        indent, _, language, body = found.groups()
        lines = [line.removeprefix(indent) for line in body.splitlines()]
        yield Block(page, text.count("\n", 0, found.start(4)) + 1, language, "\n".join(lines) + "\n")


def all_blocks(*languages: str) -> list[Block]:
    """Return the blocks of all pages, of these languages or of all."""
    return [block for page, text in pages().items() for block in blocks(page, text) if not languages or block.language in languages]


def prose_without_blocks(text: str) -> str:
    """Return the page with its fenced blocks blanked, every line in its place."""
    return _FENCE.sub(lambda found: "\n" * found[0].count("\n"), text)


def links(page: str, text: str) -> Iterator[Link]:
    """Yield the links and pictures of a page, those inside of a link's words too."""
    without_blocks = prose_without_blocks(text)
    for found in _LINK.finditer(without_blocks):
        line = without_blocks.count("\n", 0, found.start()) + 1
        yield Link(page, line, found[2], found[3], bool(found[1]))
        for inner in _LINK.finditer(found[2]):
            yield Link(page, line, inner[2], inner[3], bool(inner[1]))


def anchors(text: str) -> set[str]:
    """Return what stands behind `#` in links to the headings of a page, as forges make it."""
    seen: Counter[str] = Counter()
    made = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        words = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = _NOT_IN_ANCHORS.sub("", words.lower()).replace(" ", "-")
        made.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return made


def resolved(link: Link) -> tuple[str, str] | None:
    """Return the path from the root that a relative link leads to, and its anchor; None for one that leads to the web."""
    if re.match(r"[a-z][a-z0-9+.-]*:", link.target):
        return None
    target, _, anchor = link.target.partition("#")
    path = PurePosixPath(link.page).parent / target if target else PurePosixPath(link.page)
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            if not parts:
                return f"../{target}", anchor
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts), anchor
