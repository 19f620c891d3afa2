"""Spoken comments read for pages: in as many statements however many there are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from deust.domain.errors import NotFound
from deust.models.transaction import reading
from deust.queries.assignments import handed_in
from deust.queries.spoken_comments import comments_of, ensure_may_speak, heard, told_of_attempt
from tests.support.clock import Clock
from tests.support.copies import GOOD, Class, Copy
from tests.support.statements import statements

pytestmark = pytest.mark.both


@pytest.fixture
def school(database: Flask, clock: Clock) -> Class:
    return Class(clock=clock)


def counted(act: Callable[[], object]) -> int:
    with statements() as found:
        act()
    return len(found)


def test_pages_take_as_many_statements_however_many_comments(school: Class) -> None:
    attempt = school.start()
    school.write(attempt, "Bonjour.")
    school.hand_in(attempt)
    copy = school.copy_of(attempt)
    (row,) = school.rows(Copy)

    def student() -> None:
        with reading() as connection:
            handed_in(connection, learner=school.learner, public_id=attempt)
            told_of_attempt(connection, row.attempt_id)

    school.save(copy, GOOD, spoken=school.record(copy), is_ready=True)
    school.release(copy)
    marker_before, student_before = counted(lambda: school.page(copy)), counted(student)
    for version in (1, 2):
        school.record(copy)
        school.save(copy, GOOD, base_version=version, spoken=school.record(copy), is_ready=True)
        school.release(copy, reason="Encore")
    assert (counted(lambda: school.page(copy)), counted(student)) == (marker_before, student_before)
    with reading() as connection:
        found = comments_of(connection, row.id)
        assert len(found) == 5
        assert counted(lambda: comments_of(connection, row.id)) == 1
        with pytest.raises(NotFound):
            heard(connection, found, next(iter(found)))
        with pytest.raises(NotFound):
            ensure_may_speak(connection, marker=school.stranger, public_id=copy)
        assert ensure_may_speak(connection, marker=school.tutor, public_id=copy) == 300 * 40_000
