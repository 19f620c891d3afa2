"""Words that stand only in what solves a question are in nothing that a student receives before they are due."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from deust.domain.access import Role
from deust.domain.marking import right_answer
from deust.models.people import Enrolment, Person
from deust.services.learning import index_programme
from tests.conftest import Doors
from tests.support import factories
from tests.support.canaries import COURSES, all_canaries, canaries_in
from tests.support.clients import Client
from tests.support.clock import Clock
from tests.support.sittings import EXAM, GRADED, Sitting

ClientOf = Callable[[Person | Role], Client]

PAGES = (
    *("/", "/aujourdhui", "/programme", "/modules/ec101-accueil", "/modules/ec102-suite", "/glossaire", "/compte"),
    *("/modules/ec101-accueil/saluer", "/modules/ec101-accueil/ecouter", "/lecons/ec101-accueil/saluer"),
    *("/modules/ec101-accueil/entrainement", "/modules/ec101-accueil/quiz-note", "/modules/ec101-accueil/examen"),
    *("/modules/ec101-accueil/appel", "/modules/ec101-accueil/devoir", "/modules/ec102-suite/bilan"),
    *("/documents/pour-tous", "/documents/pour-tous/tout-lire", "/documents/pour-tous/quiz/essayer"),
    *("/recherche", "/recherche?q=enseigne", "/recherche?q=accueil", "/plan-du-site"),
)
RAW_FILES = (
    "/cours/ec101-accueil/media/../03-entrainement.md",
    "/cours/ec101-accueil/media/%2e%2e/03-entrainement.md",
    "/cours/ec101-accueil/media/..%2f03-entrainement.md",
    "/cours/ec101-accueil/03-entrainement.md",
    "/static/../courses/03-entrainement.md",
    "/modules/ec101-accueil/entrainement.json",
    "/modules/ec101-accueil/entrainement/questions",
    "/essais.json",
)
TELLING = re.compile(
    r"""(?:data-|name=|"|\b)(is.right|correct|(?<!chevron-)right|weight|solution|feedback|seed|hash)["=:]"""
)
"""Names under which a page or a script could hold what solves a question."""


@pytest.fixture
def client(app: Flask, doors: Doors, student: Client) -> Client:
    """A student of courses that can be searched."""
    with doors.writing() as session:
        for programme in app.extensions["deust"].catalogue.programmes():
            index_programme(session, programme)
    return student


def said(response: TestResponse) -> str:
    """All that an answer tells: status, headers, body."""
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers)
    return f"{response.status}\n{headers}\n{response.get_data(as_text=True)}"


def pages_of(sitting: Sitting) -> Iterator[str]:
    yield from (f"{sitting.path}/{page}" for page in ("relecture", "etat", "resultat", "questions/99"))
    yield from (f"{sitting.path}/questions/{number}" for number in range(1, len(sitting.paper()) + 1))


def everything(client: Client, *sittings: Sitting) -> str:
    """What every page, file and script says to this student, as one text."""
    own = [path for sitting in sittings for path in pages_of(sitting)]
    asked = [(path, {}) for path in (*PAGES, *RAW_FILES, *own)]
    asked += [(path, {"Accept": "application/json"}) for path in (*RAW_FILES, *own)]
    texts = []
    for path, headers in asked:
        with client.get(path, headers=headers) as response:
            texts.append(said(response))
    statics = {found for text in texts for found in re.findall(r'(?:src|href)="(/static/[^"#]+)', text)}
    assert any(path.endswith(".js") for path in statics)
    for path in sorted(statics):
        with client.get(path) as response:
            if response.mimetype.startswith(("text/", "image/svg", "application/")):
                texts.append(said(response))
    return "\n".join(texts)


def canaries_of(name: str) -> set[str]:
    (path,) = COURSES.rglob(f"*-{name}.md")
    return canaries_in(path.read_text())


WRONG = {
    **{"e-simple": 3, "e-multiple": [3], "e-vrai": False, "e-nombre": "1", "e-courte": "autre", "e-paires": [3, 3]},
    **{"e-ordre": [3, 2, 1], "e-trous": ["x", 1, "1"], "e-calcul": "1", "e-texte": "Un récit."},
}


def answer_everything(sitting: Sitting) -> str:
    """Save each answer as a script, then again from an old tab, and post what cannot be read; all that was told."""
    texts = []
    for name, answer in WRONG.items():
        texts.append(said(sitting.save(name, answer, client="one")))
        texts.append(said(sitting.save(name, answer, client="one", sequence=1)))
        texts.append(said(sitting.save(name, answer, client="two", base=1)))
    stale = sitting.fields("e-courte", "périmée")
    texts.append(said(sitting.post("e-courte", stale, client="three")))
    texts.append(said(sitting.form("e-simple").send(sitting.client, {f"{sitting.key('e-simple')}-answer": "99"})))
    texts.append(said(sitting.post("e-simple", {f"{sitting.key('e-simple')}-answer": "99"})))
    texts.append(said(sitting.post("e-simple", {"question": "e-simple"})))
    old = sitting.form("e-courte")
    sitting.save("e-courte", "plus récente", client="four", base=9)
    texts.append(said(old.send(sitting.client, stale)))
    return "\n".join(texts)


@pytest.mark.slow
@pytest.mark.case("QZ-14")
def test_an_open_attempt_tells_nothing_that_solves_it(client: Client, doors: Doors) -> None:
    """Pages, JSON, errors, headers, scripts, search, glossary, raw files: not one word, name, hash or number."""
    sitting = Sitting(client, doors).start()
    told = answer_everything(sitting) + everything(client, sitting)
    assert canaries_in(told) == set()
    shown = "\n".join(client.get(path).text for path in pages_of(sitting))
    assert TELLING.findall(re.sub(r"<script[^>]*></script>|<link[^>]*>", "", shown)) == []
    paper = sitting.paper()
    assert [entry.hash for entry in paper.values() if entry.hash in told] == []
    assert [name for name in paper if f'"{name}"' in shown] == [], "the author's ids"
    charge = right_answer(sitting.asked("e-calcul"), paper["e-calcul"].values)
    assert str(charge) not in re.sub(r"<[^>]*>", " ", sitting.open("e-calcul").text).split()


@pytest.mark.case("QZ-14")
def test_the_canaries_are_found_where_they_are_due(client: Client, doors: Doors) -> None:
    """The search itself can fail: after the hand-in the training quiz shows its own, and its markers' notes never."""
    sitting = Sitting(client, doors).start()
    for name, answer in WRONG.items():
        sitting.save(name, answer)
    sitting.hand_in()
    shown = canaries_in(everything(client, sitting))
    notes = {canary for canary in canaries_of("entrainement") if canary.endswith("-attendus")}
    assert len(notes) == 3
    assert shown <= canaries_of("entrainement") - notes
    assert shown >= {"CANARI-simple-general", "CANARI-trous-general", "CANARI-multiple-faux", "canari-reformulation"}
    assert "CANARI-simple-faux" not in shown, "feedback of an option that was not chosen"
    assert len(all_canaries()) > len(shown)


@pytest.mark.case("QZ-14")
def test_an_answer_is_acknowledged_alike_whether_right_or_wrong(client: Client, doors: Doors) -> None:
    """Neither words, nor size, nor headers tell which."""
    sitting = Sitting(client, doors).start()

    def told(name: str, answer: object, number: int) -> tuple[object, list[str]]:
        response = sitting.save(name, answer, client=f"tab{number}", base=99)  # type: ignore[arg-type]
        body = {**sitting.told(response, name)}
        return (body.pop("version") and body, response.headers.get("Content-Length")), sorted(response.headers.keys())

    for name, right in {"e-simple": 2, "e-vrai": True, "e-nombre": "172", "e-ordre": [1, 2, 3]}.items():
        assert told(name, right, 1) == told(name, WRONG[name], 2)
        assert "ETag" not in sitting.open(name).headers


@pytest.mark.slow
@pytest.mark.case("QZ-18", "QZ-14")
def test_handing_in_blank_shows_no_answer_while_an_attempt_remains(client: Client, doors: Doors) -> None:
    """Two attempts allowed: nothing after the first, nothing while the second is being written, then all."""
    first = Sitting(client, doors, GRADED).start()
    first.hand_in()
    assert "ne sont pas encore montrés" in first.result()
    assert canaries_in(everything(client, first)) == set()
    second = Sitting(client, doors, GRADED).start()
    assert "ne sont pas encore montrés" in first.result()
    assert canaries_in(everything(client, first, second)) == set()
    second.hand_in()
    asked = {*first.paper(), *second.paper()}
    shown = canaries_in(everything(client, first, second))
    due = {canary for canary in canaries_of("quiz-note") if f"n-{canary.rpartition('-')[2]}" in asked}
    assert due - {"CANARI-note-premier"} <= shown <= due | {"canaritrace"}


@pytest.mark.case("QZ-18")
def test_what_the_closing_shows_waits_for_the_end_of_the_grace(client: Client, doors: Doors, clock: Clock) -> None:
    """An attempt still being written counts until the grace is over: the one before shows nothing until then."""
    closes_at = clock.now + timedelta(minutes=30)
    with doors.writing() as session:
        factories.item_dates(session, "ec101-accueil/quiz-note", person_id=client.person.id, closes_at=closes_at)
    first = Sitting(client, doors, GRADED).start()
    first.hand_in()
    clock.set(closes_at + timedelta(seconds=29))
    assert canaries_in(everything(client, first)) == set()
    clock.set(closes_at + timedelta(seconds=31))
    assert canaries_in(first.result()) != set()


def test_an_exam_tells_nothing_before_its_closing(
    client: Client, client_of: ClientOf, doors: Doors, clock: Clock
) -> None:
    """QZ-19: neither answers nor mark, on any page; another student is still writing."""
    writing = Sitting(client_of(Role.STUDENT), doors, EXAM).start()
    exam = Sitting(client, doors, EXAM).start()
    exam.save("x-duree", "10")
    exam.save("x-accueil", 1)
    exam.hand_in()
    told = everything(client, exam)
    assert canaries_in(told) == set()
    assert re.search(r"20\s*/\s*20", told) is None
    assert "Réussi" not in told
    assert "La note n’est pas encore montrée" in exam.result()
    assert writing.client.get(f"{writing.path}/questions/1").status_code == 200
    clock.move(weeks=1)
    assert canaries_in(exam.result()) == canaries_of("examen")
    assert re.search(r"20\s*/\s*20", exam.result())


def test_an_exam_tells_nothing_before_the_closing_of_the_last_extension(
    client: Client, client_of: ClientOf, doors: Doors, clock: Clock
) -> None:
    """QZ-19: who was given more days can still begin, once it has closed for the others."""
    later = client_of(Role.STUDENT)
    exam = Sitting(client, doors, EXAM).start()
    exam.hand_in()
    clock.move(weeks=1)
    until = clock.now + timedelta(days=2)
    with doors.writing() as session:
        (given,) = set(session.scalars(select(Enrolment.person_id))) - {exam.attempt().person_id}
        factories.item_dates(session, "ec101-accueil/examen", person_id=given, due_at=until)
    assert canaries_in(everything(client, exam)) == set()
    assert "à la fermeture pour tous" in exam.result()
    Sitting(later, doors, EXAM).start()
    clock.set(until + timedelta(minutes=1))
    assert canaries_in(exam.result()) != set()


def test_a_lesson_s_question_tells_only_what_was_tried(client: Client) -> None:
    path = "/modules/ec101-accueil/saluer"
    assert canaries_in(client.get(path).text) == set()
    number = re.search(r'value="(\d+)"[^>]*><span>(?:<p>)?la météo', client.get(path).text)[1]
    client.submit(f"{path}/verifier/s-premier", {"s-premier-answer": number})
    assert canaries_in(client.get(path).text) == {"CANARI-saluer-faux"}


def test_searching_for_a_solution_finds_only_the_words_searched(client: Client) -> None:
    for word in ("canari", "CANARI-simple", "canaritrace"):
        assert canaries_in(client.get(f"/recherche?q={word}").text) == {word}
    assert "/modules/ec101-accueil/saluer" in client.get("/recherche?q=enseigne").text


def test_neither_staff_pages_nor_receipts_tell_a_student(client: Client, doors: Doors) -> None:
    exam = Sitting(client, doors, EXAM).start()
    exam.hand_in()
    code = exam.attempt().receipt_code
    told = "".join(
        said(client.get(path)) for path in (f"/recus/{code}", f"{exam.path}/tardives", "/cours/problemes", "/personnes")
    )
    assert canaries_in(told) == set()
