"""People, the cohorts and groups they belong to, the time and dates granted to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from deust.domain.access import Role
from deust.domain.errors import InvalidPerson, NotFound
from deust.domain.learning import Assignment, Quiz
from deust.domain.people import DEFAULT_ZONE, Dates, normalised_email
from deust.domain.progress import AnyItem
from deust.exchange.people import is_email
from deust.models.people import Accommodation, Cohort, Enrolment, Group, ItemDates, Person, Tutoring
from deust.models.quizzes import Attempt
from deust.models.rows import RowsInsert, hold
from deust.queries.item_dates import dates_for
from deust.services import copies, quizzes
from deust.services.records import audit, audit_all, audit_line

LARGEST_MULTIPLIER = Fraction(4)
FINEST_MULTIPLIER = 1_000_000
"""The largest denominator: a factor is « 4/3 » or « 1,333333 », and the tables hold it exactly."""

MOST_EXTRA_MINUTES = 480

_ACCOUNTS = RowsInsert(Person, ("email", "given_name", "family_name", "student_number", "role", "created_at"))


def _coming_back(insertion: Any) -> Any:
    own = Enrolment.group_id
    return insertion.on_conflict_do_update(
        index_elements=[Enrolment.person_id, Enrolment.cohort_id],
        set_={"ended_on": None, "group_id": func.coalesce(insertion.excluded.group_id, own)},
    )


_PLACES = RowsInsert(Enrolment, ("person_id", "cohort_id", "group_id", "started_on"), _coming_back)


def create_person(
    session: Session,
    *,
    email: str,
    given_name: str,
    family_name: str,
    role: Role,
    student_number: str | None = None,
    is_demo: bool = False,
    by: int | None,
    now: datetime,
) -> Person:
    """A new account, without a password. Two accounts never share an address or a student number."""
    email = normalised_email(email)
    if not is_email(email):
        raise InvalidPerson("email")
    if not given_name.strip() or not family_name.strip():
        raise InvalidPerson("name")
    _ensure_free(session, email, student_number)
    person = Person(
        email=email,
        given_name=given_name.strip(),
        family_name=family_name.strip(),
        student_number=student_number,
        role=role.value,
        is_demo=is_demo,
        created_at=now,
    )
    session.add(person)
    session.flush()
    audit_all(session, [_created_line(person, by=by, now=now)])
    return person


def create_students(
    session: Session, accounts: Sequence[Mapping[str, Any]], *, by: int | None, now: datetime
) -> dict[str, Person]:
    """New accounts of students, by address, given by their columns: right, and none with another's address or number.

    Gives every student. As many statements as for one.
    """
    common = {"role": Role.STUDENT.value, "created_at": now}
    _ACCOUNTS.write(session.connection(), [{**account, **common} for account in accounts])
    people = session.scalars(select(Person).where(Person.role == Role.STUDENT))
    by_email = {person.email: person for person in people}
    audit_all(session, [_created_line(by_email[account["email"]], by=by, now=now) for account in accounts])
    return by_email


def _created_line(person: Person, *, by: int | None, now: datetime) -> dict[str, Any]:
    return audit_line(at=now, actor_id=by, act="person:create", subject=f"person:{person.id}", role=person.role)


def create_cohort(
    session: Session, *, code: str, title: str, programme: str, week_one_on: date, time_zone: str = DEFAULT_ZONE
) -> Cohort:
    """A promotion of a programme; its week 1 begins on `week_one_on`."""
    cohort = Cohort(code=code, title=title, programme=programme, week_one_on=week_one_on, time_zone=time_zone)
    session.add(cohort)
    session.flush()
    return cohort


def create_group(session: Session, cohort_id: int, *, name: str) -> Group:
    """A group of a cohort; the one of that name when there is one already."""
    group = session.scalars(select(Group).where(Group.cohort_id == cohort_id, Group.name == name)).one_or_none()
    if group is None:
        group = Group(cohort_id=cohort_id, name=name)
        session.add(group)
        session.flush()
    return group


def groups_of(session: Session, cohort_id: int) -> dict[str, int]:
    """The groups of a cohort, by name."""
    groups = session.scalars(select(Group).where(Group.cohort_id == cohort_id).order_by(Group.name)).all()
    return {group.name: group.id for group in groups}


def find_cohort(session: Session, code: str) -> Cohort | None:
    return session.scalars(select(Cohort).where(Cohort.code == code)).one_or_none()


def find_person(session: Session, email: str) -> Person | None:
    return session.scalars(select(Person).where(Person.email == normalised_email(email))).one_or_none()


def enrol(
    session: Session,
    person: Person,
    *,
    cohort_id: int,
    group_id: int | None = None,
    started_on: date | None = None,
    by: int | None,
    now: datetime,
) -> Enrolment:
    """Place a student in a cohort, from today where it lives unless said otherwise.

    Someone who had left comes back to their own enrolment.
    """
    enrol_all(session, {person: group_id}, cohort_id=cohort_id, started_on=started_on, by=by, now=now)
    own = select(Enrolment).where(Enrolment.person_id == person.id, Enrolment.cohort_id == cohort_id)
    return session.scalars(own.execution_options(populate_existing=True)).one()


def enrol_all(
    session: Session,
    groups: Mapping[Person, int | None],
    *,
    cohort_id: int,
    started_on: date | None = None,
    by: int | None,
    now: datetime,
) -> None:
    """The same for each of these people, in the group given or else where they were: as many statements as for one.

    Who begins again with another cohort follows its calendar: the dates granted to them that are over are no more.
    """
    if any(person.role != Role.STUDENT for person in groups):
        raise InvalidPerson("role")
    cohort = session.get_one(Cohort, cohort_id)
    today = now.astimezone(ZoneInfo(cohort.time_zone)).date()
    places = session.execute(select(Enrolment.person_id, Enrolment.ended_on).where(Enrolment.cohort_id == cohort_id))
    ended_on = {place.person_id: place.ended_on for place in places}
    there = {person_id for person_id, ended in ended_on.items() if ended is None}
    common = {"cohort_id": cohort_id, "started_on": started_on or today}
    rows = [{"person_id": person.id, "group_id": group_id, **common} for person, group_id in groups.items()]
    _PLACES.write(session.connection(), rows)
    started = (f"person:{person.id}" for person in groups if person.id not in there)
    audit_all(
        session,
        [audit_line(at=now, actor_id=by, act="enrolment:start", subject=one, cohort=cohort_id) for one in started],
    )
    _forget_past_dates(session, {person.id for person in groups} - ended_on.keys(), cohort=cohort, by=by, now=now)


def _forget_past_dates(
    session: Session, person_ids: Collection[int], *, cohort: Cohort, by: int | None, now: datetime
) -> None:
    """Give the calendar's dates back to those of these persons who followed another cohort of the same programme, where
    their own are over. The attempts granted to them stay, as do those they used.
    """
    before = select(Enrolment.person_id).join(Cohort, Cohort.id == Enrolment.cohort_id)
    before = before.where(Cohort.programme == cohort.programme, Cohort.id != cohort.id)
    past = func.coalesce(ItemDates.closes_at, ItemDates.due_at) < now
    for row in session.scalars(select(ItemDates).where(ItemDates.person_id.in_(before), past)).all():
        if row.person_id in person_ids:
            row.opens_at, row.due_at, row.closes_at = None, None, None
            subject = f"person:{row.person_id}"
            audit(session, at=now, actor_id=by, act="dates:lapse", subject=subject, item=row.item_ref)


def end_enrolment(session: Session, enrolment: Enrolment, *, ended_on: date, by: int | None, now: datetime) -> None:
    """The student leaves the cohort; what they did stays."""
    enrolment.ended_on = ended_on
    subject = f"person:{enrolment.person_id}"
    audit(session, at=now, actor_id=by, act="enrolment:end", subject=subject, cohort=enrolment.cohort_id)


def assign_tutor(session: Session, tutor: Person, *, group_id: int, by: int | None, now: datetime) -> None:
    """Let a tutor follow a group."""
    if tutor.role != Role.TUTOR:
        raise InvalidPerson("role")
    if session.get(Tutoring, (tutor.id, group_id)) is None:
        session.add(Tutoring(person_id=tutor.id, group_id=group_id))
        audit(session, at=now, actor_id=by, act="tutoring:start", subject=f"person:{tutor.id}", group=group_id)


def is_multiplier(factor: Fraction) -> bool:
    """Whether a time may be multiplied by it."""
    return 1 <= factor <= LARGEST_MULTIPLIER and factor.denominator <= FINEST_MULTIPLIER


def grant_accommodation(
    session: Session, person_id: int, *, time_multiplier: Fraction, extra_minutes: int, by: int | None, now: datetime
) -> int:
    """Give a student more time: a factor on every limit, then minutes. Attempts that are open move at once.

    Only the effect is kept, never its reason. Says how many deadlines moved.
    """
    person = session.get(Person, person_id)
    if person is None or person.role != Role.STUDENT:
        raise NotFound
    if not (is_multiplier(time_multiplier) and 0 <= extra_minutes <= MOST_EXTRA_MINUTES):
        raise InvalidPerson("arrangement")
    _set_accommodation(session, person_id, time_multiplier, extra_minutes, now)
    audit(
        session,
        at=now,
        actor_id=by,
        act="accommodation:grant",
        subject=f"person:{person_id}",
        time_multiplier=str(time_multiplier),
        extra_minutes=extra_minutes,
    )
    return quizzes.move_deadlines(session, person_id=person_id, now=now)


def move_dates(
    session: Session,
    item: AnyItem,
    *,
    cohort_id: int | None = None,
    person_id: int | None = None,
    dates: Dates,
    keeps_attempts: bool = False,
    by: int | None,
    now: datetime,
) -> int:
    """Move an item's dates for a cohort or for one person; no date at all gives the former ones back.

    `keeps_attempts` leaves the attempts granted before as they are, whatever `dates` says of them.

    Attempts that are open get the new closing at once, and works handed in but not given back are late after the new
    date. Says how many deadlines moved. Dates that were moved under a former name of the item are these.
    """
    owned = _held_owner(session, cohort_id, person_id)
    row = _row_of_dates(session, item, owned)
    if row is None:
        row = ItemDates(cohort_id=cohort_id, person_id=person_id)
        session.add(row)
    row.item_ref = item.ref
    row.opens_at, row.due_at, row.closes_at = dates.opens_at, dates.due_at, dates.closes_at
    row.extra_attempts = row.extra_attempts or 0 if keeps_attempts else dates.extra_attempts
    session.flush()
    subject = f"cohort:{cohort_id}" if person_id is None else f"person:{person_id}"
    more = {"extra": row.extra_attempts} if row.extra_attempts else {}
    audit(session, at=now, actor_id=by, act="dates:move", subject=subject, item=item.ref, **more)
    if isinstance(item, Assignment):
        whose = [person_id] if person_id is not None else _members(cohort_id)
        copies.count_late_again(session, assignment=item, person_ids=whose)
    if not isinstance(item, Quiz):
        return 0
    return sum(
        quizzes.move_closing(session, quiz=item, person_ids=[each], closes_at=_closing(session, item, each), now=now)
        for each in _answering(session, item, cohort_id, person_id)
    )


def keep_preferences(session: Session, person_id: int, *, theme: str, locale: str) -> None:
    """The person's own choice of colours and language."""
    person = session.get_one(Person, person_id)
    person.theme, person.locale = theme, locale


def _ensure_free(session: Session, email: str, student_number: str | None) -> None:
    if find_person(session, email) is not None:
        raise InvalidPerson("email-taken")
    if student_number is None:
        return
    if session.scalars(select(Person.id).where(Person.student_number == student_number)).first() is not None:
        raise InvalidPerson("number-taken")


def _set_accommodation(
    session: Session, person_id: int, time_multiplier: Fraction, extra_minutes: int, now: datetime
) -> None:
    hold(session, Person, person_id)
    row = session.get(Accommodation, person_id)
    if time_multiplier == 1 and extra_minutes == 0:
        if row is not None:
            session.delete(row)
        session.flush()
        return
    if row is None:
        row = Accommodation(person_id=person_id)
        session.add(row)
    row.time_multiplier, row.extra_minutes, row.granted_at = time_multiplier, extra_minutes, now
    session.flush()


def _answering(session: Session, quiz: Quiz, cohort_id: int | None, person_id: int | None) -> list[int]:
    """Who has an attempt of the quiz open, among those whose dates moved."""
    running = select(Attempt.person_id).where(Attempt.item_ref.in_(quiz.refs), Attempt.closed_at.is_(None))
    if person_id is not None:
        return list(session.scalars(running.where(Attempt.person_id == person_id)))
    return list(session.scalars(running.where(Attempt.person_id.in_(_members(cohort_id)))))


def _members(cohort_id: int | None) -> Select[Any]:
    return select(Enrolment.person_id).where(Enrolment.cohort_id == cohort_id, Enrolment.ended_on.is_(None))


def _closing(session: Session, quiz: Quiz, person_id: int) -> datetime | None:
    return dates_for(session.connection(), item=quiz, person_id=person_id).dates.closes_at


def _held_owner(session: Session, cohort_id: int | None, person_id: int | None) -> ColumnElement[bool]:
    """Whose dates are moved: the person, else the cohort, held so that two at once make one row."""
    if person_id is not None:
        hold(session, Person, person_id)
        return ItemDates.person_id == person_id
    if cohort_id is not None:
        hold(session, Cohort, cohort_id)
    return ItemDates.cohort_id == cohort_id


def _row_of_dates(session: Session, item: AnyItem, owned: ColumnElement[bool]) -> ItemDates | None:
    """The dates moved under the item's present name, else under a former one."""
    is_present = ItemDates.item_ref == item.ref
    moved = select(ItemDates).where(ItemDates.item_ref.in_(item.refs), owned)
    return session.scalars(moved.order_by(is_present.desc()).limit(1)).one_or_none()
