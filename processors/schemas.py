"""JSON Schemas of the files of `config/taxonomy/`, for editors: generated from the models that check them."""

from typing import Any

from processors.taxonomy_files import MODELS


def schemas() -> dict[str, dict[str, Any]]:
    """Return each schema by the name of its file under `config/schemas/`, `taxonomy-cues` for `taxonomy-cues.json`."""
    return {schema_name(name): _titled(name, _closed(model.model_json_schema(by_alias=True))) for name, model in MODELS.items()}


def schema_name(file: str) -> str:
    """Return the name of the schema of a file, both without their endings."""
    return f"taxonomy-{file.replace('_', '-')}"


def _titled(file: str, schema: dict[str, Any]) -> dict[str, Any]:
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"Taxonomy of Newswire: config/taxonomy/{file}.yaml"}
    return head | {key: value for key, value in schema.items() if key != "title"}


def _closed(schema: Any) -> Any:
    """Return the schema with free keys held to their pattern: pydantic writes what fits it, and leaves open what does not."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(one) for key, one in schema.items()}
    return {**closed, "additionalProperties": False} if "patternProperties" in closed else closed
