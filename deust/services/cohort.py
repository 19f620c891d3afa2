"""Acts of who follows students: the rules of a cohort, a flag put aside, a contact kept, a message to several."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from deust.domain.flags import FlagKind, Rules
from deust.domain.people import SignedIn
from deust.models.cohort import Contact, FlagAside, FlagRules
from deust.models.people import Cohort, Person
from deust.models.rows import hold, insert_into
from deust.services.records import audit, queue_mail

LONGEST_NOTE = 2_000


def set_rules(session: Session, cohort_id: int, rules: Rules, *, by: int, now: datetime) -> None:
    """The rules that point out the students of a cohort, from now on."""
    rules.ensure_sound()
    hold(session, Cohort, cohort_id)
    row = session.get(FlagRules, cohort_id)
    if row is None:
        row = FlagRules(cohort_id=cohort_id)
        session.add(row)
    row.silent_days, row.due_days = rules.silent_days, rules.due_days
    row.failed_attempts, row.behind_percent = rules.failed_attempts, rules.behind_percent
    audit(
        session,
        at=now,
        actor_id=by,
        act="flags:rules",
        subject=f"cohort:{cohort_id}",
        silent_days=rules.silent_days,
        due_days=rules.due_days,
        failed_attempts=rules.failed_attempts,
        behind_percent=rules.behind_percent,
    )


def put_aside(
    session: Session, person_id: int, kinds: Collection[FlagKind], *, until_on: date, by: int, now: datetime
) -> None:
    """« Plus tard »: these flags of a student come back on that day, if they still hold."""
    hold(session, Person, person_id)
    for kind in kinds:
        row = session.get(FlagAside, (person_id, kind.value))
        if row is None:
            row = FlagAside(person_id=person_id, kind=kind.value)
            session.add(row)
        row.until_on, row.by_id, row.put_at = until_on, by, now
    audit(
        session,
        at=now,
        actor_id=by,
        act="flags:aside",
        subject=f"person:{person_id}",
        kinds=sorted(kind.value for kind in kinds),
        until_on=until_on.isoformat(),
    )


def look_as(session: Session, person_id: int, *, at: datetime, by: int, now: datetime) -> None:
    """Note that someone borrows a student's eyes, and for which day."""
    audit(session, at=now, actor_id=by, act="person:look", subject=f"person:{person_id}", day=at.date().isoformat())


def log_contact(
    session: Session, person_id: int, *, means: str, note: str, sending: str, by: int, now: datetime
) -> None:
    """Keep that someone was reached by hand, and about what, once for a form; nothing of it is ever changed."""
    made = {"person_id": person_id, "by_id": by, "made_at": now, "means": means, "note": note, "sending": sending}
    added = insert_into(session, Contact).values(made).on_conflict_do_nothing().returning(Contact.person_id)
    if session.scalar(added) is None:
        return
    audit(session, at=now, actor_id=by, act="contact:log", subject=f"person:{person_id}", means=means)


def write_to(
    session: Session,
    person_ids: Sequence[int],
    *,
    subject: str,
    text: str,
    sending: str,
    by: SignedIn,
    now: datetime,
) -> int:
    """One mail each, and one contact each; sent again from the same form, nobody gets it twice. Says how many left."""
    wanted = [
        {
            "person_id": person_id,
            "by_id": by.person_id,
            "made_at": now,
            "means": "mail",
            "note": f"{subject}\n\n{text}",
            "sending": sending,
        }
        for person_id in dict.fromkeys(person_ids)
    ]
    if not wanted:
        return 0
    added = insert_into(session, Contact).values(wanted).on_conflict_do_nothing().returning(Contact.person_id)
    new = list(session.scalars(added))
    _mail(session, new, subject=subject, text=text, by=by, now=now)
    return len(new)


def _mail(session: Session, person_ids: Sequence[int], *, subject: str, text: str, by: SignedIn, now: datetime) -> None:
    reached = select(Person.id, Person.email, Person.given_name, Person.locale)
    people = session.execute(reached.where(Person.id.in_(person_ids), Person.is_active)).all()
    for person in people:
        payload = {
            "locale": person.locale,
            "given_name": person.given_name,
            "subject": subject,
            "text": text,
            "sender": by.name,
            "reply_to": by.email,
        }
        queue_mail(session, kind="from-staff", recipient=person.email, payload=payload, now=now)
        audit(session, at=now, actor_id=by.person_id, act="contact:mail", subject=f"person:{person.id}")
