"""What Newswire knows of the world: countries, bodies and companies, topics and cue words, from `config/taxonomy/`.

All terms of all languages stand in one automaton; each hit leads to an `Entry` that says what the words mean.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newswire.errors import ConfigurationError, Fault
from newswire.strict_yaml import read
from newswire.terms import TermSearch
from newswire.yaml_tree import Document, MapNode
from processors.taxonomy_terms import Collector, Entry, Kind, Organisation, search_language

FILES: Final = (
    "countries.yaml",
    "country_cities.yaml",
    "country_names.yaml",
    "country_pairs.yaml",
    "cues.yaml",
    "organisations.yaml",
    "outlets.yaml",
    "topics.yaml",
)


@dataclass(frozen=True)
class Taxonomy:
    """Everything of `config/taxonomy/`, ready to search."""

    entries: tuple[Entry, ...]
    search: TermSearch
    organisations: Mapping[str, Organisation]
    topics: tuple[str, ...]
    country_names: Mapping[str, str]  # English, by code
    doubtful: Mapping[str, str]  # folded name → country: counts only in company (`processors.countries`)
    pairs: Mapping[str, Mapping[str, str]]  # language → character → country
    outlets: Mapping[str, str]  # folded outlet name → country
    version: str


def load_taxonomy(folder: Path) -> Taxonomy:
    """Return the taxonomy of `folder`.

    Raises:
        ConfigurationError: a file is missing, is no YAML, or holds something else than it should; every fault at once, at its line.

    """
    faults: list[Fault] = []
    documents: dict[str, Document] = {}
    digest = hashlib.sha256()
    for name in FILES:
        document, found = read(folder / name)
        faults.extend(found)
        documents[name] = document or Document(str(folder / name), MapNode({}, 0, 0))
        if document:
            digest.update((folder / name).read_bytes())
    collector = Collector(faults)
    for name in ("country_names.yaml", "countries.yaml", "country_cities.yaml"):
        collector.countries(documents[name], name)
    collector.organisations(documents["organisations.yaml"])
    collector.topics(documents["topics.yaml"])
    collector.cues(documents["cues.yaml"])
    pairs = collector.by_code(documents["country_pairs.yaml"])
    outlets = collector.outlets(documents["outlets.yaml"])
    if faults:
        raise ConfigurationError(faults)
    return Taxonomy(
        entries=tuple(collector.entries),
        search=TermSearch(collector.terms),
        organisations=collector.known,
        topics=tuple(collector.topic_names),
        country_names=collector.english,
        doubtful=collector.doubtful,
        pairs=pairs,
        outlets=outlets,
        version=digest.hexdigest()[:12],
    )


__all__ = ["Entry", "Kind", "Organisation", "Taxonomy", "load_taxonomy", "search_language"]
