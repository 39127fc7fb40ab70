"""Bulletins and foreign strings for the tests of receivers."""

from datetime import UTC, datetime
from typing import Any, Final

from hypothesis import strategies as st

from alerting.bulletin import Bulletin, Piece
from alerting.updates import NewReport, Update, laid_out, numbered
from newswire.records import MessageKind, Severity

ALERT: Final = "a1" * 16
STORY: Final = "5" * 32
DIGEST: Final = "d1" * 16
AT: Final = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)

HOSTILE: Final = (
    "<!channel>",
    "<@U1> <!subteam^S1|all> <#C1>",
    "<http://evil.example|https://bank.example>",
    "\u202etxt.exe\u202c \u2066x\u2069",
    "\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07x\x1b]8;;\x07 \x9b31m",
    "\x00\x07\r\n> quote\u2028\u2029\x85",
    "`code` *bold* _it_ ~no~ &amp; &lt;!here&gt;",
    "pay\u200bpal",
    "e" + "\u0301" * 500,
    "\ud800",
    "@channel @here @everyone",
    "👨\u200d👩\u200d👧 می\u200cخواهم",
    "Talks\r\nBcc: everybody@ministry.example\r\n\r\n<script>alert(1)</script>",
    "=?utf-8?q?=E2=80=AEexe=2Egnp?= =?utf-8?b?4oCu?=",
    "اسلام آباد ",
    "аррle.com ",
)
HOSTILE_URLS: Final = (
    "javascript:alert(1)",
    "https://x.example/<!channel>",
    "https://x.example/a|b>c",
    "https://x.example/\u202e",
    'https://x.example/"onmouseover=alert(1)',
    "https://bank.example@evil.example/",
    "https://xn--pple-43d.com/",
    "https://\u0430pple.com:8443/",
    "http://2130706433:99999/",
    "https://[::1]:8443/",
    "https://[bad",
    "https://x.example/" + "a" * 5_000,
    "",
)


def foreign() -> st.SearchStrategy[str]:
    """Return what a feed may hold: anything, and up to 100,000 characters of it."""
    some = st.lists(
        st.sampled_from(HOSTILE) | st.text(max_size=40) | st.text(st.characters(categories=("Cs", "Cc", "Cf", "Mn")), max_size=9)
    )
    joined = some.map(" ".join)
    return joined | st.sampled_from(HOSTILE).map(lambda text: (text * (100_000 // len(text) + 1))[:100_000])


def foreign_url() -> st.SearchStrategy[str | None]:
    """Return what a feed may give as an address."""
    return st.none() | st.sampled_from(HOSTILE_URLS) | st.text(max_size=60).map("https://".__add__)


def an_update(**changes: Any) -> Update:
    """Return an update with something to say."""
    given: dict[str, Any] = {
        "alert_id": ALERT,
        "story_id": STORY,
        "title": "Pakistan, US agree to boost cooperation in IT",
        "url": "https://nation.example/one",
        "severity": Severity.CRITICAL,
        "outlets": 2,
        "countries": 1,
        "raised_from": Severity.HIGH,
        "reports": (NewReport("i2", "Dawn", "PK", "Ministers sign IT accord", "https://dawn.example/x", "en"),),
    }
    return numbered(Update(**given | changes), 1)


def a_reply(**changes: Any) -> Bulletin:
    """Return the bulletin of an update."""
    return laid_out(an_update(**changes))


def a_digest(*, lines: int = 3, sequence: int = 0, title: str = "A headline", url: str | None = "https://a.example/1") -> Bulletin:
    """Return a page of a digest."""
    held = (Piece("high", code=True), Piece(" "), Piece(title, url=url), Piece(" · held: quiet hours, "), Piece("", at=AT))
    return Bulletin(
        bulletin_id=f"d{sequence}" * 16,
        kind=MessageKind.DIGEST,
        severity=Severity.INFO,
        fallback=f"Morning digest: {lines} stories",
        heading=(Piece("Morning digest · ", bold=True), Piece("", at=AT)),
        lines=(held,) * lines,
        alert_id=DIGEST,
        data={"stories": [{"title": title, "url": url}] * lines},
        sequence=sequence,
    )


def a_notice(text: str = "The source dawn.example is silent for 26 hours") -> Bulletin:
    """Return a notice to those who run Newswire."""
    return Bulletin(
        "e1" * 16, MessageKind.NOTICE, Severity.MEDIUM, text, (Piece(text, bold=True),), ((Piece("newswire sources list", code=True),),)
    )
