"""The account, and the manager's pages about students."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

import pytest
from flask import Flask
from sqlalchemy import select

from deust.adapters.passwords import Passwords
from deust.domain.access import Role
from deust.models.people import Accommodation, Cohort, Person
from deust.models.records import OutboxMessage
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client, signed_in_client

PASSWORD = "un chat bleu sur le toit"
NEW_PASSWORD = "trois vélos sous la pluie"
ClientOf = Callable[[Person | Role], Client]


@pytest.fixture
def lea(doors: Doors, cohort: Cohort, passwords: Passwords) -> Person:
    with doors.writing() as session:
        return factories.student(
            session,
            cohort,
            email="lea@example.org",
            given_name="Léa",
            family_name="L'Haÿ",
            student_number="22001",
            password_hash=passwords.hashed(PASSWORD),
        )


@pytest.fixture
def manager(client_of: ClientOf) -> Client:
    return client_of(Role.MANAGER)


def text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.get_data(as_text=True)


@pytest.mark.parametrize("role", Role)
def test_everyone_has_an_account_page(client_of: ClientOf, role: Role) -> None:
    client = client_of(role)
    assert client.person is not None
    assert client.person.email in text(client, "/compte")


def test_the_account_shows_what_is_known_and_the_effect_of_an_arrangement(
    client_of: ClientOf, lea: Person, doors: Doors
) -> None:
    """PV-09."""
    client = client_of(lea)
    assert "Aménagement" not in text(client, "/compte")
    with doors.writing() as session:
        factories.accommodation(session, lea, time_multiplier=Fraction(4, 3), extra_minutes=10)
    page = text(client, "/compte")
    assert "1/3 de temps en plus, puis 10 minutes en plus" in page
    assert "22001" in page
    assert "Promotion d&#39;essai" in page


@pytest.mark.parametrize(
    ("multiplier", "minutes", "words"),
    [
        (Fraction(3, 2), 0, "1/2 de temps en plus"),
        (Fraction(2), 0, "temps multiplié par 2"),
        (Fraction(1), 1, "1 minute en plus"),
    ],
)
def test_extra_time_is_said_in_words(
    client_of: ClientOf, lea: Person, doors: Doors, multiplier: Fraction, minutes: int, words: str
) -> None:
    with doors.writing() as session:
        factories.accommodation(session, lea, time_multiplier=multiplier, extra_minutes=minutes)
    assert words in text(client_of(lea), "/compte")


def test_preferences_change_the_page(client_of: ClientOf, lea: Person) -> None:
    client = client_of(lea)
    response = client.submit("/compte/preferences", {"theme": "dark", "locale": "en"})
    page = text(client, response.location)
    assert 'data-theme="dark"' in page
    assert '<html lang="en"' in page


@pytest.mark.parametrize("data", [{}, {"theme": "pink", "locale": "fr"}, {"theme": "auto", "locale": "xx"}])
def test_forged_preferences_are_refused(client_of: ClientOf, lea: Person, data: dict[str, str]) -> None:
    assert client_of(lea).submit("/compte/preferences", data).status_code == 422


@pytest.mark.case("AU-08")
def test_changing_the_password_signs_the_other_devices_out(app: Flask, client_of: ClientOf, lea: Person) -> None:
    """AU-08: at their next request, saving included."""
    here, elsewhere = client_of(lea), signed_in_client(app, lea)
    data = {"present": PASSWORD, "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    assert here.submit("/compte/mot-de-passe", data).location == "/compte?fait=mot-de-passe"
    assert here.get("/compte?fait=mot-de-passe").status_code == 200
    assert elsewhere.get("/compte").status_code == 303
    assert elsewhere.send("/essais/x/reponses", {}).status_code == 401


@pytest.mark.parametrize(
    ("present", "password", "words"),
    [
        ("pas le bon mot de passe", NEW_PASSWORD, "pas votre mot de passe actuel"),
        (PASSWORD, "court", "15 caractères"),
        (PASSWORD, "mon nom est l'Haÿ, voilà", "votre nom"),
    ],
)
def test_a_refused_password_says_why(client_of: ClientOf, lea: Person, present: str, password: str, words: str) -> None:
    response = client_of(lea).submit(
        "/compte/mot-de-passe", {"present": present, "password": password, "again": password}
    )
    assert response.status_code == 422
    assert words in response.get_data(as_text=True)


def test_what_is_wrong_in_a_new_password_is_listed_in_the_order_of_the_page(client_of: ClientOf, lea: Person) -> None:
    refused = client_of(lea).submit("/compte/mot-de-passe", {})
    assert re.findall(r'<a href="#(\w+)">', refused.text)[:3] == ["present", "password", "again"]


def test_the_present_password_cannot_be_guessed_from_an_open_session(client_of: ClientOf, lea: Person) -> None:
    client = client_of(lea)
    data = {"present": "pas le bon", "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    statuses = [client.submit("/compte/mot-de-passe", data).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]


def test_devices_are_listed_and_the_others_can_be_signed_out(app: Flask, client_of: ClientOf, lea: Person) -> None:
    here, elsewhere = client_of(lea), signed_in_client(app, lea)
    assert "Déconnecter les autres appareils" in text(here, "/compte")
    here.submit("/compte/autres-appareils")
    assert elsewhere.get("/compte").status_code == 303
    assert "Déconnecter les autres appareils" not in text(here, "/compte")


def test_the_manager_finds_a_student(manager: Client, lea: Person) -> None:
    assert "L&#39;Haÿ Léa" in text(manager, "/personnes")
    assert "L&#39;Haÿ Léa" in text(manager, "/personnes?q=hay")
    assert "0 étudiant" in text(manager, "/personnes?q=inconnue")
    assert "lea@example.org" in text(manager, f"/personnes/{lea.id}")


@pytest.mark.parametrize("query", ["?page=0", "?page=-3", "?page=x", "?page=9999999999999999999", "?q=" + "x" * 5000])
def test_any_query_of_the_list_is_answered(manager: Client, lea: Person, query: str) -> None:
    assert manager.get("/personnes" + query).status_code == 200


def test_a_long_list_is_cut_in_pages(manager: Client, doors: Doors, cohort: Cohort) -> None:
    with doors.writing() as session:
        for _ in range(60):
            factories.student(session, cohort)
    assert "Page 1 sur 2" in text(manager, "/personnes")
    assert "Page 2 sur 2" in text(manager, "/personnes?page=2")


@pytest.mark.parametrize("path", ["", "/amenagement"])
@pytest.mark.parametrize("role", [Role.STUDENT, Role.TUTOR, Role.COMPANY_TUTOR])
def test_the_manager_s_pages_are_closed_to_others(client_of: ClientOf, lea: Person, role: Role, path: str) -> None:
    assert client_of(role).get(f"/personnes/{lea.id}{path}").status_code == 403
    assert client_of(role).submit(f"/personnes/{lea.id}/desactivation").status_code == 403


def test_staff_and_unknown_people_have_no_manager_s_page(manager: Client, client_of: ClientOf) -> None:
    admin = client_of(Role.ADMIN).person
    assert admin is not None
    for number in (admin.id, 999_999, 2**31, 2**70):
        assert manager.get(f"/personnes/{number}").status_code == 404
        for act in ("invitation", "desactivation", "reactivation", "amenagement"):
            assert manager.submit(f"/personnes/{number}/{act}").status_code == 404


def test_the_manager_grants_time(manager: Client, lea: Person, doors: Doors) -> None:
    path = f"/personnes/{lea.id}/amenagement"
    assert 'value="1"' in text(manager, path)
    response = manager.submit(path, {"multiplier": "4/3", "extra_minutes": "10"})
    assert response.location == f"/personnes/{lea.id}?fait=amenagement&deplacees=0"
    told = text(manager, response.location)
    assert "L’aménagement est enregistré." in told
    assert "0 essai" not in told
    assert "1/3 de temps en plus, puis 10 minutes en plus" in text(manager, response.location)
    assert 'value="4/3"' in text(manager, path)
    with doors.writing() as session:
        assert session.get_one(Accommodation, lea.id).time_multiplier == Fraction(4, 3)


@pytest.mark.parametrize(
    ("multiplier", "minutes"),
    [
        ("", "0"),
        ("beaucoup", "0"),
        ("0,9", "0"),
        ("5", "0"),
        ("1/0", "0"),
        ("1," + "3" * 58, "0"),
        ("1", ""),
        ("1", "-1"),
        ("1", "481"),
        ("1", "x"),
    ],
)
def test_a_time_that_makes_no_sense_is_refused(
    manager: Client, lea: Person, doors: Doors, multiplier: str, minutes: str
) -> None:
    path = f"/personnes/{lea.id}/amenagement"
    assert manager.submit(path, {"multiplier": multiplier, "extra_minutes": minutes}).status_code == 422
    with doors.writing() as session:
        assert session.get(Accommodation, lea.id) is None


@pytest.mark.case("AU-08")
def test_a_closed_account_is_out_at_its_next_request(manager: Client, client_of: ClientOf, lea: Person) -> None:
    """AU-08."""
    client = client_of(lea)
    assert client.get("/compte").status_code == 200
    response = manager.submit(f"/personnes/{lea.id}/desactivation")
    assert "compte fermé" in text(manager, response.location)
    assert client.get("/compte").status_code == 303
    assert client.send("/essais/x/reponses", {}).status_code == 401
    response = manager.submit(f"/personnes/{lea.id}/reactivation")
    assert "compte fermé" not in text(manager, response.location)
    assert client.get("/compte").status_code == 303


def test_an_invitation_leads_to_a_password(manager: Client, client: Client, doors: Doors, cohort: Cohort) -> None:
    with doors.writing() as session:
        newcomer = factories.student(session, cohort)
    page = text(manager, f"/personnes/{newcomer.id}")
    assert "mot de passe à choisir" in page
    assert manager.submit(f"/personnes/{newcomer.id}/invitation").status_code == 303
    with doors.writing() as session:
        mail = session.scalars(select(OutboxMessage)).one()
    path = mail.payload["link"].removeprefix("http://localhost")
    assert "autres appareils" not in text(client, path), "there is no device yet to sign out"
    assert client.submit(path, {"password": NEW_PASSWORD, "again": NEW_PASSWORD}).status_code == 303
    assert "compte ouvert" in text(manager, f"/personnes/{newcomer.id}")
