"""What the channel sees, and how it compares with what a timeline expects. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from alerting.timelines.model import Expectation, Expected, Kind
from alerting.timelines.moments import offset_in_words
from alerting.watchlists.nearest import quoted, some
from newswire.records import Severity

_ARTICLES: Final = {Kind.POST: "a post", Kind.EDIT: "an edit", Kind.REPLY: "a reply", Kind.DIGEST: "a digest"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that the channel sees."""

    at: timedelta
    kind: Kind
    receiver: str
    watchlists: tuple[str, ...]
    severity: Severity
    title: str
    because: tuple[str, ...]
    outlets: int
    reason: str
    given: int | None = None  # the place of the report that brought it about
    says: str = ""  # of a reply or a digest: its lines
    bold: tuple[str, ...] = ()  # the words marked in the sentence that it shows

    @property
    def headlines(self) -> str:
        """Where a headline is looked for: a digest has those of its stories in its lines."""
        return f"{self.title} {self.says}" if self.kind is Kind.DIGEST else self.title

    def __str__(self) -> str:
        words = [self.severity.value, some(self.watchlists, limit=4)]
        if self.because:
            words.append(f"because of {quoted(self.because, last='and')}")
        if self.outlets:
            words.append(counted(self.outlets))
        if self.reason:
            words.append(self.reason)
        said = f": {self.says}" if self.says else ""
        return f"{_ARTICLES[self.kind]} at {self.receiver}: “{self.title}” ({', '.join(words)}){said}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was expected and not seen, or seen and not expected, or seen in another way."""

    at: timedelta
    fault: str
    expected: Expectation | None
    seen: Seen | None


def differences(expected: Sequence[Expectation], seen: Sequence[Seen]) -> list[Difference]:
    """Return how what was seen differs from what was expected, in order of time. Each thing seen answers one expectation at most."""
    answers = _answers(expected, seen)
    open_seen = [one for n, one in enumerate(seen) if n not in answers.values()]
    found = []
    for n, one in enumerate(expected):
        if n in answers:
            continue
        nearest = min((other for other in open_seen if other.at == one.at), key=lambda other: _distance(one, other), default=None)
        if nearest is not None:
            open_seen.remove(nearest)
        found.append(Difference(one.at, _missing(one, nearest, open_seen), one, nearest))
    found += [Difference(one.at, f"at {offset_in_words(one.at)}: expected nothing more, saw {one}", None, one) for one in open_seen]
    return sorted(found, key=lambda one: one.at)


def unlike(wanted: Expected, seen: Seen) -> list[str]:
    """Return what of the thing seen is not as it is wanted, in words."""
    found = []
    if wanted.receiver is not None and wanted.receiver != seen.receiver:
        found.append(f"it is at {seen.receiver}, not at {wanted.receiver}")
    if lacking := [name for name in wanted.watchlists or () if name not in seen.watchlists]:
        found.append(f"it speaks for {some(seen.watchlists, limit=4)}, not for {some(lacking, limit=4)}")
    if wanted.severity is not None and wanted.severity is not seen.severity:
        found.append(f"its severity is {seen.severity}, not {wanted.severity}")
    if wanted.title is not None and wanted.title.casefold() not in seen.headlines.casefold():
        found.append(f"its headline is “{seen.title}”, without “{wanted.title}”")
    found += _words_unlike("it is because of", wanted.because, seen.because, "not of")
    found += _words_unlike("it shows in bold", wanted.bold, seen.bold, "not")
    if lacking := [said for said in wanted.says or () if said.casefold() not in seen.says.casefold()]:
        found.append(f"it says “{seen.says}”, not {quoted(lacking, last='and')}")
    if wanted.outlets is not None and wanted.outlets != seen.outlets:
        found.append(f"it counts {counted(seen.outlets)}, not {wanted.outlets}")
    if wanted.reason is not None and wanted.reason != seen.reason:
        found.append(f"its reason is {seen.reason}, not {wanted.reason}")
    return found


def _words_unlike(what: str, wanted: Sequence[str] | None, seen: Sequence[str], instead: str) -> list[str]:
    """Return that words are missing, or that there are some where none are wanted."""
    if wanted is None:
        return []
    lacking = [word for word in wanted if word not in seen]
    if not lacking and (wanted or not seen):
        return []
    return [f"{what} {_some_words(seen)}, {instead} {_some_words(lacking)}"]


def _some_words(words: Sequence[str]) -> str:
    return quoted(words, last="and")


def counted(outlets: int) -> str:
    """Return `1 outlet`, `2 outlets`."""
    return f"{outlets} outlet" if outlets == 1 else f"{outlets} outlets"


def _answers(expected: Sequence[Expectation], seen: Sequence[Seen]) -> dict[int, int]:
    """Return which thing seen answers which expectation, so that as many as possible are answered (Kuhn's bipartite matching)."""
    taken: dict[int, int] = {}  # by what was seen

    def place(n: int, tried: set[int]) -> bool:
        for m, other in enumerate(seen):
            if m in tried or not _answered(expected[n], other):
                continue
            tried.add(m)
            if m not in taken or place(taken[m], tried):
                taken[m] = n
                return True
        return False

    for n in range(len(expected)):
        place(n, set())
    return {n: m for m, n in taken.items()}


def _answered(expected: Expectation, seen: Seen) -> bool:
    return expected.at == seen.at and expected.kind is seen.kind and not unlike(expected.wanted, seen)


def _distance(expected: Expectation, seen: Seen) -> tuple[bool, int]:
    return expected.kind is not seen.kind, len(unlike(expected.wanted, seen))


def _missing(expected: Expectation, nearest: Seen | None, others: Sequence[Seen]) -> str:
    at = f"at {offset_in_words(expected.at)}:"
    if nearest is not None and nearest.kind is expected.kind:
        return f"{at} the {expected.kind} at {nearest.receiver} is not as expected: {'; '.join(unlike(expected.wanted, nearest))}"
    if nearest is not None:
        return f"{at} expected {_wants(expected)}, saw {nearest}"
    elsewhere = next((one for one in others if one.kind is expected.kind and not unlike(expected.wanted, one)), None)
    return f"{at} expected {_wants(expected)}, saw nothing" + (f" then; it came at {offset_in_words(elsewhere.at)}" if elsewhere else "")


def _wants(expected: Expectation) -> str:
    wanted = expected.wanted
    words = []
    if wanted.watchlists is not None:
        words.append(f"for {some(wanted.watchlists, limit=4)}")
    if wanted.severity is not None:
        words.append(wanted.severity.value)
    if wanted.title is not None:
        words.append(f"“{wanted.title}” in its headline")
    if wanted.because is not None:
        words.append(f"because of {_some_words(wanted.because)}")
    if wanted.bold is not None:
        words.append(f"with {_some_words(wanted.bold)} in bold")
    if wanted.says is not None:
        words.append(f"that says {quoted(wanted.says, last='and')}")
    if wanted.outlets is not None:
        words.append(counted(wanted.outlets))
    if wanted.reason is not None:
        words.append(wanted.reason.value)
    where = f" at {wanted.receiver}" if wanted.receiver is not None else ""
    return f"{_ARTICLES[expected.kind]}{where}" + (f" ({', '.join(words)})" if words else "")
