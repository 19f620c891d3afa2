"""Which tutor a question waits for: whoever follows the student, or the one to whom it was given over."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, exists

from deust.domain.access import Role
from deust.domain.people import SignedIn
from deust.models.messages import Holder, Thread
from deust.models.people import Enrolment, Person, Tutoring
from deust.queries.scopes import followed


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


def _is_followed() -> ColumnElement[bool]:
    return _follows(None)


def _follows(tutor_id: Any) -> ColumnElement[bool]:
    """Whether this tutor, or any of them, follows the student of the thread now."""
    found = exists().where(
        Enrolment.person_id == Thread.person_id,
        Enrolment.ended_on.is_(None),
        Enrolment.group_id == Tutoring.group_id,
        Tutoring.person_id == Person.id,
        Person.role == Role.TUTOR.value,
        Person.is_active,
    )
    return found if tutor_id is None else found.where(Person.id == tutor_id)
