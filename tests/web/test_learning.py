from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from deust.content.catalogue import Catalogue
from deust.domain.access import Role
from deust.models.learning import CheckTry, ItemProgress
from deust.models.people import Enrolment
from deust.services.learning import index_programme
from tests.support import factories
from tests.support.clients import signed_in_client
from tests.support.forms import form_of, post_form
from tests.support.pages import page_of
from tests.support.statements import statements

LESSON = "/modules/ec101-accueil/saluer"
PUBLIC = "/lecons/ec101-accueil/saluer"
CANARY = "CANARI-saluer"


def kept(doors, table=ItemProgress):
    with doors.reading() as connection:
        return connection.execute(select(table)).all()


def option_of(page, text):
    """The number that the form posts for the option of this text."""
    pattern = rf'value="(\d+)"[^>]*><span>(?:<p>)?{text}'
    return re.search(pattern, page)[1]


def test_the_public_home_says_what_the_programme_holds_and_nothing_invented(client):
    page = client.get("/").text
    assert "120" in page
    assert PUBLIC in page
    assert 'href="/connexion"' in page
    assert "Candidater" not in page


def test_the_hours_of_a_semester_are_not_read_with_its_number(client):
    """« Semestre 1 292 h » was one thousand two hundred and ninety-two hours to who hears it."""
    titles = ["".join(title.itertext()).strip() for title in page_of(client.get("/")).iter("h3")]
    semesters = [title for title in titles if title.startswith("Semestre")]
    assert semesters
    assert all(re.fullmatch(r"Semestre \d, \d+ h", title) for title in semesters), semesters


def test_a_public_lesson_is_read_and_tried_without_an_account(client, doors):
    page = client.get(PUBLIC).text
    assert "puis votre prénom" in page
    assert CANARY not in page
    assert "lesson.js" not in page
    tried = client.submit(f"{PUBLIC}/verifier/s-premier", {"s-premier-answer": option_of(page, "la météo")})
    assert tried.status_code == 200
    assert "CANARI-saluer-faux" in tried.text
    assert "CANARI-saluer-juste" not in tried.text
    assert kept(doors, CheckTry) == []


def test_a_number_that_cannot_be_read_is_asked_again_and_its_answer_not_given(client):
    """The page asked for figures, and told the answer below."""
    check = f"{PUBLIC}/verifier/s-duree"
    page = client.submit(check, {"s-duree-answer": "dix"}).text
    assert "Écrivez-le en chiffres." in page
    assert 'value="dix"' in page
    assert "CANARI-saluer-duree" not in page
    assert "Voir la réponse attendue" not in page
    assert "CANARI-saluer-duree" in client.submit(check, {"s-duree-answer": "50"}).text


def test_a_lesson_that_is_not_public_does_not_exist_for_guests(client):
    assert client.get("/lecons/ec101-accueil/ecouter").status_code == 404
    assert client.get("/lecons/ec101-accueil/quiz-note").status_code == 404
    assert client.get(LESSON).status_code == 303


def test_opening_a_lesson_writes_nothing(student, doors):
    page = student.get(LESSON)
    assert page.status_code == 200
    assert kept(doors) == []
    assert CANARY not in page.text


def test_reading_on_one_device_resumes_on_another(student, client_of, doors):
    sent = student.send(f"{LESSON}/place", {"place": "s-rendre-la-parole", "permille": 600})
    assert sent.get_json() == {"kept": True}
    other = client_of(student.person)
    assert 'aria-current="location"' in other.get(LESSON).text
    assert f'href="{LESSON}#s-rendre-la-parole"' in other.get("/aujourdhui").text


@pytest.mark.parametrize(
    "body",
    [
        {"place": "elsewhere", "permille": 1},
        {"place": "s-se-nommer", "permille": 1001},
        {"place": "s-se-nommer", "permille": -1},
        {"place": "s-se-nommer", "permille": True},
        {"place": "s-se-nommer", "permille": "10"},
        {"place": None, "permille": 10},
        {"permille": 10},
        [],
        "text",
    ],
)
def test_a_strange_place_is_refused(student, doors, body):
    assert student.send(f"{LESSON}/place", body).status_code == 400
    assert kept(doors) == []


def test_a_place_without_its_token_is_refused(student, doors):
    assert student.post(f"{LESSON}/place", json={"place": "", "permille": 10}).status_code == 400
    assert kept(doors) == []


def test_a_check_is_tried_and_its_feedback_shown_on_the_same_page(student, doors):
    page = student.get(LESSON).text
    answer = student.submit(f"{LESSON}/verifier/s-premier", {"s-premier-answer": option_of(page, "la météo")})
    assert (answer.status_code, answer.location) == (303, f"{LESSON}#q-s-premier")
    shown = student.get(LESSON).text
    assert "CANARI-saluer-faux" in shown
    assert "CANARI-saluer-duree" not in shown
    assert list(kept(doors)[0].checks_tried) == ["s-premier"]


def test_trying_one_check_keeps_what_is_typed_in_the_others(student, doors):
    option = option_of(student.get(LESSON).text, "la météo")
    typed = {"s-premier-answer": option, "s-duree-answer": "50"}
    shown = student.submit(f"{LESSON}/verifier/s-duree", typed)
    assert shown.status_code == 200
    assert "CANARI-saluer-duree" in shown.text
    assert "CANARI-saluer-faux" not in shown.text
    assert re.search(rf'value="{option}" checked', shown.text)
    assert list(kept(doors)[0].checks_tried) == ["s-duree"]
    assert student.submit(f"{LESSON}/verifier/s-premier", typed).status_code == 303
    empty = student.submit(f"{LESSON}/verifier/s-duree", {"s-premier-answer": option})
    assert empty.status_code == 422
    assert re.search(rf'value="{option}" checked', empty.text)


def test_a_guest_who_tries_another_check_still_reads_the_first(client):
    page = client.get(PUBLIC)
    first, second = {"s-premier-answer": option_of(page.text, "la météo")}, {"s-duree-answer": "50"}
    page = post_form(client, f"{PUBLIC}/verifier/s-premier", {**form_of(page, "checks").fields, **first})
    page = post_form(client, f"{PUBLIC}/verifier/s-duree", {**form_of(page, "checks").fields, **second})
    assert "CANARI-saluer-faux" in page.text
    assert "CANARI-saluer-duree" in page.text


def test_the_enter_key_tries_the_check_that_was_filled(client, student, doors):
    enter = {"enter": "1", "s-duree-answer": "50"}
    assert "CANARI-saluer-duree" in client.submit(f"{PUBLIC}/verifier/s-premier", enter).text
    student.submit(f"{LESSON}/verifier/s-premier", enter)
    assert list(kept(doors)[0].checks_tried) == ["s-duree"]
    assert "Répondez d’abord" in client.submit(f"{PUBLIC}/verifier/s-premier", {"enter": "1"}).text


def test_a_try_that_is_too_long_comes_back_with_the_reason(student, doors):
    answer = student.submit(f"{LESSON}/verifier/s-duree", {"s-duree-answer": "1" * 100_001})
    assert answer.status_code == 422
    assert "Raccourcissez-le" in answer.text
    assert f'value="{"1" * 100_001}"' in answer.text
    assert kept(doors) == []


def test_an_empty_check_is_not_a_try(student, doors):
    answer = student.submit(f"{LESSON}/verifier/s-duree", {"s-duree-answer": "  "})
    assert answer.status_code == 422
    assert "Répondez d’abord" in answer.text
    assert kept(doors) == []


def test_an_unknown_check_or_a_forged_option_is_refused(student, doors):
    assert student.submit(f"{LESSON}/verifier/autre", {"autre-answer": "1"}).status_code == 404
    assert student.submit(f"{LESSON}/verifier/s-premier", {"s-premier-answer": "99"}).status_code == 422
    assert kept(doors) == []


def test_going_on_too_soon_keeps_what_is_typed(student, doors):
    typed = {**form_of(student.get(LESSON), "checks").fields, "s-duree-answer": "50"}
    page = student.submit(f"{LESSON}/compris", typed)
    assert page.status_code == 200
    assert "Il reste 2 questions à essayer." in page.text
    assert re.search(r'href="#q-s-\w+" autofocus', page.text)
    assert form_of(page, "checks").fields["s-duree-answer"] == ["50"]
    assert kept(doors, CheckTry) == []


def test_understood_names_the_checks_that_remain_then_goes_on(student):
    answer = student.submit(f"{LESSON}/compris")
    assert answer.location == f"{LESSON}#fin"
    page = student.get(LESSON).text
    assert "Il reste 2 questions à essayer." in page
    for question, given in (("s-premier", "1"), ("s-duree", "11")):
        student.submit(f"{LESSON}/verifier/{question}", {f"{question}-answer": given})
    answer = student.submit(f"{LESSON}/compris")
    assert answer.location == "/modules/ec101-accueil/ecouter"
    assert "Leçon faite" in student.get(LESSON).text


def test_a_locked_item_says_what_to_finish_first(student, doors):
    page = student.get("/modules/ec101-accueil/ecouter").text
    assert "Terminez d’abord" in page
    assert "Saluer" in page
    assert "Laissez le client finir" not in page
    assert student.submit("/modules/ec101-accueil/ecouter/compris").status_code == 409
    assert kept(doors) == []


def test_home_programme_and_module_state_the_facts(student):
    today = student.get("/aujourdhui").text
    assert "20 minutes suffisent" in today
    assert "Mardi 13" in today
    assert "semaine 5" in today
    programme = student.get("/programme").text
    assert "Quatre semestres" in programme
    assert programme.count("En cours, ") == 1
    module = student.get("/modules/ec101-accueil").text
    assert "Bientôt" in module
    assert "En retard de 16 jours" in module
    assert 'aria-label="1. Saluer, leçon, 20' in module


def test_a_draft_is_called_a_work_and_not_a_quiz(student):
    """« Un quiz vous attend » above the draft of a work, whose address was that of a question of a quiz."""
    draft = student.submit("/modules/ec101-accueil/devoir/devoir").location
    today = student.get("/aujourdhui").text
    assert "un devoir vous attend" in today
    assert "quiz vous attend" not in today
    assert "Votre brouillon est commencé" in today
    assert f'href="{draft}"' in today
    assert "Brouillon en cours" in student.get("/modules/ec101-accueil").text


@pytest.mark.parametrize("missed", [0, 1])
def test_who_missed_something_is_not_told_to_be_up_to_date(student, doors, app, clock, missed):
    programme = app.extensions["deust"].catalogue.programme("deust-essai")
    refs = [item.ref for module in programme.modules.values() for item in module.items]
    done = [ref for ref in refs if not (missed and ref.endswith("/examen"))]
    with doors.writing() as session:
        (who,) = session.scalars(select(Enrolment.person_id))
        common = {"person_id": who, "opened_at": clock.now, "touched_at": clock.now, "checks_tried": {}}
        session.add_all(ItemProgress(item_ref=ref, completed_at=clock.now, **common) for ref in done)
    clock.move(days=60)
    today = student.get("/aujourdhui").text
    assert ("Vous êtes à jour" in today) is not missed
    assert ("1 activité n’a pas été faite à temps." in today) is bool(missed)


def test_what_is_closed_says_the_day_it_closed_not_the_day_it_was_due(student, clock):
    """The work is accepted two days late, from Sunday the 25th to Tuesday the 27th."""
    clock.move(days=20)
    page = student.get("/modules/ec101-accueil").text
    said = re.findall(r"Fermé depuis le ([^<]*)", page)
    assert [day.replace("\N{NO-BREAK SPACE}", " ") for day in said] == ["dim. 25 oct.", "dim. 18 oct.", "mar. 27 oct."]


def test_a_module_says_its_weeks_and_one_of_no_unit_says_nothing_else(student):
    assert "Coefficient 20, semaines 1 à" in student.get("/modules/ec101-accueil").text
    head = student.get("/modules/pour-tous").text.partition("module-wave")[0]
    assert "Semaine 2</p>" in head
    assert "Coefficient" not in head


def test_what_is_not_there_yet_is_not_promised_for_the_day_it_would_be_due(student, doors, clock):
    """« Elle est prévue pour le dimanche 29 novembre »: that was when it should have been finished."""
    with doors.writing() as session:
        factories.item_dates(session, "ec101-accueil/appel", person_id=student.person.id, due_at=clock.now)
    page = student.get("/modules/ec101-accueil/appel").text
    assert "n’est pas encore disponible" in page
    assert "prévue pour" not in page


def test_calls_and_assignments_are_announced(student):
    page = student.get("/modules/ec101-accueil/appel").text
    assert "pas encore disponible" in page


def test_staff_read_the_course_without_progress(client_of, doors):
    tutor = client_of(Role.TUTOR)
    page = tutor.get(LESSON).text
    assert "lesson.js" not in page
    assert "J’ai compris" not in page
    tried = tutor.submit(f"{LESSON}/verifier/s-premier", {"s-premier-answer": "1"})
    assert tried.status_code == 200
    assert "CANARI-saluer-" in tried.text
    assert tutor.submit(f"{LESSON}/compris").status_code == 403
    assert tutor.get("/aujourdhui").status_code == 403
    assert "sans y avoir de progression" in tutor.get("/modules/ec101-accueil").text
    assert "En cours, " not in tutor.get("/programme").text, "no semester is more theirs than another"
    assert kept(doors) == []


def test_a_student_of_no_cohort_reads_no_lesson(client_of, doors):
    with doors.writing() as session:
        who = factories.person(session)
    assert client_of(who).get(LESSON).status_code == 403


def test_unknown_addresses_do_not_exist(student):
    for path in ("/modules/nulle-part", "/modules/ec101-accueil/nulle-part", "/modules/nulle/part"):
        assert student.get(path).status_code == 404
    assert student.submit("/modules/ec101-accueil/quiz-note/compris").status_code == 404


def test_the_glossary_is_open_to_all(client, student):
    for reader in (client, student):
        page = reader.get("/glossaire").text
        assert 'id="dmt"' in page
        assert "durée moyenne de traitement" in page


def test_search_shows_the_words_marked_and_escaped(student, client, app, doors):
    with doors.writing() as session:
        index_programme(session, app.extensions["deust"].catalogue.programme())
    assert "Que cherchez-vous" in student.get("/recherche").text
    page = student.get("/recherche?q=enseigne").text
    assert "<mark>enseigne</mark>" in page
    assert f'href="{PUBLIC}"' in client.get("/recherche?q=enseigne").text
    assert "&lt;script&gt;" in client.get("/recherche?q=<script>").text


def test_media_are_served_as_they_are_declared_and_only_to_who_may_see_them(client, student):
    catalogue: Catalogue = client.application.extensions["deust"].catalogue
    assert catalogue.media_path("ec101-accueil", "absent.png") is None
    for reader in (client, student):
        assert reader.get("/cours/ec101-accueil/media/absent.png").status_code == 404
        assert reader.get("/cours/ec101-accueil/media/../module.md").status_code == 404


def test_a_student_of_no_cohort_is_told_why_and_reads_what_is_public(client_of, doors):
    with doors.writing() as session:
        person = factories.person(session)
    visitor = client_of(person)
    for path in ("/aujourdhui", "/modules/ec101-accueil"):
        page = visitor.get(path)
        assert page.status_code == 403
        assert "Vous n’êtes pas inscrit à cette formation." in page.text
    assert visitor.get("/programme").status_code == 200
    assert "/cours/ec101-accueil/media/accueil.png" in visitor.get(PUBLIC).text
    with visitor.get("/cours/ec101-accueil/media/accueil.png") as media:
        assert media.status_code == 200
    assert visitor.get("/cours/ec101-accueil/media/ecoute.png").status_code == 403


def test_staff_see_the_state_of_the_courses_and_students_do_not(client_of, student):
    assert client_of(Role.MANAGER).get("/cours/problemes").status_code == 200
    assert student.get("/cours/problemes").status_code == 403


@pytest.mark.parametrize(
    ("path", "most"),
    [(LESSON, 2), ("/aujourdhui", 2), ("/programme", 2), ("/modules/ec101-accueil", 2)],
)
def test_statements_of_a_page_sign_in_included(student, app, path, most):
    student.get(path)
    with app.app_context(), statements() as sent:
        student.get(path)
    assert len(sent) == most


def test_a_lesson_that_was_tried_costs_no_statement_more(student, app):
    student.submit(f"{LESSON}/verifier/s-premier", {"s-premier-answer": "1"})
    with app.app_context(), statements() as sent:
        student.get(LESSON)
    assert len(sent) == 2


def test_the_lesson_page_stays_light(student):
    assert len(student.get(LESSON).data) < 12_000


def test_who_enrols_in_the_middle_of_a_year_is_late_for_nothing(app, doors, cohort, clock):
    clock.move(days=30)
    with doors.writing() as session:
        person = factories.person(session)
        factories.enrolment(session, person, cohort, started_on=clock.now.date())
    student = signed_in_client(app, person)
    for page in ("/aujourdhui", "/programme", "/modules/ec101-accueil"):
        said = student.get(page).text
        assert not re.search(r"En retard d|[0-9] en retard|Jusqu’au|date est passée", said), page
    assert "À faire" in student.get("/modules/ec101-accueil").text
