"""How the watch fares at one moment: all that the rules look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerting.digests.proof import Place
from alerting.reload import Standing as FilesStanding
from newswire.silence import Silence
from newswire.store.source_health import SourceHealth
from newswire.store.standings import Overdue, Settled, Standing


@dataclass(frozen=True, slots=True)
class Held:
    """What a silence held."""

    stories: int
    titles: tuple[str, ...]  # of some of them


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of everything that a notice may be about."""

    now: datetime
    receivers: Mapping[str, Standing] = field(default_factory=dict)  # those that were in trouble lately
    given_up: Sequence[Settled] = ()  # lately, in order of time
    repeated: Sequence[Settled] = ()
    overdue: Mapping[str, Overdue] = field(default_factory=dict)  # by receiver
    queues: Mapping[str, datetime] | None = None  # since when the oldest record of a topic waits; None: the bus does not tell
    silences: Sequence[Silence] = ()  # those that have not ended, and those that ended lately
    held: Mapping[str, Held] = field(default_factory=dict)  # by the id of a silence that has ended
    files: FilesStanding | None = None
    sources: Sequence[SourceHealth] | None = None  # None: not looked at this time
    places: Mapping[str, Place] = field(default_factory=dict)  # by source
    fallback: str | None = None  # the receiver that is told what another refuses
    took_over: bool = False  # this process stood by before, and now is the active alerter
    owner: str = ""  # names this process
