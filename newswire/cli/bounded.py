"""Several looks at once, each for a bounded time: one that hangs or fails keeps none of the others from being taken."""

import threading
import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


def all_within(seconds: float, looks: Mapping[K, Callable[[], R]]) -> dict[K, R | Exception]:
    """Return what each look returned or raised; a `TimeoutError` for one that was not done in time.

    Each has a thread of its own, which is left behind where it hangs: the process may end without it.
    """
    found: dict[K, R | Exception] = {}
    threads = {key: threading.Thread(target=_take, args=(found, key, look), name=f"look-{key}", daemon=True) for key, look in looks.items()}
    for thread in threads.values():
        thread.start()
    until = time.monotonic() + seconds
    for thread in threads.values():
        thread.join(max(0.0, until - time.monotonic()))
    return {key: found.get(key, TimeoutError(f"no answer within {seconds:g} s")) for key in looks}


def _take(found: dict[K, R | Exception], key: K, look: Callable[[], R]) -> None:
    try:
        found[key] = look()
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is this look's answer
        found[key] = error
