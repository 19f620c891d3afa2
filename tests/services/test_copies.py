from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from flask import Flask

from deust.domain.assignments import Resubmit
from deust.domain.errors import NoAttemptLeft
from deust.domain.people import Dates, SignedIn
from deust.models.assignments import Copy, Marking
from deust.models.transaction import reading, writing
from deust.queries.assignments import brief_page
from deust.queries.queue import Filters, queue
from deust.services import assignments
from deust.services.assignments import Declaration
from deust.services.late_answers import accept_late
from deust.services.people import move_dates
from deust.services.quizzes import close_if_overdue
from tests.support import factories
from tests.support.clock import Clock
from tests.support.copies import GOOD, Class
from tests.support.programmes import a_module, a_programme

pytestmark = pytest.mark.both


@pytest.fixture
def school(database: Flask, clock: Clock) -> Class:
    return Class(clock=clock)


def handed_in(school: Class) -> tuple[str, str]:
    """An attempt handed in, and its copy."""
    attempt = school.start()
    school.write(attempt, "Bonjour.")
    school.hand_in(attempt)
    return attempt, school.copy_of(attempt)


def accept_another_text(school: Class, attempt: str) -> None:
    """What came after the hand-in is taken."""
    school.write(attempt, "Bonjour, ici le standard.", sequence=9)
    found = {"quiz": school.assignment, "reason": "réseau", "now": school.clock.now}
    with writing() as session:
        assert accept_late(session, public_id=attempt, reviewer=school.tutor, **found) == 1


def waiting(school: Class, marker: SignedIn) -> list[str]:
    with reading() as connection:
        found = queue(connection, marker=marker, filters=Filters(), page=1, now=school.clock.now)
    return [row.public_id for row in found.rows]


@pytest.mark.parametrize("is_released", [False, True])
def test_a_copy_put_back_waits_for_who_had_finished_it(school: Class, is_released: bool) -> None:
    """It was neither ready nor in the queue of its only marker: nobody would ever have read what was accepted."""
    attempt, copy = handed_in(school)
    school.save(copy, GOOD, is_ready=True)
    if is_released:
        school.release(copy)
    accept_another_text(school, attempt)
    assert waiting(school, school.tutor) == [copy]
    school.save(copy, GOOD, base_version=1, is_ready=True)
    assert school.release(copy, reason="Réponse tardive acceptée") == 1


def test_a_copy_put_back_waits_for_both_its_markers(school: Class) -> None:
    """One mark of the two, given to another text, counted as soon as the other marker was done."""
    school.assignment = factories.assignment(markers=2)
    attempt, copy = handed_in(school)
    school.save(copy, GOOD, is_ready=True)
    school.save(copy, GOOD, by=school.second, is_ready=True)
    accept_another_text(school, attempt)
    assert [waiting(school, one) for one in (school.tutor, school.second)] == [[copy], [copy]]
    school.save(copy, GOOD, base_version=1, is_ready=True)
    assert school.rows(Copy)[0].state == "draft"


def test_a_copy_that_nobody_began_stays_to_mark_when_a_late_answer_is_taken(school: Class) -> None:
    """It was said to be begun."""
    attempt, _copy = handed_in(school)
    accept_another_text(school, attempt)
    assert (school.rows(Copy)[0].state, school.rows(Marking)) == ("to-mark", [])


def test_no_other_version_is_offered_while_the_last_waits_for_its_mark_again(school: Class) -> None:
    """It was, for a work that had passed, and refused as soon as it was asked for."""
    made = factories.assignment(resubmit=Resubmit.UNTIL_PASS)
    school.assignment = replace(made, settings=replace(made.settings, attempts=None))
    attempt, copy = handed_in(school)
    school.save(copy, GOOD, is_ready=True)
    school.release(copy)
    accept_another_text(school, attempt)
    programme = a_programme([a_module(school.assignment, id=school.assignment.module)], id=factories.PROGRAMME)
    asked = {"learner": school.learner, "assignment": school.assignment, "programme": programme}
    with reading() as connection:
        assert not brief_page(connection, **asked, now=school.clock.now).may_start
    with pytest.raises(NoAttemptLeft):
        school.start()


def test_a_draft_closed_empty_is_handed_in_when_what_is_accepted_came(school: Class, clock: Clock) -> None:
    """Its student read that their last change was at the closing, when there was nothing."""
    given_until(school, clock.now + timedelta(hours=1))
    attempt = school.start()
    with writing() as session:
        close_if_overdue(session, public_id=attempt, quiz=school.assignment, now=clock.move(hours=2))
    accept_another_text(school, attempt)
    (row,) = school.rows(Copy)
    assert (row.handed_in_at, row.state, row.late_days) == (clock.now, "to-mark", 0)


def given_until(school: Class, due_at: datetime, **whose: int) -> None:
    whose = whose or {"person_id": school.learner.person_id}
    with writing() as session:
        move_dates(session, school.assignment, dates=Dates(due_at=due_at), **whose, by=None, now=school.clock.now)


def handed_in_late(school: Class, clock: Clock) -> str:
    """Two days late, each of which costs a point."""
    school.assignment = factories.assignment(late_days=2, penalty_per_day=Fraction(1))
    given_until(school, clock.now + timedelta(hours=1), cohort_id=school.cohort_id)
    attempt = school.start()
    school.write(attempt, "Bonjour.")
    clock.move(hours=30)
    school.hand_in(attempt)
    return school.copy_of(attempt)


@pytest.mark.parametrize("whose", ["person", "cohort"])
def test_more_time_given_once_a_work_was_handed_in_counts(school: Class, clock: Clock, whose: str) -> None:
    """The student read a new date, « 2 jours de retard » all the same, and lost two points."""
    copy = handed_in_late(school, clock)
    assert school.rows(Copy)[0].late_days == 2
    given = {"cohort_id": school.cohort_id} if whose == "cohort" else {}
    given_until(school, clock.now + timedelta(hours=1), **given)
    school.save(copy, GOOD, is_ready=True)
    school.release(copy)
    assert (school.rows(Copy)[0].late_days, school.score()) == (0, 20)


def test_dates_moved_sooner_make_no_work_later_nor_change_what_was_given_back(school: Class, clock: Clock) -> None:
    copy = handed_in_late(school, clock)
    given_until(school, clock.now - timedelta(days=9))
    assert school.rows(Copy)[0].late_days == 2
    school.save(copy, GOOD, is_ready=True)
    school.release(copy)
    given_until(school, clock.now + timedelta(days=9))
    assert (school.rows(Copy)[0].late_days, school.score()) == (2, 18)


@pytest.mark.parametrize("late_days", [0, 2])
def test_what_comes_within_the_grace_is_no_later_than_its_closing(school: Class, clock: Clock, late_days: int) -> None:
    """Ten seconds after the closing, taken as in time, it was one day later than is ever accepted."""
    school.assignment = factories.assignment(late_days=late_days, penalty_per_day=Fraction(1))
    due_at = datetime(2026, 10, 14, 21, 59, 59, tzinfo=UTC)
    given_until(school, due_at)
    attempt = school.start()
    school.write(attempt, "Bonjour.")
    clock.set(due_at + timedelta(days=late_days, seconds=10))
    school.hand_in(attempt)
    assert school.rows(Copy)[0].late_days == late_days


def test_a_draft_whose_assignment_left_the_courses_is_marked_as_was_promised(school: Class, clock: Clock) -> None:
    """Its copy had no grid, promised a mark in fifteen days, and named its author."""
    school.assignment = factories.assignment(is_anonymous=True, markers=2)
    attempt = school.start()
    school.write(attempt, "Bonjour.")
    with writing() as session:
        declared = {"declaration": Declaration(is_own=True), "now": clock.now}
        found = {"learner": school.learner, "public_id": attempt, "find_quiz": lambda _ref: None}
        assignments.hand_in(session, **found, **declared)
    copy = school.copy_of(attempt)
    (row,) = school.rows(Copy)
    assert row.due_back_at - row.handed_in_at == timedelta(days=5)
    page = school.page(copy)
    assert (page.copy.author, page.terms) == (row.code, school.assignment.terms)
    for tutor in (school.tutor, school.second):
        assert school.save(copy, GOOD, by=tutor, is_ready=True).is_ready


def test_terms_that_change_while_a_draft_is_open_are_those_of_its_hand_in(school: Class) -> None:
    attempt = school.start()
    school.write(attempt, "Bonjour.")
    school.assignment = factories.assignment(turnaround_days=9)
    school.hand_in(attempt)
    (row,) = school.rows(Copy)
    assert row.due_back_at - row.handed_in_at == timedelta(days=9)
