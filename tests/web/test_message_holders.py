from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update

from deust.domain.access import Role
from deust.models.people import Cohort, Enrolment, Person
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client, signed_in_client
from tests.support.forms import form_of

LESSON = "/questions/poser?sur=lecon&ref=ec101-accueil/saluer"
SECRET = "Un secret du texte"


@pytest.fixture
def people(doors: Doors, cohort: Cohort) -> dict[str, Person]:
    with doors.writing() as session:
        group = factories.group(session, cohort)
        student = factories.person(session, given_name="Ana", family_name="Roy")
        factories.enrolment(session, student, cohort, group_id=group.id)
        tutor, second = (
            factories.person(session, role="tutor", given_name="Léo", family_name=name) for name in ("Un", "Deux")
        )
        for one in (tutor, second):
            factories.tutoring(session, one, group)
        manager = factories.person(session, role=Role.MANAGER.value)
        return {"student": student, "tutor": tutor, "second": second, "manager": manager}


@pytest.fixture
def client_of(app: Flask, people: dict[str, Person]) -> Callable[[str], Client]:
    return lambda name: signed_in_client(app, people[name])


@pytest.fixture
def thread(client_of: Callable[[str], Client]) -> str:
    sent = client_of("student").submit(LESSON, {"text": SECRET, "go": "send"})
    return str(sent.location).split("?")[0].rpartition("/")[2]


def test_a_manager_gives_a_question_over_without_reading_it(client_of: Callable[[str], Client], thread: str) -> None:
    manager, second = client_of("manager"), client_of("second")
    listed = manager.get("/questions-en-attente")
    assert "Ana Roy" in listed.text
    assert "/questions-en-attente" in manager.get("/personnes").text, "the navigation leads there"
    page = manager.get(f"/messages/{thread}/confier")
    assert SECRET not in listed.text + page.text
    form = form_of(page, "give")
    refused = form.send(manager, {})
    assert (refused.status_code, "Choisissez un tuteur." in refused.get_data(as_text=True)) == (422, True)
    number = next(one for one, name in _choices(page.text) if name == "Léo Deux")
    assert form.send(manager, {"tutor": number}).location == "/questions-en-attente?fait=confiee"
    assert "Confiée à Léo Deux" in manager.get("/questions-en-attente").text
    assert "Confiée à vous" in second.get("/messages").text
    assert "Confiée à vous" in second.get(f"/messages/{thread}").text
    assert "1 non lue" in second.get("/messages").text


def test_a_question_whose_student_no_tutor_follows_is_not_said_to_be_seen_by_all_of_them(
    client_of: Callable[[str], Client], thread: str, doors: Doors
) -> None:
    """A student of no group asked « votre tuteur », and who shares questions out read that all their tutors saw it."""
    with doors.writing() as session:
        session.execute(update(Enrolment).values(group_id=None))
    manager = client_of("manager")
    listed = manager.get("/questions-en-attente").text
    assert "Aucun tuteur ne suit cet étudiant" in listed
    assert "tous les tuteurs" not in listed
    assert f"/messages/{thread}/confier" not in listed
    assert "Mettez l’étudiant dans un groupe" in manager.get(f"/messages/{thread}/confier").text


def test_a_tutor_gives_over_what_is_theirs_and_no_longer_sees_how(
    client_of: Callable[[str], Client], thread: str
) -> None:
    tutor = client_of("tutor")
    assert f"/messages/{thread}/confier" in tutor.get(f"/messages/{thread}").text
    page = tutor.get(f"/messages/{thread}/confier")
    ((number, name),) = _choices(page.text)
    assert name == "Léo Deux"
    assert form_of(page, "give").send(tutor, {"tutor": number}).location == "/messages?fait=confiee"
    assert "La question est confiée." in tutor.get("/messages?fait=confiee").text
    assert f"/messages/{thread}/confier" not in tutor.get(f"/messages/{thread}").text
    assert tutor.get(f"/messages/{thread}/confier").status_code == 404
    assert "non lue" not in tutor.get("/messages").text


def _choices(page: str) -> list[tuple[str, str]]:
    return re.findall(r'type="radio" value="(\d+)"> <span>([^<]+)</span>', page)
