"""Whose work a member of staff may see: one rule, for every list and every page."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false

from deust.domain.access import Permission, Role, may
from deust.domain.people import SignedIn
from deust.models.people import Enrolment, Tutoring


def followed(reviewer: SignedIn, statement: Select[Any], person_id: ColumnElement[int] | Any) -> Select[Any]:
    """Only students whom the reviewer follows now, by their group; an administrator follows everyone."""
    if not may(reviewer.role, Permission.ATTEMPT_REVIEW):
        return statement.where(false())
    if reviewer.role is Role.ADMIN:
        return statement
    return statement.where(
        exists().where(
            Enrolment.person_id == person_id,
            Enrolment.ended_on.is_(None),
            Enrolment.group_id == Tutoring.group_id,
            Tutoring.person_id == reviewer.person_id,
        )
    )
