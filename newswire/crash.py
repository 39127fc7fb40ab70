"""Named crash points, for tests that kill a process between two steps of the order of durability."""

import os
import signal
from typing import Final

CRASH_POINTS: Final = (
    "collect_after_publish",  # items are on the bus, not yet marked seen
    "collect_after_mark",
    "process_after_pages_due",  # rows for page looks are in the store, reports not yet on the bus
    "process_after_commit",
    "page_after_publish",  # the final report is on the bus, the page's row still there
    "page_after_delete",
    "alert_after_store",  # archive, story, decision and outbox rows are in, the offset has not moved
    "alert_after_commit",
    "send_after_sending",  # the row says `sending`, nothing is on the wire
    "send_after_accepted",  # Slack has accepted, the row still says `sending`
    "send_after_sent",
    "publish_after_alerts",  # decisions are on news.alerts, their rows not yet marked
)
"""Where `NEWSWIRE_CRASH_AT` may end a process by SIGKILL; `NAME:3` means the third time it is reached."""

BULLETIN_CRASH_POINTS: Final = (
    "digest_in_transaction",  # its rows are put and what it tells is taken, and nothing of it is durable
    "digest_after_put",  # durable, nothing is sent
    "notice_in_transaction",
    "notice_after_put",
)
"""The same, where a digest is due, or there is something to notice."""

MOVE_CRASH_POINTS: Final = ("move_after_records",)  # the new bus has the records, the new store nothing yet
"""The same, of `newswire migrate-store`."""

BACKUP_CRASH_POINTS: Final = (
    "backup_between_tables",
    "backup_after_store",
    "backup_after_bus",
    "backup_before_manifest",
    "backup_after_manifest",  # all is written, nothing has its name
    "backup_after_rename",  # it is whole, and not noted in the store
)
"""The same, of `newswire backup`."""

RESTORE_CRASH_POINTS: Final = (
    "restore_before_store",
    "restore_after_store",  # the store is there, marked as unfinished; the bus is not
    "restore_after_bus",
)
"""The same, of `newswire restore`."""

_reached: dict[str, int] = {}


def crash_point(name: str) -> None:
    """End this process at once where `NEWSWIRE_CRASH_AT` names this point; do nothing otherwise."""
    wanted = os.environ.get("NEWSWIRE_CRASH_AT")
    if not wanted:
        return
    point, _, times = wanted.partition(":")
    if point != name:
        return
    _reached[name] = _reached.get(name, 0) + 1
    if _reached[name] >= int(times or 1):
        os.kill(os.getpid(), signal.SIGKILL)
