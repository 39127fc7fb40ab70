"""`newswire train`: the weights, and the figures that they reach out of fold, written side by side (extra `train`)."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from processors.calibrate import calibrate_alone, fit_steps
from processors.cross_validate import cross_validate
from processors.fit import Prepared, fingerprint, fit, prepare, shortened
from processors.labelled import measured_files, read_labelled, training_files
from processors.language import LanguageReader
from processors.out_of_fold import Folds, judgements, out_of_fold, read_answers
from processors.reader import FACTS_FILE
from processors.taxonomy import Taxonomy, load_taxonomy
from processors.two_steps import steps_facts
from processors.understand import TAXONOMY_FOLDER
from processors.weights import FILE, Weights, write_weights

if TYPE_CHECKING:
    from processors.assess import Cluster

FIGURES: Final = "figures.json"


def train(
    folder: Path,
    corpus: Path,
    out: Path,
    *,
    encoder: bool = False,
    cluster: "Cluster | None" = None,
    say: Callable[[str], None] = lambda _: None,
) -> str:
    """Train on every labelled file of `corpus`, write `weights.json` and the out-of-fold `figures.json` into `out`, and say what was made.

    With `encoder` the reader is trained too: that takes half an hour on two cores. `say` gets a line after each step.

    Raises:
        NewswireError: the reader is to be trained and the extra `encoder` is not there.

    """
    measured, further = measured_files(corpus), training_files(corpus)
    taxonomy = load_taxonomy(folder / TAXONOMY_FOLDER)
    reader = LanguageReader()
    items = prepare(taxonomy, reader, read_labelled([*measured, *further]))
    brief = shortened(taxonomy, reader, items)
    made_from = fingerprint(folder, [*measured, *further])
    folds = out_of_fold(taxonomy, items, brief)
    say(f"{len(items)} items judged out of fold")
    if encoder:
        from processors.train_reader import train_reader  # noqa: PLC0415 -- torch stays out of `newswire train` alone

        train_reader(items, folds, taxonomy.topics, out, made_from, say=say)
    _refit_steps(out, items, folds)
    weights = _weights(taxonomy, items, brief, folds)
    write_weights(out / FILE, replace(weights, provenance={**made_from, "items": len(items)}))
    figures = cross_validate(folder, measured, further, cluster=cluster, model=out)
    (out / FIGURES).write_text(json.dumps(figures.as_json(), ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return f"{figures.as_text()}\n\n{len(items)} items, {len(weights.engagement.weights)} and {len(weights.subject.weights)} weights of the label: {out / FILE}"


def _weights(taxonomy: Taxonomy, items: Sequence[Prepared], brief: Sequence[Prepared], folds: Folds) -> Weights:
    """Return the weights that all items teach, calibrated on what was judged out of fold."""
    weights = fit(taxonomy, [*items, *brief], {})
    return replace(weights, alone=calibrate_alone(judgements([item.record for item in items], folds, {})))


def _refit_steps(out: Path, items: Sequence[Prepared], folds: Folds) -> None:
    """Weigh the reader that is in `out`, if any, beside the first step as it is now: its own model stays."""
    answers = read_answers(out)
    if not answers.whole:
        return
    judged = judgements([item.record for item in items if str(item.record["id"]) in answers.whole], folds, answers.whole)
    path = out / FACTS_FILE
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts["steps"] = steps_facts(fit_steps(judged, calibrate_alone(judged)))
    path.write_text(json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
