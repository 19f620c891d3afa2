"""Who is to be told by mail that something waits for them, and of what."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, exists, func, or_, select

from deust.domain.access import Role
from deust.domain.messages import STUDENT_PAUSE, State, digest_hour
from deust.domain.people import SignedIn
from deust.models.messages import DigestMark, Message, Thread
from deust.models.people import Enrolment, Person
from deust.queries.message_holders import for_me
from deust.queries.message_readings import ANSWER_IS_UNREAD, with_reading

OLDEST_ANSWER = timedelta(days=2)
_TUTORS = (Role.TUTOR.value, Role.ADMIN.value)
_IS_ENROLLED = exists().where(Enrolment.person_id == Person.id, Enrolment.ended_on.is_(None)).correlate(Person)
_WANTS_MAIL = and_(Person.is_active, func.coalesce(DigestMark.is_off, False).is_(False))


def people_to_tell(connection: Connection, *, now: datetime) -> tuple[int, ...]:
    """The people whose digest is due: staff once after each 7 h of their own, students an hour after the last.

    Two statements. Nobody whose account is closed, who left the cohort, or who wants no mail.
    """
    staff = connection.execute(
        select(Person.id, Person.time_zone, DigestMark.told_at)
        .outerjoin(DigestMark, DigestMark.person_id == Person.id)
        .where(Person.role.in_(_TUTORS), _WANTS_MAIL)
        .order_by(Person.id)
    ).all()
    due = [row.id for row in staff if is_due(row.told_at, digest_hour(now, row.time_zone))]
    answered = select(Person.id).join(Thread, Thread.person_id == Person.id)
    students = connection.execute(
        with_reading(answered, Person.id)
        .join(Message, Message.thread_id == Thread.id)
        .outerjoin(DigestMark, DigestMark.person_id == Person.id)
        .where(
            ANSWER_IS_UNREAD,
            Message.is_answer,
            Message.at > now - OLDEST_ANSWER,
            or_(
                DigestMark.told_at.is_(None),
                and_(DigestMark.told_at <= now - STUDENT_PAUSE, Message.at > DigestMark.told_at),
            ),
            _WANTS_MAIL,
            _IS_ENROLLED,
        )
        .distinct()
        .order_by(Person.id)
    )
    return (*due, *students.scalars())


def is_due(told_at: datetime | None, hour: datetime | None) -> bool:
    return hour is not None and (told_at is None or told_at < hour)


def may_be_told(connection: Connection, *, email: str) -> bool:
    """Whether a digest may still leave for this address: the account is open, and a student is still enrolled."""
    row = connection.execute(
        select(Person.role, _IS_ENROLLED.label("is_enrolled"), DigestMark.is_off)
        .outerjoin(DigestMark, DigestMark.person_id == Person.id)
        .where(Person.email == email, Person.is_active)
    ).first()
    return row is not None and not row.is_off and (row.role in _TUTORS or row.is_enrolled)


def waiting_titles(connection: Connection, *, tutor: SignedIn, until: datetime) -> tuple[str, ...]:
    """What this tutor's students asked and still waits, oldest first; for an administrator, what no tutor follows."""
    statement = (
        select(Thread.title)
        .where(Thread.state == State.WAITING.value, Thread.waiting_since <= until)
        .order_by(Thread.waiting_since, Thread.id)
    )
    return tuple(connection.execute(for_me(tutor, statement)).scalars())


def answered_titles(connection: Connection, *, person_id: int, since: datetime) -> tuple[str, ...]:
    """What this student's questions were about, whose answers came after this time and were not read."""
    answer = exists().where(Message.thread_id == Thread.id, Message.is_answer, Message.at > since)
    statement = with_reading(select(Thread.title), person_id).where(
        Thread.person_id == person_id, ANSWER_IS_UNREAD, answer
    )
    return tuple(connection.execute(statement.order_by(Thread.id)).scalars())
