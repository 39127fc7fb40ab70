"""The five dashboards of Newswire, and the files that hold them.

Reads docs/dashboards.md. Writes it and deploy/grafana/dashboards/*.json (`make dashboards`). Never talks to a Grafana.
"""

from pathlib import Path
from typing import Final

from tools.dashboards.alerts import alerts
from tools.dashboards.docs import PAGE, with_tables
from tools.dashboards.flow import flow
from tools.dashboards.overview import overview
from tools.dashboards.sources import sources
from tools.dashboards.watchlists import watchlists
from tools.grafana import Dashboard
from tools.grafana_json import dumped

FOLDER: Final = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"


def dashboards() -> tuple[Dashboard, ...]:
    """Return all of them, in the order in which they are read."""
    return overview(), sources(), flow(), alerts(), watchlists()


def files() -> dict[Path, str]:
    """Return each file that is made from the dashboards, and its text."""
    made = {FOLDER / f"{dashboard.uid}.json": dumped(dashboard) for dashboard in dashboards()}
    return made | {PAGE: with_tables(PAGE.read_text("utf-8"), dashboards())}
