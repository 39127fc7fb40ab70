"""The silences of a timeline: what somebody asks not to be told of for a while, as `newswire silence add` would."""

from datetime import timedelta
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from alerting.timelines.moments import Offset
from alerting.watchlists.faults import UnusableError
from alerting.watchlists.fields import LabelField, Maybe, SeverityField, Text, Texts, plain_schema
from newswire.records import Severity
from newswire.silence import Kind, Silence

_KINDS: Final = (Kind.WATCHLIST, Kind.STORY, Kind.COUNTRY, Kind.OUTLET, Kind.LABEL)


def _silence_schema(schema: dict[str, Any]) -> None:
    plain_schema(schema)
    schema["anyOf"] = [{"required": [kind.value]} for kind in _KINDS]


class TimelineSilence(BaseModel):
    """One silence: of a key that is present one value must fit, and of several keys all."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_silence_schema)
    from_: Offset = Field(timedelta(0), alias="from", description="when it begins, since the start", json_schema_extra={"default": "0m"})
    for_: Offset = Field(alias="for", description="how long it lasts: 4h")
    watchlist: Maybe[Texts] = Field(None, description="what these watchlists match")
    story: Maybe[Text] = Field(None, description="the story of this item of `items`, which was seen before")
    country: Maybe[Texts] = Field(None, description="news whose home or partner is one of these")
    outlet: Maybe[Texts] = Field(None, description="news of these outlets")
    label: Maybe[LabelField] = Field(None, description="news of this label")
    below: Maybe[SeverityField] = Field(None, description="only what is less severe")

    @model_validator(mode="after")
    def _something_for_some_time(self) -> "TimelineSilence":
        if not self.matchers:
            raise UnusableError(f"what is silent? write one of {', '.join(_KINDS)}")
        if not self.for_:
            raise UnusableError("it would end as it begins; write how long it lasts, such as `for: 4h`")
        if self.below is Severity.INFO:
            raise UnusableError("nothing is less severe than info; low, medium, high or critical is due")
        return self

    @property
    def matchers(self) -> dict[str, tuple[str, ...]]:
        """What it asks for, as a silence of the store holds it; a story still by the name of its item."""
        found: dict[str, Any] = {kind.value: getattr(self, kind.value) for kind in _KINDS}
        return {kind: (value,) if isinstance(value, str) else value for kind, value in found.items() if value is not None}

    def begun(self, start: float, story_id: str | None = None) -> Silence:
        """Return it as a silence of the store, in a timeline that starts at that time (seconds since 1970 UTC).

        `story_id` is that of its `story`; None where there is none, so that nothing fits.
        """
        begins_at = start + self.from_.total_seconds()
        matchers = self.matchers
        if self.story is not None:
            matchers[Kind.STORY.value] = (story_id,) if story_id else ()
        return Silence(
            matchers=matchers,
            begins_at=begins_at,
            ends_at=begins_at + self.for_.total_seconds(),
            by="this timeline",
            why="its `silences` say so",
            created_at=start,
            below=self.below,
        )
