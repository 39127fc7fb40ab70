"""Who in a consumer group owns which partition: fair shares, handed over without taking anything out of a living member's hands.

A member takes only partitions that are free, and gives back what is more than its share once nothing of it is in flight. A member that
is dead (`newswire.bus.living`), or has not been heard of for the lease, is put out and its partitions are free. Heartbeats are a counter
that each observer times by its own monotonic clock: no wall clock can expire anybody.

Each claim carries a generation from the group's epoch, which only grows: whoever polled under an older claim is fenced at its commit.
"""

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from newswire.bus.living import Living
from newswire.clock import Clock
from newswire.errors import Fenced


@dataclass(frozen=True, slots=True)
class Moves:
    """The partitions that a member gives back and takes now, and how many it owes still, because they are in its hands."""

    give: tuple[int, ...]
    take: tuple[int, ...]
    owed: int = 0


def moves(me: str, members: Collection[str], owners: Mapping[int, str], *, partitions: int, in_flight: Collection[int]) -> Moves:
    """Return what `me` gives back and takes, where `owners` are the partitions' present owners. Pure.

    Shares differ by one at most; those first in the order of names have the larger.
    """
    order = sorted(members)
    share = partitions // len(order) + (order.index(me) < partitions % len(order))
    mine = [partition for partition in range(partitions) if owners.get(partition) == me]
    surplus = max(0, len(mine) - share)
    give = tuple([partition for partition in reversed(mine) if partition not in in_flight][:surplus])
    free = [partition for partition in range(partitions) if owners.get(partition) not in members]
    return Moves(give, tuple(free[: max(0, share - len(mine))]), surplus - len(give))


class Membership:
    """One member of one group, as it stands in the log's file. Not thread-safe."""

    def __init__(self, topic: int, group: str, member: str, *, living: Living, clock: Clock, lease_s: float, partitions: int) -> None:
        self._where = (topic, group)
        self.group, self.member = group, member
        self._living, self._clock, self._lease_s, self._partitions = living, clock, lease_s, partitions
        self._heard: dict[str, tuple[int, float]] = {}  # other members: their beats, and when that count was first seen
        self._processes: dict[str, str] = {}
        self._due_at = clock.monotonic()
        self._look_at = clock.monotonic()
        self._epoch = -1
        self._owed = 0
        self.owned: dict[int, int] = {}  # partition → generation of the claim

    def changed(self, connection: sqlite3.Connection) -> bool:
        """Return whether anything in the group has changed since this member attended."""
        return self.epoch(connection) != self._epoch

    def due(self) -> bool:
        """Return whether `attend` is to be called: a heartbeat is due, or another process is found dead."""
        now = self._clock.monotonic()
        if now >= self._due_at:
            return True
        if now >= self._look_at:
            self._look_at = now + min(1.0, self._lease_s / 3)
            return not all(self._living.lives(process) for process in set(self._processes.values()))
        return False

    def attend(self, connection: sqlite3.Connection, in_flight: Collection[int]) -> None:
        """Beat, put the dead out, give back and take, inside a write transaction; `owned` is what came of it once it is committed."""
        self._beat(connection)
        members = self._put_dead_out(connection)
        claims = self._claims(connection)
        planned = moves(
            self.member, members, {p: owner for p, (owner, _) in claims.items()}, partitions=self._partitions, in_flight=in_flight
        )
        for partition in planned.give:
            connection.execute("DELETE FROM claims WHERE topic = ? AND consumers = ? AND partition = ?", (*self._where, partition))
            del claims[partition]
        if planned.take or planned.give:
            epoch = self._next_epoch(connection)
            for partition in planned.take:
                connection.execute("INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?)", (*self._where, partition, self.member, epoch))
                claims[partition] = (self.member, epoch)
        self.owned = {p: generation for p, (owner, generation) in sorted(claims.items()) if owner == self.member}
        self._owed = planned.owed
        self._epoch = self.epoch(connection)
        self._due_at = self._clock.monotonic() + self._lease_s / 3

    def refuse_fenced(self, connection: sqlite3.Connection, partitions: Collection[int], generation: int) -> None:
        """Return where this member still owns them all, under the claims it had when it polled; it beats too.

        Raises:
            Fenced: it does not.

        """
        claims = self._claims(connection)
        for partition in partitions:
            owner, claimed = claims.get(partition, ("", 0))
            if owner != self.member or claimed > generation:
                raise Fenced(f"another member of {self.group} has taken partition {partition} over since it was polled here")
        self._beat(connection)

    def epoch(self, connection: sqlite3.Connection) -> int:
        """Return the group's number, which grows whenever a member or a claim changes."""
        row = connection.execute("SELECT epoch FROM groups WHERE topic = ? AND consumers = ?", self._where).fetchone()
        return int(row[0]) if row is not None else 0

    def forget(self) -> None:
        """Look at everything anew at the next chance."""
        self._epoch = -1

    def hands_are_empty(self) -> None:
        """Give back at the next chance what was owed and in flight."""
        if self._owed:
            self.forget()

    def leave(self, connection: sqlite3.Connection) -> None:
        """Free this member's partitions and put it out, inside a write transaction."""
        self._put_out(connection, [self.member])
        self._next_epoch(connection)
        self.owned = {}

    def _beat(self, connection: sqlite3.Connection) -> None:
        beaten = connection.execute(
            "UPDATE members SET beats = beats + 1 WHERE topic = ? AND consumers = ? AND member = ?", (*self._where, self.member)
        ).rowcount
        if not beaten:
            connection.execute("INSERT INTO members VALUES (?, ?, ?, ?, 0)", (*self._where, self.member, self._living.process))
            self._next_epoch(connection)

    def _put_dead_out(self, connection: sqlite3.Connection) -> list[str]:
        """Return the members that live."""
        now = self._clock.monotonic()
        rows = connection.execute("SELECT member, process, beats FROM members WHERE topic = ? AND consumers = ?", self._where).fetchall()
        heard: dict[str, tuple[int, float]] = {}
        dead = []
        for member, process, beats in rows:
            before = self._heard.get(member)
            heard[member] = before if before is not None and before[0] == beats else (beats, now)
            if member != self.member and (not self._living.lives(process) or now - heard[member][1] > self._lease_s):
                dead.append(member)
        if dead:
            self._put_out(connection, dead)
            self._next_epoch(connection)
        self._heard = {member: at for member, at in heard.items() if member not in dead}
        self._processes = {member: process for member, process, _ in rows if member in self._heard}
        return list(self._heard)

    def _put_out(self, connection: sqlite3.Connection, members: Collection[str]) -> None:
        rows = [(*self._where, member) for member in members]
        connection.executemany("DELETE FROM members WHERE topic = ? AND consumers = ? AND member = ?", rows)
        connection.executemany("DELETE FROM claims WHERE topic = ? AND consumers = ? AND member = ?", rows)

    def _claims(self, connection: sqlite3.Connection) -> dict[int, tuple[str, int]]:
        rows = connection.execute("SELECT partition, member, generation FROM claims WHERE topic = ? AND consumers = ?", self._where)
        return {partition: (member, generation) for partition, member, generation in rows}

    def _next_epoch(self, connection: sqlite3.Connection) -> int:
        connection.execute(
            "INSERT INTO groups VALUES (?, ?, 1) ON CONFLICT (topic, consumers) DO UPDATE SET epoch = epoch + 1", self._where
        )
        return self.epoch(connection)
