"""Numbers, moments and shapes that no page of ours sends: answered in words, never a failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from deust.domain.access import Role
from tests.support.clients import Client

NUMBERS = ("9" * 30, "9" * 5000, "-" + "9" * 30, str(2**63), str(2**31), "٣", "1e9", "")

LISTS = (
    "/a-corriger?page={}",
    "/a-corriger?groupe={}",
    "/a-corriger/repartition?page={}&nombre={}",
    "/a-rendre?fait=release&nombre={}",
    "/messages?page={}",
    "/messages?groupe={}",
    "/questions-en-attente?page={}",
    "/personnes?page={}",
    "/activites/ec101-accueil/quiz-note/rapport?groupe={}",
    "/activites/ec101-accueil/quiz-note/nouvelle-correction?fait={}",
)


@pytest.mark.both
@pytest.mark.parametrize("address", LISTS)
def test_a_list_opens_whatever_number_its_address_holds(client_of: Callable[[Role], Client], address: str) -> None:
    staff = client_of(Role.ADMIN)
    assert {staff.get(address.replace("{}", number)).status_code for number in NUMBERS} == {200}


@pytest.mark.parametrize("place", [[], {}, 1, None, "\ud800", "ailleurs"])
def test_a_place_that_is_none_of_the_lesson_is_refused(student: Client, place: Any) -> None:
    body = {"place": place, "permille": 5}
    assert student.send("/modules/ec101-accueil/saluer/place", body).status_code == 400


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "0000-00-00T00:00", "2026-10-13T10:00+02:00", "demain"])
def test_marks_are_not_scheduled_for_a_moment_that_is_none(client_of: Callable[[Role], Client], at: str) -> None:
    refused = client_of(Role.TUTOR).submit("/a-rendre", {"copy": "x", "at": at, "go": "schedule"})
    assert refused.status_code == 422
    assert "Donnez une date et une heure à venir, dans les deux ans." in refused.text


@pytest.mark.both
@pytest.mark.parametrize("email", ["\ud800@ici.fr", "a\0b@ici.fr"])
def test_an_address_that_no_table_holds_signs_nobody_in(client: Client, email: str) -> None:
    asked = {"email": email, "password": "un mot de passe assez long", "expected": 1}
    assert client.send("/connexion", asked).status_code in (400, 401)


@pytest.mark.case("WB-04")
@pytest.mark.parametrize("body", ["[" * 100_000, '{"email":' * 100_000])
def test_what_is_nested_too_deep_is_not_read(client: Client, body: str) -> None:
    headers = {"Content-Type": "application/json", "X-CSRFToken": client.csrf_token()}
    assert client.post("/connexion", data=body, headers=headers).status_code == 400
