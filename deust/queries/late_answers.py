"""Answers that came after the deadline: where staff find them, and what they would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from deust.domain.answers import file_name_in
from deust.domain.attempts import SaveOutcome
from deust.domain.errors import NotFound
from deust.domain.files import neutral_name
from deust.domain.freezing import PaperQuestion, paper_question
from deust.domain.people import SignedIn
from deust.domain.presenting import Piece, describe
from deust.domain.questions import Json, Question
from deust.models.assignments import Copy
from deust.models.people import Person
from deust.models.quizzes import AnswerEvent, Attempt
from deust.queries.copies import is_hidden
from deust.queries.papers import asked_questions
from deust.queries.quizzes import ATTEMPT, answers_of, numbers_of
from deust.queries.scopes import followed

_IS_LATE = AnswerEvent.outcome == SaveOutcome.LATE.value
_AUTHOR = Person.given_name, Person.family_name, Copy.code, Copy.terms, Copy.state


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who answered, as who may have to mark it reads it: a name, else the `code` of a copy, empty before it is made."""

    name: str = ""
    code: str = ""

    @property
    def is_hidden(self) -> bool:
        return not self.name


@dataclass(frozen=True, kw_only=True)
class LateAttempt:
    """An attempt with late answers that nobody accepted yet."""

    public_id: str
    title: str
    author: Author
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
    author: Author
    deadline_at: datetime | None
    closed_at: datetime | None
    answers: tuple[LateAnswer, ...]


def late_page(connection: Connection, *, reviewer: SignedIn, public_id: str) -> LatePage:
    """The late answers of an attempt, for an administrator or the group's tutor; to others it is absent."""
    found = ATTEMPT.add_columns(*_AUTHOR).join(Person, Person.id == Attempt.person_id)
    found = found.outerjoin(Copy, Copy.attempt_id == Attempt.id)
    row = connection.execute(followed(reviewer, found.where(Attempt.public_id == public_id), Attempt.person_id)).first()
    if row is None:
        raise NotFound
    paper = [paper_question(entry) for entry in row.paper]
    questions = asked_questions(connection, paper)
    current = {key: answer.given for key, answer in answers_of(connection, row.id).items()}
    events = connection.execute(
        select(AnswerEvent.question_key, AnswerEvent.given, AnswerEvent.received_at)
        .where(AnswerEvent.attempt_id == row.id, _IS_LATE)
        .order_by(AnswerEvent.id)
    ).all()
    last = {event.question_key: event for event in events}
    numbers, author = numbers_of(paper, questions), _author(row)
    return LatePage(
        public_id=row.public_id,
        item_ref=row.item_ref,
        title=row.settings["title"],
        author=author,
        deadline_at=row.deadline_at,
        closed_at=row.closed_at,
        answers=tuple(
            LateAnswer(
                number=numbers[entry.key],
                title=questions[entry.key].title,
                late=_described(questions[entry.key], last[entry.key].given, entry, numbers, author),
                current=_described(questions[entry.key], current.get(entry.key), entry, numbers, author),
                received_at=last[entry.key].received_at,
            )
            for entry in paper
            if entry.key in last
        ),
    )


def _described(
    question: Question, given: Json, entry: PaperQuestion, numbers: Mapping[str, int], author: Author
) -> tuple[Piece, ...]:
    """An answer in words; a file of an unknown author has a neutral name."""
    if author.is_hidden and isinstance(given, dict) and (name := file_name_in(given)):
        given = {**given, "name": neutral_name(name, numbers[entry.key])}
    return describe(question, given, entry.values)


def _author(row: Row[Any]) -> Author:
    """Who marks an anonymous work does not learn whose it is from what came late; it has no code before its copy."""
    if row.code is None and row.settings.get("terms", {}).get("is_anonymous"):
        return Author()
    if row.code is not None and is_hidden(row):
        return Author(code=row.code)
    return Author(name=f"{row.given_name} {row.family_name}")


def late_count(connection: Connection, attempt_id: int) -> int:
    """How many questions of an attempt have an answer that came after the deadline and that nobody accepted yet."""
    late = select(func.count(AnswerEvent.question_key.distinct())).where(AnswerEvent.attempt_id == attempt_id, _IS_LATE)
    return int(connection.execute(late).scalar_one())


def late_attempts(connection: Connection, *, reviewer: SignedIn) -> tuple[LateAttempt, ...]:
    """The attempts with late answers among the students that the reviewer follows, the last to arrive first."""
    last = func.max(AnswerEvent.received_at)
    waiting = (
        select(
            Attempt.public_id,
            Attempt.settings,
            *_AUTHOR,
            func.count(AnswerEvent.question_key.distinct()).label("answers"),
            last.label("last_received_at"),
        )
        .join(Person, Person.id == Attempt.person_id)
        .outerjoin(Copy, Copy.attempt_id == Attempt.id)
        .join(AnswerEvent, AnswerEvent.attempt_id == Attempt.id)
        .where(_IS_LATE)
        .group_by(Attempt.id, Person.id, Copy.id)
        .order_by(last.desc())
    )
    return tuple(
        LateAttempt(
            public_id=row.public_id,
            title=row.settings["title"],
            author=_author(row),
            answers=row.answers,
            last_received_at=row.last_received_at,
        )
        for row in connection.execute(followed(reviewer, waiting, Attempt.person_id)).all()
    )
