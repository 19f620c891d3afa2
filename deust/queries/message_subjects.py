"""What a question to a tutor is about: a result, one question of it, a hand-in, the mark given back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from deust.domain.assignments import CopyState
from deust.domain.errors import NotFound
from deust.domain.freezing import PaperQuestion, paper_question, thawed_settings
from deust.domain.learning import Kind as ItemKind
from deust.domain.messages import About, Kind
from deust.domain.people import SignedIn
from deust.domain.presenting import Piece, Presented, describe, present
from deust.domain.quizzes import Moment
from deust.models.assignments import Copy
from deust.models.quizzes import Answer, Attempt
from deust.queries.papers import asked_questions
from deust.queries.quizzes import numbers_of


@dataclass(frozen=True, kw_only=True)
class AskedQuestion:
    """A question of a quiz as its student had it, and what they answered; neither its key nor whether it is right.

    `answers_shown` is when their result shows them the right answers.
    """

    presented: Presented
    given: tuple[Piece, ...]
    answers_shown: Moment


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a question is about, for a tutor: the address of its page, and the question of the quiz if it is one."""

    address: str
    question: AskedQuestion | None = None


def attempt_about(
    connection: Connection, *, learner: SignedIn, public_id: str, key: str = "", is_mark: bool = False
) -> About:
    """What a question about this result or hand-in is about, or about one question of it, or about its mark.

    Another person's, one still open, a question that was not asked there and a mark not given back yet are absent.
    """
    row = connection.execute(
        select(Attempt.id, Attempt.public_id, Attempt.item_ref, Attempt.settings, Attempt.paper, Copy.state)
        .outerjoin(Copy, Copy.attempt_id == Attempt.id)
        .where(Attempt.public_id == public_id, Attempt.person_id == learner.person_id, Attempt.closed_at.is_not(None))
    ).first()
    if row is None:
        raise NotFound
    is_assignment = row.settings.get("kind") == ItemKind.ASSIGNMENT.value
    kind, title = Kind.ASSIGNMENT if is_assignment else Kind.RESULT, row.settings["title"]
    if is_mark:
        if not is_assignment or row.state != CopyState.RELEASED.value:
            raise NotFound
        kind = Kind.MARK
    elif key:
        if is_assignment:
            raise NotFound
        kind, title = Kind.QUESTION, f"{title}, question {_number(connection, row.paper, key)}"
    return About(kind=kind, ref=row.item_ref, title=title, attempt_id=row.id, attempt=row.public_id, key=key or None)


def learner_address(row: Row[Any]) -> str:
    """The page of what their question is about, for its student."""
    addresses = {
        Kind.RESULT: f"/essais/{row.attempt}/resultat",
        Kind.QUESTION: f"/essais/{row.attempt}/resultat#q-{row.question_key}",
        Kind.ASSIGNMENT: f"/devoirs/{row.attempt}",
        Kind.MARK: f"/devoirs/{row.attempt}",
    }
    return addresses.get(Kind(row.kind), f"/modules/{row.ref}")


def subject_for_tutor(connection: Connection, thread: Row[Any]) -> Subject:
    """The copy of a hand-in, unless it is marked without knowing whose it is; else the page of the item."""
    if thread.attempt_id is None:
        return Subject(address=f"/modules/{thread.ref}")
    row = connection.execute(
        select(Attempt.paper, Attempt.settings, Answer.given, Copy.public_id, Copy.terms, Copy.state)
        .outerjoin(Answer, and_(Answer.attempt_id == Attempt.id, Answer.question_key == (thread.question_key or "")))
        .outerjoin(Copy, Copy.attempt_id == Attempt.id)
        .where(Attempt.id == thread.attempt_id)
    ).one()
    is_hidden = row.terms and row.terms["is_anonymous"] and row.state != CopyState.RELEASED.value
    return Subject(
        address=f"/a-corriger/{row.public_id}" if row.public_id and not is_hidden else f"/modules/{thread.ref}",
        question=_asked_question(connection, row, thread.question_key) if thread.question_key else None,
    )


def _asked_question(connection: Connection, row: Row[Any], key: str) -> AskedQuestion | None:
    entry = next((entry for entry in map(paper_question, row.paper) if entry.key == key), None)
    if entry is None:
        return None
    question = asked_questions(connection, [entry])[key]
    return AskedQuestion(
        presented=present(question, entry.placement, entry.values),
        given=tuple(describe(question, row.given, entry.values)),
        answers_shown=thawed_settings(row.settings).show.answers,
    )


def _number(connection: Connection, paper: Sequence[Any], key: str) -> int:
    entries: list[PaperQuestion] = [paper_question(entry) for entry in paper]
    if key not in {entry.key for entry in entries}:
        raise NotFound
    number = numbers_of(entries, asked_questions(connection, entries)).get(key)
    if number is None:
        raise NotFound
    return number
