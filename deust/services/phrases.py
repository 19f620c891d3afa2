"""The comment bank: what a tutor keeps to say again, the most used first."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from deust.domain.errors import InvalidAnswer
from deust.domain.people import SignedIn
from deust.models.assignments import Phrase
from deust.models.rows import insert_into

LONGEST = 500
MOST = 100


def keep_phrase(session: Session, *, tutor: SignedIn, item_ref: str, text: str) -> None:
    """Keep a phrase for this activity, once. Refuses an empty or too long one, and more than a hundred."""
    words = " ".join(text.split())
    if not words or len(words) > LONGEST:
        raise InvalidAnswer("phrase")
    kept = session.scalars(
        select(Phrase.id).where(Phrase.tutor_id == tutor.person_id, Phrase.item_ref == item_ref)
    ).all()
    if len(kept) >= MOST:
        raise InvalidAnswer("phrase")
    values = {"tutor_id": tutor.person_id, "item_ref": item_ref, "text": words, "uses": 0}
    session.execute(insert_into(session, Phrase).values(values).on_conflict_do_nothing())


def use_phrase(session: Session, *, tutor: SignedIn, phrase_id: int) -> str:
    """Count one more use of the tutor's own phrase, and give it; empty when it is not theirs."""
    mine = Phrase.id == phrase_id, Phrase.tutor_id == tutor.person_id
    session.execute(update(Phrase).where(*mine).values(uses=Phrase.uses + 1))
    return session.scalar(select(Phrase.text).where(*mine)) or ""


def forget_phrase(session: Session, *, tutor: SignedIn, phrase_id: int) -> None:
    session.execute(delete(Phrase).where(Phrase.id == phrase_id, Phrase.tutor_id == tutor.person_id))
