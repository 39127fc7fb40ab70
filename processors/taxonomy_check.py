"""What is wrong with a taxonomy: the faults that loading it would raise, without the automaton that only reading news needs."""

from pathlib import Path

from newswire.errors import Fault
from newswire.strict_yaml import read
from newswire.yaml_tree import Document, MapNode
from processors.taxonomy import FILES
from processors.taxonomy_terms import Collector

_OF_COUNTRIES = ("country_names.yaml", "countries.yaml", "country_cities.yaml")


def taxonomy_faults(folder: Path) -> list[Fault]:
    """Return every fault of every file, as `processors.taxonomy.load_taxonomy` finds them."""
    faults: list[Fault] = []
    documents: dict[str, Document] = {}
    for name in FILES:
        document, found = read(folder / name)
        faults += found
        documents[name] = document or Document(str(folder / name), MapNode({}, 0, 0))
    collector = Collector(faults)
    for name in _OF_COUNTRIES:
        collector.countries(documents[name], name)
    collector.organisations(documents["organisations.yaml"])
    collector.topics(documents["topics.yaml"])
    collector.cues(documents["cues.yaml"])
    collector.by_code(documents["country_pairs.yaml"])
    collector.outlets(documents["outlets.yaml"])
    return faults
