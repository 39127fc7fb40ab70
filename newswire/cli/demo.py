"""`newswire demo`: a little web on this machine, the real pipeline on it, and what it made of it."""

import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.rule import Rule

from newswire.cli import EXIT_USAGE, app
from newswire.cli.ask import print_why, why_of
from newswire.cli.options import Config, read_settings
from newswire.cli.run import watch
from newswire.cli.why_facts import facts_of
from newswire.cli.why_stop import stop_of
from newswire.demo import DemoSite, demo_items
from newswire.settings import Settings
from newswire.store import Store, decisions, open_store, outbox
from newswire.urls import canonical_url, item_id_of_url
from newswire.variables import DiskLow

ALERTED_ITEM: Final = "demo-us-gaming"
SILENT_ITEM: Final = "demo-roundtable"


@app.command()
def demo(
    config: Config = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Keep the data there: an archive to try `backtest`, `why` and `staged` on.")
    ] = None,
) -> None:
    """Show the whole pipeline on a little web of this machine: no internet needed, ends by itself in under a minute."""
    if keep is not None and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        print(f"newswire: {keep} is there already and not an empty folder; name another one", file=sys.stderr)
        sys.exit(EXIT_USAGE)
    sys.exit(run_demo(read_settings(config), keep=keep))


def run_demo(settings: Settings, *, keep: Path | None = None) -> int:
    """Run the demo on standard output and return the exit status: 0 where the pipeline told something and lost nothing.

    Its data are gone at the end, unless they are to be kept in a folder.
    """
    from collectors.sources import make_source

    console = Console()
    items = demo_items(datetime.now(UTC))
    with ExitStack() as stack:
        site = stack.enter_context(DemoSite(items))
        settings = demo_settings(settings, keep or temporary_data(stack), site.port)
        sources = [make_source(feed.url, outlet=feed.outlet, language=feed.language) for feed in site.feeds]
        console.print(
            f"A little web on this machine lists {len(items)} articles in {len(sources)} feeds: five written for this demo, a hundred from the labelled corpus."
            " The real collectors, processors and alerting watch it, with the shipped watchlists.\n",
            highlight=False,
        )
        status = watch(settings, until_idle=True, sources=sources, quiet=True)
        store = open_store(settings.store_url)
        stack.callback(store.close)
        told = _summary(console, store, [site.article_url(item.item_id) for item in items], len(sources))
        if status == 0 and told:
            addresses = [alert["url"] for alert in told]
            alerted = site.article_url(ALERTED_ITEM)
            _explain(console, settings, store, alerted if alerted in addresses else addresses[0], site.article_url(SILENT_ITEM))
        if status != 0 or not told:
            print(f"newswire: the demo did not work (status {status}, {len(told)} alerts); its log:", file=sys.stderr)
            print(_log_of(settings.data), file=sys.stderr)
            return status or 1
    if keep is not None:
        console.print(
            f"\nIts data are kept: with NEWSWIRE_DATA={keep}, `newswire backtest`, `why`, `alerts` and `watchlist list` answer from them.",
            highlight=False,
        )
    console.print("\nThat was the demo. `make run` (or `newswire run`) watches the real news.", style="bold", highlight=False)
    return 0


def _summary(console: Console, store: Store, urls: list[str], sources: int) -> list[dict[str, Any]]:
    """Print how many items ended in which way, and return the alerts."""
    ends: Counter[str] = Counter()
    with store.read() as connection:
        told = outbox.alerts(connection)
        for url in urls:
            taken = decisions.decisions_of_item(connection, item_id_of_url(canonical_url(url) or ""))
            ends[_end_of([f"{one.kind}" for one in taken], taken[-1].reason if taken else None)] += 1
    console.print(Rule("what became of it"))
    console.print(f"{sources} feeds polled, {len(urls)} items seen, {len(told)} alerts told.", highlight=False)
    for end, count in ends.most_common():
        console.print(f"  {count:>4}  {end}", highlight=False)
    return told


def _end_of(kinds: list[str], reason: str | None) -> str:
    if not kinds:
        return "lost (this must not happen)"
    if "alert" in kinds:
        return "told in an alert of its own"
    if "join" in kinds:
        return "joined the alert of its story"
    return f"silent: {reason}"


def _explain(console: Console, settings: Settings, store: Store, alerted_url: str, silent_url: str) -> None:
    console.print(Rule("newswire why: an alert"))
    _print_why(console, settings, store, alerted_url)
    console.print(Rule("newswire why: a silence"))
    _print_why(console, settings, store, silent_url)


def _print_why(console: Console, settings: Settings, store: Store, url: str) -> None:
    told = why_of(store, url)
    print_why(console, told, stop_of(facts_of(settings, store, told)))


def _log_of(data: Path) -> str:
    log = data / "newswire.log"
    return log.read_text(encoding="utf-8")[-6000:] if log.exists() else "(empty)"


def demo_settings(settings: Settings, folder: Path, port: int) -> Settings:
    """Return the settings of the demo: data of its own, the guard open for its web alone, nothing sent to Slack."""
    return replace(
        settings,
        data=folder,
        store=None,
        slack_token=None,
        http_port=0,
        allow_networks=(IPv4Network("127.0.0.1/32"),),
        allow_ports=frozenset({port}),
        host_spacing_s=0.0,
        poll_floor_s=0.0,
        disk_low=DiskLow(),  # a little data, gone in a minute
    )


def temporary_data(stack: ExitStack) -> Path:
    """Return a data folder that is gone when the stack is closed."""
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newswire-demo-")))
