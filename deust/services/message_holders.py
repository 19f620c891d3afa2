"""A question given over to another tutor of the student."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from deust.domain.errors import InvalidAnswer
from deust.domain.people import SignedIn
from deust.models.messages import Holder, Thread
from deust.models.people import Person
from deust.models.rows import insert_into
from deust.queries.message_digests import may_be_told
from deust.queries.message_holders import giving_over
from deust.services import records

MAIL = "question-given"


def give_over(session: Session, *, by: SignedIn, public_id: str, to_id: int, base_url: str, now: datetime) -> str:
    """Give a question that waits over to a tutor who follows its student, and tell them. Gives the tutor's name.

    A tutor may give over what is theirs, a manager or an administrator any question. Refuses whoever may not answer
    it. Who is told learns what it is about, never what was written; whoever wants no mail finds it among the unread.
    """
    thread = session.scalars(select(Thread).where(Thread.public_id == public_id).with_for_update(of=Thread)).first()
    giving = giving_over(session.connection(), asker=by, public_id=public_id)
    if thread is None or to_id not in giving.tutors:
        raise InvalidAnswer("tutor")
    values = {"thread_id": thread.id, "person_id": to_id, "by_id": by.person_id, "given_at": now}
    changed = {name: value for name, value in values.items() if name != "thread_id"}
    statement = insert_into(session, Holder).values(values)
    session.execute(statement.on_conflict_do_update(index_elements=["thread_id"], set_=changed))
    records.audit(session, at=now, actor_id=by.person_id, act="thread:give", subject=f"thread:{public_id}", to=to_id)
    _tell(session, thread, to_id, by, base_url, now)
    return giving.tutors[to_id]


def _tell(session: Session, thread: Thread, to_id: int, by: SignedIn, base_url: str, now: datetime) -> None:
    person = session.get_one(Person, to_id)
    if not may_be_told(session.connection(), email=person.email):
        return
    payload = {
        "given_name": person.given_name,
        "locale": person.locale,
        "by": by.name,
        "title": thread.title,
        "link": f"{base_url}/messages/{thread.public_id}",
    }
    records.queue_mail(session, kind=MAIL, recipient=person.email, payload=payload, now=now)
