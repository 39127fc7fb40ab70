"""Python's cyclic collector, kept out of the way while what stays to the end is made.

It looks at everything again whenever a quarter has been added: of the CPU that a start takes, a fifth went there, and it found nothing.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def nothing_thrown_away() -> Iterator[None]:
    """Let the collector rest; what is there at the end, it never looks at again. For what is loaded once: modules, models."""
    at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if at_work:
            gc.enable()
