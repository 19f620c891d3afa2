"""What came back from a tutor lately, on the home page of its student."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask

from deust.domain.people import SignedIn
from deust.models.transaction import reading
from deust.queries.returned import Returned, returned_lately
from tests.support.clock import Clock
from tests.support.copies import GOOD, Class

pytestmark = pytest.mark.both


def told(learner: SignedIn, now: datetime) -> tuple[Returned, ...]:
    with reading() as connection:
        return returned_lately(connection, learner=learner, now=now)


def test_a_work_given_back_is_told_to_its_student_alone_for_fourteen_days(database: Flask, clock: Clock) -> None:
    school = Class(clock=clock)
    copy = school.handed_in()
    school.save(copy, GOOD, is_ready=True)
    assert told(school.learner, clock.now) == (), "nothing is told before the release"
    clock.move(hours=1)
    school.release(copy)
    (one,) = told(school.learner, clock.now)
    assert (one.title, one.at) == (school.assignment.title, clock.now)
    assert one.url.startswith("/devoirs/")
    assert told(school.newcomer(), clock.now) == ()
    assert told(school.learner, clock.move(days=13)) == (one,)
    assert told(school.learner, clock.move(days=1)) == ()
