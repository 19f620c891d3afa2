"""The closed attempts at a quiz of the students that a reviewer follows, with their marks and answers."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, String, and_, bindparam, cast, false, func, select, true

from deust.domain.access import Permission, Role, may
from deust.domain.attempts import SaveOutcome
from deust.domain.freezing import PaperQuestion
from deust.domain.learning import Quiz
from deust.domain.people import SignedIn
from deust.domain.presenting import Placement
from deust.domain.questions import Json, Question
from deust.models.people import Cohort, Enrolment, Group, Person, Tutoring
from deust.models.quizzes import Answer, AnswerEvent, Attempt, AttemptMarks
from deust.queries.papers import asked_questions

Key = tuple[int, str]
"""A question of an attempt: the attempt's id and the question's key in it."""

_UNCOUNTED = (SaveOutcome.LATE.value, SaveOutcome.SUPERSEDED.value)
"""What came too late, or was overtaken, changed no answer."""

ATTEMPT_IDS = bindparam("attempt_ids", expanding=True)

_ATTEMPTS = select(
    Attempt.id,
    Attempt.public_id,
    Attempt.person_id,
    Attempt.number,
    Attempt.score,
    Attempt.out_of,
    Attempt.awaiting,
    Attempt.settings,
    Attempt.paper,
    Attempt.started_at,
    Person.given_name,
    Person.family_name,
    Group.id.label("group_id"),
    Group.name.label("group_name"),
    Cohort.title.label("cohort_title"),
).order_by(Attempt.id, Enrolment.started_on, Enrolment.id)
_MARKS = (
    select(AttemptMarks.attempt_id, AttemptMarks.version, AttemptMarks.points)
    .where(AttemptMarks.attempt_id.in_(ATTEMPT_IDS))
    .order_by(AttemptMarks.attempt_id, AttemptMarks.version)
)
_ANSWERS = select(Answer.attempt_id, Answer.question_key, cast(Answer.given, String).label("given")).where(
    Answer.attempt_id.in_(ATTEMPT_IDS)
)
_SPANS = (
    select(
        AnswerEvent.attempt_id,
        AnswerEvent.question_key,
        func.min(AnswerEvent.received_at).label("first"),
        func.max(AnswerEvent.received_at).label("last"),
    )
    .where(AnswerEvent.attempt_id.in_(ATTEMPT_IDS), AnswerEvent.outcome.not_in(_UNCOUNTED))
    .group_by(AnswerEvent.attempt_id, AnswerEvent.question_key)
    .having(func.count() > 1)
    .subquery("spans")
)
_TIMED_ANSWERS = _ANSWERS.add_columns(_SPANS.c.first, _SPANS.c.last).outerjoin(
    _SPANS,
    and_(_SPANS.c.attempt_id == Answer.attempt_id, _SPANS.c.question_key == Answer.question_key),
)

_exact = lru_cache(maxsize=4_096)(Fraction)
_short_json = lru_cache(maxsize=4_096)(json.loads)
_SHORT = 200


@dataclass(frozen=True, kw_only=True)
class Work:
    """What was answered and earned in some attempts: latest points by attempt, answers, their marks' latest version.

    `seconds` are those between the first and the last save that counted, where there were several, when asked for.
    """

    points: Mapping[int, Mapping[str, Fraction | None]]
    versions: Mapping[int, int]
    answers: Mapping[Key, Json]
    seconds: Mapping[Key, int] = field(default_factory=dict)


def in_scope(reviewer: SignedIn, quiz: Quiz, attempts: Select[Any]) -> Select[Any]:
    """Closed attempts at the quiz of students whom the reviewer follows now; an administrator follows everyone.

    `attempts` may read the student's place (Enrolment, Group, Cohort): for a tutor, that in a group of theirs.
    """
    closed = attempts.select_from(Attempt).join(Person, Person.id == Attempt.person_id)
    closed = closed.where(Attempt.item_ref.in_(quiz.refs), Attempt.closed_at.is_not(None))
    is_present = and_(Enrolment.person_id == Attempt.person_id, Enrolment.ended_on.is_(None))
    if reviewer.role is Role.ADMIN:
        placed = closed.outerjoin(Enrolment, is_present).outerjoin(Group, Group.id == Enrolment.group_id)
        return placed.outerjoin(Cohort, Cohort.id == Group.cohort_id)
    placed = closed.join(Enrolment, is_present).join(Group, Group.id == Enrolment.group_id)
    placed = placed.join(Cohort, Cohort.id == Group.cohort_id).join(Tutoring, Tutoring.group_id == Group.id)
    reviews = true() if may(reviewer.role, Permission.ATTEMPT_REVIEW) else false()
    return placed.where(Tutoring.person_id == reviewer.person_id, reviews)


def closed_attempts(connection: Connection, *, reviewer: SignedIn, quiz: Quiz) -> Sequence[Row[Any]]:
    """One row an attempt, with the student's last place: one statement."""
    rows = {row.id: row for row in connection.execute(in_scope(reviewer, quiz, _ATTEMPTS)).all()}
    return list(rows.values())


def work_of(connection: Connection, attempt_ids: Collection[int], *, is_timed: bool = False) -> Work:
    """Latest points and current answers: two statements, none for no attempt."""
    if not attempt_ids:
        return Work(points={}, versions={}, answers={})
    ids = {"attempt_ids": sorted(attempt_ids)}
    latest = {row.attempt_id: row for row in connection.execute(_MARKS, ids).all()}
    answers = connection.execute(_TIMED_ANSWERS if is_timed else _ANSWERS, ids).all()
    return Work(
        points={
            attempt_id: {key: None if earned is None else _exact(earned) for key, earned in row.points.items()}
            for attempt_id, row in latest.items()
        },
        versions={attempt_id: row.version for attempt_id, row in latest.items()},
        answers={(row[0], row[1]): _answer(row[2]) for row in answers},
        seconds={(row[0], row[1]): int((row[4] - row[3]).total_seconds()) for row in answers if is_timed and row[3]},
    )


def _answer(text: str) -> Json:
    """Many give the same short answer: it is read once, and nobody changes it."""
    return _short_json(text) if len(text) <= _SHORT else json.loads(text)


def versions_asked(connection: Connection, rows: Sequence[Row[Any]]) -> Mapping[str, Question]:
    """Every version of every question of these papers, by hash, each thawed once."""
    found = {entry["hash"]: entry["id"] for row in rows for entry in row.paper}
    entries = [PaperQuestion(key=one, hash=one, id=id_, placement=Placement(), values={}) for one, id_ in found.items()]
    return asked_questions(connection, entries)
