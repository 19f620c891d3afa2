from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from deust.domain.access import Role
from deust.models.assignments import Copy
from deust.models.messages import Draft, Message
from deust.models.people import Cohort, Person
from deust.models.quizzes import Attempt
from tests.conftest import Doors
from tests.support.clients import Client
from tests.support.clock import Clock
from tests.support.forms import form_of, forms_of
from tests.support.hand_ins import followed_student
from tests.support.pages import shown_without_scripts

LESSON = "/questions/poser?sur=lecon&ref=ec101-accueil/saluer"
HOSTILE = "<script>alert(1)</script>\nDeuxième ligne & « suite »"


@pytest.fixture
def people(doors: Doors, cohort: Cohort) -> dict[str, Person]:
    return followed_student(doors, cohort, given_name="Ana", family_name="Roy")


def ask(student: Client, text: str = "Pourquoi saluer ?", page: str = LESSON) -> str:
    """Ask by the plain form; gives the public id."""
    sent = student.submit(page, {"text": text, "go": "send"})
    assert sent.status_code == 303
    return str(sent.location).split("?")[0].rpartition("/")[2]


def test_a_student_asks_a_tutor_answers_and_the_student_reads(student: Client, tutor: Client) -> None:
    assert LESSON.replace("&", "&amp;") in student.get("/modules/ec101-accueil/saluer").text
    assert "sur=module&amp;ref=ec101-accueil" in student.get("/modules/ec101-accueil").text
    thread = ask(student, HOSTILE)
    page = student.get(f"/questions/{thread}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\nDeuxième ligne &amp; « suite »" in page
    assert "2 jours ouvrés au plus" in page
    assert "Posée" in student.get("/questions").text
    queue = tutor.get("/messages").text
    assert "1 question attend une réponse." in queue
    assert "Ana Roy" in queue
    assert "moins d’un jour ouvré d’attente sur 2" in queue
    form = form_of(tutor.get(f"/messages/{thread}"), "answer")
    assert form.press(tutor, "go", "next", text="Pour accueillir.").location == "/messages"
    assert "Pour accueillir." in student.get(f"/questions/{thread}").text
    assert "Répondue" in student.get("/questions").text
    assert "dont 1 dans le délai" in tutor.get("/messages").text


def test_answer_and_next_opens_the_following_question(student: Client, tutor: Client, clock: Clock) -> None:
    first = ask(student)
    clock.move(minutes=1)
    second = ask(student, "Et ensuite ?")
    form = form_of(tutor.get(f"/messages/{first}"), "answer")
    assert form.press(tutor, "go", "next", text="Voilà.").location == f"/messages/{second}"


@pytest.mark.parametrize(("text", "words"), [("", "Écrivez quelques mots"), ("é" * 4_001, "4\xa0001 caractères")])
def test_a_refused_question_comes_back_filled_and_kept(student: Client, text: str, words: str) -> None:
    refused = student.submit(LESSON, {"text": text, "go": "send"})
    assert refused.status_code == 422
    assert words in refused.text
    assert text in refused.text
    assert text in student.get(LESSON).text


def test_the_twenty_first_question_of_a_day_is_kept_for_tomorrow(student: Client) -> None:
    for number in range(20):
        ask(student, f"Question {number}")
    refused = student.submit(LESSON, {"text": "Une de trop", "go": "send"})
    assert refused.status_code == 429
    assert "Une de trop" in refused.text
    assert "Une de trop" in student.get(LESSON).text


def test_a_draft_is_found_again_by_page_and_by_script(student: Client, doors: Doors) -> None:
    back = student.submit(LESSON, {"text": "Je voulais", "go": "draft"}).location
    assert back.startswith(LESSON)
    assert "Brouillon gardé." in shown_without_scripts(student.get(back)), "the page came back without a word"
    assert "Brouillon gardé." not in student.get(LESSON).text
    begun = student.get("/questions").text
    assert f'<a class="title" href="{LESSON}" lang="fr">Je voulais</a>'.replace("&", "&amp;") in begun, "it was nowhere"
    kept = student.submit(LESSON, {"text": "Je voulais dire", "go": "draft"}, headers={"Accept": "application/json"})
    assert kept.json == {"saved": "Enregistré à 20\xa0h\xa000"}
    assert "Je voulais dire" in student.get(LESSON).text
    ask(student, "Je voulais dire ceci")
    assert "pas encore envoyées" not in student.get("/questions").text
    with doors.reading() as connection:
        assert connection.execute(select(Draft.id)).all() == []


def test_the_second_tutor_reads_the_first_answer_and_keeps_their_own_words(
    student: Client, tutor: Client, second: Client
) -> None:
    thread = ask(student)
    mine, theirs = (form_of(who.get(f"/messages/{thread}"), "answer") for who in (tutor, second))
    assert mine.press(tutor, "go", "send", text="Première.").status_code == 303
    crossed = theirs.press(second, "go", "send", text="Seconde.")
    assert crossed.status_code == 409
    assert "Première." in crossed.text
    assert "Seconde." in crossed.text
    assert "Seconde." not in student.get(f"/questions/{thread}").text
    assert form_of(crossed, "answer").press(second, "go", "send").status_code == 303
    assert "Seconde." in student.get(f"/questions/{thread}").text


def test_a_message_to_an_exchange_closed_meanwhile_comes_back(student: Client, tutor: Client) -> None:
    thread = ask(student)
    tutor.submit(f"/messages/{thread}/etat", {"go": "close"})
    refused = student.submit(f"/questions/{thread}", {"text": "Encore un mot", "go": "send"})
    assert refused.status_code == 409
    assert "Encore un mot" in refused.text
    assert "Fermée" in student.get("/questions").text
    tutor.submit(f"/messages/{thread}/etat", {"go": "reopen"})
    assert student.submit(f"/questions/{thread}", {"text": "Encore un mot", "go": "send"}).status_code == 303


def test_a_withdrawn_question_leaves_the_queue(student: Client, tutor: Client) -> None:
    thread = ask(student)
    assert student.submit(f"/questions/{thread}/retrait").status_code == 303
    assert tutor.get(f"/messages/{thread}").status_code == 404
    assert "Aucune question n’attend." in tutor.get("/messages").text
    assert "Vous avez retiré cette question." in student.get(f"/questions/{thread}").text


def test_an_administrator_is_told_that_reading_is_logged(
    student: Client, client_of: Callable[[Person | Role], Client]
) -> None:
    thread, admin = ask(student, "Un secret"), client_of(Role.ADMIN)
    assert "Un secret" not in admin.get("/messages").text
    assert "Un secret" not in admin.get(f"/messages/{thread}").text
    assert admin.submit(f"/messages/{thread}", {"text": "Non", "seen": "1"}).status_code == 403
    assert admin.submit(f"/messages/{thread}/lecture").status_code == 303
    assert "Un secret" in admin.get(f"/messages/{thread}").text


@pytest.mark.parametrize(
    "query", ["", "?sur=module&ref=inconnu", "?sur=lecon&ref=ec101-accueil/entrainement", "?sur=essai&ref=abc"]
)
def test_a_question_about_nothing_is_absent(student: Client, query: str, doors: Doors) -> None:
    path = f"/questions/poser{query}"
    assert student.get(path).status_code == 404
    assert student.submit(path, {"text": "Bonjour", "go": "send"}).status_code == 404
    with doors.reading() as connection:
        assert connection.execute(select(Message.id)).all() == []


def hand_in(student: Client) -> str:
    """Hand in the assignment by its plain forms; gives its address."""
    draft = str(student.submit("/modules/ec101-accueil/devoir/devoir").location)
    form = form_of(student.get(draft), "paper")
    key = form.fields["question"][0]
    assert form.send(student, {f"{key}-answer": "Bonjour.", "go": "review"}).status_code == 303
    form = form_of(student.get(f"{draft}/relecture"), "hand-in")
    assert form.send(student, {"is_own": "y"}).status_code == 303
    return draft


def test_a_question_about_a_work_handed_in_leads_both_to_it_unless_it_is_marked_blind(
    student: Client, tutor: Client, doors: Doors, client_of: Callable[[Person | Role], Client]
) -> None:
    work = hand_in(student)
    page = f"/questions/poser?sur=essai&ref={work.rpartition('/')[2]}"
    assert page.replace("&", "&amp;") in student.get(work).text
    assert client_of(Role.STUDENT).get(page).status_code == 404
    thread = ask(student, page=page)
    assert f'href="{work}"' in student.get(f"/questions/{thread}").text
    with doors.reading() as connection:
        copy, terms = connection.execute(select(Copy.public_id, Copy.terms)).one()
    for is_blind in (False, True):
        with doors.writing() as session:
            session.execute(update(Copy).values(terms={**terms, "is_anonymous": is_blind}))
        shown = tutor.get(f"/messages/{thread}").text
        assert (copy in shown) is not is_blind
        assert ("/modules/ec101-accueil/devoir" in shown) is is_blind


def test_an_attempt_that_is_open_cannot_be_asked_about(student: Client, doors: Doors) -> None:
    student.submit("/modules/ec101-accueil/examen/essais")
    with doors.reading() as connection:
        attempt = connection.scalar(select(Attempt.public_id))
    assert student.get(f"/questions/poser?sur=essai&ref={attempt}").status_code == 404
    result = student.submit(f"/essais/{attempt}/remise").location
    assert "Poser une question à votre tuteur" in student.get(result).text
    thread = ask(student, page=f"/questions/poser?sur=essai&ref={attempt}")
    assert f'href="/essais/{attempt}/resultat"' in student.get(f"/questions/{thread}").text


def test_a_choice_about_mail_is_kept(student: Client) -> None:
    form = next(form for _id, form in forms_of(student.get("/compte/courriels")) if "wants_mail" in form.fields)
    assert form.fields["wants_mail"]
    assert "/compte/courriels" in student.get("/compte").text
    student.submit("/compte/courriels")
    assert "checked" not in student.get("/compte/courriels").text
    student.submit("/compte/courriels", {"wants_mail": "y"})
    assert "checked" in student.get("/compte/courriels").text


def test_words_for_an_exchange_withdrawn_meanwhile_are_given_back(student: Client, tutor: Client) -> None:
    thread = ask(student)
    form = form_of(tutor.get(f"/messages/{thread}"), "answer")
    assert student.submit(f"/questions/{thread}/retrait").status_code == 303
    lost = form.press(tutor, "go", "send", text="Une longue réponse <b>tapée</b>.")
    assert lost.status_code == 404
    assert "Une longue réponse &lt;b&gt;tapée&lt;/b&gt;." in lost.get_data(as_text=True)


def test_an_answer_is_unread_until_the_student_says_or_shows_that_they_read_it(student: Client, tutor: Client) -> None:
    thread = ask(student)
    assert "Non lue" in tutor.get("/messages").text
    form_of(tutor.get(f"/messages/{thread}"), "answer").press(tutor, "go", "send", text="Voilà.")
    assert "Non lue" not in tutor.get("/messages").text
    mine = student.get("/questions").text
    assert "1 réponse non lue." in mine
    assert "Non lue" in mine
    page = student.get(f"/questions/{thread}")
    form = next(form for _id, form in forms_of(page) if form.action.endswith("/lu"))
    assert form.send(student, {}).location == f"/questions/{thread}"
    assert "non lue" not in student.get("/questions").text.lower()
    assert not any(form.action.endswith("/lu") for _id, form in forms_of(student.get(f"/questions/{thread}")))


@pytest.mark.parametrize("act", ["lu", "etat"])
def test_another_button_of_the_page_keeps_the_answer_begun(student: Client, tutor: Client, act: str) -> None:
    """Without a script nothing else keeps it."""
    place = f"/messages/{ask(student)}"
    page = tutor.get(place)
    assert f'form="answer" formaction="{place}/{act}"' in page.text
    begun = {**form_of(page, "answer").fields, "text": "Pour accueillir."}
    assert tutor.submit(f"{place}/{act}", {**begun, "go": "close"}).status_code == 303
    if act == "etat":
        assert "Fermée" in tutor.get("/messages?etat=repondues").text
        tutor.submit(f"{place}/etat", {"go": "reopen"})
    assert form_of(tutor.get(place), "answer").fields["text"] == ["Pour accueillir."]


def test_a_question_that_a_tutor_opened_is_no_longer_withdrawn(student: Client, tutor: Client) -> None:
    thread = ask(student)
    before = student.get(f"/questions/{thread}")
    form = next(form for _id, form in forms_of(tutor.get(f"/messages/{thread}")) if form.action.endswith("/lu"))
    shown = form.fields | {"csrf_token": tutor.csrf_token()}
    assert tutor.post(form.action, data=shown, headers={"Accept": "application/json"}).json == {}
    assert "Retirer la question" in before.text
    refused = student.submit(f"/questions/{thread}/retrait")
    assert refused.status_code == 409
    assert "Cette question ne peut plus être retirée." in refused.text
    assert "Retirer la question" not in student.get(f"/questions/{thread}").text
    assert "Ana Roy" in tutor.get("/messages").text


def _result(student: Client, item: str = "entrainement") -> str:
    """Hand in an attempt with nothing but its first answer; gives its address."""
    attempt = str(student.submit(f"/modules/ec101-accueil/{item}/essais").location).split("/questions")[0]
    form = form_of(student.get(f"{attempt}/questions/1"), "paper")
    form.send(student, {f"{form.fields['question'][0]}-answer": "1", "go": "next"})
    assert student.submit(f"{attempt}/remise").status_code == 303
    return attempt


def test_a_question_is_asked_about_one_question_of_a_result(student: Client, tutor: Client) -> None:
    attempt = _result(student, "examen")
    page = student.get(f"{attempt}/resultat").text
    link = re.search(r'href="(/questions/poser\?sur=essai&amp;ref=[0-9a-f]+&amp;question=([^"]+))"', page)
    assert link is not None
    thread = ask(student, page=link[1].replace("&amp;", "&"))
    assert f'href="{attempt}/resultat#q-{link[2]}"' in student.get(f"/questions/{thread}").text
    assert f'id="q-{link[2]}"' in page
    shown = tutor.get(f"/messages/{thread}").text
    assert "Sur une question du quiz" in shown
    assert "question 1" in shown
    assert "Réponse donnée" in shown
    assert "Ce quiz montre les bonnes réponses à sa fermeture." in shown
    for text in (shown, student.get(f"/questions/{thread}").text):
        assert "CANARI" not in text
        assert "bonne réponse</p>" not in text


@pytest.mark.parametrize("question", ["inconnue", "q999", "%3Cb%3E"])
def test_a_question_that_was_not_asked_there_is_absent(student: Client, second: Client, question: str) -> None:
    attempt = _result(student)
    ref = attempt.rpartition("/")[2]
    assert student.get(f"/questions/poser?sur=essai&ref={ref}&question={question}").status_code == 404


def test_the_same_words_about_two_questions_are_two_questions(student: Client) -> None:
    attempt = _result(student)
    page = student.get(f"{attempt}/resultat").text
    links = re.findall(r'href="(/questions/poser\?sur=essai&amp;ref=[0-9a-f]+&amp;question=[^"]+)"', page)
    first, second = (ask(student, page=link.replace("&amp;", "&")) for link in links[:2])
    assert first != second
    assert ask(student, page=links[0].replace("&amp;", "&")) == first


def test_a_mark_is_asked_about_once_it_is_given_back(student: Client, tutor: Client, doors: Doors) -> None:
    draft = str(student.submit("/modules/ec101-accueil/devoir/devoir").location)
    form = form_of(student.get(draft), "paper")
    key = form.fields["question"]
    key = key[0] if isinstance(key, list) else key
    form.send(student, {f"{key}-answer": "Bonjour.", "go": "review"})
    form_of(student.get(f"{draft}/relecture"), "hand-in").send(student, {"is_own": "y"})
    page = f"/questions/poser?sur=note&ref={draft.rpartition('/')[2]}"
    assert page.replace("&", "&amp;") not in student.get(draft).text
    assert student.get(page).status_code == 404
    with doors.reading() as connection:
        copy = "/a-corriger/" + str(connection.scalar(select(Copy.public_id)))
    fields = {"level-A1": "conforme", "comment": "Bien.", "go": "ready"}
    assert form_of(tutor.get(copy), "marking").send(tutor, fields).status_code == 303
    assert student.get(page).status_code == 404, "a mark that is ready is not given back yet"
    release = form_of(tutor.get("/a-rendre"), "release")
    release.send(tutor, {"copy": copy.rpartition("/")[2], "go": "release"})
    assert page.replace("&", "&amp;") in student.get(draft).text
    thread = ask(student, page=page)
    assert "Sur la note du devoir" in tutor.get(f"/messages/{thread}").text
    assert f'href="{copy}"' in tutor.get(f"/messages/{thread}").text
    assert f'href="{draft}"' in student.get(f"/questions/{thread}").text
