"""When each digest was first configured, and for which of its times it was told last. Begins empty: no digest is told for a time before."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0008"
down_revision: Final[str | None] = "0006"


def upgrade() -> None:
    op.create_table(
        "digest_times",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.Column("told_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_digest_times")),
    )


def downgrade() -> None:
    """Drop the times. What waits for a digest waits on; a time that passes meanwhile has no digest."""
    op.drop_table("digest_times")
