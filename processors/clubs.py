"""Intergovernmental bodies as places and as clubs: the country that only hosts a seat is no partner, members named together are."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from processors.countries import Candidate, zone_of
from processors.reading import Reading
from processors.taxonomy import Kind

TOGETHER: Final = 3  # members of a club in one list

SEATS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("ITU", "UPU", "WTO", "WIPO", "WHO", "UNCTAD", "World Economic Forum", "ILO", "ISO", "UN"), "CH"),
    **dict.fromkeys(("World Bank", "IMF", "IFC", "IDB", "OAS", "CITEL", "UNDP", "UNICEF"), "US"),
    **dict.fromkeys(("UNESCO", "OECD", "Council of Europe", "Interpol", "ESA", "OIF"), "FR"),
    **dict.fromkeys(("APT", "ESCAP", "APPU"), "TH"),
    **dict.fromkeys(("AIIB", "SCO", "New Development Bank"), "CN"),
    **dict.fromkeys(("DCO", "GCC", "IsDB", "OIC"), "SA"),
    **dict.fromkeys(("EBRD", "GSMA", "Commonwealth Secretariat"), "GB"),
    **dict.fromkeys(("UNIDO", "OSCE"), "AT"),
    **dict.fromkeys(("African Union", "ECA"), "ET"),
    **dict.fromkeys(("EU", "NATO"), "BE"),
    **dict.fromkeys(("ECOWAS",), "NG"),
    **dict.fromkeys(("Arab League",), "EG"),
    **dict.fromkeys(("AICTO",), "TN"),
    **dict.fromkeys(("EIB",), "LU"),
    **dict.fromkeys(("ADB",), "PH"),
    **dict.fromkeys(("AfDB",), "CI"),
    **dict.fromkeys(("ASEAN",), "ID"),
    **dict.fromkeys(("ECO",), "IR"),
    **dict.fromkeys(("OTS", "D-8", "Turkic Council"), "TR"),
    **dict.fromkeys(("EAEU",), "RU"),
    **dict.fromkeys(("Smart Africa",), "RW"),
    **dict.fromkeys(("ATU",), "KE"),
    **dict.fromkeys(("NATO CCDCOE",), "EE"),
    **dict.fromkeys(("CARICOM",), "GY"),
    **dict.fromkeys(("ECLAC",), "CL"),
}
"""Where a body sits: "a loan from Manila" is one of the ADB."""

_MEMBERS: Final[Mapping[str, str]] = {
    "ASEAN": "BN KH ID LA MY MM PH SG TH VN TL",
    "BRICS": "BR RU IN CN ZA EG ET IR AE ID",
    "SCO": "CN RU IN PK KZ KG TJ UZ IR BY",
    "ECO": "AF AZ IR KZ KG PK TJ TR TM UZ",
    "DCO": "BH BD CY DJ GM GH GR JO KW MA NG OM PK QA RW SA",
    "D-8": "BD EG ID IR MY NG PK TR AZ",
    "GCC": "BH KW OM QA SA AE",
    "G7": "CA FR DE IT JP GB US",
    "EAEU": "AM BY KZ KG RU",
    "CIS": "AM AZ BY KZ KG MD RU TJ UZ TM",
    "SAARC": "AF BD BT IN MV NP PK LK",
    "OTS": "AZ KZ KG TR UZ HU TM",
    "Turkic Council": "AZ KZ KG TR UZ HU TM",
    "CPLP": "AO BR CV GW GQ MZ PT ST TL",
    "ARCTEL": "AO BR CV GW GQ MZ PT ST TL",
    "Quad": "AU IN JP US",
    "Mercosur": "AR BR PY UY BO",
    "DEPA": "SG NZ CL KR CR",
    "CARICOM": "AG BS BB BZ DM GD GY HT JM KN LC VC SR TT",
    "EAC": "BI CD KE RW SS TZ UG SO",
    "AES": "BF ML NE",
    "ECOWAS": "BJ CV CI GM GH GN GW LR NG SN SL TG BF ML NE",
    "Indian Ocean Commission": "KM FR MG MU SC",
    "CAREC": "AF AZ CN GE KZ KG MN PK TJ TM UZ",
    "Arab League": "DZ BH KM DJ EG IQ JO KW LB LY MR MA OM PS QA SA SO SD SY TN AE YE",
}
MEMBERS: Final = {name: frozenset(codes.split()) for name, codes in _MEMBERS.items()}


def club_features(reading: Reading, named: Mapping[str, Candidate], lists: Iterable[frozenset[str]]) -> dict[str, set[str]]:
    """Return, for each country that stands, whether it is the seat of a body named, only by a town, and a member beside others.

    `lists` are the countries named in one breath: members of a club that are listed are its meeting, scattered ones often not.
    """
    bodies, top = set(_bodies(reading, top=False)), set(_bodies(reading, top=True))
    seats = {SEATS[name] for name in bodies if name in SEATS}
    clubs = [MEMBERS[name] for name in sorted(top) if name in MEMBERS]
    standing = {code for code, candidate in named.items() if candidate.mentions}
    listed = {code for codes in lists for club in clubs if len(codes & club) >= TOGETHER for code in codes & club}
    out: dict[str, set[str]] = {}
    for code, candidate in named.items():
        own = out.setdefault(code, set())
        only_town = {mark.entry.kind for _, mark in candidate.mentions} == {Kind.CAPITAL}
        if code in seats:
            own.update(("seat", "seat:town" if only_town else "seat:named"))
        if only_town and bodies:
            own.update(("town:body", f"town:body:{'top' if top else 'below'}", f"town:body:{min(len(candidate.mentions), 2)}"))
        together = max((len(club & standing) for club in clubs if code in club), default=0)
        if together:
            own.update(("member", f"member:{min(together, 5)}", f"member:{'listed' if code in listed else 'not listed'}"))
    return out


def _bodies(reading: Reading, *, top: bool) -> Iterator[str]:
    for sentence in reading.sentences:
        if not top or zone_of(sentence) != "body":
            yield from (mark.entry.key for mark in sentence.marks if mark.entry.kind is Kind.ORGANISATION)
