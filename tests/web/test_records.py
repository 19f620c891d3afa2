"""Receipts, mails, and the pages at the foot of every page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction

import pytest
from flask import Flask

from deust.domain.access import Role
from deust.models.people import Person
from deust.models.quizzes import Attempt
from deust.models.transaction import writing
from deust.queries.records import held_tables
from deust.services import records
from deust.web.mail import KINDS, message
from deust.web.privacy_words import FRENCH, TITLES
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client
from tests.support.clock import NOW

PAYLOADS = {
    "invitation": {"given_name": "Zoë", "link": "https://deust.example/liens/x"},
    "reset": {"given_name": "Zoë", "link": "https://deust.example/liens/x"},
    "password-chosen": {"given_name": "Zoë"},
    "password-changed": {"given_name": "Zoë"},
    "mark-released": {"given_name": "Zoë", "title": "Devoir", "path": "/devoirs/abc"},
    "review-answered": {"given_name": "Zoë", "title": "Devoir", "path": "/devoirs/abc"},
    "questions-waiting": {
        "given_name": "Zoë",
        "count": 3,
        "titles": "- Saluer\n- Devoir",
        "link": "https://d.example/m",
    },
    "questions-answered": {"given_name": "Zoë", "count": 1, "titles": "- Saluer", "link": "https://d.example/q"},
    "question-given": {"given_name": "Zoë", "by": "Léo Un", "title": "Saluer", "link": "https://d.example/q"},
    "sign-in-failures": {"given_name": "Zoë", "count": 10},
    "from-staff": {"given_name": "Zoë", "text": "Où en êtes-vous ?", "sender": "Claire Aubert"},
    "marks-corrected": {"given_name": "Zoë", "title": "Quiz d’essai", "link": "https://deust.example/modules/x/y"},
}


@pytest.fixture
def code(doors: Doors) -> str:
    with doors.writing() as session:
        lea: Person = factories.student(session, given_name="Léonie", family_name="Introuvable")
        attempt = Attempt(
            public_id="a" * 32,
            person_id=lea.id,
            item_ref="ec101-accueil/quiz",
            number=1,
            item_version="v1",
            settings={"title": "Quiz <d'accueil>"},
            paper=[],
            started_at=NOW,
            closed_at=NOW,
            closed_by="person",
            out_of=Fraction(10),
        )
        session.add(attempt)
        session.flush()
        return factories.receipt(session, attempt.id, answers_hash="ab" * 32)


def test_anyone_can_verify_a_receipt_and_learns_no_name(client: Client, code: str) -> None:
    for typed in (code, code.lower(), code.replace("-", "")):
        page = client.get(f"/recus/{typed}").get_data(as_text=True)
        assert "Quiz &lt;d&#39;accueil&gt;" in page
        assert "ab" * 32 in page
        assert "2026-10-13 18:00:00 UTC" in page
        assert "Léonie" not in page
        assert "Introuvable" not in page


@pytest.mark.parametrize(("count", "words"), [(0, "sans réponse"), (3, "avec les réponses enregistrées")])
def test_a_receipt_never_says_handed_in_what_the_clock_closed(
    client: Client, doors: Doors, count: int, words: str
) -> None:
    """Closed an hour after its end, because no server ran meanwhile, it ended at its end."""
    with doors.writing() as session:
        ended = {"closed_at": NOW - timedelta(hours=1), "closed_by": "clock"}
        attempt = factories.attempt(session, factories.student(session), **ended)
        code = factories.receipt(session, attempt.id, answers_count=count)
    page = client.get(f"/recus/{code}").get_data(as_text=True)
    assert words in page
    assert "rendu" not in page.partition("<h1>")[2].partition("</h1>")[0]
    assert "2026-10-13 17:00:00 UTC" in page


@pytest.mark.parametrize("typed", ["x", "0" * 28, "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ", "é", "%00", "a" * 3000])
def test_an_unknown_receipt_is_a_page_that_says_so(client: Client, code: str, typed: str) -> None:
    """Whoever verifies a code was told to look for a word of the course."""
    unknown = client.get(f"/recus/{typed}")
    assert unknown.status_code == 404
    assert "Aucun reçu ne porte ce code." in unknown.text
    assert "un mot du cours" not in unknown.text


@pytest.mark.parametrize("path", ["/accessibilite", "/vos-donnees", "/mentions-legales", "/plan-du-site"])
def test_the_foot_s_pages_are_open_to_all(client: Client, client_of: object, path: str) -> None:
    assert client.get(path).status_code == 200
    for role in Role:
        assert client_of(role).get(path).status_code == 200  # type: ignore[operator]


def test_the_accessibility_page_claims_no_audit(client: Client) -> None:
    page = client.get("/accessibilite").get_data(as_text=True)
    assert "Aucun audit RGAA complet" in page
    assert "400\u00a0%" in page


def test_the_privacy_page_says_every_personal_table_in_french(client: Client) -> None:
    page = client.get("/vos-donnees").get_data(as_text=True)
    personal = [table for table in held_tables() if table.privacy.personal]
    for table in personal:
        assert TITLES[table.table] in page
        for phrase in (table.privacy.purpose, table.privacy.keep, table.privacy.erase):
            assert FRENCH[phrase] in page
    assert set(TITLES) == {table.table for table in personal}
    declared = {
        phrase for table in personal for phrase in (table.privacy.purpose, table.privacy.keep, table.privacy.erase)
    }
    assert set(FRENCH) == declared


def test_the_site_map_leads_only_where_one_may_go(client: Client, client_of: object) -> None:
    assert "/personnes" not in client.get("/plan-du-site").get_data(as_text=True)
    assert "/personnes" in client_of(Role.MANAGER).get("/plan-du-site").get_data(as_text=True)  # type: ignore[operator]
    student = client_of(Role.STUDENT)  # type: ignore[operator]
    for path in ("/aujourdhui", "/programme", "/recherche", "/glossaire", "/compte"):
        assert f'href="{path}"' in student.get("/plan-du-site").get_data(as_text=True)
        assert student.get(path).status_code == 200


@pytest.mark.parametrize("role", [None, *Role])
def test_the_site_map_leaves_out_no_page_of_the_navigation(
    client: Client, client_of: Callable[[Role], Client], role: Role | None
) -> None:
    """Whoever is lost finds there every page that their navigation has, and each of its links opens."""
    visitor = client_of(role) if role else client
    page = visitor.get("/plan-du-site").get_data(as_text=True)
    listed = set(re.findall(r'class="act" href="(/[^"#]*)', page))
    reading = visitor.get("/glossaire").get_data(as_text=True)
    navigation = re.findall(r"<nav.*?</nav>", reading, re.DOTALL)
    offered = set(re.findall(r'href="(/[^"#]+)', "".join(navigation))) - {"/plan-du-site", "/aujourdhui"}
    assert offered - listed == set()
    assert {path: visitor.get(path).status_code for path in listed if path != "/"} == dict.fromkeys(listed - {"/"}, 200)


# Mails


@pytest.mark.parametrize("kind", KINDS)
def test_each_mail_is_written_in_french_with_what_it_needs(app: Flask, kind: str) -> None:
    mail = records.Mail(id=7, kind=kind, recipient="zoe@example.org", payload=PAYLOADS[kind], created_at=NOW)
    with app.test_request_context():
        made = message(mail, sender="deust@example.org")
        again = message(mail, sender="deust@example.org")
    body = made.get_content()
    assert body.startswith("Bonjour Zoë,")
    assert all(str(value) in body for value in PAYLOADS[kind].values())
    assert "\n" not in made["Subject"]
    assert (made["To"], made["From"]) == ("zoe@example.org", "DEUST <deust@example.org>")
    assert made["Message-ID"] == again["Message-ID"]
    assert made.as_bytes() == again.as_bytes()


@pytest.mark.parametrize("kind", ["mark-released", "review-answered"])
def test_a_mail_about_a_copy_leads_to_it_and_one_queued_before_it_could_still_goes(app: Flask, kind: str) -> None:
    """« La note est sur la plateforme », without its address, was read on a phone."""
    bodies = []
    for payload in (PAYLOADS[kind], {"given_name": "Zoë", "title": "Devoir"}):
        mail = records.Mail(id=7, kind=kind, recipient="zoe@example.org", payload=payload, created_at=NOW)
        with app.test_request_context(base_url="https://deust.example"):
            bodies.append(message(mail, sender="deust@example.org").get_content())
    assert "\n\nhttps://deust.example/devoirs/abc\n\n" in bodies[0]
    assert "https://" not in bodies[1]
    assert "\n\n\n" not in bodies[1]


def test_nothing_typed_by_a_person_can_add_a_header_or_markup(app: Flask) -> None:
    payload = {"given_name": "Zoë\r\nBcc: x@example.org <b>", "link": "https://deust.example/liens/x"}
    mail = records.Mail(id=7, kind="reset", recipient="zoe@example.org", payload=payload, created_at=NOW)
    with app.test_request_context():
        made = message(mail, sender="deust@example.org")
    assert made["Bcc"] is None
    assert "<b>" in made.get_content()


def test_an_answer_to_staff_goes_to_who_wrote(app: Flask) -> None:
    payload = {**PAYLOADS["from-staff"], "subject": "Des nouvelles", "reply_to": "claire@example.org"}
    mail = records.Mail(id=7, kind="from-staff", recipient="zoe@example.org", payload=payload, created_at=NOW)
    with app.test_request_context():
        made = message(mail, sender="deust@example.org")
    assert (made["Reply-To"], made["Subject"]) == ("claire@example.org", "Des nouvelles")


def test_every_mail_that_services_queue_has_its_words(app: Flask, doors: Doors) -> None:
    """The folders of templates and the kinds are the same."""
    folders = {name.split("/")[1] for name in app.jinja_env.list_templates() if name.startswith("email/")}
    assert folders == set(KINDS)
    with app.app_context(), writing() as session:
        records.queue_mail(session, kind="reset", recipient="a@example.org", payload=PAYLOADS["reset"], now=NOW)
        (mail,) = records.claim_mail(session, now=NOW)
    assert mail.kind in KINDS
