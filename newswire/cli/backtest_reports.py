"""Where a back-test's reports come from: the store's archive, or a JSONL file of reports. Each is read a little at a time, oldest first."""

from array import array
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from alerting.backtest_run import Dated
from newswire.codec import decode
from newswire.errors import ConfigurationError, Fault, Permanent
from newswire.records import Report
from newswire.store import Store, archive

LONGEST_LINE: Final = 8_000_000  # bytes of one report
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def from_archive(store: Store, since: datetime, say: Callable[[Fault], None]) -> Iterator[Dated]:
    """Yield the reports archived since then, each with the time at which alerting handled it. The store is only read."""
    after: archive.Place | None = None
    while True:
        with store.read() as connection:
            page = archive.page(connection, since.timestamp(), after, whole=True)
        if not page:
            return
        for place, value in page:
            try:
                report = decode(Report, value)
            except Permanent as error:
                say(Fault(f"archive, item {place.item_id}", 0, 0, str(error)))
                continue
            yield Dated(datetime.fromtimestamp(place.archived_at, UTC), report)
        after = page[-1][0]


class ReportsFile:
    """The reports of a JSONL file, as `newswire replay --out` writes them, in order of their own time, wherever they stand in it.

    The file is read twice: once to check every line and to learn the order, of which sixteen bytes a line are kept, and once in that order.
    """

    def __init__(self, path: Path, say: Callable[[Fault], None], *, days: int | None = None) -> None:
        """Check the file; `say` hears of each line that is no report. `days` counts back from the newest report.

        Raises:
            ConfigurationError: the file cannot be read, or holds no report at all.

        """
        self._path = path
        self._times, self._offsets = array("d"), array("q")
        try:
            with path.open("rb") as file:
                self._learn(file, say)
        except OSError as error:
            raise ConfigurationError([Fault(str(path), 0, 0, f"cannot be read: {(error.strerror or str(error)).lower()}")]) from None
        if not self._times:
            fault = "holds no report: one JSON object a line is due, as `newswire replay news.reports --out FILE` writes them"
            raise ConfigurationError([Fault(str(path), 0, 0, fault)])
        self._since = max(self._times) - timedelta(days=days).total_seconds() if days is not None else min(self._times)

    def _learn(self, file: BinaryIO, say: Callable[[Fault], None]) -> None:
        number = 0
        while True:
            offset = file.tell()
            line = file.readline(LONGEST_LINE)
            if not line:
                return
            number += 1
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                    pass
                say(Fault(str(self._path), number, 1, f"longer than {LONGEST_LINE:,} bytes: one report a line is due"))
                continue
            try:
                report = _report(line)
            except Permanent as error:
                say(Fault(str(self._path), number, 1, str(error)))
                continue
            if report is not None:
                self._times.append(report.reported_at.timestamp())
                self._offsets.append(offset)

    def __iter__(self) -> Iterator[Dated]:
        with self._path.open("rb") as file:
            for n in sorted(range(len(self._times)), key=self._times.__getitem__):
                if self._times[n] < self._since:
                    continue
                file.seek(self._offsets[n])
                report = _report(file.readline(LONGEST_LINE))
                if report is not None:
                    yield Dated(report.reported_at, report)


def _report(line: bytes) -> Report | None:
    """Return the report of a line, None where the line is empty."""
    line = line.removeprefix(_BYTE_ORDER_MARK).strip()
    return decode(Report, line) if line else None
