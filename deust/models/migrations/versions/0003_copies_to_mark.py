"""Copies to mark, what markers write, what is released; attempts that already wait for a marker get their copy."""

from __future__ import annotations

import secrets
from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ATTEMPT = sa.table(
    "attempt",
    *(sa.column(name) for name in ("id", "person_id", "item_ref", "out_of", "awaiting")),
    sa.column("settings", sa.JSON()),
    sa.column("closed_at", sa.DateTime(timezone=True)),
)
_COPY = sa.table(
    "copy",
    *(
        sa.column(name)
        for name in (
            "public_id",
            "attempt_id",
            "person_id",
            "item_ref",
            "title",
            "code",
            "out_of",
            "late_days",
            "state",
        )
    ),
    sa.column("handed_in_at", sa.DateTime(timezone=True)),
    sa.column("due_back_at", sa.DateTime(timezone=True)),
    sa.column("terms", sa.JSON()),
    sa.column("declaration", sa.JSON()),
    sa.column("needs_third", sa.Boolean()),
)


def upgrade() -> None:
    op.create_table(
        "frozen_grid",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_frozen_grid")),
    )
    op.create_table(
        "phrase",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tutor_id", sa.Integer(), nullable=False),
        sa.Column("item_ref", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tutor_id"], ["person.id"], name=op.f("fk_phrase_tutor_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phrase")),
        sa.UniqueConstraint("tutor_id", "item_ref", "text", name=op.f("uq_phrase_tutor_id_item_ref_text")),
    )
    op.create_table(
        "copy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("item_ref", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("handed_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_back_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("out_of", sa.String(length=80), nullable=False),
        sa.Column("late_days", sa.Integer(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=True),
        sa.Column("grid_hash", sa.String(length=64), nullable=True),
        sa.Column("declaration", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("assigned_to", sa.Integer(), nullable=True),
        sa.Column("claimed_by", sa.Integer(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("needs_third", sa.Boolean(), nullable=False),
        sa.Column("release_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resubmit_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["assigned_to"], ["person.id"], name=op.f("fk_copy_assigned_to_person")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_copy_attempt_id_attempt")),
        sa.ForeignKeyConstraint(["claimed_by"], ["person.id"], name=op.f("fk_copy_claimed_by_person")),
        sa.ForeignKeyConstraint(["grid_hash"], ["frozen_grid.hash"], name=op.f("fk_copy_grid_hash_frozen_grid")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_copy_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copy")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_copy_attempt_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_copy_public_id")),
    )
    op.create_index(op.f("ix_copy_assigned_to"), "copy", ["assigned_to"], unique=False)
    op.create_index(op.f("ix_copy_item_ref"), "copy", ["item_ref"], unique=False)
    op.create_index(op.f("ix_copy_person_id"), "copy", ["person_id"], unique=False)
    op.create_index("ix_copy_release_at", "copy", ["release_at"], unique=False)
    op.create_index("ix_copy_state_handed_in", "copy", ["state", "handed_in_at"], unique=False)
    op.create_table(
        "marking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("copy_id", sa.Integer(), nullable=False),
        sa.Column("marker_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_ready", sa.Boolean(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("mark", sa.String(length=80), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["copy_id"], ["copy.id"], name=op.f("fk_marking_copy_id_copy")),
        sa.ForeignKeyConstraint(["marker_id"], ["person.id"], name=op.f("fk_marking_marker_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marking")),
        sa.UniqueConstraint("copy_id", "marker_id", name=op.f("uq_marking_copy_id_marker_id")),
        sa.UniqueConstraint("copy_id", "place", name=op.f("uq_marking_copy_id_place")),
    )
    op.create_table(
        "marking_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("copy_id", sa.Integer(), nullable=False),
        sa.Column("marker_id", sa.Integer(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["copy_id"], ["copy.id"], name=op.f("fk_marking_event_copy_id_copy")),
        sa.ForeignKeyConstraint(["marker_id"], ["person.id"], name=op.f("fk_marking_event_marker_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marking_event")),
    )
    op.create_index("ix_marking_event_copy", "marking_event", ["copy_id", "id"], unique=False)

    op.create_table(
        "released_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("copy_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(length=80), nullable=False),
        sa.Column("out_of", sa.String(length=80), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_released_mark_by_person")),
        sa.ForeignKeyConstraint(["copy_id"], ["copy.id"], name=op.f("fk_released_mark_copy_id_copy")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_released_mark")),
        sa.UniqueConstraint("copy_id", "version", name=op.f("uq_released_mark_copy_id_version")),
    )
    op.create_table(
        "review_request",
        sa.Column("copy_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_review_request_answered_by_person")),
        sa.ForeignKeyConstraint(["copy_id"], ["copy.id"], name=op.f("fk_review_request_copy_id_copy")),
        sa.PrimaryKeyConstraint("copy_id", name=op.f("pk_review_request")),
    )
    _copies_of_waiting_attempts()


def _copies_of_waiting_attempts() -> None:
    connection = op.get_bind()
    waiting = connection.execute(sa.select(_ATTEMPT).where(_ATTEMPT.c.closed_at.is_not(None), _ATTEMPT.c.awaiting > 0))
    rows = [
        {
            "public_id": secrets.token_hex(16),
            "attempt_id": row.id,
            "person_id": row.person_id,
            "item_ref": row.item_ref,
            "title": row.settings["title"],
            "code": secrets.token_hex(3).upper(),
            "handed_in_at": row.closed_at,
            "due_back_at": row.closed_at + timedelta(days=15),
            "out_of": row.out_of,
            "late_days": 0,
            "terms": None,
            "declaration": {},
            "state": "to-mark",
            "needs_third": False,
        }
        for row in waiting
    ]
    if rows:
        connection.execute(sa.insert(_COPY), rows)


def downgrade() -> None:
    for table in ("review_request", "released_mark", "marking_event", "marking", "copy", "phrase", "frozen_grid"):
        op.drop_table(table)
