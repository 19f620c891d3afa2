"""The disk is full, the database refuses to write or has no connection left: said plainly, nothing half written."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest
from flask import Flask
from sqlalchemy import Engine, event, func, select, text
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from deust.adapters.files import FolderStore, StoredFile
from deust.domain.access import Role
from deust.models.people import Person
from deust.models.quizzes import AnswerEvent, AnswerFile, Attempt, AttemptMarks
from deust.models.records import AuditEvent, Receipt
from deust.models.transaction import engines
from tests.conftest import Doors
from tests.support.clients import Client
from tests.support.sittings import EXAM, Sitting

ClientOf = Callable[[Person | Role], Client]
FILLING = "é" * 20_000


@contextmanager
def every_connection(app: Flask, pragma: str) -> Iterator[None]:
    """Each connection of the application is new and has this setting; afterwards, new again without it."""

    def apply(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA {pragma}").close()  # type: ignore[attr-defined]

    behind = engines_of(app)
    for engine in behind:
        engine.dispose()
        event.listen(engine, "connect", apply)
    try:
        yield
    finally:
        for engine in behind:
            event.remove(engine, "connect", apply)
            engine.dispose()


def engines_of(app: Flask) -> tuple[Engine, ...]:
    with app.app_context():
        return engines()


@contextmanager
def full_disk(app: Flask, doors: Doors) -> Iterator[None]:
    """The database has no free page and cannot grow by one."""
    with doors.reading() as connection:
        connection.execute(text("VACUUM"))
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    with every_connection(app, f"max_page_count = {pages}"):
        yield


def count(doors: Doors, table: type) -> int:
    with doors.reading() as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def is_said(response: TestResponse) -> bool:
    """The page or the script is told that nothing was kept, and that it must keep what it holds."""
    if response.is_json:
        assert response.get_json()["error"] == "Unavailable"
        return response.status_code == 503 and "pu être enregistré" in response.get_json()["message"]
    words = ("pu être enregistré", "Ce qui était déjà enregistré est gardé", "Gardez cette page ouverte")
    return response.status_code == 503 and all(one in response.text for one in words)


@pytest.mark.case("QZ-26")
def test_a_save_on_a_full_disk_is_refused_and_what_was_acknowledged_stays(
    app: Flask, doors: Doors, student: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """By the script and by the page, until the last byte; then space returns and the same save is kept, once."""
    sitting = Sitting(student, doors).start()
    acknowledged = []
    with full_disk(app, doors):
        for number in range(1, 30):
            response = sitting.save("e-texte", f"{FILLING}{number}", sequence=number, event=f"event {number}")
            if response.status_code != 200:
                break
            acknowledged.append(number)
        assert is_said(response)
        by_page = sitting.form("e-texte").press(
            student, "go", "next", **sitting.fields("e-texte", f"{FILLING} par la page")
        )
        assert is_said(by_page)
        assert "database or disk is full" in caplog.text, "nobody is alarmed"
        assert student.get(f"{sitting.path}/relecture").status_code == 200, "reading still works"
        assert [outcome for _, outcome in sitting.events()] == ["kept"] * len(acknowledged)
        if acknowledged:
            assert sitting.kept()["e-texte"] == f"{FILLING}{acknowledged[-1]}"
    again = sitting.save("e-texte", f"{FILLING}{number}", sequence=number, event=f"event {number}")
    assert sitting.outcome(again, "e-texte") == "kept"
    assert sitting.kept()["e-texte"] == f"{FILLING}{number}"
    assert len(sitting.events()) == len(acknowledged) + 1


@pytest.mark.slow
@pytest.mark.case("QZ-26")
def test_starting_and_handing_in_on_a_full_disk_are_whole_or_not_at_all(
    app: Flask, doors: Doors, client_of: ClientOf
) -> None:
    """Student after student until there is no room: no attempt without its progress, no mark without its receipt."""
    sittings = [Sitting(client_of(Role.STUDENT), doors, EXAM) for _ in range(36)]
    ready, others = sittings[:24], sittings[24:]
    for sitting in ready:
        sitting.start()
        sitting.save("x-duree", "10")
    before = count(doors, Attempt)
    with full_disk(app, doors):
        starts = [sitting.client.submit(f"{sitting.home}/essais") for sitting in others]
        hand_ins = [sitting.hand_in() for sitting in ready]
        started, closed = (sum(one.status_code == 303 for one in answers) for answers in (starts, hand_ins))
        assert started < len(others), "the disk was not full"
        assert closed < len(ready), "the disk was not full"
        assert all(is_said(one) for one in (*starts, *hand_ins) if one.status_code != 303)
        assert count(doors, Attempt) == before + started
        assert (count(doors, Receipt), count(doors, AttemptMarks)) == (closed, closed)
        assert count(doors, AuditEvent) == before + started + closed + completed(doors)
        assert sum(sitting.attempt().closed_at is not None for sitting in ready) == closed
    for sitting in ready:
        assert sitting.hand_in().status_code == 303
        assert sitting.attempt().score == 1
    for sitting in others:
        assert sitting.start().attempt().number == 1
    assert (count(doors, Receipt), count(doors, Attempt)) == (24, 36)


def completed(doors: Doors) -> int:
    with doors.reading() as connection:
        done = select(func.count()).where(AuditEvent.act == "item:complete")
        return int(connection.scalar(done) or 0)


class FullDisk(FolderStore):
    """A file store on a device without room: the system itself refuses."""

    def _write(self, stream: BinaryIO, partial: Path, file_id: str, max_bytes: int) -> StoredFile:
        return super()._write(stream, Path("/dev/full"), file_id, max_bytes)


@pytest.mark.case("QZ-26")
def test_a_file_on_a_full_disk_is_refused_and_leaves_nothing(app: Flask, doors: Doors, student: Client) -> None:
    sitting = Sitting(student, doors).start()
    tools, files_dir = app.extensions["deust"], app.config["DEUST"].files_dir
    field = f"{sitting.key('e-fichier')}-answer"

    def upload() -> TestResponse:
        return sitting.post("e-fichier", {field: FileStorage(io.BytesIO(b"%PDF-1.4 une fiche"), "fiche.pdf")})

    app.extensions["deust"] = replace(tools, files=FullDisk(files_dir))
    by_page = sitting.form("e-fichier").send(
        student, {field: FileStorage(io.BytesIO(b"%PDF-1.4 une fiche"), "fiche.pdf"), "go": "review"}
    )
    assert is_said(upload())
    assert is_said(by_page)
    assert (count(doors, AnswerFile), count(doors, AnswerEvent), list(files_dir.iterdir())) == (0, 0, [])
    app.extensions["deust"] = tools
    assert sitting.outcome(upload(), "e-fichier") == "kept"
    assert len(list(files_dir.iterdir())) == 1


@pytest.mark.case("QZ-27")
def test_a_database_that_only_reads_refuses_every_act_and_then_takes_the_replay_in_order(
    app: Flask, doors: Doors, student: Client
) -> None:
    sitting = Sitting(student, doors).start()
    sitting.save("e-courte", "avant", sequence=1)
    with every_connection(app, "query_only = ON"):
        assert is_said(sitting.save("e-courte", "pendant", sequence=2, event="two"))
        assert is_said(sitting.hand_in())
        assert is_said(student.submit("/modules/ec101-accueil/examen/essais"))
        assert student.get(f"{sitting.path}/questions/5").status_code == 200
        assert sitting.kept() == {"e-courte": "avant"}
    for sequence, event_id, words in ((2, "two", "pendant"), (3, "three", "après")):
        assert sitting.outcome(sitting.save("e-courte", words, sequence=sequence, event=event_id), "e-courte") == "kept"
    assert [given for given, _ in sitting.events()] == ["avant", "pendant", "après"]


def test_when_every_connection_is_taken_the_page_says_so(
    app: Flask, student: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as taken:
        for engine in engines_of(app):
            pool = engine.pool
            monkeypatch.setattr(pool, "_timeout", 0.05)
            for _ in range(pool.size() + pool._max_overflow):  # type: ignore[attr-defined]
                taken.enter_context(engine.connect())
        assert is_said(student.get("/aujourdhui"))
    assert student.get("/aujourdhui").status_code == 200
