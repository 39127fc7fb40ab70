"""The search index, and what retention asks for. The index begins empty: every archived report is put on the list of those that are due."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import OperationalError

from newswire.errors import NewswireError

revision: Final = "0005"
down_revision: Final[str | None] = "0004"

_WORDS_ON_SQLITE: Final = "CREATE VIRTUAL TABLE search_words USING fts5(words, tokenize='ascii', columnsize=0)"
_WORDS_ON_POSTGRESQL: Final = (
    "CREATE TABLE search_words (row_id BIGINT NOT NULL CONSTRAINT pk_search_words PRIMARY KEY, words TSVECTOR NOT NULL)",
    "CREATE INDEX ix_search_words_words ON search_words USING gin (words)",
)


def upgrade() -> None:
    op.create_table(
        "search",
        sa.Column("row_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("item_id", sa.String(length=32), nullable=False),
        sa.Column("dated_at", sa.Double(), nullable=False),
        sa.Column("label", sa.String(length=16), nullable=False),
        sa.Column("countries", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_search")),
        sa.UniqueConstraint("item_id", name=op.f("uq_search_item_id")),
    )
    op.create_index(op.f("ix_search_dated_at"), "search", ["dated_at"])
    op.create_table(
        "search_due",
        sa.Column("item_id", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.String(length=16), nullable=False),
        sa.Column("basis", sa.String(length=8), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("item_id", "revision", "basis", "final", name=op.f("pk_search_due")),
    )
    op.create_index(op.f("ix_search_due_at"), "search_due", ["at"])
    _create_words()
    op.add_column("archive", sa.Column("whole", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_index(
        "ix_archive_whole",
        "archive",
        ["archived_at"],
        sqlite_where=sa.text("whole IS 1"),
        postgresql_where=sa.text("whole IS true"),
    )
    op.create_index(op.f("ix_decisions_decided_at"), "decisions", ["decided_at"])
    op.create_index(
        "ix_outbox_unpublished",
        "outbox",
        ["settled_at"],
        sqlite_where=sa.text("published IS 0"),
        postgresql_where=sa.text("published IS false"),
    )
    op.add_column("matches", sa.Column("countries", sa.Text(), nullable=True))
    # Keys only, moved inside the database: the active alerter reads the reports themselves, a few at a time, while it works.
    op.execute(
        "INSERT INTO search_due (item_id, revision, basis, final, at) SELECT item_id, revision, basis, final, archived_at FROM archive"
    )


def _create_words() -> None:
    if op.get_bind().dialect.name != "sqlite":
        for statement in _WORDS_ON_POSTGRESQL:
            op.execute(statement)
        return
    try:
        op.execute(_WORDS_ON_SQLITE)
    except OperationalError as error:
        if "no such module" not in str(error.orig):
            raise
        raise NewswireError(
            "the SQLite of this Python was built without FTS5, which `newswire search` needs; use another Python, or PostgreSQL"
        ) from error


def downgrade() -> None:
    """Drop the index, which can be made anew from the archive, and the countries of matches. Texts that retention took out stay out."""
    op.drop_column("matches", "countries")
    op.drop_index("ix_outbox_unpublished", "outbox")
    op.drop_index(op.f("ix_decisions_decided_at"), "decisions")
    op.drop_index("ix_archive_whole", "archive")
    op.drop_column("archive", "whole")
    op.drop_table("search_words")
    op.drop_table("search_due")
    op.drop_table("search")
