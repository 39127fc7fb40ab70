"""What is wrong with a timeline that its own model cannot see: names that nothing answers to, moments after its end.

The raw values are walked, as for watchlists, so that every mistake comes at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from alerting.routes_check import check_names, check_reach, receivers_in
from alerting.timelines.model import Kind, Timeline
from alerting.timelines.moments import offset_in_words, read_offset
from alerting.timelines.silences import TimelineSilence
from alerting.watchlists.check import check_pins
from alerting.watchlists.faults import Problem, UnusableError, texts
from alerting.watchlists.nearest import unknown
from alerting.watchlists.vocabulary import Vocabulary, fault_of
from newswire.records import Basis

Path = tuple[str | int, ...]
Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Names:
    """What a timeline may refer to. No receivers: routes.yaml cannot be read, and nothing is said of them."""

    watchlists: frozenset[str]
    receivers: frozenset[str]
    vocabulary: Vocabulary
    tags: frozenset[str] = frozenset()  # of all watchlists: routes of a timeline's own may ask for them


def check_timeline(raw: Raw, names: Names) -> Iterator[Problem]:
    """Yield every mistake and warning of one timeline that its model cannot see."""
    yield from _known(raw, (), "watchlists", "watchlist", names.watchlists)
    for key in ("status", "alert"):
        for name in _mapping(raw.get(key)):
            yield from _in_force((key, name), name, raw, names)
    yield from _at_routes(check_names(_mapping(raw.get("routes")), names.watchlists, names.tags))
    items = _mapping(raw.get("items"))
    for name, item in items.items():
        yield from check_pins(_mapping(item), ("items", name), names.vocabulary)
    steps = [_mapping(one) for one in _listed(raw.get("feed"))]
    for n, step in enumerate(steps):
        yield from check_pins(step, ("feed", n), names.vocabulary)
        yield from _known(step, ("feed", n), "item", "item", frozenset(items))
    yield from _moments(raw)
    yield from _pages(steps, items)
    yield from _expectations(raw, names)
    yield from _silences(raw, names)
    yield from _silenced_stories(raw, steps, frozenset(items))
    seen = [step.get("item") for step in steps]
    for name in items:
        if name not in seen:
            yield Problem(("items", name), f"{name!r} is never seen; `feed` names every item that is", warning=True)


def check_own_routes(timeline: Timeline) -> Iterator[Problem]:
    """Yield every line of a timeline's own routes that nothing can reach."""
    yield from _at_routes(check_reach(timeline.routes) if timeline.routes is not None else ())


def _at_routes(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield what is wrong with routes as a part of the timeline that holds them."""
    yield from (replace(one, path=("routes", *one.path)) for one in problems)


def _moments(raw: Raw) -> Iterator[Problem]:
    until = _offset(raw.get("until", Timeline.model_fields["until"].default))
    for key in ("feed", "expect"):
        for n, one in enumerate(_listed(raw.get(key))):
            at = _offset(_mapping(one).get("at"))
            if at is not None and until is not None and at > until:
                message = f"{offset_in_words(at)} is after the end of the timeline; write `until: {offset_in_words(at)}` or later"
                yield Problem((key, n, "at"), message)


def _pages(steps: list[Raw], items: Raw) -> Iterator[Problem]:
    """Yield the pages that are read before a feed has shown their item."""
    at = {n: moment for n, step in enumerate(steps) if (moment := _offset(step.get("at"))) is not None}
    shown: set[tuple[str, str]] = set()
    for n in sorted(at, key=lambda n: (at[n], n)):
        name = steps[n].get("item")
        if not isinstance(name, str) or name not in items:
            continue
        identity = (name, " ".join(str(steps[n].get("outlet") or _mapping(items[name]).get("outlet") or "").split()))
        if steps[n].get("basis") != Basis.PAGE:
            shown.add(identity)
        elif identity not in shown:
            outlet = f" in {identity[1]}" if identity[1] else ""
            message = f"no feed has shown {name!r}{outlet} before its page is read; add an earlier step for it without `basis: page`"
            yield Problem(("feed", n), message)


def _expectations(raw: Raw, names: Names) -> Iterator[Problem]:
    receivers = receivers_in(_mapping(raw["routes"])) if "routes" in raw else names.receivers
    for n, one in enumerate(_listed(raw.get("expect"))):
        for kind in Kind:
            wanted, path = _mapping(_mapping(one).get(kind)), ("expect", n, kind.value)
            if receivers:
                yield from _known(wanted, path, "receiver", "receiver", receivers)
            for at, name in texts(wanted.get("watchlists")):
                yield from _in_force((*path, "watchlists", *at), name, raw, names)


def _silences(raw: Raw, names: Names) -> Iterator[Problem]:
    until = _offset(raw.get("until", Timeline.model_fields["until"].default))
    for n, one in enumerate(map(_mapping, _listed(raw.get("silences")))):
        for at, name in texts(one.get("watchlist")):
            yield from _in_force(("silences", n, "watchlist", *at), name, raw, names)
        for at, code in texts(one.get("country")):
            if (fault := fault_of("countries", code, names.vocabulary)) is not None:
                yield Problem(("silences", n, "country", *at), fault)
        begin = _offset(one.get("from"))
        if begin is not None and until is not None and begin > until:
            message = f"{offset_in_words(begin)} is after the end of the timeline; write `until: {offset_in_words(begin)}` or later"
            yield Problem(("silences", n, "from"), message)


def _silenced_stories(raw: Raw, steps: list[Raw], items: frozenset[str]) -> Iterator[Problem]:
    """Yield the silences of stories of which nothing was seen when they begin."""
    for n, one in enumerate(map(_mapping, _listed(raw.get("silences")))):
        yield from _known(one, ("silences", n), "story", "item", items)
        begin, name = _offset(one.get("from", TimelineSilence.model_fields["from_"].default)), one.get("story")
        seen_at = [at for step in steps if step.get("item") == name and (at := _offset(step.get("at"))) is not None]
        if isinstance(name, str) and name in items and begin is not None and seen_at and begin <= min(seen_at):
            message = f"{name!r} has no story before it is seen at {offset_in_words(min(seen_at))}; write a later `from`"
            yield Problem(("silences", n, "story"), message)


def _in_force(path: Path, name: str, raw: Raw, names: Names) -> Iterator[Problem]:
    if name not in names.watchlists:
        yield Problem(path, unknown("watchlist", name, names.watchlists))
    elif "watchlists" in raw and name not in {one for _, one in texts(raw["watchlists"])}:
        yield Problem(path, f"{name} is not in force in this timeline; add it to `watchlists` at the top")


def _known(raw: Raw, path: Path, key: str, noun: str, known: frozenset[str]) -> Iterator[Problem]:
    for at, name in texts(raw.get(key)):
        if name not in known:
            yield Problem((*path, key, *at), unknown(noun, name, known))


def _offset(raw: object) -> timedelta | None:
    with suppress(UnusableError):
        return None if raw is None else read_offset(raw)
    return None


def _mapping(raw: object) -> Raw:
    return raw if isinstance(raw, Mapping) else {}


def _listed(raw: object) -> list[Any]:
    return raw if isinstance(raw, list) else []
