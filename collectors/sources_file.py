"""`config/sources/*.yaml` → sources, with every fault of every file at its line."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema

from collectors.sources import Source, make_source, normalised_url
from newswire.config import STRICT, check, shown, yaml_files
from newswire.errors import ConfigurationError, Fault
from newswire.field_types import CountryCode, Duration, LanguageCode
from newswire.strict_yaml import read


def _usable(url: str) -> str:
    normalised_url(url)
    return url


FeedUrl = Annotated[
    str,
    AfterValidator(_usable),
    WithJsonSchema({"type": "string", "pattern": "^https?://", "examples": ["https://www.dawn.com/feeds/home"]}),
]
Text = Annotated[str, Field(min_length=1, max_length=100)]


class SourceEntry(BaseModel):
    """One feed to watch; all but `url` may be missing."""

    model_config = STRICT

    url: FeedUrl = Field(description="Address of the feed (RSS, Atom or JSON Feed).")
    outlet: Text | None = Field(None, description="Who publishes it, as readers know it. Default: the host.")
    country: CountryCode | None = Field(None, description="Country of the outlet.")
    language: LanguageCode | None = Field(None, description="Language of the feed.")
    interval: Duration | None = Field(None, description="Fixed time between polls, such as 15m. Default: as often as there is news.")
    tags: tuple[Text, ...] = Field((), description="Words of your own, to tell sources apart.")


class SourcesFile(BaseModel):
    """A file of `config/sources/`."""

    model_config = STRICT

    sources: tuple[SourceEntry, ...] = Field(description="The feeds to watch.")


def load_sources(folder: Path) -> tuple[list[Source], list[Fault]]:
    """Return the sources of all files in the folder, in order of file and line, and every fault found; a folder that is not there has none."""
    paths, faults = yaml_files(folder)
    sources: list[Source] = []
    places: dict[str, str] = {}  # where each source stands
    for path in paths:
        document, more = read(path, shown(path))
        faults.extend(more)
        if document is None:
            continue
        file, wrong = check(SourcesFile, document)
        faults.extend(wrong)
        for number, entry in enumerate(file.sources if file else ()):
            source = _source(entry)
            where = document.fault(("sources", number, "url"), "")
            if source.source_id in places:
                faults.append(document.fault(("sources", number, "url"), f"{source.url} is a source in {places[source.source_id]} already"))
                continue
            places[source.source_id] = f"{where.file}:{where.line}"
            sources.append(source)
    return sources, sorted(faults)


def require_sources(folder: Path) -> list[Source]:
    """Return the sources of the folder.

    Raises:
        ConfigurationError: something in one of its files is wrong.

    """
    sources, faults = load_sources(folder)
    if faults:
        raise ConfigurationError(faults)
    return sources


def _source(entry: SourceEntry) -> Source:
    return make_source(
        entry.url, outlet=entry.outlet, country=entry.country, language=entry.language, interval_s=entry.interval, tags=entry.tags
    )
