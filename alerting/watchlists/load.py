"""The desk's files, read and checked as one: watchlists, lists and routes, with every fault of every file at its line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel

from alerting.routes import TERMINAL_ONLY, Routes, check_routes
from alerting.watchlists.check import Known, check_list, check_name, check_receivers, check_watchlist
from alerting.watchlists.faults import Problem
from alerting.watchlists.lists import resolve
from alerting.watchlists.model import NamedList, Watchlist
from alerting.watchlists.vocabulary import Vocabulary
from newswire.config import check, yaml_files
from newswire.errors import Fault
from newswire.strict_yaml import read
from newswire.yaml_tree import Document

_OF_KEYS: Final = {"tests"}

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class DeskFiles:
    """All that the desk wrote. To be put in force only where `faults` is empty; `warnings` keep nothing from working."""

    watchlists: Mapping[str, Watchlist]
    lists: Mapping[str, NamedList]
    routes: Routes
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


def load_desk(folder: Path, vocabulary: Vocabulary, today: date) -> DeskFiles:
    """Return what stands in `watchlists/`, `lists/` and `routes.yaml` of a configuration folder, and everything wrong with it.

    Without a `routes.yaml` everything goes to the terminal.
    """
    watchlists = _Files(Watchlist, folder / "watchlists")
    lists = _Files(NamedList, folder / "lists")
    routes = _Files(Routes, folder, only="routes")
    resolved, list_problems = resolve(lists.values)
    known = Known(resolved, frozenset(lists.names) - resolved.keys(), vocabulary)
    for name, named in lists.values.items():
        lists.add(name, [*check_name(name), *check_list(named, vocabulary), *list_problems[name]])
    for name, watchlist in watchlists.values.items():
        watchlists.add(name, [*check_name(name), *check_watchlist(watchlist, known, today)])
    found = routes.values.get("routes", TERMINAL_ONLY)
    if "routes" not in routes.names - routes.values.keys():
        receivers = frozenset(receiver.name for receiver in found.receivers)
        for name, watchlist in watchlists.values.items():
            watchlists.add(name, check_receivers(watchlist, receivers))
        tags = frozenset(tag for watchlist in watchlists.values.values() for tag in watchlist.tags)
        if "routes" in routes.values:
            routes.add("routes", check_routes(found, frozenset(watchlists.names), tags))
    files = (watchlists, lists, routes)
    return DeskFiles(
        watchlists=watchlists.values,
        lists=lists.values,
        routes=found,
        faults=tuple(sorted({fault for one in files for fault in one.faults})),
        warnings=tuple(sorted({fault for one in files for fault in one.warnings})),
    )


@dataclass(slots=True)
class _Read:
    document: Document
    faults: list[Fault] = field(default_factory=list)


class _Files:
    """The files of one kind: what each holds as its model, and the faults of all."""

    def __init__(self, model: type[M], folder: Path, *, only: str | None = None) -> None:
        self.values: dict[str, M] = {}
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []
        self.names: set[str] = set()
