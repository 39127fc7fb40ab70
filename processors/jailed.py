"""What runs in the jail's children: plain values in, plain values out, so that nothing foreign is unpickled by the parent."""

from dataclasses import astuple
from typing import Any

from processors.extract_html import read_article
from processors.robots import allowed


def extract_article(body: bytes, url: str, charset_hint: str | None) -> tuple[Any, ...]:
    """Return the fields of `processors.extract.Article`."""
    return astuple(read_article(body, url, charset_hint))


def robots_allow(robots_text: str, url: str, agent: str) -> bool:
    """Return `processors.robots.allowed`."""
    return allowed(robots_text, url, agent)
