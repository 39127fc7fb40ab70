"""`make dashboards`: writes deploy/grafana/dashboards/*.json and the tables of docs/dashboards.md anew."""

import sys

from tools.dashboards import files

for path, text in files().items():
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{path.name}: {len(text):,} characters\n")
