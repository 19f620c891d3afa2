"""Attempts granted to one person, or to a cohort, besides those that a quiz allows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("item_dates", sa.Column("extra_attempts", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("item_dates", "extra_attempts")
