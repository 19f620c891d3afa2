"""Mail that says that a copy has something new to read, and where: never the mark, nor a word of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from deust.models.people import Person
from deust.queries.returned import url_of_copy
from deust.services.records import queue_mail

RELEASED, REVIEW_ANSWERED = "mark-released", "review-answered"


def tell(session: Session, copy: Row[Any], kind: str, now: datetime) -> None:
    """Queue the mail for the author of the copy; none to a closed account."""
    person = session.get_one(Person, copy.person_id)
    if not person.is_active:
        return
    path = url_of_copy(session.connection(), attempt_id=copy.attempt_id)
    payload = {"given_name": person.given_name, "locale": person.locale, "title": copy.title, "path": path}
    queue_mail(session, kind=kind, recipient=person.email, payload=payload, now=now)
