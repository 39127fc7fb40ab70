"""PromQL as the dashboards write it: counters are summed over processes, what is read from the shared store is their maximum. Pure."""

from typing import Final

CHOSEN: Final = 'instance=~"$instance"'
"""Every selector takes the processes that were chosen above."""


def chosen(name: str, where: str = "") -> str:
    """Return a selector of a metric: the chosen processes, and what `where` says beside."""
    return f"{name}{{{', '.join(part for part in (CHOSEN, where) if part)}}}"


def summed(inner: str, by: str = "") -> str:
    """Return a sum, by labels where some are named."""
    return f"sum by ({by}) ({inner})" if by else f"sum({inner})"


def per_second(name: str, by: str = "", where: str = "") -> str:
    """Return how fast a counter grows in a second, over all processes."""
    return summed(f"rate({chosen(name, where)}[$__rate_interval])", by)


def per_minute(name: str, by: str = "", where: str = "") -> str:
    """Return how fast a counter grows in a minute: news comes slowly."""
    return f"60 * {per_second(name, by, where)}"


def grown(name: str, by: str = "", where: str = "", over: str = "$__range") -> str:
    """Return by how much a counter grew, over all processes; 0 where it was never touched.

    A counter with labels appears with its first event, which Prometheus does not take for an increase: one that was not there before is taken whole.
    """
    counter = chosen(name, where)
    inner = summed(f"({counter} unless {counter} offset {over}) or increase({counter}[{over}])", by)
    return inner if by else or_zero(inner)


def stored(name: str, by: str = "", where: str = "") -> str:
    """Return what every process reads the same from the shared store."""
    return f"max by ({by}) ({chosen(name, where)})" if by else f"max({chosen(name, where)})"


def quantile(share: float, histogram: str, by: str = "", where: str = "", over: str = "15m") -> str:
    """Return the time that this share of what ended within `over` took at most; NaN where nothing ended."""
    labels = f"le, {by}" if by else "le"
    counts = chosen(f"{histogram}_bucket", where)
    return f"histogram_quantile({share:g}, {summed(f'rate({counts}[{over}])', labels)})"


def buckets(histogram: str, where: str = "") -> str:
    """Return how many ended in each bucket of a histogram, step by step: what a heatmap draws."""
    return f"sum by (le) (increase({chosen(f'{histogram}_bucket', where)}[$__rate_interval]))"


def or_zero(expression: str) -> str:
    """Return the expression, and 0 where it has nothing."""
    return f"{expression} or vector(0)"


def minutely(name: str, labels: str, where: str = "") -> str:
    """Return how fast a counter grows in a minute, by labels: of all that could happen what did, in the time shown."""
    return f"{per_minute(name, labels, where)} and on ({labels}) {grown(name, labels, where)} > 0"


def hourly(name: str, labels: str, where: str = "") -> str:
    """Return by how much a counter grew in an hour, by labels: of all that could happen what did, in a day, so that a line ends at 0."""
    return f"{grown(name, labels, where, over='1h')} and on ({labels}) {grown(name, labels, where, over='1d')} > 0"


def sources(where: str = "", by: str = "") -> str:
    """Return how many sources are configured: each process counts the same ones, by state and country."""
    return summed(stored("newswire_collectors_sources", "state, country", where), by)


def newest_in_force() -> str:
    """Return 1 where each process that alerts has the newest configuration in force; those that do not alert read none."""
    return or_zero(f"min({chosen('newswire_config_last_reload_successful')})")


def in_hand(name: str) -> str:
    """Return how many inputs of a stage have not ended, by its two counters."""
    return f"sum({chosen(f'{name}_in_total')}) - (sum({chosen(f'{name}_total')}) or vector(0))"
