"""JSON Schemas of what the desk edits, for editors: `config/schemas/*.json`, named in the first line of every file."""

import json
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from alerting.routes import Routes
from alerting.schema_words import described
from alerting.timelines.model import Timeline
from alerting.watchlists.model import NamedList, Watchlist

_MODELS: Final[dict[str, tuple[type[BaseModel], str]]] = {
    "watchlist": (Watchlist, "A watchlist of Newswire: config/watchlists/NAME.yaml"),
    "list": (NamedList, "A named list of Newswire: config/lists/NAME.yaml"),
    "routes": (Routes, "The routes of Newswire: config/routes.yaml"),
    "timeline": (Timeline, "A timeline of Newswire: config/tests/NAME.yaml"),
}


def schemas() -> dict[str, dict[str, Any]]:
    """Return each JSON Schema (draft 2020-12) by the name of its file, `watchlist` for `config/schemas/watchlist.json`."""
    return {
        name: {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
        | described(model.model_json_schema(by_alias=True), model.__name__)
        for name, (model, title) in _MODELS.items()
    }


def write_schemas(folder: Path) -> None:
    """Write each JSON Schema to its file, `config/schemas/watchlist.json`; a test holds that the checked-in files are current."""
    for name, schema in schemas().items():
        (folder / f"{name}.json").write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
