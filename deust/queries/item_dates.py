"""The dates of an item for one person, whoever acts: staff who move them, the clock that closes, a hand-in."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from deust.domain.people import Calendar, Dates
from deust.domain.progress import AnyItem, dates_of
from deust.models.people import Cohort, Enrolment, ItemDates

_COHORT = (
    select(Cohort.id, Cohort.week_one_on, Cohort.time_zone)
    .join(Enrolment, Enrolment.cohort_id == Cohort.id)
    .where(Enrolment.person_id == bindparam("person_id"), Enrolment.ended_on.is_(None))
    .order_by(Enrolment.started_on.desc(), Enrolment.id.desc())
    .limit(1)
)
_MOVED = select(*ItemDates.__table__.columns).where(
    ItemDates.item_ref.in_(bindparam("refs", expanding=True)),
    (ItemDates.person_id == bindparam("person_id")) | (ItemDates.cohort_id == bindparam("cohort_id")),
)


_LAST_CLOSING = (
    select(func.max(func.coalesce(ItemDates.closes_at, ItemDates.due_at)))
    .join(Enrolment, Enrolment.person_id == ItemDates.person_id)
    .where(
        ItemDates.item_ref.in_(bindparam("refs", expanding=True)),
        Enrolment.cohort_id == bindparam("cohort_id"),
        Enrolment.ended_on.is_(None),
    )
)


class Dated(NamedTuple):
    """`calendar` is that of the cohort which the person follows; None when they follow none."""

    dates: Dates
    calendar: Calendar | None


def dates_for(connection: Connection, *, item: AnyItem, person_id: int) -> Dated:
    """Two statements. Dates that were moved under a former name of the item give way to those of its present one."""
    cohort = connection.execute(_COHORT, {"person_id": person_id}).first()
    asked = {"person_id": person_id, "cohort_id": cohort.id if cohort else None, "refs": item.refs}
    rows = sorted(connection.execute(_MOVED, asked).all(), key=lambda row: row.item_ref == item.ref)
    moved = {row.person_id is not None: _moved(row) for row in rows}
    calendar = Calendar(week_one_on=cohort.week_one_on, time_zone=cohort.time_zone) if cohort else None
    return Dated(dates_of(item, calendar, moved.get(False), moved.get(True)), calendar)


def last_closing(connection: Connection, *, item: AnyItem, cohort_id: int, closes_at: datetime) -> datetime:
    """When the item has closed for everyone of the cohort, which it closes for one of them at this moment."""
    moved = connection.execute(_LAST_CLOSING, {"refs": item.refs, "cohort_id": cohort_id}).scalar()
    return max(closes_at, moved) if moved is not None else closes_at


def is_closed_for(connection: Connection, *, item: AnyItem, person_id: int, now: datetime) -> bool:
    """Whether an item takes nothing more of this person."""
    closes_at = dates_for(connection, item=item, person_id=person_id).dates.closes_at
    return closes_at is not None and now >= closes_at


def _moved(row: Any) -> Dates:
    return Dates(opens_at=row.opens_at, due_at=row.due_at, closes_at=row.closes_at, extra_attempts=row.extra_attempts)
