"""`newswire staged`: what the watchlists that are not live yet would have sent, so that their author can judge them before readers do."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from newswire.cli import EXIT_USAGE, app
from newswire.cli.options import AsJson, Config, counted, print_json_lines, read_settings
from newswire.cli.watchlists import iso, read_leniently, store_if_there
from newswire.clock import SystemClock
from newswire.config import find_config_folder
from newswire.field_types import seconds
from newswire.store import Store, matches
from newswire.store.matches import StagedStory

if TYPE_CHECKING:
    from alerting.watchlists.load import DeskFiles
    from alerting.watchlists.model import Watchlist

_DAY_S: Final = 86_400.0
_SHOWN_OF_ONE, _SHOWN_OF_EACH = 50, 10


@app.command("staged")
def staged_command(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="One watchlist (all that are staged or drafts).")] = "",
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="How far back: 24h, 7d, 2w.")] = "7d",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List what the staged watchlists would have sent, newest first, and how much that is a day. Nothing of it was sent."""
    try:
        length_s = seconds(since)
    except ValueError as error:
        _refuse(str(error))
    if not length_s:
        _refuse("--since 0 is no time at all; write one such as 24h, 7d or 2w")
    settings = read_settings(config)
    folder = find_config_folder(settings.config)
    now = SystemClock().now()
    desk = read_leniently(folder, now)
    chosen = {one: desk.watchlists[one] for one in ([_known(name, desk)] if name else sorted(desk.watchlists))}
    chosen = {one: watchlist for one, watchlist in chosen.items() if watchlist.status in {"staged", "draft"}}
    begin = max(0.0, now.timestamp() - length_s)
    store = store_if_there(settings)
    if store is None and not as_json:
        print("warning: nothing was counted here: there is no store that can be asked (NEWSWIRE_DATA, NEWSWIRE_STORE)", file=sys.stderr)
    asked = _Asked(store, begin, now.timestamp())
    found = {one: _staged(asked, one, watchlist, desk) for one, watchlist in chosen.items()}
    if store is not None:
        store.close()
    if as_json:
        print_json_lines(_as_json(one, chosen[one], staged, begin) for one, staged in found.items())
        return
    if not found:
        print("No watchlist is staged: `status: staged` in a watchlist's file, or `newswire promote` of a draft.", file=sys.stderr)
    for place, (one, staged) in enumerate(found.items()):
        if place:
            print()
        _print_staged(Console(), one, chosen[one], staged, since, shown=_SHOWN_OF_ONE if name else _SHOWN_OF_EACH)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Where to look, from when to when (seconds since 1970 UTC)."""

    store: Store | None
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class _Staged:
    """What a staged watchlist would have sent, and over how many days the counts go."""

    stories: list[StagedStory]
    days: float
    whole: bool  # they go over all the time that was asked about
    earlier_wording: int  # stories matched by the watchlist as it stood before its last change

    @property
    def articles(self) -> int:
        return sum(story.articles for story in self.stories)

    @property
    def told_by_others(self) -> int:
        return sum(bool(story.told_by) for story in self.stories)

    @property
    def a_day(self) -> float:
        return round(len(self.stories) / self.days, 1)


def _staged(asked: _Asked, name: str, watchlist: "Watchlist", desk: "DeskFiles") -> _Staged:
    from alerting.watchlists.lists import resolve
    from alerting.watchlists.version import content_hash

    length_s = asked.end - asked.begin
    if asked.store is None or watchlist.status == "draft":
        return _Staged([], length_s / _DAY_S, whole=True, earlier_wording=0)
    with asked.store.read() as connection:
        stories = matches.staged(connection, name, asked.begin)
        first = matches.first_at(connection)
    # Where matches are kept for a shorter time than is asked about, only that time counts; a single day at least.
    kept_s = length_s if first is None else min(length_s, asked.end - first)
    current = content_hash(watchlist, resolve(desk.lists)[0])
    counted_s = max(kept_s, min(_DAY_S, length_s))
    earlier = sum(story.content_hash != current for story in stories)
    return _Staged(stories, counted_s / _DAY_S, whole=counted_s == length_s, earlier_wording=earlier)


def _as_json(name: str, watchlist: "Watchlist", staged: _Staged, begin: float) -> dict[str, Any]:
    return {
        "name": name,
        "status": watchlist.status.value,
        "title": watchlist.title,
        "severity": watchlist.severity.value,
        "since": iso(begin),
        "days": round(staged.days, 2),
        "stories": len(staged.stories),
        "articles": staged.articles,
        "stories_a_day": staged.a_day,
        "told_by_others": staged.told_by_others,
        "earlier_wording": staged.earlier_wording,
        "would_have_sent": [
            {
                "at": iso(story.at),
                "severity": story.severity.value,
                "title": story.title,
                "url": story.url,
                "outlet": story.outlet,
                "because": list(story.because),
                "articles": story.articles,
                "told_by": list(story.told_by),
                "story_id": story.story_id,
            }
            for story in staged.stories
        ],
    }


def _print_staged(console: Console, name: str, watchlist: "Watchlist", staged: _Staged, since: str, *, shown: int) -> None:
    head = Text(name, style="bold").append(f" ({watchlist.status}): ", style="not bold")
    if watchlist.status == "draft":
        console.print(
            head.append(
                f"checked and tested only, nothing is counted. `newswire backtest {name}` looks back; to stage it: newswire promote {name}",
                style="not bold",
            )
        )
        return
    count, articles = len(staged.stories), staged.articles
    said = f"{count} {'story' if count == 1 else 'stories'} in {counted(articles, 'article')} in {since}, "
    said = f"{said}{staged.a_day:g} a day{_counted_from(staged)}; not one was sent." if count else f"nothing matched in {since}."
    notes = [
        *([f"{staged.told_by_others} told by other watchlists"] if staged.told_by_others else []),
        *([f"{staged.earlier_wording} matched before its file or a list was last changed"] if staged.earlier_wording else []),
    ]
    said += f" Of these, {'; '.join(notes)}." if notes else ""
    console.print(head.append(said, style="not bold"), highlight=False)
    if staged.stories:
        table = Table(box=None, pad_edge=False, show_header=True)
        table.add_column("time (UTC)", no_wrap=True)
        table.add_column("severity", no_wrap=True)
        table.add_column("what it would have sent", overflow="fold")
        for story in staged.stories[:shown]:
            at = iso(story.at)[:16].replace("T", " ")
            table.add_row(Text(at), Text(story.severity.value), _told_of(story))
        console.print(table)
    if count > shown:
        print(f"and {count - shown} more: newswire staged {name} --json lists all.")
    print(f"To put it live: newswire promote {name}")


def _counted_from(staged: _Staged) -> str:
    """Return where a day's count comes from where matches are kept for a shorter time than was asked about."""
    return "" if staged.whole else f" (of the last {counted(round(staged.days), 'day')}: nothing was counted before)"


def _told_of(story: StagedStory) -> Text:
    parts = [story.outlet, *([f"{story.articles} articles"] if story.articles > 1 else []), f"because {', '.join(story.because)}"]
    if story.told_by:
        parts.append(f"told by {', '.join(story.told_by)}")
    return Text(story.title).append("\n" + " · ".join(parts), style="dim")


def _known(name: str, desk: "DeskFiles") -> str:
    from alerting.watchlists.nearest import unknown

    wanted = name.removesuffix(".yaml")
    if wanted not in desk.watchlists:
        _refuse(unknown("watchlist", wanted, desk.watchlists))
    if (status := desk.watchlists[wanted].status) not in {"staged", "draft"}:
        _refuse(f"{wanted} is {status}, not staged; `newswire watchlist list` says how it fares, `newswire alerts` what was told")
    return wanted


def _refuse(why: str) -> NoReturn:
    print(f"newswire: {why}", file=sys.stderr)
    sys.exit(EXIT_USAGE)
