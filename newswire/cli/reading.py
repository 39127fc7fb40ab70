"""The store for commands that only look: nothing is made, migrated or written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from newswire.settings import Settings
from newswire.store import Store, open_store


@contextmanager
def open_for_reading(settings: Settings) -> Iterator[Store | None]:
    """Yield the store, or None where its file is not there: nothing has run yet, and looking must not make it.

    Raises:
        ConfigurationError: it cannot be used, or an older Newswire wrote it.
        Retryable: it cannot be reached now.

    """
    if settings.store_url.startswith("sqlite:"):
        path = make_url(settings.store_url).database
        if not path or not Path(path).is_file():
            yield None
            return
    store = open_store(settings.store_url, migrate=False)
    try:
        yield store
    finally:
        store.close()
