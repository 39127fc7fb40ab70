"""Moments as people write them on the command line."""

from datetime import UTC, datetime, timedelta

from newswire.field_types import seconds


def moment(text: str, now: datetime) -> datetime | None:
    """Return a moment that is written as a date (UTC where it names no zone) or as so long ago; None for no text.

    Raises:
        ValueError: it is neither; the text says what would be right.

    """
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        try:
            return now - timedelta(seconds=seconds(text))
        except (ValueError, OverflowError):
            raise ValueError(f"a moment such as 2026-11-20T00:00, or a time such as 6h, is due, not {text[:60]!r}") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
