"""A PDF read page by page, by its marker and by its student; remarks stand at their page."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.datastructures import FileStorage

from deust.jobs import draw_documents, run_once
from deust.models.people import Person
from deust.models.quizzes import AnswerFile, Attempt, Document
from tests.conftest import Doors
from tests.support import pdfs
from tests.support.clients import Client, signed_in_client
from tests.support.clock import Clock
from tests.support.forms import form_of
from tests.support.hand_ins import hand_in, paper_keys

HOME = "/modules/ec101-accueil/devoir"
CONTENT = pdfs.pdf("Un", "Deux", "Trois")


@pytest.fixture
def copy(student: Client, doors: Doors) -> str:
    return handed_in(student, doors, CONTENT, "plan.pdf")


def handed_in(student: Client, doors: Doors, content: bytes, name: str) -> str:
    """A text and a file handed in; gives their copy's address."""
    draft = student.submit(f"{HOME}/devoir").location
    text, _voice, file, *_ = paper_keys(doors)
    given = {f"{text}-answer": "Bonjour.", f"{file}-answer": FileStorage(io.BytesIO(content), name)}
    return hand_in(student, doors, draft, given)


def attempt(doors: Doors) -> str:
    with doors.reading() as connection:
        return str(connection.scalar(select(Attempt.public_id).order_by(Attempt.id.desc())))


def pictures(page: str) -> list[str]:
    return re.findall(r'<img src="([^"]+/pages/\d+)"', page)


@pytest.mark.case("UP-01", "UP-02", "UP-03")
def test_a_marker_reads_a_pdf_in_the_page(
    app: Flask, tutor: Client, student: Client, people: dict[str, Person], copy: str, doors: Doors, clock: Clock
) -> None:
    before = tutor.get(copy).text
    assert "Ses pages se préparent" in before
    assert f'href="{copy}/fichiers/' in before, "it can be downloaded meanwhile"
    run_once(app, clock.now, [draw_documents])
    page = tutor.get(copy).text
    assert "Lire les 3 pages ici" in page
    sources = pictures(page)
    assert sources == [f"{copy}/fichiers/{paper_keys(doors)[2]}/pages/{number}" for number in (1, 2, 3)]
    assert re.search(r'width="1100" height="1557" loading="lazy"[^>]*alt="Page 3 sur 3 de plan\.pdf"', page)
    assert f'href="{copy}/fichiers/' in page
    with tutor.get(sources[2]) as got:
        assert (got.status_code, got.mimetype, got.data[:4], got.data[8:12]) == (200, "image/webp", b"RIFF", b"WEBP")
        assert got.headers["Content-Disposition"] == "attachment; filename=plan-page-3.webp"
        assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert got.headers["Cache-Control"] == "no-store"
        whole = got.data
    with tutor.get(sources[2], headers={"Range": "bytes=4-11"}) as part:
        assert (part.status_code, part.data) == (206, whole[4:12])
    stranger = signed_in_client(app, people["stranger"])
    for who, address in ((stranger, sources[0]), (stranger, sources[0].replace(copy, f"/essais/{attempt(doors)}"))):
        with who.get(address) as refused:
            assert refused.status_code in (403, 404)
    own = sources[0].replace(copy, f"/essais/{attempt(doors)}")
    for number, status in ((1, 200), (3, 200), (4, 404), (0, 404)):
        with student.get(own.replace("/pages/1", f"/pages/{number}")) as got:
            assert got.status_code == status


def test_a_remark_is_made_at_its_page_without_a_script(
    app: Flask, tutor: Client, student: Client, copy: str, doors: Doors, clock: Clock
) -> None:
    run_once(app, clock.now, [draw_documents])
    key = paper_keys(doors)[2]
    form = form_of(tutor.get(copy), "marking")
    asked = form.send(tutor, {"go": f"page-{key}-2", "comment": "En cours."})
    assert asked.location == f"{copy}?remarque=page-{key}-2#nouvelle-remarque"
    answer = tutor.get(asked.location.partition("#")[0])
    assert "En cours." in answer.text, "what was typed is kept"
    assert f'value="{key}|page" selected' in answer.text
    form = form_of(answer, "marking")
    assert form.fields["new-at"] == ["2"]
    said = form.send(tutor, {"new-text": "Schéma à revoir.", "go": "stay"})
    assert said.location == f"{copy}#page-{key}-2"
    page = tutor.get(copy).text
    at_two = page.partition(f'id="page-{key}-2"')[2].partition(f'id="page-{key}-3"')[0]
    assert "Schéma à revoir." in at_two
    assert page.count("Schéma à revoir.") == 1
    form = form_of(tutor.get(copy), "marking")
    elsewhere = {"new-place": f"{key}|page", "new-at": "9", "new-text": "Annexe.", "go": "stay"}
    form.send(tutor, elsewhere)
    assert "Annexe." in tutor.get(copy).text.partition("</details>")[2], "a page that is not shown"
    form_of(tutor.get(copy), "marking").send(tutor, {"level-A1": "conforme", "go": "ready"})
    form = form_of(tutor.get("/a-rendre"), "release")
    assert form.send(tutor, {"copy": copy.rpartition("/")[2], "go": "release"}).status_code == 303
    told = student.get(f"/devoirs/{attempt(doors)}").text
    at_two = told.partition(f'id="page-{key}-2"')[2].partition(f'id="page-{key}-3"')[0]
    assert "Schéma à revoir." in at_two
    assert "Remarque sur cette page" not in told
    assert re.search(r'<details class="fold document" open>', told)


def test_a_student_reads_the_pages_folded_until_there_is_a_remark(
    app: Flask, student: Client, copy: str, doors: Doors, clock: Clock
) -> None:
    run_once(app, clock.now, [draw_documents])
    page = student.get(f"/devoirs/{attempt(doors)}").text
    assert '<details class="fold document">' in page
    assert [source.startswith(f"/essais/{attempt(doors)}/") for source in pictures(page)] == [True] * 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "failed", "reason": "locked"}, "protégé par un mot de passe"),
        ({"state": "failed", "reason": "broken"}, "vide ou abîmé"),
        ({"state": "failed", "reason": "heavy"}, "trop de temps ou de mémoire"),
        (
            {"state": "ready", "page_count": 2000, "pictures": [[0, 9, 10, 10]] * 40, "drawn_id": "a" * 32},
            "Seules les 40 premières pages sont montrées ici, sur 2\u00a0000",
        ),
        (
            {"state": "ready", "page_count": 2, "pictures": [[0, 9, 10, 10]], "drawn_id": "a" * 32},
            "Seule la première page est montrée ici, sur 2\N{NO-BREAK SPACE}",
        ),
    ],
)
def test_what_is_not_shown_is_said_and_stays_to_be_downloaded(
    tutor: Client, copy: str, doors: Doors, changes: dict[str, object], words: str
) -> None:
    with doors.writing() as session:
        session.execute(update(Document).values(**changes))
    page = tutor.get(copy).text
    assert words in page
    assert "éléchargez" in page
    assert f'href="{copy}/fichiers/{paper_keys(doors)[2]}"' in page


def test_an_office_file_is_downloaded_and_the_page_says_so(tutor: Client, copy: str, doors: Doors) -> None:
    with doors.writing() as session:
        session.execute(update(AnswerFile).values(media_type="application/vnd.oasis.opendocument.text"))
        for row in session.scalars(select(Document)):
            session.delete(row)
    assert "Un fichier bureautique ne se montre pas dans la page" in tutor.get(copy).text


def test_remarks_on_the_parts_that_are_not_shown_are_kept(
    app: Flask, tutor: Client, copy: str, doors: Doors, clock: Clock
) -> None:
    run_once(app, clock.now, [draw_documents])
    key = paper_keys(doors)[2]
    form = form_of(tutor.get(copy), "marking")
    form.send(tutor, {"new-place": f"{key}|page", "new-at": "1", "new-text": "À garder.", "go": "stay"})
    with doors.reading() as connection:
        paper = connection.scalar(select(Attempt.paper))
    alone = f"{copy}?question={paper[0]['id']}"
    assert "Lire les 3 pages" not in tutor.get(alone).text
    form_of(tutor.get(alone), "marking").send(tutor, {"comment": "Suite.", "go": "stay"})
    page = tutor.get(copy).text
    assert "Suite." in page
    assert "À garder." in page
