"""Answers kept as they are written: appended, acknowledged once durable, never overwritten by an older page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import and_, insert, select
from sqlalchemy.orm import Session

from deust.adapters.files import StoredFile
from deust.domain import attempts, reading
from deust.domain.attempts import CurrentAnswer, Save, SaveOutcome
from deust.domain.errors import AttemptClosed, InvalidAnswer, NotFound, UnknownQuestion
from deust.domain.files import MOST_VOICE_BYTES_A_SECOND, VOICE, accepted_type, shown_name
from deust.domain.freezing import PaperQuestion, paper_question
from deust.domain.people import SignedIn
from deust.domain.questions import File, Json, Question, Voice
from deust.models.quizzes import Answer, AnswerEvent, AnswerFile, Attempt
from deust.queries.papers import asked_questions
from deust.services.marking import ACCEPTED, current_of, write_current


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


@dataclass(frozen=True, kw_only=True)
class Posted:
    """One question's part of a post: its fields, or its file already stored; `save` lacks only what was given."""

    key: str
    save: Save
    form: Mapping[str, Sequence[str]]
    file: StoredFile | None = None
    name: str = ""
    only_changes: bool = False


def save_answers(
    session: Session, *, learner: SignedIn, public_id: str, posted: Sequence[Posted], now: datetime
) -> Acknowledged:
    """Keep answers as they were posted, and say for each question what counts now.

    The same event sent twice is stored once. What arrives after the deadline and the grace is kept as late, and changes
    nothing until staff accept it. Refuses an answer that its question cannot have, and a question not of this attempt.
    """
    attempt = locked_attempt(session, learner, public_id)
    entries = {answer.key: entry_of(attempt, answer.key) for answer in posted}
    questions = asked_questions(session.connection(), entries.values())
    saved = {}
    for answer in posted:
        given = _given_of(session, attempt, questions[answer.key], entries[answer.key], answer, now)
        save = replace(answer.save, given=given)
        saved[answer.key] = keep_answer(
            session, attempt=attempt, key=answer.key, save=save, only_changes=answer.only_changes, now=now
        )
    return Acknowledged(answers=saved, deadline_at=attempt.deadline_at, is_over=_takes_no_more(attempt, now))


def _given_of(
    session: Session, attempt: Attempt, question: Question, entry: PaperQuestion, posted: Posted, now: datetime
) -> Json:
    if not isinstance(question.answer, Voice | File):
        return reading.read(question, entry.placement, posted.form)
    if posted.file is None:
        return None
    name = shown_name(posted.name)
    accept = VOICE if isinstance(question.answer, Voice) else question.answer.accept
    session.add(
        AnswerFile(
            id=posted.file.id,
            attempt_id=attempt.id,
            question_key=entry.key,
            name=name,
            media_type=accepted_type(name, posted.file.head, accept),
            size=posted.file.size,
            sha256=posted.file.sha256,
            received_at=now,
        )
    )
    return {"file": posted.file.id, "name": name, "size": posted.file.size, "sha256": posted.file.sha256}


def file_limit(session: Session, *, learner: SignedIn, public_id: str, key: str) -> int:
    """The largest file, in bytes, that a question of the learner's attempt takes."""
    attempt = session.scalar(
        select(Attempt).where(Attempt.public_id == public_id, Attempt.person_id == learner.person_id)
    )
    if attempt is None:
        raise NotFound
    entry = entry_of(attempt, key)
    answer = asked_questions(session.connection(), [entry])[key].answer
    if isinstance(answer, Voice):
        return answer.max_seconds * MOST_VOICE_BYTES_A_SECOND
    if isinstance(answer, File):
        return answer.max_bytes
    raise InvalidAnswer("file")


def keep_answer(
    session: Session, *, attempt: Attempt, key: str, save: Save, only_changes: bool = False, now: datetime
) -> Saved:
    """Append the save to the answer's events and derive the current answer, in the caller's transaction.

    With `only_changes`, the page was posted whole and by hand: what equals the current answer writes nothing, and each
    post of the page comes after the one before, also from a page that the browser took back out of its history.
    """
    row, repeated = _answer_and_event(session, attempt.id, key, save.event_id)
    current = current_of(row)
    if repeated is not None:
        return Saved(outcome=_answered(repeated), given=save.given, current=current)
    if only_changes:
        if save.given == current.given or (save.given is None and not save.clears):
            return Saved(outcome=SaveOutcome.KEPT, given=current.given, current=current)
        save = replace(save, sequence=current.clients.get(save.client, 0) + 1)
    outcome = attempts.outcome_of(save, current)
    if outcome is not SaveOutcome.SUPERSEDED and _takes_no_more(attempt, now):
        outcome = SaveOutcome.LATE
    if outcome is SaveOutcome.KEPT:
        current = attempts.after(save, current)
        write_current(session, row, attempt.id, key, current, now)
    _append_event(session, attempt.id, key, save, outcome, current.version, now)
    return Saved(outcome=outcome, given=save.given, current=current)


def _answered(stored: str) -> SaveOutcome:
    """What a repeated event is told: an accepted late answer was late when it came."""
    return SaveOutcome.LATE if stored == ACCEPTED else SaveOutcome(stored)


def _takes_no_more(attempt: Attempt, now: datetime) -> bool:
    return attempts.is_over(closed_at=attempt.closed_at, deadline_at=attempt.deadline_at, now=now)


def _answer_and_event(session: Session, attempt_id: int, key: str, event_id: str) -> tuple[Answer | None, str | None]:
    found = session.execute(
        select(Answer, AnswerEvent.outcome)
        .select_from(Attempt)
        .outerjoin(Answer, and_(Answer.attempt_id == Attempt.id, Answer.question_key == key))
        .outerjoin(AnswerEvent, and_(AnswerEvent.attempt_id == Attempt.id, AnswerEvent.event_id == event_id))
        .where(Attempt.id == attempt_id)
    ).one()
    return found[0], found[1]


def _append_event(
    session: Session, attempt_id: int, key: str, save: Save, outcome: SaveOutcome, version: int, now: datetime
) -> None:
    session.execute(
        insert(AnswerEvent).values(
            attempt_id=attempt_id,
            question_key=key,
            event_id=save.event_id,
            client=save.client,
            sequence=save.sequence,
            base_version=save.base_version,
            given=save.given,
            outcome=outcome.value,
            version=version,
            received_at=now,
        )
    )


def flag_question(
    session: Session, *, learner: SignedIn, public_id: str, key: str, is_flagged: bool, now: datetime
) -> None:
    """Mark a question to come back to, or unmark it; the answer is untouched."""
    attempt = locked_attempt(session, learner, public_id)
    entry_of(attempt, key)
    if _takes_no_more(attempt, now):
        raise AttemptClosed
    row = session.get(Answer, (attempt.id, key))
    if row is None:
        row = Answer(
            attempt_id=attempt.id, question_key=key, given=None, version=0, client="", clients={}, saved_at=now
        )
        session.add(row)
    row.is_flagged = is_flagged


def locked_attempt(session: Session, learner: SignedIn, public_id: str) -> Attempt:
    """The learner's own attempt, held until the end of the transaction; anyone else's does not exist."""
    attempt = session.scalar(
        select(Attempt).where(Attempt.public_id == public_id, Attempt.person_id == learner.person_id).with_for_update()
    )
    if attempt is None:
        raise NotFound
    return attempt


def entry_of(attempt: Attempt, key: str) -> PaperQuestion:
    """The question of this attempt that a key names. Refuses any other."""
    body = next((entry for entry in attempt.paper if entry["key"] == key), None)
    if body is None:
        raise UnknownQuestion
    return paper_question(body)
