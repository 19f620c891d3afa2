"""Who holds a session, in one statement; what is known of someone who tries to open one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select

from deust.domain.access import Role
from deust.domain.people import Calendar, Enrolled, SignedIn
from deust.domain.signin import WINDOW, Asking, Failures, Tries
from deust.models.people import Cohort, Enrolment, Person
from deust.models.signin import SignInLink, SignInSession, SignInTry
from deust.queries.message_readings import unread_answers

PERSON_AND_PLACE = (
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
    Enrolment.started_on,
    Cohort.id.label("cohort_id"),
    Cohort.title.label("cohort_title"),
    Cohort.programme,
    Cohort.week_one_on,
    Cohort.time_zone.label("cohort_zone"),
    unread_answers(Person.id).label("unread"),
)
"""What a page knows of who asks, with their enrolment and how many of their questions have an unread answer."""

_SIGNED_IN = (
    select(*PERSON_AND_PLACE)
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
    return person_from(row, token_hash) if row is not None else None


def person_from(row: Any, session_hash: str) -> SignedIn:
    """The person of a row of `PERSON_AND_PLACE`."""
    enrolled = None
    if row.enrolment_id is not None:
        enrolled = Enrolled(
            enrolment_id=row.enrolment_id,
            cohort_id=row.cohort_id,
            cohort_title=row.cohort_title,
            group_id=row.group_id,
            programme=row.programme,
            calendar=Calendar(week_one_on=row.week_one_on, time_zone=row.cohort_zone),
            started_on=row.started_on,
        )
    return _asker(row, session_hash=session_hash, enrolled=enrolled, unread=row.unread)


def as_asker(person: Person, enrolled: Enrolled | None = None) -> SignedIn:
    """The person as acts and queries receive them, without a session of theirs: for what is done in their name."""
    return _asker(person, session_hash="", enrolled=enrolled, unread=0)


def _asker(who: Any, *, session_hash: str, enrolled: Enrolled | None, unread: int) -> SignedIn:
    return SignedIn(
        person_id=who.id,
        given_name=who.given_name,
        family_name=who.family_name,
        email=who.email,
        role=Role(who.role),
        session_hash=session_hash,
        theme=who.theme,
        locale=who.locale,
        time_zone=who.time_zone,
        is_demo=who.is_demo,
        enrolled=enrolled,
        unread=unread,
    )


@dataclass(frozen=True, kw_only=True)
class Account:
    """Someone who may sign in. Without a hash, they have not chosen a password yet."""

    person_id: int
    role: Role
    password_hash: str | None


@dataclass(frozen=True, kw_only=True)
class SignInState:
    account: Account | None
    tries: Tries


_ACCOUNT = select(Person.id, Person.role, Person.password_hash).where(
    Person.email == bindparam("email"), Person.is_active
)
_ON_ACCOUNT = SignInTry.account_key == bindparam("account_key")
_FROM_PLACE = SignInTry.address_key == bindparam("place_key")
_HAS_FAILED = SignInTry.has_succeeded.is_(False)
_TRIES = select(
    func.count().filter(_ON_ACCOUNT, _FROM_PLACE, _HAS_FAILED).label("pair"),
    func.max(SignInTry.tried_at).filter(_ON_ACCOUNT, _FROM_PLACE, _HAS_FAILED).label("pair_at"),
    func.count().filter(_ON_ACCOUNT, _HAS_FAILED).label("account"),
    func.max(SignInTry.tried_at).filter(_ON_ACCOUNT, _HAS_FAILED).label("account_at"),
    func.count().filter(_FROM_PLACE, _HAS_FAILED).label("place"),
    func.max(SignInTry.tried_at).filter(_FROM_PLACE, _HAS_FAILED).label("place_at"),
    func.count().filter(_FROM_PLACE, SignInTry.has_succeeded).label("successes"),
).where(or_(_ON_ACCOUNT, _FROM_PLACE), SignInTry.tried_at > bindparam("since"))


def sign_in_state(connection: Connection, asking: Asking, *, now: datetime) -> SignInState:
    """The account asked for, if it may sign in, and the tries of the last 15 minutes: two statements."""
    person = connection.execute(_ACCOUNT, {"email": asking.email}).first()
    row = connection.execute(
        _TRIES, {"account_key": asking.account_key, "place_key": asking.place_key, "since": now - WINDOW}
    ).one()
    tries = Tries(
        pair=Failures(count=row.pair, last_at=row.pair_at),
        account=Failures(count=row.account, last_at=row.account_at),
        address=Failures(count=row.place, last_at=row.place_at),
        address_successes=row.successes,
    )
    if person is None:
        return SignInState(account=None, tries=tries)
    account = Account(person_id=person.id, role=Role(person.role), password_hash=person.password_hash)
    return SignInState(account=account, tries=tries)


@dataclass(frozen=True, kw_only=True)
class LinkHolder:
    """Whom a link was sent to, and what for: `reset` or `invitation`."""

    person_id: int
    email: str
    given_name: str
    family_name: str
    purpose: str


_LINK_HOLDER = (
    select(Person.id, Person.email, Person.given_name, Person.family_name, SignInLink.purpose)
    .select_from(SignInLink)
    .join(Person, Person.id == SignInLink.person_id)
    .where(
        SignInLink.token_hash == bindparam("token_hash"),
        SignInLink.used_at.is_(None),
        SignInLink.expires_at > bindparam("now"),
        Person.is_active,
    )
)


def link_holder(connection: Connection, *, token_hash: str, now: datetime) -> LinkHolder | None:
    """Whom an unused, unexpired link belongs to. Looking does not use it."""
    row = connection.execute(_LINK_HOLDER, {"token_hash": token_hash, "now": now}).first()
    if row is None:
        return None
    return LinkHolder(
        person_id=row.id,
        email=row.email,
        given_name=row.given_name,
        family_name=row.family_name,
        purpose=row.purpose,
    )
