"""Answers that came after the deadline, taken by staff: marked like the others, with a trace."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from deust.domain import attempts
from deust.domain.attempts import NO_ANSWER, CurrentAnswer, Save, SaveOutcome
from deust.domain.learning import Quiz
from deust.domain.people import SignedIn
from deust.models.quizzes import Answer, AnswerEvent
from deust.services import copies, records
from deust.services.marking import ACCEPTED, BY_CLOCK, any_attempt, close_attempt, is_overdue, mark_again


def _current_of(row: Answer | None) -> CurrentAnswer:
    if row is None:
        return NO_ANSWER
    return CurrentAnswer(given=row.given, version=row.version, client=row.client, clients=row.clients)


def _write_current(
    session: Session, row: Answer | None, attempt_id: int, key: str, current: CurrentAnswer, saved_at: datetime
) -> None:
    if row is None:
        row = Answer(attempt_id=attempt_id, question_key=key)
        session.add(row)
    row.given, row.version, row.client = current.given, current.version, current.client
    row.clients, row.saved_at = dict(current.clients), saved_at


def accept_late(
    session: Session, *, public_id: str, reviewer: SignedIn, quiz: Quiz | None, reason: str, now: datetime
) -> int:
    """Take the answers that came after the deadline: each becomes the one marked, with new marks and a trace.

    Gives how many answers changed. Marks already given stay readable under their version. An attempt whose time is over
    is closed first with what came in time; one that was given more time meanwhile is marked when it closes.
    """
    copies.hold_copy(session, public_id)
    attempt = any_attempt(session, public_id)
    if attempt.closed_at is None and is_overdue(attempt, now):
        attempt = close_attempt(session, attempt, quiz=quiz, by=BY_CLOCK, now=now)
    late = session.scalars(
        select(AnswerEvent)
        .where(AnswerEvent.attempt_id == attempt.id, AnswerEvent.outcome == SaveOutcome.LATE.value)
        .order_by(AnswerEvent.id)
    ).all()
    taken = [event for event in late if _accept(session, attempt.id, event)]
    if not taken:
        return 0
    if attempt.closed_at is not None:
        changed = {event.question_key for event in taken}
        mark_again(session, attempt, changed=changed, quiz=quiz, reason=reason, now=now)
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


def _accept(session: Session, attempt_id: int, event: AnswerEvent) -> bool:
    """Make a late answer the current one, unless a newer one of the same tab, or something it would blank, is there.

    It was saved when it came, not when it was accepted.
    """
    row = session.get(Answer, (attempt_id, event.question_key))
    current = _current_of(row)
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
    _write_current(session, row, attempt_id, event.question_key, attempts.after(save, current), event.received_at)
    session.flush()
    event.outcome = ACCEPTED
    return True
