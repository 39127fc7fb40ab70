"""The way to one receiver: when it may be used again, and what is wrong with it. The values of the pace stand here, with their sources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from alerting.receivers import Receiver
from alerting.sender_recall_pages import Recall

BURST: Final = 3
"""Messages that may follow each other at once, after a pause. Slack: "no more than one message per second per channel"; "short bursts
over the limit for a brief period of time" are let through (https://docs.slack.dev/apis/web-api/rate-limits). Its size is not told."""

ACCESS_RETRY_S: Final = 180.0
"""How long nothing is sent to a receiver that refuses our token."""

BACK_OFF_MOST_S: Final = 60.0


@dataclass(slots=True)
class Lane:
    """What is known of the way to one receiver. Touched by the one call that is on this way, and between two by the sender. Monotonic times."""

    receiver: Receiver
    held_until: float = 0.0
    full_at: float = 0.0  # when the burst is whole again (the theoretical arrival time of ITU-T I.371's cell rate algorithm)
    used_at: float = 0.0
    failures: int = 0  # unclear or unsent in a row
    trouble: str | None = None  # the receiver's own word, while it refuses us
    closed: bool = False  # it refuses everything from us
    moved: bool = False  # it led elsewhere before: where the store says that it was told last may be the old place
    begun: Mapping[int, Receiver] = field(default_factory=dict)  # rows that were on their way to the old place then
    recalled: bool = False  # after a restore: it is known what was told before, as far as it can be
    recall: Recall | None = None  # while that is being read back
    threads_read: set[str] = field(default_factory=set)  # of those of before the restore

    def free_at(self) -> float:
        """Return when it may be used again."""
        return max(self.held_until, self.full_at - (BURST - 1) * self.receiver.spacing_s)

    def spend(self, now: float) -> None:
        """Count one message."""
        self.full_at = max(self.full_at, now) + self.receiver.spacing_s

    def hold(self, now: float, wait_s: float) -> None:
        """Leave it alone for so long; what waited in the meantime is then sent at its pace, not in a burst."""
        self.held_until = now + wait_s
        self.full_at = max(self.full_at, self.held_until + (BURST - 1) * self.receiver.spacing_s)

    def back_off(self, now: float, first_s: float) -> float:
        """Leave it alone for longer after each failure in a row; return for how long."""
        self.failures += 1
        wait_s = min(first_s * 2.0 ** min(self.failures, 10), BACK_OFF_MOST_S)
        self.hold(now, wait_s)
        return wait_s
