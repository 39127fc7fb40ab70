"""What editors show beside each key of the desk's files, where the models do not say it themselves."""

from collections.abc import Mapping
from typing import Any, Final

_TERMS: Final = "terms: gaming industry, licen*, “=ITU”, {phrase: …}, {near: …, within: 8}, {list: a-list}"

WORDS: Final[Mapping[str, str]] = {
    "Watchlist.severity": "how much it matters: info, low, medium, high or critical; routes look at it",
    "Watchlist.status": "draft: checked and tested only; staged: counted, not sent; active: sent; muted: kept, not sent",
    "Watchlist.owner": "who answers for this watchlist; for people",
    "Watchlist.description": "what it is for; for people",
    "Watchlist.tags": "words of your own; routes can ask for them",
    "Watchlist.falsepositives": "what it is known to find by mistake; for people",
    "Watchlist.label": "which items it looks at: diplomacy, domestic, other, any, or a list of these",
    "Watchlist.languages": "only items in these languages: [en, ur]",
    "Watchlist.outlets": "only items of these outlets, by name",
    "Watchlist.countries_of_outlet": "only items of outlets of these countries: a list's name, [GB, FR] or any",
    "Watchlist.tests": "items with what must come of them; an active watchlist needs one `alert: true` and one `alert: false`",
    "Watchlist.when": "what must hold: every key that is present",
    "AtLeast.n": "how many of the terms must be found",
    "AtLeast.of": _TERMS,
    "InlineItem.title": "the headline",
    "InlineItem.summary": "what the feed says beside the headline",
    "InlineItem.text": "the article's text",
    "InlineItem.lang": "the language (en, ur); else it is detected",
    "InlineItem.published": "when it was published: 2026-11-02, or 2026-11-02T09:00:00Z; else now",
    "InlineItem.outlet": "who published it",
    "InlineItem.source": "the address of the feed",
    "InlineItem.label": "pins the label; else it is worked out by the real understanding",
    "InlineItem.score": "pins the label's score, 0 to 1",
    "InlineItem.home": "pins the engaging government: PK",
    "InlineItem.partners": "pins the countries engaged: [US]; [] for none",
    "InlineItem.countries": "pins the countries named: [US]; [] for none",
    "InlineItem.organisations": "pins the bodies and companies engaged: [ITU]; [] for none",
    "InlineItem.people": "pins the people in the item; [] for none",
    "InlineItem.topics": "pins the topics: [gaming]; [] for none",
    "InlineTest.name": "what the test shows, in a few words",
    "InlineTest.item": "the news item; what is not given is worked out by the real understanding",
    "InlineTest.alert": "true: it must alert; false: it must stay silent",
    "InlineTest.severity": "the severity that the alert must have",
    "Timeline.description": "what it is for; for people",
    "Timeline.feed": "what is seen, in order of time",
    "Timeline.expect": "what the channel must show, in order of time; nothing else may come",
    "Expectation.at": "when it is to be seen, since the start: 0m, 3m, 1h30m",
    "Expected.severity": "the severity that it shows",
    "NamedList.title": "what the list is called",
    "NamedList.countries": "two capital letters of ISO 3166-1 each: [NO, SE]",
    "NamedList.terms": _TERMS,
    "NamedList.organisations": "bodies and companies, by their short names: [ITU, World Bank]",
    "NamedList.sources": "addresses or hosts of feeds",
    "NamedList.people": "people, by the names that Newswire knows",
    "NamedList.include": "names of other lists of the same kind, which this one holds too",
    "Routes.receivers": "everybody who can be told",
    "Routes.route": "who hears what",
    "Routes.calendars": "times of duty by name, for `during`",
    "Receiver.name": "a word of a-z, 0-9 and -; routes name the receiver so",
    "Receiver.slack": "{channel: “#it-diplomacy”}; the token comes from NEWSWIRE_SLACK_TOKEN",
    "Receiver.terminal": "{}: the terminal that Newswire runs on",
    "Route.match": "what it asks for: severity, tags, label, watchlist; all that is present must fit",
    "Route.to": "receivers by name",
    "RouteMatch.severity": "one of these severities",
    "RouteMatch.label": "one of these labels",
    "RouteTable.to": "receivers of what none of the routes takes",
    "RouteTable.routes": "the first route that fits wins, unless it says `continue: true`",
    "Term.phrase": "words in a row; case and accents are folded; a * at the end lets letters follow",
    "Term.case": "exact: found as written only",
    "Term.lang": "found in texts of this language only",
    "Term.in": "searched in this part only: title, lead or body",
    "Term.near": "two lists of terms, one of each to be found near each other: [[game*, gaming], [tax, licen*]]",
    "Term.within": "how many words may stand between them, 1 to 10",
    "Term.list": "the name of a list of terms in config/lists",
}
"""By model and key; `Term` are the maps that a term may be."""

_ALIKE: Final = {"FeedStep": "InlineItem"}
"""Models whose keys mean what those of another one do."""


def described(schema: dict[str, Any], model: str) -> dict[str, Any]:
    """Return the JSON Schema of a model, with a description for each key that had none and is known here."""
    definitions = schema.get("$defs", {})
    whole = {key: _described(value, model) for key, value in schema.items() if key != "$defs"}
    whole["properties"] = _properties(schema.get("properties", {}), model)
    return whole | {"$defs": {name: _described(one, name) for name, one in definitions.items()}} if definitions else whole


def _described(value: Any, model: str) -> Any:
    if isinstance(value, list):
        return [_described(one, model) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _properties(inner, model) if key == "properties" else _described(inner, "Term" if key in {"anyOf", "items"} else model)
        for key, inner in value.items()
    }


def _properties(properties: dict[str, Any], model: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, one in properties.items():
        words = WORDS.get(f"{_ALIKE.get(model, model)}.{name}") or WORDS.get(f"{model}.{name}")
        described_inside = _described(one, model)
        found[name] = described_inside if words is None or "description" in one else {"description": words, **described_inside}
    return found
