"""Folding of text for matching: one copy in which case, accents, letter forms, quotes, hyphens and white space no longer differ.

Each character folds by itself, so a table of what each code gives does it, for a whole text at once. The rules are those of
WATCHLISTS.md "Conditions".
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_Codes = NDArray[np.uint8] | NDArray[np.uint32]
_Offsets = NDArray[np.intp]

_SPACE: Final = ord(" ")
_TRUE: Final = np.ones(1, np.bool_)
_SPACE_LIKE: Final = re.compile(r"[\s\-\u05be\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_LETTER_FORMS: Final = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bb\u02bc\u02b9\u00b4`\u2032\uff07", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02", '"'),
        **dict.fromkeys("\u200c\u200d\u0640\u00ad", ""),  # joiners, tatweel, soft hyphen
        **dict.fromkeys("\u06cc\u0649\u06d2\u06d0", "\u064a"),  # Persian, Urdu and bare yeh
        **dict.fromkeys("\u06a9\u06aa", "\u0643"),  # keheh
        **dict.fromkeys("\u06c1\u06be\u06d5\u0629\u06c3", "\u0647"),  # heh goal, heh doachashmee, teh marbuta
        "\u0671": "\u0627",
        "\u0131": "i",  # Turkish dotless i
        "\u00f8": "o",
        "\u0111": "d",
        "\u0142": "l",
        "\u00e6": "ae",
        "\u0153": "oe",
    }
)
_SIGNS: Final = "\u2122\u2120"  # trade mark, service mark: NFKC makes letters of them, which would join the word before
QUOTES: Final = {code: form for code, form in _LETTER_FORMS.items() if form in ("'", '"')}
"""What the quotes of all kinds are unified to."""

# Marks that are accents in these scripts; in Indic and Thai text the marks are vowels and stay.
_ACCENTS: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]"
)

# Letters in pieces that make one letter only together: Korean jamo, kana and its voicing marks, the halves of Indic vowels.
_IN_PIECES: Final = re.compile(
    "[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|[\u3041-\u30ff\uff66-\uff9d][\u3099\u309a\uff9e\uff9f]"
    "|\u09c7[\u09be\u09d7]|\u0b47[\u0b3e\u0b56\u0b57]|\u0b92\u0bd7|[\u0bc6\u0bc7]\u0bbe|\u0bc6\u0bd7|\u0c46\u0c56"
    "|\u0cbf\u0cd5|\u0cc6(?:\u0cc2\u0cd5?|[\u0cd5\u0cd6])|[\u0d46\u0d47]\u0d3e|\u0d46\u0d57|\u0dd9(?:\u0dcf\u0dca?|[\u0dca\u0ddf])|\u1025\u102e"
)
_VOICING_MARKS: Final = ("\uff9e", "\uff9f", "\u3099", "\u309a")  # after a half-width letter NFC does not see them

_SHORT: Final = 100  # characters up to which letter by letter is faster than numpy, whose calls cost 10 µs whatever they are given
_NOT_ONE: Final = "\ud800"  # stands for what gives no letter, or several: no character folds to half of one
_LETTERS_KEPT: Final = 20_000  # a hostile feed may hold every character that there is


@dataclass(frozen=True, slots=True)
class Folded:
    """A text prepared once for any number of searches: folded copy and the way back to the original's offsets."""

    original: str
    text: str
    starts: Sequence[int]  # original offset of each folded character
    ends: Sequence[int]  # original offset past it


def _is_taken_apart(letter: str) -> bool:
    """Return whether a letter's marks are accents, or (the nukta of Devanagari) are mostly written as letters of their own."""
    return letter < "\u0700" or "\u1e00" <= letter <= "\u1fff" or letter in "\u0929\u0931\u0934"


def _fold_of(character: str) -> str:
    """Return what one character folds to: none, one or several letters."""
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"  # half a character: the automaton reads UTF-8, which has none
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)  # the digits of Arabic, Persian, Hindi and the others are those of 5G
    if character in _SIGNS:
        return character
    folded = unicodedata.normalize("NFKC", character).casefold()
    folded = "".join(unicodedata.normalize("NFD", one) if _is_taken_apart(one) else one for one in folded)
    folded = _ACCENTS.sub("", folded.translate(_LETTER_FORMS))
    return _SPACE_LIKE.sub(" ", folded)


class _Folds:
    """What each character folds to, worked out when first met: its code, or the number of letters that are not one.

    The table has a place for each code of Unicode; the system gives it memory only where it was written.
    """

    LETTERS: Final = 0x110000  # from here on a value is not a code but a place in `letters`

    def __init__(self) -> None:
        self._table = np.zeros(0x110000, np.uint32)
        self._letters: list[str] = []

    def __call__(self, codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Return the folded codes, one for each, with values from `LETTERS` on for those that give no letter, or several."""
        folded = self._table.take(codes)
        if not folded.all():
            for code in set(codes[folded == 0].tolist()):
                self._table[code] = self._value(_fold_of(chr(code)))
            folded = self._table.take(codes)
        return folded

    def letters(self, value: int) -> str:
        """Return the letters that a value from `LETTERS` on stands for."""
        return self._letters[value - self.LETTERS]

    def _value(self, letters: str) -> int:
        if len(letters) == 1 and letters != "\0":
            return ord(letters)
        if letters not in self._letters:
            self._letters.append(letters)
        return self.LETTERS + self._letters.index(letters)


class _OneLetter(dict[int, str]):
    """The one letter that each code folds to, or `_NOT_ONE`, for `str.translate`; worked out when first met."""

    def __missing__(self, code: int) -> str:
        letters = _fold_of(chr(code))
        letter = letters if len(letters) == 1 else _NOT_ONE
        if len(self) < _LETTERS_KEPT:
            self[code] = letter
        return letter


_FOLDS: Final = _Folds()
_ONE_LETTER: Final = _OneLetter()
_FOLDS_OF_ASCII: Final = "".join(_fold_of(chr(code)) for code in range(128)).encode("ascii").ljust(256, b"?")


def fold(text: str) -> Folded:
    """Return the text folded for matching: NFKC, case and accents, Arabic letter forms, quotes, hyphens and white space unified."""
    if text.isascii():
        folded = text.encode("ascii").translate(_FOLDS_OF_ASCII)
        if b"  " not in folded:
            return Folded(text, folded.decode("ascii"), range(len(text)), range(1, len(text) + 1))
        return _one_space(text, np.frombuffer(folded, np.uint8), "ascii", None)
    suspect = not unicodedata.is_normalized("NFC", text) or _has_voicing_mark(text)  # most texts are told so at once
    if suspect and _IN_PIECES.search(text):
        return _composed(text)
    if len(text) <= _SHORT:
        short = text.translate(_ONE_LETTER)
        if _NOT_ONE not in short and "  " not in short:
            return Folded(text, short, range(len(text)), range(1, len(text) + 1))
    return _in_codes(text)


def _has_voicing_mark(text: str) -> bool:
    one, two, three, four = _VOICING_MARKS
    return one in text or two in text or three in text or four in text


def _in_codes(text: str) -> Folded:
    codes = _FOLDS(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.dtype("<u4")))
    offsets: _Offsets | None = None
    if int(codes.max()) >= _Folds.LETTERS:
        codes, offsets = _spelled_out(codes)
    return _one_space(text, codes, "utf-32-le", offsets)


def _composed(text: str) -> Folded:
    """Return the folded text of one in which letters stand in pieces: 게임 in its jamo, half-width ｹﾞｰﾑ."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    last = 0
    for found in _IN_PIECES.finditer(text):
        pieces.append(text[last : found.start()])
        starts += range(last, found.start())
        ends += range(last + 1, found.start() + 1)
        whole = unicodedata.normalize("NFKC", found.group())
        pieces.append(whole)
        starts += [found.start()] * len(whole)
        ends += [found.end()] * len(whole)
        last = found.end()
    pieces.append(text[last:])
    starts += range(last, len(text))
    ends += range(last + 1, len(text) + 1)
    folded = _in_codes("".join(pieces))
    return Folded(text, folded.text, [starts[at] for at in folded.starts], [ends[at - 1] for at in folded.ends])


def _spelled_out(codes: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], _Offsets]:
    """Return the codes with the letters of each character that gave none or several, and the offset that each of them comes from."""
    places = np.flatnonzero(codes >= _Folds.LETTERS)
    letters = [_FOLDS.letters(value) for value in codes[places].tolist()]
    lengths = np.ones(len(codes), np.intp)
    lengths[places] = [len(several) for several in letters]
    offsets = np.repeat(np.arange(len(codes)), lengths)
    spelled: NDArray[np.uint32] = np.repeat(codes, lengths)
    spelled[spelled >= _Folds.LETTERS] = np.frombuffer("".join(letters).encode("utf-32-le"), np.dtype("<u4"))
    return spelled, offsets


def _one_space(text: str, codes: _Codes, encoding: str, offsets: _Offsets | None) -> Folded:
    """Return the folded text with each run of spaces made one; `offsets` are those of the codes, None where each is its own."""
    space = codes == _SPACE
    more = space[1:] & space[:-1]
    if not more.any():
        folded = codes.tobytes().decode(encoding)
        if offsets is None:
            return Folded(text, folded, range(len(text)), range(1, len(text) + 1))
        return Folded(text, folded, offsets.data, (offsets + 1).data)
    # Each letter that is kept reaches up to the next one: a run of spaces is the first of them.
    bounds = np.flatnonzero(np.concatenate((_TRUE, ~more, _TRUE)))
    kept, nexts = bounds[:-1], bounds[1:]
    starts, ends = (kept, nexts) if offsets is None else (offsets[kept], offsets[nexts - 1] + 1)
    return Folded(text, codes.take(kept).tobytes().decode(encoding), starts.data, ends.data)
