"""Answers that came after the deadline: where staff find them, and what they would change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from deust.domain.attempts import SaveOutcome
from deust.domain.errors import NotFound
from deust.domain.freezing import paper_question
from deust.domain.people import SignedIn
from deust.domain.presenting import Piece, describe
from deust.models.people import Person
from deust.models.quizzes import AnswerEvent, Attempt
from deust.queries.papers import asked_questions
from deust.queries.quizzes import ATTEMPT, answers_of, numbers_of
from deust.queries.scopes import followed

_IS_LATE = AnswerEvent.outcome == SaveOutcome.LATE.value


@dataclass(frozen=True, kw_only=True)
class LateAttempt:
    """An attempt with late answers that nobody accepted yet."""

    public_id: str
    title: str
    person: str
    answers: int
    last_received_at: datetime


@dataclass(frozen=True, kw_only=True)
class LateAnswer:
    """An answer that came after the deadline, beside the one that counts."""

    number: int
    title: str
    late: tuple[Piece, ...]
    current: tuple[Piece, ...]
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class LatePage:
    public_id: str
    item_ref: str
    title: str
    person: str
    deadline_at: datetime | None
    closed_at: datetime | None
    answers: tuple[LateAnswer, ...]


def late_page(connection: Connection, *, reviewer: SignedIn, public_id: str) -> LatePage:
    """The late answers of an attempt, for an administrator or the group's tutor; to others it is absent."""
    found = ATTEMPT.add_columns(Person.given_name, Person.family_name).join(Person, Person.id == Attempt.person_id)
    row = connection.execute(followed(reviewer, found.where(Attempt.public_id == public_id), Attempt.person_id)).first()
    if row is None:
        raise NotFound
    paper = [paper_question(entry) for entry in row.paper]
    questions = asked_questions(connection, paper)
    answers = answers_of(connection, row.id)
    events = connection.execute(
        select(AnswerEvent.question_key, AnswerEvent.given, AnswerEvent.received_at)
        .where(AnswerEvent.attempt_id == row.id, _IS_LATE)
        .order_by(AnswerEvent.id)
    ).all()
    last = {event.question_key: event for event in events}
    numbers = numbers_of(paper, questions)
    return LatePage(
        public_id=row.public_id,
        item_ref=row.item_ref,
        title=row.settings["title"],
        person=f"{row.given_name} {row.family_name}",
        deadline_at=row.deadline_at,
        closed_at=row.closed_at,
        answers=tuple(
            LateAnswer(
                number=numbers[entry.key],
                title=questions[entry.key].title,
                late=describe(questions[entry.key], last[entry.key].given, entry.values),
                current=describe(
                    questions[entry.key],
                    answers[entry.key].given if entry.key in answers else None,
                    entry.values,
                ),
                received_at=last[entry.key].received_at,
            )
            for entry in paper
            if entry.key in last
        ),
    )


def late_attempts(connection: Connection, *, reviewer: SignedIn) -> tuple[LateAttempt, ...]:
    """The attempts with late answers among the students that the reviewer follows, the last to arrive first."""
    last = func.max(AnswerEvent.received_at)
    waiting = (
        select(
            Attempt.public_id,
            Attempt.settings,
            Person.given_name,
            Person.family_name,
            func.count(AnswerEvent.question_key.distinct()).label("answers"),
            last.label("last_received_at"),
        )
        .join(Person, Person.id == Attempt.person_id)
        .join(AnswerEvent, AnswerEvent.attempt_id == Attempt.id)
        .where(_IS_LATE)
        .group_by(Attempt.id, Person.id)
        .order_by(last.desc())
    )
    return tuple(
        LateAttempt(
            public_id=row.public_id,
            title=row.settings["title"],
            person=f"{row.given_name} {row.family_name}",
            answers=row.answers,
            last_received_at=row.last_received_at,
        )
        for row in connection.execute(followed(reviewer, waiting, Attempt.person_id)).all()
    )
