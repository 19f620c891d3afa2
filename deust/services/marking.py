"""Closing and marking an attempt: one event, one grade; a correction is a new version."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from deust.domain import attempts, marking
from deust.domain.errors import NotFound
from deust.domain.freezing import paper_question
from deust.domain.learning import Assignment, Kind, Quiz
from deust.domain.people import SignedIn
from deust.domain.questions import Info, Json
from deust.domain.statistics import total
from deust.models.quizzes import Answer, Attempt, AttemptMarks
from deust.models.rows import Together, added, changed
from deust.queries.papers import asked_questions
from deust.services import copies, learning, records

BY_PERSON = "person"
BY_CLOCK = "clock"
ACCEPTED = "accepted"

_MINE = Attempt.person_id == bindparam("person_id"), Attempt.item_ref.in_(bindparam("refs", expanding=True))
_BEGUN = (
    select(Attempt.id, Attempt.public_id, Attempt.deadline_at, Attempt.closed_at).where(*_MINE).order_by(Attempt.number)
)
_TAKEN = _BEGUN.add_columns(Attempt.score, Attempt.out_of, Attempt.awaiting)
_HOLD_OPEN = select(Attempt.id).where(*_MINE, Attempt.closed_at.is_(None)).with_for_update()
_GIVEN = select(Answer.question_key, Answer.given).where(Answer.attempt_id == bindparam("attempt_id"))
_HELD = select(
    Attempt.id,
    Attempt.public_id,
    Attempt.person_id,
    Attempt.item_ref,
    Attempt.settings,
    Attempt.paper,
    Attempt.closes_at,
    Attempt.deadline_at,
    Attempt.closed_at,
    Attempt.out_of,
).with_for_update()
_HELD_BY_NAME = _HELD.where(Attempt.public_id == bindparam("public_id"))
_HELD_BY_ID = _HELD.where(Attempt.id == bindparam("attempt_id"))
_HOLD = (
    select(Attempt.id)
    .where(Attempt.id.in_(bindparam("attempt_ids", expanding=True)))
    .order_by(Attempt.id)
    .with_for_update()
)
_LAST_MARKS = (
    select(AttemptMarks.version, AttemptMarks.points)
    .where(AttemptMarks.attempt_id == bindparam("attempt_id"))
    .order_by(AttemptMarks.version.desc())
    .limit(1)
)
_OWN = _HELD_BY_NAME.where(Attempt.person_id == bindparam("person_id"))
_MARKED = added("marks", AttemptMarks, "attempt_id", "version", "points", "marker_id", "reason", "marked_at")
_CLOSING = Together(
    _MARKED,
    records.RECEIVED,
    changed("attempt", Attempt, "closed_at", "closed_by", "score", "awaiting", "receipt_code"),
    learning.QUIZ_PROGRESS,
    records.AUDITED,
)
_MARKING = Together(_MARKED, changed("attempt", Attempt, "score", "awaiting"), learning.QUIZ_PROGRESS)


@dataclass(frozen=True, kw_only=True)
class Held:
    """An attempt that nobody else can change before this transaction ends; `paper` as it is kept."""

    id: int
    public_id: str
    person_id: int
    item_ref: str
    settings: Mapping[str, Any]
    paper: Sequence[Mapping[str, Any]]
    closes_at: datetime | None
    deadline_at: datetime | None
    closed_at: datetime | None
    out_of: Fraction

    @property
    def is_assignment(self) -> bool:
        return self.settings.get("kind") == Kind.ASSIGNMENT.value


class Begun(NamedTuple):
    """An attempt without its paper: whether it is over, not what it was worth."""

    id: int
    public_id: str
    deadline_at: datetime | None
    closed_at: datetime | None


class Taken(NamedTuple):
    """An attempt without its paper, with its result."""

    id: int
    public_id: str
    deadline_at: datetime | None
    closed_at: datetime | None
    score: Fraction | None
    out_of: Fraction
    awaiting: int


def begun_attempts(session: Session, person_id: int, quiz: Quiz) -> Sequence[Begun]:
    """The person's attempts, oldest first."""
    rows = session.connection().execute(_BEGUN, {"person_id": person_id, "refs": quiz.refs}).all()
    return [Begun(*row) for row in rows]


def _attempts_of(session: Session, person_id: int, quiz: Quiz) -> Sequence[Taken]:
    """The person's attempts as they are kept, oldest first."""
    rows = session.connection().execute(_TAKEN, {"person_id": person_id, "refs": quiz.refs}).all()
    return [Taken(*row) for row in rows]


def lock_open_attempt(session: Session, person_id: int, quiz: Quiz) -> None:
    """Hold the open attempt, if any, before the progress is held: who closes takes them in this order too."""
    session.connection().execute(_HOLD_OPEN, {"person_id": person_id, "refs": quiz.refs})


def hold_attempts(session: Session, attempt_ids: Collection[int]) -> None:
    """Hold several attempts until the end of the transaction, always in the same order; copies are held before."""
    session.connection().execute(_HOLD, {"attempt_ids": sorted(attempt_ids)}).all()


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


def is_overdue(attempt: Held | Begun, now: datetime) -> bool:
    return attempt.deadline_at is not None and now > attempt.deadline_at + attempts.GRACE


def close_attempt(
    session: Session,
    attempt: Held,
    *,
    quiz: Quiz | None,
    by: str,
    now: datetime,
    declaration: Mapping[str, Any] | None = None,
) -> Held:
    """Close, mark, keep the result, make the receipt, write the audit line: one event, one grade.

    What a person must mark becomes a copy, with what the student declares about it.
    """
    answers = _given(session, attempt.id)
    points = _points(session, attempt, answers)
    score, awaiting = _summed(points)
    receipt = records.new_receipt(
        attempt_id=attempt.id,
        answers_hash=attempts.answers_hash(answers),
        answers_count=sum(given is not None for given in answers.values()),
        now=now,
    )
    closed_at = attempt.deadline_at if by == BY_CLOCK else now
    result = {"closed_at": closed_at, "score": score, "awaiting": awaiting}
    rows = {
        "marks": _marks(attempt.id, points, version=1, marker_id=None, reason="hand-in", now=now),
        "receipt": receipt,
        "attempt": {"id": attempt.id, "closed_by": by, "receipt_code": receipt["code"], **result},
        "audit": _closing_line(attempt, by, score, now),
    }
    if quiz is not None:
        acted_at = now if by == BY_PERSON else copies.last_save(session, attempt.id)
        rows["progress"] = _progress(session, attempt.person_id, quiz, now, {attempt.id: result}, acted_at)
    _CLOSING.write(session.connection(), rows)
    if awaiting:
        _open_copy(session, attempt, quiz, closed_at=closed_at or now, by=by, declaration=declaration or {})
    return replace(attempt, closed_at=closed_at)


def _closing_line(attempt: Held, by: str, score: Fraction, now: datetime) -> dict[str, Any]:
    return records.audit_line(
        at=now,
        actor_id=attempt.person_id if by == BY_PERSON else None,
        act="attempt:close",
        subject=f"attempt:{attempt.public_id}",
        by=by,
        score=str(score),
        out_of=str(attempt.out_of),
    )


def _given(session: Session, attempt_id: int) -> dict[str, Json]:
    rows = session.connection().execute(_GIVEN, {"attempt_id": attempt_id}).all()
    return {row.question_key: row.given for row in rows}


def _marks(
    attempt_id: int,
    points: Mapping[str, Fraction | None],
    *,
    version: int,
    marker_id: int | None,
    reason: str,
    now: datetime,
) -> dict[str, Any]:
    """The points of each question as a version of the marks; none where a person must mark."""
    return {
        "attempt_id": attempt_id,
        "version": version,
        "points": {key: None if earned is None else str(earned) for key, earned in points.items()},
        "marker_id": marker_id,
        "reason": reason[:200],
        "marked_at": now,
    }


def write_marks(
    session: Session,
    attempt_id: int,
    points: Mapping[str, Fraction | None],
    *,
    version: int,
    marker_id: int | None,
    reason: str,
    now: datetime,
) -> tuple[Fraction, int]:
    """Write a new version of the marks, and the score that is their sum; gives it, and how many a person still owes."""
    score, awaiting = _summed(points)
    rows = {
        "marks": _marks(attempt_id, points, version=version, marker_id=marker_id, reason=reason, now=now),
        "attempt": {"id": attempt_id, "score": score, "awaiting": awaiting},
    }
    _MARKING.write(session.connection(), rows)
    return score, awaiting


def _summed(points: Mapping[str, Fraction | None]) -> tuple[Fraction, int]:
    """The sum of the points, and how many a person still owes."""
    given = [earned for earned in points.values() if earned is not None]
    return total(given), len(points) - len(given)


def _points(session: Session, attempt: Held, answers: Mapping[str, Json]) -> dict[str, Fraction | None]:
    """By question key. An assignment is marked whole, under its first part, as soon as one part was given."""
    paper = [paper_question(entry) for entry in attempt.paper]
    if attempt.is_assignment:
        is_given = any(given is not None for given in answers.values())
        return {paper[0].key: None if is_given else Fraction(0)}
    questions = asked_questions(session.connection(), paper)
    return {
        entry.key: marking.points(question, marking.mark(question, answers.get(entry.key), entry.values))
        for entry, question in ((entry, questions[entry.key]) for entry in paper)
        if not isinstance(question.answer, Info)
    }


def keep_result(session: Session, person_id: int, quiz: Quiz, now: datetime) -> None:
    """Carry the results of the person's attempts, as they are kept, to their progress."""
    _MARKING.write(session.connection(), {"progress": _progress(session, person_id, quiz, now, {})})


def _progress(
    session: Session,
    person_id: int,
    quiz: Quiz,
    now: datetime,
    results: Mapping[int, Mapping[str, Any]],
    acted_at: datetime | None = None,
) -> dict[str, Any]:
    """What the attempts closed so far, oldest first, and the one still open make of the person's progress.

    `results` are those of this moment, by attempt: they are not written yet. `acted_at` is when the person did
    something that their progress does not tell yet, if they did.
    """
    row = learning.lock_item(session, person_id=person_id, item=quiz, now=now)
    taken = [past._replace(**results.get(past.id, {})) for past in _attempts_of(session, person_id, quiz)]
    return learning.quiz_closed(
        session,
        row,
        item=quiz,
        shares=[_share(past) for past in taken if past.closed_at is not None and not _waits(quiz, past)],
        used=len(taken),
        open_attempt=next((past.public_id for past in taken if past.closed_at is None), None),
        acted_at=acted_at,
        is_empty=isinstance(quiz, Assignment) and not any(past.awaiting or past.score for past in taken),
        now=now,
    )


def _waits(quiz: Quiz, attempt: Taken) -> bool:
    """Whether the result is not known yet: a person still owes points, unless a quiz is passed without them."""
    return attempt.awaiting > 0 and (isinstance(quiz, Assignment) or _share(attempt) < quiz.settings.pass_share)


def _share(attempt: Taken) -> Fraction:
    return attempt.score / attempt.out_of if attempt.score is not None and attempt.out_of else Fraction(0)


def keep_given_points(
    session: Session,
    attempt_id: int,
    *,
    points: Mapping[str, Fraction],
    marker_id: int | None,
    reason: str,
    quiz: Quiz | None,
    now: datetime,
) -> None:
    """Put the points that a person gave beside the others, as a new version of the marks, and carry the result."""
    attempt = _hold(session, _HELD_BY_ID, {"attempt_id": attempt_id})
    version, kept = _last_marks(session, attempt_id)
    kept = {**kept, **points}
    write_marks(session, attempt_id, kept, version=version + 1, marker_id=marker_id, reason=reason, now=now)
    if quiz is not None:
        keep_result(session, attempt.person_id, quiz, now)


def _last_marks(session: Session, attempt_id: int) -> tuple[int, dict[str, Fraction | None]]:
    """The number of the last version of the marks, and its points."""
    row = session.connection().execute(_LAST_MARKS, {"attempt_id": attempt_id}).one()
    return row.version, {key: None if points is None else Fraction(points) for key, points in row.points.items()}


def mark_again(
    session: Session, attempt: Held, *, changed: Collection[str], quiz: Quiz | None, reason: str, now: datetime
) -> None:
    """Mark the answers that changed, and keep the points of the others: a person's, or those of a corrected key."""
    version, before = _last_marks(session, attempt.id)
    points = _points(session, attempt, _given(session, attempt.id))
    if not attempt.is_assignment:
        points |= {key: before[key] for key in points.keys() - set(changed) if key in before}
    _, awaiting = write_marks(session, attempt.id, points, version=version + 1, marker_id=None, reason=reason, now=now)
    if quiz is not None:
        keep_result(session, attempt.person_id, quiz, now)
    if awaiting:
        _put_back(session, attempt, quiz, now)


def _put_back(session: Session, attempt: Held, quiz: Quiz | None, now: datetime) -> None:
    """What waits for a marker again is among the copies to mark; what was empty counts from what came after."""
    if not copies.reopen_copy(session, attempt.id):
        _open_copy(session, attempt, quiz, closed_at=attempt.closed_at or now, by=BY_CLOCK, declaration={})


def _open_copy(
    session: Session,
    attempt: Held,
    quiz: Quiz | None,
    *,
    closed_at: datetime,
    by: str,
    declaration: Mapping[str, Any],
) -> None:
    copies.open_copy(
        session,
        attempt_id=attempt.id,
        person_id=attempt.person_id,
        item_ref=attempt.item_ref,
        settings=attempt.settings,
        out_of=attempt.out_of,
        closes_at=attempt.closes_at,
        quiz=quiz,
        closed_at=closed_at,
        by_clock=by == BY_CLOCK,
        declaration=declaration,
    )
