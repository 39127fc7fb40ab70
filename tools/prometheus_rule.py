"""Writes the PrometheusRule of deploy/kubernetes from deploy/prometheus/rules: one source for both. `python tools/prometheus_rule.py`."""

from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[1]
RULES: Final = ROOT / "deploy/prometheus/rules"
WRITTEN: Final = ROOT / "deploy/kubernetes/overlays/production/prometheus-rule.yaml"
_HEAD: Final = "# Written by tools/prometheus_rule.py from deploy/prometheus/rules; a test holds it to them.\n"


def text() -> str:
    """Return the whole of prometheus-rule.yaml."""
    groups: list[Any] = []
    for path in sorted(RULES.glob("*.yaml"), reverse=True):  # recording rules first: alarms ask for them
        groups += yaml.safe_load(path.read_text("utf-8"))["groups"]
    resource = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "newswire"},
        "spec": {"groups": groups},
    }
    return _HEAD + yaml.safe_dump(resource, sort_keys=False, allow_unicode=True, width=140)


if __name__ == "__main__":
    WRITTEN.write_text(text(), "utf-8")
