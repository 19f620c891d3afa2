"""Answers kept as they are written: appended, acknowledged once durable, never overwritten by an older page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from deust.adapters.files import StoredFile
from deust.domain import attempts, reading
from deust.domain.documents import DocumentState
from deust.domain.errors import AnswerTo, InvalidAnswer, NotFound, UnknownQuestion
from deust.domain.files import MOST_VOICE_BYTES_A_SECOND, VOICE, accepted_type, has_pages, is_sound, shown_name
from deust.domain.freezing import PaperQuestion, paper_question
from deust.domain.people import SignedIn
from deust.domain.questions import File, Json, Question, Voice
from deust.domain.sounds import SoundState
from deust.domain.uploads import Accepted, ensure_room
from deust.models.quizzes import Answer, AnswerFile, Attempt, Document, Sound
from deust.queries.files import held_bytes, stored_already
from deust.queries.papers import asked_questions
from deust.services import answer_batches
from deust.services.answer_batches import Batch, Posted, Saved
from deust.services.marking import own_attempt


@dataclass(frozen=True, kw_only=True)
class Acknowledged:
    """What a post's sender is told for each question, and the deadline as the server holds it now."""

    answers: Mapping[str, Saved]
    deadline_at: datetime | None
    is_over: bool
    unneeded: Sequence[str] = ()
    """Stored files whose content the person had sent before: to be removed once this is committed."""


def save_answers(
    session: Session, *, learner: SignedIn, public_id: str, posted: Sequence[Posted], now: datetime
) -> Acknowledged:
    """Keep answers as they were posted, and say for each question what counts now.

    The same event sent twice is stored once. What arrives after the deadline and the grace is kept as late, and changes
    nothing until staff accept it. Refuses an answer that its question cannot have, a question not of this attempt, and
    an event sent again with another value.
    However many questions are posted, the statements are the same.
    """
    connection = session.connection()
    batch = answer_batches.held(connection, learner=learner, public_id=public_id, posted=posted, now=now)
    asked = _asked(connection, batch, posted)
    saved, unneeded = {}, list[str]()
    for answer in posted:
        question, entry = asked[answer.key]
        with AnswerTo(answer.key):
            given = _read(question, entry, answer)
            if answer.file is not None and isinstance(question.answer, Voice | File):
                row = _file_row(session, learner, batch, _accepted(question.answer), answer, answer.file)
                given = {"file": row.id, "name": row.name, "size": row.size, "sha256": row.sha256}
                unneeded += [row.id] if row.stored_id != row.id else []
            saved[answer.key] = batch.take(answer, answer.save._replace(given=given))
    batch.write(connection)
    return _acknowledged(batch, saved, unneeded)


def save_at_once(
    connection: Connection, *, learner: SignedIn, public_id: str, posted: Sequence[Posted], now: datetime
) -> Acknowledged | None:
    """The same, in one statement that is its own transaction, when nobody else touches the attempt meanwhile.

    None when the answers must be saved by `save_answers`: a file comes with them, one meets a newer answer or comes
    late, something moved since the attempt was read, or the server cannot write two tables in one statement.
    """
    if not answer_batches.can_write_at_once(connection) or any(answer.file is not None for answer in posted):
        return None
    batch = answer_batches.met(connection, learner=learner, public_id=public_id, posted=posted, now=now)
    asked = _asked(connection, batch, posted)
    saved = {}
    for answer in posted:
        with AnswerTo(answer.key):
            given = _read(*asked[answer.key], answer)
            saved[answer.key] = batch.take(answer, answer.save._replace(given=given))
    return _acknowledged(batch, saved) if batch.write_unless_moved(connection) else None


def _asked(
    connection: Connection, batch: Batch, posted: Sequence[Posted]
) -> Mapping[str, tuple[Question, PaperQuestion]]:
    """The questions posted, with their entries in the paper. Refuses a question that is not on it."""
    entries = {answer.key: _entry_of(batch.paper, answer.key) for answer in posted}
    questions = asked_questions(connection, entries.values())
    return {key: (questions[key], entry) for key, entry in entries.items()}


def _read(question: Question, entry: PaperQuestion, posted: Posted) -> Json:
    """What the fields say; nothing where a file is asked for."""
    if isinstance(question.answer, Voice | File):
        return None
    return reading.read(question, entry.placement, posted.form)


def _acknowledged(batch: Batch, saved: Mapping[str, Saved], unneeded: Sequence[str] = ()) -> Acknowledged:
    return Acknowledged(answers=saved, deadline_at=batch.deadline_at, is_over=batch.is_over, unneeded=unneeded)


def _file_row(
    session: Session, learner: SignedIn, batch: Batch, accepted: Accepted, posted: Posted, file: StoredFile
) -> AnswerFile:
    """The row of a file, stored once however often the person sends it. Refuses a type that is not accepted."""
    name = shown_name(posted.name)
    media_type = accepted_type(name, file.head, accepted.endings)
    row = AnswerFile(
        id=file.id,
        attempt_id=batch.attempt_id,
        question_key=posted.key,
        name=name,
        media_type=media_type,
        size=file.size,
        sha256=file.sha256,
        received_at=batch.now,
        stored_id=stored_already(session.connection(), learner.person_id, file.sha256) or file.id,
    )
    session.add(row)
    if is_sound(media_type):
        session.add(Sound(file_id=file.id, state=SoundState.WAITING.value, peaks=[], next_try_at=batch.now))
    if has_pages(media_type):
        session.add(Document(file_id=file.id, state=DocumentState.WAITING.value, next_try_at=batch.now))
    return row


def file_limit(session: Session, *, learner: SignedIn, public_id: str, key: str) -> int:
    """The largest file, in bytes, that a question of the learner's attempt takes. Refuses one who holds too much."""
    attempt = session.scalar(
        select(Attempt).where(Attempt.public_id == public_id, Attempt.person_id == learner.person_id)
    )
    if attempt is None:
        raise NotFound
    most = accepted_files(session, attempt.paper, key).max_bytes
    ensure_room(size=1, held_bytes=held_bytes(session.connection(), learner.person_id))
    return most


def accepted_files(session: Session, paper: Sequence[Mapping[str, Any]], key: str) -> Accepted:
    """What files a question of this paper takes. Refuses a question that takes none."""
    entry = _entry_of(paper, key)
    answer = asked_questions(session.connection(), [entry])[key].answer
    if not isinstance(answer, Voice | File):
        raise InvalidAnswer("file")
    return _accepted(answer)


def _accepted(answer: Voice | File) -> Accepted:
    if isinstance(answer, Voice):
        return Accepted(endings=VOICE, max_bytes=answer.max_seconds * MOST_VOICE_BYTES_A_SECOND)
    return Accepted(endings=answer.accept, max_bytes=answer.max_bytes)


def flag_question(
    session: Session, *, learner: SignedIn, public_id: str, key: str, is_flagged: bool, now: datetime
) -> None:
    """Mark a question to come back to, or unmark it; the answer is untouched."""
    attempt = own_attempt(session, learner, public_id)
    _entry_of(attempt.paper, key)
    attempts.ensure_open(closed_at=attempt.closed_at, deadline_at=attempt.deadline_at, now=now)
    row = session.get(Answer, (attempt.id, key))
    if row is None:
        row = Answer(
            attempt_id=attempt.id, question_key=key, given=None, version=0, client="", clients={}, saved_at=now
        )
        session.add(row)
    row.is_flagged = is_flagged


def _entry_of(paper: Sequence[Mapping[str, Any]], key: str) -> PaperQuestion:
    """The question of this paper that a key names. Refuses any other."""
    body = next((entry for entry in paper if entry["key"] == key), None)
    if body is None:
        raise UnknownQuestion
    return paper_question(body)
