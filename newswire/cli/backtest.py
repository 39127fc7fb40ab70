"""`newswire backtest`: what the watchlists would have told in the last days, and what another version of them would. It can reach nobody."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer
from rich.console import Console

from newswire import log
from newswire.cli import EXIT_USAGE, app, compose
from newswire.cli.backtest_reports import ReportsFile, from_archive
from newswire.cli.backtest_versions import other_version, read_other
from newswire.cli.known import load_names
from newswire.cli.options import AsJson, Config, print_json, read_settings
from newswire.cli.reading import open_for_reading
from newswire.clock import SystemClock
from newswire.config import find_config_folder
from newswire.errors import ConfigurationError, Fault
from newswire.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerting.backtest_run import BackTest, Dated, Version
    from alerting.watchlists.load import DeskFiles

DAYS: Final = 30
MOST: Final = 50
_FAULTS_SAID: Final = 100
_NEW: Final = "now"


@app.command()
def backtest(  # noqa: PLR0917 -- typer gives options as parameters
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Watchlists (all of them, together).")] = None,
    against: Annotated[
        str,
        typer.Option(
            "--against",
            metavar="FILE|DIR|REV",
            help="Another version to compare with: a watchlist's file, a configuration folder, or a git revision.",
        ),
    ] = "",
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", min=1, max=3_660, help=f"How far back ({DAYS}; a file of reports: all of it).")
    ] = None,
    reports: Annotated[
        Path | None, typer.Option("--reports", metavar="FILE", help="Reports, one JSON object a line, in the place of the archive.")
    ] = None,
    most: Annotated[int, typer.Option("--most", metavar="N", min=0, help="List so many stories of a kind (0: all).")] = MOST,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say what the watchlists would have told in the last days, with each report's own time as the clock. Nobody is told, nothing is changed.

    Drafts, staged and muted watchlists are run as if they were active. With --against, `+` is what only the configuration as it is would
    tell and `−` what only the other version would. Exit status: 0 done, 1 some reports could not be read, 2 the command or a file is wrong.
    """
    from newswire.cli.backtest_markdown import as_markdown
    from newswire.cli.backtest_print import as_text, document
    from newswire.cli.backtest_result import Result

    if markdown and as_json:
        _refuse("--markdown and --json are two answers to one question; choose one")
    settings = read_settings(config)
    log.set_up(level="error", secrets=tuple(settings.secret_values()))
    faults = _Faults()
    with ExitStack() as stack:
        wanted, versions = _versions(settings, list(names or ()), against)
        source = stack.enter_context(_source(settings, reports, days, faults))
        test = _tested(source, versions)
    result = Result.of(test, wanted, bad_reports=faults.said)
    if as_json:
        print_json(document(result))
    elif markdown:
        print(as_markdown(result, most=most or sys.maxsize))
    else:
        as_text(Console(), result, most=most or sys.maxsize)
    sys.exit(1 if faults.said or result.new.failed else 0)


class _Faults:
    """Says each fault of a report on standard error, as far as anybody would read, and counts them all."""

    def __init__(self) -> None:
        self.said = 0

    def __call__(self, fault: Fault) -> None:
        self.said += 1
        if self.said <= _FAULTS_SAID:
            print(fault, file=sys.stderr)
        elif self.said == _FAULTS_SAID + 1:
            print("newswire: and more that cannot be read; the last line counts them all", file=sys.stderr)


def _versions(settings: Settings, names: list[str], against: str) -> "tuple[dict[str, str], list[Version]]":
    """Return the watchlists asked for with their status now (empty: not there), and the versions to run: as it is, and the other one."""
    from alerting.backtest_run import Version
    from alerting.watchlists.nearest import unknown

    folder = find_config_folder(settings.config)
    now = SystemClock().now()
    names_known = load_names(folder)
    desk = compose.require_desk(folder, names_known, now)
    desks = {_NEW: desk}
    if against:
        with other_version(folder, against, names) as other:
            desks[other.name] = read_other(other, names_known, now)
            names = names or [other.replaced] if other.replaced else names
    known = {name for one in desks.values() for name in one.watchlists}
    wanted = list(dict.fromkeys(names)) or sorted(known)
    for name in wanted:
        if name not in known:
            _refuse(unknown("watchlist", name, known))
    statuses = {name: desk.watchlists[name].status.value if name in desk.watchlists else "" for name in wanted}
    return statuses, [Version(name, compose.compile_desk(_as_active(one, wanted)), one.routes) for name, one in desks.items()]


def _as_active(desk: "DeskFiles", wanted: list[str]) -> "DeskFiles":
    """Return the desk with the watchlists wanted alone, all of them active."""
    from alerting.watchlists.model import Status

    chosen = {name: desk.watchlists[name].model_copy(update={"status": Status.ACTIVE}) for name in wanted if name in desk.watchlists}
    return replace(desk, watchlists=chosen)


@contextmanager
def _source(settings: Settings, reports: Path | None, days: int | None, faults: _Faults) -> "Iterator[Iterable[Dated]]":
    """Yield the reports to run over, oldest first."""
    if reports is not None:
        with _progress("reading the file"):
            file = ReportsFile(reports, faults, days=days)
        yield file
        return
    with open_for_reading(settings) as store:
        if store is None:
            fault = "there is no archive yet (`newswire run` makes it); --reports FILE.jsonl runs over a file of reports"
            raise ConfigurationError([Fault("environment", 0, 0, f"NEWSWIRE_STORE: {fault}")])
        yield from_archive(store, SystemClock().now() - timedelta(days=days or DAYS), faults)


def _tested(source: "Iterable[Dated]", versions: "list[Version]") -> "BackTest":
    from alerting.backtest_run import BackTest

    test = BackTest(versions)
    with _progress("running") as say:
        for number, dated in enumerate(test.run(source), 1):
            if number % 100 == 0:
                say(f"{number:,} reports, {dated.at:%Y-%m-%d}")
    return test


@contextmanager
def _progress(what: str) -> Iterator[Callable[[str], None]]:
    """Yield what shows how far we are, where somebody looks; silent elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(what) as status:
        yield lambda text: status.update(f"{what}: {text}")


def _refuse(why: str) -> NoReturn:
    print(f"newswire: {why}", file=sys.stderr)
    sys.exit(EXIT_USAGE)
