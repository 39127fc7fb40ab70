"""Who can be told now: the receivers of the routes in force, each made once and kept for as long as its entry leads to the same place.

Never: lets go of a receiver that has left the routes: what was decided for it before is still told to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alerting.receivers import Receiver
from alerting.routes import Receiver as Entry
from alerting.routes import Routes
from alerting.watchlists.telling import Explain


@dataclass(frozen=True, slots=True)
class Fallback:
    """Who hears what another one refused for good, and what may be seen there of a rule."""

    name: str
    explain: Explain = Explain.FULL


@dataclass(frozen=True, slots=True)
class Listed:
    """Receivers by name, those that have left among them; and who hears what one of them refused for good."""

    receivers: Mapping[str, Receiver]
    fallback: Fallback | None = None
    left: frozenset[str] = field(default_factory=frozenset)


class Directory:
    """Makes the receivers that `routes`, the ones in force, name. Called from one thread."""

    def __init__(self, *, routes: Callable[[], Routes], make: Callable[[Entry], Receiver]) -> None:
        self._routes, self._make = routes, make
        self._of: Routes | None = None
        self._made: dict[str, tuple[Entry, Receiver]] = {}
        self._listed = Listed({})

    def listed(self) -> Listed:
        """Return who can be told; the same value until other routes are in force."""
        routes = self._routes()
        if routes is not self._of:
            for entry in routes.receivers:
                known = self._made.get(entry.name)
                if known is None or _place(known[0]) != _place(entry):
                    self._made[entry.name] = (entry, self._make(entry))
            self._of = routes
            self._listed = Listed(
                {name: receiver for name, (_, receiver) in self._made.items()},
                None if routes.fallback is None else Fallback(routes.fallback, routes.explains().get(routes.fallback, Explain.FULL)),
                frozenset(self._made) - {entry.name for entry in routes.receivers},
            )
        return self._listed


def _place(entry: Entry) -> dict[str, Any]:
    return entry.model_dump(exclude={"explain"})  # what may be seen is decided before the outbox
