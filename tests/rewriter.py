"""One press release, and what forty desks make of it: a seeded rewriter of headline, lead, order, words, length and the outlet's own lines."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

from alerting.stories_member import Document

HEADLINES = (
    "Pakistan, Estonia sign accord on digital identity and e-residency",
    "Tallinn to help Islamabad build data exchange layer",
    "Estonian envoy, IT minister ink MoU on e-governance",
    "MoU with Estonia: 120 officials to be trained in e-governance",
    "Pakistan turns to Estonia for its X-Road",
    "Ministry signs e-governance pact with Estonia",
    "Data exchange: Kaljulaid's team to assist NADRA",
    "IT ministry, Estonia agree pilot in Faisalabad, Swat",
)
LEADS = (
    "Pakistan and Estonia on Monday signed a memorandum of understanding on electronic governance.",
    "Ambassador Kersti Raudsepp and the minister for IT signed a memorandum of understanding in Islamabad.",
    "Estonia will train 120 Pakistani officials and lend the software behind its X-Road.",
    "A data exchange layer of Estonian design is to join up the registers of NADRA, FBR and the provinces.",
)
SENTENCES = (
    "The memorandum was signed by the minister for information technology and the Estonian ambassador, Kersti Raudsepp.",
    "It covers a data exchange layer modelled on X-Road, digital signatures and training.",
    "Under the agreement, 120 officials of NADRA and the provinces will be trained at the e-Governance Academy in Tallinn.",
    "A pilot worth 3.4 million euros will begin in Faisalabad and Swat in March.",
    "The ambassador said that Estonia had saved 2 per cent of its output every year by digital signatures.",
    "The minister said that citizens should give the state their data only once.",
    "The two sides agreed to set up a joint working group, which will meet every six months.",
    "Officials of NADRA briefed the delegation on the identity database, which holds 245 million records.",
    "The delegation, which includes engineers of Cybernetica, will stay in Islamabad until Thursday.",
    "Estonia has helped 36 countries with such systems, among them Ukraine, Namibia and Kyrgyzstan.",
    "The cost of the first phase will be borne by the Estonian Centre for International Development.",
    "The minister invited Estonian start-ups to the software technology parks.",
)
SYNONYMS = {
    "memorandum": ("memorandum", "MoU", "pact", "accord"),
    "agreement": ("agreement", "accord", "document"),
    "officials": ("officials", "officers", "civil servants"),
    "minister": ("minister", "federal minister"),
    "said": ("said", "told reporters", "remarked", "noted"),
    "begin": ("begin", "start", "kick off"),
    "agreed": ("agreed", "decided"),
    "signed": ("signed", "inked", "concluded"),
    "invited": ("invited", "called on"),
    "helped": ("helped", "assisted"),
    "citizens": ("citizens", "people"),
}
OUTLET_LINES = (
    "Published in the Capital Courier. Follow us on WhatsApp for breaking news.",
    "Copyright Harbour Times. All rights reserved. Subscribe to our newsletter.",
    "Read also: Rupee gains 12 paisa against dollar; Weather turns cold in the north.",
    "The writer reports on technology. Comments are moderated by our editors.",
    "More from this section: Cricket board names squad of 15; Petrol price cut by Rs 4.60.",
)


def rewrites(number: int, at: datetime, seed: int = 7) -> list[Document]:
    """Return so many tellings of the release, over nine hours of one day; what is understood of them wavers as it does in the field."""
    draw = random.Random(seed)
    release = Document(
        item_id="",
        title="",
        lead="",
        text="",
        dated_at=at,
        language="en",
        label="diplomacy",
        home="PK",
        partners=frozenset({"EE"}),
        topics=frozenset({"digital_government", "digital_identity"}),
        organisations=frozenset({"NADRA"}),
        people=("Kersti Raudsepp",),
    )
    return [_rewritten(release, f"outlet-{n}", at, draw) for n in range(number)]


def _rewritten(release: Document, item_id: str, at: datetime, draw: random.Random) -> Document:
    chosen = draw.sample(SENTENCES, k=draw.randint(5, len(SENTENCES)))
    return replace(
        release,
        item_id=item_id,
        title=draw.choice(HEADLINES),
        lead=_in_other_words(draw.choice(LEADS), draw),
        text=" ".join([*(_in_other_words(sentence, draw) for sentence in chosen), draw.choice(OUTLET_LINES)]),
        dated_at=at + timedelta(minutes=draw.randint(0, 540)),
        partners=release.partners if draw.random() < 0.9 else frozenset(),
        topics=draw.choice((release.topics, frozenset({"digital_government"}), release.topics | {"skills_training"})),
        organisations=draw.choice((release.organisations, frozenset())),
        people=draw.choice((release.people, ())),
    )


def _in_other_words(sentence: str, draw: random.Random) -> str:
    return " ".join(draw.choice(SYNONYMS.get(word, (word,))) for word in sentence.split())
