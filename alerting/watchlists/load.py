"""The desk's files, read and checked as one: watchlists, lists, routes and timelines, with every fault of every file at its line."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel

from alerting.routes import TERMINAL_ONLY, Routes
from alerting.routes_check import check_names, check_reach
from alerting.timelines.check import Names, check_own_routes, check_timeline
from alerting.timelines.model import Timeline
from alerting.watchlists.check import Known, check_list, check_list_name, check_name, check_receivers, check_watchlist
from alerting.watchlists.faults import Problem
from alerting.watchlists.lint import Lint, lists_used
from alerting.watchlists.lists import resolve
from alerting.watchlists.model import NamedList, Watchlist
from alerting.watchlists.vocabulary import Vocabulary
from newswire.config import check, shown, yaml_files
from newswire.errors import Fault
from newswire.strict_yaml import read
from newswire.yaml_tree import Document

_MOST: Final = 100  # problems told of one file: looking for the nearest word costs, and nobody reads more at once

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class DeskFiles:
    """All that the desk wrote. To be put in force only where `faults` is empty; `warnings` keep nothing from working.

    The faults of timelines stand apart: a test that cannot be read must not keep a watchlist from telling.
    """

    watchlists: Mapping[str, Watchlist]
    lists: Mapping[str, NamedList]
    routes: Routes
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    timelines: Mapping[str, Timeline] = field(default_factory=dict)
    timeline_faults: tuple[Fault, ...] = ()


def load_desk(folder: Path, vocabulary: Vocabulary, today: date) -> DeskFiles:
    """Return what stands in `watchlists/`, `lists/`, `routes.yaml` and `tests/` of a configuration folder, and everything wrong with it.

    Without a `routes.yaml` everything goes to the terminal.
    """
    watchlists = _Files(Watchlist, *yaml_files(folder / "watchlists"))
    lists = _Files(NamedList, *yaml_files(folder / "lists"))
    routes = _Files(Routes, [path for path in (folder / "routes.yaml",) if os.path.lexists(path)])
    resolved, list_problems = resolve(lists.values)
    known = Known(resolved, frozenset(lists.names) - resolved.keys(), vocabulary)
    lint = Lint(resolved)
    readable = watchlists.names == watchlists.raw.keys() and lists.names == lists.raw.keys()
    used = lists_used(watchlists.raw.values(), lists.raw) if readable else None  # of what cannot be read nobody knows what it uses
    for name, raw in lists.raw.items():
        checked = chain(check_list_name(name), list_problems.get(name, ()), check_list(raw, vocabulary))
        lists.add(name, chain(checked, lint.named_list(name, raw, used)))
    for name, raw in watchlists.raw.items():
        watchlists.add(name, chain(check_name(name), check_watchlist(raw, known, today), lint.watchlist(raw)))
    tags = frozenset(tag for watchlist in watchlists.values.values() for tag in watchlist.tags)
    for raw in routes.raw.values():
        routes.add("routes", check_names(raw, frozenset(watchlists.names), tags))
    for value in routes.values.values():
        routes.add("routes", check_reach(value))
    found = routes.values.get("routes", TERMINAL_ONLY)
    receivers = frozenset[str]()
    if routes.names == routes.values.keys():  # nothing is said of receivers while routes.yaml itself cannot be read
        receivers = frozenset(receiver.name for receiver in found.receivers)
        for name, raw in watchlists.raw.items():
            watchlists.add(name, check_receivers(raw, receivers))
    timelines = _Files(Timeline, *yaml_files(folder / "tests"))
    names = Names(frozenset(watchlists.names), receivers, vocabulary, tags)
    for name, raw in timelines.raw.items():
        timelines.add(name, chain(check_name(name), check_timeline(raw, names)))
    for name, timeline in timelines.values.items():
        timelines.add(name, check_own_routes(timeline))
    files = (watchlists, lists, routes)
    return DeskFiles(
        watchlists=watchlists.values,
        lists=lists.values,
        routes=found,
        faults=tuple(sorted({fault for one in files for fault in one.faults})),
        warnings=tuple(sorted({fault for one in (*files, timelines) for fault in one.warnings})),
        timelines=timelines.values,
        timeline_faults=tuple(sorted(set(timelines.faults))),
    )


class _Files(Generic[M]):
    """The files of one kind: what each holds, as it stands there and as its model, and the faults of all."""

    def __init__(self, model: type[M], paths: Iterable[Path], faults: Iterable[Fault] = ()) -> None:
        self.values: dict[str, M] = {}
        self.raw: dict[str, dict[str, Any]] = {}
        self.faults: list[Fault] = list(faults)
        self.warnings: list[Fault] = []
        self.names: set[str] = set()
        self._documents: dict[str, Document] = {}
        for path in paths:
            self._read(model, path)

    def _read(self, model: type[M], path: Path) -> None:
        name = path.stem
        self.names.add(name)
        document, faults = read(path, shown(path))
        self.faults += faults
        if document is None:
            return
        self._documents[name], self.raw[name] = document, document.values()
        value, more = check(model, document)
        self.faults += more
        if value is not None:
            self.values[name] = value

    def add(self, name: str, problems: Iterable[Problem]) -> None:
        """Place what was found wrong in a file at its line; a problem without a path is the whole file's."""
        document = self._documents[name]
        for told, problem in enumerate(islice(problems, _MOST)):
            message = problem.message if told < _MOST - 1 else "more is wrong from here on; mend what was told, and check again"
            fault = document.fault(problem.path, message) if problem.path else Fault(document.name, 0, 0, message)
            (self.warnings if problem.warning else self.faults).append(fault)
