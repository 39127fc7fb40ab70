"""The spacing that a host's robots.txt asks for."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final[str | None] = "0001"


def upgrade() -> None:
    op.add_column("hosts", sa.Column("crawl_delay_s", sa.Double(), nullable=True))
