"""Which series there are, whatever their values: what must not grow with what the world sends."""

import re
import urllib.request

from newswire.metrics import Metrics


def series_of(metrics: Metrics) -> set[str]:
    """Return each series, as the exposition names it."""
    return series_in(metrics.exposition().decode())


def series_at(address: str) -> set[str]:
    """Return each series that a process shows at its `/metrics`."""
    return series_in(scraped(address))


def series_in(exposition: str) -> set[str]:
    """Return each series of an exposition."""
    return {line.rpartition(" ")[0] for line in exposition.splitlines() if line and not line.startswith("#")}


def scraped(address: str) -> str:
    """Return what a process shows at its `/metrics`."""
    with urllib.request.urlopen(address, timeout=5) as answer:
        return str(answer.read().decode())


def summed(exposition: str, name: str, *labels: str) -> float:
    """Return the sum of a metric's series, of those with all of these labels, each written as `name="value"`."""
    found = re.findall(rf"^{name}(\{{.*\}})? (\S+)$", exposition, re.MULTILINE)
    return sum(float(value) for shown, value in found if all(label in shown for label in labels))
