"""A comment recorded on a copy: by the plain form or part by part, heard by who may and by nobody else."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from deust.domain.uploads import LEAST_PART
from deust.jobs import convert_recordings, purge, run_once, sweep_files
from deust.models.assignments import Copy, Marking, SpokenComment
from deust.models.people import Cohort, Person
from deust.models.quizzes import Sound
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client, signed_in_client
from tests.support.clock import Clock
from tests.support.forms import form_of
from tests.support.sittings import Sitting
from tests.support.sounds import recording

HOME = "/modules/ec101-accueil/devoir"
NAME = "Avis de Camille sur Léonie.webm"


@pytest.fixture
def people(doors: Doors, cohort: Cohort) -> dict[str, Person]:
    with doors.writing() as session:
        group = factories.group(session, cohort)
        found = {name: factories.person(session) for name in ("student", "classmate")}
        for one in found.values():
            factories.enrolment(session, one, cohort, group_id=group.id)
        for name in ("tutor", "second"):
            found[name] = factories.person(session, role="tutor")
            factories.tutoring(session, found[name], group)
        return {**found, "stranger": factories.person(session, role="tutor")}


@pytest.fixture
def clients(app: Flask, people: dict[str, Person]) -> dict[str, Client]:
    return {name: signed_in_client(app, who) for name, who in people.items()}


@pytest.fixture
def draft(clients: dict[str, Client]) -> str:
    """The address of a work that was handed in."""
    student = clients["student"]
    address = str(student.submit(f"{HOME}/devoir").location)
    form = form_of(student.get(address), "paper")
    key = form.fields["question"][0]
    form.send(student, {f"{key}-answer": "Bonjour.", "go": "review"})
    form_of(student.get(f"{address}/relecture"), "hand-in").send(student, {"is_own": "y"})
    return address


@pytest.fixture
def copy(draft: str, doors: Doors) -> str:
    with doors.reading() as connection:
        return f"/a-corriger/{connection.scalar(select(Copy.public_id))}"


@pytest.fixture
def sound(tmp_path: Path) -> bytes:
    return recording(tmp_path)


def given(content: bytes, name: str = NAME) -> FileStorage:
    return FileStorage(BytesIO(content), filename=name, content_type="audio/webm")


def mark(client: Client, copy: str, **fields: Any) -> TestResponse:
    form = form_of(client.get(copy), "marking")
    return form.send(client, {"level-A1": "conforme", "comment": "Bien.", "go": "stay", **fields})


def release(client: Client, copy: str, **fields: str) -> None:
    form = form_of(client.get("/a-rendre"), "release")
    sent = {"copy": copy.rpartition("/")[2], "go": "release", **fields}
    assert form.send(client, sent).status_code == 303


def held(doors: Doors) -> str:
    """The comment that the draft holds."""
    with doors.reading() as connection:
        content = connection.scalar(select(Marking.content))
        return str(content["spoken"]) if content else ""


def status(client: Client, address: str) -> int:
    with client.get(address) as response:
        return response.status_code


def send(client: Client, copy: str, content: bytes, *, base: int = 0) -> TestResponse:
    """As the script of the page sends it."""
    announced = {"name": "commentaire.webm", "size": len(content), "beginning": "", "event": "e1"}
    begun = client.send(f"{copy}/depots", announced)
    assert begun.status_code == 201, begun.text
    offset = begun.get_json()["offset"]
    headers = {"X-CSRFToken": client.csrf_token(), "Content-Type": "application/octet-stream"}
    while offset < len(content):
        part = content[offset : offset + LEAST_PART]
        answer = client.patch(begun.get_json()["url"], data=part, headers={**headers, "Upload-Offset": str(offset)})
        assert answer.status_code == 200, answer.text
        offset = answer.get_json()["offset"]
    whole = hashlib.sha256(content).hexdigest()
    return client.send(begun.get_json()["end"], {"event": "e1", "sha256": whole, "base": base})


@pytest.mark.case("GR-03")
def test_a_recording_given_by_the_plain_form_is_heard_by_the_student_once_released(
    app: Flask, clients: dict[str, Client], doors: Doors, draft: str, copy: str, sound: bytes, clock: Clock
) -> None:
    tutor, student = clients["tutor"], clients["student"]
    assert mark(tutor, copy, voice=given(sound)).status_code == 303
    id_ = held(doors)
    assert "se prépare" in tutor.get(copy).text
    run_once(app, clock.now, [convert_recordings])
    page = tutor.get(copy).text
    assert f'src="{copy}/commentaires/{id_}"' in page, "the tutor hears it before it is given back"
    assert "Gardé jusqu’au" in page
    addresses = (f"{draft}/commentaires/{id_}", f"{copy}/commentaires/{id_}", f"{copy}/sons/{id_}")
    assert [status(student, address) for address in addresses] == [404, 403, 403]
    for address in (draft, HOME, "/aujourdhui", "/programme"):
        assert id_ not in student.get(address).text
        assert "Commentaire parlé" not in student.get(address).text
    mark(tutor, copy, go="ready")
    assert status(student, addresses[0]) == 404, "ready is not released"
    release(tutor, copy)
    told = student.get(draft).text
    assert "Commentaire parlé" in told
    assert "Écouter l’enregistrement, 0\u00a0min\u00a004" in told
    assert "Gardé jusqu’au" in told
    with student.get(addresses[0]) as heard:
        assert (heard.status_code, heard.mimetype) == (200, "audio/mpeg")
        assert heard.headers["Content-Disposition"] == "attachment; filename=commentaire.mp3"
        assert heard.headers["Cache-Control"] == "no-store"
        assert len(heard.data) > 1000
    for name in ("classmate", "second", "stranger"):
        assert status(clients[name], addresses[0]) in (403, 404), name
    assert [status(clients[name], addresses[1]) for name in ("classmate", "second", "stranger")] == [403, 200, 404]


def test_who_comments_aloud_for_too_long_is_told_and_the_student_is_not(
    app: Flask, clients: dict[str, Client], doors: Doors, draft: str, copy: str, sound: bytes, clock: Clock
) -> None:
    tutor = clients["tutor"]
    mark(tutor, copy, voice=given(sound), go="ready")
    run_once(app, clock.now, [convert_recordings])
    with doors.writing() as session:
        session.execute(update(Sound).values(duration_ms=400_000))
    assert "dure 6\u00a0min\u00a040, pour 5\u00a0min\u00a000 au plus" in tutor.get(copy).text
    release(tutor, copy)
    assert "au plus. Il est gardé" not in clients["student"].get(draft).text


def test_a_recording_sent_part_by_part_is_part_of_the_draft(
    clients: dict[str, Client], doors: Doors, copy: str, sound: bytes
) -> None:
    tutor = clients["tutor"]
    mark(tutor, copy)
    content = sound + bytes(LEAST_PART)
    done = send(tutor, copy, content, base=1)
    assert (done.status_code, done.get_json()["outcome"], done.get_json()["version"]) == (200, "kept", 2)
    assert done.get_json()["mark"] == "20"
    with doors.reading() as connection:
        row = connection.execute(select(SpokenComment)).one()
        assert (row.media_type, row.size, row.sha256) == (
            "audio/webm",
            len(content),
            hashlib.sha256(content).hexdigest(),
        )
    assert held(doors) == row.id
    assert "Bien." in tutor.get(copy).text, "what was written stays"


@pytest.mark.case("GR-01")
def test_a_recording_over_what_was_not_read_is_told_and_can_be_taken_back(
    clients: dict[str, Client], doors: Doors, copy: str, sound: bytes
) -> None:
    tutor, second = clients["tutor"], clients["second"]
    mine = form_of(tutor.get(copy), "marking")
    mark(second, copy, comment="Avis du second.")
    refused = mine.send(tutor, {"comment": "Mon avis.", "go": "stay", "voice": given(sound)})
    assert refused.status_code == 409
    assert "Avis du second." in refused.text
    assert "Mon avis." in refused.text
    assert "mis de côté" in refused.text
    assert "avec un enregistrement" in refused.text
    assert form_of(refused, "versions").press(tutor, "go", "mine").location == copy
    assert len(held(doors)) > 20, "my version holds my recording"
    before = form_of(tutor.get(copy), "marking")
    mark(second, copy, comment="Avis du second, encore.")
    told = before.send(tutor, {"comment": "Mon avis.", "go": "stay"})
    assert "sans enregistrement" not in told.text, "neither wants another recording"
    form_of(tutor.get(copy), "marking").press(tutor, "go", "voice-drop")
    late = send(tutor, copy, sound, base=0)
    assert (late.status_code, late.get_json()["outcome"]) == (409, "conflict")
    assert held(doors) == ""
    form = form_of(tutor.get(copy), "marking")
    taken = sorted(value for name, value in form.buttons if value.startswith("voice-take-"))
    assert len(taken) == 2
    assert "voice-take" not in second.get(copy).text, "each sees their own alone"
    assert form.press(tutor, "go", taken[0]).location == copy
    assert held(doors) == taken[0].removeprefix("voice-take-")
    form = form_of(tutor.get(copy), "marking")
    assert form.press(tutor, "go", "voice-drop").location == copy
    assert held(doors) == ""


@pytest.mark.case("UP-02")
def test_what_is_no_recording_is_refused_and_the_rest_is_kept(
    clients: dict[str, Client], doors: Doors, copy: str, app: Flask
) -> None:
    tutor = clients["tutor"]
    for file in (given(b"%PDF-1.4 rien", "voix.webm"), given(b"\x1a\x45\xdf\xa3", "voix.exe"), given(b"", "voix.webm")):
        refused = mark(tutor, copy, comment="Gardé quand même.", voice=file, go="ready")
        assert refused.status_code == 422
        assert 'id="voice-problem"' in refused.text
        assert 'aria-invalid="true"' in refused.text
        assert "Gardé quand même." in tutor.get(copy).text
    begun = tutor.send(f"{copy}/depots", {"name": "copie.pdf", "size": 1000, "beginning": "", "event": "e"})
    assert begun.status_code == 422
    assert begun.get_json()["message"]
    with doors.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(SpokenComment)) == 0
        assert connection.scalar(select(Marking.is_ready)) is False
    assert list(app.config["DEUST"].files_dir.iterdir()) == [], "nothing is stored for nothing"


@pytest.mark.case("AZ-03")
def test_a_comment_is_looked_up_inside_its_copy(
    clients: dict[str, Client], doors: Doors, copy: str, sound: bytes
) -> None:
    announced = {"name": "a.webm", "size": 1000, "beginning": "", "event": "e"}
    for name, expected in (("stranger", 404), ("student", 403), ("classmate", 403)):
        assert clients[name].send(f"{copy}/depots", announced).status_code == expected, name
    begun = clients["tutor"].send(f"{copy}/depots", announced).get_json()
    for name in ("second", "student", "classmate", "stranger"):
        assert status(clients[name], begun["url"]) == 404, name
        assert clients[name].send(begun["end"], {"base": 0}).status_code in (403, 404), name
    assert clients["tutor"].send(begun["end"].replace(copy, "/a-corriger/autre"), {}).status_code in (404, 409)
    assert held(doors) == ""


def test_the_written_part_of_a_quiz_is_commented_aloud_too(
    app: Flask, clients: dict[str, Client], doors: Doors, sound: bytes, clock: Clock
) -> None:
    sitting = Sitting(clients["student"], doors).start()
    sitting.save("e-texte", "Un texte.")
    sitting.hand_in()
    tutor, result = clients["tutor"], f"{sitting.path}/resultat"
    with doors.reading() as connection:
        copy = f"/a-corriger/{connection.scalar(select(Copy.public_id))}"
    form = form_of(tutor.get(copy), "marking")
    points = {name: "1" for name in form.fields if name.startswith("points-")}
    sent = {**points, "comment": "Ton juste.", "go": "ready", "voice": given(sound)}
    assert form.send(tutor, sent).status_code == 303
    run_once(app, clock.now, [convert_recordings])
    assert "Ton juste." not in sitting.client.get(result).text
    assert status(sitting.client, f"{sitting.path}/commentaires/{held(doors)}") == 404
    release(tutor, copy)
    page = sitting.client.get(result).text
    assert "Ton juste." in page
    assert f'src="{sitting.path}/commentaires/{held(doors)}"' in page
    assert status(sitting.client, f"{sitting.path}/commentaires/{held(doors)}") == 200
    assert status(clients["classmate"], f"{sitting.path}/commentaires/{held(doors)}") == 404


def test_a_comment_whose_time_is_over_is_gone_with_its_bytes(
    app: Flask,
    people: dict[str, Person],
    clients: dict[str, Client],
    doors: Doors,
    draft: str,
    copy: str,
    sound: bytes,
    clock: Clock,
) -> None:
    tutor, student = clients["tutor"], clients["student"]
    mark(tutor, copy, voice=given(sound), go="ready")
    run_once(app, clock.now, [convert_recordings])
    release(tutor, copy)
    address = f"{draft}/commentaires/{held(doors)}"
    assert status(student, address) == 200
    run_once(app, clock.move(days=170), [purge, sweep_files])
    with doors.reading() as connection:
        assert connection.scalar(select(Sound.state)) == "ready"
    run_once(app, clock.move(days=20), [purge, sweep_files])
    assert list(app.config["DEUST"].files_dir.iterdir()) == []
    student = signed_in_client(app, people["student"])
    assert status(student, address) == 404
    page = student.get(draft).text
    assert "Cet enregistrement a été supprimé" in page
    assert "Bien." in page
