"""`cues.yaml` as a model: the classes of cue words. They are fixed, because the signs and the weights know them by name (`processors/signs.py`)."""

from pydantic import BaseModel, Field

from processors.taxonomy_values import MAY_MISS, ByLanguage


class Actors(BaseModel):
    """Words that tell who acts."""

    model_config = MAY_MISS

    minister: ByLanguage = Field(default_factory=dict, description="ministers and secretaries of state; by language")
    ministry: ByLanguage = Field(default_factory=dict, description="ministries and departments; by language")
    regulator: ByLanguage = Field(default_factory=dict, description="regulators and authorities; by language")
    government: ByLanguage = Field(default_factory=dict, description="the government, the cabinet, officials as one; by language")
    head: ByLanguage = Field(default_factory=dict, description="heads of state and of government; by language")
    envoy: ByLanguage = Field(default_factory=dict, description="ambassadors, envoys, high commissioners; by language")
    delegation: ByLanguage = Field(default_factory=dict, description="delegations and missions; by language")
    official: ByLanguage = Field(default_factory=dict, description="other officials; by language")
    foreign_ministry: ByLanguage = Field(default_factory=dict, description="foreign ministers and ministries; by language")
    parliament: ByLanguage = Field(default_factory=dict, description="parliaments and their members; by language")
    province: ByLanguage = Field(default_factory=dict, description="provinces, states of a union, cities as governments; by language")
    company: ByLanguage = Field(default_factory=dict, description="words for companies; by language")
    association: ByLanguage = Field(default_factory=dict, description="associations and chambers; by language")
    university: ByLanguage = Field(default_factory=dict, description="universities; by language")
    body: ByLanguage = Field(default_factory=dict, description="words for international bodies; by language")


class Engagement(BaseModel):
    """Words that tell how they engage."""

    model_config = MAY_MISS

    meet: ByLanguage = Field(default_factory=dict, description="meets, calls on, receives; by language")
    sign: ByLanguage = Field(default_factory=dict, description="signs, exchanges documents; by language")
    agree: ByLanguage = Field(default_factory=dict, description="agrees, reaches an understanding; by language")
    visit: ByLanguage = Field(default_factory=dict, description="visits, arrives, tours; by language")
    cooperate: ByLanguage = Field(default_factory=dict, description="cooperation, partnership, ties; by language")
    fund: ByLanguage = Field(default_factory=dict, description="lends, grants, invests; by language")
    train: ByLanguage = Field(default_factory=dict, description="trains, sends experts; by language")
    join: ByLanguage = Field(default_factory=dict, description="joins, accedes; by language")
    attend: ByLanguage = Field(default_factory=dict, description="attends, takes part; by language")
    dispute: ByLanguage = Field(default_factory=dict, description="protests, summons, sanctions, disputes; by language")
    letter: ByLanguage = Field(default_factory=dict, description="writes to, letters; by language")
    two_sides: ByLanguage = Field(default_factory=dict, description="both sides, bilateral, counterpart; by language")
    negotiate: ByLanguage = Field(default_factory=dict, description="talks, rounds, negotiations; by language")
    host: ByLanguage = Field(default_factory=dict, description="hosts; by language")
    ban: ByLanguage = Field(default_factory=dict, description="bans, blocks, restricts; by language")


class Frames(BaseModel):
    """Words that tell what makes it another story."""

    model_config = MAY_MISS

    crime: ByLanguage = Field(default_factory=dict, description="crime and courts; by language")
    sport: ByLanguage = Field(default_factory=dict, description="sport; by language")
    entertainment: ByLanguage = Field(default_factory=dict, description="film, music, celebrities; by language")
    launch: ByLanguage = Field(default_factory=dict, description="products that are launched; by language")
    market: ByLanguage = Field(default_factory=dict, description="shares, earnings, analysts; by language")
    rank: ByLanguage = Field(default_factory=dict, description="rankings, indexes, surveys; by language")
    export_market: ByLanguage = Field(default_factory=dict, description="exports, remittances, freelancers; by language")
    opinion: ByLanguage = Field(default_factory=dict, description="opinion pieces and letters to the editor; by language")
    casino: ByLanguage = Field(default_factory=dict, description="casinos and betting, which gaming is not; by language")
    local_rules: ByLanguage = Field(default_factory=dict, description="licences, auctions, tariffs at home; by language")
    other_subject: ByLanguage = Field(default_factory=dict, description="subjects that are not IT or telecom; by language")
    umbrella: ByLanguage = Field(default_factory=dict, description="IT as one of many fields that are listed; by language")
    vendor_origin: ByLanguage = Field(default_factory=dict, description="goods named by where they were made; by language")
    local_subsidiary: ByLanguage = Field(default_factory=dict, description="the local arm of a foreign company; by language")
    multilateral: ByLanguage = Field(default_factory=dict, description="gatherings of many states; by language")
    company_news: ByLanguage = Field(default_factory=dict, description="what companies tell of themselves; by language")
    anniversary: ByLanguage = Field(default_factory=dict, description="anniversaries and obituaries; by language")
    culture: ByLanguage = Field(default_factory=dict, description="culture and heritage; by language")
    scholarship: ByLanguage = Field(default_factory=dict, description="scholarships and exchange of students; by language")


class Subject(BaseModel):
    """Words that tell on what."""

    model_config = MAY_MISS

    it: ByLanguage = Field(
        default_factory=dict, description="words of IT and telecom that stand for the subject by themselves; by language"
    )
    it_loose: ByLanguage = Field(default_factory=dict, description="words that are as common elsewhere; by language")


class Cues(BaseModel):
    """Words that tell who acts, how they engage, on what, and in which frame."""

    model_config = MAY_MISS

    actors: Actors = Field(description="who acts")
    engagement: Engagement = Field(description="how they engage")
    frames: Frames = Field(description="what makes it another story than diplomacy on IT")
    subject: Subject = Field(description="on what: IT and telecom")
