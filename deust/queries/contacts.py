"""Whom one may write to, and everything that one student did and was told, newest first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    String,
    bindparam,
    cast,
    literal_column,
    null,
    select,
    type_coerce,
    union_all,
)

from deust.domain.access import Role
from deust.domain.errors import NotFound
from deust.domain.people import NO_ARRANGEMENT, Arrangement, Calendar, SignedIn
from deust.models.cohort import Contact
from deust.models.learning import ItemProgress
from deust.models.people import Accommodation, Cohort, Enrolment, Group, Person
from deust.models.quizzes import Attempt
from deust.models.records import AuditEvent, OutboxMessage
from deust.queries.scopes import followed_by

FILE_PAGE = 50

_STUDENT = Person.role == Role.STUDENT.value


@dataclass(frozen=True, kw_only=True)
class Recipient:
    person_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Followed:
    """A student whom the asker follows; the arrangement's effect alone."""

    person_id: int
    name: str
    email: str
    cohort_id: int
    cohort_title: str
    group_name: str | None
    programme: str
    calendar: Calendar
    arrangement: Arrangement
    is_arranged: bool


class EventKind(StrEnum):
    OPENED = "opened"
    DONE = "done"
    STARTED = "started"
    HANDED_IN = "handed-in"
    CONTACT = "contact"
    ACT = "act"
    MAIL = "mail"


@dataclass(frozen=True, kw_only=True)
class FileEvent:
    """One line of a student's file; what is filled depends on its kind. `by` is who acted, when it was someone else."""

    kind: EventKind
    at: datetime
    ref: str = ""
    word: str = ""
    text: str = ""
    by: str = ""
    number: int = 0
    share: Fraction | None = None
    awaiting: int = 0
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class StudentFile:
    student: Followed
    events: tuple[FileEvent, ...]
    position: int
    has_more: bool


_FOLLOWED = (
    select(
        Person.id,
        Person.family_name,
        Person.given_name,
        Person.email,
        Cohort.id.label("cohort_id"),
        Cohort.title,
        Cohort.programme,
        Cohort.week_one_on,
        Cohort.time_zone,
        Group.name.label("group_name"),
        Accommodation.time_multiplier,
        Accommodation.extra_minutes,
    )
    .join(Enrolment, Enrolment.person_id == Person.id)
    .join(Cohort, Cohort.id == Enrolment.cohort_id)
    .outerjoin(Group, Group.id == Enrolment.group_id)
    .outerjoin(Accommodation, Accommodation.person_id == Person.id)
)


def recipients(connection: Connection, *, asker: SignedIn, ids: Sequence[int]) -> tuple[Recipient, ...]:
    """Those of these persons who are students the asker follows, by name; the others are left out. One statement."""
    if not ids:
        return ()
    rows = connection.execute(
        select(Person.id, Person.family_name, Person.given_name)
        .where(Person.id.in_(ids), _STUDENT, Person.is_active, followed_by(asker, Person.id))
        .order_by(Person.family_name, Person.given_name, Person.id)
    ).all()
    return tuple(Recipient(person_id=row.id, name=f"{row.family_name} {row.given_name}") for row in rows)


def get_followed(connection: Connection, *, asker: SignedIn, person_id: int) -> Followed:
    """An enrolled student whom the asker follows; anyone else is absent. One statement."""
    row = connection.execute(
        _FOLLOWED.where(Person.id == person_id, _STUDENT, Enrolment.ended_on.is_(None), followed_by(asker, Person.id))
        .order_by(Enrolment.started_on.desc(), Enrolment.id.desc())
        .limit(1)
    ).first()
    if row is None:
        raise NotFound
    granted = row.time_multiplier is not None
    return Followed(
        person_id=row.id,
        name=f"{row.family_name} {row.given_name}",
        email=row.email,
        cohort_id=row.cohort_id,
        cohort_title=row.title,
        group_name=row.group_name,
        programme=row.programme,
        calendar=Calendar(week_one_on=row.week_one_on, time_zone=row.time_zone),
        arrangement=Arrangement(time_multiplier=row.time_multiplier, extra_minutes=row.extra_minutes)
        if granted
        else NO_ARRANGEMENT,
        is_arranged=granted,
    )


_TOLD_ACTS = ("accommodation:grant", "dates:move", "flags:aside")
_NOTHING = (
    cast(null(), String).label("ref"),
    cast(null(), String).label("word"),
    cast(null(), String).label("text"),
    cast(null(), String).label("family_name"),
    cast(null(), String).label("given_name"),
    cast(null(), Integer).label("number"),
    cast(null(), String).label("score"),
    cast(null(), String).label("out_of"),
    cast(null(), Integer).label("awaiting"),
)


def _events(kind: EventKind, at: Any, **given: Any) -> Select[Any]:
    """One source of the file, its columns in the common order."""
    columns = [given[each.name].label(each.name) if each.name in given else each for each in _NOTHING]
    return select(literal_column(f"'{kind.value}'").label("kind"), at.label("at"), *columns)


_MINE = ItemProgress.person_id == bindparam("person_id")
_ATTEMPT = Attempt.person_id == bindparam("person_id")
_FILE = union_all(
    _events(EventKind.OPENED, ItemProgress.opened_at, ref=ItemProgress.item_ref).where(_MINE),
    _events(
        EventKind.DONE, ItemProgress.completed_at, ref=ItemProgress.item_ref, number=ItemProgress.credited_minutes
    ).where(_MINE, ItemProgress.completed_at.is_not(None)),
    _events(EventKind.STARTED, Attempt.started_at, ref=Attempt.item_ref, number=Attempt.number).where(
        _ATTEMPT, Attempt.closed_at.is_(None)
    ),
    _events(
        EventKind.HANDED_IN,
        Attempt.closed_at,
        ref=Attempt.item_ref,
        word=Attempt.closed_by,
        number=Attempt.number,
        score=type_coerce(Attempt.score, String),
        out_of=type_coerce(Attempt.out_of, String),
        awaiting=Attempt.awaiting,
    ).where(_ATTEMPT, Attempt.closed_at.is_not(None)),
    _events(
        EventKind.CONTACT,
        Contact.made_at,
        word=Contact.means,
        text=Contact.note,
        family_name=Person.family_name,
        given_name=Person.given_name,
    )
    .join(Person, Person.id == Contact.by_id)
    .where(Contact.person_id == bindparam("person_id")),
    _events(
        EventKind.ACT,
        AuditEvent.at,
        word=AuditEvent.act,
        text=cast(AuditEvent.detail, String),
        family_name=Person.family_name,
        given_name=Person.given_name,
    )
    .outerjoin(Person, Person.id == AuditEvent.actor_id)
    .where(AuditEvent.subject == bindparam("subject"), AuditEvent.act.in_(_TOLD_ACTS)),
    _events(EventKind.MAIL, OutboxMessage.created_at, word=OutboxMessage.kind).where(
        OutboxMessage.recipient == bindparam("email"), OutboxMessage.kind != "from-staff"
    ),
).subquery("file")
_FILE_PAGE = (
    select(_FILE)
    .order_by(_FILE.c.at.desc(), _FILE.c.kind, _FILE.c.ref)
    .limit(bindparam("limit"))
    .offset(bindparam("skipped"))
)


def student_file(connection: Connection, *, asker: SignedIn, person_id: int, position: int) -> StudentFile:
    """A page of everything that a student did, received and was granted: two statements."""
    student = get_followed(connection, asker=asker, person_id=person_id)
    position = max(1, position)
    asked = {
        "person_id": person_id,
        "subject": f"person:{person_id}",
        "email": student.email,
        "limit": FILE_PAGE + 1,
        "skipped": (position - 1) * FILE_PAGE,
    }
    rows = connection.execute(_FILE_PAGE, asked).all()
    return StudentFile(
        student=student,
        events=tuple(_event(row) for row in rows[:FILE_PAGE]),
        position=position,
        has_more=len(rows) > FILE_PAGE,
    )


def _event(row: Any) -> FileEvent:
    kind = EventKind(row.kind)
    is_act = kind is EventKind.ACT
    return FileEvent(
        kind=kind,
        at=row.at,
        ref=row.ref or "",
        word=row.word or "",
        text="" if is_act else row.text or "",
        by=f"{row.given_name} {row.family_name}" if row.family_name else "",
        number=row.number or 0,
        share=Fraction(row.score) / Fraction(row.out_of) if row.score and Fraction(row.out_of) else None,
        awaiting=row.awaiting or 0,
        detail=json.loads(row.text) if is_act else None,
    )
