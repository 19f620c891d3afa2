from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update

from deust.domain.access import Role
from deust.domain.errors import Unavailable
from deust.models.people import Person
from deust.models.signin import SignInSession
from tests.conftest import Doors
from tests.support.clients import Client
from tests.support.clock import NOW
from tests.support.forms import form_of

QUESTION = "/questions/poser?sur=lecon&ref=ec101-accueil/saluer"
TYPED = "J’ai essayé <b>deux fois</b>.\nToujours rien & « rien »."
HERE = {"Referer": f"http://localhost{QUESTION}"}


def end_sessions(doors: Doors) -> None:
    with doors.writing() as session:
        session.execute(update(SignInSession).values(revoked_at=NOW))


def test_a_form_sent_after_the_session_ended_comes_back_with_its_words(student: Client, doors: Doors) -> None:
    student.get(QUESTION)
    end_sessions(doors)
    lost = student.submit(QUESTION, {"text": TYPED, "go": "send"}, headers=HERE)
    assert lost.status_code == 401
    assert "J’ai essayé &lt;b&gt;deux fois&lt;/b&gt;.\nToujours rien &amp; « rien »." in lost.text
    assert "/connexion?suite=/questions/poser?sur%3Dlecon%26ref%3Dec101-accueil/saluer" in lost.text
    assert lost.headers["Cache-Control"] == "no-store"
    assert 'value="send"' not in lost.text


def test_a_form_whose_cookie_is_gone_or_is_of_another_sign_in_comes_back_too(app: Flask, student: Client) -> None:
    nobody = app.test_client()
    out = nobody.post(QUESTION, data={"text": TYPED})
    assert (out.status_code, "Votre session est terminée" in out.text) == (400, True)
    stale = student.post(QUESTION, data={"text": TYPED, "csrf_token": "autre"}, headers=HERE)
    assert (stale.status_code, "deux fois" in stale.text) == (400, True)
    assert "avant votre dernière connexion" in stale.text


def test_what_was_picked_is_not_shown_among_the_words(student: Client, doors: Doors) -> None:
    """« 332e0d13|passage » and « phone » stood in fields to copy."""
    end_sessions(doors)
    picked = {"new-place": "332e0d13|passage", "means": "phone", "item": "ec101-accueil/devoir", "tried": "s-premier"}
    lost = student.submit(QUESTION, {"text": TYPED, **picked})
    assert "deux fois" in lost.text
    assert not [value for value in picked.values() if value in lost.text.replace(QUESTION, "")]


def test_signs_that_no_page_may_hold_are_left_out(student: Client, doors: Doors) -> None:
    end_sessions(doors)
    lost = student.submit(QUESTION, {"text": "Deux\0 fois\x08.", "subject": "\0"}, headers=HERE)
    assert (lost.status_code, "Deux fois." in lost.text) == (401, True)


def test_the_words_are_shown_to_nobody_else(app: Flask, student: Client, doors: Doors) -> None:
    end_sessions(doors)
    student.submit(QUESTION, {"text": TYPED})
    other = app.test_client()
    assert "deux fois" not in other.get("/connexion").text
    assert "deux fois" not in student.get("/connexion").text


def test_passwords_and_what_other_sites_send_are_not_shown(app: Flask, student: Client, doors: Doors) -> None:
    end_sessions(doors)
    secret = {"old_password": "Un mot secret", "password": "Un mot secret", "again": "Un mot secret"}
    for path in ("/compte/mot-de-passe", "/connexion", QUESTION):
        assert "Un mot secret" not in student.submit(path, secret).text
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://ailleurs.example"}):
        sent = student.submit(QUESTION, {"text": "Appelez ce numéro"}, headers=headers)
        assert "Appelez ce numéro" not in sent.text


@pytest.mark.parametrize("is_cookie_gone", [False, True])
def test_a_choice_without_words_leads_to_sign_in_which_says_that_it_is_not_kept(
    app: Flask, student: Client, doors: Doors, is_cookie_gone: bool
) -> None:
    """Who chose an option and pressed « Suivante » signed in again without a word of it, and landed elsewhere."""
    question = str(student.submit("/modules/ec101-accueil/entrainement/essais").location)
    form = form_of(student.get(question), "paper")
    end_sessions(doors)
    came = {"Referer": f"http://localhost{question}"}
    asker = app.test_client() if is_cookie_gone else student
    lost = asker.post(form.action, data={**form.fields, "go": "next"}, headers=came)
    assert (lost.status_code, lost.location) == (303, f"/connexion?suite={question}&fini=1")
    page = student.get(str(lost.location)).text
    assert "ce que vous venez d’envoyer n’est pas enregistré" in page
    assert "Vous reviendrez ensuite à la page où vous étiez." in page
    assert "n’est plus à jour" in app.test_client().post("/connexion", data={"email": "a@b.fr"}).text


def test_answers_of_a_quiz_page_come_back(student: Client, doors: Doors) -> None:
    attempt = str(student.submit("/modules/ec101-accueil/entrainement/essais").location)
    form = form_of(student.get(attempt), "paper")
    end_sessions(doors)
    keys = form.fields["question"]
    lost = form.send(student, {f"{keys[0]}-answer": "reformulation", "go": "next"})
    assert lost.status_code == 401
    assert "reformulation" in lost.text


def test_words_that_meet_an_error_are_on_its_page(student: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lesson left the course meanwhile; the database does not answer; the address takes no form."""
    gone = student.submit("/questions/poser?sur=lecon&ref=ec101-accueil/retiree", {"text": TYPED, "go": "send"})
    assert (gone.status_code, "deux fois" in gone.text) == (404, True)
    assert gone.headers["Cache-Control"] == "no-store"
    monkeypatch.setattr("deust.services.messages.ask", unavailable)
    down = student.submit(QUESTION, {"text": TYPED, "go": "send"})
    assert (down.status_code, "deux fois" in down.text, 'value="send"' in down.text) == (503, True, False)
    elsewhere = student.submit(QUESTION, {"text": TYPED}, headers={"Origin": "https://ailleurs.example"})
    assert (elsewhere.status_code, "deux fois" in elsewhere.text) == (503, False)


def unavailable(*_arguments: object, **_options: object) -> str:
    raise Unavailable


def test_a_note_about_a_student_followed_no_more_comes_back(
    client_of: Callable[[Person | Role], Client], doors: Doors
) -> None:
    refused = client_of(Role.TUTOR).submit("/personnes/1/contact", {"means": "phone", "note": TYPED})
    assert (refused.status_code, "deux fois" in refused.text) == (404, True)


def test_a_form_that_cannot_be_read_is_refused_without_its_words(student: Client) -> None:
    heavy = student.submit(QUESTION, {"text": TYPED + "x" * 26_000_000})
    assert (heavy.status_code, "deux fois" in heavy.text) == (413, False)
