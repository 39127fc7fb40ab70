"""What is loaded once for all tests of the understanding: it is read only."""

from pathlib import Path

import pytest

from processors.taxonomy import Taxonomy, load_taxonomy
from processors.understand import Understanding

CONFIG = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture(scope="session")
def understanding() -> Understanding:
    return Understanding.load(CONFIG)


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return load_taxonomy(CONFIG / "taxonomy")
