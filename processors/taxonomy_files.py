"""The files of `config/taxonomy/` as models: what a person may write in each, for `newswire check` and for editors.

The processors read the same files by a reader of their own (`processors/taxonomy_terms.py`), which is fast and takes a little more: what these
models let through, it takes. What spans several entries or files stands in `processors/taxonomy_check.py`.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from newswire.field_types import LanguageCode
from processors.taxonomy_cues import Cues
from processors.taxonomy_values import MAY_MISS, ByLanguage, Character, Country, Language, Name, Names, Terms, TopicName

ROOT: Final = ConfigDict(frozen=True)  # of a file whose keys are free: pydantic allows no other setting there
ShortName = Annotated[str, Field(min_length=1, max_length=60)]
OrganisationKind = Literal["agency", "body", "company", "development", "federation"]


class CountryWords(BaseModel):
    """What a country is called beside the names of CLDR."""

    model_config = MAY_MISS

    names: ByLanguage = Field(
        default_factory=dict, description="daily names, by language: {en: [=UAE, Emirates]}; one of them may make it a partner"
    )
    adjectives: ByLanguage = Field(
        default_factory=dict, description="its people and what is theirs, by language: {en: [Emirati, Emiratis]}"
    )
    capitals: ByLanguage = Field(
        default_factory=dict, description="the seat of its government, by language: {en: [Abu Dhabi]}; it stands for the country"
    )
    cities: ByLanguage = Field(
        default_factory=dict, description="other places and institutions, by language; they tell where home is, and never make a partner"
    )
    never: Terms = Field(
        default_factory=tuple,
        description="words that hold a name and mean something else: [bone china]; beside a doubtful name they make it void",
    )
    doubtful: Names = Field(
        default_factory=tuple,
        description="names that mean other things too: [Jordan]; they count where the country is named in another way as well",
    )


class Organisation(BaseModel):
    """A body or company that governments engage with."""

    model_config = MAY_MISS

    kind: OrganisationKind = Field(
        description="body (intergovernmental), development (lends or trains), agency (of one state), company, or federation (sport, trade, industry)"
    )
    country: Country = Field(
        default_factory=str, description="the country that it belongs to, two capital letters of ISO 3166-1; an agency has one"
    )
    names: ByLanguage = Field(description="its names, by language; en is searched in texts of every language: {en: [=ITU], fr: [=UIT]}")
    never: Terms = Field(default_factory=tuple, description="words beside which a name means something else: [Triathlon] for ITU")
    shares_names_with: Annotated[tuple[ShortName, ...], Field(min_length=1)] = Field(
        default_factory=tuple,
        description="short names of bodies that one of its names stands for too: an article about it is about them as well",
    )


class TopicWords(BaseModel):
    """The words of a topic."""

    model_config = MAY_MISS

    title: Name = Field(description="what people call the topic")
    words: ByLanguage = Field(
        description="words that speak of the topic by themselves, by language; en is searched in texts of every language"
    )
    also: ByLanguage = Field(default_factory=dict, description="words that only lean towards the topic, as common elsewhere, by language")


class Countries(RootModel[dict[Country, CountryWords]]):
    """What CLDR does not know of countries, by code."""

    model_config = ROOT


class CountryNames(RootModel[dict[Country, dict[LanguageCode, Terms]]]):
    """Names of countries, by code and language; written by tools/generate_countries.py."""

    model_config = ROOT


class CountryCities(RootModel[dict[Country, dict[LanguageCode, Terms]]]):
    """Large cities, by their country's code and language; written by tools/generate_countries.py."""

    model_config = ROOT


class CountryPairs(RootModel[dict[Language, dict[Character, Country]]]):
    """The character that stands for a state in paired names, by language; the first one of a language is its own country."""

    model_config = ROOT


class Organisations(RootModel[dict[ShortName, Organisation]]):
    """Bodies and companies, by the short names that reports and watchlists use."""

    model_config = ROOT


class Outlets(RootModel[dict[Country, Names]]):
    """Names of outlets, by the code of the country where they sit."""

    model_config = ROOT


class Topics(RootModel[dict[TopicName, TopicWords]]):
    """The topics, by the names that reports and watchlists use."""

    model_config = ROOT


MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "countries": Countries,
    "country_cities": CountryCities,
    "country_names": CountryNames,
    "country_pairs": CountryPairs,
    "cues": Cues,
    "organisations": Organisations,
    "outlets": Outlets,
    "topics": Topics,
}
"""By the name of the file."""
