"""docs/taxonomy.md: its examples are right as they stand and work with the shipped weights, and it names every key of a body."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from processors.label import logistic
from processors.language import LanguageReader
from processors.outlets import country_of_outlet
from processors.reading import read
from processors.taxonomy import load_taxonomy
from processors.taxonomy_check import check_taxonomy
from processors.taxonomy_files import Organisation
from processors.topics import TopicModels, choose, features_of
from processors.understand import Understanding
from processors.weights import FILE, Weights, load_weights

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = (ROOT / "docs" / "taxonomy.md").read_text("utf-8")
EXAMPLES: Final = dict(re.findall(r"```yaml\n# (\S+\.yaml)\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture(scope="module")
def weights() -> Weights:
    return load_weights(ROOT / "config" / "model" / FILE)


@pytest.mark.parametrize("name", ["organisations.yaml", "outlets.yaml", "topics.yaml"])
def test_each_example_is_right_as_it_stands(name: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tests" / "golden" / "taxonomy" / "right", tmp_path, dirs_exist_ok=True)
    (tmp_path / name).write_text(EXAMPLES[name], "utf-8")
    assert check_taxonomy(tmp_path) == []


def test_examples_work_without_training(weights: Weights, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config" / "taxonomy", tmp_path, dirs_exist_ok=True)
    with (tmp_path / "organisations.yaml").open("a", encoding="utf-8") as file:
        file.write(EXAMPLES["organisations.yaml"])
    for name in ("outlets.yaml", "topics.yaml"):
        (tmp_path / name).write_text(EXAMPLES[name], "utf-8")
    taxonomy = load_taxonomy(tmp_path)
    assert country_of_outlet(taxonomy, "Margalla Telegraph") == "PK"

    title, body = (
        "IT minister meets indie studios",
        "The minister received the ambassador of Norway and leaders of Margalla Telecom in Islamabad.",
    )
    reading = read(taxonomy, title=title, lead=body, body="", language="en", outlet_country="PK")
    understood = Understanding(taxonomy, LanguageReader(), weights).understand(reading)
    assert understood.organisations == ("Margalla Telecom",)
    topics = {topic: logistic(margin) for topic, margin in TopicModels(weights.topics).margins(features_of(reading)).items()}
    assert choose(topics, least=weights.least["topic"], at_least_one=False) == ("gaming",)


def test_the_page_names_every_key_of_a_body() -> None:
    assert [key for key in Organisation.model_fields if f"| `{key}` |" not in PAGE] == []


def test_the_copy_that_the_page_begins_with_is_made_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()
    [written] = re.findall(r"```sh\n(shipped=.*?)newswire check", PAGE, re.DOTALL)
    folders = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    subprocess.run(["/bin/sh", "-ec", written], cwd=tmp_path, env=folders, check=True)
    assert load_taxonomy(tmp_path / "desk/taxonomy").organisations
    assert (tmp_path / "desk/model").is_dir()
