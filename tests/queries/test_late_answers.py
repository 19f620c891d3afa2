from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from deust.adapters.files import StoredFile
from deust.domain.people import Dates
from deust.models.assignments import Copy
from deust.models.quizzes import Attempt
from deust.models.transaction import reading, writing
from deust.queries.late_answers import late_attempts, late_page
from deust.services import answers
from deust.services.people import move_dates
from deust.services.quizzes import close_if_overdue
from tests.support import factories
from tests.support.clock import Clock
from tests.support.copies import GOOD, Class

pytestmark = pytest.mark.both


@pytest.fixture
def school(database: Flask, clock: Clock) -> Class:
    return Class(clock=clock, assignment=factories.assignment(is_anonymous=True))


def send_file(school: Class, public_id: str, name: str) -> None:
    file = StoredFile(id=secrets.token_hex(16), size=9, sha256="f" * 64, head=b"%PDF-1.4")
    with writing() as session:
        attempt = session.scalars(select(Attempt).where(Attempt.public_id == public_id)).one()
        posted = factories.posted(attempt.paper[1]["key"], {}, file=file, name=name)
        found = {"learner": school.learner, "public_id": public_id, "now": school.clock.now}
        answers.save_answers(session, posted=[posted], **found)


def told(school: Class, public_id: str) -> str:
    """All that a tutor of the group reads of it."""
    with reading() as connection:
        (one,) = late_attempts(connection, reviewer=school.tutor)
        page = late_page(connection, reviewer=school.tutor, public_id=public_id)
    assert one.author == page.author
    return f"{page.author} {page.answers}"


@pytest.mark.case("GR-11")
def test_what_came_late_of_an_anonymous_copy_says_nothing_of_its_author(school: Class) -> None:
    """Its page had the name of the student over the text that its reader would have to mark."""
    attempt = school.start()
    school.write(attempt, "Bonjour.")
    school.hand_in(attempt)
    send_file(school, attempt, f"{school.learner.family_name}.PDF")
    found = told(school, attempt)
    assert "fichier-2.pdf" in found
    assert (school.rows(Copy)[0].code in found, school.learner.family_name in found) == (True, False)
    copy = school.copy_of(attempt)
    school.save(copy, GOOD, is_ready=True)
    school.release(copy)
    assert f"{school.learner.given_name} {school.learner.family_name}" in told(school, attempt)


@pytest.mark.parametrize("is_anonymous", [True, False])
def test_what_came_after_an_empty_draft_was_closed_has_a_name_unless_it_is_anonymous(
    school: Class, clock: Clock, is_anonymous: bool
) -> None:
    school.assignment = factories.assignment(is_anonymous=is_anonymous)
    until = Dates(due_at=clock.now + timedelta(hours=1))
    with writing() as session:
        whose = {"person_id": school.learner.person_id, "by": None}
        move_dates(session, school.assignment, dates=until, **whose, now=clock.now)
    attempt = school.start()
    clock.move(hours=2)
    with writing() as session:
        close_if_overdue(session, public_id=attempt, quiz=school.assignment, now=clock.now)
    school.write(attempt, "Bonjour.")
    assert (school.learner.family_name in told(school, attempt)) is not is_anonymous
