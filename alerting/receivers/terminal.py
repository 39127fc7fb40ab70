"""The terminal as a receiver: the same message in colour. What a newcomer without a Slack token sees.

Never: passes a control character of a feed on: every foreign string goes through `escape.plain`, and rich parses no markup in it.
"""

import io
import sys
import threading
from typing import Final, TextIO

from rich.console import Console
from rich.style import Style
from rich.text import Text

from alerting.escape import link, plain
from alerting.message import Message
from alerting.receivers import Accepted, Answer, FindAnswer, NotSent, Unreadable
from alerting.render import COLOURS, TITLE_LIMIT, facts_line, notes, origin_parts, other_outlets, parties_line, quote_parts

BAR: Final = "▌ "


class TerminalReceiver:
    """Prints each alert when it comes; an edit is printed as one line more, for a terminal cannot take back."""

    reads_back = False
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

    @property
    def _out(self) -> TextIO:
        return self._stream if self._stream is not None else sys.stdout

    def clock_mark(self) -> str | Answer | None:
        return None

    def post(self, message: Message, *, plain: bool = False) -> Answer:  # noqa: ARG002 -- the port's signature
        return self._print(message, _lines(message, hyperlinks=self._console.is_terminal))

    def edit(self, message: Message, channel: str, reference: str, *, plain: bool = False) -> Answer:  # noqa: ARG002 -- the port's signature
        return self._print(message, _update_lines(message))

    def find(self, alert_id: str, *, channel: str | None, since: str | None) -> FindAnswer:  # noqa: ARG002 -- the port's signature
        return Unreadable("terminal")

    def _print(self, message: Message, lines: list[Text]) -> Answer:
        bar = Text(BAR, style=COLOURS[message.severity])
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
        return Accepted("terminal", message.alert_id)


def _lines(message: Message, *, hyperlinks: bool) -> list[Text]:
    heading = Text(", ".join(plain(shown.title, limit=80) for shown in message.watchlists), style="bold")
    heading.append(f"   {message.severity}", style=COLOURS[message.severity])
    address = link(message.url)
    style = Style(bold=True, strike=bool(message.unsupported), link=address if hyperlinks else None)
    before, counted = origin_parts(message)
    moment = f" · {message.published_at.astimezone():%d %b %H:%M}" if message.published_at else ""
    lines = [heading, *(Text(note, style="bold red") for note in notes(message))]
    lines.append(Text(plain(message.title, limit=TITLE_LIMIT) or "(no title)", style=style))
    if address and not hyperlinks:
        lines.append(Text(address, style="dim"))
    lines.append(Text(f"{before}{moment} · {counted}", style="dim"))
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


def _update_lines(message: Message) -> list[Text]:
    _, counted = origin_parts(message)
    head = Text("update: ", style="bold").append(plain(message.title, limit=TITLE_LIMIT) or "(no title)", style="")
    facts = Text(f"{message.severity} · {counted} · {facts_line(message)}", style="dim")
    return [head, *(Text(note, style="bold red") for note in notes(message)), facts]
