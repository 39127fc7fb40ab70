"""Where a language's press is at home: an item in Spanish on Bolivia and Russia is most likely Bolivian."""

from collections.abc import Mapping
from typing import Final

# CLDR's official languages, and the countries whose press writes in a neighbour's language or, English, in one that is not their own.
_SPOKEN_IN: Final[Mapping[str, str]] = {
    "ar": "AE BH DJ DZ EG IQ JO KM KW LB LY MA MR OM PS QA SA SD SO SY TD TN YE",
    "bn": "BD",
    "de": "AT BE CH DE LI LU",
    "en": "AG AU BB BD BN BS BT BW BZ CA CK DM FJ FM GB GD GH GM GY HK IE IN JM KE KI KN LC LK LR LS MH MT MU MV MW MY NA NG NP NR NZ PG PH PK PW RW SB SC SG SL SS SZ TO TT TV TZ UG US VC VU WS ZA ZM ZW",
    "es": "AR BO CL CO CR CU DO EC ES GQ GT HN MX NI PA PE PY SV UY VE",
    "fa": "AF IR",
    "fr": "BE BF BI BJ CA CD CF CG CH CI CM DJ DZ FR GA GN HT KM LU MA MC MG ML MR NE RW SN TD TG TN VU",
    "hi": "IN",
    "id": "ID",
    "ja": "JP",
    "ko": "KP KR",
    "ms": "BN MY SG",
    "pt": "AO BR CV GW MO MZ PT ST TL",
    "ru": "AM AZ BY KG KZ MD RU TJ TM UA UZ",
    "tr": "AZ CY TR",
    "ur": "IN PK",
    "zh": "CN HK MO MY SG TW",
}
SPOKEN_IN: Final = {language: frozenset(codes.split()) for language, codes in _SPOKEN_IN.items()}
