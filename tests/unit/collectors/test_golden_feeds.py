"""Every feed in tests/golden/feeds through the readers, against what was read by eye. `NEWSWIRE_GOLDEN=write` writes the expectations anew."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.dates import published_at
from collectors.decode import decode
from collectors.entries import Feed
from collectors.identity import identify
from collectors.lenient import read_lenient
from collectors.parse import Hints, ParseFailed, read_all, read_at_once
from collectors.sources import make_source
from collectors.strict import read_strict
from tests.fakes import NOW

FOLDER = Path(__file__).parents[2] / "golden" / "feeds"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.suffix != ".json")


def given(name: str) -> tuple[bytes, Hints, str]:
    path = FOLDER / name
    hints = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["given"]
    return (
        path.read_bytes(),
        Hints(hints.get("http_charset"), hints.get("language"), hints.get("country")),
        hints.get("url", "https://feed.example/rss"),
    )


def shown(feed: Feed | ParseFailed, url: str, country: str | None) -> dict[str, Any]:
    if isinstance(feed, ParseFailed):
        return {"failed": feed.reason.value, "detail": feed.detail}
    return {
        "reader": feed.reader,
        "charset": feed.charset,
        "title": feed.title,
        "language": feed.language,
        "ttl_s": feed.ttl_s,
        "entries": [
            {
                "title": entry.title,
                "summary": entry.summary,
                "content": entry.content,
                "guid": entry.guid,
                "url": found.url if found else None,
                "item": f"{found.item_id} {found.revision}" if found else None,
                "published": _iso(published_at(entry.dates, now=NOW, country=country)),
                "outlet": entry.outlet,
            }
            for entry, found in zip(feed.entries, identify(make_source(url).source_id, url, feed.entries), strict=True)
        ],
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


@pytest.mark.parametrize("name", NAMES)
def test_a_feed_gives_the_entries_that_were_read_by_eye(name: str) -> None:
    body, hints, url = given(name)
    path = (FOLDER / name).with_suffix(".json")
    expected = json.loads(path.read_text(encoding="utf-8"))
    found = shown(read_all(body, hints), url, hints.country)
    if os.environ.get("NEWSWIRE_GOLDEN") == "write":
        path.write_text(json.dumps({"given": expected["given"], **found}, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert {"given": expected["given"], **found} == expected


@pytest.mark.parametrize("name", NAMES)
def test_both_readers_give_equal_entries_where_the_strict_one_reads(name: str) -> None:
    body, hints, _ = given(name)
    decoded = decode(body, http_charset=hints.http_charset, language=hints.language)
    strict = read_strict(decoded.text, decoded.charset) if decoded else None
    if decoded is None or strict is None:
        assert read_at_once(body, hints) is None  # it is left to the jail
        return
    lenient = read_lenient(decoded.text, decoded.charset)
    assert lenient is not None
    assert lenient.entries == strict.entries
    assert (lenient.title, lenient.language) == (strict.title, strict.language)


def test_the_golden_feeds_exercise_every_reader() -> None:
    readers = {json.loads(path.read_text(encoding="utf-8")).get("reader") for path in FOLDER.glob("*.json")}
    assert readers == {"strict", "lenient", "json", None}
