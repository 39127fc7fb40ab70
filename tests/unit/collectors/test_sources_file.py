from pathlib import Path

import pytest

from collectors.sources import make_source, source_id_of
from collectors.sources_file import load_sources, require_sources
from newswire.errors import ConfigurationError

SHIPPED = Path(__file__).parents[3] / "config" / "sources"


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_all_keys_but_the_address_may_be_missing(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "sources:\n  - url: https://WWW.Example.no:443/feed#x\n")
    write(
        tmp_path,
        "b.yaml",
        "sources:\n  - {url: 'http://b.example/f', outlet: B, country: NO, language: no, interval: 15m, tags: [press]}\n",
    )
    sources, faults = load_sources(tmp_path)
    assert faults == []
    assert sources == [
        make_source("https://www.example.no/feed", outlet="example.no"),
        make_source("http://b.example/f", outlet="B", country="NO", language="no", interval_s=900.0, tags=("press",)),
    ]
    assert sources[0].source_id == source_id_of("https://www.example.no/feed")
    assert len(sources[0].source_id) == 12


def test_every_fault_of_every_file_comes_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "sources:\n  - url: https://a.example/feed\n  - url: ftp://a.example/feed\n    cuontry: NO\n")
    write(tmp_path, "b.yaml", "sources:\n  - url: https://A.example/feed\n    country: Norway\n")
    write(tmp_path, "c.yaml", "sources:\n  - url: https://user:word@c.example/feed\n")
    _, faults = load_sources(tmp_path)
    assert [(Path(fault.file).name, fault.line) for fault in faults] == [("a.yaml", 3), ("a.yaml", 4), ("b.yaml", 3), ("c.yaml", 2)]
    assert "did you mean 'country'?" in faults[1].message


def test_a_source_that_stands_in_two_files_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "sources:\n  - url: https://a.example/feed\n")
    write(tmp_path, "b.yaml", "sources:\n\n  - url: https://A.example/feed#top\n")
    with pytest.raises(ConfigurationError, match=r"b\.yaml:3: https://a\.example/feed is a source in .*a\.yaml:2 already"):
        require_sources(tmp_path)


def test_the_shipped_sources_are_many_valid_and_described() -> None:
    sources, faults = load_sources(SHIPPED)
    assert faults == []
    assert len(sources) >= 80
    assert all(source.outlet and source.language for source in sources)
    assert len({source.country for source in sources if source.country}) >= 13
    assert {"ur", "ar", "zh", "tr", "ru", "fr", "ko", "ja", "de", "en"} <= {source.language for source in sources}
    for path in sorted(SHIPPED.glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("# yaml-language-server: $schema=../schemas/sources.json\n"), path
        assert "newswire sources check" in text.partition("sources:")[0], path
