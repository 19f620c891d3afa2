"""Answers kept as they are written: appended, acknowledged once durable, never overwritten by an older page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, null, select, union_all
from sqlalchemy.orm import Session

from deust.adapters.files import StoredFile
from deust.domain import attempts, reading
from deust.domain.attempts import NO_ANSWER, CurrentAnswer, Save, SaveOutcome
from deust.domain.documents import DocumentState
from deust.domain.errors import InvalidAnswer, NotFound, UnknownQuestion, answer_to
from deust.domain.files import MOST_VOICE_BYTES_A_SECOND, VOICE, accepted_type, has_pages, is_sound, shown_name
from deust.domain.freezing import PaperQuestion, paper_question
from deust.domain.people import SignedIn
from deust.domain.questions import File, Json, Voice
from deust.domain.sounds import SoundState
from deust.domain.uploads import Accepted, CountedBy, counted_by, ensure_room
from deust.models.quizzes import Answer, AnswerEvent, AnswerFile, Attempt, Document, Sound
from deust.models.rows import Among, RowsInsert, RowsTogether, among
from deust.queries.files import held_bytes, stored_already
from deust.queries.papers import asked_questions
from deust.services.marking import ACCEPTED, own_attempt

_OWN = Attempt.public_id == bindparam("public_id"), Attempt.person_id == bindparam("person_id")
_LOCKED = select(Attempt.id, Attempt.paper, Attempt.closed_at, Attempt.deadline_at).where(*_OWN).with_for_update()


def _kept(is_in: Among) -> Any:
    """The answers of these questions as they count now, and what became of these events if they came before."""
    current = select(
        Answer.question_key.label("name"),
        Answer.given,
        Answer.version,
        Answer.client,
        Answer.clients,
        null().label("outcome"),
    )
    before = select(AnswerEvent.event_id, null(), null(), null(), null(), AnswerEvent.outcome)
    return union_all(
        current.where(Answer.attempt_id == bindparam("attempt_id"), is_in(Answer.question_key, "keys")),
        before.where(AnswerEvent.attempt_id == bindparam("attempt_id"), is_in(AnswerEvent.event_id, "events")),
    )


_KEPT = among(_kept)
_REWRITTEN = ("given", "version", "client", "clients", "saved_at")

_ANSWERS = RowsInsert(
    Answer,
    ("attempt_id", "question_key", "given", "version", "client", "clients", "is_flagged", "saved_at"),
    lambda insertion: insertion.on_conflict_do_update(
        index_elements=[Answer.attempt_id, Answer.question_key],
        set_={column: insertion.excluded[column] for column in _REWRITTEN},
    ),
)
_EVENTS = RowsInsert(
    AnswerEvent,
    (
        "attempt_id",
        "question_key",
        "event_id",
        "client",
        "sequence",
        "base_version",
        "given",
        "outcome",
        "version",
        "received_at",
    ),
)
_BOTH = RowsTogether(_ANSWERS, _EVENTS)


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What the server did with what was `given`, once committed. `current` is the answer that counts now."""

    outcome: SaveOutcome
    given: Json
    current: CurrentAnswer


@dataclass(frozen=True, kw_only=True)
class Acknowledged:
    """What a post's sender is told for each question, and the deadline as the server holds it now."""

    answers: Mapping[str, Saved]
    deadline_at: datetime | None
    is_over: bool
    unneeded: Sequence[str] = ()
    """Stored files whose content the person had sent before: to be removed once this is committed."""


@dataclass(frozen=True, kw_only=True)
class Posted:
    """One question's part of a post: its fields, or its file already stored; `save` lacks only what was given.

    A file that came part by part says when it was begun: it may count by that moment.
    """

    key: str
    save: Save
    form: Mapping[str, Sequence[str]]
    file: StoredFile | None = None
    name: str = ""
    only_changes: bool = False
    begun_at: datetime | None = None


def save_answers(
    session: Session, *, learner: SignedIn, public_id: str, posted: Sequence[Posted], now: datetime
) -> Acknowledged:
    """Keep answers as they were posted, and say for each question what counts now.

    The same event sent twice is stored once. What arrives after the deadline and the grace is kept as late, and changes
    nothing until staff accept it. Refuses an answer that its question cannot have, and a question not of this attempt.
    However many questions are posted, the statements are the same.
    """
    connection = session.connection()
    attempt = connection.execute(_LOCKED, {"public_id": public_id, "person_id": learner.person_id}).first()
    if attempt is None:
        raise NotFound
    entries = {answer.key: _entry_of(attempt.paper, answer.key) for answer in posted}
    questions = asked_questions(connection, entries.values())
    batch = _batch(connection, attempt, posted, now)
    saved, unneeded = {}, list[str]()
    for answer in posted:
        question, entry = questions[answer.key], entries[answer.key]
        given: Json = None
        with answer_to(answer.key):
            if not isinstance(question.answer, Voice | File):
                given = reading.read(question, entry.placement, answer.form)
            elif answer.file is not None:
                row = _file_row(session, learner, attempt.id, _accepted(question.answer), answer, answer.file, now)
                given = {"file": row.id, "name": row.name, "size": row.size, "sha256": row.sha256}
                unneeded += [row.id] if row.stored_id != row.id else []
        saved[answer.key] = batch.take(answer, replace(answer.save, given=given))
    batch.write(connection)
    return Acknowledged(answers=saved, deadline_at=attempt.deadline_at, is_over=batch.is_over, unneeded=unneeded)


def _file_row(
    session: Session,
    learner: SignedIn,
    attempt_id: int,
    accepted: Accepted,
    posted: Posted,
    file: StoredFile,
    now: datetime,
) -> AnswerFile:
    """The row of a file, stored once however often the person sends it. Refuses a type that is not accepted."""
    name = shown_name(posted.name)
    media_type = accepted_type(name, file.head, accepted.endings)
    row = AnswerFile(
        id=file.id,
        attempt_id=attempt_id,
        question_key=posted.key,
        name=name,
        media_type=media_type,
        size=file.size,
        sha256=file.sha256,
        received_at=now,
        stored_id=stored_already(session.connection(), learner.person_id, file.sha256) or file.id,
    )
    session.add(row)
    if is_sound(media_type):
        session.add(Sound(file_id=file.id, state=SoundState.WAITING.value, peaks=[], next_try_at=now))
    if has_pages(media_type):
        session.add(Document(file_id=file.id, state=DocumentState.WAITING.value, next_try_at=now))
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


@dataclass(kw_only=True)
class _Batch:
    """The answers of one post: what they meet, and what they leave to write."""

    attempt_id: int
    deadline_at: datetime | None
    closed_at: datetime | None
    now: datetime
    current: dict[str, CurrentAnswer]
    outcomes: dict[str, SaveOutcome]
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return attempts.is_over(closed_at=self.closed_at, deadline_at=self.deadline_at, now=self.now)

    def take(self, posted: Posted, save: Save) -> Saved:
        """Append the save to the answer's events and derive the current answer.

        With `only_changes`, the page was posted whole and by hand: what equals the current answer writes nothing, and
        each post of the page comes after the one before, also from a page that the browser took out of its history.
        """
        key, current = posted.key, self.current.get(posted.key, NO_ANSWER)
        if save.event_id in self.outcomes:
            return Saved(outcome=self.outcomes[save.event_id], given=save.given, current=current)
        if posted.only_changes:
            if save.given == current.given or (save.given is None and not save.clears):
                return Saved(outcome=SaveOutcome.KEPT, given=current.given, current=current)
            save = replace(save, sequence=current.clients.get(save.client, 0) + 1)
        outcome = self._outcome(save, current, posted.begun_at or self.now)
        if outcome is SaveOutcome.KEPT:
            current = attempts.after(save, current)
            self.answers[key] = self._answer(key, current)
        self.events.append(self._event(key, save, outcome, current.version))
        self.current[key], self.outcomes[save.event_id] = current, outcome
        return Saved(outcome=outcome, given=save.given, current=current)

    def write(self, connection: Connection) -> None:
        if self.answers:
            _BOTH.write(connection, list(self.answers.values()), self.events)
        elif self.events:
            _EVENTS.write(connection, self.events)

    def _outcome(self, save: Save, current: CurrentAnswer, begun_at: datetime) -> SaveOutcome:
        outcome = attempts.outcome_of(save, current)
        by = counted_by(started_at=begun_at, deadline_at=self.deadline_at, closed_at=self.closed_at, now=self.now)
        return SaveOutcome.LATE if by is CountedBy.LATE and outcome is not SaveOutcome.SUPERSEDED else outcome

    def _answer(self, key: str, current: CurrentAnswer) -> dict[str, Any]:
        return {
            "attempt_id": self.attempt_id,
            "question_key": key,
            "given": current.given,
            "version": current.version,
            "client": current.client,
            "clients": dict(current.clients),
            "is_flagged": False,
            "saved_at": self.now,
        }

    def _event(self, key: str, save: Save, outcome: SaveOutcome, version: int) -> dict[str, Any]:
        return {
            "attempt_id": self.attempt_id,
            "question_key": key,
            "event_id": save.event_id,
            "client": save.client,
            "sequence": save.sequence,
            "base_version": save.base_version,
            "given": save.given,
            "outcome": outcome.value,
            "version": version,
            "received_at": self.now,
        }


def _batch(connection: Connection, attempt: Row[Any], posted: Sequence[Posted], now: datetime) -> _Batch:
    """What the answers posted meet: the current ones, and the events among them that came before."""
    values = {
        "attempt_id": attempt.id,
        "keys": [answer.key for answer in posted],
        "events": [answer.save.event_id for answer in posted],
    }
    rows = connection.execute(_KEPT[connection.dialect.name], values).all()
    return _Batch(
        attempt_id=attempt.id,
        deadline_at=attempt.deadline_at,
        closed_at=attempt.closed_at,
        now=now,
        current={
            row.name: CurrentAnswer(given=row.given, version=row.version, client=row.client, clients=row.clients)
            for row in rows
            if row.outcome is None
        },
        outcomes={row.name: _answered(row.outcome) for row in rows if row.outcome is not None},
    )


def _answered(stored: str) -> SaveOutcome:
    """What a repeated event is told: an accepted late answer was late when it came."""
    return SaveOutcome.LATE if stored == ACCEPTED else SaveOutcome(stored)


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
