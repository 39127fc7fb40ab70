"""The words of a digest: spans of time, counts, marks of severity. Pure."""

from collections.abc import Sequence
from typing import Final

from alerting.escape import plain
from alerting.render import country_name, flag
from newswire.records import Severity

MARKS: Final = {
    Severity.CRITICAL: "🔴",
    Severity.HIGH: "🟠",
    Severity.MEDIUM: "🟡",
    Severity.LOW: "🔵",
    Severity.INFO: "⚪",
}


def length(seconds: float) -> str:
    """Return `40 s`, `12 min`, `7 h`, `3 d`, the nearest."""
    for unit, unit_s in (("d", 2 * 86_400), ("h", 2 * 3_600), ("min", 90)):
        if seconds >= unit_s:
            return f"{round(seconds / {'d': 86_400, 'h': 3_600, 'min': 60}[unit])} {unit}"
    return f"{round(seconds)} s"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return `1 story`, `3,212 articles`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def land(country: str | None) -> str:
    """Return `🇺🇸 United States`."""
    return f"{flag(country)} {country_name(country)}".strip() if country else "🌐 International"


def listed(words: Sequence[str], most: int) -> str:
    """Return the first of them, and how many more there are."""
    shown = [plain(word, limit=80) for word in words[:most]]
    more = len(words) - len(shown)
    return ", ".join([*shown, f"{more} more"] if more > 0 else shown)
