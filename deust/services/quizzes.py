"""Attempts: started once, closed by a decision or by the clock, their deadlines moved when time is granted."""

from __future__ import annotations

import random
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from deust.domain import attempts, calculated, presenting
from deust.domain.errors import NotReady
from deust.domain.freezing import (
    PaperQuestion,
    content_hash,
    frozen,
    frozen_settings,
    thawed_settings,
)
from deust.domain.learning import Quiz
from deust.domain.people import Arrangement, Dates, SignedIn
from deust.domain.progress import dates_of
from deust.domain.questions import Info, Question
from deust.domain.statistics import total
from deust.models.people import Accommodation, ItemDates, Person
from deust.models.quizzes import Attempt, FrozenQuestion
from deust.models.rows import Together, added, among, insert_into
from deust.queries.papers import remember
from deust.services import copies, learning, records
from deust.services.marking import (
    BY_CLOCK,
    BY_PERSON,
    Begun,
    any_attempt,
    begun_attempts,
    close_attempt,
    is_overdue,
    lock_open_attempt,
    own_attempt,
)

_GRANTED = among(
    lambda is_in: (
        select(
            Accommodation.time_multiplier,
            Accommodation.extra_minutes,
            ItemDates.person_id,
            ItemDates.item_ref,
            ItemDates.opens_at,
            ItemDates.due_at,
            ItemDates.closes_at,
            ItemDates.extra_attempts,
            select(func.aggregate_strings(FrozenQuestion.hash, " "))
            .where(is_in(FrozenQuestion.hash, "hashes"))
            .scalar_subquery()
            .label("known"),
        )
        .select_from(Person)
        .outerjoin(Accommodation, Accommodation.person_id == Person.id)
        .outerjoin(
            ItemDates,
            and_(
                is_in(ItemDates.item_ref, "refs"),
                or_(ItemDates.person_id == Person.id, ItemDates.cohort_id == bindparam("cohort_id")),
            ),
        )
        .where(Person.id == bindparam("person_id"))
    )
)
"""What a start depends on, and which of the quiz's questions are kept already: most were asked before."""


class Granted(NamedTuple):
    """What a start depends on for one person; `known` are the hashes of the quiz's questions that are kept already."""

    dates: Dates
    arrangement: Arrangement
    known: frozenset[str]


_STARTING = Together(
    added(
        "attempt",
        Attempt,
        "public_id",
        "person_id",
        "item_ref",
        "number",
        "item_version",
        "settings",
        "paper",
        "started_at",
        "time_seconds",
        "closes_at",
        "deadline_at",
        "out_of",
        "awaiting",
    ),
    learning.QUIZ_PROGRESS,
    records.AUDITED,
)
_PAPERS = select(Attempt.paper).where(Attempt.id.in_(bindparam("ids", expanding=True)))


def start_attempt(
    session: Session, *, learner: SignedIn, quiz: Quiz, rng: random.Random, now: datetime, extra: int = 0
) -> str:
    """Create the attempt with its deadline and its frozen paper, and give its public id.

    An attempt already open is the one given back: two starts at once make one. Refuses before the opening, after the
    closing, and past the attempts allowed, counted here whatever the device; `extra` ones were granted besides.
    """
    lock_open_attempt(session, learner.person_id, quiz)
    progress = learning.lock_item(session, person_id=learner.person_id, item=quiz, now=now)
    past = begun_attempts(session, learner.person_id, quiz)
    running = next((attempt for attempt in past if attempt.closed_at is None), None)
    if running is not None and not is_overdue(running, now):
        return running.public_id
    if running is not None:
        close_attempt(session, own_attempt(session, learner, running.public_id), quiz=quiz, by=BY_CLOCK, now=now)
    granted = granted_to(session, learner=learner, quiz=quiz)
    attempts.ensure_may_start(
        settings=quiz.settings,
        used=len(past) - extra - granted.dates.extra_attempts,
        dates=granted.dates,
        now=now,
    )
    attempt = _new_attempt(session, learner, quiz, past, granted, rng, now)
    public_id: str = attempt["public_id"]
    rows = {
        "attempt": attempt,
        "progress": learning.quiz_started(session, progress, item=quiz, attempt_public_id=public_id, now=now),
        "audit": records.audit_line(
            at=now,
            actor_id=learner.person_id,
            act="attempt:start",
            subject=f"attempt:{public_id}",
            item=quiz.ref,
            number=attempt["number"],
        ),
    }
    _STARTING.write(session.connection(), rows)
    return public_id


def _new_attempt(
    session: Session,
    learner: SignedIn,
    quiz: Quiz,
    past: Sequence[Begun],
    granted: Granted,
    rng: random.Random,
    now: datetime,
) -> dict[str, Any]:
    seen = _seen(session, past) if quiz.settings.draw is not None else {}
    chosen = attempts.draw_questions(quiz.questions, quiz.settings, seen=seen, rng=rng)
    paper = _freeze(session, chosen, known=granted.known, shuffle_options=quiz.settings.shuffle_options, rng=rng)
    deadline = attempts.deadline(
        started_at=now,
        limit_seconds=quiz.settings.time_seconds,
        closes_at=granted.dates.closes_at,
        arrangement=granted.arrangement,
    )
    return {
        "public_id": secrets.token_hex(16),
        "person_id": learner.person_id,
        "item_ref": quiz.ref,
        "number": len(past) + 1,
        "item_version": quiz.version,
        "settings": {
            **frozen_settings(quiz.settings, title=quiz.title, kind=quiz.kind.value),
            **copies.kept_terms(session, quiz),
        },
        "paper": [entry.to_json() for entry in paper],
        "started_at": now,
        "time_seconds": deadline.time_seconds,
        "closes_at": granted.dates.closes_at,
        "deadline_at": deadline.at,
        "out_of": total(question.points for question in chosen if not isinstance(question.answer, Info)),
        "awaiting": 0,
    }


def _seen(session: Session, past: Sequence[Begun]) -> Mapping[str, int]:
    """How often each question was asked in these attempts."""
    papers = session.connection().scalars(_PAPERS, {"ids": [attempt.id for attempt in past]}).all()
    return Counter(entry["id"] for paper in papers for entry in paper)


def _freeze(
    session: Session,
    questions: Iterable[Question],
    *,
    known: Collection[str],
    shuffle_options: bool,
    rng: random.Random,
) -> list[PaperQuestion]:
    """Write the questions under their hashes, unless they are `known` there, and lay out the paper."""
    bodies: dict[str, Mapping[str, Any]] = {}
    asked: dict[str, Question] = {}
    paper = []
    for question in questions:
        hash_, body = _frozen(question)
        bodies[hash_], asked[hash_] = body, question
        paper.append(
            PaperQuestion(
                key=secrets.token_hex(4),
                hash=hash_,
                id=question.id,
                placement=presenting.place(question, rng, shuffle_options),
                values=calculated.draw_for(question, rng),
            )
        )
    rows = [{"hash": hash_, "body": body} for hash_, body in bodies.items() if hash_ not in known]
    if rows:
        session.execute(insert_into(session, FrozenQuestion).on_conflict_do_nothing(), rows)
    remember(asked.items())
    return paper


@lru_cache(maxsize=4_096)
def _frozen(question: Question) -> tuple[str, Mapping[str, Any]]:
    body = frozen(question)
    return content_hash(body), body


def granted_to(session: Session, *, learner: SignedIn, quiz: Quiz) -> Granted:
    """The quiz's dates, those of its present name first, this person's extra time, and the questions kept already."""
    asked = {
        "person_id": learner.person_id,
        "cohort_id": learner.enrolled.cohort_id if learner.enrolled else None,
        "refs": list(quiz.refs),
        "hashes": [_frozen(question)[0] for question in quiz.questions],
    }
    connection = session.connection()
    rows = connection.execute(_GRANTED[connection.dialect.name], asked).all()
    moved = {
        row.person_id is not None: Dates(
            opens_at=row.opens_at, due_at=row.due_at, closes_at=row.closes_at, extra_attempts=row.extra_attempts
        )
        for row in sorted(rows, key=lambda row: row.item_ref == quiz.ref)
        if row.opens_at or row.due_at or row.closes_at or row.extra_attempts
    }
    calendar = learner.enrolled.calendar if learner.enrolled else None
    first = rows[0]
    arrangement = Arrangement(
        time_multiplier=first.time_multiplier or Fraction(1), extra_minutes=first.extra_minutes or 0
    )
    return Granted(
        dates=dates_of(quiz, calendar, moved.get(False), moved.get(True)),
        arrangement=arrangement,
        known=frozenset((first.known or "").split()),
    )


def hand_in(
    session: Session,
    *,
    learner: SignedIn,
    public_id: str,
    find_quiz: Callable[[str], Quiz | None],
    now: datetime,
) -> None:
    """Close the learner's attempt with what is saved, and mark it. Handing in twice changes nothing. An assignment,
    which needs a declaration, has its own way.

    `find_quiz` gives the quiz of an item as it is now, or None once it was removed.
    """
    attempt = own_attempt(session, learner, public_id)
    if attempt.closed_at is not None:
        return
    if attempt.is_assignment and not is_overdue(attempt, now):
        raise NotReady(("declaration",))
    by = BY_CLOCK if is_overdue(attempt, now) else BY_PERSON
    close_attempt(session, attempt, quiz=find_quiz(attempt.item_ref), by=by, now=now)


def close_if_overdue(session: Session, *, public_id: str, quiz: Quiz | None, now: datetime) -> bool:
    """Close one attempt whose time is over, with its last acknowledged answers; false if someone else already did."""
    attempt = any_attempt(session, public_id)
    if attempt.closed_at is not None or not is_overdue(attempt, now):
        return False
    close_attempt(session, attempt, quiz=quiz, by=BY_CLOCK, now=now)
    return True


def move_deadlines(session: Session, *, person_id: int, now: datetime) -> int:
    """Recompute the deadlines of a person's open attempts after an arrangement changed; gives how many moved."""
    arrangement = _arrangement(session, person_id)
    moved = 0
    open_attempts = session.scalars(
        select(Attempt).where(Attempt.person_id == person_id, Attempt.closed_at.is_(None)).with_for_update()
    ).all()
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
        .where(Attempt.item_ref.in_(quiz.refs), Attempt.person_id.in_(person_ids), Attempt.closed_at.is_(None))
        .values(closes_at=closes_at)
    )
    return sum(move_deadlines(session, person_id=person_id, now=now) for person_id in person_ids)
