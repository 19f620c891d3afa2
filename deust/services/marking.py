"""Closing and marking an attempt: one event, one grade; a correction is a new version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from deust.domain import attempts, marking
from deust.domain.attempts import NO_ANSWER, CurrentAnswer, Save, SaveOutcome
from deust.domain.errors import NotFound
from deust.domain.freezing import paper_question
from deust.domain.learning import Quiz
from deust.domain.people import SignedIn
from deust.domain.questions import Info, Json
from deust.models.quizzes import Answer, AnswerEvent, Attempt, AttemptMarks
from deust.queries.papers import asked_questions
from deust.services import learning, records

BY_PERSON = "person"
BY_CLOCK = "clock"
ACCEPTED = "accepted"

_MINE = Attempt.person_id == bindparam("person_id"), Attempt.item_ref.in_(bindparam("refs", expanding=True))
_TAKEN = (
    select(Attempt.id, Attempt.public_id, Attempt.deadline_at, Attempt.closed_at, Attempt.score, Attempt.out_of)
    .where(*_MINE)
    .order_by(Attempt.number)
)
_HOLD_OPEN = select(Attempt.id).where(*_MINE, Attempt.closed_at.is_(None)).with_for_update()
_GIVEN = select(Answer.question_key, Answer.given).where(Answer.attempt_id == bindparam("attempt_id"))
_INSERT_MARKS = insert(AttemptMarks)
_HELD = select(
    Attempt.id,
    Attempt.public_id,
    Attempt.person_id,
    Attempt.item_ref,
    Attempt.paper,
    Attempt.deadline_at,
    Attempt.closed_at,
    Attempt.out_of,
).with_for_update()
_HELD_BY_NAME = _HELD.where(Attempt.public_id == bindparam("public_id"))
_OWN = _HELD_BY_NAME.where(Attempt.person_id == bindparam("person_id"))
_UPDATE = update(Attempt).where(Attempt.id == bindparam("attempt_id"))
_CLOSE = _UPDATE.values(
    closed_at=bindparam("closed_at"),
    closed_by=bindparam("closed_by"),
    score=bindparam("score"),
    awaiting=bindparam("awaiting"),
    receipt_code=bindparam("receipt_code"),
)
_SCORE = _UPDATE.values(score=bindparam("score"), awaiting=bindparam("awaiting"))


@dataclass(frozen=True, kw_only=True)
class Held:
    """An attempt that nobody else can change before this transaction ends; `paper` as it is kept."""

    id: int
    public_id: str
    person_id: int
    item_ref: str
    paper: Sequence[Mapping[str, Any]]
    deadline_at: datetime | None
    closed_at: datetime | None
    out_of: Fraction


@dataclass(frozen=True, kw_only=True)
class Taken:
    """An attempt without its paper."""

    id: int
    public_id: str
    deadline_at: datetime | None
    closed_at: datetime | None
    score: Fraction | None
    out_of: Fraction


def attempts_of(session: Session, person_id: int, quiz: Quiz) -> Sequence[Taken]:
    """The person's attempts as they are kept, oldest first."""
    rows = session.connection().execute(_TAKEN, {"person_id": person_id, "refs": quiz.refs})
    return [Taken(**row._mapping) for row in rows]


def lock_open_attempt(session: Session, person_id: int, quiz: Quiz) -> None:
    """Hold the open attempt, if any, before the progress is held: who closes takes them in this order too."""
    session.connection().execute(_HOLD_OPEN, {"person_id": person_id, "refs": quiz.refs})


def own_attempt(session: Session, learner: SignedIn, public_id: str) -> Held:
    """The learner's own attempt, held until the end of the transaction; anyone else's does not exist."""
    return _hold(session, _OWN, {"public_id": public_id, "person_id": learner.person_id})


def any_attempt(session: Session, public_id: str) -> Held:
    """Anyone's attempt, held until the end of the transaction."""
    return _hold(session, _HELD_BY_NAME, {"public_id": public_id})


def _hold(session: Session, statement: Select[Any], names: Mapping[str, Any]) -> Held:
    row = session.connection().execute(statement, names).first()
    if row is None:
        raise NotFound
    return Held(**row._mapping)


def is_overdue(attempt: Held | Taken, now: datetime) -> bool:
    return attempt.deadline_at is not None and now > attempt.deadline_at + attempts.GRACE


def close_attempt(session: Session, attempt: Held, *, quiz: Quiz | None, by: str, now: datetime) -> Held:
    """Close, mark, keep the result, make the receipt, write the audit line: one event, one grade."""
    answers = _given(session, attempt.id)
    score, awaiting = _mark(session, attempt, answers, reason="hand-in", version=1, now=now)
    code = records.make_receipt(
        session,
        attempt_id=attempt.id,
        answers_hash=attempts.answers_hash(answers),
        answers_count=sum(given is not None for given in answers.values()),
        now=now,
    )
    closed_at = attempt.deadline_at if by == BY_CLOCK else now
    closing = {"closed_at": closed_at, "closed_by": by, "score": score, "awaiting": awaiting, "receipt_code": code}
    session.connection().execute(_CLOSE, {"attempt_id": attempt.id, **closing})
    if quiz is not None:
        _keep_result(session, attempt.person_id, quiz, now)
    records.audit(
        session,
        at=now,
        actor_id=attempt.person_id if by == BY_PERSON else None,
        act="attempt:close",
        subject=f"attempt:{attempt.public_id}",
        by=by,
        score=str(score),
        out_of=str(attempt.out_of),
    )
    return replace(attempt, closed_at=closed_at)


def _given(session: Session, attempt_id: int) -> dict[str, Json]:
    rows = session.connection().execute(_GIVEN, {"attempt_id": attempt_id})
    return {row.question_key: row.given for row in rows}


def _mark(
    session: Session, attempt: Held, answers: Mapping[str, Json], *, reason: str, version: int, now: datetime
) -> tuple[Fraction, int]:
    """Write the points of each question, none where a person must mark: gives their sum, and how many are awaited."""
    paper = [paper_question(entry) for entry in attempt.paper]
    questions = asked_questions(session.connection(), paper)
    points = {
        entry.key: marking.points(question, marking.mark(question, answers.get(entry.key), entry.values))
        for entry, question in ((entry, questions[entry.key]) for entry in paper)
        if not isinstance(question.answer, Info)
    }
    given = [earned for earned in points.values() if earned is not None]
    values = {
        "attempt_id": attempt.id,
        "version": version,
        "points": {key: None if earned is None else str(earned) for key, earned in points.items()},
        "reason": reason,
        "marked_at": now,
    }
    session.connection().execute(_INSERT_MARKS, [values])
    return sum(given, Fraction(0)), len(points) - len(given)


def _keep_result(session: Session, person_id: int, quiz: Quiz, now: datetime) -> None:
    """Carry the result to the person's progress: the attempts closed so far, oldest first, and the one still open."""
    row = learning.lock_item(session, person_id=person_id, item=quiz, now=now)
    taken = attempts_of(session, person_id, quiz)
    learning.quiz_closed(
        session,
        row,
        item=quiz,
        shares=[_share(past) for past in taken if past.closed_at is not None],
        open_attempt=next((past.public_id for past in taken if past.closed_at is None), None),
        now=now,
    )


def _share(attempt: Taken) -> Fraction:
    return attempt.score / attempt.out_of if attempt.score is not None and attempt.out_of else Fraction(0)


def current_of(row: Answer | None) -> CurrentAnswer:
    if row is None:
        return NO_ANSWER
    return CurrentAnswer(given=row.given, version=row.version, client=row.client, clients=row.clients)


def write_current(
    session: Session, row: Answer | None, attempt_id: int, key: str, current: CurrentAnswer, now: datetime
) -> None:
    if row is None:
        row = Answer(attempt_id=attempt_id, question_key=key)
        session.add(row)
    row.given, row.version, row.client = current.given, current.version, current.client
    row.clients, row.saved_at = dict(current.clients), now


def accept_late(
    session: Session, *, public_id: str, reviewer: SignedIn, quiz: Quiz | None, reason: str, now: datetime
) -> int:
    """Take the answers that came after the deadline: each becomes the one marked, with new marks and a trace.

    Gives how many answers changed. Marks already given stay readable under their version. An attempt whose time is over
    is closed first with what came in time; one that was given more time meanwhile is marked when it closes.
    """
    attempt = any_attempt(session, public_id)
    if attempt.closed_at is None and is_overdue(attempt, now):
        attempt = close_attempt(session, attempt, quiz=quiz, by=BY_CLOCK, now=now)
    late = session.scalars(
        select(AnswerEvent)
        .where(AnswerEvent.attempt_id == attempt.id, AnswerEvent.outcome == SaveOutcome.LATE.value)
        .order_by(AnswerEvent.id)
    ).all()
    taken = [event for event in late if _accept(session, attempt.id, event, now)]
    if not taken:
        return 0
    if attempt.closed_at is not None:
        _mark_again(session, attempt, quiz=quiz, reason=reason, now=now)
    records.audit(
        session,
        at=now,
        actor_id=reviewer.person_id,
        act="attempt:accept-late",
        subject=f"attempt:{attempt.public_id}",
        reason=reason,
        events=[event.event_id for event in taken],
    )
    return len({event.question_key for event in taken})


def _accept(session: Session, attempt_id: int, event: AnswerEvent, now: datetime) -> bool:
    """Make a late answer the current one, unless a newer one of the same tab, or something it would blank, is there."""
    row = session.get(Answer, (attempt_id, event.question_key))
    current = current_of(row)
    save = Save(
        event_id=event.event_id,
        client=event.client,
        sequence=event.sequence,
        base_version=event.base_version,
        given=event.given,
    )
    if attempts.outcome_of(save, current) is SaveOutcome.SUPERSEDED:
        event.outcome = SaveOutcome.SUPERSEDED.value
        return False
    write_current(session, row, attempt_id, event.question_key, attempts.after(save, current), now)
    session.flush()
    event.outcome = ACCEPTED
    return True


def _mark_again(session: Session, attempt: Held, *, quiz: Quiz | None, reason: str, now: datetime) -> None:
    version = session.scalar(select(func.max(AttemptMarks.version)).where(AttemptMarks.attempt_id == attempt.id))
    answers = _given(session, attempt.id)
    score, awaiting = _mark(session, attempt, answers, reason=reason[:200], version=(version or 0) + 1, now=now)
    session.connection().execute(_SCORE, {"attempt_id": attempt.id, "score": score, "awaiting": awaiting})
    if quiz is not None:
        _keep_result(session, attempt.person_id, quiz, now)
