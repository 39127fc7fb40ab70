"""What must be found in a report before a watchlist is looked at: the work for a report grows with what is found, not with what is watched.

A watchlist's triggers are the terms or values of the one condition that it cannot hold without (Lucene Monitor's presearcher). The law: where
the conditions hold, one of the triggers is there.
"""

from collections.abc import Iterable
from typing import Final

from alerting.watchlists.condition_kinds import Combined, Condition, NearWords, OneOf, Trigger, Understood, Word
from alerting.watchlists.expression import AllOf, AnyOf, Expression, Name, Not, SomeOf

Triggers = frozenset[Trigger]
NONE: Final[Triggers] = frozenset()


def triggers_of(conditions: tuple[Condition, ...]) -> Triggers:
    """Return the triggers of one block: those of the condition that is likely the rarest, without which the block cannot hold.

    Empty where the block can hold with nothing found, which a checked watchlist cannot.
    """
    return _rarest(triggers for condition in conditions if (triggers := _triggers(condition)))


def _triggers(condition: Condition) -> Triggers:
    if isinstance(condition, OneOf):
        return _union(triggers_of(block) for block in condition.blocks)
    if isinstance(condition, Combined):
        blocks = {name: triggers_of(block) for name, block in condition.selections.items()}
        return _of(condition.expression, blocks, wanted=True)
    if isinstance(condition, Understood):
        return frozenset((condition.key, value) for value in (("*",) if condition.wanted is None else condition.wanted))
    if condition.least == 0:
        return NONE
    words = condition.words
    if condition.key == "all":  # each must be found, so waiting for the longest is enough
        words = (max(words, key=lambda word: (len(word.written), word.written)),)
    return frozenset(index for word in words for index in _first_indexes(word))


def _of(expression: Expression, blocks: dict[str, Triggers], *, wanted: bool) -> Triggers:
    """Return what must be there for the expression to be as `wanted`; empty where it can be so with nothing found."""
    match expression:
        case Not(part):
            return _of(part, blocks, wanted=not wanted)
        case AllOf(parts) | AnyOf(parts):
            each = [_of(part, blocks, wanted=wanted) for part in parts]
            return _rarest(filter(None, each)) if isinstance(expression, AllOf) == wanted else _union(each)
        case Name(name):
            return blocks[name] if wanted else NONE
        case SomeOf():
            return _union(blocks[name] for name in expression.names(blocks)) if wanted else NONE


def _rarest(several: Iterable[Triggers]) -> Triggers:
    return min(several, key=_commonness, default=NONE)


def _union(several: Iterable[Triggers]) -> Triggers:
    listed = list(several)
    return NONE.union(*listed) if all(listed) else NONE


def _first_indexes(word: Word | NearWords) -> tuple[int, ...]:
    return (word.index,) if isinstance(word, Word) else tuple(one.index for one in word.left)


_COMMONNESS: Final = {"people": 1, "organisations": 2, "topics": 3, "partners": 4, "countries": 5, "home": 6}


def _commonness(triggers: Triggers) -> tuple[int, int]:
    """Order sets of triggers, the rarest first: words before people, bodies, topics and countries, few before many."""
    return max(0 if isinstance(trigger, int) else _COMMONNESS[trigger[0]] for trigger in triggers), len(triggers)
