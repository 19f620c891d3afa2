"""Marking closed attempts again with a corrected key: all of them or none, twice the same as once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from deust.domain.learning import Quiz
from deust.domain.people import SignedIn
from deust.domain.remarking import ListChanged, rescored
from deust.models.people import Person
from deust.queries.remarking import Affected, RemarkingPage, remarking_page
from deust.services import marking, records

MAIL = "marks-corrected"

_PEOPLE = (
    select(Person.id, Person.email, Person.given_name, Person.locale)
    .where(Person.id.in_(bindparam("person_ids", expanding=True)), Person.is_active)
    .order_by(Person.id)
)


def apply_key(
    session: Session, quiz: Quiz, *, by: SignedIn, seen: str, never_lower: bool, reason: str, link: str, now: datetime
) -> int:
    """Mark again, with the published key, every closed attempt that the reviewer follows; gives how many changed.

    Each gets a new version of its marks, its score, its result carried to the progress, an audit line; its student a
    mail that leads to `link`. With `never_lower` a question that would lose points keeps them. When nothing is left to
    change, nothing is written. Refuses when the list is no longer the one `seen`.
    """
    found = remarking_page(session.connection(), reviewer=by, quiz=quiz)
    marking.hold_attempts(session, [one.attempt_id for one in found.changed])
    held = remarking_page(session.connection(), reviewer=by, quiz=quiz)
    changed = _changed(held, never_lower)
    if not changed:
        return 0
    if held.seen != seen or held.seen != found.seen:
        raise ListChanged
    for one in changed:
        _mark(session, one, quiz, by=by, never_lower=never_lower, reason=reason, now=now)
    for person_id in sorted({one.person_id for one in changed}):
        marking.keep_result(session, person_id, quiz, now)
    _tell(session, changed, quiz, link, now)
    records.audit(
        session,
        at=now,
        actor_id=by.person_id,
        act="quiz:apply-key",
        subject=f"item:{quiz.ref}",
        reason=reason,
        version=quiz.version,
        never_lower=never_lower,
        attempts=[one.public_id for one in changed],
        by_hand=[one.public_id for one in held.by_hand],
    )
    return len(changed)


def _changed(page: RemarkingPage, never_lower: bool) -> Sequence[Affected]:
    return sorted((one for one in page.changed if one.kept(never_lower=never_lower)), key=lambda one: one.attempt_id)


def _mark(
    session: Session, one: Affected, quiz: Quiz, *, by: SignedIn, never_lower: bool, reason: str, now: datetime
) -> None:
    """A new version of the marks, the score that is their sum, and who changed what, from what, to what, and why."""
    kept = one.kept(never_lower=never_lower)
    points = rescored(one.points, kept)
    score, _ = marking.write_marks(
        session, one.attempt_id, points, version=one.version + 1, marker_id=by.person_id, reason=reason, now=now
    )
    records.audit(
        session,
        at=now,
        actor_id=by.person_id,
        act="attempt:apply-key",
        subject=f"attempt:{one.public_id}",
        reason=reason,
        item=quiz.ref,
        version=quiz.version,
        from_score=str(one.score),
        to_score=str(score),
        questions={change.question_id: [str(change.before), str(change.after)] for change in kept},
    )


def _tell(session: Session, changed: Sequence[Affected], quiz: Quiz, link: str, now: datetime) -> None:
    """One mail a student, which gives no mark: the site shows it when the quiz's settings allow."""
    ids = {"person_ids": sorted({one.person_id for one in changed})}
    for person in session.connection().execute(_PEOPLE, ids).all():
        payload = {"given_name": person.given_name, "locale": person.locale, "title": quiz.title, "link": link}
        records.queue_mail(session, kind=MAIL, recipient=person.email, payload=payload, now=now)
