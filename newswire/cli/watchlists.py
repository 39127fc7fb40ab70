"""`newswire watchlist list`: how each watchlist fares. It asks a store where there is one, and makes none."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.engine import make_url

from newswire.cli import app
from newswire.cli.candidate import WATCHLISTS
from newswire.cli.options import AsJson, Config, print_json_lines, read_settings
from newswire.clock import SystemClock
from newswire.config import find_config_folder, yaml_files
from newswire.errors import ConfigurationError, Retryable
from newswire.settings import Settings
from newswire.store import Store, matches, open_store
from newswire.store.matches import Told

if TYPE_CHECKING:
    from alerting.watchlists.load import DeskFiles
    from alerting.watchlists.model import InlineTest, Watchlist

FAULTY: Final = "faulty"

_DAY_S: Final = 86_400.0
_ALERTS_OVER_S: Final = 30 * _DAY_S
_STATUS_STYLES: Final = {FAULTY: "red", "active": "green", "staged": "yellow", "muted": "dim", "draft": "dim"}

watchlist_app = typer.Typer(name="watchlist", help="Watchlists: make a new one, list them all.", no_args_is_help=True)
app.add_typer(watchlist_app)


@watchlist_app.command("list")
def watchlist_list(config: Config = None, as_json: AsJson = False) -> None:
    """List the watchlists: status, severity, alerts in 30 days (stories told), last alert, tests, and when to read them again."""
    settings = read_settings(config)
    folder = find_config_folder(settings.config)
    now = SystemClock().now()
    desk = read_leniently(folder, now)
    told: Mapping[str, Told] | None = None
    if (store := store_if_there(settings)) is not None:
        with store.read() as connection:
            told = matches.told(connection, now.timestamp() - _ALERTS_OVER_S)
        store.close()
    names = sorted(path.stem for path in yaml_files(folder / WATCHLISTS)[0])
    rows = [_row(name, desk.watchlists.get(name), told) for name in names]
    if as_json:
        print_json_lines(rows)
    elif not rows:
        print(f"No watchlist stands in {folder / WATCHLISTS}. `newswire watchlist new NAME` makes one.", file=sys.stderr)
    else:
        _print_list(Console(), rows)


def read_leniently(folder: Path, now: datetime) -> "DeskFiles":
    """Return the files that can be read, and say what is wrong with the others: one of them keeps nobody from looking at the rest."""
    from alerting.watchlists.load import load_desk
    from alerting.watchlists.vocabulary import Vocabulary

    desk = load_desk(folder, Vocabulary(), now.date())
    for fault in desk.faults:
        print(f"warning: {fault}", file=sys.stderr)
    return desk


def store_if_there(settings: Settings) -> Store | None:
    """Return the store, None where there is none yet or where it cannot be asked, which is said: looking must make none."""
    url = make_url(settings.store_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return None
    try:
        return open_store(settings.store_url)
    except (ConfigurationError, Retryable) as error:
        print(f"warning: nothing is known of alerts: {error}", file=sys.stderr)
        return None


def _row(name: str, watchlist: "Watchlist | None", told: Mapping[str, Told] | None) -> dict[str, Any]:
    of_it = told.get(name) if told is not None else None
    tests = watchlist.tests if watchlist else ()
    return {
        "name": name,
        "status": watchlist.status.value if watchlist else FAULTY,
        "severity": watchlist.severity.value if watchlist else None,
        "title": watchlist.title if watchlist else None,
        "alerts_30d": None if told is None else of_it.alerts if of_it else 0,
        "last_alert_at": iso(of_it.last_at) if of_it else None,
        "tests": len(tests),
        "tests_both_ways": _both_ways(tests),
        "review_by": watchlist.review_by.isoformat() if watchlist and watchlist.review_by else None,
    }


def _both_ways(tests: "tuple[InlineTest, ...]") -> bool:
    return {test.alert for test in tests} == {True, False}


def _print_list(console: Console, rows: list[dict[str, Any]]) -> None:
    reviewed = any(row["review_by"] for row in rows)
    table = Table(box=None, pad_edge=False)
    table.add_column("name", overflow="fold")
    for heading in ("status", "severity"):
        table.add_column(heading, no_wrap=True)
    table.add_column("alerts\nin 30 d", justify="right", no_wrap=True)
    for heading in ("last alert", "tests", *(("review by",) if reviewed else ())):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        alerts = "" if row["alerts_30d"] is None else str(row["alerts_30d"])
        tests = f"{row['tests']} {'both ways' if row['tests_both_ways'] else 'one way'}" if row["tests"] else "none"
        cells = [
            Text(row["name"]),
            Text(row["status"], style=_STATUS_STYLES[row["status"]]),
            Text(row["severity"] or ""),
            Text(alerts),
            Text((row["last_alert_at"] or "")[:10]),
            Text(tests if row["status"] != FAULTY else "", style="" if row["tests_both_ways"] else "yellow"),
        ]
        table.add_row(*cells, *([Text(row["review_by"] or "")] if reviewed else []))
    console.print(table)


def iso(at: float) -> str:
    """Return the moment as programs read it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
