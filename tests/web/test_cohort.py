"""« Ma cohorte » as a tutor and a manager meet it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction

import pytest
from sqlalchemy import select

from bench.crowd import fill_cohort
from deust.domain.access import Role
from deust.models.cohort import FlagRules
from deust.models.learning import ItemProgress
from deust.models.people import Cohort, Group, Person
from deust.models.records import AuditEvent
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client
from tests.support.clock import NOW, Clock

ClientOf = Callable[[Person | Role], Client]
DAY = timedelta(days=1)
RULES = {"silent_days": "5", "due_days": "3", "failed_attempts": "1", "behind_percent": "80"}


class Followed:
    """A tutor, the student they follow, and one whom they do not."""

    def __init__(self, doors: Doors, cohort: Cohort, client_of: ClientOf) -> None:
        with doors.writing() as session:
            group, other = factories.group(session, cohort, name="Groupe A"), factories.group(session, cohort)
            tutor = factories.person(session, role="tutor", given_name="Claire", family_name="Aubert")
            factories.tutoring(session, tutor, group)
            self.student = factories.person(session, given_name="Léa", family_name="=Martin", email="lea@example.org")
            factories.enrolment(session, self.student, cohort, group_id=group.id)
            self.stranger = factories.person(session, given_name="Noé", family_name="Ailleurs")
            factories.enrolment(session, self.stranger, cohort, group_id=other.id)
        self.path = f"/cohortes/{cohort.id}"
        self.tutor = client_of(tutor)
        self.manager = client_of(Role.MANAGER)


@pytest.fixture
def followed(doors: Doors, cohort: Cohort, client_of: ClientOf) -> Followed:
    return Followed(doors, cohort, client_of)


def text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def did(doors: Doors, who: Person, ref: str, **fields: object) -> None:
    values = {"opened_at": NOW, "touched_at": NOW, "checks_tried": {}, **fields}
    with doors.writing() as session:
        session.add(ItemProgress(person_id=who.id, item_ref=ref, **values))


def test_a_tutor_with_one_cohort_arrives_in_it(followed: Followed) -> None:
    assert followed.tutor.get("/cohortes").location == followed.path
    assert "Ma cohorte" in text(followed.tutor, "/programme")


def test_the_page_says_who_to_call_and_why(followed: Followed, doors: Doors) -> None:
    did(
        doors,
        followed.student,
        "ec101-accueil/quiz-note",
        attempts_used=2,
        kept_share=Fraction(1, 3),
        touched_at=NOW - 11 * DAY,
    )
    page = text(followed.tutor, followed.path)
    assert "1 parcours," in page
    assert "1 à rappeler." in page
    assert "Sans activité depuis 11 jours, 1 activité à finir sous 7 jours" in page
    assert "2 essais non réussis" in page
    assert "0&nbsp;min créditées" in page or "0\N{NO-BREAK SPACE}min créditées" in page
    assert "6,67" in page
    assert "=Martin Léa" in page
    assert "Ailleurs" not in page
    assert "0 activité sur 8 faite" in page


def test_a_mark_is_rounded_half_up_and_shown_with_two_places(followed: Followed, doors: Doors) -> None:
    did(doors, followed.student, "ec101-accueil/quiz-note", attempts_used=1, kept_share=Fraction(2421, 4000))
    assert "12,11" in text(followed.tutor, followed.path)


def test_filters_and_order_keep_each_other(followed: Followed, doors: Doors) -> None:
    with doors.writing() as session:
        factories.accommodation(session, followed.student, time_multiplier=Fraction(4, 3))
    page = text(followed.manager, f"{followed.path}?filtre=amenagement&tri=heures")
    assert "aménagement accordé" in page
    assert "4/3" not in page
    assert 'name="filtre" value="amenagement"' in page
    assert "filtre=en-retard&amp;tri=heures" in page
    assert "Ailleurs" not in page


@pytest.mark.parametrize("query", ["filtre=x", "tri=--", "groupe=9999999999999", "page=-1", "page=²", "groupe=abc"])
def test_an_address_that_says_nonsense_shows_the_usual_page(followed: Followed, query: str) -> None:
    assert "2 parcours," in text(followed.manager, f"{followed.path}?{query}")


def test_nothing_in_a_choice_says_so(followed: Followed) -> None:
    assert "Aucun étudiant" in text(followed.tutor, f"{followed.path}?filtre=amenagement")


def test_a_tutor_who_follows_nobody_is_told_what_will_come(client_of: ClientOf) -> None:
    assert "ne suivez encore personne" in text(client_of(Role.TUTOR), "/cohortes")


def test_several_cohorts_are_listed(followed: Followed, doors: Doors) -> None:
    with doors.writing() as session:
        factories.student(session, factories.cohort(session, title="L'autre"))
    page = text(followed.manager, "/cohortes")
    assert "Vous suivez 2 cohortes." in page
    assert "L&#39;autre" in page


def test_the_manager_sets_the_rules_and_they_apply_at_once(followed: Followed, doors: Doors) -> None:
    assert "0 à rappeler" not in text(followed.tutor, followed.path)
    response = followed.manager.submit(f"{followed.path}/regles", RULES)
    assert response.location == f"{followed.path}?fait=regles"
    assert "Les règles sont enregistrées" in text(followed.manager, response.location)
    assert 'value="80"' in text(followed.manager, f"{followed.path}/regles")
    nothing = dict.fromkeys(RULES, "0")
    followed.manager.submit(f"{followed.path}/regles", nothing)
    assert "personne à rappeler" in text(followed.tutor, followed.path)
    with doors.writing() as session:
        assert session.scalars(select(FlagRules.behind_percent)).all() == [0]
        acts = session.scalars(select(AuditEvent).where(AuditEvent.act == "flags:rules")).all()
        assert [act.detail["silent_days"] for act in acts] == [5, 0]


@pytest.mark.parametrize("wrong", [{"silent_days": "91"}, {"due_days": ""}, {"behind_percent": "x"}])
def test_rules_refused_come_back_filled(followed: Followed, doors: Doors, wrong: dict[str, str]) -> None:
    response = followed.manager.submit(f"{followed.path}/regles", {**RULES, **wrong})
    assert response.status_code == 422
    page = response.get_data(as_text=True)
    assert all(f'value="{value}"' in page for value in {**RULES, **wrong}.values() if value)
    with doors.writing() as session:
        assert session.scalars(select(FlagRules)).all() == []


def test_a_page_of_fifty_is_light_and_leads_to_the_next(followed: Followed, doors: Doors, cohort: Cohort) -> None:
    catalogue = followed.manager.application.extensions["deust"].catalogue
    with doors.writing() as session:
        fill_cohort(session, cohort_id=cohort.id, group_ids=[], programme=catalogue.programme(), now=NOW, students=70)
    assert len(gzip.compress(followed.manager.get(followed.path).data)) < 20_000
    page = text(followed.manager, f"{followed.path}?page=2")
    assert "page 2 sur 2" in page
    assert page.count('<tr role="row">') == 23


def test_counts_say_their_time_and_are_made_again_after_a_minute(
    followed: Followed, doors: Doors, clock: Clock
) -> None:
    assert "Filtres comptés à 20\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}00" in text(followed.tutor, followed.path)
    with doors.writing() as session:
        factories.accommodation(session, followed.student, time_multiplier=Fraction(4, 3))
    assert "Aménagement, 0" in text(followed.tutor, followed.path)
    clock.move(minutes=1)
    assert "Aménagement, 1" in text(followed.tutor, followed.path)


@pytest.mark.case("AZ-09")
def test_an_export_holds_ones_own_students_whatever_is_asked(followed: Followed, doors: Doors) -> None:
    """AZ-09: a forged group or filter gives nobody else."""
    with doors.writing() as session:
        elsewhere = session.scalars(select(Group.id).where(Group.name != "Groupe A")).one()
    mine = followed.tutor.get(f"{followed.path}/export/csv")
    assert mine.headers["Content-Disposition"] == f"attachment; filename=cohorte-{followed.path[-1]}-2026-10-13.csv"
    text_of = mine.data.decode("utf-8-sig")
    assert "'=Martin Léa;;lea@example.org;Groupe A;0;8;" in text_of
    assert "Ailleurs" not in text_of
    forged = followed.tutor.get(f"{followed.path}/export/csv?groupe={elsewhere}&filtre=tous").data.decode("utf-8-sig")
    assert len(forged.strip().split("\r\n")) == 1
    assert "Ailleurs" in followed.manager.get(f"{followed.path}/export/csv").data.decode("utf-8-sig")


def test_an_export_follows_the_filter(followed: Followed, doors: Doors) -> None:
    with doors.writing() as session:
        factories.accommodation(session, followed.stranger, time_multiplier=Fraction(4, 3))
    exported = followed.manager.get(f"{followed.path}/export/csv?filtre=amenagement").data.decode("utf-8-sig")
    assert [line.split(";")[0] for line in exported.strip().split("\r\n")] == ["Étudiant", "Ailleurs Noé"]
    assert exported.strip().endswith(";oui")
    assert "export/csv?filtre=amenagement" in text(followed.manager, f"{followed.path}?filtre=amenagement")


def test_a_workbook_is_given_too(followed: Followed) -> None:
    response = followed.tutor.get(f"{followed.path}/export/xlsx")
    assert response.data.startswith(b"PK")
    assert followed.tutor.get(f"{followed.path}/export/pdf").status_code == 404
