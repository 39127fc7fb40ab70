"""Silences that people make by command, and which of them held a match. It begins empty."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0004"
down_revision: Final[str | None] = "0003"


def upgrade() -> None:
    op.create_table(
        "silences",
        sa.Column("silence_id", sa.String(length=12), nullable=False),
        sa.Column("matchers", sa.Text(), nullable=False),
        sa.Column("below", sa.String(length=8), nullable=True),
        sa.Column("begins_at", sa.Double(), nullable=False),
        sa.Column("ends_at", sa.Double(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expired_at", sa.Double(), nullable=True),
        sa.Column("expired_by", sa.Text(), nullable=True),
        sa.Column("warned_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("silence_id", name=op.f("pk_silences")),
    )
    op.create_index(op.f("ix_silences_ends_at"), "silences", ["ends_at"])
    op.add_column("matches", sa.Column("silence_id", sa.String(length=12), nullable=True))
    held = sa.text("silence_id IS NOT NULL")
    op.create_index("ix_matches_silenced", "matches", ["silence_id"], sqlite_where=held, postgresql_where=held)


def downgrade() -> None:
    """Drop the silences: what they hold is told again from here on, and which silence held a match is lost."""
    op.drop_index("ix_matches_silenced", "matches")
    op.drop_column("matches", "silence_id")
    op.drop_table("silences")
