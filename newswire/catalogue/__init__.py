"""Every metric as data, in the order of a story's travel: `Metrics` is built from it, docs/metrics.md is written from it.

Reads and writes: nothing.
Never: a label whose values come from the world.
"""

from typing import Final

from newswire.catalogue.alerting import ALERTING
from newswire.catalogue.collecting import COLLECTING
from newswire.catalogue.entry import Entry
from newswire.catalogue.fetching import FETCHING
from newswire.catalogue.machinery import MACHINERY, OF_THE_PROCESS
from newswire.catalogue.processing import PROCESSING
from newswire.catalogue.sending import SENDING

__all__ = ["CATALOGUE", "OF_THE_PROCESS", "SECTIONS", "Entry"]

SECTIONS: Final = {
    "Collecting": COLLECTING,
    "Fetching and the jail": FETCHING,
    "Processing": PROCESSING,
    "Alerting": ALERTING,
    "Sending": SENDING,
    "Every process": MACHINERY,
}
CATALOGUE: Final = {entry.name: entry for entries in SECTIONS.values() for entry in entries}
