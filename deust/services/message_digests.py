"""Mail that says that something waits: how many and about what, never what was written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from deust.domain.access import Role
from deust.domain.messages import MOST_TITLES, STUDENT_PAUSE, digest_hour
from deust.models.messages import DigestMark
from deust.models.people import Person
from deust.queries.message_digests import OLDEST_ANSWER, answered_titles, is_due, may_be_told, waiting_titles
from deust.queries.signin import as_asker
from deust.services.messages import held_mark
from deust.services.records import queue_mail

WAITING, ANSWERED = "questions-waiting", "questions-answered"
KINDS = (WAITING, ANSWERED)


def tell(session: Session, *, person_id: int, base_url: str, now: datetime) -> None:
    """Queue the person's digest if it is due and there is something to say. Twice is the same as once.

    The mark is locked first, so that two processes do not both tell.
    """
    person = session.get_one(Person, person_id)
    mark = held_mark(session, person_id)
    if not may_be_told(session.connection(), email=person.email):
        return
    if person.role == Role.STUDENT.value:
        _tell_student(session, person, mark, base_url, now)
    else:
        _tell_staff(session, person, mark, base_url, now)


def _tell_staff(session: Session, person: Person, mark: DigestMark, base_url: str, now: datetime) -> None:
    hour = digest_hour(now, person.time_zone)
    if hour is None or not is_due(mark.told_at, hour):
        return
    titles = waiting_titles(session.connection(), tutor=as_asker(person), until=hour)
    _queue(session, WAITING, person, titles, f"{base_url}/messages", now)
    mark.told_at = now


def _tell_student(session: Session, person: Person, mark: DigestMark, base_url: str, now: datetime) -> None:
    if mark.told_at is not None and now - mark.told_at < STUDENT_PAUSE:
        return
    since = max(mark.told_at or now - OLDEST_ANSWER, now - OLDEST_ANSWER)
    titles = answered_titles(session.connection(), person_id=person.id, since=since)
    if titles:
        _queue(session, ANSWERED, person, titles, f"{base_url}/questions", now)
        mark.told_at = now


def _queue(session: Session, kind: str, person: Person, titles: tuple[str, ...], link: str, now: datetime) -> None:
    if not titles:
        return
    payload = {
        "given_name": person.given_name,
        "locale": person.locale,
        "count": len(titles),
        "titles": "\n".join(f"- {title}" for title in titles[:MOST_TITLES]),
        "link": link,
    }
    queue_mail(session, kind=kind, recipient=person.email, payload=payload, now=now)
