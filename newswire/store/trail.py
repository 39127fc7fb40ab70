"""The trail: what happened to each item at each stage, so that `newswire why` can tell it from alert and silence alike."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, select

from newswire.outcomes import Stage
from newswire.store.tables import trail
from newswire.store.upsert import upsert

_KEYS: Final = ("item_id", "revision", "stage", "step")
_TOLD: Final = ("outcome", "reason", "detail", "at")
_ORDER: Final = {stage.value: place for place, stage in enumerate(Stage)}

_OF_ITEM: Final = select(trail).where(trail.c.item_id == bindparam("item_id"))
_NEWEST: Final = func.max(trail.c.at)
_EXPIRED: Final = delete(trail).where(
    trail.c.item_id.in_(select(trail.c.item_id).where(trail.c.at < bindparam("before")).order_by(trail.c.at).limit(bindparam("most"))),
    trail.c.at < bindparam("before"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a stage did with one revision of an item. `at` is seconds since 1970 UTC; `detail` is plain JSON data."""

    item_id: str
    revision: str
    stage: Stage
    step: str  # what tells two acts of one stage apart: basis for `alert`, receiver and kind for `deliver`; else empty
    outcome: str
    reason: str | None
    detail: dict[str, Any] | None
    at: float


def record(connection: Connection, steps: Iterable[Step]) -> None:
    """Write the steps. One that was written before is replaced: the later one wins, a replay changes nothing but `at`."""
    rows = (
        {
            "item_id": step.item_id,
            "revision": step.revision,
            "stage": step.stage.value,
            "step": step.step,
            "outcome": step.outcome,
            "reason": step.reason,
            "detail": None if step.detail is None else json.dumps(step.detail),
            "at": step.at,
        }
        for step in steps
    )
    upsert(connection, trail, rows, _KEYS, update=_TOLD)


def of_item(connection: Connection, item_id: str) -> list[Step]:
    """Return every step of the item, in the order of its travel: by time, and by stage where times are equal."""
    steps = [
        Step(
            item_id=row.item_id,
            revision=row.revision,
            stage=Stage(row.stage),
            step=row.step,
            outcome=row.outcome,
            reason=row.reason,
            detail=None if row.detail is None else json.loads(row.detail),
            at=row.at,
        )
        for row in connection.execute(_OF_ITEM, {"item_id": item_id})
    ]
    return sorted(steps, key=lambda step: (step.at, _ORDER[step.stage.value], step.step))


def find_items(
    connection: Connection,
    *,
    beginning: str = "",
    stage: Stage | None = None,
    outcome: str | None = None,
    limit: int = 20,
) -> list[str]:
    """Return the ids of items, newest first, that begin so and have a step of this stage and outcome."""
    query = select(trail.c.item_id).group_by(trail.c.item_id).order_by(_NEWEST.desc(), trail.c.item_id).limit(limit)
    if beginning:
        query = query.where(trail.c.item_id.startswith(beginning, autoescape=True))
    if stage is not None:
        query = query.where(trail.c.stage == stage.value)
    if outcome is not None:
        query = query.where(trail.c.outcome == outcome)
    return list(connection.execute(query).scalars())


def forget(connection: Connection, before: float, most: int = 500) -> int:
    """Delete steps older than `before`, of at most `most` items' worth of rows, oldest first; return how many went."""
    return connection.execute(_EXPIRED, {"before": before, "most": most}).rowcount
