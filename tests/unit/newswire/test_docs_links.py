"""Every link of every page leads somewhere, every page can be found, every picture is there and says what it shows."""

import pytest

from tests.pages import ROOT, Link, anchors, links, pages, resolved

ENTRANCES = ("README.md", "docs/operating.md")
ALONE = {"SECURITY.md": "forges show it under a heading of their own", "CHANGELOG.md": "forges and package indexes look for it by its name"}


def fault(link: Link) -> str | None:
    """Return what is wrong with a relative link; None where it leads somewhere."""
    found = resolved(link)
    if found is None:
        return None
    path, anchor = found
    if not (ROOT / path).exists():
        return f"{link.place}: there is no {path}"
    if anchor and path in pages() and anchor not in anchors(pages()[path]):
        return f"{link.place}: {path} has no heading #{anchor}"
    return None


def every_link() -> list[Link]:
    return [link for page, text in pages().items() for link in links(page, text)]


def test_every_relative_link_and_anchor_leads_somewhere() -> None:
    assert [said for link in every_link() if (said := fault(link))] == []


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nowhere.md", "there is no docs/nowhere.md"),
        ("slack.md#no-such", "docs/slack.md has no heading #no-such"),
        ("../../up.md", "there is no ../"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(target: str, words: str) -> None:
    said = fault(Link("docs/a.md", 3, "words", target, picture=False))
    assert said is not None
    assert words in said


def test_every_page_is_reached_from_an_entrance() -> None:
    reached, ahead = set(ENTRANCES), list(ENTRANCES)
    while ahead:
        page = ahead.pop()
        for link in links(page, pages()[page]):
            found = resolved(link)
            if found and found[0] in pages() and found[0] not in reached:
                reached.add(found[0])
                ahead.append(found[0])
    orphans = sorted(set(pages()) - reached - set(ALONE))
    assert orphans == [], "link to these from README.md, docs/README.md or docs/operating.md, where their readers look"


def test_every_picture_is_there_and_says_what_it_shows() -> None:
    pictures = [link for link in every_link() if link.picture]
    assert len(pictures) > 5
    assert [link.place for link in pictures if len(link.words.split()) < 3] == []


def test_every_picture_that_is_there_is_shown() -> None:
    shown = {found[0] for link in every_link() if link.picture and (found := resolved(link))}
    kept = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*") if path.suffix in {".png", ".svg", ".jpg"}}
    assert sorted(kept - shown) == []
