"""The taxonomy's files: what ships can be read, and every fault is said at its line."""

import shutil
from pathlib import Path

import pytest

from newswire.errors import ConfigurationError
from processors.language import LANGUAGES
from processors.names import Names, read_names
from processors.taxonomy import FILES, Taxonomy, load_taxonomy

SHIPPED = Path(__file__).resolve().parents[3] / "config/taxonomy"
TOPICS = (
    "ai broadband_5g cloud_data_centres connectivity cybersecurity data_protection device_manufacturing digital_government digital_identity "
    "digital_public_infrastructure e_commerce fintech_payments gaming it_exports it_parks satellite_space semiconductors skills_training "
    "spectrum_licensing standards_governance startups_innovation submarine_cables"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder whose files are small and right."""
    small = {
        "countries.yaml": '"PK":\n  adjectives:\n    "en": [Pakistani]\n',
        "country_cities.yaml": '"PK":\n  "en": [Karachi]\n',
        "country_names.yaml": '"PK":\n  "en": [Pakistan]\n',
        "country_pairs.yaml": '"zh":\n  "中": "CN"\n',
        "cues.yaml": "actors:\n  envoy:\n    en: [ambassador*]\n",
        "organisations.yaml": '"ITU": {kind: body, names: {en: ["=ITU"]}}\n',
        "outlets.yaml": '"PK": [Dawn]\n',
        "topics.yaml": "ai:\n  title: AI\n  words:\n    en: [artificial intelligence]\n",
    }
    for name, text in small.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_what_ships_is_whole(taxonomy: Taxonomy) -> None:
    assert list(taxonomy.topics) == TOPICS.split()
    assert {"ITU", "World Bank", "ADB", "UNDP", "SCO", "ECO", "D-8", "DCO", "GSMA", "APT", "EU"} <= taxonomy.organisations.keys()
    assert taxonomy.country_names["PK"] == "Pakistan"
    assert len(taxonomy.country_names) > 190


def test_the_names_alone_are_those_of_the_whole(folder: Path, taxonomy: Taxonomy) -> None:
    for place, whole in ((SHIPPED, taxonomy), (folder, load_taxonomy(folder))):
        named = Names(whole.country_names, frozenset(whole.organisations), frozenset(whole.topics), frozenset(LANGUAGES))
        assert read_names(place) == named


def test_names_are_read_from_what_can_be_used(folder: Path) -> None:
    (folder / "country_names.yaml").write_text('"PK":\n  "en": [Pakistan]\n"KR": [Korea]\n"CN":\n  "en": China\n', encoding="utf-8")
    assert read_names(folder).countries == {"PK": "Pakistan"}
    (folder / "topics.yaml").unlink()
    with pytest.raises(ConfigurationError, match=r"topics\.yaml: cannot be read"):
        read_names(folder)


def test_a_small_folder_loads(folder: Path) -> None:
    assert load_taxonomy(folder).topics == ("ai",)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("countries.yaml", '"PK":\n  adjectives:\n    "en": [Pakistani]\n  colour: [green]\n', "countries.yaml:4: unknown key 'colour'"),
        ("countries.yaml", '"Pak":\n  names:\n    "en": [Pakistan]\n', "countries.yaml:2: Pak: a country is two capital letters"),
        ("cues.yaml", "actors:\n  envoy:\n    en: [amb*or]\n", "cues.yaml:3: 'amb*or' is no term"),
        ("cues.yaml", "actors:\n  envoy:\n    english: [envoy]\n", "cues.yaml:3: english: a language is two small letters"),
        ("cues.yaml", "actors:\n  envoy:\n    en: envoy\n", "cues.yaml:3: a list of words is due here"),
        ("organisations.yaml", '"ITU": {kind: club, names: {en: ["=ITU"]}}\n', "organisations.yaml:1: ITU: kind is one of"),
        ("topics.yaml", "ai:\n  title: AI\n", "topics.yaml:2: ai: words are missing"),
        ("outlets.yaml", '"PK": [Dawn]\n"PK": [Jang]\n', "outlets.yaml:2:"),
    ],
)
def test_a_fault_comes_with_its_line(folder: Path, file: str, text: str, said: str) -> None:
    (folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load_taxonomy(folder)
    assert said in str(raised.value)


def test_all_faults_are_said_at_once(folder: Path) -> None:
    (folder / "cues.yaml").write_text("moods:\n  glad:\n    en: [x]\n", encoding="utf-8")
    (folder / "topics.yaml").unlink()
    with pytest.raises(ConfigurationError) as raised:
        load_taxonomy(folder)
    assert {Path(fault.file).name for fault in raised.value.faults} == {"cues.yaml", "topics.yaml"}


def test_the_version_follows_the_words(folder: Path, tmp_path: Path) -> None:
    before = load_taxonomy(folder).version
    (folder / "outlets.yaml").write_text('"PK": [Jang]\n', encoding="utf-8")
    assert load_taxonomy(folder).version != before


def test_every_file_is_needed(folder: Path, tmp_path: Path) -> None:
    for name in FILES:
        copy = tmp_path / f"without-{name}"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("without-*", name))
        with pytest.raises(ConfigurationError, match=name):
            load_taxonomy(copy)
