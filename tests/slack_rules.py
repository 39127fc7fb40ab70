"""What Slack refuses in a message, by its own documentation, for the fake Slack: one pure function, `refusal`.

Where the documentation names no figure, the strictest one that was seen is taken. Sources:

- chat.postMessage, chat.update: docs.slack.dev/reference/methods/chat.postMessage (text, attachments, error codes).
- text beyond 40,000 characters, and beyond 4,000: docs.slack.dev/changelog/2018-04-truncating-really-long-messages.
- blocks: docs.slack.dev/reference/block-kit/blocks and its pages (section, header, context, image, rich-text-block); 50 in a message.
- the whole of them: about 13,200 characters, then `msg_blocks_too_long` (slackapi/bolt-js#2509 and #2867; Slack documents no figure).
- dates: docs.slack.dev/messaging/formatting-message-text, "Date formatting"; the element's fields as slack_sdk's `RichTextElementParts.Date` has them.
- metadata: docs.slack.dev/messaging/message-metadata, and the types of @slack/types `MessageMetadata`.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

TEXT_MOST: Final = 40_000
TEXT_WHOLE: Final = 4_000  # longer ones were seen to come as several messages
BLOCKS_MOST: Final = 50
LAYOUT_MOST: Final = 13_200
ATTACHMENTS_MOST: Final = 100
SECTION_TEXT_MOST: Final = 3_000
URL_MOST: Final = 3_000
METADATA_BYTES: Final = 8_000  # Slack names no figure; ours are a tenth of it

_EVENT_TYPE: Final = re.compile(r"[A-Za-z0-9_]{1,255}")
_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}|good|warning|danger")
_URL: Final = re.compile(r"https?://[^\s<>|]+")
_STYLES: Final = {"bold", "italic", "strike", "code", "underline"}
_DATE_TOKENS: Final = {
    *("date_num", "date_slash", "date_long", "date_long_full", "date_long_pretty", "date_full", "date_full_pretty", "date"),
    *("date_short", "date_short_pretty", "date_pretty", "time", "time_secs", "ago", "day_divider_pretty"),
}
_ATTACHMENT_KEYS: Final = {
    *("color", "blocks", "fallback", "text", "pretext", "title", "title_link", "fields", "footer", "footer_icon", "ts"),
    *("author_name", "author_link", "author_icon", "image_url", "thumb_url", "mrkdwn_in", "id"),
}


class _Wrong(Exception):  # noqa: N818 -- it carries what is wrong, and never leaves this module
    """What a schema does not allow, and where."""


def refusal(asked: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the code by which Slack refuses this message, with what is wrong; None where it takes it."""
    return next((refused for check in (_wrong_text, _wrong_shape, _too_much) if (refused := check(asked)) is not None), None)


def _wrong_text(asked: Mapping[str, Any]) -> tuple[str, str] | None:
    text = asked.get("text")
    if not text and not asked.get("blocks") and not asked.get("attachments"):
        return "no_text", "neither text, blocks nor attachments"
    if text is not None and not isinstance(text, str):
        return "invalid_arguments", "text is no string"
    return ("msg_too_long", f"text of {len(text)} characters") if text and len(text) > TEXT_MOST else None


def _wrong_shape(asked: Mapping[str, Any]) -> tuple[str, str] | None:
    for code, name, check in (
        ("invalid_blocks", "blocks", _blocks),
        ("invalid_attachments", "attachments", _attachments),
        ("invalid_metadata_format", "metadata", _metadata),
    ):
        if asked.get(name) is not None:
            try:
                check(asked[name])
            except _Wrong as wrong:
                return code, str(wrong)
    return None


def _too_much(asked: Mapping[str, Any]) -> tuple[str, str] | None:
    attachments = asked.get("attachments") or ()
    if len(attachments) > ATTACHMENTS_MOST:
        return "too_many_attachments", str(len(attachments))
    shown = [asked.get("blocks") or [], *(one.get("blocks", []) for one in attachments)]
    length = sum(len(json.dumps(part, ensure_ascii=False, separators=(",", ":"))) for part in shown)
    if length > LAYOUT_MOST:
        return "msg_blocks_too_long", f"{length} characters"
    return ("metadata_too_large", "") if len(json.dumps(asked.get("metadata")).encode()) > METADATA_BYTES else None


def mentions(asked: Mapping[str, Any]) -> list[str]:
    """Return all in a message that would ping somebody, or be shown as if it did."""
    found = re.findall(r"<[!@#][^>]*>", str(asked.get("text") or ""))
    waiting: list[Any] = [asked.get("blocks"), asked.get("attachments")]
    while waiting:
        part = waiting.pop()
        waiting += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        if isinstance(part, dict) and part.get("type") in {"user", "usergroup", "broadcast", "channel", "team"}:
            found.append(json.dumps(part))
        if isinstance(part, dict) and part.get("type") == "mrkdwn":
            found += re.findall(r"<[!@#][^>]*>", str(part.get("text")))
    if asked.get("link_names") or asked.get("parse") == "full":
        found.append("link_names or parse")
    return found


def _blocks(blocks: Any) -> None:
    _a_list(blocks, 0, BLOCKS_MOST, "blocks")
    for number, block in enumerate(blocks):
        where = f"/blocks/{number}"
        kind = str(block.get("type")) if isinstance(block, dict) else "none"
        if kind not in _BLOCKS:
            raise _Wrong(f"{where}: no such block: {kind}")
        if not isinstance(block.get("block_id", "x"), str) or not 0 < len(block.get("block_id", "x")) <= 255:
            raise _Wrong(f"{where}: block_id")
        _BLOCKS[kind](block, where)


def _attachments(attachments: Any) -> None:
    if not isinstance(attachments, list):
        raise _Wrong("attachments: no list")
    for number, one in enumerate(attachments):
        where = f"/attachments/{number}"
        _keys(one, set(), _ATTACHMENT_KEYS, where)
        if "color" in one and not (isinstance(one["color"], str) and _COLOUR.fullmatch(one["color"])):
            raise _Wrong(f"{where}: color")
        if not one.get("blocks") and not any(one.get(key) for key in ("fallback", "text", "title", "pretext", "image_url")):
            raise _Wrong(f"{where}: nothing in it")
        if "blocks" in one:
            _blocks(one["blocks"])


def _metadata(metadata: Any) -> None:
    _keys(metadata, {"event_type", "event_payload"}, set(), "metadata")
    if not isinstance(metadata["event_type"], str) or not _EVENT_TYPE.fullmatch(metadata["event_type"]):
        raise _Wrong("metadata: event_type")
    if not isinstance(metadata["event_payload"], dict):
        raise _Wrong("metadata: event_payload")
    for name, value in metadata["event_payload"].items():
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, str | int | float | bool | dict):
                raise _Wrong(f"metadata: {name} is {type(one).__name__}")


def _section(block: dict[str, Any], where: str) -> None:
    _keys(block, {"type"}, {"text", "fields", "accessory", "block_id", "expand"}, where)
    if "text" not in block and "fields" not in block:
        raise _Wrong(f"{where}: neither text nor fields")
    if "text" in block:
        _text_object(block["text"], where, SECTION_TEXT_MOST, {"mrkdwn", "plain_text"})
    for field in _a_list(block.get("fields", ["x"]), 1, 10, where) if "fields" in block else ():
        _text_object(field, where, 2_000, {"mrkdwn", "plain_text"})


def _header(block: dict[str, Any], where: str) -> None:
    _keys(block, {"type", "text"}, {"block_id"}, where)
    _text_object(block["text"], where, 150, {"plain_text"})


def _context(block: dict[str, Any], where: str) -> None:
    _keys(block, {"type", "elements"}, {"block_id"}, where)
    for element in _a_list(block["elements"], 1, 10, where):
        if isinstance(element, dict) and element.get("type") == "image":
            _image(element, where)
        else:
            _text_object(element, where, SECTION_TEXT_MOST, {"mrkdwn", "plain_text"})


def _image(block: dict[str, Any], where: str) -> None:
    _keys(block, {"type", "image_url", "alt_text"}, {"block_id", "title"}, where)
    _string(block["image_url"], 1, URL_MOST, where)
    _string(block["alt_text"], 1, 2_000, where)


def _divider(block: dict[str, Any], where: str) -> None:
    _keys(block, {"type"}, {"block_id"}, where)


def _rich_text(block: dict[str, Any], where: str) -> None:
    _keys(block, {"type", "elements"}, {"block_id"}, where)
    for number, element in enumerate(_a_list(block["elements"], 1, 1_000, where)):
        _rich_element(element, f"{where}/elements/{number}")


def _rich_element(element: Any, where: str) -> None:
    kind = element.get("type") if isinstance(element, dict) else None
    more = {"rich_text_section": set(), "rich_text_quote": {"border"}, "rich_text_preformatted": {"border", "language"}}
    if kind == "rich_text_list":
        _keys(element, {"type", "elements", "style"}, {"indent", "offset", "border"}, where)
        if element["style"] not in {"bullet", "ordered"} or not 0 <= element.get("indent", 0) <= 8:
            raise _Wrong(f"{where}: style or indent")
        for part in _a_list(element["elements"], 1, 1_000, where):
            _keys(part, {"type", "elements"}, set(), where)
            _parts(part["elements"], where)
        return
    if kind not in more:
        raise _Wrong(f"{where}: no such element: {kind}")
    _keys(element, {"type", "elements"}, more[kind], where)
    _parts(element["elements"], where)


def _parts(parts: Any, where: str) -> None:
    for number, part in enumerate(_a_list(parts, 1, 1_000, where)):
        here = f"{where}/elements/{number}"
        kind = str(part.get("type")) if isinstance(part, dict) else "none"
        if kind not in _PARTS:
            raise _Wrong(f"{here}: no such element: {kind}")
        required, optional = _PARTS[kind]
        _keys(part, {"type", *required}, {"style", *optional}, here)
        style = part.get("style", {})
        if not isinstance(style, dict) or not style.keys() <= _STYLES or not all(isinstance(value, bool) for value in style.values()):
            raise _Wrong(f"{here}: style")
        if "text" in part:
            _string(part["text"], 1, SECTION_TEXT_MOST, here)
        if "url" in part and not (isinstance(part["url"], str) and len(part["url"]) <= URL_MOST and _URL.fullmatch(part["url"])):
            raise _Wrong(f"{here}: url")
        if kind == "date":
            _date(part, here)


def _date(part: dict[str, Any], where: str) -> None:
    tokens = re.findall(r"\{([^{}]*)\}", part["format"]) if isinstance(part["format"], str) else []
    if not tokens or not set(tokens) <= _DATE_TOKENS:
        raise _Wrong(f"{where}: format: {part['format']}")
    if not isinstance(part["timestamp"], int) or isinstance(part["timestamp"], bool) or part["timestamp"] < 0:
        raise _Wrong(f"{where}: timestamp: {part['timestamp']}")
    _string(part.get("fallback", "x"), 1, SECTION_TEXT_MOST, where)


def _text_object(given: Any, where: str, most: int, kinds: set[str]) -> None:
    _keys(given, {"type", "text"}, {"emoji", "verbatim"}, where)
    if given["type"] not in kinds:
        raise _Wrong(f"{where}: text of type {given['type']}")
    _string(given["text"], 1, most, where)


def _keys(given: Any, required: set[str], optional: set[str], where: str) -> None:
    if not isinstance(given, dict):
        raise _Wrong(f"{where}: no object")
    if wrong := (required - given.keys()) | (given.keys() - required - optional):
        raise _Wrong(f"{where}: missing or unknown: {sorted(wrong)}")


def _string(given: Any, least: int, most: int, where: str) -> None:
    if not isinstance(given, str) or not least <= len(given) <= most:
        raise _Wrong(f"{where}: must be a string of {least} to {most} characters")


def _a_list(given: Any, least: int, most: int, where: str) -> list[Any]:
    if not isinstance(given, list) or not least <= len(given) <= most:
        raise _Wrong(f"{where}: must be a list of {least} to {most}")
    return given


_BLOCKS: Final[Mapping[str, Callable[[dict[str, Any], str], None]]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "image": _image,
    "divider": _divider,
    "rich_text": _rich_text,
}
"""The kinds of block that only show something; Slack knows others, which Newswire has no use for."""

_PARTS: Final[Mapping[str, tuple[set[str], set[str]]]] = {
    "text": ({"text"}, set()),
    "link": ({"url"}, {"text", "unsafe"}),
    "date": ({"timestamp", "format"}, {"url", "fallback"}),
    "emoji": ({"name"}, {"unicode", "skin_tone"}),
    "user": ({"user_id"}, set()),
    "usergroup": ({"usergroup_id"}, set()),
    "channel": ({"channel_id"}, set()),
    "team": ({"team_id"}, set()),
    "broadcast": ({"range"}, set()),
    "color": ({"value"}, set()),
}
