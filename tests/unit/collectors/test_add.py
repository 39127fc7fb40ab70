from pathlib import Path

from collectors.add import Added, NotAdded, add_source
from collectors.sources_file import load_sources

URL = "https://new.example/feed?a=1&b=2"


def test_the_first_source_makes_the_file(tmp_path: Path) -> None:
    added = add_source(tmp_path / "sources", URL, outlet="New: the outlet", country="NO", language="no")
    assert isinstance(added, Added)
    assert load_sources(tmp_path / "sources") == ([added.source], [])
    assert (added.source.outlet, added.source.country, added.source.language) == ("New: the outlet", "NO", "no")
    assert added.path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=../schemas/sources.json\n")


def test_what_stands_in_the_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "added.yaml"
    path.write_text("# mine\nsources:\n- url: https://a.example/feed   # first\n  outlet: A", encoding="utf-8")
    assert isinstance(add_source(tmp_path, URL, outlet="Ministère"), Added)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# mine\nsources:\n- url: https://a.example/feed   # first\n  outlet: A\n- url: ")
    sources, faults = load_sources(tmp_path)
    assert faults == []
    assert [source.outlet for source in sources] == ["A", "Ministère"]


def test_nothing_is_written_where_it_would_not_be_read_as_meant(tmp_path: Path) -> None:
    path = tmp_path / "added.yaml"
    for text in ("sources: []\n", "sources:\n  - url: https://new.example/feed?b=2\n    outlet: |\n", "half: [written"):
        path.write_text(text, encoding="utf-8")
        refused = add_source(tmp_path, URL, outlet="X")
        assert isinstance(refused, NotAdded)
        assert refused.faults
        assert path.read_text(encoding="utf-8") == text


def test_a_source_that_is_there_already_is_refused(tmp_path: Path) -> None:
    (tmp_path / "press.yaml").write_text(f'sources:\n  - url: "{URL}"\n', encoding="utf-8")
    refused = add_source(tmp_path, URL.replace("new.example", "NEW.example"))
    assert isinstance(refused, NotAdded)
    assert "already" in str(refused.faults[0])
    assert not (tmp_path / "added.yaml").exists()
    assert isinstance(add_source(tmp_path, "gopher://x"), NotAdded)
