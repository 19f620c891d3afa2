"""What is kept about one person in the programme, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal_column, null, or_, select, union_all

from deust.domain.access import Permission, may
from deust.domain.errors import NotEnrolled
from deust.domain.learning import Module, Programme
from deust.domain.people import Dates, SignedIn
from deust.domain.progress import AnyItem, Progress, Standing
from deust.models.learning import ItemProgress
from deust.models.people import ItemDates
from deust.models.quizzes import Answer, Attempt

_STANDING, _COHORT_DATES, _PERSON_DATES = range(3)

_STANDINGS = (
    select(
        literal_column(str(_STANDING)).label("source"),
        ItemProgress.item_ref,
        ItemProgress.opened_at,
        ItemProgress.touched_at,
        ItemProgress.read_at,
        ItemProgress.completed_at,
        ItemProgress.place,
        ItemProgress.read_permille,
        ItemProgress.checks_tried,
        ItemProgress.attempts_used,
        ItemProgress.open_attempt,
        ItemProgress.kept_share,
        ItemProgress.is_passed,
        ItemProgress.credited_minutes,
        Attempt.deadline_at,
    )
    .outerjoin(Attempt, Attempt.public_id == ItemProgress.open_attempt)
    .where(ItemProgress.person_id == bindparam("person_id"), ItemProgress.item_ref.like(bindparam("refs")))
)

_MOVED_DATES = select(
    literal_column(f"CASE WHEN cohort_id IS NULL THEN {_PERSON_DATES} ELSE {_COHORT_DATES} END"),
    ItemDates.item_ref,
    ItemDates.opens_at,
    ItemDates.due_at,
    ItemDates.closes_at,
    *[null()] * 4,
    ItemDates.extra_attempts,
    *[null()] * 5,
).where(
    or_(ItemDates.person_id == bindparam("person_id"), ItemDates.cohort_id == bindparam("cohort_id")),
    ItemDates.item_ref.like(bindparam("refs")),
)

_KEPT = union_all(_STANDINGS, _MOVED_DATES)


def follows(learner: SignedIn | None, programme: Programme) -> bool:
    """Whether this person studies the programme, and so has progress in it."""
    if learner is None or learner.enrolled is None or not may(learner.role, Permission.LEARNING_FOLLOW):
        return False
    return learner.enrolled.programme == programme.id


def may_read(learner: SignedIn, programme: Programme) -> bool:
    """Students read the programme they are enrolled in; staff read all of it."""
    if may(learner.role, Permission.LEARNING_FOLLOW):
        return follows(learner, programme)
    return may(learner.role, Permission.LEARNING_READ)


def ensure_may_read(learner: SignedIn, programme: Programme) -> None:
    if not may_read(learner, programme):
        raise NotEnrolled


def progress_of(
    connection: Connection,
    *,
    learner: SignedIn | None,
    programme: Programme,
    now: datetime,
    module: Module | None = None,
    item: AnyItem | None = None,
) -> Progress:
    """Where a person stands: in the whole programme, or in what one module, or one item of it, needs.

    Staff and guests have no progress.
    """
    if learner is None or learner.enrolled is None or not follows(learner, programme):
        return Progress(programme=programme, now=now, is_followed=False)
    rows = connection.execute(
        _KEPT,
        {"person_id": learner.person_id, "cohort_id": learner.enrolled.cohort_id, "refs": _refs_of(module, item)},
    ).all()
    standings: dict[str, Standing] = {}
    dates: dict[int, dict[str, Dates]] = {_COHORT_DATES: {}, _PERSON_DATES: {}}
    for row in rows:
        if row.source == _STANDING:
            standings[row.item_ref] = standing_from(row, deadline_at=row.deadline_at)
        else:
            dates[row.source][row.item_ref] = _moved_from(row)
    return Progress(
        programme=programme,
        now=now,
        calendar=learner.enrolled.calendar,
        began_at=learner.enrolled.began_at,
        standings=standings,
        cohort_dates=dates[_COHORT_DATES],
        person_dates=dates[_PERSON_DATES],
    )


def _moved_from(row: Any) -> Dates:
    """The moved dates that stand in the columns of a standing."""
    return Dates(opens_at=row.opened_at, due_at=row.touched_at, closes_at=row.read_at, extra_attempts=row.attempts_used)


def standing_from(row: Any, *, deadline_at: datetime | None = None) -> Standing:
    """The standing that a row of `item_progress` holds."""
    return Standing(
        opened_at=row.opened_at,
        touched_at=row.touched_at,
        place=row.place,
        read_permille=row.read_permille,
        read_at=row.read_at,
        checks_tried=row.checks_tried,
        attempts_used=row.attempts_used,
        open_attempt=row.open_attempt,
        deadline_at=deadline_at,
        kept_share=row.kept_share,
        is_passed=row.is_passed,
        completed_at=row.completed_at,
        credited_minutes=row.credited_minutes,
    )


def written_lately(connection: Connection) -> Sequence[tuple[int, datetime]]:
    """Each progress whose open attempt was written in since it was last touched, and when: a save does not touch it."""
    saved_at = func.max(Answer.saved_at)
    rows = connection.execute(
        select(ItemProgress.id, saved_at.label("saved_at"))
        .join(Attempt, (Attempt.person_id == ItemProgress.person_id) & (Attempt.public_id == ItemProgress.open_attempt))
        .join(Answer, Answer.attempt_id == Attempt.id)
        .where(Attempt.closed_at.is_(None), Answer.version > 0)
        .group_by(ItemProgress.id, ItemProgress.touched_at)
        .having(saved_at > ItemProgress.touched_at)
    ).all()
    return [(row.id, row.saved_at) for row in rows]


def _refs_of(module: Module | None, item: AnyItem | None) -> str:
    """The references to read: that of an item that waits for nothing and had no other name, else those of its module,
    or all when something in the module waits for another one.
    """
    if module is None or module.requires:
        return "%"
    if item is not None and not item.requires and not item.aliases:
        return item.ref
    waits = any(_is_elsewhere(ref, module) for item in module.items for ref in item.requires)
    return "%" if waits else f"{module.id}/%"


def _is_elsewhere(ref: str, module: Module) -> bool:
    return "/" in ref and not ref.startswith(f"{module.id}/")
