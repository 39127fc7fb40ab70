"""`make bench-start`: what it takes to start, beside a bare Python and one that loads the libraries which any such program loads.

Each command is a process of its own with the shipped configuration, no sources and nothing due; the figures are the processor's seconds
(user and system, its children's too), since a busy machine changes those least, and the clock's in brackets. Of several rounds the median is
shown: the floors are measured in the same rounds, and the ratio to the second is what can be compared between machines.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
BARE: Final = "python -c pass"
FLOOR: Final = "python -c 'import pydantic, sqlalchemy, rich, typer'"
STARTS: Final = {
    BARE: ("-c", "pass"),
    FLOOR: ("-c", "import pydantic, sqlalchemy, rich, typer"),
    "newswire --version": ("-m", "newswire", "--version"),
    "newswire check": ("-m", "newswire", "check"),
    "newswire why URL": ("-m", "newswire", "why", "https://news.example/a"),
    "newswire alert --until-idle": ("-m", "newswire", "alert", "--until-idle"),
    "newswire run --until-idle": ("-m", "newswire", "run", "--until-idle"),
}
_SEEN: Final = "newswire why URL"  # which ends with 1: nobody has seen it


def started(arguments: tuple[str, ...], environment: dict[str, str], folder: Path, *, statuses: tuple[int, ...]) -> tuple[float, float]:
    """Return the processor's and the clock's seconds of one process."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], env=environment, cwd=folder, capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in statuses:
        sys.exit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        shutil.copytree(ROOT / "config", folder / "config", ignore=shutil.ignore_patterns("sources"))
        (folder / "config" / "sources").mkdir()
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSWIRE_", "PYTHONDONTWRITE"))} | {
            "PYTHONPATH": str(ROOT),
            "NEWSWIRE_HTTP_ADDRESS": "127.0.0.1:0",
            "NEWSWIRE_DISK_LOW": "0",
        }
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in STARTS}
        for name in reversed(STARTS):  # once unmeasured: bytecode is written, the store made
            started(STARTS[name], environment, folder, statuses=(0, 1))
        for _ in range(rounds):
            for name, arguments in STARTS.items():
                taken[name].append(started(arguments, environment, folder, statuses=(0, 1) if name == _SEEN else (0,)))
    medians = {name: statistics.median(cpu for cpu, _ in times) for name, times in taken.items()}
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, median of {rounds}: CPU seconds, times the libraries' floor (clock)")
    for name, times in taken.items():
        clock = statistics.median(took for _, took in times)
        print(f"  {name:52} {medians[name]:6.2f} s {medians[name] / medians[FLOOR]:6.1f} × ({clock:.2f} s)")


if __name__ == "__main__":
    main()
