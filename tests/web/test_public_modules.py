from __future__ import annotations

import re

import pytest

from deust.domain.access import Role
from deust.models.learning import CheckTry, ItemProgress
from deust.models.quizzes import Attempt
from deust.services.learning import index_programme
from tests.support import factories
from tests.support.statements import statements

DOCUMENT = "/documents/pour-tous"
QUIZ = f"{DOCUMENT}/quiz/essayer"


def option_of(page, text):
    """The number that the form posts for the option of this text."""
    return re.search(rf'value="(\d+)"[^>]*><span>(?:<p>)?{text}', page)[1]


def places(page, *texts):
    """The fields that put these texts in this order."""
    found = re.findall(r'id="a-t-ordre-(\d+)"[^>]*aria-label="Place de\s: ([^"]+)"', page)
    return {f"t-ordre-answer-{number}": str(texts.index(text) + 1) for number, text in found}


def test_the_document_says_what_it_holds_and_leads_to_each_page(client):
    page = client.get(DOCUMENT).text
    for said in ("Téléphoner sans crainte", "Un document d’essai", "Préparer un appel", "Relu le 1er"):
        assert said in page
    for url in ("/lecons/pour-tous/preparer", "/lecons/pour-tous/raccrocher", QUIZ, f"{DOCUMENT}/tout-lire"):
        assert f'href="{url}"' in page
    assert "1 question demande un compte" in page
    assert "Quiz noté du document" not in page


def test_a_link_of_its_text_leads_to_what_is_open_without_an_account(client):
    assert 'href="/lecons/ec101-accueil/saluer"' in client.get(DOCUMENT).text
    lesson = client.get("/lecons/pour-tous/preparer").text
    assert 'href="/lecons/pour-tous/raccrocher"' in lesson
    assert 'href="/modules/ec101-accueil/ecouter"' in lesson


@pytest.mark.both
def test_home_site_map_and_search_lead_to_the_document(client, app, doors):
    with doors.writing() as session:
        index_programme(session, app.extensions["deust"].catalogue.programme())
    for path in ("/", "/plan-du-site", "/recherche?q=téléphoner"):
        assert f'href="{DOCUMENT}"' in client.get(path).text
    assert f'href="{QUIZ}"' in client.get("/recherche?q=essayer").text
    assert "/noter" not in client.get("/recherche?q=noté").text


def test_a_public_lesson_says_where_it_stands_in_its_document(client):
    first, second = (client.get(f"/lecons/pour-tous/{name}").text for name in ("preparer", "raccrocher"))
    assert "Page 1 sur 3" in first
    assert 'href="/lecons/pour-tous/raccrocher"' in first
    assert f'href="{DOCUMENT}"' in first
    assert 'href="/lecons/pour-tous/preparer"' in second
    assert f'href="{QUIZ}"' in second
    assert "/documents/" not in client.get("/lecons/ec101-accueil/saluer").text


def test_the_whole_document_stands_on_one_page_without_what_solves_it(client):
    page = client.get(f"{DOCUMENT}/tout-lire").text
    for said in ("On pose son papier", "compte les appels", "Que faut-il sous la main", "Que fait-on d’abord"):
        assert said in page
    assert "Un carnet d" in page
    for hidden in ("CANARI", '<input type="radio', "<select", "checked", "Racontez", "Quiz noté du document"):
        assert hidden not in page
    assert page.count('id="term-acd"') == 1
    assert page.count('aria-label="Tableau 1"') == 1
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_nothing_solves_a_question_before_it_is_answered(client):
    page = client.get(QUIZ).text
    assert "Question 1 sur 3" in page
    assert "CANARI" not in page
    assert "Racontez" not in page
    assert "1 question, qu’une personne corrige" in page


@pytest.mark.parametrize("path", [DOCUMENT, f"{DOCUMENT}/tout-lire", QUIZ, "/lecons/pour-tous/preparer"])
def test_a_guest_costs_the_database_nothing(client, app, path):
    with app.app_context(), statements() as sent:
        assert client.get(path).status_code == 200
    assert sent == []


@pytest.mark.both
def test_the_quiz_is_marked_exactly_on_the_page_and_kept_nowhere(client, app, doors):
    page = client.get(QUIZ).text
    given = {"t-geste-answer": option_of(page, "on prépare le papier"), **places(page, "appeler", "préparer", "noter")}
    client.csrf_token()
    with app.app_context(), statements() as sent:
        tried = client.submit(QUIZ, given)
    assert (tried.status_code, sent) == (200, [])
    assert "Votre résultat\u00a0: 2,67 sur 5." in tried.text
    assert "CANARI-tous-geste" in tried.text
    assert "En partie juste" in tried.text
    assert "1 question reste à essayer." in tried.text
    for hidden in ("CANARI-tous-trop-vite", "CANARI-tous-duree"):
        assert hidden not in tried.text
    assert "<option selected>1</option>" in tried.text
    with doors.reading() as connection:
        for table in (Attempt, ItemProgress, CheckTry):
            assert connection.execute(table.__table__.select()).all() == []


def test_nothing_filled_in_is_said_and_solves_nothing(client):
    tried = client.submit(QUIZ, {"t-duree-answer": "  "})
    assert tried.status_code == 422
    assert "Aucune réponse n’est remplie" in tried.text
    assert "CANARI" not in tried.text


def test_an_answer_that_cannot_be_read_keeps_what_was_filled_in(client):
    fields = {f"t-ordre-answer-{number}": "1" for number in (1, 2, 3)}
    tried = client.submit(QUIZ, {**fields, "t-duree-answer": "12"})
    assert tried.status_code == 422
    assert "la même place" in tried.text
    assert tried.text.count("<option selected>1</option>") == 3
    assert 'value="12"' in tried.text


def test_a_forged_answer_is_refused(client):
    assert client.submit(QUIZ, {"t-geste-answer": "9"}).status_code == 422
    assert client.submit(QUIZ, {"t-recit-answer": "Un récit."}).status_code == 422
    assert client.post(QUIZ, data={"t-duree-answer": "20"}).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/documents/ec101-accueil",
        "/documents/ec101-accueil/tout-lire",
        "/documents/ec101-accueil/quiz/entrainement",
        f"{DOCUMENT}/quiz/noter",
        f"{DOCUMENT}/quiz/preparer",
        "/documents/nulle-part",
    ],
)
def test_only_public_modules_and_their_training_open(client, path):
    assert client.get(path).status_code == 404
    assert client.submit(path, {"t-note-answer": "true"}).status_code in (404, 405)


def test_a_student_of_another_diploma_reads_what_everyone_reads(client_of, doors):
    with doors.writing() as session:
        who = factories.student(session, factories.cohort(session, programme="licence-autre"))
    stranger = client_of(who)
    for path in (DOCUMENT, f"{DOCUMENT}/tout-lire", QUIZ, "/lecons/pour-tous/preparer"):
        page = stranger.get(path)
        assert page.status_code == 200
        assert 'href="/modules/pour-tous"' not in page.text


def test_who_has_the_module_in_their_space_is_led_there(student, client_of, client):
    assert 'href="/modules/pour-tous"' in student.get(DOCUMENT).text
    assert f'href="{DOCUMENT}/tout-lire"' in student.get("/modules/pour-tous").text
    assert 'href="/modules/pour-tous"' in client_of(Role.TUTOR).get(DOCUMENT).text
    for reader in (client, client_of(Role.COMPANY_TUTOR)):
        assert 'href="/modules/pour-tous"' not in reader.get(DOCUMENT).text
