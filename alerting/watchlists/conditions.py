"""Whether a condition holds for a report, and in words why, or by how little it does not."""

from collections.abc import Sequence
from dataclasses import dataclass

from alerting.watchlists.compile import Condition, NearWords, OneOf, Understood, Word, Words
from alerting.watchlists.facts import Facts, Spot, spots_of
from alerting.watchlists.nearest import quoted, some


def holds(condition: Condition, facts: Facts) -> bool:
    """Return whether the condition holds: the quick answer, for most watchlists and reports the only one needed."""
    if isinstance(condition, Understood):
        values = facts.understood[condition.key]
        return bool(values) if condition.wanted is None else not condition.wanted.isdisjoint(values)
    if isinstance(condition, OneOf):
        return any(all(holds(inner, facts) for inner in block) for block in condition.blocks)
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


@dataclass(frozen=True, slots=True)
class Judged:
    """A condition and a report: whether it holds, `because` of what and where, else what was missed."""

    key: str
    asks: str  # the condition in words
    holds: bool
    because: tuple[str, ...] = ()
    spots: tuple[Spot, ...] = ()
    missed: str = ""


def judge(condition: Condition, facts: Facts) -> Judged:
    """Return the same answer as `holds`, with its reason."""
    if isinstance(condition, Understood):
        return _judge_understood(condition, facts)
    if isinstance(condition, OneOf):
        return _judge_one_of(condition, facts)
    return _judge_words(condition, facts)


def _judge_words(condition: Words, facts: Facts) -> Judged:
    found = {word.written: where for word in condition.words if (where := spots_of(word, facts))}
    held = holds(condition, facts)
    asks, missed = _said_of_words(condition, list(found))
    if condition.key == "none":  # an exclusion is a reason to be silent, never evidence
        return Judged(condition.key, asks, held, missed="" if held else missed)
    spots = tuple(spot for spots in found.values() for spot in spots)
    return Judged(condition.key, asks, held, tuple(found), spots, "" if held else missed)


def _said_of_words(condition: Words, found: Sequence[str]) -> tuple[str, str]:
    written = [word.written for word in condition.words]
    if condition.key == "none":
        return f"says none of {quoted(written)}", f"{quoted(found, last='and')} is found, which `none` excludes"
    if condition.key == "all":
        missing = [word for word in written if word not in found]
        return f"says {quoted(written, last='and')}", f"{quoted(missing, last='and')} {'is' if len(missing) == 1 else 'are'} not found"
    if condition.key == "at_least":
        got = f" ({quoted(found, last='and')})" if found else ""
        return (
            f"says {condition.least} of {quoted(written)}",
            f"{len(found)} of the {condition.least} wanted among {quoted(written)} found{got}",
        )
    if len(written) == 1:
        return f"says {quoted(written)}", f"{quoted(written)} is not found"
    return f"says {quoted(written)}", f"none of {quoted(written, last='and')} is found"


_HAS = {
    "partners": ("engages", "engages no foreign country"),
    "countries": ("names", "names no country"),
    "home": ("the engaging government is", "no engaging government is known"),
    "organisations": ("engages", "engages no organisation"),
    "people": ("is about", "names nobody known"),
    "topics": ("is about", "no topic is known"),
}


def _judge_understood(condition: Understood, facts: Facts) -> Judged:
    has, lacks = _HAS[condition.key]
    values = facts.understood[condition.key]
    asks = f"{has} {condition.said}"
    good = values if condition.wanted is None else tuple(value for value in values if value in condition.wanted)
    if good:
        return Judged(
            condition.key,
            asks,
            holds=True,
            because=tuple(f"{condition.noun} {value}" for value in good),
            spots=_where(condition, good, facts),
        )
    if not values:
        return Judged(condition.key, asks, holds=False, missed=f"{lacks}, wants {condition.said}")
    return Judged(condition.key, asks, holds=False, missed=f"{has} {some(values, limit=6)}, not in {condition.said}")


def _where(condition: Understood, values: Sequence[str], facts: Facts) -> tuple[Spot, ...]:
    """Return where countries are named; for bodies, people and topics the report keeps no places by name."""
    if condition.key not in ("partners", "countries", "home"):
        return ()
    spans = [mention.span for mention in facts.report.countries if mention.code in values]
    return tuple(Spot(span.field, span.start, span.end) for span in spans)


def _judge_one_of(condition: OneOf, facts: Facts) -> Judged:
    blocks = [[judge(inner, facts) for inner in block] for block in condition.blocks]
    asks = " or ".join("(" + " and ".join(inner.asks for inner in block) + ")" for block in blocks)
    for block in blocks:
        if all(inner.holds for inner in block):
            because = tuple(word for inner in block for word in inner.because)
            return Judged("any_of", asks, holds=True, because=because, spots=tuple(spot for inner in block for spot in inner.spots))
    nearest = max(blocks, key=lambda block: sum(inner.holds for inner in block) / len(block))
    missed = next(inner.missed for inner in nearest if not inner.holds)
    return Judged("any_of", asks, holds=False, missed=f"none of {len(blocks)} alternatives holds; the nearest: {missed}")
