"""« À corriger »: what waits for a marker, oldest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from deust.domain.assignments import CopyState
from deust.domain.people import SignedIn
from deust.models.assignments import Copy, Marking, ReviewRequest
from deust.models.people import Cohort, Enrolment, Group, Person, Tutoring
from deust.queries.copies import author_of, holds_place, is_asked_of, is_hidden
from deust.queries.scopes import followed, follows_everyone

PAGE = 50
MOST_BARS = 60
_TO_DO = (CopyState.TO_MARK.value, CopyState.DRAFT.value)
_CODE_WHERE_HIDDEN = case((Copy.terms["is_anonymous"].as_boolean(), Copy.code), else_="")
_ORDER = (func.date(Copy.handed_in_at), _CODE_WHERE_HIDDEN, Copy.handed_in_at, Copy.id)
"""The oldest day first. Within a day, anonymous copies come by their codes: the moment of one would tell its author
from what the same person handed in just before or after.
"""


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the queue shows: one activity, one group, or only what is allocated to the marker."""

    item_ref: str = ""
    group_id: int | None = None
    is_mine: bool = False


@dataclass(frozen=True, kw_only=True)
class QueueRow:
    """A copy that waits. `name` is that of its author, or its code while it is anonymous."""

    public_id: str
    item_ref: str
    title: str
    name: str
    is_anonymous: bool
    handed_in_at: datetime
    due_back_at: datetime
    state: CopyState
    claimed_by: str | None
    allocated_to: str | None
    review_asked: bool

    def days_waiting(self, now: datetime) -> int:
        return (now - self.handed_in_at).days

    @property
    def days_promised(self) -> int:
        return (self.due_back_at - self.handed_in_at).days


@dataclass(frozen=True, kw_only=True)
class Activity:
    """The copies of one activity that wait, the oldest of them and the first mark due.

    `late` are past the delay promised, `soon` are due before the end of tomorrow.
    """

    item_ref: str
    title: str
    count: int
    late: int
    soon: int
    oldest_at: datetime
    due_back_at: datetime

    @property
    def days_promised(self) -> int:
        return (self.due_back_at - self.oldest_at).days


class Drawn(NamedTuple):
    """A copy as one bar of the queue's wave."""

    item_ref: str
    due_back_at: datetime


@dataclass(frozen=True, kw_only=True)
class Queue:
    """`activities` hold every copy that waits, `counted` those of the filters; `drawn` are the oldest of these."""

    activities: tuple[Activity, ...]
    counted: tuple[Activity, ...]
    drawn: tuple[Drawn, ...]
    rows: tuple[QueueRow, ...]
    total: int
    late: int
    soon: int
    ready: int
    groups: tuple[tuple[int, str], ...]
    tomorrow_ends: datetime
    page: int
    pages: int


def queue(connection: Connection, *, marker: SignedIn, filters: Filters, page: int, now: datetime) -> Queue:
    """What waits for this marker, oldest first: four statements whatever their number."""
    waiting, tomorrow_ends = _waiting(marker, filters), _tomorrow_ends(marker, now)
    activities = _activities(connection, marker, filters, now, tomorrow_ends)
    shown = tuple(one for one in activities if filters.item_ref in ("", one.item_ref))
    total = sum(one.count for one in shown)
    most = MOST_BARS if page == 1 else PAGE
    rows = connection.execute(waiting.limit(most).offset((page - 1) * PAGE)).all()
    ready = connection.execute(
        followed(marker, select(func.count()).where(Copy.state == CopyState.READY.value), Copy.person_id)
    ).scalar_one()
    return Queue(
        activities=activities,
        counted=shown,
        drawn=tuple(Drawn(row.item_ref, row.due_back_at) for row in rows) if page == 1 else (),
        rows=tuple(_queue_row(row, marker, now) for row in rows[:PAGE]),
        total=total,
        late=sum(one.late for one in shown),
        soon=sum(one.soon for one in shown),
        ready=ready,
        groups=_groups(connection, marker),
        tomorrow_ends=tomorrow_ends,
        page=page,
        pages=max(1, -(-total // PAGE)),
    )


def _activities(
    connection: Connection, marker: SignedIn, filters: Filters, now: datetime, tomorrow_ends: datetime
) -> tuple[Activity, ...]:
    """Each activity with copies that wait, the first mark due first."""
    counted = connection.execute(
        followed(
            marker,
            select(
                Copy.item_ref,
                Copy.title,
                func.count().label("count"),
                func.count().filter(Copy.due_back_at < now).label("late"),
                func.count().filter(Copy.due_back_at >= now, Copy.due_back_at < tomorrow_ends).label("soon"),
                func.min(Copy.handed_in_at).label("oldest_at"),
                func.min(Copy.due_back_at).label("due_back_at"),
            )
            .where(to_do(marker), *_filtered(replace(filters, item_ref=""), marker))
            .group_by(Copy.item_ref, Copy.title)
            .order_by(func.min(Copy.due_back_at)),
            Copy.person_id,
        )
    ).all()
    return tuple(Activity(**row._mapping) for row in counted)


def _tomorrow_ends(marker: SignedIn, now: datetime) -> datetime:
    """The midnight that ends the marker's tomorrow."""
    zone = ZoneInfo(marker.time_zone)
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=2), time(), zone).astimezone(UTC)


def to_do(marker: SignedIn) -> ColumnElement[bool]:
    """Copies not ready, and, with two markers, only those that this one has not finished and still has a place for; and
    the reviews asked, but for those of another.
    """
    done = select(Marking.id).where(Marking.copy_id == Copy.id, Marking.marker_id == marker.person_id, Marking.is_ready)
    request = aliased(ReviewRequest)
    review = select(request.copy_id).where(
        request.copy_id == Copy.id,
        request.answered_at.is_(None),
        is_asked_of(marker),
    )
    done, review = done.correlate(Copy), review.correlate(Copy)
    return or_(and_(Copy.state.in_(_TO_DO), ~done.exists(), _has_place(marker)), review.exists())


def _has_place(marker: SignedIn) -> ColumnElement[bool]:
    """As `assignments.has_place` says it; who left the student's group with work unfinished holds no place."""
    of_copy = Marking.copy_id == Copy.id
    mine = select(Marking.id).where(of_copy, Marking.marker_id == marker.person_id).correlate(Copy)
    holding = select(func.count()).select_from(Marking).where(of_copy, holds_place(Copy.person_id))
    marking = holding.correlate(Copy).scalar_subquery()
    markers = func.coalesce(Copy.terms["markers"].as_integer(), 1)
    wanted = markers + case((Copy.needs_third, 1), else_=0)
    return or_(Copy.state == CopyState.TO_MARK.value, markers == 1, mine.exists(), marking < wanted)


def _filtered(filters: Filters, marker: SignedIn) -> Iterable[ColumnElement[bool]]:
    if filters.item_ref:
        yield Copy.item_ref == filters.item_ref
    if filters.is_mine:
        yield Copy.assigned_to == marker.person_id
    if filters.group_id is not None:
        yield (
            select(Enrolment.id)
            .where(
                Enrolment.person_id == Copy.person_id,
                Enrolment.ended_on.is_(None),
                Enrolment.group_id == filters.group_id,
            )
            .exists()
        )


def _waiting(marker: SignedIn, filters: Filters) -> Select[Any]:
    claimer, allocated = aliased(Person), aliased(Person)
    statement = (
        select(
            Copy.public_id,
            Copy.item_ref,
            Copy.title,
            Copy.code,
            Copy.terms,
            Copy.handed_in_at,
            Copy.due_back_at,
            Copy.state,
            Copy.claimed_by,
            Copy.claimed_until,
            Copy.assigned_to,
            Person.given_name,
            Person.family_name,
            claimer.given_name.label("claimer_given"),
            claimer.family_name.label("claimer_family"),
            allocated.given_name.label("allocated_given"),
            allocated.family_name.label("allocated_family"),
            ReviewRequest.asked_at.label("review_asked_at"),
            ReviewRequest.answered_at.label("review_answered_at"),
        )
        .join(Person, Person.id == Copy.person_id)
        .outerjoin(claimer, claimer.id == Copy.claimed_by)
        .outerjoin(allocated, allocated.id == Copy.assigned_to)
        .outerjoin(ReviewRequest, ReviewRequest.copy_id == Copy.id)
        .where(to_do(marker), *_filtered(filters, marker))
        .order_by(*_ORDER)
    )
    return followed(marker, statement, Copy.person_id)


def _queue_row(row: Row[Any], marker: SignedIn, now: datetime) -> QueueRow:
    is_claimed = row.claimed_by not in (None, marker.person_id) and row.claimed_until > now
    return QueueRow(
        public_id=row.public_id,
        item_ref=row.item_ref,
        title=row.title,
        name=author_of(row),
        is_anonymous=is_hidden(row),
        handed_in_at=row.handed_in_at,
        due_back_at=row.due_back_at,
        state=CopyState(row.state),
        claimed_by=f"{row.claimer_given} {row.claimer_family}" if is_claimed else None,
        allocated_to=f"{row.allocated_given} {row.allocated_family}" if row.assigned_to else None,
        review_asked=row.review_asked_at is not None and row.review_answered_at is None,
    )


def _groups(connection: Connection, marker: SignedIn) -> tuple[tuple[int, str], ...]:
    """The groups that the marker follows, to filter by; for who follows all, those with a tutor, after their cohort."""
    statement = select(Group.id, Group.name, Cohort.title).join(Cohort, Cohort.id == Group.cohort_id)
    if follows_everyone(marker):
        rows = connection.execute(
            statement.where(exists().where(Tutoring.group_id == Group.id)).order_by(Cohort.title, Group.name)
        ).all()
        return tuple((row.id, f"{row.title}, {row.name}") for row in rows)
    mine = statement.join(Tutoring, Tutoring.group_id == Group.id).where(Tutoring.person_id == marker.person_id)
    return tuple((row.id, row.name) for row in connection.execute(mine.order_by(Group.name)).all())
