"""Every SQL block of every page runs: the roles and rights, the index made anew, and each way back, after which `newswire migrate` goes forward again."""

import re
import sqlite3
from pathlib import Path
from typing import Final

import pytest

from newswire.store import open_store
from newswire.store.engine import migrate
from tests.pages import Block, all_blocks
from tests.servers.postgres import PostgresServer

pytestmark = [pytest.mark.acceptance]

BLOCKS: Final = all_blocks("sql")
_GOES_BACK: Final = re.compile(r"version_num = '(\d+)'")
_ROLES: Final = "docs/kafka-postgresql.md"


def ways_back() -> list[Block]:
    """The blocks that set an older revision, from the newest on."""
    return sorted((block for block in BLOCKS if _GOES_BACK.search(block.text)), key=lambda block: -int(_GOES_BACK.findall(block.text)[0]))


def others() -> list[Block]:
    return [block for block in BLOCKS if block not in ways_back() and block.page != _ROLES]


def test_there_is_a_block_of_each_kind() -> None:
    assert len(ways_back()) >= 4
    assert others()
    assert [block.page for block in BLOCKS].count(_ROLES) == 2


def test_on_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'newswire.sqlite3'}"
    migrate(url)
    for block in (*others(), *ways_back()):
        connection = sqlite3.connect(tmp_path / "newswire.sqlite3")
        try:
            connection.executescript(block.text)
        except sqlite3.Error as error:
            pytest.fail(f"{block.place}: {error}")
        finally:
            connection.close()
    migrate(url)
    open_store(url).close()  # refuses another revision than its own


@pytest.mark.servers
@pytest.mark.timeout(120)
def test_on_postgresql(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    name = url.rpartition("/")[2]
    migrate(url)
    for block in (*others(), *ways_back()):
        postgres.run_sql(block.text, database=name)
    migrate(url)
    open_store(url).close()


@pytest.mark.servers
@pytest.mark.timeout(120)
def test_the_roles_and_rights(postgres: PostgresServer) -> None:
    making, granting = (block.text for block in BLOCKS if block.page == _ROLES)
    # The server of the tests has a role `newswire` of its own.
    for statement in making.replace("newswire", "newswire_docs").split(";"):
        if statement.strip():
            postgres.run_sql(statement)
    owner = f"postgresql+psycopg://newswire_docs@127.0.0.1:{postgres.port}/newswire_docs"
    migrate(owner)
    postgres.run_sql(f"SET ROLE newswire_docs; {granting.replace('CREATE ROLE', 'RESET ROLE; CREATE ROLE')}", database="newswire_docs")
    stages = f"postgresql+psycopg://newswire_stages@127.0.0.1:{postgres.port}/newswire_docs"
    store = open_store(stages)
    with store.begin() as connection:
        connection.exec_driver_sql("DELETE FROM silences")
    store.close()
