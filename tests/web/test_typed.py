from __future__ import annotations

from flask import Flask
from sqlalchemy import update

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


def test_a_button_without_words_leads_to_sign_in_as_before(student: Client, doors: Doors) -> None:
    end_sessions(doors)
    assert student.submit("/modules/ec101-accueil/saluer/compris").location == "/connexion"


def test_answers_of_a_quiz_page_come_back(student: Client, doors: Doors) -> None:
    attempt = str(student.submit("/modules/ec101-accueil/entrainement/essais").location)
    form = form_of(student.get(attempt), "paper")
    end_sessions(doors)
    keys = form.fields["question"]
    lost = form.send(student, {f"{keys[0]}-answer": "reformulation", "go": "next"})
    assert lost.status_code == 401
    assert "reformulation" in lost.text
