"""`newswire train`: the weights, and the figures that they reach out of fold, written side by side (extra `train`)."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from processors.cross_validate import cross_validate
from processors.fit import fingerprint, fit, prepare, shortened
from processors.labelled import measured_files, read_labelled, training_files
from processors.language import LanguageReader
from processors.taxonomy import load_taxonomy
from processors.understand import TAXONOMY_FOLDER
from processors.weights import FILE, write_weights

if TYPE_CHECKING:
    from processors.assess import Cluster

FIGURES: Final = "figures.json"


def train(folder: Path, corpus: Path, out: Path, *, cluster: "Cluster | None" = None) -> str:
    """Train on every labelled file of `corpus`, write `weights.json` and the out-of-fold `figures.json` into `out`, and say what was made."""
    measured, further = measured_files(corpus), training_files(corpus)
    taxonomy = load_taxonomy(folder / TAXONOMY_FOLDER)
    reader = LanguageReader()
    items = prepare(taxonomy, reader, read_labelled([*measured, *further]))
    weights = fit(
        taxonomy, [*items, *shortened(taxonomy, reader, items)], {**fingerprint(folder, [*measured, *further]), "items": len(items)}
    )
    write_weights(out / FILE, weights)
    figures = cross_validate(folder, measured, further, cluster=cluster)
    (out / FIGURES).write_text(json.dumps(figures.as_json(), ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return f"{figures.as_text()}\n\n{len(items)} items, {len(weights.engagement.weights)} and {len(weights.subject.weights)} weights of the label: {out / FILE}"
