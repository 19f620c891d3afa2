"""The students of a tutor of whom nothing is heard while work is due, as their cohort's rules say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, bindparam, func, or_, select

from deust.domain.access import Role
from deust.domain.flags import Facts, FlagKind, Rules, Silent
from deust.domain.glance import Kept
from deust.domain.people import Calendar, Dates, SignedIn
from deust.domain.progress import Progress
from deust.models.cohort import FlagAside, FlagRules
from deust.models.learning import ItemProgress
from deust.models.people import Cohort, Enrolment, ItemDates, Person, Tutoring
from deust.queries.cohort_facts import Frame, Snapshots, own_sets
from deust.queries.cohort_heads import Programmes
from deust.queries.scopes import followed_by, follows_everyone

MOST_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class SilentStudent:
    """`flag` holds the figures, under the rules of the student's cohort."""

    person_id: int
    name: str
    cohort_id: int
    flag: Silent
    rules: Rules


@dataclass(frozen=True, kw_only=True)
class SilentList:
    """Those silent for longest first, a few of `total`."""

    students: tuple[SilentStudent, ...] = ()
    total: int = 0

    @property
    def days(self) -> int | None:
        """The days of the rule, when it is the same for all of them."""
        found = {each.rules.silent_days for each in self.students}
        return found.pop() if len(found) == 1 else None


_DID = (
    select(
        ItemProgress.person_id,
        func.max(ItemProgress.touched_at).label("seen_at"),
        func.aggregate_strings(ItemProgress.item_ref, " ").filter(ItemProgress.completed_at.is_not(None)).label("done"),
    )
    .where(
        ItemProgress.person_id.in_(
            select(Enrolment.person_id)
            .join(Tutoring, Tutoring.group_id == Enrolment.group_id)
            .where(Tutoring.person_id == bindparam("tutor_id"), Enrolment.ended_on.is_(None))
        )
    )
    .group_by(ItemProgress.person_id)
    .subquery("did")
)
_STUDENTS = (
    select(
        Person.id,
        Person.given_name,
        Person.family_name,
        Enrolment.started_on,
        Cohort.id.label("cohort_id"),
        Cohort.programme,
        Cohort.week_one_on,
        Cohort.time_zone,
        FlagRules.silent_days,
        FlagRules.due_days,
        FlagAside.until_on,
        _DID.c.seen_at,
        _DID.c.done,
    )
    .join(Enrolment, Enrolment.person_id == Person.id)
    .join(Cohort, Cohort.id == Enrolment.cohort_id)
    .outerjoin(FlagRules, FlagRules.cohort_id == Cohort.id)
    .outerjoin(FlagAside, (FlagAside.person_id == Person.id) & (FlagAside.kind == FlagKind.SILENT.value))
    .outerjoin(_DID, _DID.c.person_id == Person.id)
    .where(Enrolment.ended_on.is_(None), Person.is_active, Person.role == Role.STUDENT.value)
)


def silent_students(
    connection: Connection, snapshots: Snapshots, *, asker: SignedIn, programmes: Programmes, now: datetime
) -> SilentList:
    """Two statements, whatever the cohorts; nobody for who follows everyone: the cohorts' own pages tell them."""
    if follows_everyone(asker):
        return SilentList()
    found = connection.execute(_STUDENTS.where(followed_by(asker, Person.id)), {"tutor_id": asker.person_id}).all()
    rows = [row for row in found if _may_be(row, now)]
    if not rows:
        return SilentList()
    cohorts, persons = _moved(connection, rows)
    frames = _frames(snapshots, rows, cohorts, programmes, now)
    silent = [each for row in rows if (each := _silent(row, frames[row.cohort_id], persons.get(row.id, {})))]
    silent.sort(key=lambda each: (-each.flag.days, each.name, each.person_id))
    return SilentList(students=tuple(silent[:MOST_SHOWN]), total=len(silent))


def _may_be(row: Row[Any], now: datetime) -> bool:
    """Whether the days alone say so, and nobody put it aside until a day to come."""
    today = now.astimezone(ZoneInfo(row.time_zone)).date()
    if row.until_on is not None and row.until_on > today:
        return False
    since = (row.seen_at or _began_at(row)).astimezone(ZoneInfo(row.time_zone)).date()
    silent_days = _rules(row).silent_days
    return bool(silent_days) and (today - since).days >= silent_days


def _rules(row: Row[Any]) -> Rules:
    """Only what silence needs of the cohort's rules."""
    if row.silent_days is None:
        return Rules(failed_attempts=0, behind_percent=0)
    return Rules(silent_days=row.silent_days, due_days=row.due_days, failed_attempts=0, behind_percent=0)


def _began_at(row: Row[Any]) -> datetime:
    return Calendar(week_one_on=row.week_one_on, time_zone=row.time_zone).beginning_for(row.started_on)


def _moved(
    connection: Connection, rows: Iterable[Row[Any]]
) -> tuple[Mapping[int, Mapping[str, Dates]], Mapping[int, Mapping[str, Dates]]]:
    """The dates moved, by cohort and by person."""
    ids, cohort_ids = {row.id for row in rows}, {row.cohort_id for row in rows}
    cohorts: dict[int, dict[str, Dates]] = {}
    persons: dict[int, dict[str, Dates]] = {}
    is_theirs = or_(ItemDates.cohort_id.in_(cohort_ids), ItemDates.person_id.in_(ids))
    for row in connection.execute(select(*ItemDates.__table__.columns).where(is_theirs)).all():
        dates = Dates(opens_at=row.opens_at, due_at=row.due_at, closes_at=row.closes_at)
        kept, key = (cohorts, row.cohort_id) if row.person_id is None else (persons, row.person_id)
        kept.setdefault(key, {})[row.item_ref] = dates
    return cohorts, persons


def _frames(
    snapshots: Snapshots,
    rows: Iterable[Row[Any]],
    cohorts: Mapping[int, Mapping[str, Dates]],
    programmes: Programmes,
    now: datetime,
) -> Mapping[int, Frame]:
    """Each cohort's frame, kept apart from that of its own page: only the rule of silence is in it."""
    frames: dict[int, Frame] = {}
    for row in rows:
        if row.cohort_id not in frames:
            progress = Progress(
                programme=programmes(row.programme),
                now=now,
                calendar=Calendar(week_one_on=row.week_one_on, time_zone=row.time_zone),
                cohort_dates=cohorts.get(row.cohort_id, {}),
            )
            frames[row.cohort_id] = snapshots.frame(-row.cohort_id, progress, _rules(row))
    return frames


def _silent(row: Row[Any], frame: Frame, own: Mapping[str, Dates]) -> SilentStudent | None:
    done = frame.glance.done_positions(Kept(done=(row.done or "").split(), begun=()))
    began = _began_at(row)
    soon = own_sets(frame, own, began)[1] if own else frame.soon
    facts = Facts(
        began_at=began,
        seen_at=row.seen_at,
        due_soon=len(soon - done),
        failed=(),
        credited_minutes=0,
        expected_minutes=0,
    )
    flag = next((each for each in frame.flags_of(facts) if isinstance(each, Silent)), None)
    if flag is None:
        return None
    name = f"{row.given_name} {row.family_name}"
    return SilentStudent(person_id=row.id, name=name, cohort_id=row.cohort_id, flag=flag, rules=frame.rules)
