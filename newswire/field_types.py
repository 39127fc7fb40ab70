"""Types of single values that people write in files and in the environment: durations, country and language codes."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from newswire import lookalikes

_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DURATION: Final = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,3})?[smhdw])+")
_PART: Final = re.compile(r"([0-9.]+)([smhdw])")

COUNTRY_CODES: Final = frozenset(
    re.findall(
        "[A-Z]{2}",
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
        "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR "
        "GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP "
        "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT "
        "MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW "
        "SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ "
        "UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW",
    )
)
"""ISO 3166-1 alpha-2, and XK for Kosovo."""

_MEANT: Final = {"UK": "GB", "USA": "US", "UAE": "AE", "KSA": "SA", "PRC": "CN", "ROK": "KR", "DPRK": "KP", "RSA": "ZA", "EL": "GR"}
"""Codes that are in use and not in ISO 3166-1."""


def seconds(text: str) -> float:
    """Return the seconds of `90s`, `15m`, `1h30m`, `72h`, `7d` or `2w`.

    Raises:
        ValueError: it is no such duration; the text says what would be right.

    """
    if text == "0":
        return 0.0
    if not _DURATION.fullmatch(text):
        raise ValueError(f"a duration is due here, such as 90s, 15m, 1h30m, 72h or 7d, not '{text[:40]}'")
    parts = _PART.findall(text)
    units = [_UNITS[unit] for _, unit in parts]
    if units != sorted(set(units), reverse=True):
        raise ValueError(f"a duration names each unit once, the largest first, such as 1h30m, not '{text[:40]}'")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _duration(value: object) -> object:
    return seconds(value) if isinstance(value, str) else value


def country_code(code: str) -> str:
    """Return the code.

    Raises:
        ValueError: there is no such country; the text says what would be right.

    """
    if code in COUNTRY_CODES:
        return code
    if looks := lookalikes.fault("country code", code, sorted(COUNTRY_CODES)):
        raise ValueError(looks)
    capitals = code.upper()
    meant = capitals if capitals in COUNTRY_CODES else _MEANT.get(capitals)
    hint = f"did you mean {meant}?" if meant else "two capital letters of ISO 3166-1 are due here, such as NO for Norway"
    raise ValueError(f"unknown country code '{code[:40]}'; {hint}")


def _language(code: str) -> str:
    if re.fullmatch("[a-z]{2}", code):
        return code
    raise ValueError(f"a language code of two small letters is due here, such as en or ur, not '{code[:40]}'")


Duration = Annotated[
    float,
    Field(ge=0),
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": r"^(0|([0-9]+(\.[0-9]+)?[smhdw])+)$", "examples": ["15m", "72h", "7d"]}),
]
"""Seconds, written as `15m`, `72h`, `7d`."""

CountryCode = Annotated[str, AfterValidator(country_code), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$", "examples": ["NO"]})]
"""An ISO 3166-1 alpha-2 code."""

LanguageCode = Annotated[str, AfterValidator(_language), WithJsonSchema({"type": "string", "pattern": "^[a-z]{2}$", "examples": ["en"]})]
"""An ISO 639-1 code."""
