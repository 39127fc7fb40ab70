"""A status is rewritten where it stands, and nothing else of the file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.watchlists.model import Status
from alerting.watchlists.rewrite import with_status
from newswire.errors import ConfigurationError
from newswire.strict_yaml import read_bytes

PLAIN = """\
# yaml-language-server: $schema=../schemas/watchlist.json
title: Cables   # shown above the headline
severity: high

# Until the desk has looked at it.
status: staged  # not live: status: staged
when: {any: [cable*]}
"""


def rewritten(text: str, status: Status = Status.ACTIVE) -> str:
    return with_status(text.encode(), status, "cables.yaml").decode()


def test_one_word_changes_and_the_comments_beside_it_stay() -> None:
    assert rewritten(PLAIN) == PLAIN.replace("\nstatus: staged", "\nstatus: active")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('title: x\nstatus: "staged"\n', 'title: x\nstatus: "muted"\n'),
        ("title: x\nstatus: 'staged' # now\n", "title: x\nstatus: 'muted' # now\n"),
        ("title: x\nstatus:\n  staged\n", "title: x\nstatus:\n  muted\n"),
        ("{title: x, status: staged, when: {any: [y]}}", "{title: x, status: muted, when: {any: [y]}}"),
        ("title: شبكات\r\nstatus: staged\r\nseverity: low", "title: شبكات\r\nstatus: muted\r\nseverity: low"),
        ("\ufefftitle: x\n'status': staged", "\ufefftitle: x\n'status': muted"),
        ("title: x\nseverity: low # loud\nwhen: {any: [y]}\n", "title: x\nseverity: low # loud\nstatus: muted\nwhen: {any: [y]}\n"),
        ("title: x\r\nwhen: {any: [y]}\r\n", "title: x\r\nstatus: muted\r\nwhen: {any: [y]}\r\n"),
        ("when: {any: [y]}\r\ntitle: x", "when: {any: [y]}\r\ntitle: x\r\nstatus: muted"),
        ("title: a long\n  title\n\n# why\nwhen: {any: [y]}\n", "title: a long\n  title\nstatus: muted\n\n# why\nwhen: {any: [y]}\n"),
        ("title: >-\n  a long\n  title\nwhen: {any: [y]}\n", "title: >-\n  a long\n  title\nstatus: muted\nwhen: {any: [y]}\n"),
        ("  title: x\n  when: {any: [y]}\n", "  title: x\n  status: muted\n  when: {any: [y]}\n"),
        ("{title: x, when: {any: [y]}}\n", "{status: muted, title: x, when: {any: [y]}}\n"),
    ],
)
def test_every_way_of_writing_it(before: str, after: str) -> None:
    assert rewritten(before, Status.MUTED) == after


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('title: x\nstatus: "st\\x61ged"\n', "cables.yaml:2: the status cannot be rewritten.*`status: active` by hand"),
        ("title: x\nstatus: |-\n  staged\n", "cables.yaml:2: the status cannot"),
        ("title: x\nstatus: [staged]\n", "cables.yaml:2: the status cannot"),
        ("title: x\nstatus:\n", "cables.yaml:2: the status cannot"),
        ("when: {any: [y]}\n", "cables.yaml:1: the status cannot"),
        ("title: x\nstatus: staged\nstatus: staged\n", "cables.yaml:3: duplicate key"),
        ("title: [x\n", "cables.yaml:1"),
        ("title: |+\n  x\n\n\nwhen: y\n", "cables.yaml:1: the status cannot"),
    ],
)
def test_what_cannot_be_rewritten_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        rewritten(text)


COMMENTS = st.sampled_from(["", "# status: draft\n", "\n", "#\n\n", "  # indented\n"])
TITLES = st.sampled_from(["title: x", 'title: "status: staged"', "title: 'it''s'  # two", "title: >\n  long\n  text", "title: نص"])
STATUSES = st.sampled_from(["", "status: staged", 'status: "staged"  # s', "status:   staged"])
SEVERITIES = st.sampled_from(["", "severity: low", "severity: high # status: muted"])


@given(
    parts=st.tuples(TITLES, STATUSES, SEVERITIES, st.just("when: {any: [status, draft]}")).flatmap(st.permutations),
    comments=st.lists(COMMENTS, min_size=5, max_size=5),
    windows=st.booleans(),
    status=st.sampled_from(Status),
)
def test_a_readable_file_is_refused_or_says_the_new_status_and_loses_no_line(
    parts: list[str], comments: list[str], status: Status, *, windows: bool
) -> None:
    lines = [f"{comment}{part}\n" if part else comment for comment, part in zip(comments, parts, strict=False)]
    text = "".join([*lines, comments[-1]])
    raw = (text.replace("\n", "\r\n") if windows else text).encode()
    before, _ = read_bytes(raw, "x")
    assert before is not None
    written = with_status(raw, status, "x")
    after, faults = read_bytes(written, "x")
    assert after is not None
    assert not faults
    assert after.values() == {**before.values(), "status": str(status)}
    old, new = raw.splitlines(), written.splitlines()
    if "status" in before.values():
        assert len(old) == len(new)
        assert sum(a != b for a, b in zip(old, new, strict=True)) <= 1
    else:
        assert [line for line in new if line != f"status: {status}".encode()] == old
    assert (b"\r\n" in written) == windows
    assert written.count(b"\n") == written.count(b"\r\n") or not windows
