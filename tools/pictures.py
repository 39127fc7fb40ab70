"""Photograph what readers see, for docs/pictures: `python tools/pictures.py` writes one PNG a message.

The golden files of tests/golden/slack are drawn with a style sheet of our own that is like Slack's, and photographed by a headless Chromium.
Needed beside Newswire itself are a browser and fonts (Debian: chromium-headless-shell fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji fonts-lato).
No test needs them.
"""

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from html import escape
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from alerting.receivers.terminal import TerminalReceiver
from tools.picture_scenes import GOLDEN, digest, message, thread

ROOT = Path(__file__).parents[1]
ZONE = timezone(timedelta(hours=5), "PKT")
SHOWN = {
    "alert-high": ["games-industry-three-outlets"],
    "alert-urdu": ["urdu-envoy"],
    "alert-critical": ["chinese-protest-critical"],
    "alert-told-before": ["earlier-other-channel"],
    "alert-not-supported": ["not-supported"],
}
TERMINAL = ["games-industry-three-outlets"]
WIDTH = 760
STYLE = """
* { box-sizing: border-box }
body { margin: 0; background: #fff; color: #1d1c1d; font: 15px/22px Lato, "Noto Sans", "Noto Sans Arabic", "Noto Nastaliq Urdu", "Noto Sans CJK SC", "Noto Sans Devanagari", "Noto Color Emoji", sans-serif }
.message { display: flex; gap: 8px; padding: 10px 20px 14px }
.icon { width: 36px; height: 36px; border-radius: 6px; background: #1a2b49; color: #fff; font-weight: 900; text-align: center; line-height: 36px; flex: none }
.who b { font-weight: 900 } .who .app { font-size: 10px; line-height: 14px; background: #ddd; color: #616061; padding: 1px 3px; border-radius: 2px; margin: 0 6px; font-weight: 700 }
.who .at { font-size: 12px; color: #616061 }
.body { flex: 1; min-width: 0 }
.card { display: flex; margin-top: 4px } .bar { width: 4px; border-radius: 8px; flex: none; margin-right: 12px }
p, blockquote { margin: 0; white-space: pre-wrap; overflow-wrap: break-word }
.card p { padding: 1px 0 }
blockquote { border-left: 4px solid #ddd; border-radius: 4px; padding-left: 12px; margin: 4px 0 }
blockquote[dir="auto"]:dir(rtl), .rtl { border-left: 0; border-right: 4px solid #ddd; padding: 0 12px 0 0 }
a { color: #1264a3; text-decoration: none }
b { font-weight: 700 } ul { margin: 0; padding-left: 24px }
.thread { margin: 0 20px 0 64px; font-size: 13px; color: #616061; border-bottom: 1px solid #ddd; padding-bottom: 4px }
.context { font-size: 13px; line-height: 18px; color: #616061; margin-top: 4px }
"""


def main() -> int:
    """Write the pictures and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    parser.add_argument("--browser", default=shutil.which("chromium-headless-shell") or shutil.which("chromium"))
    parser.add_argument("--sheet", action="store_true", help="one picture of all the names")
    parser.add_argument("names", nargs="*", help="golden messages to photograph, each for itself; without: those of the docs")
    asked = parser.parse_args()
    if asked.browser is None:
        sys.stderr.write("pictures: no headless Chromium is installed; see the head of this file\n")
        return 1
    asked.out.mkdir(parents=True, exist_ok=True)
    pages = ({"sheet": asked.names} if asked.sheet else {name: [name] for name in asked.names}) or SHOWN
    for name, messages in pages.items():
        photograph(asked.browser, page([slack_message(message) for message in messages]), asked.out / f"{name}.png")
    if not asked.names:
        photograph(asked.browser, terminal_page(TERMINAL), asked.out / "alert-terminal.png")
        photograph(asked.browser, page(thread_shown()), asked.out / "thread.png")
        photograph(asked.browser, page([drawn(*digest())]), asked.out / "digest.png")
    return 0


def page(messages: list[str]) -> str:
    """Return the HTML of a channel with these messages."""
    return f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style><body>{"".join(messages)}</body>'


def slack_message(name: str) -> str:
    """Return a golden message as Slack would draw it."""
    return drawn(json.loads((GOLDEN / f"{name}.json").read_text("utf-8")), message(name).seen_at)


def thread_shown() -> list[str]:
    """Return a thread as Slack would draw it."""
    parent, replies = thread()
    counted = f'<div class="thread">{len(replies)} replies</div>'
    return [drawn(*parent), counted, *(drawn(*reply) for reply in replies)]


def drawn(said: dict[str, Any], at: datetime) -> str:
    """Return what was sent to Slack at a moment as Slack would draw it."""
    now = at.astimezone(ZONE)
    cards = "".join(
        f'<div class="card"><div class="bar" style="background:{card["color"]}"></div><div>{blocks(card["blocks"], now)}</div></div>'
        for card in said.get("attachments", ())
    )
    who = f'<div class="who"><b>Newswire</b><span class="app">APP</span><span class="at">{now:%H:%M}</span></div>'
    return f'<div class="message"><div class="icon">N</div><div class="body">{who}{blocks(said["blocks"], now)}{cards}</div></div>'


def blocks(given: list[dict[str, Any]], now: datetime) -> str:
    """Return blocks as HTML: `rich_text` and `context` are all that an alert is made of."""
    html = []
    for block in given:
        if block["type"] == "context":
            html += [f'<p class="context" dir="auto">{escape(one["text"])}</p>' for one in block["elements"]]
            continue
        for section in block["elements"]:
            if section["type"] == "rich_text_list":
                lines = ("".join(element(one, now) for one in line["elements"]) for line in section["elements"])
                html.append("<ul>" + "".join(f'<li dir="auto">{line}</li>' for line in lines) + "</ul>")
                continue
            tag = "blockquote" if section["type"] == "rich_text_quote" else "p"
            html.append(f'<{tag} dir="auto">{"".join(element(one, now) for one in section["elements"])}</{tag}>')
    return "".join(html)


def element(one: dict[str, Any], now: datetime) -> str:
    """Return one element of a section as HTML."""
    text = escape(moment(one, now) if one["type"] == "date" else one["text"])
    for style, tag in (("bold", "b"), ("strike", "s"), ("italic", "i"), ("code", "code")):
        if one.get("style", {}).get(style):
            text = f"<{tag}>{text}</{tag}>"
    return f'<a href="{escape(one["url"])}">{text}</a>' if one["type"] == "link" else text


def moment(one: dict[str, Any], now: datetime) -> str:
    """Return a date as Slack says it to a reader in Pakistan: today, yesterday, or the day."""
    at, today = datetime.fromtimestamp(one["timestamp"], ZONE), now.date()
    day = {0: "today", 1: "yesterday"}.get((today - at.date()).days, f"{at:%b} {at.day}, {at.year}")
    return f"{day} {at:%H:%M}"


def terminal_page(names: list[str]) -> str:
    """Return the HTML of a terminal that shows these messages, in the colours that it would have."""
    os.environ |= {"COLORTERM": "truecolor", "TERM": "xterm-256color"}
    drawn = io.StringIO()
    receiver = TerminalReceiver(stream=drawn, colour=True)
    for name in names:
        receiver.post(message(name))
    recorder = Console(record=True, width=100, file=io.StringIO(), force_terminal=True)
    recorder.print(Text.from_ansi(drawn.getvalue()), soft_wrap=True)
    shown = recorder.export_html(inline_styles=True, code_format="<pre>{code}</pre>")
    style = 'body{margin:0;background:#16181d;color:#e6e6e6}pre{margin:14px 18px;font:14px/20px "DejaVu Sans Mono","Noto Sans Mono CJK SC","Noto Color Emoji",monospace;white-space:pre-wrap}a{color:inherit}'
    return f'<!doctype html><meta charset="utf-8"><style>{style}</style><body>{shown}</body>'


def photograph(browser: str, html: str, picture: Path) -> None:
    """Write the picture of a page, as high as the page is."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(html, encoding="utf-8")
        height = page_height(browser, source, folder)
        run(browser, folder, f"--window-size={WIDTH},{height}", "--force-device-scale-factor=2", f"--screenshot={picture}", str(source))
    sys.stdout.write(f"{picture} {picture.stat().st_size:,} bytes\n")


def page_height(browser: str, source: Path, folder: str) -> int:
    """Return how high the page is at our width: it writes that into its own title."""
    probe = source.with_name("probe.html")
    script = "<script>document.title = document.body.scrollHeight</script>"
    probe.write_text(source.read_text("utf-8").replace("</body>", f"{script}</body>"), encoding="utf-8")
    dumped = run(browser, folder, f"--window-size={WIDTH},100", "--dump-dom", str(probe))
    return int(dumped.partition("<title>")[2].partition("</title>")[0])


def run(browser: str, folder: str, *arguments: str) -> str:
    """Return what the browser printed."""
    always = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/profile")
    done = subprocess.run([browser, *always, *arguments], check=True, capture_output=True, text=True, timeout=60)  # noqa: S603 -- the browser of whoever runs this
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
