"""Who holds a session, in one statement."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from deust.domain.access import Role
from deust.domain.people import Calendar, Enrolled, SignedIn
from deust.models.people import Cohort, Enrolment, Person
from deust.models.signin import SignInSession

_SIGNED_IN = (
    select(
        Person.id,
        Person.given_name,
        Person.family_name,
        Person.email,
        Person.role,
        Person.theme,
        Person.locale,
        Person.time_zone,
        Person.is_demo,
        Enrolment.id.label("enrolment_id"),
        Enrolment.group_id,
        Cohort.id.label("cohort_id"),
        Cohort.title.label("cohort_title"),
        Cohort.programme,
        Cohort.week_one_on,
        Cohort.time_zone.label("cohort_zone"),
    )
    .select_from(SignInSession)
    .join(Person, Person.id == SignInSession.person_id)
    .outerjoin(Enrolment, (Enrolment.person_id == Person.id) & Enrolment.ended_on.is_(None))
    .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
    .where(
        SignInSession.token_hash == bindparam("token_hash"),
        SignInSession.revoked_at.is_(None),
        SignInSession.expires_at > bindparam("now"),
        Person.is_active,
    )
    .order_by(Enrolment.started_on.desc(), Enrolment.id.desc())
    .limit(1)
)


def signed_in(connection: Connection, *, token_hash: str, now: datetime) -> SignedIn | None:
    """The person whose session this is, with their most recent enrolment; None if it ended, expired or was revoked."""
    row = connection.execute(_SIGNED_IN, {"token_hash": token_hash, "now": now}).first()
    if row is None:
        return None
    enrolled = None
    if row.enrolment_id is not None:
        enrolled = Enrolled(
            enrolment_id=row.enrolment_id,
            cohort_id=row.cohort_id,
            cohort_title=row.cohort_title,
            group_id=row.group_id,
            programme=row.programme,
            calendar=Calendar(week_one_on=row.week_one_on, time_zone=row.cohort_zone),
        )
    return SignedIn(
        person_id=row.id,
        given_name=row.given_name,
        family_name=row.family_name,
        email=row.email,
        role=Role(row.role),
        session_hash=token_hash,
        theme=row.theme,
        locale=row.locale,
        time_zone=row.time_zone,
        is_demo=row.is_demo,
        enrolled=enrolled,
    )
