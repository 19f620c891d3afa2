"""PDFs handed in, drawn page by page; those handed in before are drawn too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("file_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=10), nullable=False),
        sa.Column("page_count", sa.Integer(), nullable=False),
        sa.Column("pictures", sa.JSON(), nullable=False),
        sa.Column("drawn_id", sa.String(length=40), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["answer_file.id"], name=op.f("fk_document_file_id_answer_file")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_drawn_id"), "document", ["drawn_id"], unique=False)
    op.create_index(
        op.f("ix_document_waiting"),
        "document",
        ["next_try_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.execute(
        "INSERT INTO document (file_id, state, reason, page_count, pictures, tries, next_try_at)"
        " SELECT id, 'waiting', '', 0, '[]', 0, received_at FROM answer_file"
        " WHERE media_type = 'application/pdf' AND stored_id IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_table("document")
