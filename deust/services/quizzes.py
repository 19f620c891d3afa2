"""Attempts: started once, saved as they are written, closed by a decision or by the clock."""

from __future__ import annotations

import random
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from deust.domain import attempts, calculated, presenting, reading
from deust.domain.attempts import CurrentAnswer, Save, SaveOutcome
from deust.domain.errors import AttemptClosed, NotFound, UnknownQuestion
from deust.domain.freezing import (
    PaperQuestion,
    content_hash,
    frozen,
    frozen_settings,
    paper_question,
    thawed_settings,
)
from deust.domain.learning import Quiz
from deust.domain.people import Arrangement, Dates, SignedIn
from deust.domain.progress import dates_of
from deust.domain.questions import Info, Question
from deust.models.people import Accommodation, ItemDates, Person
from deust.models.quizzes import Answer, AnswerEvent, Attempt, FrozenQuestion
from deust.queries.papers import asked_questions, remember
from deust.services import learning, records
from deust.services.marking import (
    BY_CLOCK,
    BY_PERSON,
    attempts_of,
    close_attempt,
    current_of,
    is_overdue,
    write_current,
)


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What the server did with a save, once committed. `current` is the answer that counts now."""

    outcome: SaveOutcome
    current: CurrentAnswer
    deadline_at: datetime | None


def start_attempt(session: Session, *, learner: SignedIn, quiz: Quiz, rng: random.Random, now: datetime) -> str:
    """Create the attempt with its deadline and its frozen paper, and give its public id.

    An attempt already open is the one given back: two starts at once make one. Refuses before the opening, after the
    closing, and past the attempts allowed, counted here whatever the device.
    """
    learning.lock_item(session, person_id=learner.person_id, item=quiz, now=now)
    past = attempts_of(session, learner.person_id, quiz)
    running = next((attempt for attempt in past if attempt.closed_at is None), None)
    if running is not None and not is_overdue(running, now):
        return running.public_id
    if running is not None:
        close_attempt(session, running, quiz=quiz, by=BY_CLOCK, now=now)
    dates, arrangement = granted(session, learner=learner, quiz=quiz)
    attempts.ensure_may_start(settings=quiz.settings, used=len(past), dates=dates, now=now)
    attempt = _new_attempt(session, learner, quiz, past, dates, arrangement, rng, now)
    learning.quiz_started(session, person_id=learner.person_id, item=quiz, attempt_public_id=attempt.public_id, now=now)
    records.audit(
        session,
        at=now,
        actor_id=learner.person_id,
        act="attempt:start",
        subject=f"attempt:{attempt.public_id}",
        item=quiz.ref,
        number=attempt.number,
    )
    return attempt.public_id


def _new_attempt(
    session: Session,
    learner: SignedIn,
    quiz: Quiz,
    past: Sequence[Attempt],
    dates: Dates,
    arrangement: Arrangement,
    rng: random.Random,
    now: datetime,
) -> Attempt:
    seen = Counter(entry["id"] for attempt in past for entry in attempt.paper)
    chosen = attempts.draw_questions(quiz.questions, quiz.settings, seen=seen, rng=rng)
    paper = _freeze(session, chosen, shuffle_options=quiz.settings.shuffle_options, rng=rng)
    deadline = attempts.deadline(
        started_at=now,
        limit_seconds=quiz.settings.time_seconds,
        closes_at=dates.closes_at,
        arrangement=arrangement,
    )
    attempt = Attempt(
        public_id=secrets.token_hex(16),
        person_id=learner.person_id,
        item_ref=quiz.ref,
        number=len(past) + 1,
        item_version=quiz.version,
        settings=frozen_settings(quiz.settings, title=quiz.title),
        paper=[entry.to_json() for entry in paper],
        started_at=now,
        time_seconds=deadline.time_seconds,
        closes_at=dates.closes_at,
        deadline_at=deadline.at,
        out_of=sum((question.points for question in chosen if not isinstance(question.answer, Info)), Fraction(0)),
    )
    session.add(attempt)
    session.flush()
    return attempt


def _freeze(
    session: Session, questions: Iterable[Question], *, shuffle_options: bool, rng: random.Random
) -> list[PaperQuestion]:
    """Write the questions under their hashes, unless they are there, and lay out the paper."""
    bodies: dict[str, dict[str, Any]] = {}
    asked: dict[str, Question] = {}
    paper = []
    for question in questions:
        body = frozen(question)
        hash_ = content_hash(body)
        bodies[hash_], asked[hash_] = body, question
        paper.append(
            PaperQuestion(
                key=secrets.token_hex(4),
                hash=hash_,
                id=question.id,
                placement=presenting.place(question, rng, shuffle_options),
                values=calculated.draw(question.variables, rng),
            )
        )
    _insert_new(session, [{"hash": hash_, "body": body} for hash_, body in bodies.items()])
    remember(asked.items())
    return paper


def _insert_new(session: Session, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(FrozenQuestion).on_conflict_do_nothing(), rows)


def granted(session: Session, *, learner: SignedIn, quiz: Quiz) -> tuple[Dates, Arrangement]:
    """The quiz's dates and the extra time of this person, in one statement."""
    refs = [quiz.ref, *(f"{quiz.module}/{alias}" for alias in quiz.aliases)]
    cohort_id = learner.enrolled.cohort_id if learner.enrolled else None
    rows = session.execute(
        select(
            Accommodation.time_multiplier,
            Accommodation.extra_minutes,
            ItemDates.person_id,
            ItemDates.opens_at,
            ItemDates.due_at,
            ItemDates.closes_at,
        )
        .select_from(Person)
        .outerjoin(Accommodation, Accommodation.person_id == Person.id)
        .outerjoin(
            ItemDates,
            and_(
                ItemDates.item_ref.in_(refs),
                or_(ItemDates.person_id == Person.id, ItemDates.cohort_id == cohort_id),
            ),
        )
        .where(Person.id == learner.person_id)
    ).all()
    moved = {
        row.person_id is not None: Dates(opens_at=row.opens_at, due_at=row.due_at, closes_at=row.closes_at)
        for row in rows
        if row.opens_at or row.due_at or row.closes_at
    }
    calendar = learner.enrolled.calendar if learner.enrolled else None
    first = rows[0]
    arrangement = Arrangement(
        time_multiplier=first.time_multiplier or Fraction(1), extra_minutes=first.extra_minutes or 0
    )
    return dates_of(quiz, calendar, moved.get(False), moved.get(True)), arrangement


def _locked(session: Session, learner: SignedIn, public_id: str) -> Attempt:
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


def save_answer(
    session: Session,
    *,
    learner: SignedIn,
    public_id: str,
    key: str,
    form: Mapping[str, Sequence[str]],
    event_id: str,
    client: str,
    sequence: int,
    base_version: int,
    clears: bool,
    now: datetime,
) -> Saved:
    """Keep one answer as it was posted, and say what counts now.

    The same event sent twice is stored once. What arrives after the deadline and the grace is kept as late, and changes
    nothing until staff accept it. Refuses an answer that its question cannot have.
    """
    attempt = _locked(session, learner, public_id)
    entry = entry_of(attempt, key)
    question = asked_questions(session.connection(), [entry])[key]
    save = Save(
        event_id=event_id,
        client=client,
        sequence=sequence,
        base_version=base_version,
        given=reading.read(question, entry.placement, form),
        clears=clears,
    )
    return keep_answer(session, attempt=attempt, key=key, save=save, now=now)


def keep_answer(session: Session, *, attempt: Attempt, key: str, save: Save, now: datetime) -> Saved:
    """Append the save to the answer's events and derive the current answer, in the caller's transaction."""
    row, repeated = _answer_and_event(session, attempt.id, key, save.event_id)
    current = current_of(row)
    if repeated is not None:
        return Saved(outcome=SaveOutcome(repeated), current=current, deadline_at=attempt.deadline_at)
    outcome = attempts.outcome_of(save, current)
    if _takes_no_more(attempt, now):
        outcome = SaveOutcome.LATE
    if outcome is SaveOutcome.KEPT:
        current = attempts.after(save, current)
        write_current(session, row, attempt.id, key, current, now)
    _append_event(session, attempt.id, key, save, outcome, current.version, now)
    return Saved(outcome=outcome, current=current, deadline_at=attempt.deadline_at)


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
    attempt = _locked(session, learner, public_id)
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


def hand_in(session: Session, *, learner: SignedIn, public_id: str, quiz: Quiz | None, now: datetime) -> None:
    """Close the learner's attempt with what is saved, and mark it. Handing in twice changes nothing."""
    attempt = _locked(session, learner, public_id)
    if attempt.closed_at is not None:
        return
    close_attempt(session, attempt, quiz=quiz, by=BY_CLOCK if is_overdue(attempt, now) else BY_PERSON, now=now)


def close_if_overdue(session: Session, *, public_id: str, quiz: Quiz | None, now: datetime) -> bool:
    """Close one attempt whose time is over, with its last acknowledged answers; false if someone else already did."""
    attempt = session.scalar(select(Attempt).where(Attempt.public_id == public_id).with_for_update())
    if attempt is None or attempt.closed_at is not None or not is_overdue(attempt, now):
        return False
    close_attempt(session, attempt, quiz=quiz, by=BY_CLOCK, now=now)
    return True


def move_deadlines(session: Session, *, person_id: int, now: datetime) -> int:
    """Recompute the deadlines of a person's open attempts after an arrangement changed; gives how many moved."""
    arrangement = _arrangement(session, person_id)
    moved = 0
    open_attempts = session.scalars(
        select(Attempt).where(Attempt.person_id == person_id, Attempt.closed_at.is_(None)).with_for_update()
    )
    for attempt in open_attempts:
        settings = thawed_settings(attempt.settings)
        deadline = attempts.deadline(
            started_at=attempt.started_at,
            limit_seconds=settings.time_seconds,
            closes_at=attempt.closes_at,
            arrangement=arrangement,
        )
        if deadline.at != attempt.deadline_at:
            attempt.deadline_at, attempt.time_seconds = deadline.at, deadline.time_seconds
            moved += 1
            records.audit(
                session,
                at=now,
                actor_id=None,
                act="attempt:deadline",
                subject=f"attempt:{attempt.public_id}",
                deadline_at=deadline.at.isoformat() if deadline.at else None,
            )
    return moved


def _arrangement(session: Session, person_id: int) -> Arrangement:
    row = session.get(Accommodation, person_id)
    if row is None:
        return Arrangement()
    return Arrangement(time_multiplier=row.time_multiplier, extra_minutes=row.extra_minutes)


def move_closing(
    session: Session, *, quiz: Quiz, person_ids: Sequence[int], closes_at: datetime | None, now: datetime
) -> int:
    """Move the closing date of the open attempts of one quiz, then their deadlines."""
    session.execute(
        update(Attempt)
        .where(Attempt.item_ref == quiz.ref, Attempt.person_id.in_(person_ids), Attempt.closed_at.is_(None))
        .values(closes_at=closes_at)
    )
    return sum(move_deadlines(session, person_id=person_id, now=now) for person_id in person_ids)
