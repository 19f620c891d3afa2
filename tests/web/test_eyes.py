"""« Voir comme cet étudiant »: his pages, on a day, and nothing done meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction

import pytest
from sqlalchemy import select

from deust.domain.access import Role
from deust.models.learning import ItemProgress
from deust.models.people import Cohort, Enrolment, Person
from deust.models.records import AuditEvent
from deust.services.people import grant_accommodation
from tests.conftest import Doors
from tests.support.clients import Client
from tests.support.clock import NOW
from tests.web.test_cohort import Followed, text

ClientOf = Callable[[Person | Role], Client]
SEEN = (
    "/aujourdhui",
    "/programme",
    "/modules/ec101-accueil",
    "/modules/ec101-accueil/saluer",
    "/modules/ec101-accueil/examen",
    "/modules/ec101-accueil/devoir",
)


@pytest.fixture
def followed(doors: Doors, cohort: Cohort, client_of: ClientOf) -> Followed:
    return Followed(doors, cohort, client_of)


@pytest.fixture
def looking(followed: Followed) -> Client:
    look(followed)
    return followed.tutor


def look(followed: Followed, day: str = "2026-10-13") -> None:
    response = followed.tutor.submit(f"/personnes/{followed.student.id}/yeux", {"day": day})
    assert response.location == "/aujourdhui"


def bare(page: str) -> str:
    """The main part of a page, without tokens."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page[page.index("<main") : page.index("</main>")])


@pytest.mark.parametrize("path", SEEN)
def test_the_page_is_the_very_one_that_the_student_sees(
    followed: Followed, client_of: ClientOf, doors: Doors, path: str
) -> None:
    with doors.writing() as session:
        values = {"opened_at": NOW, "touched_at": NOW, "checks_tried": {}, "read_permille": 400}
        session.add(ItemProgress(person_id=followed.student.id, item_ref="ec101-accueil/saluer", **values))
    look(followed)
    seen = text(followed.tutor, path)
    assert "avec les yeux de Léa =Martin, le mardi 13" in seen
    assert bare(seen) == bare(text(client_of(followed.student), path))


def test_another_day_shows_what_is_due_then(followed: Followed) -> None:
    assert "Fermé" not in text(followed.manager, "/modules/ec101-accueil")
    look(followed, "2026-10-13")
    assert "Fermé depuis" not in text(followed.tutor, "/modules/ec101-accueil")
    followed.tutor.submit("/yeux/quitter")
    look(followed, "2026-10-27")
    later = text(followed.tutor, "/modules/ec101-accueil")
    assert "Fermé depuis" in later
    assert "le mardi 27" in later
    assert "semaine 7 de formation" in text(followed.tutor, "/aujourdhui")


@pytest.mark.case("AU-19")
@pytest.mark.parametrize(
    "path",
    [
        "/modules/ec101-accueil/saluer/compris",
        "/modules/ec101-accueil/examen/essais",
        "/lecons/ec101-accueil/saluer/verifier/s-premier",
        "/compte/preferences",
        "/connexion",
        "/cohortes/1/message",
    ],
)
def test_every_act_is_refused_and_nothing_is_written(looking: Client, doors: Doors, path: str) -> None:
    """AU-19."""
    response = looking.submit(path)
    assert response.status_code == 403
    assert "Rien ne peut être fait avec les yeux d’un autre" in response.get_data(as_text=True)
    refused = looking.send(path, {})
    assert (refused.status_code, refused.json["error"]) == (403, "OnlyLooking")  # type: ignore[index]
    with doors.writing() as session:
        assert session.scalars(select(ItemProgress)).all() == []


def test_the_start_of_a_quiz_tells_the_time_and_the_date_of_that_student(followed: Followed, doors: Doors) -> None:
    with doors.writing() as session:
        grant_accommodation(
            session, followed.student.id, time_multiplier=Fraction(4, 3), extra_minutes=0, by=None, now=NOW
        )
    path = "/modules/ec101-accueil/examen"
    assert "plus votre temps accordé" not in text(followed.tutor, path)
    look(followed)
    seen = text(followed.tutor, path)
    assert "plus votre temps accordé" in seen
    assert "Rapport d’activité" not in seen, "that is a page of staff"


def test_quitting_gives_ones_own_pages_back(looking: Client, followed: Followed) -> None:
    assert looking.submit("/yeux/quitter").location == f"/personnes/{followed.student.id}/parcours"
    assert looking.get("/aujourdhui").status_code == 403
    assert "avec les yeux" not in text(looking, "/programme")
    assert looking.submit("/yeux/quitter").location == "/cohortes"


def test_ones_own_pages_stay_ones_own_under_the_banner(looking: Client, followed: Followed) -> None:
    page = text(looking, "/compte")
    assert "avec les yeux" in page
    assert "Claire Aubert" in page
    assert "lea@example.org" not in page
    assert "Cette page est la vôtre." in page
    assert "Cette page est la vôtre." not in text(looking, "/modules/ec101-accueil/saluer")
    assert looking.get(f"/personnes/{followed.stranger.id}/parcours").status_code == 404


def test_opening_is_noted_with_both_names_and_the_day(looking: Client, followed: Followed, doors: Doors) -> None:
    with doors.writing() as session:
        (act,) = session.scalars(select(AuditEvent).where(AuditEvent.act == "person:look"))
        assert (act.actor_id, act.subject) == (looking.person.id, f"person:{followed.student.id}")  # type: ignore[union-attr]
        assert act.detail == {"day": "2026-10-13"}


@pytest.mark.case("AU-15")
def test_a_student_no_longer_followed_is_no_longer_seen(looking: Client, followed: Followed, doors: Doors) -> None:
    """AU-15: the right is asked again at each page."""
    assert looking.get("/aujourdhui").status_code == 200
    with doors.writing() as session:
        session.query(Enrolment).filter_by(person_id=followed.student.id).one().group_id = None
    assert looking.get("/aujourdhui").status_code == 403
    assert "avec les yeux" not in text(looking, "/programme")


@pytest.mark.parametrize("day", ["", "hier", "2020-01-01", "2030-01-01"])
def test_a_day_too_far_is_refused(followed: Followed, day: str) -> None:
    assert followed.tutor.submit(f"/personnes/{followed.student.id}/yeux", {"day": day}).status_code == 422
    assert followed.tutor.get("/aujourdhui").status_code == 403


@pytest.mark.parametrize("path", ["/essais/abc/questions/1", "/essais/abc/resultat", "/devoirs/abc", "/questions"])
def test_what_stays_the_students_own_says_so(looking: Client, path: str) -> None:
    """« Reprendre » on a page seen so leads to an attempt, which is nobody else's."""
    refused = looking.get(path)
    assert refused.status_code == 403
    page = refused.get_data(as_text=True)
    assert "Cette page ne se voit pas avec les yeux d’un étudiant." in page
    assert "Votre rôle ne donne pas accès" not in page
    assert "Cette page est la vôtre." not in page
    assert 'class="button primary" href="/aujourdhui"' in page
    looking.submit("/yeux/quitter")
    assert "Votre rôle ne donne pas accès" in looking.get(path).get_data(as_text=True)


def test_signing_out_gives_the_eyes_back(looking: Client) -> None:
    assert looking.submit("/deconnexion").status_code == 303
    with looking.session_transaction() as session:
        assert "eyes" not in session


def test_the_student_keeps_their_own_session_and_sees_no_banner(
    looking: Client, followed: Followed, client_of: ClientOf
) -> None:
    student = client_of(followed.student)
    assert "avec les yeux" not in text(student, "/aujourdhui")
    assert student.submit("/modules/ec101-accueil/entrainement/essais").status_code == 303


def test_the_manager_sees_students_too(followed: Followed) -> None:
    path = f"/personnes/{followed.stranger.id}/yeux"
    assert 'value="2026-10-13"' in text(followed.manager, path)
    assert followed.tutor.get(path).status_code == 404
    assert followed.tutor.submit(path, {"day": "2026-10-13"}).status_code == 404
    followed.manager.submit(path, {"day": (NOW + timedelta(days=7)).date().isoformat()})
    assert "Noé Ailleurs, le mardi 20" in text(followed.manager, "/aujourdhui")
