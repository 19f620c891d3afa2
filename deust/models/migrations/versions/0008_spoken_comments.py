"""Comments that markers record, sent part by part like any file; uploads know who sends them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SENDER = "(SELECT person_id FROM attempt WHERE attempt.id = upload.attempt_id)"


def upgrade() -> None:
    _make_spoken_comment()
    op.add_column("upload", sa.Column("person_id", sa.Integer(), nullable=True))
    op.execute(f"UPDATE upload SET person_id = {_SENDER}")  # noqa: S608
    with op.batch_alter_table("upload") as table:
        table.add_column(sa.Column("copy_id", sa.Integer(), nullable=True))
        table.alter_column("attempt_id", existing_type=sa.Integer(), nullable=True)
        table.alter_column("person_id", existing_type=sa.Integer(), nullable=False)
        table.create_foreign_key(op.f("fk_upload_person_id_person"), "person", ["person_id"], ["id"])
        table.create_foreign_key(op.f("fk_upload_copy_id_copy"), "copy", ["copy_id"], ["id"])
        table.create_check_constraint(op.f("ck_upload_one_place"), "(attempt_id IS NULL) <> (copy_id IS NULL)")
        table.create_index(op.f("ix_upload_person_id"), ["person_id"], unique=False)
        table.create_index(op.f("ix_upload_copy_id"), ["copy_id"], unique=False)
    with op.batch_alter_table("sound") as table:
        table.drop_constraint(op.f("fk_sound_file_id_answer_file"), type_="foreignkey")


def _make_spoken_comment() -> None:
    op.create_table(
        "spoken_comment",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("copy_id", sa.Integer(), nullable=False),
        sa.Column("marker_id", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stored_id", sa.String(length=40), nullable=True),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["copy_id"], ["copy.id"], name=op.f("fk_spoken_comment_copy_id_copy")),
        sa.ForeignKeyConstraint(["marker_id"], ["person.id"], name=op.f("fk_spoken_comment_marker_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spoken_comment")),
    )
    for name in ("copy_id", "kept_until", "marker_id", "stored_id"):
        op.create_index(op.f(f"ix_spoken_comment_{name}"), "spoken_comment", [name], unique=False)


def downgrade() -> None:
    """Spoken comments go, with what was made of them: the tables before have no place for them."""
    op.execute("DELETE FROM sound WHERE file_id NOT IN (SELECT id FROM answer_file)")
    with op.batch_alter_table("sound") as table:
        table.create_foreign_key(op.f("fk_sound_file_id_answer_file"), "answer_file", ["file_id"], ["id"])
    op.execute("DELETE FROM upload WHERE attempt_id IS NULL")
    with op.batch_alter_table("upload") as table:
        for name in ("copy_id", "person_id"):
            table.drop_index(op.f(f"ix_upload_{name}"))
        table.drop_constraint(op.f("ck_upload_one_place"), type_="check")
        table.drop_constraint(op.f("fk_upload_copy_id_copy"), type_="foreignkey")
        table.drop_constraint(op.f("fk_upload_person_id_person"), type_="foreignkey")
        table.drop_column("copy_id")
        table.drop_column("person_id")
        table.alter_column("attempt_id", existing_type=sa.Integer(), nullable=False)
    op.drop_table("spoken_comment")
