"""Commands on the understanding: `assess`, `evaluate`, `train`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from newswire.cli import EXIT_USAGE, app, compose
from newswire.cli.options import AsJson, Config, print_json, read_settings
from newswire.config import find_config_folder
from newswire.errors import NewswireError

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
def evaluate(
    files: Annotated[list[Path] | None, typer.Argument(help="Labelled files (the measured files of the corpus).")] = None,
    cross_validate: Annotated[
        bool, typer.Option("--cross-validate", help="Train and score out of fold, with the baselines beside it (needs the extra `train`).")
    ] = False,
    corpus: Corpus = Path("corpus"),
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Score labelled files: label, countries, topics, stories, by language and on the hard cases."""
    from alerting.stories import cluster

    folder = find_config_folder(read_settings(config).config)
    for file in files or ():
        _require_file(file)
    if cross_validate:
        _require_training()
        _require_folder(corpus)
        from processors.cross_validate import cross_validation

        result = cross_validation(folder, corpus, cluster=cluster)
    else:
        from processors.evaluate import evaluation
        from processors.labelled import measured_files

        result = evaluation(compose.load_understanding(folder), files or measured_files(corpus), cluster=cluster)
    if as_json:
        print_json(result.as_json())
    else:
        print(result.as_text())


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
    from processors.train import train as train_label

    folder = find_config_folder(read_settings(config).config)
    print(train_label(folder, corpus, out or folder / "model", encoder=encoder, say=lambda line: print(line, file=sys.stderr, flush=True)))


def _require_file(path: Path) -> None:
    if not path.is_file():
        print(f"newswire: {path} is not a file", file=sys.stderr)
        sys.exit(EXIT_USAGE)


def _require_folder(path: Path) -> None:
    if not path.is_dir():
        print(f"newswire: there is no folder {path}; the labelled corpus stands in the project's checkout (--corpus DIR)", file=sys.stderr)
        sys.exit(EXIT_USAGE)


def _require_training() -> None:
    if not compose.training_is_installed():
        raise NewswireError("training needs scikit-learn, which running does not: pip install 'newswire[train]'")


def _require_encoder() -> None:
    missing = compose.missing_for_encoder()
    if missing:
        raise NewswireError(f"training the reader needs {', '.join(missing)}, which running does not: pip install 'newswire[encoder]'")
