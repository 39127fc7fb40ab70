"""What `tools/pictures.py` photographs beside single messages: a thread with its replies, and the digest of a morning.

Both are laid out by Newswire's own code, out of the golden messages of tests/golden/slack and the builders of the digests' tests.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alerting.digests.contents import Gathered
from alerting.digests.layout import SLACK, pages
from alerting.message import Message, from_json
from alerting.render import payload as alert_payload
from alerting.render_bulletin import payload
from alerting.updates import NewReport, Update, laid_out
from newswire.outcomes import GatherReason, HoldReason
from newswire.records import Severity
from tests.digest_builders import DUE, a_digest, a_held, a_proof, a_silence, facts, hours, source

GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "slack"
THREAD = "games-industry-three-outlets"
GATHERED = ("korean-forum-info", "japanese-asean", "turkish-satellites", "urdu-envoy", "urdu-invitation-low", "russian-memorandum")

Said = tuple[dict[str, Any], datetime]
"""What Slack is sent, and when."""


def message(name: str) -> Message:
    """Return a golden message."""
    return from_json((GOLDEN / f"{name}.message.json").read_text("utf-8"))


def thread() -> tuple[Said, list[Said]]:
    """Return an alert and two replies in its thread: one that could not wait, and one that gathered for a quarter of an hour."""
    of = message(THREAD)
    about: dict[str, Any] = {"alert_id": of.alert_id, "story_id": of.story_id, "title": of.title, "url": of.url, "severity": of.severity}
    dawn = NewReport("1", "Dawn", "PK", "Ministry: gaming exports on the agenda with Washington", "https://dawn.example/gaming", "en")
    jang = NewReport("2", "روزنامہ جنگ", "PK", "پاکستان اور امریکا میں گیمنگ انڈسٹری پر گفتگو", "https://jang.example/gaming", "ur")
    yonhap = NewReport("3", "Yonhap", "KR", "Seoul joins Pakistan–US talks on games industry", "https://yonhap.example/games", "en")
    urgent = Update(**about, outlets=4, countries=3, raised_from=Severity.MEDIUM, partners=("KR",), reports=(yonhap,))
    gathered = Update(**about, outlets=6, countries=3, reports=(dawn, jang))
    replies = [(payload(laid_out(one)), of.seen_at + timedelta(minutes=after)) for one, after in ((urgent, 11), (gathered, 26))]
    return (alert_payload(of), of.seen_at), replies


def digest() -> Said:
    """Return the first page of a morning's digest: what waited, what was held, what ends, who is silent, and the proof of the watch."""
    alerts = [
        Gathered(message(name), GatherReason.CALENDAR if n == 1 else GatherReason.DIGEST, hours(6)) for n, name in enumerate(GATHERED)
    ]
    quiet = a_silence(country="CN", ends=hours(-4))
    states = [source(n, answers=n != 1, reason="dns", failures=9, silent_since=hours(9) if n == 1 else None) for n in range(118)]
    days: dict[str, Sequence[int]] = {"KR": (0, 1, 0, 2, 0, 0, 1, 0, 3, 1, 0, 0, 2, 1), "CN": (1, 1, 2, 0, 0, 1, 2, 3, 2, 1, 0, 1, 2, 2)}
    held = [a_held("in Lahore", HoldReason.STAGED), a_held("in Karachi", HoldReason.MAX_AGE)]
    said = facts(a_proof(states), told=9, held=held, silences=[quiet], days=days)
    return payload(pages(a_digest(*alerts, facts=said), room=SLACK)[0]), DUE
