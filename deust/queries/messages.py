"""Questions to tutors, as students and tutors meet them: lists, one thread, what is being written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, select

from deust.domain.access import Role
from deust.domain.errors import NotFound
from deust.domain.messages import About, Kind, State, days_waited, drafted_about, thread_place
from deust.domain.people import SignedIn
from deust.models.messages import DigestMark, Draft, Message, Thread
from deust.models.people import Enrolment, Group, Person, Tutoring
from deust.models.quizzes import Attempt
from deust.models.records import AuditEvent
from deust.queries.message_holders import for_me, held_by
from deust.queries.message_readings import ANSWER_IS_UNREAD, QUESTION_IS_UNREAD, is_opened, with_reading
from deust.queries.message_subjects import AskedQuestion, learner_address, subject_for_tutor
from deust.queries.scopes import followed

PAGE = 50
EXCERPT = 160
READING = "thread:read"
READING_LASTS = timedelta(hours=1)
MEASURED = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A thread in a list, with the beginning of the student's last message; `name` is for tutors."""

    public_id: str
    title: str
    kind: Kind
    state: State
    asked_at: datetime
    waiting_since: datetime | None
    due_at: datetime | None
    answered_at: datetime | None
    zone: str
    name: str = ""
    excerpt: str = ""
    is_unread: bool = False
    held_by: str = ""

    def days_waiting(self, now: datetime) -> int:
        return days_waited(self.waiting_since, now, self.zone) if self.waiting_since else 0

    def is_late(self, now: datetime) -> bool:
        return self.state is State.WAITING and self.due_at is not None and self.due_at < now


@dataclass(frozen=True, kw_only=True)
class Lines:
    rows: tuple[Line, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the tutor's queue shows: what waits, or what was answered; one group or all."""

    is_answered: bool = False
    group_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Queue:
    """`answers` were sent in 90 days, `in_time` of them within the delay promised."""

    lines: Lines
    late: int
    groups: tuple[tuple[int, str], ...]
    answers: int
    in_time: int


@dataclass(frozen=True, kw_only=True)
class Said:
    author: str
    is_mine: bool
    is_answer: bool
    text: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ThreadPage:
    """One exchange. `address` is the page of what it is about, for who reads. `is_sealed`: an administrator must say
    first that they read it. `is_opened`: a tutor has begun to answer it."""

    line: Line
    address: str
    size: int
    messages: tuple[Said, ...]
    draft: str
    is_sealed: bool = False
    is_opened: bool = False
    question: AskedQuestion | None = None

    @property
    def may_withdraw(self) -> bool:
        is_answered = any(one.is_answer for one in self.messages)
        return self.line.state is State.WAITING and not self.is_opened and not is_answered


def my_threads(connection: Connection, *, learner: SignedIn, page: int) -> Lines:
    """The student's own questions, the last first: three statements."""
    mine = select(*Thread.__table__.columns, ANSWER_IS_UNREAD.label("is_unread"))
    mine = with_reading(mine, learner.person_id).where(Thread.person_id == learner.person_id)
    total = connection.execute(select(func.count()).where(Thread.person_id == learner.person_id)).scalar_one()
    rows = connection.execute(mine.order_by(Thread.id.desc()).limit(PAGE).offset((page - 1) * PAGE)).all()
    texts = _last_questions(connection, [row.id for row in rows])
    return _lines(tuple(_line(row, texts.get(row.id, "")) for row in rows), total, page)


def my_thread(connection: Connection, *, learner: SignedIn, public_id: str) -> ThreadPage:
    """One exchange of the student's own: three statements."""
    row = connection.execute(
        with_reading(
            select(
                *Thread.__table__.columns,
                Attempt.public_id.label("attempt"),
                ANSWER_IS_UNREAD.label("is_unread"),
                is_opened(Thread.id, public_id, learner.person_id).label("is_opened"),
            ),
            learner.person_id,
        )
        .outerjoin(Attempt, Attempt.id == Thread.attempt_id)
        .where(Thread.public_id == public_id, Thread.person_id == learner.person_id)
    ).first()
    if row is None:
        raise NotFound
    return ThreadPage(
        line=_line(row),
        address=learner_address(row),
        size=row.size,
        messages=_messages(connection, row.id, learner),
        draft=draft_of(connection, who=learner, place=thread_place(public_id)),
        is_opened=row.is_opened,
    )


def draft_of(connection: Connection, *, who: SignedIn, place: str) -> str:
    """What this person was writing there; empty when nothing."""
    found = connection.execute(
        select(Draft.text).where(Draft.person_id == who.person_id, Draft.place == place)
    ).scalar_one_or_none()
    return found or ""


def question_drafts(connection: Connection, *, learner: SignedIn) -> tuple[tuple[About, str], ...]:
    """The questions begun and not sent, the last written first, with their first words; in one statement."""
    rows = connection.execute(
        select(Draft.place, func.substr(Draft.text, 1, EXCERPT).label("words"))
        .where(Draft.person_id == learner.person_id, Draft.place.startswith("about:"))
        .order_by(Draft.saved_at.desc())
        .limit(PAGE)
    ).all()
    return tuple((drafted_about(row.place), " ".join(row.words.split())) for row in rows)


def queue(connection: Connection, *, tutor: SignedIn, filters: Filters, page: int, now: datetime) -> Queue:
    """What students of this tutor asked, oldest first: five statements whatever their number."""
    total, late = connection.execute(
        _scoped(
            tutor,
            filters,
            select(func.count(), func.count().filter(and_(Thread.state == State.WAITING.value, Thread.due_at < now))),
        ).select_from(Thread)
    ).one()
    order = Thread.answered_at.desc() if filters.is_answered else Thread.waiting_since
    statement = _scoped(tutor, filters, _with_asker(tutor))
    rows = connection.execute(statement.order_by(order, Thread.id).limit(PAGE).offset((page - 1) * PAGE)).all()
    texts = _last_questions(connection, [row.id for row in rows])
    answers, in_time = _kept_promises(connection, tutor, now)
    lines = tuple(_line(row, "" if tutor.role is Role.ADMIN else texts.get(row.id, "")) for row in rows)
    return Queue(
        lines=_lines(lines, total, page),
        late=late,
        groups=_groups(connection, tutor),
        answers=answers,
        in_time=in_time,
    )


def tutor_thread(connection: Connection, *, tutor: SignedIn, public_id: str, now: datetime) -> ThreadPage:
    """One exchange of a student whom the tutor follows now; sealed while an administrator has not said they read it."""
    row = find_thread(connection, tutor, public_id)
    is_sealed = tutor.role is Role.ADMIN and not has_opened(connection, tutor, public_id, now)
    subject = subject_for_tutor(connection, row)
    return ThreadPage(
        line=_line(row),
        address=subject.address,
        question=None if is_sealed else subject.question,
        size=row.size,
        messages=() if is_sealed else _messages(connection, row.id, tutor),
        draft="" if is_sealed else draft_of(connection, who=tutor, place=thread_place(public_id)),
        is_sealed=is_sealed,
    )


def find_thread(connection: Connection, tutor: SignedIn, public_id: str) -> Row[Any]:
    """A thread of a student whom the tutor follows now; to others, and once withdrawn, it is absent."""
    is_it = (Thread.public_id == public_id, Thread.state != State.WITHDRAWN.value)
    statement = _with_asker(tutor).where(*is_it)
    row = connection.execute(followed(tutor, statement, Thread.person_id)).first()
    if row is None:
        raise NotFound
    return row


def has_opened(connection: Connection, admin: SignedIn, public_id: str, now: datetime) -> bool:
    """Whether this administrator wrote in the log, less than an hour ago, that they read this exchange."""
    found = connection.execute(
        select(AuditEvent.id)
        .where(
            AuditEvent.actor_id == admin.person_id,
            AuditEvent.act == READING,
            AuditEvent.subject == f"thread:{public_id}",
            AuditEvent.at > now - READING_LASTS,
        )
        .limit(1)
    ).first()
    return found is not None


def following_thread(connection: Connection, *, tutor: SignedIn) -> str | None:
    """The oldest question that still waits for this tutor."""
    statement = for_me(tutor, select(Thread.public_id).where(Thread.state == State.WAITING.value))
    return connection.execute(statement.order_by(Thread.waiting_since, Thread.id).limit(1)).scalar_one_or_none()


def wants_mail(connection: Connection, *, person_id: int) -> bool:
    is_off = connection.execute(select(DigestMark.is_off).where(DigestMark.person_id == person_id)).scalar_one_or_none()
    return not is_off


def _with_asker(tutor: SignedIn) -> Select[Any]:
    """Threads with who asked, to whom they were given over, and whether this tutor has yet to read them."""
    columns = (*Thread.__table__.columns, Person.given_name, Person.family_name)
    statement = select(*columns, QUESTION_IS_UNREAD.label("is_unread"), held_by().label("held_by"))
    return with_reading(statement, tutor.person_id).join(Person, Person.id == Thread.person_id)


def _scoped(tutor: SignedIn, filters: Filters, statement: Select[Any]) -> Select[Any]:
    wanted = (State.ANSWERED.value, State.CLOSED.value) if filters.is_answered else (State.WAITING.value,)
    statement = followed(tutor, statement.where(Thread.state.in_(wanted)), Thread.person_id)
    if filters.group_id is None:
        return statement
    return statement.where(
        select(Enrolment.id)
        .where(
            Enrolment.person_id == Thread.person_id,
            Enrolment.ended_on.is_(None),
            Enrolment.group_id == filters.group_id,
        )
        .exists()
    )


def _last_questions(connection: Connection, thread_ids: list[int]) -> dict[int, str]:
    """The beginning of the last message of each student."""
    last = (
        select(func.max(Message.id))
        .where(Message.thread_id.in_(thread_ids), Message.is_answer.is_(False))
        .group_by(Message.thread_id)
    )
    rows = connection.execute(
        select(Message.thread_id, func.substr(Message.text, 1, EXCERPT + 1).label("text")).where(Message.id.in_(last))
    ).all()
    return {row.thread_id: row.text[:EXCERPT].rstrip() + "…" if len(row.text) > EXCERPT else row.text for row in rows}


def _kept_promises(connection: Connection, tutor: SignedIn, now: datetime) -> tuple[int, int]:
    """How many first answers left in 90 days to the students followed, and how many within the delay promised."""
    statement = (
        select(func.count(), func.count().filter(Message.at <= Message.due_at))
        .select_from(Message)
        .join(Thread, Thread.id == Message.thread_id)
        .where(Message.due_at.is_not(None), Message.at > now - MEASURED)
    )
    answers, in_time = connection.execute(followed(tutor, statement, Thread.person_id)).one()
    return answers, in_time


def _groups(connection: Connection, tutor: SignedIn) -> tuple[tuple[int, str], ...]:
    statement = (
        select(Group.id, Group.name)
        .join(Tutoring, Tutoring.group_id == Group.id)
        .where(Tutoring.person_id == tutor.person_id)
        .order_by(Group.name)
    )
    return tuple((row.id, row.name) for row in connection.execute(statement).all())


def _messages(connection: Connection, thread_id: int, reader: SignedIn) -> tuple[Said, ...]:
    rows = connection.execute(
        select(Message.author_id, Message.is_answer, Message.text, Message.at, Person.given_name, Person.family_name)
        .join(Person, Person.id == Message.author_id)
        .where(Message.thread_id == thread_id)
        .order_by(Message.id)
    ).all()
    return tuple(
        Said(
            author=f"{row.given_name} {row.family_name}",
            is_mine=row.author_id == reader.person_id,
            is_answer=row.is_answer,
            text=row.text,
            at=row.at,
        )
        for row in rows
    )


def _line(row: Row[Any], excerpt: str = "") -> Line:
    names = row._mapping
    return Line(
        public_id=row.public_id,
        title=row.title,
        kind=Kind(row.kind),
        state=State(row.state),
        asked_at=row.asked_at,
        waiting_since=row.waiting_since,
        due_at=row.due_at,
        answered_at=row.answered_at,
        zone=row.zone,
        name=f"{row.given_name} {row.family_name}" if "given_name" in names else "",
        excerpt=excerpt,
        is_unread=row.is_unread,
        held_by=names.get("held_by") or "",
    )


def _lines(rows: tuple[Line, ...], total: int, page: int) -> Lines:
    return Lines(rows=rows, total=total, page=page, pages=max(1, -(-total // PAGE)))
