"""Adding a source to `config/sources/added.yaml`, with every line that stands there left as it is."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collectors.sources import Source, make_source
from collectors.sources_file import load_sources
from newswire.errors import Fault

ADDED: Final = "added.yaml"
_HEAD: Final = """# yaml-language-server: $schema=../schemas/sources.json
# Sources added by `newswire sources add`. Edit as you like; `newswire sources check` says what they give.
sources:
"""
_ITEM: Final = re.compile(r"^( *)- ", re.MULTILINE)
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9 ./()-]*")


@dataclass(frozen=True, slots=True)
class Added:
    """The source, and the file that names it now."""

    source: Source
    path: Path


@dataclass(frozen=True, slots=True)
class NotAdded:
    """Why nothing was written."""

    faults: tuple[Fault, ...]


def add_source(
    folder: Path, url: str, *, outlet: str | None = None, country: str | None = None, language: str | None = None
) -> Added | NotAdded:
    """Write a source that was checked (`collectors.check.find_source`) to the folder's `added.yaml`, at its end.

    Nothing is written where a file of the folder has a fault, where the source is there already, or where the result would not be read as meant.
    """
    path = folder / ADDED
    try:
        source = make_source(url, outlet=outlet, country=country, language=language)
    except ValueError as error:
        return NotAdded((Fault(url, 0, 0, str(error)),))
    sources, faults = load_sources(folder)
    if faults:
        return NotAdded(tuple(faults))
    if any(known.source_id == source.source_id for known in sources):
        return NotAdded((Fault(str(path), 0, 0, f"{source.url} is a source already"),))
    before = path.read_text(encoding="utf-8") if path.exists() else _HEAD
    after = _extended(before, source.url, outlet, country, language)
    return _written(path, before if path.exists() else None, after, source)


def _extended(text: str, url: str, outlet: str | None, country: str | None, language: str | None) -> str:
    items = _ITEM.findall(text)
    indent = items[-1] if items else "  "
    fields = [("url", url), ("outlet", outlet), ("country", country), ("language", language)]
    lines = [f"{name}: {_scalar(value)}" for name, value in fields if value]
    entry = f"{indent}- {lines[0]}\n" + "".join(f"{indent}  {line}\n" for line in lines[1:])
    return text + ("" if text.endswith("\n") or not text else "\n") + entry


def _scalar(value: str) -> str:
    """Return the value as YAML: plain where nothing in it could be read otherwise, else quoted (JSON's quoting is YAML's)."""
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def _written(path: Path, before: str | None, after: str, source: Source) -> Added | NotAdded:
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, after)
    sources, faults = load_sources(path.parent)
    if not faults and any(known == source for known in sources):
        return Added(source, path)
    if before is None:
        path.unlink()
    else:
        _replace(path, before)
    return NotAdded(tuple(faults) or (Fault(str(path), 0, 0, "the list cannot be extended as it is written; add the source by hand"),))


def _replace(path: Path, text: str) -> None:
    fresh = path.with_suffix(".yaml.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
