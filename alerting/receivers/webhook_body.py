"""What a webhook gets: a JSON document of version 1, its JSON Schema, and the headers that sign it. Pure.

The signature is that of Standard Webhooks (github.com/standard-webhooks, version 1.0.0), for which there are libraries in most languages.
Every foreign string is cleaned again and holds neither `<` nor `>`; the document is ASCII, so that no byte of it can be misread.
"""

import base64
import binascii
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter

from alerting.escape import link, plain
from alerting.message import Earlier, Message
from alerting.receivers.webhook_bulletin import BulletinBody
from alerting.render import NAME_LIMIT, TITLE_LIMIT, WORD_LIMIT, quote_parts
from newswire.records import Severity

_LISTED_MOST: Final = 50
_LIBRARY_PREFIX: Final = "whsec_"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(_Part):
    """A watchlist that the alert speaks for."""

    watchlist: str = Field(description="its id: the name of its file")
    title: str = Field(description="its title")
    severity: Severity = Field(description="how severe the match is to it")


class Quote(_Part):
    """The sentence that proves it."""

    text: str = Field(description="the sentence")
    marks: tuple[tuple[int, int], ...] = Field(description="the matched words: start and end, in characters of `text`")


class Carrier(_Part):
    """A report that carries the story."""

    outlet: str = Field(description="who published it")
    country: str | None = Field(description="the outlet's country, ISO 3166-1 alpha-2")
    url: str | None = Field(description="its address")


class Before(_Part):
    """Where the same story was told before."""

    kind: Literal["other_channel", "realert", "returned"] = Field(
        description="other_channel: told elsewhere before it was severe enough for this receiver; realert: it goes on; returned: after days, as a new story"
    )
    story_id: str = Field(description="the story as it was told then")
    receiver: str = Field(description="who was told, by the name in routes.yaml")
    told_at: datetime = Field(description="when")
    title: str = Field(description="the headline then")
    link: str | None = Field(description="an address that leads to that message, where there is one")


class Body(_Part):
    """One alert, or an edit of it. An edit holds all that is known by then: it replaces what came before."""

    version: Literal[1] = Field(description="of this document; fields may be added to a version, never changed or taken away")
    alert_id: str = Field(description="one for each story and receiver; the same in all edits")
    story_id: str = Field(description="one for each story")
    kind: Literal["parent", "edit"] = Field(description="parent: the first about this alert; edit: a later one")
    sequence: int = Field(ge=0, description="0 for the parent; grows with each edit, with gaps: keep the highest, whatever comes last")
    receiver: str = Field(description="the name in routes.yaml")
    severity: Severity = Field(description="the highest of the watchlists'; it never falls")
    watchlists: tuple[Told, ...] = Field(description="the watchlists that matched")
    title: str = Field(description="the headline, on one line")
    url: str | None = Field(
        description="an http(s) address in ASCII, a host beyond ASCII in punycode; null where there is none that is safe"
    )
    outlet: str = Field(description="who published it")
    country: str | None = Field(description="the outlet's country, ISO 3166-1 alpha-2")
    language: str = Field(description="of the headline, ISO 639-1")
    published_at: datetime | None = Field(description="when it says that it was published")
    seen_at: datetime = Field(description="when Newswire first saw it")
    label: str = Field(description="diplomacy, domestic or other")
    score: float = Field(ge=0, le=1, description="how sure the label is")
    home: str | None = Field(description="the country that acts")
    partners: tuple[str, ...] = Field(description="the countries that it engages")
    organisations: tuple[str, ...] = Field(description="the international bodies in it")
    topics: tuple[str, ...] = Field(description="ids of its topics")
    how: tuple[str, ...] = Field(
        description="who acts and what they do, as the report says it: minister, envoy, agreement, talks and the like"
    )
    people: tuple[str, ...] = Field(description="the officials that are named")
    because: tuple[str, ...] = Field(description="the watchlists' words that were found; empty with `explain: none`")
    quote: Quote | None = Field(description="null where the headline alone proves it")
    carriers: tuple[Carrier, ...] = Field(description=f"the reports that bear it out, at most {_LISTED_MOST}")
    unsupported: str | None = Field(description="what the full text lacks, where nothing bears the alert out any more")
    earlier: Before | None = Field(description="where the same story was told before, if it was")
    test: bool = Field(description="true only in what `newswire receivers test` sends")


def body(message: Message, *, receiver: str, plainly: bool = False, test: bool = False) -> bytes:
    """Return the document as it goes on the wire; `plainly` without quote and carriers, for a receiver that refused the whole."""
    carriers = () if plainly else message.supporting[:_LISTED_MOST]
    document = Body(
        version=1,
        alert_id=message.alert_id,
        story_id=message.story_id,
        kind="edit" if message.sequence else "parent",
        sequence=message.sequence,
        receiver=receiver,
        severity=message.severity,
        watchlists=tuple(
            Told(watchlist=plain(shown.watchlist, limit=NAME_LIMIT), title=plain(shown.title, limit=NAME_LIMIT), severity=shown.severity)
            for shown in message.watchlists[:_LISTED_MOST]
        ),
        title=plain(message.title, limit=TITLE_LIMIT),
        url=link(message.url),
        outlet=plain(message.outlet, limit=NAME_LIMIT),
        country=_code(message.country),
        language=plain(message.language, limit=8),
        published_at=message.published_at,
        seen_at=message.seen_at,
        label=message.label,
        score=round(min(max(message.score, 0.0), 1.0), 4),
        home=_code(message.home),
        partners=_words(message.partners),
        organisations=_words(message.organisations),
        topics=_words(message.topics),
        how=_words(message.how),
        people=_words(message.people),
        because=_words(message.because),
        quote=None if plainly else _quote(message),
        carriers=tuple(
            Carrier(outlet=plain(one.outlet, limit=NAME_LIMIT), country=_code(one.country), url=link(one.url)) for one in carriers
        ),
        unsupported=None if message.unsupported is None else plain(message.unsupported, limit=200),
        earlier=None if message.earlier is None else _before(message.earlier),
        test=test,
    )
    return json.dumps(document.model_dump(mode="json"), separators=(",", ":")).encode("ascii")


def schema() -> dict[str, Any]:
    """Return the document's JSON Schema (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What a webhook of Newswire gets: POST, application/json",
        "description": "An alert or an edit of it, or what is said beside alerts: a reply to one, a digest, a notice. `kind` tells which.",
    } | TypeAdapter(Body | BulletinBody).json_schema(mode="serialization")


def key_of(message: Message) -> str:
    """Return what tells a repeat of this message from another one: the same whenever it is sent again."""
    return f"{message.alert_id}.{message.sequence}"


def signed_headers(content: bytes, *, key: str, secret: SecretStr, at: datetime) -> dict[str, str]:
    """Return the headers that say whose message this is, which one, and when it was sent.

    A receiver refuses one whose `webhook-timestamp` is more than five minutes old: then a copied request cannot be played again.
    """
    moment = str(int(at.astimezone(UTC).timestamp()))
    signed = b".".join((key.encode(), moment.encode(), content))
    signature = base64.b64encode(hmac.new(_key_bytes(secret), signed, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "Idempotency-Key": f'"{key}"',
        "webhook-id": key,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{signature}",
    }


def _key_bytes(secret: SecretStr) -> bytes:
    """Return the key: what follows `whsec_` in base64, as those libraries write it, or the bytes of the text itself."""
    text = secret.get_secret_value()
    if text.startswith(_LIBRARY_PREFIX):
        try:
            return base64.b64decode(text.removeprefix(_LIBRARY_PREFIX), validate=True)
        except binascii.Error:
            return text.encode()
    return text.encode()


def _quote(message: Message) -> Quote | None:
    text, marks = "", []
    for part, is_match in quote_parts(message):
        if is_match:
            marks.append((len(text), len(text) + len(part)))
        text += part
    return Quote(text=text, marks=tuple(marks)) if text else None


def _before(earlier: Earlier) -> Before:
    return Before(
        kind=earlier.kind.value,
        story_id=plain(earlier.story_id, limit=NAME_LIMIT),
        receiver=plain(earlier.receiver, limit=NAME_LIMIT),
        told_at=earlier.told_at,
        title=plain(earlier.title, limit=TITLE_LIMIT),
        link=link(earlier.link),
    )


def _words(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(plain(word, limit=WORD_LIMIT) for word in words[:_LISTED_MOST])


def _code(code: str | None) -> str | None:
    return plain(code, limit=8) if code else None
