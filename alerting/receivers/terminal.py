"""The terminal as a receiver: the same message in colour. What a newcomer without a Slack token sees.

Never: passes a control character of a feed on: every foreign string goes through `escape.plain`, and rich parses no markup in it.
"""

import io
import sys
import threading
from collections import OrderedDict
from typing import Final, TextIO

from rich.console import Console
from rich.style import Style
from rich.text import Text

from alerting.bulletin import Bulletin, Line, Piece
from alerting.escape import link, odd_host, plain
from alerting.message import Message
from alerting.receivers import Accepted, Answer, FindAnswer, NotSent, Unreadable
from alerting.render import (
    COLOURS,
    TEXT_LIMIT,
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
from alerting.render_bulletin import HOST_LIMIT, POSSIBLE_REPEAT, UPDATE, seamless, standing_alone
from newswire.records import MessageKind, Severity

BAR: Final = "▌ "
ALERTS_KEPT: Final = 1_000
_CODE: Final = Style(color="cyan")


class TerminalReceiver:
    """Prints each alert when it comes; an edit is printed as one line more, for a terminal cannot take back."""

    reads_back = False
    threads = False
    spacing_s = 0.0

    def __init__(self, name: str = "terminal", *, stream: TextIO | None = None, colour: bool | None = None) -> None:
        """Print to `stream` (None: standard output); `colour` None leaves it to the terminal and NO_COLOR."""
        self.name = name
        plainly = {"color_system": None} if colour is False else {}
        self._stream = stream
        if isinstance(self._out, io.TextIOWrapper):
            self._out.reconfigure(errors="replace")  # a terminal that knows no Urdu shows question marks, and the alert
        is_terminal = Console(file=self._out, force_terminal=True if colour else None).is_terminal
        # It draws into a buffer: rich would end the process where a pipe is broken.
        self._console = Console(
            file=io.StringIO(),
            force_terminal=is_terminal,
            highlight=False,
            markup=False,
            emoji=False,
            **plainly,  # type: ignore[arg-type]
        )
        self._lock = threading.Lock()
        self._said: OrderedDict[str, tuple[object, ...]] = OrderedDict()  # what a reader knows of each alert

    @property
    def _out(self) -> TextIO:
        return self._stream if self._stream is not None else sys.stdout

    def clock_mark(self) -> str | Answer | None:
        return None

    def post(self, message: Message, *, plain: bool = False) -> Answer:  # noqa: ARG002 -- the port's signature
        self._news(message)
        return self._print(seen_as(message), message.alert_id, _lines(message, hyperlinks=self._console.is_terminal))

    def edit(self, message: Message, channel: str, reference: str, *, plain: bool = False) -> Answer:  # noqa: ARG002 -- the port's signature
        # A terminal cannot be edited: more evidence for what was said is not worth a line, something new is.
        if not self._news(message) or message.threaded:
            return Accepted("terminal", message.alert_id)
        return self._print(seen_as(message), message.alert_id, _update_lines(message))

    def find(self, alert_id: str, *, channel: str | None, since: str | None) -> FindAnswer:  # noqa: ARG002 -- the port's signature
        return Unreadable("terminal")

    def say(self, bulletin: Bulletin, *, channel: str | None, thread: str | None, plain: bool = False) -> Answer:  # noqa: ARG002 -- the port's signature
        lines = _bulletin_lines(standing_alone(bulletin), hyperlinks=self._console.is_terminal)
        return self._print(bulletin.severity, bulletin.bulletin_id, lines)

    def find_said(self, bulletin_id: str, *, channel: str | None, thread: str | None, since: str | None) -> FindAnswer:  # noqa: ARG002 -- the port's signature
        return Unreadable("terminal")

    def permalink(self, channel: str, reference: str) -> str | None:  # noqa: ARG002 -- the port's signature
        return None

    def _news(self, message: Message) -> bool:
        """Return whether there is something here that the reader was not told, and remember that it is told now."""
        now = (message.severity, tuple(shown.watchlist for shown in message.watchlists), len(message.supporting), message.unsupported)
        before = self._said.pop(message.alert_id, None)
        self._said[message.alert_id] = now
        if len(self._said) > ALERTS_KEPT:
            self._said.popitem(last=False)
        return now != before

    def _print(self, severity: Severity, reference: str, lines: list[Text]) -> Answer:
        bar = Text(BAR, style=COLOURS[severity])
        width = max(20, self._console.width - len(BAR))
        with self._lock:
            self._console.file = drawn = io.StringIO()
            for line in lines:
                for piece in line.wrap(self._console, width):
                    piece.rstrip()
                    self._console.print(Text.assemble(bar, piece), soft_wrap=True)
            self._console.print()
        try:
            self._out.write(drawn.getvalue())
            self._out.flush()
        except OSError as error:
            return NotSent(type(error).__name__)
        return Accepted("terminal", reference)


def _lines(message: Message, *, hyperlinks: bool) -> list[Text]:
    heading = Text(", ".join(plain(shown.title, limit=80) for shown in message.watchlists), style="bold")
    heading.append(f"   {severity_words(message)}", style=COLOURS[seen_as(message)])
    address = link(message.url)
    style = Style(bold=True, strike=bool(message.unsupported), link=address if hyperlinks else None)
    before, counted = origin_parts(message, address_shown=address is not None and not hyperlinks)
    when = dated(message, lambda at: f"{at.astimezone():%d %b %H:%M}")
    lines = [heading, *_notes(message)]
    lines.append(Text(plain(message.title, limit=TITLE_LIMIT) or "(no title)", style=style))
    if address and not hyperlinks:
        lines.append(Text(address, style="dim"))
    lines.append(Text(" · ".join(part for part in (before, when, counted) if part), style="dim"))
    parties = parties_line(message)
    if parties:
        lines.append(Text(parties))
    if message.quote:
        marked = [(text, "bold" if is_match else "italic") for text, is_match in quote_parts(message)]
        lines.append(Text.assemble(("“", "italic"), *marked, ("”", "italic")))
    lines.append(Text(facts_line(message), style="dim"))
    others = other_outlets(message)
    if others:
        lines.append(Text("also in: " + ", ".join(others), style="dim"))
    return lines


def _notes(message: Message) -> list[Text]:
    doubtful = warnings(message)
    return [Text(note, style="bold red" if note in doubtful else "italic") for note in notes(message)]


def _update_lines(message: Message) -> list[Text]:
    _, counted = origin_parts(message)
    head = Text("update: ", style="bold").append(plain(message.title, limit=TITLE_LIMIT) or "(no title)", style="")
    facts = Text(f"{message.severity} · {counted} · {facts_line(message)}", style="dim")
    return [head, *_notes(message), facts]


def _bulletin_lines(bulletin: Bulletin, *, hyperlinks: bool) -> list[Text]:
    heading = bulletin.heading[1:] if bulletin.heading[:1] == (Piece(UPDATE, bold=True),) else bulletin.heading
    head = Text("update: " if bulletin.kind is MessageKind.REPLY else "", style="bold")
    head.append_text(_bulletin_line(heading, hyperlinks=hyperlinks, style=Style(bold=True)))
    repeat = [Text(POSSIBLE_REPEAT, style="bold red")] if bulletin.possible_repeat else []
    return [head, *repeat, *(_bulletin_line(line, hyperlinks=hyperlinks, style=Style()) for line in bulletin.lines)]


def _bulletin_line(line: Line, *, hyperlinks: bool, style: Style) -> Text:
    said = Text(style=style)
    for piece in line:
        if piece.at is not None:
            said.append(f"{piece.at.astimezone():%d %b %H:%M}")
            continue
        address = link(piece.url)
        look = Style(bold=piece.bold or None, strike=piece.strike or None, link=address if hyperlinks else None)
        said.append(seamless(piece.text, limit=TEXT_LIMIT), style=look + _CODE if piece.code else look)
        if address and not hyperlinks:
            said.append(f" {address}", style="dim")
        elif host := odd_host(piece.url):
            said.append(f" ({plain(host, limit=HOST_LIMIT)})", style="dim")
    return said
