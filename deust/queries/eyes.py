"""A student as the pages would receive them, for staff who look with their eyes."""

from __future__ import annotations

from sqlalchemy import Connection, select

from deust.domain.access import Role
from deust.domain.people import SignedIn
from deust.models.people import Cohort, Enrolment, Person
from deust.queries.scopes import followed_by
from deust.queries.signin import PERSON_AND_PLACE, person_from


def seen_as(connection: Connection, *, asker: SignedIn, person_id: int) -> SignedIn | None:
    """The student, if the asker follows them now; no session of theirs is used. One statement."""
    row = connection.execute(
        select(*PERSON_AND_PLACE)
        .select_from(Person)
        .join(Enrolment, (Enrolment.person_id == Person.id) & Enrolment.ended_on.is_(None))
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Person.id == person_id, Person.role == Role.STUDENT.value, followed_by(asker, Person.id))
        .order_by(Enrolment.started_on.desc(), Enrolment.id.desc())
        .limit(1)
    ).first()
    return person_from(row, "") if row is not None else None
