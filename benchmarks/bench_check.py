"""`make bench-check`: each hostile file through the loader beside its limit of one second, then `newswire check` as a process.

The limit is of processor time, so that a busy machine does not change the verdict; the wall clock is printed beside it. The whole
command is timed on the shipped configuration and on 1,000 watchlists of 10 terms, beside what `newswire --version` takes.
"""

import argparse
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from alerting.watchlists.load import load_desk
from alerting.watchlists.vocabulary import Vocabulary
from tests import hostile_files

ROOT = Path(__file__).resolve().parents[1]
LIMIT_S = 1.0
COMMAND_LIMIT_S = 6.0


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the processor's and the clock's seconds."""
    started = time.perf_counter(), time.process_time()
    work()
    return time.process_time() - started[1], time.perf_counter() - started[0]


def hostile() -> bool:
    """Print the time of each hostile file; return whether all kept the limit."""
    today = datetime.now(UTC).date()
    slowest = 0.0
    names = sorted([*hostile_files.MADE, *(path.stem for path in hostile_files.SMALL.glob("*.yaml"))])
    for name in names:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made) / "watchlists"
            folder.mkdir()
            if name in hostile_files.MADE:
                hostile_files.MADE[name][0](folder / "w.yaml")
            else:
                shutil.copy(hostile_files.SMALL / f"{name}.yaml", folder / "w.yaml")
            cpu, wall = timed(partial(load_desk, folder.parent, Vocabulary(), today))
        slowest = max(slowest, cpu)
        print(f"  {name:28} {cpu:6.2f} s   (clock {wall:5.2f} s, limit {LIMIT_S:.0f} s)  {'ok' if cpu < LIMIT_S else 'TOO SLOW'}")
    print(f"slowest of {len(names)} hostile files: {slowest:.2f} s of {LIMIT_S:.0f} s")
    return slowest < LIMIT_S


def many_watchlists(folder: Path, count: int, terms: int) -> None:
    """Write so many watchlists of so many different terms."""
    rng = random.Random(6)
    (folder / "watchlists").mkdir(parents=True)
    for n in range(count):
        words = [f"{rng.choice('bcdfglmprst')}{rng.choice('aeiou')}{rng.getrandbits(40):x} {rng.getrandbits(20):x}" for _ in range(terms)]
        tests = "tests:\n  - {item: {title: One}, alert: true}\n  - {item: {title: Two}, alert: false}\n"
        text = f"title: Watchlist {n}\nwhen:\n  any:\n{''.join(f'    - {word}{chr(10)}' for word in words)}  partners: any\n{tests}"
        (folder / "watchlists" / f"w{n}.yaml").write_text(text)


def command(*arguments: str) -> float:
    """Return the processor's seconds that a `newswire` command takes, Python's start among them."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "newswire", *arguments], cwd=ROOT, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--watchlists", type=int, default=1_000)
    options.add_argument("--terms", type=int, default=10)
    asked = options.parse_args()
    kept = hostile()
    print(f"newswire --version: {command('--version'):.1f} s")
    print(f"newswire check, shipped configuration: {command('check', '--config', str(ROOT / 'config')):.1f} s")
    with tempfile.TemporaryDirectory() as made:
        many_watchlists(Path(made), asked.watchlists, asked.terms)
        took = command("check", "--config", made)
    print(f"newswire check, {asked.watchlists} watchlists of {asked.terms} terms: {took:.1f} s of {COMMAND_LIMIT_S:.0f} s")
    sys.exit(0 if kept and took < COMMAND_LIMIT_S else 1)


if __name__ == "__main__":
    main()
