"""Commands that keep watch: `run`, `collect`, `process`, `alert`."""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO, cast

from rich.console import Console
from rich.file_proxy import FileProxy

from newswire.cli import app, compose, compose_stages
from newswire.cli.compose_upkeep import upkeep_workers
from newswire.cli.known import load_names
from newswire.cli.leaving import soon
from newswire.cli.live import LiveStatus, Queue, Watch, read_queues, total
from newswire.cli.offline import OfflineNotice
from newswire.cli.options import Config, UntilIdle, counted, read_settings
from newswire.log_sink import Sink
from newswire.outcomes import RunStage
from newswire.service import Service, Worker
from newswire.settings import Settings

if TYPE_CHECKING:
    from alerting.desk import Desk
    from alerting.reload import ReloadWorker
    from alerting.routes import Receiver
    from collectors.sources import Source
    from collectors.stage import CollectWorker

_LOG_FILE: Final = "newswire.log"
_LEAVE_S: Final = 5.0  # for closing what is open, before the service is there
_LAST_LOOK_S: Final = 2.0  # at what still waits, for the last line of the log
_LAST_LOOK_UNTIL_IDLE_S: Final = 60.0  # for the exit status


class _AboveLive:
    """A stream that prints above the live status line: rich's proxy, hidden from those who would unwrap it."""

    def __init__(self, console: Console) -> None:
        self._proxy = FileProxy(console, console.file)

    def write(self, text: str) -> int:
        return self._proxy.write(text)

    def flush(self) -> None:
        self._proxy.flush()

    def isatty(self) -> bool:
        return True


@app.command()
def run(config: Config = None, until_idle: UntilIdle = False) -> None:
    """Watch the news: all stages in one process. Alerts go to Slack, or to this terminal where there is no token."""
    settings = read_settings(config)
    sys.exit(watch(settings, until_idle=until_idle))


@app.command()
def collect(config: Config = None, until_idle: UntilIdle = False) -> None:
    """Run the first stage alone: feeds to `news.items`."""
    with _ground(config, RunStage.COLLECT, until_idle=until_idle) as (ground, stack):
        sources = compose.read_sources(ground.folder)
        http, jail = compose.open_http(ground, stack), compose.open_jail(ground, stack)
        workers = compose_stages.collect_workers(ground, sources, http, jail, once=until_idle)
        sys.exit(_ended(_serve(ground, workers, until_idle=until_idle), workers[0], until_idle=until_idle))


@app.command()
def process(config: Config = None, until_idle: UntilIdle = False) -> None:
    """Run the second stage alone: `news.items` and article pages to `news.reports`."""
    with _ground(config, RunStage.PROCESS, until_idle=until_idle) as (ground, stack):
        understanding = compose.load_understanding(ground.folder)
        http, jail = compose.open_http(ground, stack), compose.open_jail(ground, stack)
        workers = compose_stages.process_workers(ground, understanding, http, jail)
        sys.exit(_serve(ground, workers, until_idle=until_idle))


@app.command()
def alert(config: Config = None, until_idle: UntilIdle = False) -> None:
    """Run the third stage alone: `news.reports` to Slack or the terminal. One process is active, others stand by."""
    with _ground(config, RunStage.ALERT, until_idle=until_idle) as (ground, stack):
        desk = compose.keep_desk(ground, load_names(ground.folder))
        workers = compose_stages.alert_workers(ground, desk, stack, None)
        sys.exit(_serve(ground, workers, until_idle=until_idle, desk=desk))


@contextmanager
def _ground(config: Path | None, stage: RunStage, *, until_idle: bool) -> Iterator[tuple[compose.Ground, ExitStack]]:
    """Yield what a stage of its own stands on, and the stack that closes what is built on it."""
    settings = read_settings(config)
    with _leave_when_told(), ExitStack() as stack:
        yield stack.enter_context(compose.open_ground(settings, stage, serving=True, patient=not until_idle)), stack


def watch(settings: Settings, *, until_idle: bool, sources: "Sequence[Source] | None" = None, quiet: bool = False) -> int:
    """Run all stages in this process and return the exit status. `quiet` sends the log to a file under the data folder."""
    console = Console()
    lively = console.is_terminal and not until_idle
    with _leave_when_told(), ExitStack() as stack:
        to_file = quiet or lively
        log_stream: TextIO | None = None
        if to_file:
            settings.data.mkdir(parents=True, exist_ok=True)
            log_file = settings.data / _LOG_FILE
            if log_file.exists():
                log_file.replace(log_file.with_suffix(".log.1"))  # the last session's stays readable, and no older one
            log_stream = stack.enter_context(log_file.open("w", encoding="utf-8"))
        ground = stack.enter_context(compose.open_ground(settings, *RunStage, log_stream=log_stream, serving=True, patient=not until_idle))
        watched = compose.read_sources(ground.folder) if sources is None else list(sources)
        understanding = compose.load_understanding(ground.folder)
        desk = compose.keep_desk(ground, understanding)
        stream: TextIO | None = _AboveLive(console) if lively else None  # type: ignore[assignment]  # it has the part of TextIO that is used
        jail = compose.open_jail(ground, stack)
        collecting = compose_stages.collect_workers(ground, watched, compose.open_http(ground, stack), jail, once=until_idle)
        workers: list[Worker] = [
            *collecting,
            *compose_stages.process_workers(ground, understanding, compose.open_http(ground, stack), jail),
            *compose_stages.alert_workers(ground, desk, stack, stream),
        ]
        talk = console if lively else Console(file=cast("TextIO", Sink(sys.stderr)))  # it has the part of TextIO that is used
        workers.append(OfflineNotice(collecting[0], clock=ground.clock, console=talk, once=until_idle))
        if not quiet:
            _greet(talk, ground, len(watched), desk.current())
        live = _live(console, ground, collecting[0], desk) if lively else None
        status = _serve(ground, workers, until_idle=until_idle, live=live, desk=desk)
        return _ended(status, collecting[0], until_idle=until_idle)


@contextmanager
def _leave_when_told() -> Iterator[None]:
    """End with status 0 on a SIGTERM that comes before the service listens for it: nothing is in flight yet.

    What is open is closed first. Where Python drops the exit (it does where it lands in a finalizer or in the callback of a weak reference),
    the process ends all the same; where a library makes an error of it (a module in C++ that is just being loaded does), it is no error.
    A SIGHUP then asks for what is being done anyway: the configuration is read.
    """
    told = threading.Event()

    def leave() -> None:
        told.set()
        signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
        signal.setitimer(signal.ITIMER_REAL, _LEAVE_S)
        sys.exit(0)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: leave())
        on_terminal = _on_terminal()
        signal.signal(signal.SIGHUP, lambda *_: leave() if on_terminal and not _on_terminal() else None)
    try:
        yield
    except Exception:
        if told.is_set():
            sys.exit(0)
        raise


def _on_terminal() -> bool:
    """Return whether a terminal is there to be read from or written to; one whose window was closed is none."""
    return any(os.isatty(number) for number in (0, 1, 2))


def _serve(
    ground: compose.Ground,
    workers: Sequence[Worker],
    *,
    until_idle: bool,
    live: LiveStatus | None = None,
    desk: "ReloadWorker | None" = None,
) -> int:
    on_terminal = _on_terminal()

    def hung_up() -> bool:
        """Return whether the process goes on: SIGHUP asks for a reload, or says that the terminal it ran on was closed."""
        if on_terminal and not _on_terminal():
            return False
        if desk is not None:
            desk.look_now()
        else:
            ground.log.info("SIGHUP: there is nothing to reload in this process; watchlists, lists and routes are the alerter's")
        return True

    service = Service([*workers, *upkeep_workers(ground)], clock=ground.clock, metrics=ground.metrics, log=ground.log, hung_up=hung_up)
    ground.probes.service = service
    with live or nullcontext():
        status = service.run(until_idle=until_idle)
        if not until_idle:
            ground.leaving.begin(status, ground.log)
    queues = soon(lambda: _queues(ground), _LAST_LOOK_UNTIL_IDLE_S if until_idle else _LAST_LOOK_S)
    waiting = {queue.name: queue.waiting for queue in queues or () if queue.waiting}  # of a server that is away: what waits there, waits
    ground.log.info("ended", status=status, **waiting)
    if until_idle and status == 0 and waiting.get("outbox"):
        print(
            f"newswire: {waiting['outbox']} messages wait for a receiver that refuses them (see the log); nothing is lost, they go out when it lets them",
            file=sys.stderr,
        )
        return 1
    return status


def _ended(status: int, collecting: "CollectWorker", *, until_idle: bool) -> int:
    """Return the exit status: 1 where sources were left unpolled because the pipeline or the disk does not take more."""
    why = collecting.stuck() if until_idle and status == 0 else None
    if why is None:
        return status
    print(f"newswire: sources that are due were not polled: {why}", file=sys.stderr)
    return 1


def _live(console: Console, ground: compose.Ground, collecting: "CollectWorker", desk: "ReloadWorker") -> LiveStatus:
    metrics = ground.metrics

    def configuration() -> str:
        standing = desk.standing()
        trouble = standing.trouble(ground.now().astimezone())
        return f"{trouble} · {standing.faults[0]}" if trouble else ""

    def read() -> Watch:
        status = collecting.status()
        return Watch(
            sources=status.sources,
            polled=status.polled,
            failing=status.failing,
            items=total(metrics.items),
            reports=total(metrics.reports),
            alerts=total(metrics.sends, outcome="sent"),
            queues=_queues(ground),
            held_back=f"{status.pressure.degree}: {status.pressure.why}" if status.pressure.why else "",
            configuration=configuration(),
        )

    return LiveStatus(console, read)


def _queues(ground: compose.Ground) -> tuple[Queue, ...]:
    from newswire.store import outbox, pages

    now = ground.now().timestamp()
    with ground.store.read() as connection:
        due, oldest = pages.waiting(connection)
        unsent, unsent_since = outbox.waiting(connection, now)  # replies that still gather wait for nobody
    return (
        *read_queues(ground.bus, ground.clock),
        Queue("pages", due, max(0.0, now - oldest) if oldest is not None else 0.0),
        Queue("outbox", unsent, max(0.0, now - unsent_since) if unsent_since is not None else 0.0),
    )


def _greet(console: Console, ground: compose.Ground, sources: int, desk: "Desk") -> None:
    settings = ground.settings
    told = _listed([_told(one) for one in _reached(desk)])
    if settings.slack_token is None:
        told += " (no NEWSWIRE_SLACK_TOKEN)"
    console.print(
        f"Newswire watches {counted(sources, 'source')} with {counted(len(desk.watchlists.watchlists), 'watchlist')} and tells {told}.",
        highlight=False,
        soft_wrap=not console.is_terminal,
    )
    console.print(
        f"Configuration {ground.folder} · data and log {settings.data} · http://{settings.http_host}:{settings.http_port}/metrics · Ctrl-C ends it.",
        style="dim",
        highlight=False,
        soft_wrap=not console.is_terminal,
    )


def _reached(desk: "Desk") -> list["Receiver"]:
    """Return the receivers that a route or a watchlist in force names, and whom digests are for."""
    table = desk.routes.route
    names = {*table.to, *(name for route in table.routes for name in (*route.to, *(route.otherwise or ())))}
    names.update(name for one in desk.watchlists.watchlists for name in one.to)
    names.update(one.digest.to for one in desk.routes.receivers if one.digest is not None and one.name in names)
    return [one for one in desk.routes.receivers if one.name in names and one.digest is None]


def _told(entry: "Receiver") -> str:
    """Return whom a greeting names for a receiver: never an address, which may be a secret."""
    if entry.slack is not None:
        return f"{entry.slack.channel} in Slack"
    return "this terminal" if entry.terminal is not None else f"{entry.name} by {entry.kinds[0].replace('_', ' ')}"


def _listed(names: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(names))
    return " and ".join(filter(None, (", ".join(distinct[:-1]), distinct[-1]))) if distinct else "nobody"
