"""The account page, and the manager's pages about students."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from deust.domain.access import Role
from deust.domain.people import NO_ARRANGEMENT, Arrangement
from deust.domain.texts import unaccented
from deust.models.people import Accommodation, Cohort, Enrolment, Group, Person
from deust.models.signin import SignInLink, SignInSession

PAGE_SIZE = 50


@dataclass(frozen=True, kw_only=True)
class Device:
    name: str
    since: datetime
    is_this_one: bool


@dataclass(frozen=True, kw_only=True)
class AccountPage:
    """What people see of themselves; `arrangement` is None when nothing was granted."""

    student_number: str | None
    cohort_title: str | None
    group_name: str | None
    arrangement: Arrangement | None
    devices: tuple[Device, ...]


@dataclass(frozen=True, kw_only=True)
class StudentLine:
    person_id: int
    name: str
    email: str
    student_number: str | None
    cohort_title: str | None
    group_name: str | None
    is_active: bool
    has_password: bool
    is_arranged: bool


@dataclass(frozen=True, kw_only=True)
class StudentsPage:
    """One page of the list; `position` counts from 1."""

    search: str
    lines: tuple[StudentLine, ...]
    total: int
    position: int
    pages: int


@dataclass(frozen=True, kw_only=True)
class StudentPage:
    line: StudentLine
    arrangement: Arrangement
    invited_at: datetime | None


_PLACE = (
    select(
        Person.id,
        Person.given_name,
        Person.family_name,
        Person.email,
        Person.student_number,
        Person.is_active,
        Person.password_hash.is_not(None).label("has_password"),
        Cohort.title.label("cohort_title"),
        Group.name.label("group_name"),
        Accommodation.time_multiplier,
        Accommodation.extra_minutes,
    )
    .select_from(Person)
    .outerjoin(Enrolment, (Enrolment.person_id == Person.id) & Enrolment.ended_on.is_(None))
    .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
    .outerjoin(Group, Group.id == Enrolment.group_id)
    .outerjoin(Accommodation, Accommodation.person_id == Person.id)
)
_LATEST_FIRST = (Enrolment.started_on.desc(), Enrolment.id.desc())
_PERSON = _PLACE.where(Person.id == bindparam("person_id")).order_by(*_LATEST_FIRST).limit(1)
_STUDENT = _PERSON.where(Person.role == Role.STUDENT.value)
_STUDENTS = _PLACE.where(Person.role == Role.STUDENT.value).order_by(Person.id, *_LATEST_FIRST)
_DEVICES = (
    select(SignInSession.token_hash, SignInSession.device, SignInSession.created_at)
    .where(
        SignInSession.person_id == bindparam("person_id"),
        SignInSession.revoked_at.is_(None),
        SignInSession.expires_at > bindparam("now"),
    )
    .order_by(SignInSession.created_at.desc())
)
_INVITED_AT = select(func.max(SignInLink.created_at)).where(
    SignInLink.person_id == bindparam("person_id"), SignInLink.purpose == "invitation"
)


def account_page(connection: Connection, *, person_id: int, session_hash: str, now: datetime) -> AccountPage:
    """A person's own account: two statements."""
    row = connection.execute(_PERSON, {"person_id": person_id}).one()
    devices = connection.execute(_DEVICES, {"person_id": person_id, "now": now}).all()
    return AccountPage(
        student_number=row.student_number,
        cohort_title=row.cohort_title,
        group_name=row.group_name,
        arrangement=_arrangement(row),
        devices=tuple(
            Device(name=device.device, since=device.created_at, is_this_one=device.token_hash == session_hash)
            for device in devices
        ),
    )


def students_page(connection: Connection, *, search: str = "", position: int = 1) -> StudentsPage:
    """The students whose name, address, number, group or cohort holds every word searched; accents do not count."""
    words = unaccented(search).split()
    first_places = {row.id: row for row in reversed(connection.execute(_STUDENTS).all())}
    lines = [line for row in first_places.values() if _matches(line := _line(row), words)]
    lines.sort(key=lambda line: (unaccented(line.name), line.person_id))
    pages = max(1, -(-len(lines) // PAGE_SIZE))
    position = min(max(1, position), pages)
    return StudentsPage(
        search=search,
        lines=tuple(lines[(position - 1) * PAGE_SIZE : position * PAGE_SIZE]),
        total=len(lines),
        position=position,
        pages=pages,
    )


def find_student(connection: Connection, *, person_id: int) -> StudentPage | None:
    """A student for the manager's page, None for anyone who is not one: two statements."""
    row = connection.execute(_STUDENT, {"person_id": person_id}).first()
    if row is None:
        return None
    return StudentPage(
        line=_line(row),
        arrangement=_arrangement(row) or NO_ARRANGEMENT,
        invited_at=connection.execute(_INVITED_AT, {"person_id": person_id}).scalar_one(),
    )


def _line(row: Row[Any]) -> StudentLine:
    return StudentLine(
        person_id=row.id,
        name=f"{row.family_name} {row.given_name}",
        email=row.email,
        student_number=row.student_number,
        cohort_title=row.cohort_title,
        group_name=row.group_name,
        is_active=row.is_active,
        has_password=row.has_password,
        is_arranged=row.time_multiplier is not None,
    )


def _arrangement(row: Row[Any]) -> Arrangement | None:
    if row.time_multiplier is None:
        return None
    return Arrangement(time_multiplier=row.time_multiplier, extra_minutes=row.extra_minutes)


def _matches(line: StudentLine, words: list[str]) -> bool:
    texts = (line.name, line.email, line.student_number or "", line.group_name or "", line.cohort_title or "")
    whole = unaccented(" ".join(texts))
    return all(word in whole for word in words)


def has_demo(connection: Connection) -> bool:
    """Whether any account is invented: production refuses to start beside one."""
    return connection.execute(select(Person.id).where(Person.is_demo).limit(1)).first() is not None
