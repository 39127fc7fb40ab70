"""Cleaning of foreign text, once, at the entrance: nothing that can ping, hide, reorder or move a cursor gets in."""


def clean(text: str, *, limit: int) -> str:
    """Return the text without control, bidi-override and zero-width characters, at most `limit` characters long.

    White space inside a line is folded to one space, blank lines to one paragraph break (`\\n\\n`); ZWJ and ZWNJ are kept where
    they join letters or emoji (Persian, Urdu, family emoji); more than two combining marks in a row are cut to two; lone surrogates become `?`.
    """
    raise NotImplementedError


def clean_line(text: str, *, limit: int) -> str:
    """Return the text cleaned as by `clean`, on one line."""
    raise NotImplementedError
