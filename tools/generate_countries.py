"""Write `config/taxonomy/country_names.yaml`: what CLDR calls every country in the languages Newswire reads.

Run by hand when babel brings a newer CLDR: `python tools/generate_countries.py > config/taxonomy/country_names.yaml`.
What CLDR does not know (demonyms, capitals, daily names, guards) stands in `countries.yaml`, which is written by hand.
"""

import sys

from babel import Locale
from babel.core import get_cldr_version

LANGUAGES = "en ur ar zh ko tr fr ru es pt de fa hi bn id ja uk az kk uz ky it nl vi th ms ps".split()  # noqa: SIM905 -- one line reads better
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


def main() -> None:
    """Print the file."""
    codes = sorted(code for code in Locale("en").territories if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES)
    out = sys.stdout.write
    out(f"# Country names of CLDR {get_cldr_version()} (Unicode License V3), written by tools/generate_countries.py: do not edit.\n")
    for code in codes:
        out(f'"{code}":\n')
        for language in LANGUAGES:
            names = names_of(code, language)
            if names:
                quoted = ", ".join('"' + name.replace('"', '\\"') + '"' for name in names)
                out(f'  "{language}": [{quoted}]\n')


if __name__ == "__main__":
    main()
