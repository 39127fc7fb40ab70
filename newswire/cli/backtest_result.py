"""What a back-test found, ready to be printed in any of three ways. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from alerting.backtest import Differences, Summary, Telling, differences
from alerting.backtest_run import BackTest
from newswire.outcomes import HoldReason


@dataclass(frozen=True, slots=True)
class Result:
    """One version's counts, and where there was another one, that one's beside them and in what they differ."""

    watchlists: Mapping[str, str]  # those asked for, with their status now; empty where it is not there now
    bad_reports: int  # lines or rows that could not be read
    new: Summary
    old: Summary | None
    old_name: str
    differences: Differences | None
    same: bool  # both versions hold the same watchlists, to the last word that decides

    @classmethod
    def of(cls, test: BackTest, watchlists: Mapping[str, str], *, bad_reports: int) -> Self:
        """Return the result of a back-test that has run."""
        new, *others = test.tallies
        hashes = [[(one.name, one.content_hash) for one in version.watchlists.watchlists] for version in test.versions]
        return cls(
            watchlists,
            bad_reports,
            new.summary(),
            others[0].summary() if others else None,
            test.versions[1].name if others else "",
            differences(new, others[0]) if others else None,
            len(hashes) > 1 and hashes[0] == hashes[1] and test.versions[0].routes == test.versions[1].routes,
        )

    @property
    def summaries(self) -> Sequence[Summary]:
        """The summaries, the version as it is first."""
        return [self.new] if self.old is None else [self.new, self.old]


HELD: Final[Mapping[str, str]] = {
    HoldReason.NO_WATCHLISTS: "no watchlist was there",
    HoldReason.SCOPE: "out of scope (language, source, outlet)",
    HoldReason.LABEL: "another label",
    HoldReason.SCORE: "score too low",
    HoldReason.CONDITION: "a condition did not hold",
    HoldReason.STAGED: "staged",
    HoldReason.MUTED: "muted",
    HoldReason.MAX_AGE: "too old (max_age)",
    HoldReason.BACKLOG: "undated, of a new source's backlog",
    HoldReason.NO_RECEIVER: "matched, and no route leads to a receiver",
    HoldReason.SILENCED: "silenced by command",
}
"""Why a report told nobody, for people; the reason of the watchlist that came nearest."""


def figures(result: Result) -> list[tuple[str, list[str]]]:
    """Return the counts that stand side by side: what is counted, and the count of each version."""
    rows = [
        ("stories told", [f"{len(one.told):,}" for one in result.summaries]),
        ("a day, median", [f"{one.median_a_day:g}" for one in result.summaries]),
        ("a day, most", [f"{one.most_a_day:,}" for one in result.summaries]),
        ("later reports in their threads", [f"{one.joined:,}" for one in result.summaries]),
    ]
    severities = sorted({severity for one in result.summaries for severity in one.severities}, key=lambda one: -one.rank)
    rows += [(f"stories of severity {one}", [f"{each.severities.get(one, 0):,}" for each in result.summaries]) for one in severities]
    if any(one.failed for one in result.summaries):
        rows.append(("reports on which matching failed", [f"{one.failed:,}" for one in result.summaries]))
    return rows


def counts_of(part: str, result: Result, most: int) -> list[tuple[str, list[int]]]:
    """Return one of `watchlists`, `outlets` and `held` side by side, the greatest first, what is past `most` in one line."""
    counts: list[Mapping[str, int]] = [getattr(one, part) for one in result.summaries]
    names = sorted({name for one in counts for name in one}, key=lambda name: (-max(one.get(name, 0) for one in counts), name))
    rows = [(HELD.get(name, name) if part == "held" else name, [one.get(name, 0) for one in counts]) for name in names[:most]]
    if len(names) > most:
        rows.append((f"{len(names) - most} more", [sum(one.get(name, 0) for name in names[most:]) for one in counts]))
    return rows


def words_of(telling: Telling, *, named: bool) -> str:
    """Return why a story was told: “gaming industry”, partner US; with each watchlist's name before its words where `named`."""
    said = {name: ", ".join(because) or "all it asks for" for name, because in telling.because}
    return "; ".join(f"{name}: {words}" if named else words for name, words in said.items())
