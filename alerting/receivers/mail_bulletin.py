"""A bulletin as a mail: plain text and HTML side by side; a reply and a digest's further pages in the thread of what they belong to. Pure.

A thread's first mail has the Message-ID `<ALERT_ID.0@…>` (`mail_text.message_id`), a digest's first page likewise: that is what stands in References.
"""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Final

from alerting.bulletin import Bulletin, Line, Piece, text_of
from alerting.escape import link, odd_host, plain
from alerting.receivers.mail_text import headed, on_the_wire, one_subject, page
from alerting.render import TEXT_LIMIT
from alerting.render_bulletin import HOST_LIMIT, POSSIBLE_REPEAT, more_lines, seamless, shown_line
from newswire.records import MessageKind

LINES_MOST: Final = 1_000
LINE_LIMIT: Final = 2_000


def bulletin_subject(bulletin: Bulletin) -> str:
    """Return the subject of a bulletin that stands in no thread, or in one whose subject is not known any more."""
    return one_subject(bulletin.fallback) or bulletin.kind.value


def bulletin_mail(
    bulletin: Bulletin, *, sender: str, to: Sequence[str], at: datetime, subject: str, in_thread: bool, text_only: bool = False
) -> bytes:
    """Return the mail as it goes on the wire; `subject` is that of its thread. The same bulletin gives the same Message-ID."""
    domain = sender.partition("@")[2]
    begins = bulletin.alert_id or bulletin.bulletin_id
    own = f"{bulletin.bulletin_id}.r{bulletin.sequence}"
    if bulletin.kind is not MessageKind.REPLY and not bulletin.sequence:
        own = f"{begins}.0"
    follows = in_thread and own != f"{begins}.0"
    made = headed(
        sender=sender,
        to=to,
        at=at,
        own_id=f"<{own}@{domain}>",
        parent_id=f"<{begins}.0@{domain}>" if follows else None,
        severity=bulletin.severity,
    )
    made["X-Newswire-Kind"] = bulletin.kind.value
    if bulletin.alert_id:
        made["X-Newswire-Alert"] = bulletin.alert_id
    made["X-Newswire-Severity"] = bulletin.severity.value
    html = None if text_only else _html(bulletin)
    return on_the_wire(made, f"Re: {subject}" if follows else subject, _text(bulletin), html, boundary=own.replace(".", "_"))


def _text(bulletin: Bulletin) -> str:
    lines = [shown_line(bulletin.heading, limit=LINE_LIMIT), ""]
    lines += [POSSIBLE_REPEAT, ""] if bulletin.possible_repeat else []
    for line in bulletin.lines[:LINES_MOST]:
        lines.append(shown_line(line, limit=LINE_LIMIT))
        lines += [f"  {address}" for piece in line if (address := link(piece.url)) is not None]
    left_out = len(bulletin.lines) - LINES_MOST
    lines += [more_lines(left_out)] if left_out > 0 else []
    return "\n".join([*lines, "", f"-- \nNewswire · {bulletin.kind} {bulletin.bulletin_id}", ""])


def _html(bulletin: Bulletin) -> str:
    rows = [f'<b dir="auto">{_row(bulletin.heading)}</b>']
    rows += [f"<b>{escape(POSSIBLE_REPEAT)}</b>"] if bulletin.possible_repeat else []
    rows += [f'<span dir="auto">{_row(line)}</span>' for line in bulletin.lines[:LINES_MOST]]
    left_out = len(bulletin.lines) - LINES_MOST
    rows += [escape(more_lines(left_out))] if left_out > 0 else []
    return page(rows, bulletin.severity)


def _row(line: Line) -> str:
    return "".join(_piece(piece) for piece in line) or "&nbsp;"


def _piece(piece: Piece) -> str:
    said = escape(seamless(text_of((piece,)), limit=TEXT_LIMIT))
    for wanted, tag in ((piece.code, "code"), (piece.bold, "b"), (piece.strike, "s")):
        said = f"<{tag}>{said}</{tag}>" if wanted else said
    address, host = link(piece.url), odd_host(piece.url)
    said = f'<a href="{escape(address)}" style="color:#1a4f9c">{said}</a>' if address else said
    return f"{said} ({escape(plain(host, limit=HOST_LIMIT))})" if host else said
