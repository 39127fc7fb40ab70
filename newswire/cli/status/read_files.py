"""What stands in the configuration folder: sources, watchlists, faults, digests; and how each receiver of it stands."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newswire.cli import compose
from newswire.cli.known import load_names
from newswire.cli.receivers import receiver_rows
from newswire.cli.status.facts import DigestFacts, FileFacts, Place, ReceiverFacts
from newswire.config import shown, yaml_files
from newswire.errors import ConfigurationError
from newswire.settings import Settings
from newswire.store.standings import Standing

if TYPE_CHECKING:
    from alerting.routes import Routes

_FAULTY = "faulty"


def file_facts(folder: Path, settings: Settings, now: datetime) -> FileFacts:
    """Return what the folder holds; what has faults is among them, and the rest stands beside it."""
    from alerting.variables import lacking
    from alerting.watchlists.load import load_desk
    from alerting.watchlists.vocabulary import Vocabulary
    from collectors.sources_file import load_sources

    sources, source_faults = load_sources(folder / "sources")
    try:
        desk = compose.read_desk(folder, load_names(folder), now)
    except ConfigurationError:  # the taxonomy's faults are `newswire check`'s to tell
        desk = load_desk(folder, Vocabulary(), now.date())
    names = [path.stem for path in yaml_files(folder / "watchlists")[0]]
    return FileFacts(
        folder=shown(folder),
        sources={one.source_id: Place(one.outlet, one.country) for one in sources},
        source_faults=tuple(source_faults),
        watchlists={name: desk.watchlists[name].status.value if name in desk.watchlists else _FAULTY for name in names},
        faults=desk.faults,
        digests=tuple(sorted(_digests(desk.routes, now), key=lambda one: one.due_at)),
        routes=desk.routes,
        receivers_lack=tuple(words for _, words in lacking(desk.routes, settings)),
    )


def _digests(routes: "Routes", now: datetime) -> Iterator[DigestFacts]:
    from alerting.digests.schedule import next_time

    for entry in routes.receivers:
        if entry.digest is not None:
            yield DigestFacts(entry.name, entry.digest.to, next_time(entry.digest, now).timestamp())


def receiver_facts(routes: Any, settings: Settings, known: dict[str, Standing] | None, now: datetime) -> tuple[ReceiverFacts, ...]:
    """Return how each receiver stands, as `newswire receivers list` tells it; `known` is None where the store does not tell."""
    from alerting.notices.receiver_rules import of_one_message

    wanted = ReceiverFacts.__dataclass_fields__.keys() - {"one_message"}
    found = []
    for row in receiver_rows(routes, settings, known or {}, now):
        facts = {name: row[name] for name in wanted}
        if known is None and row["state"] == "unused":
            facts["state"] = "not known"
        found.append(ReceiverFacts(**facts, one_message=of_one_message(row["why"] or "")))
    return tuple(found)
