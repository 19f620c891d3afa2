"""Signing in and out in pages, in place from a page that stayed open, and choosing a password from a link."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.http import parse_cookie
from werkzeug.test import TestResponse

from deust.adapters.passwords import Passwords
from deust.app import create_app
from deust.config import Settings
from deust.domain.access import Role
from deust.models.people import Cohort, Person
from deust.models.records import OutboxMessage
from deust.models.signin import SignInSession
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client
from tests.support.clock import Clock

PASSWORD = "un chat bleu sur le toit"
NEW_PASSWORD = "trois vélos sous la pluie"
EMAIL = "lea@example.org"
ClientOf = Callable[[Person | Role], Client]


@pytest.fixture
def lea(doors: Doors, cohort: Cohort, passwords: Passwords) -> Person:
    with doors.writing() as session:
        return factories.student(
            session, cohort, email=EMAIL, given_name="Léa", password_hash=passwords.hashed(PASSWORD)
        )


def new_client(app: Flask) -> Client:
    made = app.test_client()
    assert isinstance(made, Client)
    return made


def sign_in(client: Client, email: str = EMAIL, password: str = PASSWORD, path: str = "/connexion") -> TestResponse:
    return client.submit(path, {"email": email, "password": password})


def in_place(client: Client, password: str = PASSWORD, *, email: str = EMAIL, expected: Any) -> TestResponse:
    return client.send("/connexion", {"email": email, "password": password, "expected": expected})


def is_signed_in(client: Client) -> bool:
    return client.get("/compte").status_code == 200


def cookies(response: TestResponse) -> dict[str, str]:
    return {line.partition("=")[0]: line for line in response.headers.getlist("Set-Cookie")}


def link(doors: Doors, kind: str = "reset") -> str:
    with doors.writing() as session:
        newest = select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id.desc()).limit(1)
        return str(session.scalars(newest).one().payload["link"])


def path_of(address: str) -> str:
    return address.removeprefix("http://localhost")


def test_signing_in_leads_to_the_first_page_of_one_s_role(client: Client, lea: Person) -> None:
    assert client.get("/connexion").status_code == 200
    response = sign_in(client)
    assert (response.status_code, response.location) == (303, "/aujourdhui")
    assert is_signed_in(client)
    assert client.get("/connexion").location == "/aujourdhui"


def test_signing_in_leads_a_student_of_no_cohort_to_what_they_may_read(
    client: Client, doors: Doors, passwords: Passwords
) -> None:
    with doors.writing() as session:
        factories.person(session, email=EMAIL, password_hash=passwords.hashed(PASSWORD))
    assert sign_in(client).location == "/programme"
    assert client.get("/programme").status_code == 200


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.TUTOR, "/a-corriger"),
        (Role.MANAGER, "/personnes"),
        (Role.ADMIN, "/personnes"),
        (Role.COMPANY_TUTOR, "/compte"),
    ],
)
def test_each_role_of_staff_has_its_first_page(client_of: ClientOf, role: Role, path: str) -> None:
    client = client_of(role)
    assert client.get("/connexion").location == path
    assert client.get(path).status_code == 200


def test_a_wrong_password_and_an_unknown_address_get_the_same_page(client: Client, lea: Person) -> None:
    """AU-03."""

    def answer(email: str) -> tuple[int, str]:
        response = sign_in(client, email=email, password="pas le bon mot de passe")
        text = response.get_data(as_text=True).replace(email, "…")
        return response.status_code, text.partition('name="csrf_token" value="')[0] + text.partition("novalidate")[2][
            :50
        ]

    assert answer(EMAIL) == answer("personne@example.org")
    assert answer(EMAIL)[0] == 401
    assert not is_signed_in(client)


def test_the_password_typed_is_never_sent_back(client: Client, lea: Person) -> None:
    assert "mot secret tapé" not in sign_in(client, password="mot secret tapé").get_data(as_text=True)


@pytest.mark.parametrize("data", [{}, {"email": "x" * 300, "password": "x"}, {"email": EMAIL, "password": ""}])
def test_an_incomplete_form_says_what_lacks(client: Client, data: dict[str, str]) -> None:
    assert client.submit("/connexion", data).status_code == 422


def test_guessing_waits_and_says_how_long(client: Client, lea: Person) -> None:
    """AU-01."""
    statuses = [sign_in(client, password=f"essai numéro {number} raté").status_code for number in range(6)]
    assert statuses == [401] * 5 + [429]
    response = sign_in(client)
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "5"
    assert "5 secondes" in response.get_data(as_text=True)


def test_the_right_password_works_after_the_wait(client: Client, lea: Person, clock: Clock) -> None:
    for number in range(6):
        sign_in(client, password=f"essai numéro {number} raté")
    clock.move(seconds=5)
    assert sign_in(client).status_code == 303


@pytest.mark.case("AU-01")
def test_a_device_that_signed_in_before_does_not_wait_for_others(app: Flask, lea: Person, clock: Clock) -> None:
    """AU-01: fifty addresses guess; the owner's device enters at once, a new one waits a minute at most."""
    owner = new_client(app)
    sign_in(owner)
    owner.submit("/deconnexion")
    for number in range(50):
        thief = new_client(app)
        thief.environ_base["REMOTE_ADDR"] = f"198.51.100.{number}"
        sign_in(thief, password="pas le bon mot de passe")
    elsewhere = new_client(app)
    elsewhere.environ_base["REMOTE_ADDR"] = "192.0.2.200"
    refused = sign_in(elsewhere)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) <= 60
    assert sign_in(owner).status_code == 303
    clock.move(seconds=int(refused.headers["Retry-After"]))
    assert sign_in(elsewhere).status_code == 303


@pytest.mark.case("AU-07")
def test_the_session_changes_at_sign_in_and_what_was_planted_is_gone(client: Client, lea: Person) -> None:
    """AU-07: no fixation, and a new token for forms."""
    with client.session_transaction() as session:
        session["planted"], session["_user_id"] = "by an attacker", "a token of theirs"
    before = client.csrf_token()
    sign_in(client)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["_user_id"] != "a token of theirs"
    assert client.post("/deconnexion", data={"csrf_token": before}).status_code == 400
    assert is_signed_in(client)


def test_the_cookie_holds_a_random_token_and_nothing_personal(client: Client, lea: Person, doors: Doors) -> None:
    """AU-09."""
    sign_in(client)
    with client.session_transaction() as session:
        assert set(session) <= {"_user_id", "_fresh", "_permanent", "csrf_token"}
        token = session["_user_id"]
    with doors.writing() as session:
        assert session.scalars(select(SignInSession.token_hash)).one() != token


def test_cookies_are_closed_to_scripts_other_sites_and_plain_http(
    settings: Settings, clock: Clock, passwords: Passwords, doors: Doors, lea: Person
) -> None:
    """AU-09, as in production."""
    safe = replace(settings, mode="production", base_url="https://deust.example")
    app = create_app(safe, clock=clock, passwords=passwords)
    app.test_client_class = Client
    client = new_client(app)
    client.get("/connexion", base_url="https://localhost")
    with client.session_transaction(base_url="https://localhost") as session:
        session["csrf_token"] = "x"
    token = client.get("/connexion", base_url="https://localhost", headers={"Accept": "application/json"}).json
    response = client.post(
        "/connexion",
        base_url="https://localhost",
        data={"email": EMAIL, "password": PASSWORD, "csrf_token": token["csrf_token"]},
        headers={"Referer": "https://localhost/connexion"},
    )
    assert response.status_code == 303
    found = cookies(response)
    assert set(found) == {"__Host-deust", "__Host-device"}
    for line in found.values():
        assert all(part in line for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
        assert "Domain" not in line


def test_a_cookie_signed_with_the_former_secret_serves_only_during_the_overlap(
    settings: Settings, client: Client, lea: Person, clock: Clock, passwords: Passwords
) -> None:
    """AU-10."""
    cookie = parse_cookie(cookies(sign_in(client))["deust"].partition(";")[0])["deust"]

    def status(**changes: Any) -> int:
        app = create_app(
            replace(settings, secret="another secret, just as long", **changes), clock=clock, passwords=passwords
        )
        app.test_client_class = Client
        other = new_client(app)
        other.set_cookie("deust", cookie)
        return other.get("/compte").status_code

    assert status(previous_secrets=(settings.secret,)) == 200
    assert status() == 303


@pytest.mark.parametrize("target", ["/programme", "/compte?x=1"])
def test_signing_in_returns_to_the_page_asked(client: Client, lea: Person, target: str) -> None:
    asked = client.get(target)
    assert asked.status_code == 303
    assert sign_in(client, path=asked.location).location == target


@pytest.mark.parametrize(
    "target", ["https://exemple.fr", "//exemple.fr", "/\\exemple.fr", "/%09/exemple.fr", "/deconnexion", "/connexion?x"]
)
def test_signing_in_never_leads_elsewhere(client: Client, lea: Person, target: str) -> None:
    response = client.post(
        "/connexion",
        query_string={"suite": target.replace("%09", "\t")},
        data={"email": EMAIL, "password": PASSWORD, "csrf_token": client.csrf_token()},
    )
    assert response.location == "/aujourdhui"


@pytest.mark.parametrize("path", ["/connexion", "/deconnexion", "/mot-de-passe-oublie"])
@pytest.mark.case("AU-16")
def test_nothing_changes_without_the_form_s_token(app: Flask, lea: Person, client_of: ClientOf, path: str) -> None:
    """AU-16: without a token, or with another person's."""
    client, other = client_of(lea), client_of(Role.STUDENT)
    data = {"email": EMAIL, "password": PASSWORD}
    assert client.post(path, data=data).status_code == 400
    assert client.post(path, data={**data, "csrf_token": other.csrf_token()}).status_code == 400
    assert is_signed_in(client)


def test_signing_out_ends_the_session_on_the_server(app: Flask, client: Client, lea: Person) -> None:
    """AU-17."""
    sign_in(client)
    stolen = new_client(app)
    with client.session_transaction() as mine, stolen.session_transaction() as theirs:
        theirs.update(mine)
    assert is_signed_in(stolen)
    assert "no-store" in client.get("/compte").headers["Cache-Control"]
    assert client.submit("/deconnexion").location == "/connexion?sorti=1"
    assert not is_signed_in(client)
    assert not is_signed_in(stolen)
    assert client.get("/connexion?sorti=1").status_code == 200


def test_a_get_never_signs_out(client_of: ClientOf) -> None:
    client = client_of(Role.STUDENT)
    assert client.get("/deconnexion").status_code == 405
    assert is_signed_in(client)


def test_signing_in_as_someone_else_ends_the_session_before(
    app: Flask, client_of: ClientOf, lea: Person, doors: Doors
) -> None:
    client = client_of(Role.STUDENT)
    before = client.person
    assert before is not None
    sign_in(client)
    with doors.writing() as session:
        left = select(SignInSession.revoked_at).where(SignInSession.person_id == before.id)
        assert session.scalars(left).one() is not None


# In place, from a page that stayed open


@pytest.mark.case("AU-13")
def test_signing_in_again_in_place_gives_a_token_that_works(client: Client, lea: Person) -> None:
    """AU-13."""
    response = in_place(client, expected=str(lea.id))
    assert (response.status_code, response.json["person"]) == (200, lea.id)
    assert is_signed_in(client)
    token = response.json["csrf_token"]
    assert client.post("/compte/autres-appareils", headers={"X-CSRFToken": token}).status_code == 303


@pytest.mark.case("AU-13")
def test_someone_else_cannot_sign_in_in_place(client: Client, lea: Person, doors: Doors) -> None:
    """AU-13: the answers waiting in the page are not theirs."""
    response = in_place(client, expected=lea.id + 1)
    assert (response.status_code, response.json["error"]) == (403, "other-person")
    assert "autre personne" in response.json["message"]
    assert not is_signed_in(client)
    with doors.writing() as session:
        assert session.scalars(select(func.count()).select_from(SignInSession)).one() == 0


def test_in_place_a_wrong_password_and_a_wait_are_said_in_json(client: Client, lea: Person) -> None:
    statuses = [in_place(client, "pas le bon mot de passe", expected=lea.id).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    response = in_place(client, expected=lea.id)
    assert (response.status_code, response.headers["Retry-After"]) == (429, "5")
    assert response.json["seconds"] == 5


@pytest.mark.parametrize(
    "body",
    [0, [], "x", {}, {"email": 1, "password": 2, "expected": 3}, {"email": EMAIL, "password": PASSWORD}],
)
def test_in_place_a_body_that_lacks_something_is_refused(client: Client, lea: Person, body: Any) -> None:
    assert client.send("/connexion", body).status_code == 400
    assert not is_signed_in(client)


def test_in_place_half_a_character_is_a_wrong_password(client: Client, lea: Person) -> None:
    assert in_place(client, "demi \ud83d caractère", expected=lea.id).status_code == 401


def test_a_page_can_ask_for_a_fresh_token(client: Client, lea: Person) -> None:
    token = client.get("/connexion", headers={"Accept": "application/json"}).json["csrf_token"]
    body = {"email": EMAIL, "password": PASSWORD, "expected": lea.id}
    assert client.post("/connexion", json=body, headers={"X-CSRFToken": token}).status_code == 200
    assert client.post("/connexion", json=body).status_code == 400


# Links


@pytest.mark.case("AU-04")
def test_a_forgotten_password_is_chosen_again(
    app: Flask, client: Client, lea: Person, doors: Doors, clock: Clock
) -> None:
    """AU-04."""
    other = new_client(app)
    sign_in(other)
    response = client.submit("/mot-de-passe-oublie", {"email": f" {EMAIL.upper()} "})
    assert response.location == "/mot-de-passe-oublie?envoye=1"
    assert client.get(response.location).status_code == 200
    path = path_of(link(doors))
    for _ in range(2):
        page = client.get(path)
        assert page.status_code == 200
        assert page.headers["Referrer-Policy"] == "strict-origin"
        assert page.headers["Cache-Control"] == "no-store"
    chosen = client.submit(path, {"password": NEW_PASSWORD, "again": NEW_PASSWORD})
    assert chosen.location == "/connexion?choisi=1"
    assert not is_signed_in(other)
    assert sign_in(client).status_code == 401
    assert sign_in(client, password=NEW_PASSWORD).status_code == 303
    assert client.get(path).status_code == 410
    assert client.submit(path, {"password": NEW_PASSWORD, "again": NEW_PASSWORD}).status_code == 410


_SAID = {"no-referrer": None, "strict-origin": "https://localhost/", "same-origin": "https://localhost/liens/"}
"""What a browser says of the page that a form stands on, to the same site, under each policy of that page."""


def test_a_password_is_chosen_over_https_from_a_page_whose_address_is_not_repeated(
    client: Client, lea: Person, doors: Doors
) -> None:
    client.submit("/mot-de-passe-oublie", {"email": EMAIL})
    path = path_of(link(doors))
    page = client.get(path, base_url="https://localhost")
    said = _SAID[page.headers["Referrer-Policy"]]
    chosen = client.submit(
        path,
        {"password": NEW_PASSWORD, "again": NEW_PASSWORD},
        base_url="https://localhost",
        headers={"Referer": said} if said else {},
    )
    assert chosen.location == "/connexion?choisi=1"
    assert said == "https://localhost/"


@pytest.mark.case("AU-04")
def test_an_old_and_an_altered_link_are_refused(client: Client, lea: Person, doors: Doors, clock: Clock) -> None:
    client.submit("/mot-de-passe-oublie", {"email": EMAIL})
    path = path_of(link(doors))
    for altered in (
        path[:-1],
        path + "x",
        path.swapcase().replace("/LIENS/", "/liens/"),
        "/liens/é",
        "/liens/" + "x" * 500,
    ):
        assert client.get(altered).status_code == 410
    clock.move(hours=1)
    expired = client.get(path)
    assert expired.status_code == 410
    ways = re.findall(r'href="([^"]+)"', expired.text.partition("<main")[2].partition("</main>")[0])
    assert ways == ["/mot-de-passe-oublie", "/connexion"], "what its words say to do"


def test_asking_for_a_link_says_the_same_for_an_unknown_address(client: Client, lea: Person) -> None:
    """AU-03."""
    answers = {
        (answer.status_code, answer.location)
        for email in (EMAIL, "personne@example.org")
        if (answer := client.submit("/mot-de-passe-oublie", {"email": email}))
    }
    assert answers == {(303, "/mot-de-passe-oublie?envoye=1")}


def test_a_forged_host_does_not_reach_the_link(client: Client, lea: Person, doors: Doors) -> None:
    """AU-05."""
    client.submit("/mot-de-passe-oublie", {"email": EMAIL}, headers={"X-Forwarded-Host": "exemple.fr"})
    assert link(doors).startswith("http://localhost/liens/")
    token = client.get("/connexion", base_url="http://exemple.fr", headers={"Accept": "application/json"})
    client.post(
        "/mot-de-passe-oublie",
        base_url="http://exemple.fr",
        data={"email": EMAIL, "csrf_token": token.json["csrf_token"]},
    )
    assert link(doors).startswith("http://localhost/liens/")


@pytest.mark.parametrize(
    ("password", "again", "words"),
    [
        ("quatorze signe", None, "15 caractères"),
        ("motdepasse12345", None, "premiers que l’on essaie"),
        ("un chat nommé lea@example.org", None, "votre nom ou votre adresse"),
        (NEW_PASSWORD, NEW_PASSWORD + " ", "différents"),
    ],
)
def test_a_refused_password_says_why_and_keeps_the_link(
    client: Client, lea: Person, doors: Doors, password: str, again: str | None, words: str
) -> None:
    """AU-06."""
    client.submit("/mot-de-passe-oublie", {"email": EMAIL})
    path = path_of(link(doors))
    response = client.submit(path, {"password": password, "again": again or password})
    assert response.status_code == 422
    assert words in response.get_data(as_text=True)
    assert client.submit(path, {"password": NEW_PASSWORD, "again": NEW_PASSWORD}).status_code == 303


@pytest.mark.parametrize(
    "password", ["mot " * 49 + "fin.", "🎧🎤🎵🎶📞📟📠🔔🔕🔊🔉🔈🔇📢🥁", "  deux espaces devant  "]
)
def test_a_password_is_kept_exactly(client: Client, lea: Person, doors: Doors, password: str) -> None:
    """AU-06: 200 characters, emoji, leading space."""
    client.submit("/mot-de-passe-oublie", {"email": EMAIL})
    client.submit(path_of(link(doors)), {"password": password, "again": password})
    assert (
        sign_in(client, password=password.strip() if password != password.strip() else password + "x").status_code
        == 401
    )
    assert sign_in(client, password=password).status_code == 303


def test_a_link_opened_in_someone_else_s_browser_does_not_mix_the_two(
    client_of: ClientOf, lea: Person, doors: Doors
) -> None:
    """AU-14."""
    other = client_of(Role.STUDENT)
    other.submit("/mot-de-passe-oublie", {"email": EMAIL})
    other.submit(path_of(link(doors)), {"password": NEW_PASSWORD, "again": NEW_PASSWORD})
    assert not is_signed_in(other)


def test_two_sessions_of_a_person_expire_each_at_its_time(app: Flask, lea: Person, clock: Clock) -> None:
    first, second = new_client(app), new_client(app)
    sign_in(first)
    clock.move(days=7)
    sign_in(second)
    clock.set(clock.now + timedelta(days=7, seconds=1))
    assert [is_signed_in(first), is_signed_in(second)] == [False, True]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/150.0 Safari/537 Edg/150.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/150.0 Mobile Safari/537", "Chrome, Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 CriOS/150 Safari/604",
            "Chrome, iPhone",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/19 Safari/605", "Safari, macOS"),
        ("", ""),
        ("é" * 500, ""),
    ],
)
def test_a_device_is_named_from_what_it_says(client: Client, lea: Person, doors: Doors, header: str, name: str) -> None:
    client.post(
        "/connexion",
        data={"email": EMAIL, "password": PASSWORD, "csrf_token": client.csrf_token()},
        headers={"User-Agent": header.encode().decode("latin-1")},
    )
    with doors.writing() as session:
        assert session.scalars(select(SignInSession.device)).one() == name
