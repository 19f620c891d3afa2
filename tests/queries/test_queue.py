from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select

from deust.domain.people import SignedIn
from deust.models.assignments import Copy
from deust.models.people import Group, Person
from deust.models.quizzes import Attempt
from deust.models.transaction import reading, writing
from deust.queries.marking import copy_page
from deust.queries.queue import MOST_BARS, PAGE, Filters, Queue, queue
from tests.support import factories
from tests.support.clock import NOW, Clock
from tests.support.copies import GOOD, Class
from tests.support.statements import statements

pytestmark = pytest.mark.both


@pytest.fixture
def school(database: Flask, clock: Clock) -> Class:
    return Class(clock=clock)


def fill(school: Class, count: int, *, ref: str = "ec101-accueil/autre") -> None:
    """Many copies of the learner, without living each hand-in."""
    with writing() as session:
        author = session.get_one(Person, school.learner.person_id)
        closed = {"item_ref": ref, "closed_at": NOW, "closed_by": "person"}
        attempts = [factories.attempt(session, author, number=number, **closed) for number in range(1, count + 1)]
        session.execute(
            insert(Copy),
            [
                {
                    "public_id": secrets.token_hex(16),
                    "attempt_id": attempt.id,
                    "person_id": school.learner.person_id,
                    "item_ref": ref,
                    "title": "Autre",
                    "code": secrets.token_hex(3),
                    "handed_in_at": NOW - timedelta(days=number),
                    "due_back_at": NOW + timedelta(days=5 - number),
                    "out_of": 20,
                    "terms": None,
                    "declaration": {},
                    "state": "to-mark",
                }
                for number, attempt in enumerate(attempts)
            ],
        )


def test_the_queue_takes_the_same_statements_whatever_its_length(school: Class) -> None:
    school.handed_in()
    with statements() as few:
        _queue(school.tutor)
    fill(school, 120)
    with statements() as many:
        found = _queue(school.tutor)
    assert len(many) == len(few) <= 6
    assert (found.total, len(found.rows), found.pages) == (121, PAGE, 3)
    assert [row.handed_in_at for row in found.rows] == sorted(row.handed_in_at for row in found.rows)


def _queue(marker: SignedIn, **filters: object) -> Queue:
    with reading() as connection:
        return queue(connection, marker=marker, filters=Filters(**filters), page=1, now=NOW)  # type: ignore[arg-type]


def test_a_copy_takes_the_same_statements_whatever_waits_beside_it(school: Class) -> None:
    copy = school.handed_in()
    with statements() as few:
        school.page(copy)
    fill(school, 60, ref=school.assignment.ref + "-bis")
    with statements() as many:
        school.page(copy)
    assert len(many) == len(few)


@pytest.mark.case("AZ-08")
def test_lists_and_counts_hold_only_students_followed(school: Class) -> None:
    school.handed_in()
    for filters in ({}, {"item_ref": school.assignment.ref}, {"group_id": school.group_id}):
        seen = _queue(school.stranger, **filters)
        assert (seen.total, seen.rows, seen.activities, seen.ready) == (0, (), (), 0)
    assert _queue(school.tutor, group_id=school.group_id).total == 1


@pytest.mark.case("AZ-07")
def test_copies_follow_a_student_who_changes_group(school: Class) -> None:
    copy = school.handed_in()
    with writing() as session:
        elsewhere = session.scalars(select(Group.id).where(Group.id != school.group_id)).first()
        enrolment = factories.Enrolment
        session.scalars(
            select(enrolment).where(enrolment.person_id == school.learner.person_id)
        ).one().group_id = elsewhere
    assert _queue(school.tutor).total == 0
    assert _queue(school.stranger).total == 1
    with reading() as connection:
        assert copy_page(connection, marker=school.stranger, public_id=copy, now=NOW).copy.public_id == copy


def test_a_copy_that_someone_marks_is_told_and_free_again_after_two_hours(school: Class, clock: Clock) -> None:
    copy = school.handed_in()
    school.save(copy, GOOD)
    (row,) = _queue(school.second).rows
    assert row.claimed_by == school.tutor.name
    with reading() as connection:
        later = queue(connection, marker=school.second, filters=Filters(), page=1, now=clock.now + timedelta(hours=3))
    assert later.rows[0].claimed_by is None


def test_ready_copies_leave_the_queue(school: Class) -> None:
    copy = school.handed_in()
    school.save(copy, GOOD, is_ready=True)
    found = _queue(school.tutor)
    assert (found.total, found.ready) == (0, 1)


def test_attempts_without_a_copy_are_not_waited_for(school: Class) -> None:
    with writing() as session:
        assert session.scalars(select(Attempt.id)).all() == []
    assert _queue(school.tutor).total == 0


@pytest.mark.case("GR-11")
def test_the_place_of_an_anonymous_copy_says_nothing_of_its_author(school: Class, clock: Clock) -> None:
    """Each student hands in a named work, then an anonymous one: the queue does not keep them side by side."""
    named, hidden = school.assignment, factories.assignment(id="anonyme", is_anonymous=True)
    for _ in range(6):
        learner = school.newcomer()
        for school.assignment in (named, hidden):
            clock.move(minutes=1)
            school.handed_in(learner=learner)
    with reading() as connection:
        rows = queue(connection, marker=school.tutor, filters=Filters(), page=1, now=clock.now).rows
    codes = [row.name for row in rows if row.is_anonymous]
    assert codes == sorted(codes)
    assert [row.is_anonymous for row in rows] == [False] * 6 + [True] * 6
    times = [row.handed_in_at for row in rows if not row.is_anonymous]
    assert times == sorted(times)


def test_the_oldest_day_comes_first_also_among_anonymous_copies(school: Class, clock: Clock) -> None:
    school.assignment = factories.assignment(is_anonymous=True)
    for _ in range(3):
        school.handed_in(learner=school.newcomer())
        clock.move(days=1)
    with reading() as connection:
        rows = queue(connection, marker=school.tutor, filters=Filters(), page=1, now=clock.now).rows
    assert [row.handed_in_at for row in rows] == sorted(row.handed_in_at for row in rows)


def test_what_is_late_or_due_before_the_end_of_tomorrow_is_counted_and_the_oldest_are_drawn(school: Class) -> None:
    fill(school, 70)
    found = _queue(school.tutor)
    assert (found.total, found.late, found.soon) == (70, 64, 2)
    assert (len(found.rows), len(found.drawn)) == (PAGE, MOST_BARS)
    assert found.drawn[0].due_back_at == found.rows[0].due_back_at
    with reading() as connection:
        second = queue(connection, marker=school.tutor, filters=Filters(), page=2, now=NOW)
    assert (len(second.rows), second.drawn) == (20, ())
    other = _queue(school.tutor, item_ref="ec101-accueil/rien")
    assert (other.total, other.late, other.soon, other.drawn) == (0, 0, 0, ())
