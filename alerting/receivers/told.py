"""What a reader was told, for receivers that cannot edit: an edit is worth a new message only where it says something new. Pure but `Memory`.

More outlets carrying the same story is not new; a higher severity, a new partner, and a full text that does not bear the alert out are.
"""

import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from alerting.escape import plain
from alerting.message import Message
from alerting.render import country_name
from newswire.records import Severity

_PARTNERS_KEPT: Final = 40
_ALERTS_KEPT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of an alert. As text it is the `reference` that the outbox keeps of the first message."""

    severity: Severity
    partners: tuple[str, ...]
    supported: bool
    heading: str = ""  # the subject under which a mail's thread goes on

    def to_text(self) -> str:
        """Return it as `from_text` reads it."""
        return json.dumps([self.severity, list(self.partners), self.supported, self.heading], ensure_ascii=False)


def told_of(message: Message, heading: str = "") -> Told:
    """Return what this message says."""
    return Told(message.severity, tuple(sorted(message.partners))[:_PARTNERS_KEPT], message.unsupported is None, heading)


def from_text(text: str) -> Told | None:
    """Return what `to_text` wrote; None where something else stands there."""
    try:
        severity, partners, supported, heading = json.loads(text)
        return Told(Severity(severity), tuple(map(str, partners)), bool(supported), str(heading))
    except (ValueError, TypeError):
        return None


def changes(before: Told, message: Message) -> list[str]:
    """Return what a reader does not know yet, a sentence each, plain; empty where an edit says nothing new."""
    said = []
    if message.unsupported is not None and before.supported:
        said.append(f"The full text does not bear this out: {plain(message.unsupported, limit=200)}")
    if message.unsupported is None and not before.supported:
        said.append("Another report bears this out after all.")
    if message.severity.rank > before.severity.rank:
        said.append(f"Now {message.severity}, was {before.severity}.")
    # Past what is kept nobody can tell which are new.
    kept = len(before.partners) < _PARTNERS_KEPT
    fresh = [country_name(code) for code in message.partners if code not in before.partners] if kept else []
    if fresh and message.unsupported is None:
        said.append(f"New {'partner' if len(fresh) == 1 else 'partners'}: {', '.join(fresh[:5])}{' and more' if len(fresh) > 5 else ''}.")
    return said


class Memory:
    """What was told last of each alert, for as long as this process lives; before that, what its first message said."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, Told] = OrderedDict()

    def before(self, alert_id: str, reference: str) -> Told | None:
        """Return what was told last; None where nothing is known of it."""
        return self._told.get(alert_id) or from_text(reference)

    def keep(self, alert_id: str, told: Told) -> None:
        """Remember what was told now."""
        self._told[alert_id] = told
        self._told.move_to_end(alert_id)
        if len(self._told) > _ALERTS_KEPT:
            self._told.popitem(last=False)
