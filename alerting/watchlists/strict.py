"""What every model of the desk's files has in common."""

from typing import Final

from pydantic import ConfigDict

from alerting.watchlists.fields import plain_schema

STRICT: Final = ConfigDict(extra="forbid", frozen=True, json_schema_extra=plain_schema)
