"""What is unread of the exchanges, and whether a tutor opened a question."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from deust.domain.messages import State, thread_place
from deust.models.messages import Draft, Reading, Thread

SEEN = func.coalesce(Reading.seen, 0)
ANSWER_IS_UNREAD = and_(Thread.answered_size > SEEN, Thread.state != State.WITHDRAWN.value)
QUESTION_IS_UNREAD = and_(Thread.state == State.WAITING.value, Thread.size > SEEN)


def with_reading(statement: Select[Any], person_id: Any) -> Select[Any]:
    """The threads of a statement, each beside what this person has read of it."""
    return statement.outerjoin(Reading, and_(Reading.thread_id == Thread.id, Reading.person_id == person_id))


def unread_answers(person_id: Any) -> ScalarSelect[Any]:
    """How many of one's own questions have an answer that was not read."""
    counted = with_reading(select(func.count()).select_from(Thread), person_id)
    return counted.where(Thread.person_id == person_id, ANSWER_IS_UNREAD).scalar_subquery()


def is_opened(thread_id: Any, public_id: str, owner_id: int) -> ColumnElement[bool]:
    """Whether someone else than its author read the question, or is writing an answer to it."""
    of_others = aliased(Reading)
    read = exists().where(of_others.thread_id == thread_id, of_others.person_id != owner_id)
    begun = exists().where(Draft.place == thread_place(public_id), Draft.person_id != owner_id)
    return or_(read, begun)
