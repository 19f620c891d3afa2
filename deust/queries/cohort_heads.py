"""The cohorts that a member of staff follows, and one of them: its calendar, its rules, the groups that are theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from deust.domain.errors import NotFound
from deust.domain.flags import Rules
from deust.domain.learning import Programme
from deust.domain.people import Calendar, SignedIn
from deust.models.cohort import FlagRules
from deust.models.people import Cohort, Enrolment, Group, Person, Tutoring
from deust.queries.scopes import followed_by, follows_everyone

Programmes = Callable[[str], Programme]


@dataclass(frozen=True, kw_only=True)
class CohortLine:
    """A cohort in the list of those that the asker follows, with how many students of theirs."""

    id: int
    title: str
    students: int


@dataclass(frozen=True, kw_only=True)
class CohortHead:
    """A cohort in the asker's eyes: its groups are those that they follow."""

    id: int
    title: str
    calendar: Calendar
    programme: Programme
    rules: Rules
    groups: Mapping[int, str]


_HEAD = (
    select(
        Cohort.id,
        Cohort.title,
        Cohort.programme,
        Cohort.week_one_on,
        Cohort.time_zone,
        FlagRules.cohort_id.is_not(None).label("has_rules"),
        FlagRules.silent_days,
        FlagRules.due_days,
        FlagRules.failed_attempts,
        FlagRules.behind_percent,
        Group.id.label("group_id"),
        Group.name.label("group_name"),
    )
    .select_from(Cohort)
    .outerjoin(FlagRules, FlagRules.cohort_id == Cohort.id)
    .where(Cohort.id == bindparam("cohort_id"))
    .order_by(Group.name)
)
_HEAD_OF_ALL = _HEAD.outerjoin(Group, Group.cohort_id == Cohort.id)
_HEAD_OF_TUTOR = _HEAD.join(Group, Group.cohort_id == Cohort.id).join(
    Tutoring, (Tutoring.group_id == Group.id) & (Tutoring.person_id == bindparam("tutor_id"))
)


def cohorts_of(connection: Connection, *, asker: SignedIn) -> tuple[CohortLine, ...]:
    """The cohorts where the asker follows someone, the latest first: one statement."""
    rows = connection.execute(
        select(Cohort.id, Cohort.title, func.count(Enrolment.person_id.distinct()).label("students"))
        .join(Enrolment, Enrolment.cohort_id == Cohort.id)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.ended_on.is_(None), Person.is_active, followed_by(asker, Enrolment.person_id))
        .group_by(Cohort.id)
        .order_by(Cohort.week_one_on.desc(), Cohort.id.desc())
    ).all()
    return tuple(CohortLine(id=row.id, title=row.title, students=row.students) for row in rows)


def get_cohort(connection: Connection, *, asker: SignedIn, cohort_id: int, programmes: Programmes) -> CohortHead:
    """The cohort, if the asker follows a group of it; to others it is absent. One statement."""
    if follows_everyone(asker):
        rows = connection.execute(_HEAD_OF_ALL, {"cohort_id": cohort_id}).all()
    else:
        rows = connection.execute(_HEAD_OF_TUTOR, {"cohort_id": cohort_id, "tutor_id": asker.person_id}).all()
    if not rows:
        raise NotFound
    first = rows[0]
    return CohortHead(
        id=first.id,
        title=first.title,
        calendar=Calendar(week_one_on=first.week_one_on, time_zone=first.time_zone),
        programme=programmes(first.programme),
        rules=_rules(first) if first.has_rules else Rules(),
        groups={row.group_id: row.group_name for row in rows if row.group_id is not None},
    )


def _rules(row: Any) -> Rules:
    return Rules(
        silent_days=row.silent_days,
        due_days=row.due_days,
        failed_attempts=row.failed_attempts,
        behind_percent=row.behind_percent,
    )
