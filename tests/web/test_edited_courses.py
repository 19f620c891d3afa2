"""Courses edited in the middle of a year: nobody waits for what nothing more can be done about."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Row, select

from deust.config import Settings
from deust.domain.people import Dates, SignedIn
from deust.jobs import run_once
from deust.models.learning import ItemProgress
from deust.models.people import Cohort
from deust.models.records import AuditEvent
from deust.services import learning, people, quizzes
from tests.conftest import Doors
from tests.support import factories
from tests.support.canaries import COURSES
from tests.support.clients import signed_in_client
from tests.support.clock import Clock

pytestmark = pytest.mark.both

QUIZ, LESSON = "ec101-accueil/quiz-note", "ec101-accueil/saluer"


@pytest.fixture
def courses(tmp_path: Path) -> Path:
    return Path(shutil.copytree(COURSES, tmp_path / "courses"))


@pytest.fixture
def app(settings: Settings, courses: Path, make_app: Callable[[Settings], Flask]) -> Flask:
    return make_app(replace(settings, courses_dir=courses))


@pytest.fixture
def learner(doors: Doors) -> SignedIn:
    with doors.writing() as session:
        return factories.learner(session)


def edit(courses: Path, file: str, before: str, after: str) -> None:
    path = courses / "deust-essai/ec101-accueil" / file
    text = path.read_text("utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), "utf-8")


def hand_in_empty(app: Flask, doors: Doors, learner: SignedIn, clock: Clock) -> None:
    find_quiz = app.extensions["deust"].catalogue.quiz
    with doors.writing() as session:
        started = {"quiz": find_quiz(QUIZ), "rng": random.Random(1), "now": clock.now}
        public_id = quizzes.start_attempt(session, learner=learner, **started)
        quizzes.hand_in(session, learner=learner, public_id=public_id, find_quiz=find_quiz, now=clock.now)


def progress(doors: Doors) -> Row:
    with doors.reading() as connection:
        return connection.execute(select(ItemProgress)).one()


def completions(doors: Doors) -> list[str]:
    with doors.reading() as connection:
        events = connection.scalars(select(AuditEvent.detail).where(AuditEvent.act == "item:complete")).all()
    return [event["item"] for event in events]


def assert_done_once(app: Flask, doors: Doors, clock: Clock, item: str, minutes: int) -> None:
    acted_at, now = clock.now, clock.move(hours=2)
    run_once(app, now)
    run_once(app, clock.move(hours=2))
    kept = progress(doors)
    assert (kept.completed_at, kept.credited_minutes) == (now, minutes)
    assert kept.touched_at == acted_at, "the person did nothing"
    assert completions(doors) == [item]


def test_who_used_more_attempts_than_there_are_now_is_done(
    app: Flask, doors: Doors, learner: SignedIn, clock: Clock, courses: Path
) -> None:
    """Nothing was left to start, and what waits for the quiz waited for ever."""
    hand_in_empty(app, doors, learner, clock)
    run_once(app, clock.now)
    assert progress(doors).completed_at is None
    edit(courses, "04-quiz-note.md", "attempts: 2", "attempts: 1")
    assert_done_once(app, doors, clock, QUIZ, 40)


def test_who_reaches_a_pass_mark_that_was_lowered_is_done(
    app: Flask, doors: Doors, learner: SignedIn, clock: Clock, courses: Path
) -> None:
    hand_in_empty(app, doors, learner, clock)
    edit(courses, "04-quiz-note.md", "pass: 10/20", "pass: 0/20")
    assert_done_once(app, doors, clock, QUIZ, 40)
    assert progress(doors).is_passed


def test_a_lesson_whose_last_check_was_taken_out_is_done(
    app: Flask, doors: Doors, learner: SignedIn, clock: Clock, courses: Path
) -> None:
    catalogue = app.extensions["deust"].catalogue
    found = {"programme": catalogue.programme(), "lesson": catalogue.item(LESSON)}
    with doors.writing() as session:
        assert not learning.understood(session, learner=learner, now=clock.now, **found).is_done
    run_once(app, clock.now)
    assert progress(doors).completed_at is None
    path = courses / "deust-essai/ec101-accueil/01-saluer.md"
    text = path.read_text("utf-8")
    pieces = text.split("```question\n")
    path.write_text(pieces[0] + "\n".join(piece.partition("```\n")[2] for piece in pieces[1:]), "utf-8")
    assert_done_once(app, doors, clock, LESSON, 20)


@pytest.mark.parametrize(
    ("file", "start"), [("03-entrainement.md", "entrainement/essais"), ("07-devoir.md", "devoir/devoir")]
)
def test_an_attempt_open_at_what_left_the_courses_is_found_again(
    app: Flask, doors: Doors, cohort: Cohort, courses: Path, file: str, start: str
) -> None:
    """No list led to it any more, and without a deadline it stayed open for ever."""
    with doors.writing() as session:
        person = factories.student(session, cohort)
    student = signed_in_client(app, person)
    address = student.submit(f"/modules/ec101-accueil/{start}").location
    assert "a quitté votre programme" not in student.get("/aujourdhui").text
    (courses / "deust-essai/ec101-accueil" / file).unlink()
    today = student.get("/aujourdhui").text
    assert "a quitté votre programme" in today
    assert f'href="{address}"' in today
    assert student.get(address).status_code == 200


def test_attempts_that_were_granted_are_left_until_they_are_taken_back(
    app: Flask, doors: Doors, learner: SignedIn, clock: Clock
) -> None:
    quiz = app.extensions["deust"].catalogue.quiz(QUIZ)
    until = Dates(due_at=clock.now + timedelta(days=60))

    def grant(extra: int) -> None:
        with doors.writing() as session:
            dates = replace(until, extra_attempts=extra)
            people.move_dates(session, quiz, person_id=learner.person_id, dates=dates, by=None, now=clock.now)

    grant(1)
    for _ in range(2):
        hand_in_empty(app, doors, learner, clock)
    run_once(app, clock.now)
    assert progress(doors).completed_at is None
    grant(0)
    assert_done_once(app, doors, clock, QUIZ, 40)


def test_a_programme_says_once_what_is_all_to_come(app: Flask, courses: Path, doors: Doors, cohort: Cohort) -> None:
    """« à venir » stood loose under each link of a unit that has nothing else."""
    with doors.writing() as session:
        student = factories.person(session)
        factories.enrolment(session, student, cohort)
    client = signed_in_client(app, student)
    assert "à venir" not in client.get("/programme").text
    module = courses / "deust-essai/ec102-suite/module.md"
    module.write_text(module.read_text("utf-8").replace("hours: 1\n", "hours: 1\nstatus: planned\n"), "utf-8")
    for item in ("01-conclure.md", "02-bilan.md"):
        (module.parent / item).unlink()
    edit(courses, "../programme.yml", ", item: bilan", "")
    page = client.get("/programme").text
    assert page.count(", à venir") == 1
    assert re.search(r"Suite</span><span[^>]*>, à venir</span></span></a>", page)
