"""The languages that Newswire tells apart, by their ISO 639-1 codes: those that items are counted by, too."""

from typing import Final

LANGUAGES: Final = (
    *("en", "ur", "ar", "zh", "ko", "tr", "fr", "ru", "es", "pt", "de", "fa", "hi", "bn", "id", "ja", "uk", "az", "kk", "it", "nl", "vi"),
    *("th", "ps", "bg", "ky", "ms", "pl"),
)
UNKNOWN: Final = "und"
"""ISO 639-2's code for a text whose language nothing tells."""
