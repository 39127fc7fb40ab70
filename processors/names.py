"""The names that a desk's files choose from: countries, bodies, topics, languages, for commands that look names up and read no news.

Of the taxonomy's files the three that hold names are read, and neither an automaton nor a model is made: a tenth of the time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from newswire.errors import ConfigurationError, Fault
from newswire.strict_yaml import read
from newswire.yaml_tree import ListNode, MapNode, Node, ScalarNode
from processors.language import LANGUAGES


@dataclass(frozen=True, slots=True)
class Names:
    """What an understanding of the same taxonomy finds, by name."""

    countries: Mapping[str, str]  # English, by code
    organisations: frozenset[str]
    topics: frozenset[str]
    languages: frozenset[str]


def read_names(folder: Path) -> Names:
    """Return the names of the taxonomy in `folder`. An entry that is not what it should be is passed over: `processors.taxonomy_check` says why.

    Raises:
        ConfigurationError: a file is missing, or is no YAML.

    """
    faults: list[Fault] = []
    entries: dict[str, dict[str, Node]] = {}
    for name in ("country_names.yaml", "organisations.yaml", "topics.yaml"):
        document, found = read(folder / name)
        faults += found
        entries[name] = dict(_pairs(document.root)) if document else {}
    if faults:
        raise ConfigurationError(faults)
    first = ((code, _first_word(_child(names, "en"))) for code, names in entries["country_names.yaml"].items())
    return Names(
        countries={code: word for code, word in first if word is not None},
        organisations=frozenset(entries["organisations.yaml"]),
        topics=frozenset(entries["topics.yaml"]),
        languages=frozenset(LANGUAGES),
    )


def _pairs(node: Node) -> Iterator[tuple[str, Node]]:
    if isinstance(node, MapNode):
        yield from ((key, value) for key, (_, value) in node.entries.items())


def _child(node: Node, key: str) -> Node | None:
    return dict(_pairs(node)).get(key)


def _first_word(node: Node | None) -> str | None:
    return next((item.text for item in node.items if isinstance(item, ScalarNode)), None) if isinstance(node, ListNode) else None
