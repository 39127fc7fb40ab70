"""What each watchlist matched, told or held: one row for each report. It begins empty: decisions of before are not counted."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final[str | None] = "0002"


def upgrade() -> None:
    op.create_table(
        "matches",
        sa.Column("watchlist", sa.String(length=64), nullable=False),
        sa.Column("item_id", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.String(length=16), nullable=False),
        sa.Column("basis", sa.String(length=8), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("story_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("content_hash", sa.String(length=12), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("watchlist", "item_id", "revision", "basis", "final", name=op.f("pk_matches")),
    )
    op.create_index(op.f("ix_matches_at"), "matches", ["at"])
    op.create_index(op.f("ix_matches_story_id"), "matches", ["story_id"])
    op.create_index(op.f("ix_matches_watchlist_at"), "matches", ["watchlist", "at"])


def downgrade() -> None:
    """Drop the table: nothing that decides or tells reads it, so only the counts and the lists of staged matches are lost."""
    op.drop_table("matches")
