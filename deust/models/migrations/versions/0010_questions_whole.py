"""What was read of an exchange, who holds it, what it is about inside a paper; attempts looked at by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)

_ANSWERED_SIZE = """
UPDATE message_thread SET answered_size = (
    SELECT count(*) FROM message WHERE message.thread_id = message_thread.id AND message.id <= (
        SELECT max(answer.id) FROM message AS answer
        WHERE answer.thread_id = message_thread.id AND answer.is_answer))
"""
_READ_BEFORE = """
INSERT INTO message_reading (person_id, thread_id, seen, read_at)
SELECT message_thread.person_id, message_thread.id, message_thread.answered_size, message_digest.told_at
FROM message_thread JOIN message_digest ON message_digest.person_id = message_thread.person_id
WHERE message_thread.answered_at IS NOT NULL AND message_digest.told_at >= message_thread.answered_at
"""


def upgrade() -> None:
    op.add_column("message_thread", sa.Column("question_key", sa.String(length=20), nullable=True))
    op.add_column("message_thread", sa.Column("answered_size", sa.Integer(), server_default="0", nullable=False))
    op.execute(_ANSWERED_SIZE)
    _readings()
    op.execute(_READ_BEFORE)
    _holders()
    _asides()


def _readings() -> None:
    op.create_table(
        "message_reading",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("read_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_message_reading_person_id_person")),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["message_thread.id"], name=op.f("fk_message_reading_thread_id_message_thread")
        ),
        sa.PrimaryKeyConstraint("person_id", "thread_id", name=op.f("pk_message_reading")),
    )
    op.create_index(op.f("ix_message_reading_thread_id"), "message_reading", ["thread_id"], unique=False)


def _holders() -> None:
    op.create_table(
        "message_holder",
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("given_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_message_holder_by_id_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_message_holder_person_id_person")),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["message_thread.id"], name=op.f("fk_message_holder_thread_id_message_thread")
        ),
        sa.PrimaryKeyConstraint("thread_id", name=op.f("pk_message_holder")),
    )


def _asides() -> None:
    op.create_table(
        "remarking_aside",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("concern", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("put_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_remarking_aside_attempt_id_attempt")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_remarking_aside_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remarking_aside")),
        sa.UniqueConstraint("attempt_id", "concern", name=op.f("uq_remarking_aside_attempt_id_concern")),
    )


def downgrade() -> None:
    for table in ("remarking_aside", "message_holder", "message_reading"):
        op.drop_table(table)
    op.drop_column("message_thread", "answered_size")
    op.drop_column("message_thread", "question_key")
