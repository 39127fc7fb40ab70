"""Reports and watchlists for the tests of the watchlist language, made of plain values."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from alerting.watchlists.compile import WatchlistSet, compile_watchlists
from alerting.watchlists.inline_tests import ItemFields
from alerting.watchlists.match import Match, match
from alerting.watchlists.model import NamedList, Watchlist
from alerting.watchlists.vocabulary import Vocabulary
from newswire.records import Basis, CountryMention, Field, Item, Label, Report, Role, Span
from tests.fakes import NOW

VOCABULARY: Final = Vocabulary(
    countries={"NO": "Norway", "SE": "Sweden", "US": "United States", "KR": "Korea", "GB": "United Kingdom", "CN": "China"},
    topics=frozenset({"ai", "cybersecurity", "e_commerce", "gaming", "semiconductors", "submarine_cables"}),
    languages=frozenset({"ar", "bn", "en", "fa", "fr", "ja", "ko", "th", "ur", "zh"}),
)

_ITEM: Final = Item(
    item_id="0" * 32,
    revision="0" * 16,
    source_id="a1b2c3d4e5f6",
    source_url="https://www.nation.example/feed",
    outlet="The Nation",
    outlet_country="PK",
    language_hint="en",
    url="https://nation.example/1",
    guid=None,
    title="",
    summary="",
    content="",
    published_at=NOW,
    seen_at=NOW,
    backlog=False,
    trace_id="t",
)


def report(
    title: str = "", text: str = "", *, summary: str = "", language: str = "en", item: Mapping[str, Any] | None = None, **understood: Any
) -> Report:
    """Return a diplomacy report with these words; `item` and `understood` replace fields of the item and of the report."""
    plain = Report(
        item=replace(_ITEM, title=title, summary=summary, **(item or {})),
        basis=Basis.FEED,
        final=True,
        text=text,
        language=language,
        label=Label.DIPLOMACY,
        score=0.97,
        scores={Label.DIPLOMACY: 0.97, Label.DOMESTIC: 0.02, Label.OTHER: 0.01},
        home=None,
        partners=(),
        countries=(),
        organisations=(),
        people=(),
        topics=(),
        evidence=(),
        model="0" * 12,
        reported_at=NOW,
    )
    return replace(plain, **understood)


def compiled(*watchlists: Mapping[str, Any], lists: Mapping[str, Mapping[str, Any]] | None = None) -> WatchlistSet:
    """Return watchlists `w0`, `w1` … with these keys, compiled; the title may be missing."""
    return compile_watchlists(
        {f"w{n}": Watchlist.model_validate({"title": f"Watchlist {n}", **keys}) for n, keys in enumerate(watchlists)},
        {name: NamedList.model_validate({"title": name, **keys}) for name, keys in (lists or {}).items()},
    )


def judged(
    when: Mapping[str, Any], seen: Report, *, lists: Mapping[str, Mapping[str, Any]] | None = None, now: datetime = NOW, **keys: Any
) -> Match:
    """Return what one watchlist with this `when` makes of the report."""
    return match(compiled({"when": when, **keys}, lists=lists), seen, now)[0]


_COUNTRIES: Final = {"US": r"\bUS\b", "KR": r"\bKorean?\b", "CN": r"\bChin(a|ese)\b", "SA": r"\bSaudi\b"}
_OFFICIALS: Final = re.compile(r"\b(minister|ambassador|delegation)\b", re.IGNORECASE)


def understand(fields: ItemFields) -> Report:
    """Return a crude report: diplomacy where an official and a country are named. It stands in for the real understanding."""
    words = f"{fields.title} {fields.summary} {fields.text}"
    partners = tuple(code for code, name in _COUNTRIES.items() if re.search(name, words))
    label = Label.DIPLOMACY if partners and _OFFICIALS.search(words) else Label.OTHER
    mentions = tuple(CountryMention(code, Role.PARTNER, Span(Field.TITLE, 0, 0, "")) for code in partners)
    organisations = ("ITU",) if "ITU" in words else ()
    return report(
        fields.title,
        fields.text,
        summary=fields.summary,
        language=fields.language or "en",
        item={"published_at": fields.published_at or NOW, "outlet": fields.outlet or "", "source_url": fields.source_url or ""},
        label=Label.DIPLOMACY if organisations else label,
        home="PK",
        partners=partners,
        countries=mentions,
        organisations=organisations,
    )
