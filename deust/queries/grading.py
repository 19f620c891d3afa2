"""Copies ready to be given back, and the tutors among whom copies are shared out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, func, select

from deust.domain.access import Role
from deust.domain.assignments import CopyState, Given, Terms, terms_from_json, to_give
from deust.domain.people import SignedIn
from deust.models.assignments import Copy, Marking
from deust.models.people import Person, Tutoring
from deust.models.records import AuditEvent
from deust.queries.scopes import followed

MOST_READY = 500
SCHEDULED = "copy:schedule"
"""The line of the log that says when copies will be given back, and why."""

_READY = (
    select(
        Copy.id,
        Copy.public_id,
        Copy.item_ref,
        Copy.title,
        Copy.code,
        Copy.terms,
        Copy.out_of,
        Copy.late_days,
        Copy.release_at,
        Copy.released_at,
        Person.given_name,
        Person.family_name,
    )
    .join(Person, Person.id == Copy.person_id)
    .where(Copy.state == CopyState.READY.value)
    .order_by(Copy.title, Copy.code)
    .limit(MOST_READY)
)


@dataclass(frozen=True, kw_only=True)
class ReadyCopy:
    """A copy whose mark may be given back: `given` is that mark, made of the markers' own. Its author stays hidden
    while it is anonymous.
    """

    public_id: str
    item_ref: str
    title: str
    name: str
    marks: tuple[Fraction, ...]
    given: Given
    gap: Fraction
    out_of: Fraction
    late_days: int
    release_at: datetime | None
    was_released: bool


@dataclass(frozen=True, kw_only=True)
class Tutor:
    id: int
    name: str
    waiting: int


def ready_copies(connection: Connection, *, marker: SignedIn) -> tuple[ReadyCopy, ...]:
    """Every copy ready among the students followed, by activity then code: two statements."""
    rows = connection.execute(followed(marker, _READY, Copy.person_id)).all()
    marks: dict[int, list[Fraction]] = {}
    found = connection.execute(
        select(Marking.copy_id, Marking.mark)
        .where(Marking.copy_id.in_([row.id for row in rows]), Marking.is_ready)
        .order_by(Marking.copy_id, Marking.place)
    ).all()
    for row in found:
        marks.setdefault(row.copy_id, []).append(row.mark)
    ready = (_ready(row, tuple(marks.get(row.id, ()))) for row in rows)
    return tuple(one for one in ready if one is not None)


def _ready(row: Row[Any], marks: tuple[Fraction, ...]) -> ReadyCopy | None:
    terms = terms_from_json(row.terms) if row.terms else Terms(out_of=row.out_of)
    given = to_give(terms, marks, row.late_days)
    return given and ReadyCopy(
        public_id=row.public_id,
        item_ref=row.item_ref,
        title=row.title,
        name=row.code if terms.is_anonymous else f"{row.given_name} {row.family_name}",
        marks=marks,
        given=given,
        gap=terms.gap,
        out_of=row.out_of,
        late_days=row.late_days,
        release_at=row.release_at,
        was_released=row.released_at is not None,
    )


def tutors(connection: Connection, *, marker: SignedIn) -> tuple[Tutor, ...]:
    """The tutors who share a group with the marker, themselves included, and what is already theirs to mark."""
    waiting = (
        select(Copy.assigned_to, func.count().label("count"))
        .where(Copy.state.in_((CopyState.TO_MARK.value, CopyState.DRAFT.value)))
        .group_by(Copy.assigned_to)
        .subquery()
    )
    statement = (
        select(Person.id, Person.given_name, Person.family_name, func.coalesce(waiting.c.count, 0).label("waiting"))
        .join(Tutoring, Tutoring.person_id == Person.id)
        .outerjoin(waiting, waiting.c.assigned_to == Person.id)
        .where(Person.is_active)
        .distinct()
        .order_by(Person.family_name, Person.given_name)
    )
    if marker.role is not Role.ADMIN:
        mine = select(Tutoring.group_id).where(Tutoring.person_id == marker.person_id)
        statement = statement.where(Tutoring.group_id.in_(mine))
    return tuple(
        Tutor(id=row.id, name=f"{row.given_name} {row.family_name}", waiting=row.waiting)
        for row in connection.execute(statement).all()
    )


def scheduled_copies(connection: Connection, *, now: datetime) -> tuple[str, ...]:
    """The copies ready whose date of release came."""
    statement = (
        select(Copy.public_id)
        .where(Copy.release_at <= now, Copy.state == CopyState.READY.value)
        .order_by(Copy.release_at, Copy.id)
    )
    return tuple(connection.execute(statement).scalars())


def scheduled_reason(connection: Connection, public_id: str) -> str:
    """Why a copy was last said to be given back at a date; empty when nothing was written."""
    found = connection.execute(
        select(AuditEvent.detail)
        .where(AuditEvent.act == SCHEDULED, AuditEvent.subject == f"copy:{public_id}")
        .order_by(AuditEvent.id.desc())
        .limit(1)
    ).scalar()
    return str((found or {}).get("reason", "")).strip()
