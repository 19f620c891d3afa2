"""The statements of the cohort view: everyone's figures, the people of a page with all they did, moved dates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, String, and_, bindparam, case, cast, func, or_, select, type_coerce

from deust.domain.access import Role
from deust.domain.glance import AWAITED, OPEN, TRIED
from deust.domain.people import Dates
from deust.models.learning import ItemProgress
from deust.models.people import Accommodation, Enrolment, ItemDates, Person


class Moved(NamedTuple):
    """Dates moved in a cohort: for all of it, and for some of its people."""

    cohort: Mapping[str, Dates]
    persons: Mapping[int, Mapping[str, Dates]]


_CLOSED_ATTEMPTS = ItemProgress.attempts_used - case((ItemProgress.open_attempt.is_not(None), 1), else_=0)
_IS_FAILED = and_(ItemProgress.is_passed.is_(False), ItemProgress.kept_share.is_not(None), _CLOSED_ATTEMPTS > 0)
_IS_DONE = ItemProgress.completed_at.is_not(None)
_IS_OPEN = ItemProgress.open_attempt.is_not(None)


def _listed(value: Any, condition: Any) -> Any:
    """References, each followed by `=` and its value, one after another."""
    return func.aggregate_strings(value, " ").filter(condition)


def _named(value: Any) -> Any:
    return ItemProgress.item_ref + "=" + value


_HOW_FAR = case(
    (ItemProgress.open_attempt.is_not(None), OPEN),
    (and_(ItemProgress.attempts_used > 0, ItemProgress.kept_share.is_(None)), AWAITED),
    (ItemProgress.attempts_used > 0, TRIED),
    else_=cast(ItemProgress.read_permille, String),
)
_SEEN_AT = func.max(ItemProgress.touched_at).label("seen_at")
_CREDITED = func.sum(ItemProgress.credited_minutes).label("credited_minutes")
_FAILED = _listed(_named(cast(_CLOSED_ATTEMPTS, String)), _IS_FAILED).label("failed")
_SHARES = _listed(_named(type_coerce(ItemProgress.kept_share, String)), ItemProgress.kept_share.is_not(None))
_MEMBERS = select(Enrolment.person_id).where(
    Enrolment.cohort_id == bindparam("cohort_id"), Enrolment.ended_on.is_(None)
)
_CHANGED = select(ItemProgress.person_id).where(ItemProgress.changed_at > bindparam("since"))
_DID = (
    select(
        ItemProgress.person_id,
        _SEEN_AT,
        _CREDITED,
        _FAILED,
        _SHARES.label("shares"),
        _listed(ItemProgress.item_ref, _IS_DONE).label("done"),
        _listed(ItemProgress.item_ref, _IS_OPEN).label("opened"),
    )
    .where(ItemProgress.person_id.in_(_MEMBERS), ItemProgress.person_id.in_(_CHANGED))
    .group_by(ItemProgress.person_id)
    .subquery("did")
)
_PERSON = (
    Person.id,
    Person.given_name,
    Person.family_name,
    Person.email,
    Person.student_number,
    Enrolment.group_id,
    Enrolment.started_on,
    Accommodation.person_id.is_not(None).label("is_arranged"),
)
_ENROLLED = (
    select(*_PERSON)
    .select_from(Enrolment)
    .join(Person, Person.id == Enrolment.person_id)
    .outerjoin(Accommodation, Accommodation.person_id == Person.id)
    .where(
        Enrolment.cohort_id == bindparam("cohort_id"),
        Enrolment.ended_on.is_(None),
        Person.is_active,
        Person.role == Role.STUDENT.value,
    )
)
EVERYONE = _ENROLLED.add_columns(*(each for each in _DID.c if each.name != "person_id")).outerjoin(
    _DID, _DID.c.person_id == Person.id
)
"""Everyone; with all that they did, those of whom something was written since: of the others, nothing."""

_IDS = bindparam("ids", expanding=True, literal_execute=True)
"""Numbers of our own, written into the statement: many parameters cost more than the rows that they name."""

_LINES = (
    select(
        ItemProgress.person_id,
        _SEEN_AT,
        _CREDITED,
        _FAILED,
        _SHARES.label("shares"),
        _listed(ItemProgress.item_ref, _IS_DONE).label("done"),
        _listed(_named(_HOW_FAR), ItemProgress.completed_at.is_(None)).label("begun"),
    )
    .where(ItemProgress.person_id.in_(_IDS))
    .group_by(ItemProgress.person_id)
    .subquery("lines")
)
CHOSEN = (
    _ENROLLED.add_columns(*(each for each in _LINES.c if each.name != "person_id"))
    .outerjoin(_LINES, _LINES.c.person_id == Person.id)
    .where(Person.id.in_(_IDS))
)
"""The people of a page, with everything that each did; the caller adds the scope."""


_MOVED = select(
    ItemDates.person_id, ItemDates.item_ref, ItemDates.opens_at, ItemDates.due_at, ItemDates.closes_at
).where(or_(ItemDates.cohort_id == bindparam("cohort_id"), ItemDates.person_id.in_(_MEMBERS)))


def moved_dates(connection: Connection, cohort_id: int) -> Moved:
    """The dates moved for this cohort and for its people, in one statement."""
    cohort: dict[str, Dates] = {}
    persons: dict[int, dict[str, Dates]] = {}
    for row in connection.execute(_MOVED, {"cohort_id": cohort_id}).all():
        dates = Dates(opens_at=row.opens_at, due_at=row.due_at, closes_at=row.closes_at)
        if row.person_id is None:
            cohort[row.item_ref] = dates
        else:
            persons.setdefault(row.person_id, {})[row.item_ref] = dates
    return Moved(cohort=cohort, persons=persons)
