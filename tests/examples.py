"""One example of each record that travels, as it could be met on a working day."""

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any, Final

from newswire.outcomes import AlertReason, DeadReason, SendOutcome, Stage
from newswire.records import (
    Basis,
    CountryMention,
    DeadLetter,
    Decision,
    DecisionKind,
    Delivery,
    Evidence,
    Field,
    Item,
    Label,
    MessageKind,
    Report,
    Role,
    Severity,
    Span,
    WatchlistVerdict,
)

_ITEM_ID: Final = "0123456789abcdef0123456789abcdef"
_STORY_ID: Final = "fedcba9876543210fedcba9876543210"
_TRACE_ID: Final = "00112233445566778899aabbccddeeff"
_TITLE: Final = "Pakistan, US agree to boost cooperation in IT, telecom sector"

ITEM: Final = Item(
    item_id=_ITEM_ID,
    revision="0123456789abcdef",
    source_id="0a1b2c3d4e5f",
    source_url="https://news.example/feed.xml",
    outlet="The Example",
    outlet_country="PK",
    language_hint="en",
    url="https://news.example/2026/11/02/it-telecom",
    guid="tag:news.example,2026:1",
    title=_TITLE,
    summary="The minister met the ambassador in Islamabad · وزیر",
    content="",
    published_at=datetime(2026, 11, 2, 8, 55, tzinfo=UTC),
    seen_at=datetime(2026, 11, 2, 9, 0, 0, 250_000, tzinfo=UTC),
    backlog=False,
    trace_id=_TRACE_ID,
)

REPORT: Final = Report(
    item=ITEM,
    basis=Basis.PAGE,
    final=True,
    text="The promotion of the gaming industry was discussed.",
    language="en",
    label=Label.DIPLOMACY,
    score=0.97,
    scores={"diplomacy": 0.97, "domestic": 0.02, "other": 0.01},
    home="PK",
    partners=("US",),
    countries=(
        CountryMention("PK", Role.HOME, Span(Field.TITLE, 0, 8, "Pakistan")),
        CountryMention("US", Role.PARTNER, Span(Field.TITLE, 10, 12, "US")),
    ),
    organisations=("itu",),
    people=(),
    topics=("gaming",),
    evidence=(Evidence("engages", 2.5, Span(Field.TITLE, 13, 18, "agree")), Evidence("bias", -1.0)),
    model="a1b2c3d4e5f6",
    reported_at=datetime(2026, 11, 2, 9, 0, 1, tzinfo=UTC),
    page_failure=None,
)

DECISION: Final = Decision(
    decision_id="11111111111111111111111111111111",
    story_id=_STORY_ID,
    item_id=_ITEM_ID,
    revision="0123456789abcdef",
    basis=Basis.PAGE,
    kind=DecisionKind.ALERT,
    reason=AlertReason.MATCHED,
    severity=Severity.HIGH,
    watchlists=(WatchlistVerdict("gaming", "abcdef012345", Severity.HIGH, True, None, ("gaming industry", "partner US"), None),),
    receivers=("desk",),
    title=_TITLE,
    url="https://news.example/2026/11/02/it-telecom",
    decided_at=datetime(2026, 11, 2, 9, 0, 1, 500_000, tzinfo=UTC),
    trace_id=_TRACE_ID,
)

DELIVERY: Final = Delivery(
    alert_id="22222222222222222222222222222222",
    story_id=_STORY_ID,
    receiver="desk",
    kind=MessageKind.PARENT,
    sequence=0,
    outcome=SendOutcome.SENT,
    reason=None,
    channel="C0123456789",
    reference="1793610002.000100",
    at=datetime(2026, 11, 2, 9, 0, 2, tzinfo=UTC),
    trace_id=_TRACE_ID,
)

DEAD_LETTER: Final = DeadLetter(
    dead_id="33333333333333333333333333333333",
    stage=Stage.READ_FEED,
    topic="news.items",
    key=_ITEM_ID,
    value_base64=b64encode(b'{"record":"item","schema":99}').decode(),
    headers={"schema": "item/99"},
    reason=DeadReason.UNKNOWN_SCHEMA,
    error="item/99 is newer than item/1, which this Newswire reads: upgrade it, then replay",
    attempts=1,
    at=datetime(2026, 11, 2, 9, 0, 3, tzinfo=UTC),
    trace_id=_TRACE_ID,
)

EXAMPLES: Final[dict[str, Any]] = {"item": ITEM, "report": REPORT, "decision": DECISION, "delivery": DELIVERY, "dead_letter": DEAD_LETTER}
"""By the wire name of their schema."""
