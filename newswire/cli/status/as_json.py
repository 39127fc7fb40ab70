"""The status as one JSON document, for programs: docs/status.md tells its shape, and a test holds the two together. Pure."""

from datetime import UTC, datetime
from typing import Any, Final

from newswire import __version__
from newswire.cli.status.facts import Away, BusFacts, Facts, FileFacts, StoreFacts, there
from newswire.cli.status.judge import Status
from newswire.cli.status.sources import Bad
from newswire.outcomes import SourceState

SHAPE: Final = 1
"""Grows where a name changes its meaning or goes; names may be added without."""


def as_json(status: Status) -> dict[str, Any]:
    """Return the whole status as plain values; moments are ISO 8601 in UTC, null where there is none."""
    facts = status.facts
    store, bus, files = there(facts.store), there(facts.bus), there(facts.files)
    return {
        "shape": SHAPE,
        "at": _iso(facts.now.timestamp()),
        "version": __version__,
        "whole": status.whole,
        "troubles": [{"concern": one.concern, "what": one.what, "do": one.do, "since": _iso(one.since)} for one in status.troubles],
        "stages": [{"stage": one.name, "work": one.work, "shown_by": one.shown_by} for one in status.stages],
        "here": _local(facts),
        "store": {"at": facts.store_shown, "away": _away(facts.store), **_sizes(store)},
        "bus": {"at": facts.bus_shown, "away": _away(facts.bus), "bytes": facts.sizes.bus_bytes, **_bus(bus)},
        "disks": [
            {"folder": one.folder, "free_bytes": one.free_bytes, "bytes": one.total_bytes, "low": one.free_bytes < one.must_bytes}
            for one in facts.sizes.disks
        ],
        "sources": _sources(status),
        "queues": _queues(store, bus),
        "receivers": [
            {
                "name": one.name,
                "kind": one.kind,
                "to": one.to,
                "state": one.state,
                "until": one.until,
                "why": one.why,
                "do": one.do,
                "waiting": one.waiting,
                "gathering": one.gathering,
                "failed": one.failed,
                "last_sent_at": one.last_sent_at,
            }
            for one in facts.receivers
        ],
        "alerts": _alerts(store),
        "watchlists": _watchlists(facts, files),
        "silences": _silences(store),
        "digests": [{"name": one.name, "to": one.to, "due_at": _iso(one.due_at)} for one in files.digests] if files is not None else None,
        "dead_letters": {"kept": bus.dead, "newest_at": _iso(bus.dead_newest_at)} if bus is not None else None,
        "backup": {"last_success_at": _iso(store.backup_at)} if store is not None else None,
    }


def _local(facts: Facts) -> dict[str, Any]:
    local = there(facts.local)
    if local is None:
        return {"away": _away(facts.local), "address": None, "newswire": False, "ready": None, "note": "", "version": None, "stages": []}
    return {
        "away": None,
        "address": local.address,
        "newswire": local.ours,
        "ready": local.ready,
        "note": local.note,
        "version": local.version,
        "stages": list(local.stages),
    }


def _sizes(store: StoreFacts | None) -> dict[str, Any]:
    found = store.sizes if store is not None else None
    if found is None:
        return {"bytes": None, "tables": None, "kept_since": None}
    kept = {name: _iso(one.oldest_at) for name, one in found.kept.items()}
    return {"bytes": found.bytes, "tables": found.tables, "kept_since": kept}


def _bus(bus: BusFacts | None) -> dict[str, Any]:
    return {"processes": bus.processes if bus is not None else None}


def _sources(status: Status) -> dict[str, Any] | None:
    found = status.sources
    if found is None:
        return None
    return {
        "total": found.total,
        "by_state": {str(state): found.by_state[state] for state in SourceState},
        "countries": found.countries,
        "blind_countries": list(found.blind),
        "worst": [_bad(one) for one in found.worst],
    }


def _bad(one: Bad) -> dict[str, Any]:
    return {
        "outlet": one.outlet,
        "country": one.country,
        "state": one.state,
        "why": one.why,
        "since": _iso(one.since),
        "lasting": one.lasting,
    }


def _queues(store: StoreFacts | None, bus: BusFacts | None) -> dict[str, Any]:
    topics = {
        queue.topic.removeprefix("news."): {
            "group": queue.group,
            "members": queue.members,
            "records": queue.records,
            "oldest_at": _iso(queue.oldest_at),
        }
        for queue in (bus.queues if bus is not None else ())
    }
    return {
        "topics": topics if bus is not None else None,
        "sources_due": {"count": store.work.sources_due.count, "since": _iso(store.work.sources_due.since)} if store else None,
        "pages": {"waiting": store.work.pages, "since": _iso(store.work.pages_due_since)} if store else None,
    }


def _alerts(store: StoreFacts | None) -> list[dict[str, Any]] | None:
    if store is None:
        return None
    return [
        {
            "story_id": one.story_id,
            "title": one.title,
            "severity": one.severity,
            "watchlists": list(one.watchlists),
            "at": _iso(one.at),
            "receivers": [
                {"name": hearer.name, "state": hearer.state, "reason": hearer.reason, "told_at": _iso(hearer.told_at)}
                for hearer in one.hearers
            ],
        }
        for one in store.work.alerts
    ]


def _watchlists(facts: Facts, files: FileFacts | None) -> dict[str, Any] | None:
    if files is None:
        return None
    local = there(facts.local)
    return {
        "folder": files.folder,
        "by_name": dict(files.watchlists),
        "faults": [str(fault) for fault in (*files.source_faults, *files.faults)],
        "in_force": local.files_in_force if local is not None else None,
    }


def _silences(store: StoreFacts | None) -> list[dict[str, Any]] | None:
    if store is None:
        return None
    return [
        {
            "silence_id": one.silence_id,
            "matchers": {str(kind): list(values) for kind, values in one.matchers.items()},
            "begins_at": _iso(one.begins_at),
            "ends_at": _iso(one.ends_at),
            "by": one.by,
            "why": one.why,
        }
        for one in store.silences
    ]


def _away(part: object) -> str | None:
    if part is None:
        return "nothing has run here yet"
    return part.why if isinstance(part, Away) else None


def _iso(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
