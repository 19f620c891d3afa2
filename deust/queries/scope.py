"""Whom a member of staff follows: the one condition that every list, page, export and mail about students uses."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, exists, false, true

from deust.domain.access import Permission, Role, may
from deust.domain.people import SignedIn
from deust.models.people import Enrolment, Tutoring

_EVERYONE = (Role.MANAGER, Role.ADMIN)


def follows_everyone(asker: SignedIn) -> bool:
    return asker.role in _EVERYONE


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
