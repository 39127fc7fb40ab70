"""The language of an item: the script where it decides, py3langid among the languages that Newswire knows, the source's hint for short titles."""

import re
from typing import Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from newswire.languages import LANGUAGES, UNKNOWN

__all__ = ["LANGUAGES", "UNKNOWN", "LanguageReader"]

_READ: Final = 500
_SHORT: Final = 20  # letters under which the script and the source's hint know better
_LETTER: Final = re.compile(r"[^\W\d_]")
_SCRIPTS: Final = (
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("bn", re.compile("[\u0980-\u09ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("hi", re.compile("[\u0900-\u097f]")),
)
_ARABIC: Final = re.compile("[\u0600-\u06ff]")
_URDU_ONLY: Final = re.compile("[ٹڈڑںےۓھہ]")
_PERSIAN_ONLY: Final = re.compile("[پچژگکی]")
_PASHTO_ONLY: Final = re.compile("[ټډړښږڼېۍ]")
_CYRILLIC: Final = re.compile("[\u0400-\u04ff]")
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f]")


class LanguageReader:
    """py3langid, loaded once and held to our languages."""

    def __init__(self) -> None:
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
        self._identifier.set_languages(list(LANGUAGES))
        # The columns of the other languages stay referenced for a later set_languages: 25 MB that nobody will ask for.
        restricted = (self._identifier.nb_ptc, self._identifier.nb_pc, self._identifier.nb_classes)
        self._identifier._full_model = restricted  # noqa: SLF001 -- the library has no name for it

    def identify(self, text: str, hint: str | None = None) -> str:
        """Return the ISO 639-1 code of the text's language, `und` where nothing tells. Pure, though it holds a model."""
        head = text[:_READ]
        letters = len(_LETTER.findall(head))
        hint = hint.split("-")[0].lower()[:2] if hint else None
        if letters < 2:
            return hint if hint in LANGUAGES else UNKNOWN
        by_script = _by_script(head, letters)
        if by_script:
            return by_script
        fitting = hint if hint in LANGUAGES and _fits(hint, head) else None
        if letters < _SHORT and fitting:
            return fitting
        found, _ = self._identifier.classify(head)
        return str(found) if found in LANGUAGES else (fitting or UNKNOWN)


def _by_script(head: str, letters: int) -> str | None:
    for language, script in _SCRIPTS:
        share = len(script.findall(head)) / letters
        # Kana settle Japanese even among Chinese characters; elsewhere a few foreign letters settle nothing.
        if share > (0.08 if language == "ja" else 0.3):
            return language
    if len(_ARABIC.findall(head)) > 0.5 * letters:
        if _PASHTO_ONLY.search(head):
            return "ps"
        if len(_URDU_ONLY.findall(head)) > 0.02 * letters:
            return "ur"
        if len(_PERSIAN_ONLY.findall(head)) > 0.03 * letters:
            return "fa"
        return "ar"
    return None


def _fits(language: str, head: str) -> bool:
    if language in ("ru", "uk", "kk", "bg", "ky"):
        return bool(_CYRILLIC.search(head))
    if language in ("ar", "ur", "fa", "ps"):
        return bool(_ARABIC.search(head))
    if language in ("zh", "ja", "ko", "hi", "bn", "th"):
        return False  # their script would have told
    return bool(_LATIN.search(head))
