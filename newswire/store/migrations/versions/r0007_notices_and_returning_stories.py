"""What notices look for in the outbox, and what told stories can be known by when they return. Stories told before have no marks."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0007"
down_revision: Final[str | None] = "0006"


def upgrade() -> None:
    op.create_index(
        "ix_outbox_repeated",
        "outbox",
        ["settled_at"],
        sqlite_where=sa.text("outcome = 'repeated'"),
        postgresql_where=sa.text("outcome = 'repeated'"),
    )
    op.create_table(
        "story_marks",
        sa.Column("mark", sa.String(length=80), nullable=False),
        sa.Column("story_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("mark", "story_id", name=op.f("pk_story_marks")),
    )
    op.create_index(op.f("ix_story_marks_mark_at"), "story_marks", ["mark", "at"])
    op.create_index(op.f("ix_story_marks_story_id"), "story_marks", ["story_id"])


def downgrade() -> None:
    """Drop the index and the marks; stories that return are then told without a word of the old one."""
    op.drop_table("story_marks")
    op.drop_index("ix_outbox_repeated", "outbox")
