"""Where progress lags behind what happened: nothing is left to do in an item not done, or a result was not carried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from deust.domain.learning import Assignment, Lesson, Programme, Quiz
from deust.domain.progress import AnyItem, is_complete
from deust.models.learning import ItemProgress
from deust.models.people import Cohort, Enrolment, ItemDates
from deust.models.quizzes import Attempt, AttemptMarks
from deust.queries.progress import standing_from

_GRANTED = (
    select(func.coalesce(func.sum(ItemDates.extra_attempts), 0))
    .where(
        ItemDates.item_ref == ItemProgress.item_ref,
        or_(ItemDates.person_id == ItemProgress.person_id, ItemDates.cohort_id == Enrolment.cohort_id),
    )
    .correlate(ItemProgress, Enrolment)
    .scalar_subquery()
)


def nothing_left(connection: Connection, programme: Programme) -> Sequence[tuple[int, Lesson | Quiz]]:
    """Person and item, of those who study the programme now.

    A work that is handed in is done by its own act, and by no other.
    """
    rows = connection.execute(
        select(*ItemProgress.__table__.columns, _GRANTED.label("granted"))
        .join(Enrolment, Enrolment.person_id == ItemProgress.person_id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(
            ItemProgress.completed_at.is_(None),
            ItemProgress.open_attempt.is_(None),
            Enrolment.ended_on.is_(None),
            Cohort.programme == programme.id,
        )
        .order_by(ItemProgress.id)
    )
    found = ((row, programme.find_item(row.item_ref)) for row in rows)
    return [
        (row.person_id, item)
        for row, item in found
        if isinstance(item, Lesson | Quiz) and not isinstance(item, Assignment) and _is_complete(item, row)
    ]


def uncarried_results(connection: Connection) -> Sequence[tuple[int, str]]:
    """Whose results of which item are newer than their progress: the item was away when they were marked."""
    rows = connection.execute(
        select(Attempt.person_id, Attempt.item_ref)
        .join(AttemptMarks, AttemptMarks.attempt_id == Attempt.id)
        .join(
            ItemProgress,
            (ItemProgress.person_id == Attempt.person_id) & (ItemProgress.item_ref == Attempt.item_ref),
        )
        .where(AttemptMarks.marked_at > ItemProgress.changed_at)
        .distinct()
    ).all()
    return [(row.person_id, row.item_ref) for row in rows]


def _is_complete(item: AnyItem, row: Row[Any]) -> bool:
    standing = standing_from(row)
    if isinstance(item, Quiz):
        share = standing.kept_share
        standing = standing._replace(is_passed=share is not None and share >= item.settings.pass_share)
    return is_complete(item, standing, extra_attempts=row.granted)
