"""A cohort's list of students taken in: what each row would do, then all rows or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from deust.domain.access import Role
from deust.domain.errors import ImportRefused, NotFound
from deust.domain.texts import unaccented
from deust.exchange.people import RowProblem, StudentFile, StudentRow
from deust.models.people import Cohort, Enrolment, Person
from deust.services.people import create_students, enrol_all, find_cohort, groups_of
from deust.services.records import audit, audit_all, audit_line


class Action(StrEnum):
    CREATE = "create"
    ENROL = "enrol"
    MODIFY = "modify"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that a row changes: `email`, `given_name`, `family_name`, `student_number` or `group`."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class PlannedRow:
    """What a row would do. `homonym_of` is the address of somebody else of the same name, to be looked at."""

    row: StudentRow
    action: Action
    person_id: int | None = None
    changes: tuple[Change, ...] = ()
    problems: tuple[RowProblem, ...] = ()
    homonym_of: str | None = None


@dataclass(frozen=True, kw_only=True)
class ImportPlan:
    """Everything an import would do. `absent` are the cohort's students whom the file does not name: they stay."""

    file: StudentFile
    cohort_id: int
    rows: tuple[PlannedRow, ...]
    problems: tuple[RowProblem, ...]
    absent: tuple[str, ...]

    def count(self, action: Action) -> int:
        return sum(row.action is action for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class _Known:
    """Who is there already, by everything that a row is matched with."""

    cohort: Cohort
    groups: Mapping[str, int]
    by_number: Mapping[str, Person]
    by_email: Mapping[str, Person]
    by_name: Mapping[str, Person]
    enrolments: Mapping[int, Enrolment]


def plan_import(session: Session, file: StudentFile, *, cohort_code: str) -> ImportPlan:
    """What the file would do to a cohort, without doing it: students are matched by number, then by e-mail."""
    cohort = find_cohort(session, cohort_code)
    if cohort is None:
        raise NotFound
    known = _known(session, cohort)
    unreadable: dict[int, list[RowProblem]] = {}
    for problem in file.problems:
        unreadable.setdefault(problem.line, []).append(problem)
    named_at: dict[int, int] = {}
    rows = tuple(_planned(row, known, named_at, tuple(unreadable.get(row.line, ()))) for row in file.rows)
    of_rows = {problem for row in rows for problem in row.problems}
    problems = [*(problem for problem in file.problems if problem not in of_rows), *of_rows]
    named = {row.person_id for row in rows}
    absent = [
        person.email
        for person in known.by_email.values()
        if person.id not in named and (place := known.enrolments.get(person.id)) and place.ended_on is None
    ]
    return ImportPlan(
        file=file,
        cohort_id=cohort.id,
        rows=rows,
        problems=tuple(sorted(problems, key=lambda problem: (problem.line, problem.column, problem.problem))),
        absent=tuple(sorted(absent)) if file.rows else (),
    )


def import_people(session: Session, plan: ImportPlan, *, by: int | None, now: datetime) -> tuple[Person, ...]:
    """Do what the plan says, all of it or, with a single problem, nothing. Gives the new people.

    In the transaction that made the plan. SQLite has one writer, who keeps the saves of students waiting: a few
    statements take all the rows, not several each.
    """
    if plan.problems:
        raise ImportRefused
    groups = groups_of(session, plan.cohort_id)
    new = [planned.row for planned in plan.rows if planned.action is Action.CREATE]
    students = create_students(session, [_account(row) for row in new], by=by, now=now)
    known = {person.id: person for person in students.values()}
    places = {
        known[planned.person_id] if planned.person_id else students[planned.row.email]: planned.row.group
        for planned in plan.rows
        if planned.action is not Action.UNCHANGED
    }
    _modify(session, plan, known, by=by, now=now)
    whither = {person: groups[group] if group else None for person, group in places.items()}
    enrol_all(session, whither, cohort_id=plan.cohort_id, by=by, now=now)
    counts = {action.value: plan.count(action) for action in Action}
    audit(session, at=now, actor_id=by, act="people:import", subject=f"cohort:{plan.cohort_id}", **counts)
    return tuple(students[row.email] for row in new)


def _known(session: Session, cohort: Cohort) -> _Known:
    people = session.scalars(select(Person).order_by(Person.id)).all()
    enrolments = session.scalars(select(Enrolment).where(Enrolment.cohort_id == cohort.id)).all()
    return _Known(
        cohort=cohort,
        groups=groups_of(session, cohort.id),
        by_number={person.student_number: person for person in people if person.student_number},
        by_email={person.email: person for person in people},
        by_name={_name_key(person.given_name, person.family_name): person for person in people},
        enrolments={enrolment.person_id: enrolment for enrolment in enrolments},
    )


def _name_key(given_name: str, family_name: str) -> str:
    return unaccented(f"{given_name} {family_name}")


def _planned(
    row: StudentRow, known: _Known, named_at: dict[int, int], unreadable: tuple[RowProblem, ...]
) -> PlannedRow:
    """`named_at` are the people whom the rows before name, and their lines."""
    person = _match(row, known)
    problems = (*unreadable, *_named_twice(row, person, named_at), *_conflicts(row, person, known))
    if problems:
        return PlannedRow(row=row, action=Action.REFUSED, person_id=person.id if person else None, problems=problems)
    if person is None:
        namesake = known.by_name.get(_name_key(row.given_name, row.family_name))
        return PlannedRow(row=row, action=Action.CREATE, homonym_of=namesake.email if namesake else None)
    place = known.enrolments.get(person.id)
    changes = tuple(_changes(row, person, place, known))
    if place is None or place.ended_on is not None:
        return PlannedRow(row=row, action=Action.ENROL, person_id=person.id, changes=changes)
    action = Action.MODIFY if changes else Action.UNCHANGED
    return PlannedRow(row=row, action=action, person_id=person.id, changes=changes)


def _match(row: StudentRow, known: _Known) -> Person | None:
    by_number = known.by_number.get(row.student_number) if row.student_number else None
    return by_number or known.by_email.get(row.email)


def _named_twice(row: StudentRow, person: Person | None, named_at: dict[int, int]) -> Iterable[RowProblem]:
    """Two rows for one person, one by number and one by address: their names would take the place of one another."""
    if person is not None and named_at.setdefault(person.id, row.line) != row.line:
        value = f"{person.email} ({named_at[person.id]})"
        yield RowProblem(line=row.line, column="email", problem="same-person", value=value)


def _conflicts(row: StudentRow, person: Person | None, known: _Known) -> Iterable[RowProblem]:
    def problem(column: str, code: str, value: str) -> RowProblem:
        return RowProblem(line=row.line, column=column, problem=code, value=value)

    holder = known.by_email.get(row.email)
    if person is not None and holder is not None and holder is not person:
        yield problem("email", "email-of-another", row.email)
    if person is not None and row.student_number and person.student_number not in (None, row.student_number):
        yield problem("student_number", "other-number", person.student_number or "")
    if person is not None and person.role != Role.STUDENT:
        yield problem("email", "not-a-student", row.email)
    elif person is not None and not person.is_active:
        yield problem("email", "account-closed", row.email)
    if row.group and row.group not in known.groups:
        yield problem("group", "group-unknown", row.group)
    cohort = known.cohort
    if row.cohort and unaccented(row.cohort) not in map(unaccented, (cohort.code, cohort.title, cohort.programme)):
        yield problem("cohort", "other-cohort", row.cohort)


def _changes(row: StudentRow, person: Person, place: Enrolment | None, known: _Known) -> Iterable[Change]:
    for field in ("email", "given_name", "family_name", "student_number"):
        before, after = getattr(person, field), getattr(row, field)
        if after and after != before:
            yield Change(field=field, before=before or "", after=after)
    group_id = place.group_id if place else None
    if row.group and known.groups[row.group] != group_id:
        before = next((name for name, id_ in known.groups.items() if id_ == group_id), "")
        yield Change(field="group", before=before, after=row.group)


def _account(row: StudentRow) -> Mapping[str, str | None]:
    return {
        "email": row.email,
        "given_name": row.given_name,
        "family_name": row.family_name,
        "student_number": row.student_number,
    }


def _modify(session: Session, plan: ImportPlan, people: Mapping[int, Person], *, by: int | None, now: datetime) -> None:
    lines = []
    for planned in plan.rows:
        own = {change.field: change.after for change in planned.changes if change.field != "group"}
        if planned.person_id is None or not own:
            continue
        for field, value in own.items():
            setattr(people[planned.person_id], field, value)
        subject = f"person:{planned.person_id}"
        lines.append(audit_line(at=now, actor_id=by, act="person:modify", subject=subject, fields=sorted(own)))
    audit_all(session, lines)
