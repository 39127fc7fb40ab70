"""Render every `NAME.message.json` of this folder to `NAME.json`: run it after a change of the layout, and read the difference."""

import json
from pathlib import Path

from alerting.message import from_json
from alerting.render import payload

for source in sorted(Path(__file__).parent.glob("*.message.json")):
    said = payload(from_json(source.read_text(encoding="utf-8")))
    target = source.with_name(source.name.replace(".message.json", ".json"))
    target.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
