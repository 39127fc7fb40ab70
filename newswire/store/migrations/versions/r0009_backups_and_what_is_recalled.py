"""When the last backup ended well, and, after a restore, what receivers were told that the restored store does not know. Begins empty."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0009"
down_revision: Final[str | None] = "0008"


def upgrade() -> None:
    op.create_table(
        "marks",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_marks")),
    )
    op.create_table(
        "recalled",
        sa.Column("receiver", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("receiver", "item", name=op.f("pk_recalled")),
    )
    op.create_index(op.f("ix_recalled_at"), "recalled", ["at"])


def downgrade() -> None:
    """Drop both. What a restored store has not read back yet may be told again."""
    op.drop_table("recalled")
    op.drop_table("marks")
