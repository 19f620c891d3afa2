"""The report of a quiz and its marking again, over HTTP, for those who follow the students."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from deust.domain.access import Role
from deust.domain.learning import Quiz
from deust.domain.questions import Choice, Question
from deust.models.people import Cohort, Person
from deust.models.quizzes import AttemptMarks
from deust.models.records import OutboxMessage
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client
from tests.support.cohorts import group_that_sat
from tests.support.forms import forms_of

ClientOf = Callable[[Person | Role], Client]
HOME = "/activites/ec101-accueil/quiz-note"
KEY = f"{HOME}/nouvelle-correction"


@pytest.fixture
def quiz(app: Flask) -> Quiz:
    return app.extensions["deust"].catalogue.quiz("ec101-accueil/quiz-note")  # type: ignore[no-any-return]


@pytest.fixture
def tutor(doors: Doors) -> Person:
    with doors.writing() as session:
        return factories.person(session, role=Role.TUTOR.value)


@pytest.fixture
def follower(client_of: ClientOf, tutor: Person) -> Client:
    return client_of(tutor)


def asked_before(quiz: Quiz) -> Quiz:
    """The quiz as it was before its author corrected the key of the first question: the other option was right."""
    first = quiz.questions[0]
    assert isinstance(first.answer, Choice)
    options = tuple(replace(option, is_right=not option.is_right) for option in first.answer.options)
    return replace(quiz, questions=(replace(first, answer=replace(first.answer, options=options)), *quiz.questions[1:]))


def fill(doors: Doors, quiz: Quiz, cohort: Cohort, tutor: Person, *, right: int, wrong: int) -> None:
    yes: dict[str, object] = {"n-premier": 1, "n-prenom": True, "n-silence": False, "n-note": "canaritrace"}
    no: dict[str, object] = {"n-premier": 2, "n-prenom": False, "n-note": "=SOMME(A1)"}
    with doors.writing() as session:
        group_that_sat(session, quiz, cohort, [yes] * right + [no] * wrong, tutor=tutor)  # type: ignore[list-item]


def test_the_quiz_leads_staff_to_its_report(follower: Client, student: Client) -> None:
    home = "/modules/ec101-accueil/quiz-note"
    assert f"{HOME}/rapport" in follower.get(home).get_data(as_text=True)
    assert f"{HOME}/rapport" not in student.get(home).get_data(as_text=True)


def test_a_report_of_a_group(follower: Client, doors: Doors, quiz: Quiz, cohort: Cohort, tutor: Person) -> None:
    fill(doors, quiz, cohort, tutor, right=15, wrong=10)
    page = follower.get(f"{HOME}/rapport").get_data(as_text=True)
    assert "25 étudiants" in page
    assert "=SOMME(A1)" in page
    assert "Distribution des notes" in page
    assert "essais concernés" not in page


def test_too_few_students_is_said(follower: Client) -> None:
    page = follower.get(f"{HOME}/rapport?essai=autre&groupe=99").get_data(as_text=True)
    assert "Trop peu d’essais pour un rapport." in page


def test_the_table_opens_in_a_spreadsheet(
    follower: Client, doors: Doors, quiz: Quiz, cohort: Cohort, tutor: Person
) -> None:
    titled = replace(quiz, questions=(replace(quiz.questions[0], title="=1+1"), *quiz.questions[1:]))
    fill(doors, titled, cohort, tutor, right=15, wrong=10)
    response = follower.get(f"{HOME}/rapport/tableau")
    assert response.headers["Content-Disposition"] == 'attachment; filename="rapport-ec101-accueil-quiz-note.csv"'
    rows = list(csv.reader(response.get_data().decode("utf-8-sig").splitlines(), delimiter=";"))
    assert rows[1][:2] == ["'=1+1", "n-premier"]
    assert rows[1][3:7] == ["25", "25", "60", "1"]


def test_the_question_as_asked_shows_its_key(
    follower: Client, doors: Doors, quiz: Quiz, cohort: Cohort, tutor: Person
) -> None:
    fill(doors, quiz, cohort, tutor, right=5, wrong=5)
    report = follower.get(f"{HOME}/rapport").get_data(as_text=True)
    for question in quiz.questions:
        assert shown(report, question)
    link = report.partition(f'href="{HOME}/rapport/questions/')[2].partition('"')[0]
    page = follower.get(f"{HOME}/rapport/questions/{link}").get_data(as_text=True)
    assert "La clé" in page
    assert "l’enseigne" in page


def shown(page: str, question: Question) -> bool:
    return question.title in page


@pytest.mark.case("GR-05")
def test_marking_again_from_the_report(
    follower: Client, doors: Doors, quiz: Quiz, cohort: Cohort, tutor: Person
) -> None:
    fill(doors, asked_before(quiz), cohort, tutor, right=3, wrong=2)
    assert "5 essais concernés" in follower.get(f"{HOME}/rapport").get_data(as_text=True)
    page = follower.get(KEY)
    assert "5 essais seraient notés autrement." in page.get_data(as_text=True)
    refused = follower.submit(KEY, {"never_lower": "y", "seen": seen_of(follower), "reason": " "})
    assert refused.status_code == 422
    assert written(doors) == (0, 0)

    done = follower.submit(KEY, {"never_lower": "y", "seen": seen_of(follower), "reason": "la clé était fausse"})
    assert (done.status_code, done.location) == (303, f"{KEY}?fait=3")
    assert "3 essais ont une nouvelle note." in follower.get(done.location).get_data(as_text=True)
    assert written(doors) == (3, 3)


def test_a_list_that_changed_is_shown_again_with_the_reason(
    follower: Client, doors: Doors, quiz: Quiz, cohort: Cohort, tutor: Person
) -> None:
    fill(doors, asked_before(quiz), cohort, tutor, right=2, wrong=0)
    response = follower.submit(KEY, {"never_lower": "y", "seen": "autre", "reason": "mon motif"})
    assert response.status_code == 409
    page = response.get_data(as_text=True)
    assert "La liste a changé entre-temps." in page
    assert 'value="mon motif"' in page
    assert written(doors) == (0, 0)


def test_another_tutor_changes_nothing(
    client_of: ClientOf, follower: Client, doors: Doors, quiz: Quiz, cohort: Cohort, tutor: Person
) -> None:
    fill(doors, asked_before(quiz), cohort, tutor, right=2, wrong=0)
    other = client_of(Role.TUTOR)
    assert "Aucun essai" in other.get(KEY).get_data(as_text=True)
    done = other.submit(KEY, {"never_lower": "y", "seen": seen_of(follower), "reason": "motif"})
    assert done.location == f"{KEY}?fait=0"
    assert written(doors) == (0, 0)


def seen_of(client: Client) -> str:
    (form,) = [form for _, form in forms_of(client.get(KEY)) if form.action.endswith("nouvelle-correction")]
    return form.fields["seen"][0]


def written(doors: Doors) -> tuple[int, int]:
    """How many new versions of marks, and how many mails."""
    with doors.reading() as connection:
        marks = connection.execute(select(AttemptMarks).where(AttemptMarks.version > 1)).all()
        return len(marks), len(connection.execute(select(OutboxMessage)).all())


def test_an_attempt_to_look_at_by_hand_is_put_aside_with_a_reason_and_taken_back(
    follower: Client, doors: Doors, quiz: Quiz, tutor: Person, cohort: Cohort
) -> None:
    first = quiz.questions[0]
    assert isinstance(first.answer, Choice)
    options = tuple(replace(one, text=f"{one.text} (avant)", is_right=not one.is_right) for one in first.answer.options)
    before = replace(
        quiz, questions=(replace(first, answer=replace(first.answer, options=options)), *quiz.questions[1:])
    )
    with doors.writing() as session:
        group_that_sat(session, before, cohort, [{first.id: 1}], tutor=tutor)
    page = follower.get(KEY)
    assert "concerné par une correction" in follower.get(f"{HOME}/rapport").text
    form = next(form for _id, form in forms_of(page) if form.action.endswith("/regarde"))
    refused = form.send(follower, {"reason": " "})
    assert (refused.status_code, "Écrivez un motif" in refused.get_data(as_text=True)) == (422, True)
    assert form.send(follower, {"reason": "Vu <b>avec</b> l’étudiant."}).location == f"{KEY}#a-la-main"
    page = follower.get(KEY)
    assert "Vu &lt;b&gt;avec&lt;/b&gt; l’étudiant." in page.text
    assert "concerné par une correction" not in follower.get(f"{HOME}/rapport").text
    back = next(form for _id, form in forms_of(page) if form.action.endswith("/a-revoir"))
    assert back.send(follower, {}).location == f"{KEY}#a-la-main"
    assert any(form.action.endswith("/regarde") for _id, form in forms_of(follower.get(KEY)))
