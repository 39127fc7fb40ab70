"""Items with something swapped by a script, all else left as it stands: outlet, minister's name and partner; envoy and provincial official.

A country is swapped by its name, adjective, capital and other towns, wherever they stand in title, summary and text. What is chosen
depends on the item's id alone.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

Record = Mapping[str, Any]
TEXTS = ("title", "summary", "text")


@dataclass(frozen=True)
class Names:
    """How a country, or a province, is named; the first of each is the one it is given when it takes another's place."""

    names: tuple[str, ...]
    adjectives: tuple[str, ...]
    towns: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.names, *self.adjectives, *self.towns)


def _names(line: str) -> tuple[str, Names]:
    code, *rest = line.split(";")
    names, adjectives, towns = (tuple(part.split("|")) for part in rest)
    return code, Names(names, adjectives, towns)


COUNTRIES = dict(
    map(
        _names,
        """\
AE;United Arab Emirates|UAE|Emirates;Emirati|Emiratis|UAE's;Abu Dhabi|Dubai|Sharjah
AU;Australia;Australian|Australians;Canberra|Sydney|Melbourne
AZ;Azerbaijan;Azerbaijani|Azeri;Baku
BR;Brazil;Brazilian|Brazilians;Brasília|Brasilia|São Paulo
CA;Canada;Canadian|Canadians;Ottawa|Toronto
CH;Switzerland;Swiss;Bern|Berne|Zurich|Geneva
CL;Chile;Chilean|Chileans;Santiago
CN;China|People's Republic of China|PRC;Chinese;Beijing|Shanghai|Shenzhen|Chongqing|Hangzhou
DE;Germany;German|Germans;Berlin|Bonn|Munich
DK;Denmark;Danish|Danes;Copenhagen
EE;Estonia;Estonian|Estonians;Tallinn
ES;Spain;Spanish|Spaniards;Madrid|Barcelona
FI;Finland;Finnish|Finns;Helsinki|Oulu|Espoo
FR;France;French;Paris|Lyon
GB;United Kingdom|UK|U.K.|Britain|Great Britain|England;British|Britons;London|Whitehall
GR;Greece;Greek|Greeks;Athens
HU;Hungary;Hungarian|Hungarians;Budapest
IE;Ireland;Irish;Dublin
IN;India;Indian|Indians;New Delhi|Delhi|Bengaluru|Bangalore|Mumbai
IR;Iran;Iranian|Iranians;Tehran
JP;Japan;Japanese;Tokyo|Osaka
KE;Kenya;Kenyan|Kenyans;Nairobi
KR;South Korea|Republic of Korea|Korea|S Korea|S. Korea;South Korean|Korean|Koreans|South Koreans;Seoul|Busan|Daejeon
KZ;Kazakhstan;Kazakh|Kazakhstani;Astana|Almaty
MA;Morocco;Moroccan|Moroccans;Rabat|Casablanca
MY;Malaysia;Malaysian|Malaysians;Kuala Lumpur|Putrajaya|Cyberjaya
NL;Netherlands;Dutch;The Hague|Amsterdam|Rotterdam
NO;Norway;Norwegian|Norwegians;Oslo
NZ;New Zealand;New Zealand's|Kiwi;Wellington|Auckland
OM;Oman;Omani|Omanis;Muscat
PK;Pakistan;Pakistani|Pakistanis;Islamabad|Karachi|Lahore
PL;Poland;Polish|Poles;Warsaw
PT;Portugal;Portuguese;Lisbon
QA;Qatar;Qatari|Qataris;Doha
RU;Russia|Russian Federation;Russian|Russians;Moscow|Kremlin
RW;Rwanda;Rwandan|Rwandans;Kigali
SA;Saudi Arabia|Kingdom of Saudi Arabia|KSA;Saudi|Saudis;Riyadh|Jeddah
SE;Sweden;Swedish|Swedes;Stockholm
SG;Singapore;Singaporean|Singaporeans;Singapore
TR;Türkiye|Turkey;Turkish|Turks;Ankara|Istanbul
UA;Ukraine;Ukrainian|Ukrainians;Kyiv|Kiev
US;United States|United States of America|U.S.|US|USA|America;American|Americans;Washington|Silicon Valley
UZ;Uzbekistan;Uzbek|Uzbeks;Tashkent
VN;Vietnam;Vietnamese;Hanoi""".splitlines(),
    )
)
GREAT = ("AU", "BR", "CA", "CN", "DE", "ES", "FR", "GB", "IN", "JP", "KR", "RU", "TR", "US")
SMALL = ("AZ", "CL", "DK", "EE", "FI", "GR", "HU", "IE", "KE", "KZ", "MA", "NL", "NO", "PL", "PT", "QA", "RW", "SE", "UA", "UZ", "VN")
WITH_ARTICLE = ("Netherlands", "United Arab Emirates", "United Kingdom", "United States")

PROVINCES = {
    code: Names((name,), (name,), (town,))
    for code, name, town in (
        line.split(";")
        for line in """\
AE;Fujairah;Dibba
AO;Huambo;Caála
AU;Tasmania;Hobart
AZ;Ganja region;Ganja
BD;Sylhet Division;Sylhet
BG;Plovdiv province;Plovdiv
BR;Paraná;Curitiba
CL;Biobío region;Concepción
CN;Hunan;Changsha
CZ;Vysočina region;Jihlava
EC;Azuay;Cuenca
EG;Minya governorate;Minya
ET;Oromia;Adama
FR;Brittany;Rennes
GB;Cornwall;Truro
GH;Ashanti region;Kumasi
GY;Berbice;New Amsterdam
ID;Central Java;Semarang
IN;Kerala;Thiruvananthapuram
IQ;Basra province;Basra
IR;Khuzestan;Ahvaz
IS;Westfjords;Ísafjörður
JP;Ehime Prefecture;Matsuyama
KE;Kakamega county;Kakamega
KG;Naryn region;Naryn
KH;Battambang province;Battambang
KR;Gangwon Province;Chuncheon
KZ;Karaganda region;Karaganda
LA;Savannakhet province;Savannakhet
LK;Northern Province;Jaffna
MA;Souss-Massa region;Agadir
MM;Mandalay region;Mandalay
MN;Khovd province;Khovd
MV;Addu;Hithadhoo
MW;Northern Region;Mzuzu
MY;Sarawak;Kuching
NG;Kaduna State;Kaduna
NL;Friesland;Leeuwarden
NO;Nordland county;Bodø
NP;Gandaki Province;Pokhara
PH;Cebu;Cebu City
PK;Balochistan;Quetta
RW;Western Province;Rubavu
SA;Asir region;Abha
SE;Norrbotten;Luleå
TH;Chiang Mai province;Chiang Mai
TR;Konya province;Konya
TZ;Mwanza region;Mwanza
UG;Gulu district;Gulu
US;Montana;Helena
UZ;Namangan region;Namangan
VN;Nghe An province;Vinh
VU;Sanma Province;Luganville
ZA;Limpopo;Polokwane
ZM;Copperbelt Province;Ndola
ZW;Masvingo province;Masvingo""".splitlines()
    )
}

# What tells that a party is a foreign one, and what it is called when it sits at home.
AT_HOME = (
    (r"ambassador(-designate)?", "provincial minister"),
    (r"high commissioner", "provincial minister"),
    (r"envoys", "provincial ministers"),
    (r"envoy", "provincial minister"),
    (r"embass(y|ies)", "provincial department"),
    (r"high commission", "provincial department"),
    (r"consul[- ]general|consul", "provincial director"),
    (r"consulate( general)?", "provincial office"),
    (r"charg[eé] d['’]affaires", "provincial secretary"),
    (r"diplomats", "officials"),
    (r"diplomat", "official"),
    (r"diplomatic", "official"),
    (r"bilateral", "mutual"),
    (r"(two|both) (countries|nations|states)", r"\1 governments"),
    (r"foreign minister", "provincial minister"),
)
ENVOY = re.compile(r"\b(ambassador|envoy|high commissioner|embassy)\b", re.IGNORECASE)
FOREIGN_MINISTRY = re.compile(r"foreign (ministry|office|affairs|secretary)|\bFO\b|summon", re.IGNORECASE)
OUTLETS = (
    "The Daily Ledger",
    "Capital Post",
    "Morning Courier",
    "The Standard Gazette",
    "Evening Chronicle",
    "News Tribune",
    "The Herald Mail",
)
PEOPLE = (
    *(
        "Marek Nowotny",
        "Anneli Korpela",
        "Tiago Figueiredo",
        "Sipho Radebe",
        "Keiko Morimoto",
        "Lars Bergqvist",
        "Amina Diallo",
        "Rohan Wickramage",
    ),
    *(
        "Elena Petrova",
        "Juan Ibarra",
        "Fatou Camara",
        "Nguyen Thanh Ha",
        "Oluwaseun Adeyemi",
        "Mirela Ionescu",
        "Batbayar Ganzorig",
        "Tariq Mansour",
    ),
)


def chosen(options: Sequence[str], record: Record, what: str) -> str:
    """Return one of the options, always the same one for an item."""
    return options[int(hashlib.sha256(f"{what}:{record['id']}".encode()).hexdigest(), 16) % len(options)]


def changed(record: Record, change: Callable[[str], str], **fields: Any) -> dict[str, Any]:
    """Return the item with its texts changed."""
    return {**record, **{name: change(record[name]) for name in TEXTS if record.get(name)}, **fields}


def text_of(record: Record) -> str:
    return "\n".join(record.get(name) or "" for name in TEXTS)


def names_any(record: Record, names: Names) -> bool:
    return bool(_pattern(names.all).search(text_of(record)))


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(re.escape(word) for word in sorted(words, key=len, reverse=True))})(?!\w)")


def country_swapped(text: str, old: Names, new: Names) -> str:
    """Return the text with every name, adjective and town of one country replaced by another's; articles and capital letters follow."""
    kinds = {
        **dict.fromkeys(old.towns, new.towns[0]),
        **dict.fromkeys(old.adjectives, new.adjectives[0]),
        **dict.fromkeys(old.names, new.names[0]),
    }
    kinds |= {word.upper(): other.upper() for word, other in kinds.items() if word.upper() != word}
    text = re.sub(rf"\b[Tt]he (?={_pattern(old.names).pattern})", "", text)

    def other(found: re.Match[str]) -> str:
        word = kinds[found.group()]
        bare = found.start() > 0 and not re.search(r"\b[Tt]he $", text[max(0, found.start() - 4) : found.start()])
        return f"the {word}" if word in WITH_ARTICLE and bare else word

    return _with_articles(_pattern(tuple(kinds)).sub(other, text))


def _with_articles(text: str) -> str:
    """Return the text with `a` and `an` as the words after them ask."""
    text = re.sub(r"\b([Aa])n (?=[b-dfgj-np-tv-z]|[B-DF-HJ-NP-TV-Z][a-z]{2})", r"\1 ", text)
    return re.sub(r"\b([Aa]) (?=(?:[AEIO]|Un(?!it))[a-z]|official)", r"\1n ", text)


def as_another_visit(record: Record, people: Sequence[str]) -> dict[str, Any] | None:
    """Return the item in another outlet, with the officials named otherwise and the (first) partner another country of its kind.

    None where the item names no official, or its partner in no way that is known here.
    """
    code = next(iter(record["partners"]), "")
    if not people or code not in COUNTRIES or not names_any(record, COUNTRIES[code]):
        return None
    kind = GREAT if code in GREAT else SMALL
    free = [other for other in kind if other not in (code, record["home"], *record["partners"]) and not names_any(record, COUNTRIES[other])]
    new = chosen(free, record, "partner")

    def change(text: str) -> str:
        for at, person in enumerate(people):
            name = PEOPLE[(PEOPLE.index(chosen(PEOPLE, record, "people")) + at) % len(PEOPLE)]
            text = re.sub(rf"\b{re.escape(person)}\b", name, text)
            text = re.sub(rf"\b{re.escape(person.split()[-1])}\b", name.split()[-1], text)
        return country_swapped(text, COUNTRIES[code], COUNTRIES[new])

    partners = [new, *record["partners"][1:]]
    return changed(record, change, outlet=chosen(OUTLETS, record, "outlet"), source_url=None, partners=partners)


def _envoy_of(country: Names) -> re.Pattern[str]:
    """Return what finds "Chinese ambassador", "China's new envoy", "ambassador of China"."""
    names = _pattern(country.all).pattern
    return re.compile(
        rf"{names}(?:['’]s)?(?: [\w-]+){{0,2}} (?i:{ENVOY.pattern})|(?i:{ENVOY.pattern})(?: [\w-]+){{0,3}} (?:of|from) (?:the )?{names}"
    )


def as_talks_at_home(record: Record) -> dict[str, Any] | None:
    """Return a diplomacy item in which the foreign envoy has become an official of a home province, and nothing else has changed.

    None where the swap has no meaning: more parties than one envoy's state, a body engaged, no envoy in the opening, or home's own, a foreign
    ministry that acts (it has nothing to settle with a province), the province itself in the item, or a state that is not known here.
    """
    if record["label"] != "diplomacy" or record["lang"] != "en" or record["organisations"] or len(record["partners"]) != 1:
        return None
    code, home = record["partners"][0], record["home"]
    opening = "\n".join((record["title"], record["summary"], (record["text"] or "")[:500]))
    if code not in COUNTRIES or home not in PROVINCES or not ENVOY.search(opening) or not names_any(record, COUNTRIES[code]):
        return None
    if home in COUNTRIES and _envoy_of(COUNTRIES[home]).search(opening):
        return None
    if FOREIGN_MINISTRY.search(text_of(record)) or names_any(record, PROVINCES[home]) or record["title"].isupper():
        return None

    def change(text: str) -> str:
        if home in COUNTRIES:  # "ambassador to Pakistan": accredited, so foreign
            text = re.sub(
                rf"(?i:({ENVOY.pattern}[^.\n]{{0,40}}?)) (?:in|to) (?:the )?{_pattern(COUNTRIES[home].names).pattern}", r"\1", text
            )
        text = country_swapped(text, COUNTRIES[code], PROVINCES[home])
        for pattern, at_home in AT_HOME:
            text = re.sub(rf"\b{pattern}\b", partial(_cased, at_home), text, flags=re.IGNORECASE)
        return _with_articles(text)

    return changed(record, change, partners=[])


def _cased(word: str, found: re.Match[str]) -> str:
    word = found.expand(word)
    old = found.group()
    if old.isupper():
        return word.upper()
    return word.title() if old[0].isupper() else word


def replaced(record: Record, pairs: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return the item with the words of each pair replaced, in order.

    Raises:
        ValueError: the item does not hold them.

    """
    for old, new in pairs:
        if old not in text_of(record):
            raise ValueError(f"{record['id']} does not hold {old!r}")
        record = changed(record, partial(_replaced, old, new))
    return dict(record)


def _replaced(old: str, new: str, text: str) -> str:
    return text.replace(old, new)
