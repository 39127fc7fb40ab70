"""The JSON Schema of a sources file, for editors: generated from the model that reads it."""

from typing import Any

from collectors.sources_file import SourcesFile


def schemas() -> dict[str, dict[str, Any]]:
    """Return the schema by the name of its file under `config/schemas/`."""
    title = "Sources of Newswire: config/sources/NAME.yaml"
    return {
        "sources": {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
        | SourcesFile.model_json_schema(by_alias=True)
    }
