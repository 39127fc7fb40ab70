"""The reasons for a label are the same in every process, and point as near to the headline as they can."""

from pathlib import Path

from newswire.records import Field, Label
from processors.countries import candidates
from processors.evidence import evidence_for
from processors.reading import read
from processors.taxonomy import Taxonomy
from processors.understand import MODEL_FOLDER, first_step, judge
from processors.weights import FILE, load_weights

CONFIG = Path(__file__).resolve().parents[3] / "config"


def test_the_order_of_the_features_changes_no_reason(taxonomy: Taxonomy) -> None:
    weights = load_weights(CONFIG / MODEL_FOLDER / FILE)
    reading = read(
        taxonomy,
        title="Pakistan and Japan sign agreement on semiconductors",
        lead="The Japanese ambassador and the federal minister for IT signed it in Islamabad.",
        body="ISLAMABAD: Pakistan and Japan will train engineers together under the agreement, the minister said. Both sides signed a memorandum on software exports.",
        language="en",
        outlet_country="PK",
        outlet="The Nation",
    )
    judged, _ = judge(taxonomy, weights, reading, candidates(taxonomy, reading))
    _, found = first_step(taxonomy, weights, reading, judged)
    one, other = (
        evidence_for(taxonomy, reading, judged, weights=weights, structure=structure, label=Label.DIPLOMACY)
        for structure in (dict(sorted(found.items())), dict(sorted(found.items(), reverse=True)))
    )
    assert [(reason.name, reason.span) for reason in one] == [(reason.name, reason.span) for reason in other]
    (signed,) = (reason.span for reason in one if reason.name == "E:sign")
    assert signed is not None
    assert signed.field is Field.TITLE
