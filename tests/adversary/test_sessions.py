"""Sessions that end in the middle of an examination, forms sent from elsewhere, a campus that arrives at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from deust.adapters.passwords import Passwords
from deust.config import Settings
from deust.domain.access import Role
from deust.models.people import Cohort, Person
from deust.services.signin import end_all_sessions
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client
from tests.support.clock import Clock
from tests.support.sittings import EXAM, Sitting

ClientOf = Callable[[Person | Role], Client]
PASSWORD = "un chat bleu sur le toit"


@pytest.fixture
def lea(doors: Doors, cohort: Cohort, passwords: Passwords) -> Person:
    with doors.writing() as session:
        return factories.student(session, cohort, email="lea@example.org", password_hash=passwords.hashed(PASSWORD))


def in_place(client: Client, who: str, expected: int) -> int:
    body = {"email": who, "password": PASSWORD, "expected": expected}
    return client.send("/connexion", body).status_code


@pytest.mark.case("AU-13")
def test_a_session_that_ends_in_an_exam_keeps_what_was_typed_for_its_owner(
    app: Flask, doors: Doors, lea: Person, client_of: ClientOf, passwords: Passwords, clock: Clock, cohort: Cohort
) -> None:
    """The save is answered 401 as JSON, nothing empty is posted; the owner signs in again in place and replays."""
    exam = Sitting(client_of(lea), doors, EXAM).start()
    exam.save("x-duree", "9", event="one")
    with doors.writing() as session:
        end_all_sessions(session, lea.id, now=clock())
        factories.student(session, cohort, email="paul@example.org", password_hash=passwords.hashed(PASSWORD))
    refused = exam.save("x-duree", "10", event="two", sequence=2, base=1)
    assert (refused.status_code, refused.mimetype) == (401, "application/json")
    by_page = exam.client.submit(f"{exam.path}/reponses", {"question": exam.key("x-duree")})
    assert by_page.location.startswith("/connexion")
    assert exam.client.submit(f"{exam.path}/remise").location.startswith("/connexion")
    assert exam.events() == [("9", "kept")]
    assert in_place(exam.client, "paul@example.org", expected=lea.id) == 403
    assert exam.save("x-duree", "10", event="two", sequence=2, base=1).status_code == 401
    assert in_place(exam.client, "lea@example.org", expected=lea.id) == 200
    replayed = exam.save("x-duree", "10", event="two", sequence=2, base=1)
    assert exam.outcome(replayed, "x-duree") == "kept"
    assert (exam.kept(), exam.attempt().closed_at) == ({"x-duree": "10"}, None)


@pytest.mark.case("AU-13")
def test_answers_of_one_person_are_never_taken_from_another(doors: Doors, lea: Person, client_of: ClientOf) -> None:
    exam = Sitting(client_of(lea), doors, EXAM).start()
    other = Sitting(client_of(Role.STUDENT), doors, EXAM)
    other.public_id = exam.public_id
    assert other.save("x-duree", "10", event="two").status_code == 404
    assert exam.events() == []


@pytest.mark.case("AU-13")
def test_a_restart_of_the_server_ends_no_session(
    app: Flask, settings: Settings, make_app: Callable[[Settings], Flask], doors: Doors, lea: Person,
    client_of: ClientOf, tmp_path: Path,
) -> None:  # fmt: skip
    exam = Sitting(client_of(lea), doors, EXAM).start()
    restarted = make_app(replace(settings, instance_dir=tmp_path / "again"))
    client = restarted.test_client()
    assert isinstance(client, Client)
    with exam.client.session_transaction() as before, client.session_transaction() as after:
        after.update(before)
    exam.client = client
    assert exam.outcome(exam.save("x-duree", "10"), "x-duree") == "kept"


@pytest.mark.case("AU-16")
@pytest.mark.parametrize(
    "referrer", ["https://exemple.fr/", "https://localhost.exemple.fr/", "http://localhost/", None]
)
def test_a_form_sent_from_elsewhere_is_refused_even_with_its_token(
    student: Client, doors: Doors, referrer: str | None
) -> None:
    sitting = Sitting(student, doors).start()
    headers = {"Referer": referrer} if referrer else {}
    data = {"csrf_token": student.csrf_token()}
    refused = student.post(f"{sitting.path}/remise", data=data, base_url="https://localhost", headers=headers)
    assert refused.status_code == 400
    assert sitting.attempt().closed_at is None
    own = {"Referer": f"https://localhost{sitting.path}/relecture"}
    accepted = student.post(f"{sitting.path}/remise", data=data, base_url="https://localhost", headers=own)
    assert accepted.status_code == 303


@pytest.mark.case("AU-02")
def test_a_class_signs_in_from_one_address_and_nobody_waits(
    app: Flask, doors: Doors, cohort: Cohort, passwords: Passwords
) -> None:
    """One in ten types a wrong password first."""
    hashed = passwords.hashed(PASSWORD)
    with doors.writing() as session:
        emails = [factories.student(session, cohort, password_hash=hashed).email for _ in range(60)]
    statuses = []
    for number, email in enumerate(emails):
        client = app.test_client()
        assert isinstance(client, Client)
        if number % 10 == 0:
            assert (
                client.submit("/connexion", {"email": email, "password": "pas le bon mot de passe"}).status_code == 401
            )
        statuses.append(client.submit("/connexion", {"email": email, "password": PASSWORD}).status_code)
    assert statuses == [303] * 60
