"""Which tutor a question waits for: whoever follows the student, or the one to whom it was given over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, Select, exists, func, select
from sqlalchemy.orm import aliased

from deust.domain.access import Role
from deust.domain.errors import NotFound
from deust.domain.messages import Kind, State, days_waited
from deust.domain.people import SignedIn
from deust.models.messages import Holder, Thread
from deust.models.people import Enrolment, Person, Tutoring
from deust.queries.scopes import followed, followed_by, follows_everyone

PAGE = 50


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A question that waits, as who shares them out sees it: nothing of what was written.

    `is_followed`: a tutor follows its student; else administrators alone see it.
    """

    public_id: str
    name: str
    title: str
    kind: Kind
    waiting_since: datetime
    due_at: datetime
    zone: str
    held_by: str
    is_followed: bool

    def days_waiting(self, now: datetime) -> int:
        return days_waited(self.waiting_since, now, self.zone)

    def is_late(self, now: datetime) -> bool:
        return self.due_at < now


@dataclass(frozen=True, kw_only=True)
class Sharing:
    rows: tuple[Waiting, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, kw_only=True)
class Giving:
    """A question and the tutors who may take it over: those who follow its student now, by person id."""

    line: Waiting
    tutors: Mapping[int, str]


def waiting_questions(connection: Connection, *, asker: SignedIn, page: int) -> Sharing:
    """The questions that wait, of the students whom the asker follows, oldest first: two statements."""
    waiting = Thread.state == State.WAITING.value, followed_by(asker, Thread.person_id)
    total = connection.execute(select(func.count()).select_from(Thread).where(*waiting)).scalar_one()
    rows = connection.execute(
        _LINES.where(*waiting).order_by(Thread.waiting_since, Thread.id).limit(PAGE).offset((page - 1) * PAGE)
    ).all()
    return Sharing(rows=tuple(map(_line, rows)), total=total, page=page, pages=max(1, -(-total // PAGE)))


def giving_over(connection: Connection, *, asker: SignedIn, public_id: str) -> Giving:
    """A question that waits, and to whom it may be given over; what is not the asker's to share is absent."""
    row = _waiting_thread(connection, asker, public_id)
    candidates = connection.execute(
        select(Person.id, Person.given_name, Person.family_name)
        .where(_follow(row.person_id), Person.id != asker.person_id)
        .order_by(Person.family_name, Person.given_name, Person.id)
    ).all()
    held_by_id = row.held_by_id
    tutors = {one.id: f"{one.given_name} {one.family_name}" for one in candidates if one.id != held_by_id}
    return Giving(line=_line(row), tutors=tutors)


def _waiting_thread(connection: Connection, asker: SignedIn, public_id: str) -> Row[Any]:
    statement = _LINES.where(
        Thread.public_id == public_id,
        Thread.state == State.WAITING.value,
        followed_by(asker, Thread.person_id),
    )
    if not follows_everyone(asker):
        statement = statement.where(~held_by_another(asker))
    row = connection.execute(statement).first()
    if row is None:
        raise NotFound
    return row


def for_me(asker: SignedIn, statement: Select[Any]) -> Select[Any]:
    """Only the questions that wait for this person: not those given over to another tutor who still may answer them.

    For an administrator, those whose student no tutor follows.
    """
    if asker.role is Role.ADMIN:
        return statement.where(~_is_followed())
    return followed(asker, statement, Thread.person_id).where(~held_by_another(asker))


def held_by_another(asker: SignedIn) -> ColumnElement[bool]:
    """Whether the question was given over to another tutor, who is still there and still follows the student."""
    return exists().where(
        Holder.thread_id == Thread.id, Holder.person_id != asker.person_id, _follows(Holder.person_id)
    )


def held_by() -> ScalarSelect[Any]:
    """The name of the tutor to whom the question was given over, while they still follow its student."""
    return _of_holder(_HELD.given_name + " " + _HELD.family_name)


def _of_holder(column: Any) -> ScalarSelect[Any]:
    return (
        select(column)
        .join(Holder, Holder.person_id == _HELD.id)
        .where(Holder.thread_id == Thread.id, _follows(_HELD.id))
        .correlate(Thread)
        .scalar_subquery()
    )


def _is_followed() -> ColumnElement[bool]:
    return _follows(None)


def _follows(tutor_id: Any) -> ColumnElement[bool]:
    """Whether this tutor, or any of them, follows the student of the thread now."""
    tutor = aliased(Person)
    found = exists().where(
        Enrolment.person_id == Thread.person_id,
        Enrolment.ended_on.is_(None),
        Enrolment.group_id == Tutoring.group_id,
        Tutoring.person_id == tutor.id,
        tutor.role == Role.TUTOR.value,
        tutor.is_active,
    )
    return found if tutor_id is None else found.where(tutor.id == tutor_id)


def _follow(student_id: int) -> ColumnElement[bool]:
    """The tutors who follow this student now."""
    groups = select(Enrolment.group_id).where(Enrolment.person_id == student_id, Enrolment.ended_on.is_(None))
    is_of_group = exists().where(Tutoring.person_id == Person.id, Tutoring.group_id.in_(groups))
    return (Person.role == Role.TUTOR.value) & Person.is_active & is_of_group


def _line(row: Row[Any]) -> Waiting:
    return Waiting(
        public_id=row.public_id,
        name=f"{row.given_name} {row.family_name}",
        title=row.title,
        kind=Kind(row.kind),
        waiting_since=row.waiting_since,
        due_at=row.due_at,
        zone=row.zone,
        held_by=row.held_by or "",
        is_followed=row.is_followed,
    )


_HELD = aliased(Person)
_LINES = select(
    Thread.id,
    Thread.public_id,
    Thread.person_id,
    Thread.title,
    Thread.kind,
    Thread.zone,
    Thread.waiting_since,
    Thread.due_at,
    Person.given_name,
    Person.family_name,
    held_by().label("held_by"),
    _of_holder(_HELD.id).label("held_by_id"),
    _is_followed().label("is_followed"),
).join(Person, Person.id == Thread.person_id)
