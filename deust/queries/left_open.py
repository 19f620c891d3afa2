"""Attempts still open at what left their person's programme: no list of activities leads to them any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from deust.domain.learning import Kind
from deust.domain.people import SignedIn
from deust.domain.progress import Progress
from deust.models.quizzes import Attempt

_OPEN = (
    select(Attempt.public_id, Attempt.settings, Attempt.deadline_at)
    .where(
        Attempt.person_id == bindparam("person_id"),
        Attempt.public_id.in_(bindparam("public_ids", expanding=True)),
        Attempt.closed_at.is_(None),
    )
    .order_by(Attempt.id)
)


@dataclass(frozen=True, kw_only=True)
class LeftOpen:
    """An attempt, named as when it was begun; `ends_at` is when the clock closes it, if it does."""

    title: str
    url: str
    ends_at: datetime | None


def left_open(connection: Connection, *, learner: SignedIn, progress: Progress) -> tuple[LeftOpen, ...]:
    """The oldest first; nothing is asked of the database unless there is one."""
    away = [
        standing.open_attempt
        for ref, standing in progress.standings.items()
        if standing.open_attempt is not None and progress.programme.find_item(ref) is None
    ]
    if not away:
        return ()
    rows = connection.execute(_OPEN, {"person_id": learner.person_id, "public_ids": away}).all()
    return tuple(
        LeftOpen(
            title=row.settings["title"],
            url=f"/devoirs/{row.public_id}"
            if row.settings.get("kind") == Kind.ASSIGNMENT.value
            else f"/essais/{row.public_id}/questions/1",
            ends_at=row.deadline_at,
        )
        for row in rows
    )
