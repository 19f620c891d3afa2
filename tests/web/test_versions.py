"""A resubmission beside the version before, as its marker and its student see it."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from deust.jobs import convert_recordings, run_once
from deust.models.people import Person
from deust.models.quizzes import Attempt
from tests.conftest import Doors
from tests.support.clients import Client, signed_in_client
from tests.support.clock import Clock
from tests.support.forms import form_of
from tests.support.hand_ins import hand_in, paper_keys
from tests.support.sounds import recording

HOME = "/modules/ec101-accueil/devoir"
PDF = b"%PDF-1.4\n" + bytes(2000)


def version(student: Client, doors: Doors, text: str, *, voice: bytes, file: bytes, name: str = "plan.pdf") -> str:
    """A version with a text, a voice and a file, by the plain form; gives its copy's address."""
    draft = student.submit(f"{HOME}/devoir").location
    text_key, voice_key, file_key, _ = paper_keys(doors)
    given = {
        f"{text_key}-answer": text,
        f"{voice_key}-answer": FileStorage(io.BytesIO(voice), "voix.webm"),
        f"{file_key}-answer": FileStorage(io.BytesIO(file), name),
    }
    return hand_in(student, doors, draft, given)


def give_back(tutor: Client, copy: str, comment: str) -> None:
    form = form_of(tutor.get(copy), "marking")
    assert form.send(tutor, {"level-A1": "partiel", "comment": comment, "go": "ready"}).status_code == 303
    form = form_of(tutor.get("/a-rendre"), "release")
    assert form.send(tutor, {"copy": copy.rpartition("/")[2], "go": "release"}).status_code == 303
    assert tutor.submit(f"{copy}/nouvelle-version").status_code == 303


@pytest.fixture
def voice(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return recording(tmp_path_factory.mktemp("voice"), seconds=1)


@pytest.fixture
def versions(student: Client, tutor: Client, doors: Doors, voice: bytes) -> tuple[str, str]:
    first = version(student, doors, "Allô <b>oui</b> ?", voice=voice, file=PDF)
    give_back(tutor, first, "Reprenez l’accueil.")
    return first, version(student, doors, "Bonjour <b>oui</b> ?", voice=voice, file=PDF + b"2")


def test_a_marker_reads_both_versions_beside_each_other(
    app: Flask, tutor: Client, versions: tuple[str, str], clock: Clock
) -> None:
    run_once(app, clock.now, [convert_recordings])
    _first, copy = versions
    alone = tutor.get(copy).text
    assert f'href="{copy}?avec=1"' in alone
    assert "<ins" not in alone
    page = tutor.get(f"{copy}?avec=1").text
    assert re.search(r"<ins[^>]*>Bonjour</ins> &lt;b&gt;oui", page)
    assert re.search(r"<del[^>]*>Allô</del> &lt;b&gt;oui", page)
    assert "La version 1&nbsp;: 10 sur 20" in page
    assert "Reprenez l’accueil." in page
    assert page.count("data-passage") == 1, "remarks are made on the new version alone"
    assert page.count("data-sound") == 1
    assert (page.count("fichier ajouté"), page.count("fichier retiré")) == (1, 1)
    assert "Ce fichier est le même dans les deux versions." in page, "the voice"
    sounds = re.findall(r'<audio[^>]* src="([^"]+)"', page)
    assert len(set(sounds)) == 2
    for address in (*sounds, *re.findall(rf'href="({copy}/fichiers/[^"]+)"', page)):
        with tutor.get(address) as got:
            assert got.status_code == 200, address
    assert f'href="{copy}"' in page, "the way back to the version alone"


def test_what_is_typed_beside_a_former_version_is_kept_beside_it(tutor: Client, versions: tuple[str, str]) -> None:
    _first, copy = versions
    form = form_of(tutor.get(f"{copy}?avec=1"), "marking")
    place = re.search(r'<option value="([0-9a-f]+\|passage)"', tutor.get(copy).text)
    assert place is not None
    saved = form.send(tutor, {"new-place": place[1], "new-at": "Bonjour", "new-text": "Bien.", "go": "stay"})
    assert saved.location == f"{copy}?avec=1"
    page = tutor.get(saved.location).text
    assert re.search(r"<mark[^>]*><ins[^>]*>Bonjour</ins></mark>", page), "a remark on words just added"
    refused = form_of(tutor.get(f"{copy}?avec=1"), "marking").send(tutor, {"go": "ready"})
    assert refused.status_code == 422
    assert "<ins" in refused.get_data(as_text=True)


def test_a_version_that_is_not_there_is_absent(
    app: Flask, tutor: Client, people: dict[str, Person], versions: tuple[str, str]
) -> None:
    first, copy = versions
    for address in (f"{first}?avec=1", f"{copy}?avec=2", f"{copy}?avec=9", f"{copy}?avec=-1"):
        assert tutor.get(address).status_code == 404, address
    assert "<ins" not in tutor.get(f"{copy}?avec=x").text
    stranger = signed_in_client(app, people["stranger"])
    assert stranger.get(f"{copy}?avec=1").status_code == 404


def test_a_student_reads_what_changed_between_their_versions(student: Client, tutor: Client, doors: Doors) -> None:
    first = version(student, doors, "Un mot.", voice=b"\x1a\x45\xdf\xa3" + bytes(99), file=PDF)
    give_back(tutor, first, "Encore.")
    version(student, doors, "Deux mots.", voice=b"\x1a\x45\xdf\xa3" + bytes(98), file=PDF)
    with doors.reading() as connection:
        last = connection.scalar(select(Attempt.public_id).order_by(Attempt.id.desc()))
    page = student.get(f"/devoirs/{last}").text
    assert re.search(r"<ins[^>]*>Deux mots</ins>\.", page)
    assert re.search(r"<del[^>]*>Un mot</del>\.", page)
    assert "Ce fichier est le même dans les deux versions." in page
    for address in re.findall(r'href="(/essais/[^"]+/fichiers/[^"]+)"', page):
        with student.get(address) as got:
            assert got.status_code == 200
