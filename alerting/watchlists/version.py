"""What makes one version of a watchlist another: a hash over all that decides or is told, with the lists that it uses."""

import hashlib
import json
from typing import Any, Final

from alerting.watchlists.expression import parse, say
from alerting.watchlists.lists import Lists
from alerting.watchlists.model import Watchlist, When, blocks_of, choices
from alerting.watchlists.telling import Alerting
from alerting.watchlists.terms import Near, Phrase

_FOR_PEOPLE: Final = {"owner", "description", "falsepositives", "review_by", "tests"}
_APART: Final = {"condition", "severity_if", "alert"}  # keys whose form or order needs care


def content_hash(source: Watchlist, lists: Lists) -> str:
    """Return 12 hex digits that change when, and only when, something that decides or is told changes."""
    plain = _in_order(source.model_dump(mode="json", exclude=_FOR_PEOPLE | _APART, exclude_none=True))
    if source.condition is not None:
        plain["condition"] = _spelt(source.condition)
    if source.severity_if:  # the first that holds counts, so their order decides
        plain["severity_if"] = {str(n): [_plain(one.if_), one.set.value] for n, one in enumerate(source.severity_if)}
    if source.alert != Alerting():
        plain["alert"] = source.alert.model_dump(mode="json")
    used = {name: _plain_list(lists, name) for name in sorted(lists_used(source)) if name in lists}
    body = json.dumps([plain, used], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()[:12]


def _spelt(condition: str) -> str:
    return say(parse(condition))


def _plain(asked: str | When) -> Any:
    return _spelt(asked) if isinstance(asked, str) else _in_order(asked.model_dump(mode="json", exclude_none=True))


def _in_order(value: Any) -> Any:
    """Return the value with every list sorted: the order of terms, countries and tags decides nothing."""
    if isinstance(value, dict):
        return {key: _in_order(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return sorted((_in_order(inner) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True))
    return value


def _plain_list(lists: Lists, name: str) -> list[str]:
    return sorted([*lists[name].values, *map(repr, lists[name].terms)])


def lists_used(source: Watchlist) -> set[str]:
    """Return the names of all lists that the watchlist refers to."""
    names = {choice.list_name for choice in (source.sources, source.countries_of_outlet) if choice is not None and choice.list_name}
    return names.union(*(_lists_in(block) for block in blocks_of(source)))


def _lists_in(when: When) -> set[str]:
    terms = [*(when.any or ()), *(when.all or ()), *(when.none or ()), *(when.at_least.of if when.at_least else ())]
    names = {term.name for term in terms if not isinstance(term, Phrase | Near)}
    names |= {choice.list_name for _, choice in choices(when) if choice.list_name}
    return names.union(*(_lists_in(block) for block in when.any_of or ()))
