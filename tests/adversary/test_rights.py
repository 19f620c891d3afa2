"""What is looked up is looked up inside what one may see, and no form gives more rights than it shows."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from deust.jobs import convert_recordings, run_once
from deust.models.assignments import Copy, SpokenComment
from deust.models.people import Cohort, Person, Tutoring
from deust.models.quizzes import Attempt
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client, signed_in_client
from tests.support.forms import form_of
from tests.support.sounds import recording

DRAFT = "/modules/ec101-accueil/devoir"


def handed_in(app: Flask, doors: Doors, who: Person) -> tuple[str, str]:
    """A work handed in by this person over HTTP: its copy and the key of its part."""
    client = signed_in_client(app, who)
    assert isinstance(client, Client)
    draft = client.submit(f"{DRAFT}/devoir").location
    paper = form_of(client.get(draft), "paper")
    key = paper.fields["question"][0]
    paper.send(client, {f"{key}-answer": "Bonjour.", "go": "review"})
    form_of(client.get(f"{draft}/relecture"), "hand-in").send(client, {"is_own": "y"})
    with doors.reading() as connection:
        found = select(Copy.public_id).join(Attempt, Attempt.id == Copy.attempt_id)
        return str(connection.scalar(found.where(Attempt.person_id == who.id))), key


@pytest.fixture
def school(app: Flask, doors: Doors, cohort: Cohort) -> dict[str, Person]:
    """Two groups of one cohort, a student and a tutor in each."""
    people = {}
    with doors.writing() as session:
        for name in ("a", "b"):
            group = factories.group(session, cohort, name=name)
            people[f"student {name}"] = factories.person(session)
            people[f"tutor {name}"] = factories.person(session, role="tutor")
            factories.enrolment(session, people[f"student {name}"], cohort, group_id=group.id)
            factories.tutoring(session, people[f"tutor {name}"], group)
    return people


@pytest.mark.case("AZ-03")
def test_a_part_is_looked_up_inside_its_copy(app: Flask, doors: Doors, school: dict[str, Person]) -> None:
    own, own_key = handed_in(app, doors, school["student a"])
    other, other_key = handed_in(app, doors, school["student b"])
    tutor = signed_in_client(app, school["tutor a"])
    assert tutor.get(f"/a-corriger/{own}").status_code == 200
    for path in (
        f"/a-corriger/{other}",
        f"/a-corriger/{own}/fichiers/{other_key}",
        f"/a-corriger/{own}/sons/{own_key}",
        f"/a-corriger/{own}/commentaires/{own_key}",
    ):
        assert tutor.get(path).status_code == 404, path
    for path in (f"/a-corriger/{other}", f"/a-corriger/{other}/nouvelle-version", f"/a-corriger/{other}/depots"):
        assert tutor.submit(path).status_code == 404, path
    form = form_of(tutor.get(f"/a-corriger/{own}"), "marking")
    token = {"csrf_token": form.fields["csrf_token"]}
    assert tutor.post("/a-rendre", data={**token, "copy": [own, other], "go": "release"}).status_code == 404
    stranger = school["student b"].id
    written = tutor.post("/cohortes/1/message", data={**token, "etudiant": stranger, "subject": "x", "text": "y"})
    assert written.status_code == 422, "nobody of those chosen is followed"
    assert tutor.get(f"/personnes/{stranger}/parcours").status_code == 404


@pytest.mark.case("AZ-04")
def test_no_form_gives_a_role_or_a_group(app: Flask, doors: Doors, school: dict[str, Person]) -> None:
    tutor = signed_in_client(app, school["tutor a"])
    more = {"role": "admin", "group_id": "2", "is_active": "1", "person_id": str(school["tutor b"].id)}
    preferences = form_of(tutor.get("/compte"), "preferences-form")
    assert preferences.send(tutor, more).status_code == 303
    with doors.writing() as session:
        victim = school["tutor a"].id
        assert session.get_one(Person, victim).role == "tutor"
        followed = session.scalar(select(func.count()).where(Tutoring.person_id == victim))
        assert followed == 1
        admins = session.scalar(select(func.count()).where(Person.role == "admin"))
        assert admins == 0
    for path in ("/personnes", f"/personnes/{victim}/amenagement"):
        assert tutor.get(path).status_code == 403, path
    assert tutor.submit(f"/personnes/{victim}/desactivation").status_code == 403


@pytest.mark.case("AZ-03")
def test_a_spoken_comment_is_given_and_heard_by_those_of_its_copy_alone(
    app: Flask, doors: Doors, school: dict[str, Person], tmp_path: Path
) -> None:
    own, _key = handed_in(app, doors, school["student a"])
    tutor, copy = signed_in_client(app, school["tutor a"]), f"/a-corriger/{own}"
    voice = FileStorage(BytesIO(recording(tmp_path)), filename="voix.webm")
    form_of(tutor.get(copy), "marking").send(tutor, {"comment": "Bien.", "voice": voice, "go": "stay"})
    run_once(app, app.extensions["deust"].clock(), [convert_recordings])
    with doors.reading() as connection:
        id_ = connection.scalar(select(SpokenComment.id))
        attempt = connection.scalar(select(Attempt.public_id))
    for name, person in school.items():
        client = signed_in_client(app, person)
        for address in (f"{copy}/commentaires/{id_}", f"/devoirs/{attempt}/commentaires/{id_}"):
            is_theirs = name == "tutor a" and address.startswith(copy)
            with client.get(address) as answer:
                expected = (200,) if is_theirs else (403, 404)
                assert answer.status_code in expected, f"{name} {address}"
                assert answer.mimetype == ("audio/mpeg" if is_theirs else "text/html")
