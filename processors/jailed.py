"""What runs in the jail's children: plain values in, an `Article` or a yes out.

The parsers are imported by the child that calls them: the parent loads this module to learn what its tasks return, and stays small.
"""

from processors.extract import Article


def extract_article(body: bytes, url: str, charset_hint: str | None) -> Article:
    """Return what `processors.extract_html.read_article` reads."""
    from processors.extract_html import read_article  # noqa: PLC0415 -- 60 MB that only children need

    return read_article(body, url, charset_hint)


def robots_allow(robots_text: str, url: str, agent: str) -> bool:
    """Return what `processors.robots.allowed` decides."""
    from processors.robots import allowed  # noqa: PLC0415 -- as above

    return allowed(robots_text, url, agent)


def robots_delay(robots_text: str, agent: str) -> float | None:
    """Return what `processors.robots.delay` reads."""
    from processors.robots import delay  # noqa: PLC0415 -- as above

    return delay(robots_text, agent)
