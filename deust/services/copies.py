"""The copy that a marker will read: made by the hand-in itself, in its transaction."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from deust.domain import assignments, rubric
from deust.domain.assignments import CopyState
from deust.domain.learning import Assignment, Quiz
from deust.domain.people import DEFAULT_ZONE
from deust.domain.rubric import Grid
from deust.models.assignments import Copy, FrozenGrid, Marking
from deust.models.quizzes import Answer, Attempt
from deust.models.rows import insert_into
from deust.queries.item_dates import dates_for

_JUST_BEFORE = timedelta(microseconds=1)
_INSERT = insert(Copy)
_LAST_SAVE = select(func.max(Answer.saved_at)).where(Answer.attempt_id == bindparam("attempt_id"), Answer.version > 0)
_HOLD = (
    select(Copy.id)
    .join(Attempt, Attempt.id == Copy.attempt_id)
    .where(Attempt.public_id == bindparam("public_id"))
    .with_for_update(of=Copy)
)


def open_copy(
    session: Session,
    *,
    attempt_id: int,
    person_id: int,
    item_ref: str,
    settings: Mapping[str, Any],
    out_of: Fraction,
    closes_at: datetime | None,
    quiz: Quiz | None,
    closed_at: datetime,
    by_clock: bool,
    declaration: Mapping[str, Any],
) -> None:
    """Put a closed attempt among what is to mark.

    An assignment that the clock closed counts from its last change, not from the closing: a draft finished in time is
    not late.
    """
    handed_in_at = last_save(session, attempt_id) or closed_at if by_clock else closed_at
    kept = settings if quiz is None else kept_terms(session, quiz)
    terms = kept.get("terms")
    turnaround = terms["turnaround_days"] if terms else assignments.DEFAULT_TURNAROUND_DAYS
    copy = {
        "public_id": secrets.token_hex(16),
        "attempt_id": attempt_id,
        "person_id": person_id,
        "item_ref": item_ref,
        "title": settings["title"],
        "code": secrets.token_hex(3).upper(),
        "handed_in_at": handed_in_at,
        "due_back_at": assignments.due_back(handed_in_at, turnaround),
        "out_of": out_of,
        "late_days": _late_days(session, person_id, quiz, closes_at, handed_in_at),
        "terms": terms,
        "grid_hash": kept.get("grids"),
        "declaration": dict(declaration),
        "state": CopyState.TO_MARK.value,
    }
    session.connection().execute(_INSERT, [copy])


def kept_terms(session: Session, quiz: Quiz) -> dict[str, Any]:
    """What an assignment promises, and the grids that rate it or a question of a quiz, to keep with an attempt: it is
    marked under what is published the day that it is handed in, or under this once it left the courses.
    """
    kept: dict[str, Any] = {}
    if isinstance(quiz, Assignment):
        kept["terms"] = assignments.terms_to_json(quiz.terms)
    if quiz.marked_with:
        kept["grids"] = keep_grids(session, quiz.marked_with)
    return kept


def last_save(session: Session, attempt_id: int) -> datetime | None:
    """When the person last wrote in the attempt; None when they never did."""
    return session.connection().execute(_LAST_SAVE, {"attempt_id": attempt_id}).scalar()


def count_late_again(session: Session, *, assignment: Assignment, person_ids: Sequence[int] | Select[Any]) -> None:
    """The days late of these persons' copies that are not given back, after the dates as they are now: more time given
    once a work was handed in counts too. Never more days than before.
    """
    late = (
        select(Copy.id, Copy.person_id, Copy.handed_in_at, Copy.late_days, Attempt.closes_at)
        .join(Attempt, Attempt.id == Copy.attempt_id)
        .where(
            Copy.item_ref.in_(assignment.refs),
            Copy.person_id.in_(person_ids),
            Copy.late_days > 0,
            Copy.state != CopyState.RELEASED.value,
        )
        .order_by(Copy.public_id)
        .with_for_update(of=Copy)
    )
    for row in session.execute(late).all():
        days = _late_days(session, row.person_id, assignment, row.closes_at, row.handed_in_at)
        session.execute(update(Copy).where(Copy.id == row.id).values(late_days=min(days, row.late_days)))


def _late_days(
    session: Session, person_id: int, quiz: Quiz | None, closes_at: datetime | None, handed_in_at: datetime
) -> int:
    """Days late in the student's own time zone, after the date that they read: how long late work is accepted may have
    changed since the draft was begun. Who left the cohort has the closing of their draft. What was taken after the
    closing, within the grace or because its file was begun in time, came in time for it.
    """
    if not isinstance(quiz, Assignment):
        return 0
    dates, calendar = dates_for(session.connection(), item=quiz, person_id=person_id)
    zone = calendar.time_zone if calendar else DEFAULT_ZONE
    came_at = min(handed_in_at, closes_at - _JUST_BEFORE) if closes_at else handed_in_at
    return assignments.days_late(dates.due_at if calendar else closes_at, came_at, zone)


def hold_copy(session: Session, attempt_public_id: str) -> None:
    """Hold the copy of an attempt, if there is one, before the attempt itself: a release holds them in this order."""
    session.connection().execute(_HOLD, {"public_id": attempt_public_id}).all()


def reopen_copy(session: Session, attempt_id: int) -> bool:
    """Put a copy back among what is to mark, for whoever had finished it too: what they marked was not whole. What was
    released stays readable. False when there is none.
    """
    copy_id = session.scalar(select(Copy.id).where(Copy.attempt_id == attempt_id))
    if copy_id is None:
        return False
    begun = session.execute(update(Marking).where(Marking.copy_id == copy_id).values(is_ready=False))
    state = CopyState.DRAFT if begun.rowcount else CopyState.TO_MARK  # type: ignore[attr-defined]
    session.execute(update(Copy).where(Copy.id == copy_id).values(state=state.value, release_at=None))
    return True


def keep_grids(session: Session, grids: Mapping[str, Grid]) -> str:
    """Write the grids of an activity under their hash, unless they are there; gives the hash."""
    hash_ = rubric.set_hash(grids)
    values = {"hash": hash_, "body": rubric.set_to_json(grids)}
    session.execute(insert_into(session, FrozenGrid).values(values).on_conflict_do_nothing())
    return hash_
