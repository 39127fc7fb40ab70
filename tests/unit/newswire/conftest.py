"""What the tests of this folder share."""

import threading
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _no_look_goes_on() -> Iterator[None]:
    """Wait for looks that hung in a test: what they do afterwards, with clients and chance of their own, would happen within the next one."""
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("look-"):
            thread.join(30)
            assert not thread.is_alive(), f"{thread.name} goes on after its test"
