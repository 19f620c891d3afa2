"""Assignments as students hand them in: a draft that loses nothing, a receipt, one review of the mark."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from deust.domain.access import Role
from deust.domain.answers import text_in
from deust.domain.assignments import CopyState, Resubmit
from deust.domain.attempts import Save
from deust.domain.errors import Forbidden, InvalidAnswer, NoAttemptLeft, NotFound, NotReady
from deust.domain.freezing import paper_question
from deust.domain.learning import Assignment, Quiz
from deust.domain.people import SignedIn
from deust.models.assignments import Copy, Marking, ReviewRequest
from deust.models.people import Enrolment, Person, Tutoring
from deust.models.quizzes import Answer, Attempt
from deust.services import answer_batches, answers, marking, quizzes, records

MOST_SIGNS_OF_TOOLS = 2_000


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """« Ce travail est le mien », and the tools of generative AI used, for what; empty when none was."""

    is_own: bool
    tools: str = ""


def start_draft(
    session: Session, *, learner: SignedIn, assignment: Assignment, rng: random.Random, now: datetime
) -> str:
    """Open the draft, or give the one already open. Another version begins with the text of the one before.

    Refuses a second version that the tutor did not ask for, or, where one may try until it passes, while the last waits
    for its mark or has passed. A draft that the clock closed empty is no version: who is given more time begins again.
    """
    last = _last_attempt(session, learner, assignment)
    empty = _closed_empty(session, learner, assignment)
    if last is not None and last.closed_at is not None and last.id not in empty:
        _ensure_may_resubmit(assignment, last)
    public_id = quizzes.start_attempt(
        session,
        learner=learner,
        quiz=assignment,
        rng=rng,
        now=now,
        extra=_asked_again(session, learner, assignment) + len(empty),
    )
    if last is not None and last.public_id != public_id:
        _begin_with(session, learner, last, public_id, now)
    return public_id


def _last_attempt(session: Session, learner: SignedIn, assignment: Assignment) -> Attempt | None:
    return session.scalars(
        select(Attempt)
        .where(Attempt.person_id == learner.person_id, Attempt.item_ref.in_(assignment.refs))
        .order_by(Attempt.number.desc())
        .limit(1)
    ).first()


def _closed_empty(session: Session, learner: SignedIn, assignment: Assignment) -> Collection[int]:
    """The drafts that were closed with nothing in them: no copy was made of them."""
    return session.scalars(
        select(Attempt.id)
        .outerjoin(Copy, Copy.attempt_id == Attempt.id)
        .where(
            Attempt.person_id == learner.person_id,
            Attempt.item_ref.in_(assignment.refs),
            Attempt.closed_at.is_not(None),
            Copy.id.is_(None),
        )
    ).all()


def _ensure_may_resubmit(assignment: Assignment, last: Attempt) -> None:
    if assignment.terms.resubmit is Resubmit.UNTIL_PASS:
        if last.awaiting or (last.score or 0) >= assignment.settings.pass_share * last.out_of:
            raise NoAttemptLeft
    elif assignment.terms.resubmit is Resubmit.NEVER:
        raise NoAttemptLeft


def _asked_again(session: Session, learner: SignedIn, assignment: Assignment) -> int:
    """How many times the tutor asked this person for another version."""
    return (
        session.scalar(
            select(func.count()).where(
                Copy.person_id == learner.person_id,
                Copy.item_ref.in_(assignment.refs),
                Copy.resubmit_asked_at.is_not(None),
            )
        )
        or 0
    )


def _begin_with(session: Session, learner: SignedIn, last: Attempt, public_id: str, now: datetime) -> None:
    """Copy the texts of the former version into the new draft, through the same door as any answer."""
    former = {entry["id"]: entry["key"] for entry in last.paper}
    new = session.scalars(select(Attempt).where(Attempt.public_id == public_id)).one()
    rows = session.execute(select(Answer.question_key, Answer.given).where(Answer.attempt_id == last.id)).all()
    given = {row.question_key: row.given for row in rows}
    posted = []
    for entry in map(paper_question, new.paper):
        text = text_in(given.get(former.get(entry.id, "")))
        if text:
            save = Save(event_id=secrets.token_hex(16), client="former", sequence=1, base_version=0, given=None)
            posted.append(answer_batches.Posted(key=entry.key, save=save, form={"answer": [text]}))
    if posted:
        answers.save_answers(session, learner=learner, public_id=public_id, posted=posted, now=now)


def hand_in(
    session: Session,
    *,
    learner: SignedIn,
    public_id: str,
    declaration: Declaration,
    find_quiz: Callable[[str], Quiz | None],
    now: datetime,
) -> None:
    """Hand the draft in for good, with its receipt; twice is the same as once.

    Refuses an empty draft, one without the declaration that the work is one's own, and tools told at too great length.
    An attempt at a quiz is absent.
    """
    attempt = marking.own_attempt(session, learner, public_id)
    if not attempt.is_assignment:
        raise NotFound
    if attempt.closed_at is not None:
        return
    if not declaration.is_own:
        raise InvalidAnswer("declaration")
    if len(declaration.tools) > MOST_SIGNS_OF_TOOLS:
        raise InvalidAnswer("too-long")
    given = session.scalars(select(Answer.given).where(Answer.attempt_id == attempt.id, Answer.version > 0)).all()
    if not any(given):
        raise NotReady(("empty",))
    by = marking.BY_CLOCK if marking.is_overdue(attempt, now) else marking.BY_PERSON
    marking.close_attempt(
        session,
        attempt,
        quiz=find_quiz(attempt.item_ref),
        by=by,
        now=now,
        declaration={"is_own": True, "tools": declaration.tools},
    )


def ask_review(session: Session, *, learner: SignedIn, public_id: str, reason: str, now: datetime) -> None:
    """Ask once, with a reason, that a released mark be looked at again: it goes to another tutor, if there is one.

    The same reason sent twice is the same request.

    `public_id` is that of the learner's attempt; one at a quiz is absent.
    """
    statement = (
        select(*Copy.__table__.columns)
        .join(Attempt, Attempt.id == Copy.attempt_id)
        .where(Attempt.public_id == public_id, Copy.person_id == learner.person_id)
        .with_for_update(of=Copy)
    )
    copy = session.connection().execute(statement).first()
    if copy is None or copy.terms is None or copy.released_at is None:
        raise NotFound
    if not reason.strip():
        raise InvalidAnswer("reason")
    asked = session.get(ReviewRequest, copy.id)
    if asked is not None and asked.reason == reason.strip():
        return
    if copy.state != CopyState.RELEASED.value or asked is not None:
        raise Forbidden
    session.add(ReviewRequest(copy_id=copy.id, reason=reason.strip(), asked_at=now))
    other = _another_tutor(session, copy.id, copy.person_id)
    session.execute(update(Copy).where(Copy.id == copy.id).values(assigned_to=other))
    records.audit(
        session,
        at=now,
        actor_id=learner.person_id,
        act="copy:ask-review",
        subject=f"copy:{copy.public_id}",
        given_to=other,
    )


def _another_tutor(session: Session, copy_id: int, person_id: int) -> int | None:
    """A tutor of the student's group, still there, who did not mark the copy."""
    markers = select(Marking.marker_id).where(Marking.copy_id == copy_id)
    return session.scalar(
        select(Tutoring.person_id)
        .join(Enrolment, Enrolment.group_id == Tutoring.group_id)
        .join(Person, Person.id == Tutoring.person_id)
        .where(
            Enrolment.person_id == person_id,
            Enrolment.ended_on.is_(None),
            Person.is_active,
            Person.role == Role.TUTOR.value,
            Tutoring.person_id.not_in(markers),
        )
        .order_by(Tutoring.person_id)
        .limit(1)
    )
