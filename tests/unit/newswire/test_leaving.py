import threading
from queue import SimpleQueue

import pytest
import structlog

from newswire.cli.leaving import Leaving, soon
from newswire.errors import Retryable
from newswire.outcomes import RetryReason

LOG = structlog.get_logger()


def test_who_is_kept_by_a_server_that_is_silent_ends_all_the_same() -> None:
    ended: SimpleQueue[int] = SimpleQueue()
    with Leaving(end=ended.put) as leaving:
        leaving.begin(0, LOG, within_s=0.01)
        assert ended.get(timeout=30) == 0


def test_who_leaves_in_time_is_not_ended() -> None:
    ended: SimpleQueue[int] = SimpleQueue()
    before = set(threading.enumerate())
    with Leaving(end=ended.put) as leaving:
        leaving.begin(0, LOG, within_s=600)
        (timer,) = set(threading.enumerate()) - before
        assert timer.daemon  # it keeps no process that ends by itself
    timer.join(timeout=30)
    assert not timer.is_alive()
    assert ended.empty()


def test_a_question_is_answered_or_left() -> None:
    never = threading.Event()
    assert soon(lambda: 7, 30) == 7
    assert soon(never.wait, 0.01) is None
    never.set()


def test_of_a_server_that_is_away_nothing_is_known() -> None:
    def away() -> int:
        raise Retryable(RetryReason.STORE, "nobody answers")

    assert soon(away, 30) is None


def test_a_bug_in_a_question_is_no_silence() -> None:
    with pytest.raises(ZeroDivisionError):
        soon(lambda: 1 // 0, 30)
