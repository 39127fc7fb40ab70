"""The status as a person reads it: the answer first, then one block a part, no line wider than the terminal. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Final

from rich.text import Text

from newswire import __version__
from newswire.cli.folded import folded, stepped
from newswire.cli.receivers import ON_TERMINAL
from newswire.cli.status.facts import Away, BusFacts, Facts, FileFacts, ReceiverFacts, StoreFacts, there
from newswire.cli.status.judge import Status, Trouble
from newswire.cli.status.sources import Sources
from newswire.cli.status.stages import Work
from newswire.cli.status.words import length, listed, moment, size
from newswire.errors import one_line
from newswire.outcomes import RunStage, SendState, SourceState
from newswire.store.at_work import Hearer

Row = tuple[Text, Text]
"""The columns of a line, and what stands beside them: it is folded where it is too long."""

Shown = Callable[[str], str]
"""Makes a text fit to be shown: no secret, nothing that moves the cursor."""

_LABEL: Final = 14
_NARROWEST: Final = 60
_WIDEST: Final = 140
_TROUBLES: Final = 8  # shown of many: the most important
_RECEIVERS: Final = 6
_HEARERS: Final = 3
_SILENCES: Final = 3
_DIGESTS: Final = 3
_TABLES: Final = 2
_BLIND: Final = 12
_TITLE: Final = 24  # cells of it are shown at least
_WORK_STYLES: Final = {Work.RUNS: "green", Work.STOPPED: "bold red", Work.UNKNOWN: "yellow"}
_STATE_STYLES: Final = {"ok": "green", "unused": "dim", "rate limited": "yellow", "in doubt": "yellow"}
_SOURCE_STYLES: Final = {SourceState.OK: "green", SourceState.WAITING: "dim", SourceState.RETIRED: "dim"}
_SEVERITY_STYLES: Final = {"critical": "bold red", "high": "red", "medium": "yellow"}


def rendered(status: Status, width: int, shown: Shown, zone: tzinfo | None = None) -> list[Text]:
    """Return the lines, by the clocks of `zone` (None: this machine's)."""
    return [*_Page(status, min(max(width, _NARROWEST), _WIDEST), shown, zone).lines()]


class _Page:
    def __init__(self, status: Status, width: int, shown: Shown, zone: tzinfo | None) -> None:
        self._status, self._width, self._shown, self._zone = status, width, shown, zone
        self._facts: Facts = status.facts
        self._now = status.facts.now.timestamp()

    def lines(self) -> Iterator[Text]:
        store, bus, files = there(self._facts.store), there(self._facts.bus), there(self._facts.files)
        yield from self._answer()
        yield Text("")
        yield from self._block("stages", self._stages())
        yield from self._block("sources", self._sources(self._status.sources))
        yield from self._block("queues", self._queues(store, bus))
        yield from self._block("receivers", self._receivers())
        yield from self._block("last alerts", self._alerts(store))
        yield from self._block("watchlists", self._watchlists(files))
        yield from self._block("silences", self._silences(store))
        if files is not None and files.digests:
            yield from self._block("digests due", self._digests(files))
        yield from self._block("dead letters", self._dead(bus))
        yield from self._block("on disk", self._disk(store))
        yield from self._block("backup", self._backup(store))

    def _answer(self) -> Iterator[Text]:
        at = self._facts.now.astimezone(self._zone)
        troubles = self._status.troubles
        if not troubles:
            yield Text.assemble(("The watch is whole", "bold green"), (f"  {at:%d %b %Y %H:%M %Z}", "dim"))
            return
        yield from stepped(Text(f"The watch is NOT whole: {self._shown(one_line(troubles[0].what))}", "bold red"), self._width, 2)
        yield from self._do(troubles[0], "")
        for one in troubles[1:_TROUBLES]:
            since = f", for {length(self._now - one.since)}" if one.since is not None else ""
            yield from folded(Text("• ", "red"), Text(f"{self._shown(one_line(one.what))}{since}", "red"), self._width)
            yield from self._do(one, "dim")
        if len(troubles) > _TROUBLES:
            yield Text(f"• and {len(troubles) - _TROUBLES} more: newswire status --json", style="red")
        yield Text(f"{at:%d %b %Y %H:%M %Z}", style="dim")

    def _do(self, one: Trouble, style: str) -> Iterator[Text]:
        if one.do:
            yield from folded(Text("  → ", style), Text(self._shown(one_line(one.do)), style), self._width)

    def _stages(self) -> Iterator[Row]:
        for stage in self._status.stages:
            columns = Text.assemble(f"{stage.name:<9}", (f"{stage.work:<10}", _WORK_STYLES[stage.work]))
            yield columns, Text(self._shown(one_line(stage.shown_by)), "dim")
        local = there(self._facts.local)
        if local is None:
            why = self._facts.local.why if isinstance(self._facts.local, Away) else ""
            yield Text(f"{'here':<9}"), Text(self._shown(why), "dim")
        elif not local.ours:
            yield Text(f"{'here':<9}"), Text(f"another program answers at {local.address}", "yellow")
        else:
            ready = ("ready     ", "green") if local.ready else ("not ready ", "bold red")
            runs = f", runs {', '.join(stage for stage in RunStage if stage in local.stages)}" if local.stages else ""
            version = f"version {local.version}" + (f" (this command is {__version__})" if local.version != __version__ else "")
            yield Text.assemble(f"{'here':<9}", ready), Text(f"{local.address}, {version}{runs}", "dim")
            if local.note:
                yield Text(" " * 9), Text(self._shown(local.note), style="yellow")

    def _sources(self, found: Sources | None) -> Iterator[Text | Row]:
        if found is None:
            yield Text("not known: the store cannot be read", style="yellow")
            return
        if not found.total:
            yield Text("none")
            return
        line = Text(f"{found.total:,}:")
        for state in SourceState:
            if found.by_state[state]:
                line.append(f" {found.by_state[state]:,} {state},", style=_SOURCE_STYLES.get(state, "red"))
        line.right_crop(1)
        line.append(f" · {found.countries} countries" if found.countries != 1 else " · 1 country", style="dim")
        if found.blind:
            line.append(f" · blind: {listed(found.blind, _BLIND)}", style="bold red")
        yield line
        names = [f"{one.outlet} ({one.country})" if one.country else one.outlet for one in found.worst]
        for one, name in zip(found.worst, self._column(names, 24), strict=True):
            since = length(self._now - one.since) if one.since is not None else "never"
            columns = Text.assemble(name, (f"{one.state:<9}", _SOURCE_STYLES.get(one.state, "red")), f"{since:<8}")
            yield columns, Text(self._shown(one_line(one.why)), "dim")

    def _queues(self, store: StoreFacts | None, bus: BusFacts | None) -> Iterator[Text]:
        if bus is None and store is None:
            yield Text("not known" if self._facts.store is not None else "none yet", style="dim")
            return
        parts: list[str] = []
        if bus is not None:
            parts += [self._queue(queue.topic.removeprefix("news."), queue.records, queue.oldest_at) for queue in bus.queues]
        if store is not None:
            work = store.work
            parts.append(self._queue("pages", work.pages, work.pages_due_since))
            parts.append(self._queue("sources due", work.sources_due.count, work.sources_due.since))
        elif self._facts.store is not None:
            parts.append("pages and sources due: not known")
        if bus is None and self._facts.bus is not None:
            parts.append("items and reports: not known")
        yield Text(" · ".join(parts))

    def _queue(self, name: str, count: int, since: float | None) -> str:
        return f"{name} {count:,}" + (f" (oldest {length(self._now - since)})" if count and since is not None else "")

    def _receivers(self) -> Iterator[Text | Row]:
        if not self._facts.receivers:
            yield Text("not known" if isinstance(self._facts.files, Away) else "none", style="dim")
        ordered = sorted(self._facts.receivers, key=lambda one: one.state in {"ok", "unused"})
        ordered, more = ordered[:_RECEIVERS], len(ordered) - _RECEIVERS
        for one, name in zip(ordered, self._column([one.name for one in ordered], 16), strict=True):
            yield (
                Text.assemble(name, (f"{one.state:<13}", _STATE_STYLES.get(one.state, "red"))),
                Text(self._shown(self._receiver(one)), "dim"),
            )
        if more > 0:
            yield Text(f"and {more} more: newswire receivers list", style="dim")

    def _receiver(self, one: ReceiverFacts) -> str:
        parts = []
        if one.why:
            parts.append("no token: printed on the terminal" if one.why == ON_TERMINAL else one_line(one.why))
        if one.waiting:
            parts.append(f"{one.waiting:,} waiting")
        if one.gathering:
            parts.append(f"{one.gathering:,} gathering")
        if one.failed:
            parts.append(f"{one.failed:,} given up")
        if one.last_sent_at:
            at = datetime.fromisoformat(one.last_sent_at).timestamp()
            parts.append(f"last told {moment(at, self._now, self._zone, ago=False)}")
        return " · ".join(parts) or (one_line(one.to) if one.to else "")

    def _alerts(self, store: StoreFacts | None) -> Iterator[Text | Row]:
        if store is None:
            yield Text("not known" if self._facts.store is not None else "none yet", style="dim")
        elif not store.work.alerts:
            yield Text("none yet", style="dim")
        for one in store.work.alerts if store is not None else ():
            hearers = ", ".join(_hearer(hearer) for hearer in one.hearers[:_HEARERS])
            told = all(hearer.state == SendState.SENT for hearer in one.hearers)
            tail = Text(f" → {hearers}" + (", …" if len(one.hearers) > _HEARERS else ""), "dim" if told else "yellow")
            columns = Text.assemble(
                (f"{moment(one.at, self._now, self._zone, ago=False):<13}", "dim"),
                (f"{one.severity:<9}", _SEVERITY_STYLES.get(one.severity, "")),
            )
            title = Text(self._shown(one_line(one.title)))
            title.truncate(max(_TITLE, self._width - _LABEL - columns.cell_len - tail.cell_len), overflow="ellipsis")
            yield columns, title + tail

    def _watchlists(self, files: FileFacts | None) -> Iterator[Text]:
        if files is None:
            yield Text("the files cannot be read", style="yellow")
            return
        statuses = [*files.watchlists.values()]
        counts = [f"{statuses.count(name)} {name}" for name in ("active", "staged", "draft", "muted") if statuses.count(name)]
        faults = len(files.faults) + len(files.source_faults)
        line = Text(", ".join(counts) or "none")
        if faults:
            line.append(f" · {faults} fault{'s' if faults > 1 else ''} in {self._shown(files.folder)}: newswire check", style="bold red")
        else:
            local = there(self._facts.local)
            in_force = local.files_in_force if local is not None else None
            words = {
                True: "the files on disk are in force",
                False: "the files on disk are not in force",
                None: "the files on disk have no fault",
            }
            line.append(f" · {words[in_force]}", style="red" if in_force is False else "dim")
        yield line

    def _silences(self, store: StoreFacts | None) -> Iterator[Text]:
        if store is None or not store.silences:
            yield Text("not known" if isinstance(self._facts.store, Away) else "none", style="dim")
            return
        for one in store.silences[:_SILENCES]:
            what = "; ".join(f"{kind} {', '.join(values)}" for kind, values in one.matchers.items())
            yield Text(
                self._shown(one_line(f"{what}, until {moment(one.ends_at, self._now, self._zone, ago=False)}, by {one.by}: {one.why}"))
            )
        if len(store.silences) > _SILENCES:
            yield Text(f"and {len(store.silences) - _SILENCES} more: newswire silence list", style="dim")

    def _digests(self, files: FileFacts) -> Iterator[Text]:
        for one in files.digests[:_DIGESTS]:
            yield Text(f"{one.name} to {one.to}, {moment(one.due_at, self._now, self._zone, ago=False)}")

    def _dead(self, bus: BusFacts | None) -> Iterator[Text]:
        if bus is None:
            yield Text("not known" if isinstance(self._facts.bus, Away) else "none", style="dim")
        elif not bus.dead:
            yield Text("none", style="dim")
        else:
            newest = f", the newest {moment(bus.dead_newest_at, self._now, self._zone)}" if bus.dead_newest_at is not None else ""
            yield Text(f"{bus.dead:,} kept{newest}: newswire dead list", style="yellow")

    def _disk(self, store: StoreFacts | None) -> Iterator[Text]:
        sizes = self._facts.sizes
        parts = [f"store {size(store.sizes.bytes)}"] if store is not None and store.sizes is not None else []
        parts += [f"bus {size(sizes.bus_bytes)}"] if sizes.bus_bytes is not None else []
        parts += [f"{size(one.free_bytes)} of {size(one.total_bytes)} free" for one in sizes.disks[:1]]
        yield Text(" · ".join(parts) or "nothing here")
        if store is not None and store.sizes is not None:
            largest = sorted(store.sizes.tables.items(), key=lambda one: -one[1])[:_TABLES]
            since = [
                f"{name} since {moment(one.oldest_at, self._now, self._zone, ago=False)}"
                for name, one in store.sizes.kept.items()
                if one.oldest_at is not None and name in {"reports", "decisions"}
            ]
            if what := [", ".join(f"{name} {size(count)}" for name, count in largest), *since]:
                yield Text(" · ".join(part for part in what if part), style="dim")

    def _backup(self, store: StoreFacts | None) -> Iterator[Text]:
        if store is None:
            yield Text("not known" if self._facts.store is not None else "none yet", style="dim")
        elif store.backup_at is None:
            yield Text("none yet: newswire backup DIR", style="yellow")
        else:
            yield Text(moment(store.backup_at, self._now, self._zone))

    def _block(self, label: str, lines: Iterable[Text | Row]) -> Iterator[Text]:
        for line in lines:
            columns, rest = (Text(), line) if isinstance(line, Text) else line
            for one in folded(columns, rest, self._width - _LABEL):
                yield Text.assemble((f"{label:<{_LABEL}}", "bold"), one)
                label = ""

    def _column(self, texts: Sequence[str], wide: int) -> Iterator[Text]:
        """Yield them as cells of one column: wider than usual where one of them asks for it, cut at a third of the page."""
        cells = [Text(self._shown(one_line(text))) for text in texts]
        wide = min(max(wide, *(cell.cell_len + 1 for cell in cells), 0), max(wide, self._width // 3))
        for cell in cells:
            cell.truncate(wide - 1, overflow="ellipsis", pad=True)
            yield cell.append(" ")


def _hearer(one: Hearer) -> str:
    return one.name if one.state == SendState.SENT else f"{one.name} ({one.state})"
