"""Whom a member of staff follows: one condition, for every list, page, export and mail about students."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, or_, true
from sqlalchemy.orm import aliased

from deust.domain.access import Permission, Role, may
from deust.domain.people import SignedIn
from deust.models.people import Enrolment, Person, Tutoring

_EVERYONE = (Role.MANAGER, Role.ADMIN)


def followed(reviewer: SignedIn, statement: Select[Any], person_id: ColumnElement[int] | Any) -> Select[Any]:
    """Only the work of students whom the reviewer follows now; for whoever may not review, none."""
    if not may(reviewer.role, Permission.ATTEMPT_REVIEW):
        return statement.where(false())
    return statement.where(followed_by(reviewer, person_id))


def follows_everyone(asker: SignedIn) -> bool:
    return asker.role in _EVERYONE


def still_follows(member_id: Any, person_id: Any) -> ColumnElement[bool]:
    """Whether a member of staff follows a student now, as `followed_by` says it of who asks."""
    member = aliased(Person)
    in_a_group = (
        exists()
        .where(
            Enrolment.person_id == person_id,
            Enrolment.ended_on.is_(None),
            Enrolment.group_id == Tutoring.group_id,
            Tutoring.person_id == member_id,
        )
        .correlate_except(Enrolment, Tutoring)
    )
    is_here = exists().where(member.id == member_id, member.is_active, or_(member.role.in_(_EVERYONE), in_a_group))
    return is_here.correlate_except(member)


def followed_by(asker: SignedIn, person_id: Any) -> ColumnElement[bool]:
    """The students of the groups that a tutor follows now; all of them for a manager or an administrator."""
    if not may(asker.role, Permission.COHORT_FOLLOW):
        return false()
    if follows_everyone(asker):
        return true()
    return exists().where(
        Enrolment.person_id == person_id,
        Enrolment.ended_on.is_(None),
        Enrolment.group_id == Tutoring.group_id,
        Tutoring.person_id == asker.person_id,
    )
