"""The spacing that a host's robots.txt asks for, and the way to the sources that are leased."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final[str | None] = "0001"


def upgrade() -> None:
    op.add_column("hosts", sa.Column("crawl_delay_s", sa.Double(), nullable=True))
    leased = sa.text("lease_until > 0")
    op.create_index("ix_feeds_leased", "feeds", ["lease_until"], sqlite_where=leased, postgresql_where=leased)
