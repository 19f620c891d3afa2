"""Attempts looked at by hand and left as they are; what is put aside can be taken back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from deust.domain.errors import InvalidAnswer, NotFound
from deust.domain.learning import Quiz
from deust.domain.people import SignedIn
from deust.models.quizzes import RemarkingAside
from deust.models.rows import insert_into
from deust.queries.remarking import Affected, remarking_page
from deust.services import records

LONGEST_REASON = 500


def put_aside(session: Session, quiz: Quiz, *, by: SignedIn, public_id: str, reason: str, now: datetime) -> None:
    """Leave an attempt as it is after a look, with the reason. Twice is the same as once.

    It comes back when the key of one of its questions changes again. Refuses an empty or too long reason, and an
    attempt of a student whom the reviewer does not follow or that asks for no look.
    """
    reason = reason.replace("\x00", "").strip()
    one = _by_hand(session, quiz, by, public_id)
    if not reason or len(reason) > LONGEST_REASON:
        raise InvalidAnswer("reason")
    values = {"attempt_id": one.attempt_id, "concern": one.concern, "reason": reason, "by_id": by.person_id}
    statement = insert_into(session, RemarkingAside).values(**values, put_at=now)
    put = session.execute(statement.on_conflict_do_nothing().returning(RemarkingAside.id)).first()
    if put is not None:
        _note(session, "attempt:look-done", one, quiz, by, now, reason=reason)


def take_back(session: Session, quiz: Quiz, *, by: SignedIn, public_id: str, now: datetime) -> None:
    """An attempt put aside is to look at again. Twice is the same as once."""
    one = _by_hand(session, quiz, by, public_id)
    taken = session.execute(
        delete(RemarkingAside)
        .where(RemarkingAside.attempt_id == one.attempt_id, RemarkingAside.concern == one.concern)
        .returning(RemarkingAside.id)
    ).first()
    if taken is not None:
        _note(session, "attempt:look-again", one, quiz, by, now)


def _by_hand(session: Session, quiz: Quiz, by: SignedIn, public_id: str) -> Affected:
    page = remarking_page(session.connection(), reviewer=by, quiz=quiz)
    found = next((one for one in page.by_hand if one.public_id == public_id), None)
    if found is None:
        raise NotFound
    return found


def _note(session: Session, act: str, one: Affected, quiz: Quiz, by: SignedIn, now: datetime, **detail: object) -> None:
    records.audit(
        session,
        at=now,
        actor_id=by.person_id,
        act=act,
        subject=f"attempt:{one.public_id}",
        item=quiz.ref,
        version=quiz.version,
        **detail,
    )
