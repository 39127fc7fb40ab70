"""Secrets that must be found nowhere: one value for each place a secret comes from, and the search for them in every form that a text may give them."""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import quote

CANARY: Final = "canary"
CANARY_TOKEN: Final = f"xoxb-{CANARY}-0123456789"
"""The Slack token of every world of real processes. `tests/conftest.py` looks for it in the logs they left, when all tests have run."""
_ODD: Final = "/+ä\"'@&"  # what encodings change


def canary(name: str, *, odd: bool = False) -> str:
    """Return a value like no other; an odd one holds what percent-encoding, JSON and base64 change."""
    return f"{CANARY}-{name}-{_ODD if odd else ''}7f3a9c"


def spoken(value: str) -> Iterator[str]:
    """Yield a value as others may repeat it: as it is, percent-encoded, escaped for JSON or as Python does, in base64 after a name of any length."""
    yield from _plain(value)
    for name in ("", "u", "me"):
        whole = base64.b64encode(f"{name}{value}".encode()).decode()
        yield from (whole, whole.replace("+", "-").replace("/", "_"))


def forms(value: str) -> Iterator[str]:
    """Yield what is looked for: of base64 the part that does not depend on what stands around the value."""
    yield from _plain(value)
    raw = value.encode()
    for before in range(3):
        whole = base64.b64encode(b"#" * before + raw).decode().rstrip("=")
        inner = whole[4 if before else 0 : -4]
        yield from (inner, inner.replace("+", "-").replace("/", "_"))


def _plain(value: str) -> Iterator[str]:
    yield from (
        value,
        quote(value),
        quote(value, safe=""),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
    )


def found_in(text: str | bytes, secrets: Mapping[str, str]) -> list[str]:
    """Return the names of the secrets that a text holds in some form, also where line ends and what begins a line are put between."""
    words = text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text
    joined = re.sub(r"(?:\\n|\s)+", "", words)
    return [
        name for name, value in secrets.items() if any(form in words or re.sub(r"\s", "", form) in joined for form in set(forms(value)))
    ]


def leaks(texts: Iterable[tuple[str, str | bytes]], secrets: Mapping[str, str]) -> list[str]:
    """Return a line for each place that holds a secret."""
    return [f"{place} holds {', '.join(names)}" for place, text in texts if (names := found_in(text, secrets))]
