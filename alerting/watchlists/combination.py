"""A condition over selections and a report: whether it holds, which selections bear it out, or what is in the way."""

from collections.abc import Mapping
from dataclasses import dataclass

from alerting.watchlists.condition_kinds import Combined
from alerting.watchlists.expression import AllOf, AnyOf, Expression, Name, Not, SomeOf
from alerting.watchlists.judged import Judged
from alerting.watchlists.nearest import quoted, some

MISSES_TOLD = 3  # of alternatives none of which holds


@dataclass(frozen=True, slots=True)
class _Answer:
    """Whether a part of the expression is as wanted: the selections that bear it out, or what is in the way."""

    so: bool
    names: tuple[str, ...] = ()
    missed: str = ""


def judge(condition: Combined, selections: Mapping[str, Judged]) -> Judged:
    """Return whether the condition holds, by what became of each selection. One that it excludes is never a reason."""
    answer = _ask(condition.expression, selections, wanted=True)
    if not answer.so:
        return Judged(condition.key, holds=False, missed=answer.missed)
    bearing = [selections[name] for name in dict.fromkeys(answer.names)]
    because = tuple(dict.fromkeys(word for one in bearing for word in one.because))
    return Judged(condition.key, holds=True, because=because, spots=tuple(dict.fromkeys(spot for one in bearing for spot in one.spots)))


def bearing(condition: Combined, selections: Mapping[str, Judged]) -> tuple[str, ...]:
    """Return the names of the selections that bear the condition out; none where it does not hold."""
    return tuple(dict.fromkeys(_ask(condition.expression, selections, wanted=True).names))


def _ask(expression: Expression, selections: Mapping[str, Judged], *, wanted: bool) -> _Answer:
    match expression:
        case Not(part):
            return _ask(part, selections, wanted=not wanted)
        case Name(name):
            return _ask_name(selections[name], wanted=wanted)
        case SomeOf():
            return _ask_some(expression, selections, wanted=wanted)
        case AllOf(parts) | AnyOf(parts):
            answers = [_ask(part, selections, wanted=wanted) for part in parts]
            return _each(answers) if isinstance(expression, AllOf) == wanted else _one(answers)


def _ask_name(selection: Judged, *, wanted: bool) -> _Answer:
    if selection.holds == wanted:
        return _Answer(so=True, names=(selection.key,) if wanted else ())
    if wanted:
        return _Answer(so=False, missed=f"{selection.key} fails: {selection.missed}")
    return _Answer(so=False, missed=f"{selection.key} is excluded, and holds: {quoted(selection.because, last='and')}")


def _ask_some(expression: SomeOf, selections: Mapping[str, Judged], *, wanted: bool) -> _Answer:
    asked = [selections[name] for name in expression.names(selections)]
    least = len(asked) if expression.least is None else expression.least
    holding = tuple(one.key for one in asked if one.holds)
    if (len(holding) >= least) == wanted:
        return _Answer(so=True, names=holding if wanted else ())
    found = f"{len(holding)} of {expression.pattern} hold" + (f" ({some(holding, limit=6)})" if holding else "")
    if not wanted:
        return _Answer(so=False, missed=f"{found}, which is excluded")
    failed = next(one for one in asked if not one.holds)
    return _Answer(so=False, missed=f"{found}, wants {least}; {failed.key} fails: {failed.missed}")


def _each(answers: list[_Answer]) -> _Answer:
    failed = next((answer for answer in answers if not answer.so), None)
    return failed or _Answer(so=True, names=tuple(name for answer in answers for name in answer.names))


def _one(answers: list[_Answer]) -> _Answer:
    good = [answer for answer in answers if answer.so]
    if good:
        return _Answer(so=True, names=tuple(name for answer in good for name in answer.names))
    return _Answer(so=False, missed=some((answer.missed for answer in answers), limit=MISSES_TOLD, joint="; "))
