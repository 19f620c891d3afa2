"""Writing to students, keeping contacts, putting flags aside, and one student's file."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction

import pytest
from flask import Flask
from sqlalchemy import select

from deust.domain.access import Role
from deust.domain.people import Dates
from deust.domain.progress import dates_of
from deust.models.cohort import Contact, FlagAside
from deust.models.learning import ItemProgress
from deust.models.people import Cohort, ItemDates, Person
from deust.models.records import OutboxMessage
from deust.services import records
from deust.services.people import grant_accommodation
from deust.web.mail import KINDS
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client
from tests.support.clock import NOW
from tests.support.pages import page_of
from tests.web.test_cohort import Followed, text

ClientOf = Callable[[Person | Role], Client]
DRAFT = {"subject": "Des nouvelles", "text": "Où en êtes-vous ?", "sending": "a" * 32}


@pytest.fixture
def followed(doors: Doors, cohort: Cohort, client_of: ClientOf) -> Followed:
    return Followed(doors, cohort, client_of)


def mails(doors: Doors) -> list[OutboxMessage]:
    with doors.writing() as session:
        return list(session.scalars(select(OutboxMessage)))


def test_the_form_comes_with_a_draft_and_shows_who_will_get_it(followed: Followed) -> None:
    page = text(followed.manager, f"{followed.path}/message")
    assert "Écrire à 2 étudiants" in page
    assert "=Martin Léa" in page
    assert "Ailleurs Noé" in page
    assert re.search(r'name="sending" value="[0-9a-f]{32}"', page)
    assert "prendre de vos nouvelles" in page
    assert "Écrire à 1 étudiant<" in text(followed.manager, f"{followed.path}/message?etudiant={followed.stranger.id}")
    assert "Écrire à 1 étudiant<" in text(followed.tutor, f"{followed.path}/message?filtre=a-rappeler")


def test_a_message_leaves_and_is_in_the_students_file(followed: Followed, doors: Doors) -> None:
    for sent in (1, 0):
        response = followed.tutor.submit(f"{followed.path}/message", {**DRAFT, "etudiant": str(followed.student.id)})
        assert response.location == f"{followed.path}?fait=message&nombre={sent}"
        text(followed.tutor, response.location)
    (mail,) = mails(doors)
    assert (mail.recipient, mail.payload["subject"]) == ("lea@example.org", "Des nouvelles")
    page = text(followed.tutor, f"/personnes/{followed.student.id}/parcours")
    assert "Message envoyé" in page
    assert "Où en êtes-vous ?" in page
    assert "par Claire Aubert" in page


@pytest.mark.case("AZ-02")
def test_a_tutor_writes_to_their_own_only(followed: Followed, doors: Doors) -> None:
    """AZ-02: a forged recipient gets nothing, and what was typed comes back."""
    response = followed.tutor.submit(f"{followed.path}/message", {**DRAFT, "etudiant": str(followed.stranger.id)})
    assert response.status_code == 422
    assert "Des nouvelles" in response.get_data(as_text=True)
    both = [str(followed.stranger.id), str(followed.student.id)]
    assert followed.tutor.submit(f"{followed.path}/message", {**DRAFT, "etudiant": both}).status_code == 303
    assert [mail.recipient for mail in mails(doors)] == ["lea@example.org"]


WRONG = (
    {"subject": ""},
    {"subject": " \t "},
    {"subject": "x" * 151},
    {"text": ""},
    {"text": " \n"},
    {"text": "x" * 5001},
    {"sending": "abc"},
)


@pytest.mark.parametrize("wrong", WRONG)
def test_a_message_refused_comes_back_filled(followed: Followed, doors: Doors, wrong: dict[str, str]) -> None:
    data = {**DRAFT, **wrong, "etudiant": str(followed.student.id)}
    response = followed.tutor.submit(f"{followed.path}/message", data)
    assert response.status_code == 422
    assert all(value in response.get_data(as_text=True) for value in (data["subject"], data["text"]))
    assert ("compte 5\N{NO-BREAK SPACE}001 caractères" in response.text) is (len(data["text"]) > 5_000)
    assert mails(doors) == []


def test_a_message_without_anyone_ticked_still_offers_the_same_students(followed: Followed, doors: Doors) -> None:
    offered = [str(followed.student.id), str(followed.stranger.id)]
    response = followed.tutor.submit(f"{followed.path}/message", {**DRAFT, "propose": offered})
    assert response.status_code == 422
    page = page_of(response)
    (box,) = [one for one in page.iter("input") if one.get("name") == "etudiant"]
    assert (box.get("value"), box.get("checked")) == (str(followed.student.id), None)
    (fieldset,) = page.iter("fieldset")
    (error,) = (one for one in page.iter("p") if one.get("id") == fieldset.get("aria-describedby"))
    assert "Choisissez au moins un étudiant" in "".join(error.itertext())
    assert mails(doors) == []


def test_a_line_that_ends_counts_as_one_sign_and_what_is_pasted_is_not_cut(followed: Followed, doors: Doors) -> None:
    assert "maxlength" not in text(followed.tutor, f"{followed.path}/message")
    written = {**DRAFT, "text": "x\r\n" * 2_500, "etudiant": str(followed.student.id)}
    assert followed.tutor.submit(f"{followed.path}/message", written).status_code == 303
    assert [mail.payload["text"].count("\r") for mail in mails(doors)] == [0]


def test_a_subject_on_two_lines_adds_no_header(followed: Followed, doors: Doors) -> None:
    data = {**DRAFT, "subject": "Bonjour\r\nBcc: x@example.org", "etudiant": str(followed.student.id)}
    followed.tutor.submit(f"{followed.path}/message", data)
    assert [mail.payload["subject"] for mail in mails(doors)] == ["Bonjour Bcc: x@example.org"]


def test_a_contact_is_kept_and_shown(followed: Followed, doors: Doors) -> None:
    path, sending = f"/personnes/{followed.student.id}/contact", "b" * 32
    refused = followed.tutor.submit(path, {"means": "mail", "note": "Reprend lundi <b>", "sending": sending})
    assert refused.status_code == 422
    assert "Reprend lundi &lt;b&gt;" in refused.get_data(as_text=True)
    assert f'name="sending" value="{sending}"' in refused.get_data(as_text=True)
    for _press in range(2):
        response = followed.tutor.submit(path, {"means": "phone", "note": "Reprend lundi <b>", "sending": sending})
    page = text(followed.tutor, response.location)
    assert "Contact par téléphone" in page
    assert "Reprend lundi &lt;b&gt;" in page
    with doors.writing() as session:
        assert session.scalars(select(Contact.means)).all() == ["phone"]


def test_later_takes_the_student_off_the_list_until_the_day(followed: Followed, doors: Doors) -> None:
    assert "1 à rappeler" in text(followed.tutor, followed.path)
    path = f"/personnes/{followed.student.id}/plus-tard"
    assert 'value="2026-10-20"' in text(followed.tutor, path)
    for day in ("2026-10-12", "2028-01-01", "demain"):
        assert followed.tutor.submit(path, {"until_on": day}).status_code == 422
    response = followed.tutor.submit(path, {"until_on": "2026-10-16"})
    page = text(followed.tutor, response.location)
    assert "personne à rappeler" in page
    assert "à revoir le ven.\N{NO-BREAK SPACE}16" in page
    with doors.writing() as session:
        assert len(session.scalars(select(FlagAside)).all()) == 3
    response = followed.tutor.submit(path, {"until_on": "2026-10-13"})
    page = text(followed.tutor, response.location)
    assert "1 à rappeler" in page
    assert "plus mis de côté" in page


def test_an_extension_moves_the_date_of_one_student(followed: Followed, doors: Doors) -> None:
    path = f"/personnes/{followed.student.id}/prolongation"
    assert '<label for="item">Activité</label>' in text(followed.tutor, path), "it is not optional"
    assert "Quiz noté" in text(followed.tutor, path)
    for wrong in ({"item": ""}, {"item": "ec101-accueil/aucun"}, {"until_on": "2026-10-12"}, {"until_on": ""}):
        data = {"item": "ec101-accueil/quiz-note", "until_on": "2026-11-08", **wrong}
        assert followed.tutor.submit(path, data).status_code == 422
    data = {"item": "ec101-accueil/quiz-note", "until_on": "2026-11-08"}
    response = followed.tutor.submit(path, data)
    assert "Date déplacée" in text(followed.tutor, response.location)
    with doors.writing() as session:
        (row,) = session.scalars(select(ItemDates)).all()
        assert row.person_id == followed.student.id
        assert row.due_at.isoformat() == "2026-11-08T22:59:59+00:00"
    for typed, granted in (("2", 2), ("", 2), ("0", 0)):
        followed.tutor.submit(path, {**data, "extra_attempts": typed})
        with doors.writing() as session:
            assert session.scalars(select(ItemDates.extra_attempts)).all() == [granted]


@pytest.mark.parametrize(("item", "closes"), [("quiz-note", True), ("entrainement", False), ("saluer", False)])
def test_an_extension_closes_only_what_closes_for_everyone(
    followed: Followed, doors: Doors, app: Flask, item: str, closes: bool
) -> None:
    """More time took a training quiz away from the student that day, while all the others kept it."""
    path = f"/personnes/{followed.student.id}/prolongation"
    followed.tutor.submit(path, {"item": f"ec101-accueil/{item}", "until_on": "2026-11-08"})
    programme = app.extensions["deust"].catalogue.programme("deust-essai")
    found = programme.find_item(f"ec101-accueil/{item}")
    with doors.writing() as session:
        (row,) = session.scalars(select(ItemDates)).all()
        dates = dates_of(found, None, None, Dates(due_at=row.due_at, closes_at=row.closes_at))
    assert dates.closes_at == (dates.due_at if closes else None)


@pytest.mark.case("PV-09")
def test_the_file_tells_everything_newest_first_and_no_reason(followed: Followed, doors: Doors) -> None:
    with doors.writing() as session:
        who = followed.student.id
        grant_accommodation(session, who, time_multiplier=Fraction(4, 3), extra_minutes=0, by=None, now=NOW)
        session.add(
            ItemProgress(
                person_id=who,
                item_ref="ec101-accueil/saluer",
                opened_at=NOW - timedelta(hours=3),
                touched_at=NOW,
                completed_at=NOW - timedelta(hours=2),
                credited_minutes=20,
                checks_tried={},
            )
        )
        factories.attempt(
            session,
            followed.student,
            closed_at=NOW - timedelta(hours=1),
            closed_by="clock",
            score=Fraction(29, 4),
            started_at=NOW - timedelta(hours=2),
        )
    page = text(followed.tutor, f"/personnes/{followed.student.id}/parcours")
    lines = ["Aménagement : temps × 4/3", "Essai 1 clos à la fin du temps", "Fait : Saluer", "Ouvert : Saluer"]
    places = [page.index(line.replace(" :", "\N{NO-BREAK SPACE}:")) for line in lines]
    assert places == sorted(places)
    assert "14,5\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}20" in page
    assert "1/3 de temps en plus" in page


def test_the_file_tells_no_mark_of_what_waits_for_a_person(followed: Followed, doors: Doors) -> None:
    with doors.writing() as session:
        waiting = {"closed_at": NOW, "closed_by": "person", "score": Fraction(0), "awaiting": 1}
        factories.attempt(session, followed.student, started_at=NOW - timedelta(hours=2), **waiting)
    page = text(followed.tutor, f"/personnes/{followed.student.id}/parcours")
    assert "en attente d’une correction" in page
    assert "/\N{NO-BREAK SPACE}20" not in page


def test_a_long_file_has_pages(followed: Followed, doors: Doors) -> None:
    with doors.writing() as session:
        for number in range(60):
            session.add(
                Contact(
                    person_id=followed.student.id,
                    by_id=followed.student.id,
                    made_at=NOW - timedelta(days=number),
                    means="phone",
                    note=f"note {number}.",
                )
            )
    path = f"/personnes/{followed.student.id}/parcours"
    assert "note 49." in text(followed.tutor, path)
    assert "note 50." not in text(followed.tutor, path)
    second = text(followed.tutor, f"{path}?page=2")
    assert "note 59." in second
    assert "Suivante" not in second


@pytest.mark.parametrize("page", ["parcours", "contact", "plus-tard", "prolongation"])
def test_anyone_else_is_absent(followed: Followed, doors: Doors, page: str) -> None:
    with doors.writing() as session:
        manager = factories.person(session, role="manager")
    assert followed.tutor.get(f"/personnes/{followed.stranger.id}/{page}").status_code == 404
    assert followed.manager.get(f"/personnes/{manager.id}/{page}").status_code == 404


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"from-staff", "questions-waiting", "question-given"}))
def test_a_mail_of_the_platform_is_named_in_the_reader_s_words(followed: Followed, doors: Doors, kind: str) -> None:
    with doors.writing() as session:
        records.queue_mail(session, kind=kind, recipient=followed.student.email, payload={}, now=NOW)
    page = text(followed.tutor, f"/personnes/{followed.student.id}/parcours")
    assert "Message de la plateforme\N{NO-BREAK SPACE}: " in page
    assert kind == "invitation" or kind not in page
