"""Questions to tutors: asked, answered, closed; messages are only added, and nothing being written is lost."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from deust.domain.access import Role
from deust.domain.errors import Forbidden, NotFound, ThreadClosed, ThreadOpened, TooManyQuestions
from deust.domain.messages import (
    MOST_A_DAY,
    MOST_ADDED,
    MOST_DRAFT,
    About,
    State,
    cleaned,
    day_start,
    ensure_sendable,
    promised_by,
    thread_place,
)
from deust.domain.people import DEFAULT_ZONE, SignedIn
from deust.models.messages import DigestMark, Draft, Message, Reading, Thread
from deust.models.people import Person
from deust.models.rows import insert_into
from deust.queries.message_readings import is_opened
from deust.queries.messages import READING, find_thread, has_opened
from deust.services import records

TWICE_WITHIN = timedelta(minutes=10)


def ask(session: Session, *, learner: SignedIn, about: About, text: str, now: datetime) -> str:
    """A new question, with the delay promised for its answer; its draft is done. Gives the thread's public id.

    The same words about the same thing, sent again within ten minutes, are the same question. Refuses an empty text,
    one of more than 4,000 characters, and the twenty-first of the day.
    """
    text = cleaned(text)
    ensure_sendable(text)
    twin = _just_asked(session, learner, about, text, now)
    if twin is not None:
        return twin
    _ensure_few_questions(session, learner, now)
    zone = learner.enrolled.calendar.time_zone if learner.enrolled else DEFAULT_ZONE
    thread = Thread(
        public_id=secrets.token_hex(16),
        person_id=learner.person_id,
        kind=about.kind.value,
        ref=about.ref,
        attempt_id=about.attempt_id,
        question_key=about.key,
        title=about.title,
        state=State.WAITING.value,
        size=0,
        zone=zone,
        asked_at=now,
        waiting_since=now,
        due_at=promised_by(now, zone),
    )
    session.add(thread)
    session.flush()
    _say(session, thread, learner, text, is_answer=False, now=now)
    _drop_draft(session, learner, about.place)
    _note(session, learner, "thread:ask", thread, now)
    return thread.public_id


def _just_asked(session: Session, learner: SignedIn, about: About, text: str, now: datetime) -> str | None:
    """The question that a form sent twice has already made; the asker's row is held, so that two at once make one."""
    session.execute(select(Person.id).where(Person.id == learner.person_id).with_for_update())
    return session.scalar(
        select(Thread.public_id)
        .join(Message, Message.thread_id == Thread.id)
        .where(
            Thread.person_id == learner.person_id,
            Thread.kind == about.kind.value,
            Thread.ref == about.ref,
            Thread.attempt_id.is_not_distinct_from(about.attempt_id),
            Thread.question_key.is_not_distinct_from(about.key),
            Thread.state == State.WAITING.value,
            Thread.asked_at > now - TWICE_WITHIN,
            Message.text == text,
        )
        .limit(1)
    )


def _just_said(session: Session, thread: Thread, who: SignedIn, text: str, now: datetime) -> bool:
    """Whether the last message of an exchange, held, is this one: its form was sent twice."""
    last = session.scalars(
        select(Message).where(Message.thread_id == thread.id).order_by(Message.id.desc()).limit(1)
    ).one()
    return (last.author_id, last.text) == (who.person_id, text) and last.at > now - TWICE_WITHIN


def write_again(
    session: Session, *, learner: SignedIn, public_id: str, text: str, seen: int = 0, now: datetime
) -> None:
    """Add a message to one's own question, `seen` messages being read: it waits again, from now if it was answered.

    The same words sent again within ten minutes are the same message. Refuses an empty or too long text, a closed
    exchange, and the sixty-first message added in a day.
    """
    thread = _own_thread(session, learner, public_id)
    text = cleaned(text)
    ensure_sendable(text)
    if _just_said(session, thread, learner, text, now):
        _drop_draft(session, learner, thread_place(public_id))
        return
    _ensure_open(thread)
    _ensure_few_added(session, learner, now)
    _mark_read(session, learner, thread, seen, now)
    _say(session, thread, learner, text, is_answer=False, now=now)
    if thread.waiting_since is None:
        thread.waiting_since, thread.due_at = now, promised_by(now, thread.zone)
    thread.state = State.WAITING.value
    _drop_draft(session, learner, thread_place(public_id))


def withdraw(session: Session, *, learner: SignedIn, public_id: str, now: datetime) -> None:
    """Take back a question that no tutor opened: they no longer see it. Twice is the same as once."""
    thread = _own_thread(session, learner, public_id)
    if thread.state == State.WITHDRAWN.value:
        return
    if thread.state != State.WAITING.value or thread.answered_at is not None:
        raise ThreadClosed
    if session.scalar(select(is_opened(thread.id, thread.public_id, learner.person_id))):
        raise ThreadOpened
    thread.state, thread.waiting_since, thread.due_at = State.WITHDRAWN.value, None, None
    _note(session, learner, "thread:withdraw", thread, now)


def answer(session: Session, *, tutor: SignedIn, public_id: str, text: str, seen: int, now: datetime) -> bool:
    """Answer a question. False, and nothing written, when messages came that the tutor has not seen (`seen` of them).

    The same words sent again within ten minutes are the same answer. Refuses an empty or too long text and a closed
    exchange.
    """
    thread = _followed_thread(session, tutor, public_id, now)
    text = cleaned(text)
    ensure_sendable(text)
    if _just_said(session, thread, tutor, text, now):
        _drop_draft(session, tutor, thread_place(public_id))
        return True
    if thread.size != seen:
        return False
    _ensure_open(thread)
    _say(session, thread, tutor, text, is_answer=True, now=now)
    thread.state, thread.waiting_since, thread.due_at, thread.answered_at = State.ANSWERED.value, None, None, now
    thread.answered_size = thread.size
    _mark_read(session, tutor, thread, seen, now)
    _drop_draft(session, tutor, thread_place(public_id))
    _note(session, tutor, "thread:answer", thread, now)
    return True


def note_read(session: Session, *, who: SignedIn, public_id: str, seen: int, now: datetime) -> None:
    """The person has read the first `seen` messages of an exchange that they may read. Never fewer than before."""
    is_learner = who.role is Role.STUDENT
    thread = _own_thread(session, who, public_id) if is_learner else _followed_thread(session, who, public_id, now)
    _mark_read(session, who, thread, seen, now)


def set_closed(session: Session, *, tutor: SignedIn, public_id: str, is_closed: bool, now: datetime) -> None:
    """Close an exchange, or open it again as it was: waiting if no answer came. Twice is the same as once."""
    thread = _followed_thread(session, tutor, public_id, now)
    if (thread.state == State.CLOSED.value) == is_closed:
        return
    opened = State.WAITING if thread.waiting_since else State.ANSWERED
    thread.state = State.CLOSED.value if is_closed else opened.value
    _note(session, tutor, "thread:close" if is_closed else "thread:reopen", thread, now)


def note_reading(session: Session, *, admin: SignedIn, public_id: str, now: datetime) -> None:
    """An administrator says, before they read an exchange, that they do: it is written in the log."""
    thread = _locked(session, find_thread(session.connection(), admin, public_id).id)
    if admin.role is not Role.ADMIN:
        raise Forbidden
    _note(session, admin, READING, thread, now)


def keep_draft(session: Session, *, who: SignedIn, place: str, text: str, now: datetime) -> None:
    """Keep what is being written; an empty text forgets it."""
    text = text.replace("\x00", "")[:MOST_DRAFT]
    if not text.strip():
        _drop_draft(session, who, place)
        return
    values = {"person_id": who.person_id, "place": place, "text": text, "saved_at": now}
    statement = insert_into(session, Draft).values(values)
    changed = {"text": text, "saved_at": now}
    session.execute(statement.on_conflict_do_update(index_elements=["person_id", "place"], set_=changed))


def keep_mail_choice(session: Session, *, person_id: int, wants_mail: bool, now: datetime) -> None:
    """Whether the person wants mail when something waits for them; what came before they did is not told."""
    row = held_mark(session, person_id)
    if wants_mail and row.is_off:
        row.told_at = now
    row.is_off = not wants_mail


def held_mark(session: Session, person_id: int) -> DigestMark:
    """What is kept of the person's mails, made if absent, held until the end of the transaction."""
    values = {"person_id": person_id, "is_off": False}
    session.execute(insert_into(session, DigestMark).values(values).on_conflict_do_nothing())
    return session.scalars(select(DigestMark).where(DigestMark.person_id == person_id).with_for_update()).one()


def _own_thread(session: Session, learner: SignedIn, public_id: str) -> Thread:
    found = session.scalars(
        select(Thread)
        .where(Thread.public_id == public_id, Thread.person_id == learner.person_id)
        .with_for_update(of=Thread)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def _followed_thread(session: Session, tutor: SignedIn, public_id: str, now: datetime) -> Thread:
    """The thread, locked; an administrator has said first that they read it."""
    connection = session.connection()
    thread = _locked(session, find_thread(connection, tutor, public_id).id)
    if thread.state == State.WITHDRAWN.value:
        raise NotFound
    if tutor.role is Role.ADMIN and not has_opened(connection, tutor, public_id, now):
        raise Forbidden
    return thread


def _locked(session: Session, thread_id: int) -> Thread:
    return session.scalars(select(Thread).where(Thread.id == thread_id).with_for_update(of=Thread)).one()


def _ensure_open(thread: Thread) -> None:
    if thread.state in (State.CLOSED.value, State.WITHDRAWN.value):
        raise ThreadClosed


def _ensure_few_questions(session: Session, learner: SignedIn, now: datetime) -> None:
    """Counted under the person's lock, so that two devices do not pass together."""
    today = day_start(now, learner.time_zone)
    asked = select(func.count()).where(Thread.person_id == learner.person_id, Thread.asked_at >= today)
    if (session.scalar(asked) or 0) >= MOST_A_DAY:
        raise TooManyQuestions(MOST_A_DAY)


def _ensure_few_added(session: Session, learner: SignedIn, now: datetime) -> None:
    session.execute(select(Person.id).where(Person.id == learner.person_id).with_for_update())
    today = day_start(now, learner.time_zone)
    added = (
        select(func.count())
        .select_from(Message)
        .join(Thread, Thread.id == Message.thread_id)
        .where(Message.author_id == learner.person_id, Message.at >= today, Message.at > Thread.asked_at)
    )
    if (session.scalar(added) or 0) >= MOST_ADDED:
        raise TooManyQuestions(MOST_ADDED)


def _mark_read(session: Session, who: SignedIn, thread: Thread, seen: int, now: datetime) -> None:
    seen = min(seen, thread.size)
    if seen < 1:
        return
    values = {"person_id": who.person_id, "thread_id": thread.id, "seen": seen, "read_at": now}
    statement = insert_into(session, Reading).values(values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["person_id", "thread_id"],
            set_={"seen": seen, "read_at": now},
            where=Reading.seen < seen,
        )
    )


def _say(session: Session, thread: Thread, who: SignedIn, text: str, *, is_answer: bool, now: datetime) -> None:
    session.add(
        Message(
            thread_id=thread.id,
            author_id=who.person_id,
            is_answer=is_answer,
            text=text,
            at=now,
            awaited_since=thread.waiting_since if is_answer else None,
            due_at=thread.due_at if is_answer else None,
        )
    )
    thread.size += 1


def _drop_draft(session: Session, who: SignedIn, place: str) -> None:
    session.execute(delete(Draft).where(Draft.person_id == who.person_id, Draft.place == place))


def _note(session: Session, who: SignedIn, act: str, thread: Thread, now: datetime) -> None:
    records.audit(session, at=now, actor_id=who.person_id, act=act, subject=f"thread:{thread.public_id}")
