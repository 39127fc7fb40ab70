"""Whether a condition holds for a report, and in words why, or by how little it does not."""

from collections.abc import Sequence
from typing import Final

from alerting.watchlists import combination
from alerting.watchlists.condition_kinds import Combined, Condition, NearWords, OneOf, Understood, Word, Words
from alerting.watchlists.expression import evaluate
from alerting.watchlists.facts import Facts, Spot, spots_of
from alerting.watchlists.judged import Judged
from alerting.watchlists.nearest import quoted, some


def holds(condition: Condition, facts: Facts) -> bool:
    """Return whether the condition holds: the quick answer, for most watchlists and reports the only one needed."""
    if isinstance(condition, Words):
        return _enough(condition, facts)
    if isinstance(condition, Understood):
        values = facts.understood[condition.key]
        return bool(values) if condition.wanted is None else not condition.wanted.isdisjoint(values)
    if isinstance(condition, OneOf):
        return any(block_holds(block, facts) for block in condition.blocks)
    selections = condition.selections
    return evaluate(condition.expression, selections, lambda name: block_holds(selections[name], facts))


def block_holds(block: Sequence[Condition], facts: Facts) -> bool:
    """Return whether every condition of the block holds."""
    for condition in block:  # noqa: SIM110 -- a generator for `all` costs more than most conditions do
        if not holds(condition, facts):
            return False
    return True


def _enough(condition: Words, facts: Facts) -> bool:
    """Return whether neither too few nor too many of the words are found."""
    if facts.spots.keys().isdisjoint(condition.indexes):
        return condition.least == 0
    enough = condition.least if condition.most is None else condition.most + 1
    found = 0
    for word in condition.words:
        found += _is_found(word, facts)
        if found >= enough:
            break
    return found >= condition.least and (condition.most is None or found <= condition.most)


def _is_found(word: Word | NearWords, facts: Facts) -> bool:
    if isinstance(word, Word) and word.index not in facts.spots:
        return False
    return bool(spots_of(word, facts))


def judge(condition: Condition, facts: Facts) -> Judged:
    """Return the same answer as `holds`, with its reason."""
    if isinstance(condition, Understood):
        return _judge_understood(condition, facts)
    if isinstance(condition, OneOf):
        return _judge_one_of(condition, facts)
    if isinstance(condition, Combined):
        return combination.judge(condition, {name: judge_block(name, block, facts) for name, block in condition.selections.items()})
    return _judge_words(condition, facts)


def bearing_selections(conditions: Sequence[Condition], facts: Facts) -> frozenset[str]:
    """Return the names of the selections that bear out what holds of these conditions."""
    return frozenset(
        name
        for condition in conditions
        if isinstance(condition, Combined)
        for name in combination.bearing(condition, {name: judge_block(name, block, facts) for name, block in condition.selections.items()})
    )


def judge_block(name: str, block: Sequence[Condition], facts: Facts) -> Judged:
    """Return whether every condition of the block of that name holds, with all the reasons, or the first that fails."""
    judged = [judge(condition, facts) for condition in block]
    failed = next((one for one in judged if not one.holds), None)
    if failed is not None:
        return Judged(name, holds=False, missed=failed.missed)
    because = tuple(dict.fromkeys(word for one in judged for word in one.because))
    return Judged(name, holds=True, because=because, spots=tuple(spot for one in judged for spot in one.spots))


def _judge_words(condition: Words, facts: Facts) -> Judged:
    nothing = facts.spots.keys().isdisjoint(condition.indexes)
    found = {} if nothing else {word: where for word in condition.words if (where := spots_of(word, facts))}
    if not _enough(condition, facts):
        return Judged(condition.key, holds=False, missed=_missed(condition, list(found)))
    if condition.key == "none":  # an exclusion is a reason to be silent, never evidence
        return Judged(condition.key, holds=True)
    because = tuple(dict.fromkeys(word.written for word in found))
    return Judged(condition.key, holds=True, because=because, spots=tuple(spot for where in found.values() for spot in where))


def _missed(condition: Words, found: Sequence[Word | NearWords]) -> str:
    written = [word.written for word in condition.words]
    if condition.key == "none":
        return f"{quoted((word.written for word in found), last='and')} {_is(found)} found, which `none` excludes"
    if condition.key == "all":
        missing = [word for word in condition.words if word not in found]
        return f"{quoted((word.written for word in missing), last='and')} {_is(missing)} not found"
    if condition.key == "at_least":
        return f"{len(found)} of the {condition.least} wanted {_is(found)} found among {quoted(written, last='and')}"
    return f"{quoted(written)} is not found" if len(written) == 1 else f"none of {quoted(written, last='and')} is found"


def _is(words: Sequence[object]) -> str:
    return "is" if len(words) == 1 else "are"


_HAS: Final = {
    "partners": ("engages", "engages no foreign country"),
    "countries": ("names", "names no country"),
    "home": ("the engaging government is", "no engaging government is known"),
    "organisations": ("engages", "engages no organisation"),
    "people": ("is about", "names nobody known"),
    "topics": ("is about", "no topic is known"),
}
"""How a report has values under a key, and how it has none."""


def _judge_understood(condition: Understood, facts: Facts) -> Judged:
    has, lacks = _HAS[condition.key]
    values = facts.understood[condition.key]
    good = values if condition.wanted is None else tuple(value for value in values if value in condition.wanted)
    if good:
        because = tuple(f"{condition.noun} {value}" for value in good)
        return Judged(condition.key, holds=True, because=because, spots=_where(condition, good, facts))
    if not values:
        return Judged(condition.key, holds=False, missed=f"{lacks}, wants {condition.said}")
    return Judged(condition.key, holds=False, missed=f"{has} {some(values, limit=6)}, not in {condition.said}")


def _where(condition: Understood, values: Sequence[str], facts: Facts) -> tuple[Spot, ...]:
    """Return where countries are named; for bodies, people and topics the report keeps no places by name."""
    if condition.key not in ("partners", "countries", "home"):
        return ()
    spans = [mention.span for mention in facts.report.countries if mention.code in values]
    return tuple(Spot(span.field, span.start, span.end) for span in spans if span.end > span.start)


def _judge_one_of(condition: OneOf, facts: Facts) -> Judged:
    blocks = [[judge(inner, facts) for inner in block] for block in condition.blocks]
    good = [inner for block in blocks if all(inner.holds for inner in block) for inner in block]
    if good:
        because = tuple(dict.fromkeys(word for inner in good for word in inner.because))
        return Judged(condition.key, holds=True, because=because, spots=tuple(spot for inner in good for spot in inner.spots))
    nearest = max(blocks, key=lambda block: sum(inner.holds for inner in block) / len(block))
    missed = next(inner.missed for inner in nearest if not inner.holds)
    return Judged(condition.key, holds=False, missed=f"none of {len(blocks)} alternatives holds; the nearest: {missed}")
