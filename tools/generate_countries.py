"""Write `config/taxonomy/country_names.yaml` and `country_cities.yaml`: what CLDR calls countries and their large cities.

Run by hand when babel brings a newer CLDR: `python tools/generate_countries.py config/taxonomy`.
What CLDR does not know (demonyms, capitals, daily names, guards) stands in `countries.yaml`, which is written by hand.
"""

import sys
from pathlib import Path

from babel import Locale
from babel.core import get_cldr_version, get_global

LANGUAGES = "en ur ar zh ko tr fr ru es pt de fa hi bn id ja uk az kk uz ky it nl vi th ms ps".split()  # noqa: SIM905 -- one line reads better
CITY_LANGUAGES = "en ur ar zh ko tr fr ru es pt de fa hi bn id ja".split()  # noqa: SIM905 -- one line reads better
COMMON_WORDS = {
    "Center",
    "Resolute",
    "Nome",
    "Regina",
    "Phoenix",
    "Knox",
    "Creston",
    "Dawson",
    "Chita",
    "Easter",
    "Pacific",
    "Eastern",
    "Central",
    "Mountain",
    "Swift Current",
}
SCRIPTS = {"zh": ("zh_Hans", "zh_Hant"), "uz": ("uz_Latn", "uz_Cyrl"), "az": ("az_Latn",)}
# No countries, and overseas parts that stand for no government (and collide with words: Réunion, Jersey).
NOT_COUNTRIES = set(
    "AC AI AQ AS AX BL BQ BV CC CP CQ CX DG EA EU EZ FK GF GG GP GS HM IC IM IO JE MF MP MQ MS NF PM PN QO RE SH SJ SX TA TC TF UM UN VG VI WF XA XB YT ZZ".split()  # noqa: SIM905 -- one line reads better
)


def names_of(code: str, language: str) -> list[str]:
    """Return the territory's names in one language, parentheses cut off, without repeats."""
    found = []
    for tag in SCRIPTS.get(language, (language,)):
        name = Locale.parse(tag).territories.get(code)
        if name:
            bare = name.split(" (")[0].split("（")[0].split("(")[0].strip()
            if bare and bare not in found:
                found.append(bare)
    return found


def cities_of(language: str) -> dict[str, list[str]]:
    """Return the exemplar cities of CLDR's time zones by country, in one language."""
    out: dict[str, list[str]] = {}
    territories = get_global("zone_territories")

    def put(code: str | None, city: str | None) -> None:
        if code and city and len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES and city not in COMMON_WORDS:
            known = out.setdefault(code, [])
            if city not in known:
                known.append(city)

    for tag in SCRIPTS.get(language, (language,)):
        for zone, names in Locale.parse(tag).time_zones.items():
            if "/" in zone and len(names.get("city", "")) > 1:
                put(territories.get(zone), names["city"])
        if tag == "en":  # English names a city only where the zone's own name would mislead
            for zone, code in territories.items():
                city = zone.rsplit("/", 1)[-1].replace("_", " ")
                if "/" in zone and len(city) > 3:
                    put(code, city)
    return out


def written(table: dict[str, dict[str, list[str]]], schema: str) -> str:
    """Return the table as YAML: country, language, names; its first line names the schema for editors."""
    lines = [f"# yaml-language-server: $schema=../schemas/{schema}.json"]
    lines += [f"# CLDR {get_cldr_version()} (Unicode License V3), written by tools/generate_countries.py: do not edit."]
    for code in sorted(table):
        lines.append(f'"{code}":')
        for language, names in table[code].items():
            quoted = ", ".join('"' + name.replace('"', '\\"') + '"' for name in names)
            lines.append(f'  "{language}": [{quoted}]')
    return "\n".join(lines) + "\n"


def main(folder: Path) -> None:
    """Write both files into `folder`."""
    codes = [code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES]
    names = {code: {language: found for language in LANGUAGES if (found := names_of(code, language))} for code in codes}
    cities: dict[str, dict[str, list[str]]] = {}
    for language in CITY_LANGUAGES:
        for code, found in cities_of(language).items():
            cities.setdefault(code, {})[language] = found
    (folder / "country_names.yaml").write_text(written(names, "taxonomy-country-names"), encoding="utf-8")
    (folder / "country_cities.yaml").write_text(written(cities, "taxonomy-country-cities"), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
