"""The truth tables of `newswire why`: what the watchlists of a decision make of the archived report today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from alerting.decide import decision_id_of
from alerting.watchlists.nearest import unknown
from newswire.cli import compose
from newswire.cli.known import load_names
from newswire.cli.truth import Truth, as_json, show, truth_of
from newswire.clock import SystemClock
from newswire.config import find_config_folder
from newswire.errors import ConfigurationError, NewswireError, Permanent
from newswire.settings import Settings
from newswire.store import Store, archive


@dataclass(frozen=True, slots=True)
class NoTables:
    """Why there are none."""

    why: str


@dataclass(frozen=True, slots=True)
class Tabled:
    """A watchlist of a decision. `truth` is None where the watchlist is no longer there."""

    watchlist: str
    changed: bool  # since the decision, so that this is what it would do today
    truth: Truth | None

    def as_json(self) -> dict[str, Any]:
        found = as_json(self.truth) if self.truth is not None else {"watchlist": self.watchlist, "table": []}
        return {**found, "changed": self.changed, "gone": self.truth is None}


def tables_of(settings: Settings, store: Store, decision: Mapping[str, Any], also: str) -> Sequence[Tabled] | NoTables:
    """Return the tables of the decision's watchlists, or of the one watchlist asked for, over the report that was decided on.

    Raises:
        NewswireError: no watchlist is called as the one asked for.

    """
    try:
        with store.read() as connection:
            archived = archive.of_item(connection, decision["item_id"])
            shortened = archive.shortened(connection, decision["item_id"])
    except Permanent as error:
        return NoTables(f"no truth tables: the archived report cannot be read ({error})")
    report = next((one for one in archived if decision_id_of(one) == decision["decision_id"]), None)
    if report is None:
        return NoTables("no truth tables: the report is no longer in the archive")
    if shortened:
        return NoTables("no truth tables: the text that was judged is no longer kept (NEWSWIRE_KEEP_TEXT)")
    try:
        folder = find_config_folder(settings.config)
        desk = compose.require_desk(folder, load_names(folder), SystemClock().now())
    except ConfigurationError as error:
        return NoTables(f"no truth tables: the configuration cannot be read, `newswire check` says why ({error.faults[0]})")
    if also and also not in desk.watchlists:
        raise NewswireError(unknown("watchlist", also, desk.watchlists))
    watchlists = compose.compile_desk(desk)
    decided = {verdict["watchlist"]: verdict["content_hash"] for verdict in decision["watchlists"]}
    tables = []
    for name in [also] if also else decided:
        truth = truth_of(watchlists, name, report, report.reported_at) if name in desk.watchlists else None
        changed = name in decided and (truth is None or truth.verdict.content_hash != decided[name])
        tables.append(Tabled(name, changed, truth))
    return tables


def show_tables(console: Console, tables: Sequence[Tabled]) -> None:
    """Print them for a person."""
    for table in tables:
        console.print()
        if table.truth is None:
            console.print(Text(f"{table.watchlist} is no longer in the configuration.", style="yellow"))
            continue
        if table.changed:
            console.print(Text(f"{table.watchlist} has changed since: this is what it would do today.", style="yellow"))
        show(console, table.truth)
