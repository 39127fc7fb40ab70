"""Write the webhook's body of every message of `../slack` to `NAME.json`: run it after a change of the body, and read the difference."""

import json
from pathlib import Path

from alerting.message import from_json
from alerting.receivers.webhook_body import body

HERE = Path(__file__).parent
for source in sorted((HERE.parent / "slack").glob("*.message.json")):
    said = json.loads(body(from_json(source.read_text(encoding="utf-8")), receiver="archive"))
    target = HERE / source.name.replace(".message.json", ".json")
    target.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
