"""What a configuration's understanding knows by name, for commands that read no news, and what is wrong with its files."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from newswire.config import folder_holding, shown
from newswire.errors import ConfigurationError, Fault

if TYPE_CHECKING:
    from processors.names import Names

TAXONOMY_FOLDER: Final = "taxonomy"
MODEL_FOLDER: Final = "model"


def load_names(folder: Path) -> "Names":
    """Return the names that the understanding of this configuration folder finds, in a tenth of the time that loading it takes.

    Raises:
        ConfigurationError: a file of names cannot be read.

    """
    from processors.names import read_names

    return read_names(understanding_folder(folder) / TAXONOMY_FOLDER)


def understanding_faults(folder: Path) -> list[Fault]:
    """Return what is wrong with the taxonomy and the weights of the configuration folder; those that were shipped in their place are held by our tests."""
    from processors.taxonomy_check import check_taxonomy
    from processors.weights import FILE, load_weights

    if understanding_folder(folder) != folder:
        return []
    faults: list[Fault] = []
    topics: Collection[str] = ()
    try:
        topics = load_weights(folder / MODEL_FOLDER / FILE).topics.keys()
    except ConfigurationError as error:
        faults += (replace(fault, file=shown(Path(fault.file))) for fault in error.faults)
    return sorted([*faults, *check_taxonomy(folder / TAXONOMY_FOLDER, topics)])


def understanding_folder(folder: Path) -> Path:
    """Return where the taxonomy and the model stand that serve this configuration: in it, or shipped."""
    return folder_holding((TAXONOMY_FOLDER, MODEL_FOLDER), folder)
