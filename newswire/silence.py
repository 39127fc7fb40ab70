"""A silence: what somebody asked by command not to be told for a while, who asked, why and until when."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from newswire.records import Severity


class Kind(StrEnum):
    """What a silence may ask of a match."""

    WATCHLIST = "watchlist"
    STORY = "story"  # by its id
    COUNTRY = "country"  # at home or engaged; one that is only mentioned does not count
    OUTLET = "outlet"  # by its name, or as a watchlist's `sources` names it
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Silence:
    """What is held, and who wants it so. Times are seconds since 1970 UTC."""

    matchers: Mapping[str, tuple[str, ...]]  # by Kind: any value of a kind fits, and every kind must
    begins_at: float
    ends_at: float
    by: str
    why: str
    created_at: float
    below: Severity | None = None  # only what is less severe is held; None: whatever its severity
    expired_at: float | None = None  # ended by a command, before its end
    expired_by: str | None = None
    warned_at: float | None = None
    silence_id: str = field(default="")

    def __post_init__(self) -> None:
        if not self.silence_id:
            object.__setattr__(self, "silence_id", _id_of(self))

    @property
    def ended_at(self) -> float:
        """When it ended, or will end."""
        return self.ends_at if self.expired_at is None else min(self.expired_at, self.ends_at)

    def in_force(self, at: float) -> bool:
        """Return whether it holds what it fits at that moment."""
        return self.begins_at <= at < self.ended_at


def _id_of(silence: Silence) -> str:
    parts = (
        matchers_json(silence.matchers),
        silence.below,
        silence.begins_at,
        silence.ends_at,
        silence.by,
        silence.why,
        silence.created_at,
    )
    return hashlib.sha256("\0".join(("silence", *map(str, parts))).encode()).hexdigest()[:12]


def matchers_json(matchers: Mapping[str, tuple[str, ...]]) -> str:
    """Return the matchers as the store holds them."""
    return json.dumps({str(kind): list(values) for kind, values in sorted(matchers.items())}, ensure_ascii=False)
