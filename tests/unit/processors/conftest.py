"""What is loaded once for all tests of the understanding: it is read only."""

from pathlib import Path

import pytest

from processors.taxonomy import Taxonomy, load_taxonomy
from processors.understand import Understanding
from tests.cli_in_process import shipped_understanding

CONFIG = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture(scope="session")
def understanding() -> Understanding:
    return shipped_understanding()


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return load_taxonomy(CONFIG / "taxonomy")
