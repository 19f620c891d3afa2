"""The points of an attempt in one row a version, instead of one a question."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BATCH = 1_000

_OLD = sa.table(
    "question_mark",
    *(sa.column(name) for name in ("attempt_id", "question_key", "version", "points", "out_of", "marker_id", "reason")),
    sa.column("marked_at", sa.DateTime(timezone=True)),
)
_NEW = sa.table(
    "attempt_marks",
    *(sa.column(name) for name in ("attempt_id", "version", "marker_id", "reason")),
    sa.column("points", sa.JSON()),
    sa.column("marked_at", sa.DateTime(timezone=True)),
)
_ATTEMPT = sa.table("attempt", sa.column("id"), sa.column("paper", sa.JSON()))
_FROZEN = sa.table("frozen_question", sa.column("hash"), sa.column("body", sa.JSON()))
_COMMON = ("attempt_id", "version", "marker_id", "reason", "marked_at")


def upgrade() -> None:
    op.create_table(
        "attempt_marks",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("marker_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_attempt_marks_attempt_id_attempt")),
        sa.ForeignKeyConstraint(["marker_id"], ["person.id"], name=op.f("fk_attempt_marks_marker_id_person")),
        sa.PrimaryKeyConstraint("attempt_id", "version", name=op.f("pk_attempt_marks")),
    )
    _gather()
    op.drop_table("question_mark")


def _gather() -> None:
    """One row of points from the marks of each version of each attempt."""
    connection = op.get_bind()
    rows = connection.execute(sa.select(_OLD).order_by(_OLD.c.attempt_id, _OLD.c.version))
    gathered: dict[tuple[int, int], dict[str, object]] = {}
    for row in rows:
        kept = gathered.setdefault(
            (row.attempt_id, row.version), {name: getattr(row, name) for name in _COMMON} | {"points": {}}
        )
        kept["points"][row.question_key] = row.points
    values = list(gathered.values())
    for start in range(0, len(values), _BATCH):
        connection.execute(sa.insert(_NEW), values[start : start + _BATCH])


def downgrade() -> None:
    op.create_table(
        "question_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("question_key", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("points", sa.String(length=80), nullable=True),
        sa.Column("out_of", sa.String(length=80), nullable=False),
        sa.Column("marker_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_question_mark_attempt_id_attempt")),
        sa.ForeignKeyConstraint(["marker_id"], ["person.id"], name=op.f("fk_question_mark_marker_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_mark")),
        sa.UniqueConstraint(
            "attempt_id", "question_key", "version", name=op.f("uq_question_mark_attempt_id_question_key_version")
        ),
    )
    _spread()
    op.drop_table("attempt_marks")


def _spread() -> None:
    """One mark a question again; what a question is out of comes from the paper."""
    connection = op.get_bind()
    worth = {row.hash: row.body["points"] for row in connection.execute(sa.select(_FROZEN))}
    rows = connection.execute(sa.select(_NEW, _ATTEMPT.c.paper).join(_ATTEMPT, _ATTEMPT.c.id == _NEW.c.attempt_id))
    values = [
        {
            **{name: getattr(row, name) for name in _COMMON},
            "question_key": entry["key"],
            "points": row.points[entry["key"]],
            "out_of": worth[entry["hash"]],
        }
        for row in rows
        for entry in row.paper
        if entry["key"] in row.points
    ]
    for start in range(0, len(values), _BATCH):
        connection.execute(sa.insert(_OLD), values[start : start + _BATCH])
