"""An item and what was understood of it, made into the report that alerting reads. Pure."""

from bisect import bisect_right
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from pydantic_core import to_json

from newswire.bus import Message
from newswire.bus.size import MESSAGE_LIMIT_BYTES
from newswire.codec import SCHEMA_HEADER, TRACE_HEADER, encode, schema_of
from newswire.records import Basis, CountryMention, Evidence, Field, Item, Report
from processors.boilerplate import without_boilerplate
from processors.understood import Understood

REPORT_BYTES: Final = MESSAGE_LIMIT_BYTES - 4_096
"""The most that a report may weigh on the wire, with room for its key and headers."""

_CUT: Final = "\n\n[…]"
_MARGIN_BYTES: Final = 16  # the mark of the cut itself


class Understanding(Protocol):
    """What reads an item's words: language, countries, organisations, topics, label and score. Thread-safe, deterministic."""

    def read(
        self,
        *,
        title: str,
        summary: str,
        text: str,
        language_hint: str | None,
        outlet_country: str | None,
        outlet: str,
    ) -> Understood:
        """Return what the words say; spans in it point into `title`, `summary` (lead) and `text` (body)."""
        ...


def make_report(
    understanding: Understanding,
    item: Item,
    text: str,
    *,
    basis: Basis,
    final: bool,
    now: datetime,
    language_hint: str | None = None,
    page_failure: str | None = None,
) -> Report:
    """Return the report of an item, read with `text` as its body, small enough for any bus.

    Boilerplate is cut from summary and text first: neither watchlists nor stories nor readers may find words in it.
    `language_hint` is the page's own word, used where neither the source nor its feed gave one.
    """
    text = without_boilerplate(text)
    item = replace(item, summary=without_boilerplate(item.summary))
    understood = understanding.read(
        title=item.title,
        summary=item.summary,
        text=text,
        language_hint=item.language_hint or language_hint,
        outlet_country=item.outlet_country,
        outlet=item.outlet,
    )
    report = Report(
        item=replace(item, content=""),  # what is used of it stands in `text`
        basis=basis,
        final=final,
        text=text,
        language=understood.language,
        label=understood.label,
        score=understood.score,
        scores=understood.scores,
        home=understood.home,
        partners=understood.partners,
        countries=understood.countries,
        organisations=understood.organisations,
        people=understood.people,
        topics=understood.topics,
        evidence=understood.evidence,
        model=understood.model,
        reported_at=now,
        page_failure=page_failure,
        decided_by=understood.decided_by,
    )
    return fitted(report)


def fitted(report: Report, limit_bytes: int = REPORT_BYTES) -> Report:
    """Return the report, its text and then its summary cut where it would weigh more than `limit_bytes`.

    A cut text ends in `[…]`. Spans past the cut go: a piece of evidence without its words stays, a mention of a country without them does not.
    """
    over = len(encode(report)) - limit_bytes
    if over <= 0:
        return report
    cut = replace(report, text=_shortened(report.text, over + _MARGIN_BYTES))
    over = len(encode(cut)) - limit_bytes
    if over > 0:
        cut = replace(cut, item=replace(cut.item, summary=_shortened(cut.item.summary, over + _MARGIN_BYTES)))
    ends = {Field.TITLE: len(cut.item.title), Field.LEAD: len(cut.item.summary), Field.BODY: len(cut.text)}
    return replace(
        cut,
        countries=tuple(mention for mention in cut.countries if _stands(mention, ends)),
        evidence=tuple(reason if _stands(reason, ends) else replace(reason, span=None) for reason in cut.evidence),
    )


def message_of(report: Report) -> Message:
    """Return the report as it goes on `news.reports`."""
    headers = {SCHEMA_HEADER: schema_of(Report), TRACE_HEADER: report.item.trace_id}
    return Message(report.item.item_id, encode(report), headers)


def _shortened(text: str, by_bytes: int) -> str:
    """Return the longest beginning of the text that weighs so many bytes less on the wire, where a character weighs one to six."""
    room = len(to_json(text)) - by_bytes
    kept = bisect_right(range(len(text)), room, key=lambda end: len(to_json(text[:end]))) - 1
    return text[:kept].rstrip() + _CUT if kept > 0 else ""


def _stands(holder: CountryMention | Evidence, ends: dict[Field, int]) -> bool:
    return holder.span is None or holder.span.end <= ends[holder.span.field]
