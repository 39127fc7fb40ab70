"""Every YAML block of every page is right by the loader of its kind, and the tests inside it pass."""

from pathlib import Path

import pytest

from tests.page_yaml import faults_of, kind_of
from tests.pages import Block, all_blocks

BLOCKS = all_blocks("yaml", "yml")


@pytest.mark.parametrize("block", BLOCKS, ids=[block.place for block in BLOCKS])
def test_it_works_as_it_stands(block: Block, tmp_path: Path) -> None:
    assert faults_of(block, tmp_path) == []


def test_a_block_that_nobody_knows_is_found(tmp_path: Path) -> None:
    (said,) = faults_of(Block("docs/a.md", 7, "yaml", "colour: blue\n"), tmp_path)
    assert said.startswith("docs/a.md:7: no kind of tests/page_yaml.py fits")


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("title: A\nwhen: {any: [gaming industry]}\nseverity: hihg\n", "watchlist", "unknown severity 'hihg'"),
        ("receivers: [{name: desk, terminal: {}}]\nroute: {to: dsek}\n", "routes", "unknown receiver 'dsek'"),
        ("sources: [{url: example.com}]\n", "sources", "begins with https://"),
        ("apiVersion: v1\nkind: Service\n", "Kubernetes", "metadata.name"),
        (
            "title: A\nwhen: {any: [gaming industry]}\ntests: [{name: x, item: {title: Nothing}, alert: true}, {name: y, item: {title: No}, alert: false}]\n",
            "watchlist",
            "x: ",
        ),
    ],
)
def test_what_is_wrong_in_a_block_is_found(text: str, kind: str, words: str, tmp_path: Path) -> None:
    block = Block("docs/a.md", 7, "yaml", text)
    found = kind_of(block)
    assert found is not None
    assert found.name == kind
    assert any(words in said for said in faults_of(block, tmp_path))
