"""How a watchlist tells: the key `alert`."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from alerting.watchlists.fields import Count, Duration, Pause, one_of
from alerting.watchlists.strict import STRICT

DEFAULT_UPDATE_EVERY: Final = timedelta(minutes=15)
DEFAULT_CAP: Final = 30  # alerts an hour


class Updates(StrEnum):
    """How later reports of a story are told."""

    THREAD = "thread"
    EDIT = "edit"
    MESSAGE = "message"
    NONE = "none"


class Explain(StrEnum):
    """What readers may see of the rule, most first."""

    FULL = "full"  # the words and facts that it asked for
    WORDS = "words"  # the words in the article's own sentence, in bold
    NONE = "none"

    @property
    def rank(self) -> int:
        """0 for `full` to 2 for `none`: of two, the higher one counts."""
        return list(Explain).index(self)


class Overflow(StrEnum):
    """What becomes of alerts over the cap."""

    DIGEST = "digest"


ExplainField = Annotated[Explain, BeforeValidator(one_of(Explain, "word for `explain`")), WithJsonSchema({"enum": [*map(str, Explain)]})]


class Cap(BaseModel):
    """How many alerts an hour one watchlist may send."""

    model_config = STRICT
    per_hour: Annotated[Count, Field(description="alerts an hour; the others are told in the digest")] = DEFAULT_CAP
    overflow: Annotated[
        Overflow,
        BeforeValidator(one_of(Overflow, "overflow")),
        WithJsonSchema({"enum": [*map(str, Overflow)]}),
        Field(description="what is over the cap is told in the digest"),
    ] = Overflow.DIGEST


class Alerting(BaseModel):
    """How a watchlist tells."""

    model_config = STRICT
    updates: Annotated[
        Updates,
        BeforeValidator(one_of(Updates, "kind of update")),
        WithJsonSchema({"enum": [*map(str, Updates)]}),
        Field(description="how later reports of a story are told"),
    ] = Updates.THREAD
    update_every: Annotated[Duration, Field(description="later reports are gathered for so long", json_schema_extra={"default": "15m"})] = (
        DEFAULT_UPDATE_EVERY
    )
    realert: Annotated[Pause, Field(description="a story that goes on is told anew after so long, or never")] = None
    cap: Annotated[Cap, Field(description="{per_hour: 10, overflow: digest}")] = Cap()
    explain: Annotated[ExplainField, Field(description="what readers may see of the rule: full, words or none")] = Explain.FULL
