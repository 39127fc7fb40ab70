"""`make dashboard-pictures`: draws the dashboards for docs/pictures, from their JSON and a real Prometheus that watches a run of some minutes.

Needed beside Newswire are prometheus and a headless Chromium. The drawing is our own; it is like Grafana's, and is not Grafana's.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

from tests.acceptance.world import Web, World
from tests.fake_slack import FakeSlack
from tests.servers.prometheus import Prometheus
from tests.watched_world import FAULTS, watched
from tools.dashboard_drawing import WIDTH, page
from tools.dashboard_series import answered
from tools.dashboards import FOLDER
from tools.pictures import ROOT, photograph

STAGES: Final = (("collect",), ("process",), ("alert",))
RULES: Final = ROOT / "deploy" / "prometheus" / "rules"
_SCRAPE_S: Final = 2.0
_STORY_EVERY_S: Final = 10.0
_SETTLE_S: Final = 40.0
_OLD: Final = timedelta(days=10)  # what a feed lists at the first look is then backlog, which nobody is told, and no burst


def main() -> int:
    """Write the pictures and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=8, help="for how long the run goes on before it is drawn")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    parser.add_argument("--browser", default=shutil.which("chromium-headless-shell") or shutil.which("chromium"))
    parser.add_argument(
        "--troubles", action="store_true", help="a source fails, receivers ask to wait, and much comes at once: not a calm day"
    )
    asked = parser.parse_args()
    if asked.browser is None:
        sys.stderr.write("dashboard-pictures: no headless Chromium is installed\n")
        return 1
    asked.out.mkdir(parents=True, exist_ok=True)
    span_s = asked.minutes * 60
    with tempfile.TemporaryDirectory() as folder, Web() as web, FakeSlack(faults=FAULTS if asked.troubles else ()) as slack:
        world = World(Path(folder) / "world")
        with watched(
            world,
            web,
            slack,
            STAGES,
            rules=sorted(RULES.glob("*.yaml")),
            scrape_s=_SCRAPE_S,
            items=20,
            age=timedelta(0) if asked.troubles else _OLD,
            settle_s=0 if asked.troubles else _SETTLE_S,
            troubles=("/broken",) if asked.troubles else (),
        ) as running:
            ends = time.monotonic() + span_s
            while time.monotonic() < ends:
                time.sleep(_STORY_EVERY_S)
                running.publish()
            draw(running.prometheus, span_s, asked.browser, asked.out)
    return 0


def draw(prometheus: Prometheus, span_s: float, browser: str, out: Path) -> None:
    """Write one picture a dashboard, of the last `span_s`."""
    every = {"__rate_interval": "30s", "__range": f"{span_s:.0f}s"} | dict.fromkeys(("instance", "country", "receiver", "watchlist"), ".*")
    for file in sorted(FOLDER.glob("*.json")):
        dashboard = json.loads(file.read_text("utf-8"))
        panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
        html = page(dashboard, {panel["id"]: answered(panel, prometheus, span_s, every) for panel in panels})
        photograph(browser, html, out / f"{file.stem.replace('newswire', 'dashboard')}.png", width=WIDTH, scale=1)


if __name__ == "__main__":
    sys.exit(main())
