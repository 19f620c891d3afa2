"""Uploads that resume, files stored once, and what is made of recordings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("answer_file") as table:
        table.add_column(sa.Column("stored_id", sa.String(length=40), nullable=True))
        table.add_column(sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True))
        table.create_index(op.f("ix_answer_file_stored_id"), ["stored_id"], unique=False)
        table.create_index(op.f("ix_answer_file_sha256"), ["sha256"], unique=False)
        table.create_index(op.f("ix_answer_file_kept_until"), ["kept_until"], unique=False)
    op.execute("UPDATE answer_file SET stored_id = id")
    _make_upload()
    _make_sound()


def _make_upload() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("question_key", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("beginning", sa.String(length=64), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("file_id", sa.String(length=40), nullable=True),
        sa.Column("counted_by", sa.String(length=10), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_upload_attempt_id_attempt")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("public_id", name=op.f("uq_upload_public_id")),
    )
    op.create_index(op.f("ix_upload_attempt_id"), "upload", ["attempt_id"], unique=False)
    op.create_index(
        op.f("ix_upload_open"),
        "upload",
        ["touched_at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _make_sound() -> None:
    op.create_table(
        "sound",
        sa.Column("file_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("peaks", sa.JSON(), nullable=False),
        sa.Column("converted_id", sa.String(length=40), nullable=True),
        sa.Column("converted_size", sa.Integer(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["answer_file.id"], name=op.f("fk_sound_file_id_answer_file")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_sound")),
    )
    op.create_index(op.f("ix_sound_converted_id"), "sound", ["converted_id"], unique=False)
    op.create_index(
        op.f("ix_sound_waiting"),
        "sound",
        ["next_try_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )


def downgrade() -> None:
    op.drop_table("sound")
    op.drop_table("upload")
    with op.batch_alter_table("answer_file") as table:
        for name in ("kept_until", "sha256", "stored_id"):
            table.drop_index(op.f(f"ix_answer_file_{name}"))
        table.drop_column("kept_until")
        table.drop_column("stored_id")
