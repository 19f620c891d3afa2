"""Files and uploads read for pages: in as many statements however many there are, and nobody else's."""

from __future__ import annotations

import secrets

import pytest
from flask import Flask
from sqlalchemy import null
from sqlalchemy.orm import Session

from deust.domain.documents import Picture
from deust.models.people import Person
from deust.models.quizzes import AnswerFile, Attempt, Document, Sound, Upload
from deust.models.transaction import reading, writing
from deust.queries.files import given_files, held_bytes, named_files, stored_already
from deust.queries.uploads import unfinished_uploads
from tests.support import factories
from tests.support.clock import NOW
from tests.support.statements import statements

pytestmark = pytest.mark.both


def add_file(session: Session, attempt: Attempt, size: int = 100, **fields: object) -> AnswerFile:
    usual = {"question_key": "voix", "name": "a.webm", "media_type": "audio/webm", "sha256": secrets.token_hex(32)}
    row = AnswerFile(
        **{"id": secrets.token_hex(16), "attempt_id": attempt.id, "size": size, "received_at": NOW, **usual, **fields}
    )
    session.add(row)
    session.flush()
    return row


def add_upload(session: Session, attempt: Attempt, state: str = "open", **fields: object) -> Upload:
    usual = {
        **{"public_id": secrets.token_hex(16), "person_id": attempt.person_id, "attempt_id": attempt.id},
        **{"question_key": "voix", "name": "a.webm"},
        **{"size": 1000, "beginning": "", "received": 250, "parts": [], "state": state},
        **{"started_at": NOW, "touched_at": NOW},
    }
    row = Upload(**{**usual, **fields})
    session.add(row)
    session.flush()
    return row


@pytest.fixture
def attempt(database: Flask) -> Attempt:
    with writing() as session:
        return factories.attempt(session, factories.student(session))


def owner(session: Session, attempt: Attempt) -> Person:
    return session.get_one(Person, attempt.person_id)


def test_the_files_of_an_attempt_take_one_statement(attempt: Attempt) -> None:
    with writing() as session:
        first = add_file(session, attempt)
        add_upload(session, attempt, "done", file_id=first.id, counted_by="start", finished_at=NOW)
        session.add(Sound(file_id=first.id, state="ready", duration_ms=61_500, peaks=[0, 100], next_try_at=NOW))
    with reading() as connection, statements() as once:
        found = given_files(connection, attempt.id)
    sound = found[first.id].sound
    assert sound is not None
    assert (sound.seconds, sound.peaks, found[first.id].counted_by) == (62, (0, 100), "start")
    with writing() as session:
        for _ in range(5):
            row = add_file(session, attempt, stored_id=null())
            session.add(Sound(file_id=row.id, state="deleted", peaks=[], next_try_at=NOW))
        session.add(Document(file_id=row.id, state="ready", page_count=9, pictures=[[0, 5, 3, 4]], next_try_at=NOW))
    with reading() as connection, statements() as again:
        many = given_files(connection, attempt.id)
    assert (len(many), [file.is_kept for file in many.values()].count(True)) == (6, 1)
    assert len(once) == len(again) == 1
    document = many[row.id].document
    assert document is not None
    assert (document.count, document.pictures) == (9, (Picture(start=0, size=5, width=3, height=4),))


def test_what_a_person_holds_counts_each_content_once_and_what_is_announced(attempt: Attempt) -> None:
    with writing() as session:
        who = owner(session, attempt)
        other = factories.attempt(session, who, item_ref="ec101-accueil/autre")
        kept = add_file(session, attempt, 100)
        add_file(session, other, 100, stored_id=kept.id)
        add_file(session, other, 70, stored_id=null())
        add_upload(session, attempt)
        add_upload(session, other, "refused")
        add_file(session, factories.attempt(session, factories.student(session)), 5000)
    with reading() as connection:
        assert held_bytes(connection, attempt.person_id) == 100 + 1000


def test_the_same_content_is_found_for_the_same_person_only(attempt: Attempt) -> None:
    with writing() as session:
        kept = add_file(session, attempt)
        gone = add_file(session, attempt, stored_id=null())
        stranger = factories.student(session)
    with writing() as session:
        connection = session.connection()
        assert stored_already(connection, attempt.person_id, kept.sha256) == kept.id
        assert stored_already(connection, attempt.person_id, gone.sha256) is None
        assert stored_already(connection, stranger.id, kept.sha256) is None


def test_a_file_is_named_by_an_answer_a_sound_a_document_or_an_upload_on_its_way(attempt: Attempt) -> None:
    with writing() as session:
        kept = add_file(session, attempt)
        session.add(Sound(file_id=kept.id, state="ready", peaks=[], converted_id="sound", next_try_at=NOW))
        session.add(Document(file_id=kept.id, state="ready", drawn_id="drawn", next_try_at=NOW))
        add_upload(session, attempt, parts=[["part", 250]])
        add_upload(session, attempt, "refused", parts=[["left", 250]])
    named = {kept.id, "sound", "drawn", "part"}
    with reading() as connection:
        assert named_files(connection, [*named, "left", "orphan"]) == named


def test_a_page_is_told_of_the_last_file_cut_for_each_question(attempt: Attempt) -> None:
    with writing() as session:
        add_upload(session, attempt, received=333, name="b.webm")
        add_upload(session, attempt, "done", question_key="fichier")
    with reading() as connection, statements() as made:
        assert unfinished_uploads(connection, attempt.id, []) == {}
        assert made == []
        cut = unfinished_uploads(connection, attempt.id, ["voix", "fichier"])
    assert {key: (one.name, one.percent) for key, one in cut.items()} == {"voix": ("b.webm", 33)}
