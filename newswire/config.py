"""The configuration folder: where it is, and its YAML files as checked models, with every fault at its line.

A file's model is a pydantic `BaseModel` with `model_config = STRICT`. Values reach it as text (`010` stays `010`, `NO` is Norway);
pydantic makes numbers of them where a number is due, `true` and `false` alone make a bool.
"""

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from newswire.config_schema import schema_of
from newswire.config_words import explain
from newswire.errors import ConfigurationError, Fault
from newswire.strict_yaml import MAX_FAULTS, first_of, read
from newswire.yaml_tree import Document

STRICT: Final = ConfigDict(extra="forbid", frozen=True, validate_default=True)
"""The `model_config` of every model of a configuration file."""

MAX_FILES: Final = 5_000  # of one folder: each is read before anything is said


M = TypeVar("M", bound=BaseModel)


def load(model: type[M], path: Path, *, context: Any = None) -> tuple[M | None, list[Fault]]:
    """Return the file as `model`, or None and every fault found in it: of its YAML and of its content, in order of lines."""
    document, faults = read(path, shown(path))
    if document is None:
        return None, sorted(faults)
    value, more = check(model, document, context=context)
    faults = sorted([*faults, *more])
    return (None if faults else value), faults


def check(model: type[M], document: Document, *, context: Any = None) -> tuple[M | None, list[Fault]]:
    """Return a document as `model`, or None and what is wrong with its content. Keep the document to place later faults in it."""
    schema = schema_of(model)
    faults = list(schema.loose_scalars(document))
    try:
        value = model.model_validate(document.values(), context=context)
    except ValidationError as error:
        said = {(fault.line, fault.column) for fault in faults}
        told = (fault for fault in explain(error, document, schema) if (fault.line, fault.column) not in said)
        faults += islice(told, MAX_FAULTS + 1)
        return None, first_of(sorted(faults))
    return (None if faults else value), first_of(faults)


def load_folder(model: type[M], folder: Path, *, context: Any = None) -> tuple[dict[str, M], list[Fault]]:
    """Return the folder's `*.yaml` files by name (the file's name without `.yaml`) and the faults of all of them.

    A folder that is not there holds nothing.
    """
    paths, faults = yaml_files(folder)
    loaded: dict[str, M] = {}
    for path in paths:
        value, more = load(model, path, context=context)
        faults.extend(more)
        if value is not None:
            loaded[path.stem] = value
    return loaded, sorted(faults)


def yaml_files(folder: Path, *, most: int = MAX_FILES) -> tuple[list[Path], list[Fault]]:
    """Return the `*.yaml` files of a folder in order of name, and a fault for each that looks like one and would not be read."""
    try:
        entries = sorted(folder.iterdir()) if os.path.lexists(folder) else []
    except OSError as error:
        return [], [Fault(shown(folder), 0, 0, f"cannot be read: {(error.strerror or str(error)).lower()}")]
    entries = [entry for entry in entries if not entry.name.startswith((".", "#")) and not entry.name.endswith("~")]
    faults = [Fault(shown(entry), 0, 0, "only *.yaml is read; rename it to .yaml") for entry in entries if _misnamed(entry.name)]
    found = [entry for entry in entries if entry.suffix == ".yaml"]
    if len(found) > most:
        return [], [Fault(shown(folder), 0, 0, f"{len(found)} files are too many for one folder; at most {most}"), *faults]
    return found, faults


def _misnamed(name: str) -> bool:
    """Return whether a name is meant to end in `.yaml`: `x.yml`, `X.YAML`, and `x.yaml.txt`, as the editor that Windows brings saves it."""
    return not name.endswith(".yaml") and name.lower().removesuffix(".txt").endswith((".yaml", ".yml"))


def find_config_folder(named: Path | None = None) -> Path:
    """Return the configuration folder: the one named (`--config`, `NEWSWIRE_CONFIG`), else `./config`, else the shipped copy.

    Raises:
        ConfigurationError: the folder named is not there; nothing else is tried in its place.

    """
    if named is not None:
        if not named.is_dir():
            what = "this is not a folder" if named.exists() else "this folder does not exist"
            raise ConfigurationError([Fault(str(named), 0, 0, f"{what}; --config or NEWSWIRE_CONFIG names it")])
        return named
    here = Path("config")
    return here if here.is_dir() else shipped_folder()


def shipped_folder() -> Path:
    """Return the copy of `config/` that came with Newswire: in the wheel, or in the checkout that it runs from.

    Raises:
        ConfigurationError: the installation is not whole.

    """
    package = Path(__file__).resolve().parent
    for place in (package / "_shipped", package.parent / "config"):
        if place.is_dir():
            return place
    raise ConfigurationError([Fault("config", 0, 0, "no configuration folder is here and none was shipped; name one with --config")])


def folder_holding(parts: Sequence[str], folder: Path) -> Path:
    """Return `folder` where it has any of these parts, else the shipped copy.

    A desk's own folder need hold only what the desk edits: what understands the news (taxonomy, weights) is shipped.
    """
    return folder if any((folder / part).exists() for part in parts) else shipped_folder()


def shown(path: Path) -> str:
    """Return the path as a reader would type it: relative where it lies under the working folder, but for `/`, where systemd starts what it starts."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) and here != here.parent else path)
