"""When a row of progress was last written, whoever wrote it; indexes that others contain are gone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_CONTAINED = (
    ("attempt", "person_id"),
    ("enrolment", "person_id"),
    ("search_entry", "programme"),
    ("study_group", "cohort_id"),
)


def upgrade() -> None:
    op.add_column("item_progress", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE item_progress SET changed_at = touched_at")
    with op.batch_alter_table("item_progress") as batch:
        batch.alter_column("changed_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    op.create_index("ix_item_progress_changed_at", "item_progress", ["changed_at"], unique=False)
    for table, column in _CONTAINED:
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)


def downgrade() -> None:
    for table, column in _CONTAINED:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
    op.drop_index("ix_item_progress_changed_at", table_name="item_progress")
    op.drop_column("item_progress", "changed_at")
