"""What could not be sent for more than six hours is gathered for one summary, which waits until its receiver is back.

Reads: alerts that wait in the outbox.
Writes: that they are gathered, and when their summary is due.
Never: tells; gathers what is on the wire, or in doubt.
"""

from datetime import datetime
from typing import Final

from alerting.gathering import OLD
from alerting.leadership import ROLE, Leadership
from newswire.store import Store, digests, leaders, outages

AWAY_S: Final = 60.0
"""A receiver that has not taken what was tried for so long is away."""


def gather_overdue(store: Store, leadership: Leadership, now: datetime) -> int:
    """Gather what has waited for too long, and put off the summaries of receivers that are still away; return how many stories it gathered."""
    at = now.timestamp()
    before = (now - OLD).timestamp()
    with store.read() as connection:
        overdue = outages.overdue(connection, before)
        late = set(outages.waiting_for(connection)) & outages.away(connection, at - AWAY_S)
    if not overdue and not late:
        return 0
    with store.begin() as connection:
        leaders.alone(connection, ROLE)  # the stage adds edits to what it has seen waiting
        leadership.check(connection)
        gathered = sum(digests.gather_old(connection, receiver, before, at) for receiver in overdue)
        for receiver in sorted(late.union(overdue) & outages.away(connection, at - AWAY_S)):
            outages.put_off(connection, receiver, at + digests.OUTAGE_QUIET_S)
    return gathered
