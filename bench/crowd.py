"""A whole cohort at once: as many students as asked, with their progress in as many items, in a few inserts."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from deust.domain.learning import Announced, Programme, Quiz
from deust.domain.progress import AnyItem
from deust.models.learning import ItemProgress
from deust.models.people import Enrolment, Person

STUDENTS, ITEMS = 1_285, 120

_BATCH = 10_000
_FAMILIES = (
    "Aubert",
    "Benali",
    "Carlier",
    "Diallo",
    "Dupont",
    "Fontaine",
    "Girard",
    "Haddad",
    "Kaci",
    "Nguyen",
    "Petit",
)
_GIVEN = ("Adama", "Alice", "Bruno", "Chloé", "Damien", "Élodie", "Farid", "Gaëlle", "Hugo", "Inès", "Jonas", "Karima")


def fill_cohort(
    session: Session,
    *,
    cohort_id: int,
    group_ids: Sequence[int],
    programme: Programme,
    now: datetime,
    students: int = STUDENTS,
    items: int = ITEMS,
) -> list[int]:
    """Enrol invented students, spread over the groups, each at another point of the first `items` items.

    The same people and the same progress each time. Gives the numbers of the new persons.
    """
    rng = random.Random(1)
    ids = _people(session, students, now)
    _enrol(session, ids, cohort_id, group_ids, now.date() - timedelta(weeks=5))
    built = [item for module in programme.modules_in_order for item in module.items if not isinstance(item, Announced)]
    rows = (row for person_id in ids for row in _history(person_id, built[:items], rng, now))
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            session.execute(insert(ItemProgress), batch)
            batch = []
    if batch:
        session.execute(insert(ItemProgress), batch)
    return ids


def _people(session: Session, students: int, now: datetime) -> list[int]:
    first = (session.scalar(select(func.max(Person.id))) or 0) + 1
    persons = [
        {
            "email": f"foule{first + number}@bench.deust.example",
            "given_name": _GIVEN[number % len(_GIVEN)],
            "family_name": f"{_FAMILIES[number % len(_FAMILIES)]} {number}",
            "role": "student",
            "created_at": now,
        }
        for number in range(students)
    ]
    return list(session.scalars(insert(Person).returning(Person.id, sort_by_parameter_order=True), persons))


def _enrol(session: Session, ids: Sequence[int], cohort_id: int, group_ids: Sequence[int], started_on: date) -> None:
    rows = [
        {
            "person_id": person_id,
            "cohort_id": cohort_id,
            "group_id": group_ids[number % len(group_ids)] if group_ids else None,
            "started_on": started_on,
        }
        for number, person_id in enumerate(ids)
    ]
    session.execute(insert(Enrolment), rows)


def _history(person_id: int, items: Sequence[AnyItem], rng: random.Random, now: datetime) -> Iterator[dict[str, Any]]:
    """Everything up to where this person is, a few things begun, some quizzes failed; the last sign days ago."""
    reached = rng.randint(len(items) // 4, len(items))
    seen_at = now - timedelta(days=rng.choice((0, 0, 0, 1, 1, 2, 3, 5, 11, 20)), minutes=rng.randint(1, 600))
    for place, item in enumerate(items[:reached]):
        is_done = rng.random() < 0.97
        touched_at = seen_at - timedelta(hours=6 * (reached - place - 1))
        row: dict[str, Any] = {
            "person_id": person_id,
            "item_ref": item.ref,
            "opened_at": touched_at,
            "touched_at": touched_at,
            "read_permille": 1000 if is_done else rng.randint(0, 900),
            "checks_tried": {},
            "attempts_used": 0,
            "kept_share": None,
            "is_passed": False,
            "completed_at": touched_at if is_done else None,
            "credited_minutes": item.minutes if is_done else 0,
        }
        if isinstance(item, Quiz):
            share = Fraction(rng.randint(8, 20) if is_done else rng.randint(2, 9), 20)
            row |= {
                "read_permille": 0,
                "attempts_used": 1 if is_done else rng.randint(1, 2),
                "kept_share": share,
                "is_passed": is_done,
            }
        yield row
