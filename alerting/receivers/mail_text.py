"""A message as a mail: plain text and HTML side by side, in a thread of its story by Message-ID and References. Pure.

Header values are cleaned to one line before the email package sees them, which refuses line breaks once more. The subject is that of the
first mail for as long as the story lives: some programs thread by it alone. The same message gives the same mail but for its date, so that
one which is sent again carries the same Message-ID.
"""

from collections.abc import Sequence
from datetime import datetime
from email import policy
from email.header import Header
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import Final

from alerting.escape import link, plain
from alerting.message import Message
from alerting.render import (
    COLOURS,
    TITLE_LIMIT,
    dated,
    facts_line,
    notes,
    origin_parts,
    other_outlets,
    parties_line,
    quote_parts,
    seen_as,
    severity_words,
    warnings,
)
from newswire.records import Severity

SUBJECT_LIMIT: Final = 180
_NO_TITLE: Final = "(no title)"


def subject_of(message: Message) -> str:
    """Return the subject that a story's thread begins with."""
    names = ", ".join(shown.title for shown in message.watchlists[:2])
    return one_subject(f"{names}: {message.title}")


def one_subject(text: str) -> str:
    """Return the text as a subject may hold it."""
    # What looks like an encoded word (RFC 2047) would be decoded by whoever reads it, to signs that were cleaned away before.
    return plain(text, limit=SUBJECT_LIMIT).replace("=?", "= ?")


def message_id(message: Message, sequence: int, sender: str) -> str:
    """Return the Message-ID of this version: made of the alert's id, so that a repeat has the same one."""
    return f"<{message.alert_id}.{sequence}@{sender.partition('@')[2]}>"


def mail(
    message: Message,
    *,
    sender: str,
    to: Sequence[str],
    at: datetime,
    subject: str,
    news: Sequence[str] = (),
    text_only: bool = False,
) -> bytes:
    """Return the mail about this version of the message as it goes on the wire. `news` are the sentences that an update begins with; `text_only` leaves the HTML out."""
    sequence = message.sequence
    made = headed(
        sender=sender,
        to=to,
        at=at,
        own_id=message_id(message, sequence, sender),
        parent_id=message_id(message, 0, sender) if sequence else None,
        severity=message.severity,
    )
    made["X-Newswire-Alert"] = message.alert_id
    made["X-Newswire-Severity"] = message.severity.value
    html = None if text_only else _html(message, news)
    return on_the_wire(
        made, f"Re: {subject}" if sequence else subject, _text(message, news), html, boundary=f"{message.alert_id}_{sequence}"
    )


def headed(*, sender: str, to: Sequence[str], at: datetime, own_id: str, parent_id: str | None, severity: Severity) -> EmailMessage:
    """Return a mail without subject and content; with a parent it stands in that one's thread."""
    made = EmailMessage(policy=policy.SMTP)
    made["From"] = f"Newswire <{sender}>"
    made["To"] = ", ".join(to)
    made["Date"] = format_datetime(at)
    made["Message-ID"] = own_id
    if parent_id is not None:
        made["In-Reply-To"] = parent_id
        made["References"] = parent_id
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office notes
    made["X-Auto-Response-Suppress"] = "All"  # the same in Exchange's own words
    if severity.rank >= _URGENT:
        made["Importance"] = "high"
    return made


def on_the_wire(made: EmailMessage, subject: str, text: str, html: str | None, *, boundary: str) -> bytes:
    """Return the mail with its contents, plain text and HTML side by side. `boundary` is made of our own ids."""
    made.set_content(text, charset="utf-8", cte="quoted-printable")
    if html is not None:
        made.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")
        # No line of quoted-printable begins with these signs: nothing inside can end a part.
        made.set_boundary(f"=_{boundary}")
    return _subject_line(subject) + made.as_bytes()


def page(rows: Sequence[str], severity: Severity) -> str:
    """Return the HTML of a mail: a paragraph for each row, which is HTML by now, beside a bar in the severity's colour."""
    inside = "\n".join(f'<p style="margin:0 0 6px">{row}</p>' for row in rows)
    style = f"border-left:4px solid {COLOURS[severity]};padding:2px 0 2px 12px;font:15px/1.4 sans-serif;color:#111"
    return f'<!doctype html>\n<html><head><meta charset="utf-8"></head><body>\n<div style="{style}">\n{inside}\n</div>\n</body></html>\n'


def _subject_line(subject: str) -> bytes:
    """Return the header. Folded by `Header`: EmailMessage loses the spaces between encoded words, which glues Urdu's words together."""
    header = Header(subject, "us-ascii" if subject.isascii() else "utf-8", maxlinelen=76, header_name="Subject")
    return b"Subject: " + header.encode(linesep="\r\n").encode("ascii") + b"\r\n"


_URGENT: Final = 3  # high and critical


def _text(message: Message, news: Sequence[str]) -> str:
    names = ", ".join(plain(shown.title, limit=80) for shown in message.watchlists)
    address, parties, others = link(message.url), parties_line(message), other_outlets(message)
    lines = [*news, *([""] if news else []), f"{names}   [{severity_words(message)}]", *notes(message), "", _title(message)]
    lines += [address] if address else []
    lines += [_origin(message), ""]
    lines += [parties] if parties else []
    if message.quote:
        lines += ["“" + "".join(text for text, _ in quote_parts(message)) + "”"]
    lines += [facts_line(message)]
    lines += ["also in: " + ", ".join(others)] if others else []
    return "\n".join([*lines, "", f"-- \nNewswire · alert {message.alert_id}", ""])


def _html(message: Message, news: Sequence[str]) -> str:
    names = ", ".join(plain(shown.title, limit=80) for shown in message.watchlists)
    address, parties, others = link(message.url), parties_line(message), other_outlets(message)
    title = f"<b>{escape(_title(message))}</b>"
    title = f'<a href="{escape(address)}" style="color:#1a4f9c">{title}</a>' if address else title
    title = f"<s>{title}</s>" if message.unsupported else title
    rows = [f"<b>{escape(one)}</b>" for one in news]
    rows.append(f"<b>{escape(names)}</b> &nbsp;<code>{escape(severity_words(message))}</code>")
    doubtful = warnings(message)
    rows += [f"<b>{escape(note)}</b>" if note in doubtful else f"<i>{escape(note)}</i>" for note in notes(message)]
    rows += [f'<span dir="auto">{title}</span>', f'<span style="color:#555">{escape(_origin(message))}</span>']
    if parties:
        rows.append(f"<s>{escape(parties)}</s>" if message.unsupported else escape(parties))
    if message.quote:
        parts = (f"<b>{escape(text)}</b>" if is_match else escape(text) for text, is_match in quote_parts(message))
        rows.append(f'<i dir="auto">“{"".join(parts)}”</i>')
    rows.append(f'<span style="color:#555">{escape(facts_line(message))}</span>')
    rows += [f'<span style="color:#555">{escape("also in: " + ", ".join(others))}</span>'] if others else []
    return page(rows, seen_as(message))


def _title(message: Message) -> str:
    return plain(message.title, limit=TITLE_LIMIT) or _NO_TITLE


def _origin(message: Message) -> str:
    before, counted = origin_parts(message)
    return " · ".join(part for part in (before, dated(message, "{:%Y-%m-%d %H:%M} UTC".format), counted) if part)
