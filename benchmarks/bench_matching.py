"""`make bench-matching`: reports of 400 words against 1,000 watchlists that hold 10,000 terms, on one core.

Printed: reports a second through `alerting.watchlists.match`, with the whole language and with reasons, beside peers in the same run; what a
report costs at ten times the watchlists; and how much of the time folding and searching take.

Ten times is measured twice. *More watched*: 9,000 more watchlists whose terms hardly stand anywhere, so that about as much is found as before;
the target is for this one, a report's work grows with what is found in it. *More found*: everything ten times, so ten times as much is found too.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

from alerting.watchlists.compile import WatchlistSet, compile_watchlists
from alerting.watchlists.facts import facts_of
from alerting.watchlists.match import match
from alerting.watchlists.model import Watchlist
from benchmarks.matching_mix import NOW, TERMS_EACH, Terms, corpus, reports, watchlists
from benchmarks.matching_peers import Alternation, Automaton, lucene
from newswire.records import Label, Report
from newswire.terms import fold

TARGET_REPORTS_PER_S = 4_000
TARGET_RATIO = 1.6
LUCENE_REPORTS = 1_000
LUCENE_ROUNDS = 3
SLOW_REPORTS = 10  # for `re`, which takes a tenth of a second for one


def rates(works: Mapping[str, Callable[[Report], object]], over: Sequence[Report], rounds: int) -> dict[str, float]:
    """Median reports a second over the rounds, in each of which all take their turn: as a machine that others use has quick and slow minutes."""
    measured: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = time.process_time()  # of this process alone, which has one thread: what else the machine does is not counted
            for report in over:
                work(report)
            measured[name].append(len(over) / (time.process_time() - start))
    return {name: statistics.median(each) for name, each in measured.items()}


def matching(compiled: WatchlistSet) -> Callable[[Report], object]:
    return lambda report: match(compiled, report, NOW)


def found(compiled: WatchlistSet, over: Sequence[Report]) -> str:
    matches = [one for report in over for one in match(compiled, report, NOW) if one.verdict.matched]
    terms = sum(len(facts_of(compiled.search, report).spots) for report in over)
    return f"{terms / len(over):5.1f} terms found, {len(matches) / len(over):5.2f} matches a report"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--watchlists", type=int, default=1_000)
    parser.add_argument("--lucene-at-ten", action="store_true", help="Lucene Monitor at ten times the terms too, which takes some minutes")
    parser.add_argument("--without-lucene", action="store_true")
    options = parser.parse_args()
    rng = random.Random(20261127)
    rows = corpus()
    over = reports(rows, "en", options.reports, rng)
    terms = Terms(rows, rng)
    sources = watchlists(terms, options.watchlists)
    rare = watchlists(terms, 9 * options.watchlists, standing=False, named="x")
    more = watchlists(terms, 9 * options.watchlists, named="y")
    start = time.perf_counter()
    compiled = compile_watchlists(sources, {})
    built = time.perf_counter() - start
    more_watched, more_found = compile_watchlists({**sources, **rare}, {}), compile_watchlists({**sources, **more}, {})
    print(f"{len(sources):,} watchlists, {len(sources) * TERMS_EACH:,} terms, compiled in {built:.1f} s; {len(over):,} reports of 400 words, "
          f"{sum(report.label is Label.DIPLOMACY for report in over) / len(over):.0%} diplomacy; {found(compiled, over)}")  # fmt: skip
    automaton = Automaton(sources)
    measured = rates(
        {
            "newswire": matching(compiled),
            "automaton": automaton.match,
            "more watched": matching(more_watched),
            "more found": matching(more_found),
            "folding": lambda report: [fold(text) for text in (report.item.title, report.item.summary, report.text)],
            "finding": lambda report: facts_of(compiled.search, report),
        },
        over,
        options.rounds,
    )
    ours = measured["newswire"]
    print(f"newswire                     {ours:8,.0f} reports/s   (target {TARGET_REPORTS_PER_S:,})")
    print(f"  of it: folding {ours / measured['folding']:.0%}, folding and searching {ours / measured['finding']:.0%}")
    print(f"  10 x the terms watched     {measured['more watched']:8,.0f} reports/s   a report costs {ours / measured['more watched']:.2f} times as much "
          f"(target {TARGET_RATIO}); {found(more_watched, over)}")  # fmt: skip
    print(f"  10 x the terms found too   {measured['more found']:8,.0f} reports/s   a report costs {ours / measured['more found']:.2f} times as much; "
          f"{found(more_found, over)}")  # fmt: skip
    for name, language in (("Urdu", "ur"), ("Chinese", "zh")):
        foreign = reports(rows, language, options.reports // 4, rng)
        rate = rates({name: matching(compiled)}, foreign, options.rounds)[name]
        print(f"  reports in {name:<15} {rate:8,.0f} reports/s   {found(compiled, foreign)}")
    print(f"ahocorasick_rs + sets        {measured['automaton']:8,.0f} reports/s   newswire is {ours / measured['automaton']:.2f} of it")
    slow = rates({"re": Alternation(sources).match}, over[:SLOW_REPORTS], min(3, options.rounds))["re"]
    print(f"re, one alternation          {slow:8,.1f} reports/s   newswire is {ours / slow:,.0f} times as quick")
    if not options.without_lucene:
        beside_lucene(ours, over[:LUCENE_REPORTS], sources, {"watched": rare, "found too": more} if options.lucene_at_ten else {})


def beside_lucene(
    ours: float, over: Sequence[Report], sources: Mapping[str, Watchlist], at_ten: Mapping[str, Mapping[str, Watchlist]]
) -> None:
    one = lucene(sources, over, LUCENE_ROUNDS)
    if one.missing:
        print(f"Lucene Monitor               not measured: {one.missing}")
        return
    ten = {name: lucene({**sources, **added}, over[: LUCENE_REPORTS // 5], 1) for name, added in at_ten.items()}
    for how, rate in (("one by one", one.one_by_one), ("in batches", one.batches)):
        print(f"Lucene Monitor, {how:<12} {rate:8,.0f} reports/s   newswire is {ours / rate:.1f} times as quick; "
              f"{one.tried / len(over):.0f} queries tried, {one.matches / len(over):.2f} matches a report")  # fmt: skip
        for name, other in ten.items():
            its = other.one_by_one if how == "one by one" else other.batches
            print(f"  10 x the terms {name:<11} {its:8,.0f} reports/s   a report costs {rate / its:.2f} times as much")


if __name__ == "__main__":
    main()
