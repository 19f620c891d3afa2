from __future__ import annotations

import pytest
from flask import Flask

from deust.domain.people import SignedIn
from deust.models.assignments import Copy, Marking
from deust.models.transaction import reading, writing
from deust.queries.queue import Filters, queue
from deust.services.late_answers import accept_late
from tests.support import factories
from tests.support.clock import Clock
from tests.support.copies import GOOD, Class

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
