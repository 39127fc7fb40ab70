"""What is gathered for digests, the digests that told it, and the marks by which a digest proves the watch. They begin empty."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0006"
down_revision: Final[str | None] = "0005"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("gathered_for", sa.String(length=80), nullable=True))
    op.add_column("outbox", sa.Column("gathered_at", sa.Double(), nullable=True))
    op.add_column("outbox", sa.Column("gather_reason", sa.String(length=16), nullable=True))
    op.add_column("outbox", sa.Column("digest_id", sa.String(length=32), nullable=True))
    op.create_index(op.f("ix_outbox_receiver_created_at"), "outbox", ["receiver", "created_at"])
    _create_index("ix_outbox_gathered", "gathered_for", "gathered_for IS NOT NULL AND digest_id IS NULL")
    _create_index("ix_outbox_digest", "digest_id", "digest_id IS NOT NULL")
    _create_index("ix_outbox_bulletins", "settled_at", "kind IN ('digest', 'notice')")
    op.create_table(
        "watch_marks",
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("sources", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("queue_s", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("at", name=op.f("pk_watch_marks")),
    )


def _create_index(name: str, column: str, where: str) -> None:
    op.create_index(name, "outbox", [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    """Drop the marks, and let what waits for a digest be told at once: that it was gathered, and by which digest it was told, is lost."""
    op.execute("UPDATE outbox SET state = 'new', reason = NULL WHERE state = 'gathered'")
    op.drop_table("watch_marks")
    for name in ("ix_outbox_bulletins", "ix_outbox_digest", "ix_outbox_gathered", "ix_outbox_receiver_created_at"):
        op.drop_index(name, "outbox")
    for column in ("digest_id", "gather_reason", "gathered_at", "gathered_for"):
        op.drop_column("outbox", column)
