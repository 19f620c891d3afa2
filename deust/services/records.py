"""What was done and by whom, the mail that leaves afterwards, the receipts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from deust.domain.records import ALPHABET, CODE_LENGTH, grouped
from deust.models.records import AuditEvent, OutboxMessage, Receipt

MOST_TRIES = 12
MAIL_KEPT = timedelta(days=30)

_LONGEST_PAUSE = timedelta(hours=6)

_INSERT_AUDIT = insert(AuditEvent)
_INSERT_RECEIPT = insert(Receipt)


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail taken from the outbox, to be rendered and sent outside any transaction."""

    id: int
    kind: str
    recipient: str
    payload: dict[str, Any]
    created_at: datetime


def audit(session: Session, *, at: datetime, actor_id: int | None, act: str, subject: str, **detail: object) -> None:
    """Write who did what to whom, in the transaction of the act itself. No actor: the system, or nobody signed in."""
    values = {"at": at, "actor_id": actor_id, "act": act, "subject": subject, "detail": detail}
    session.connection().execute(_INSERT_AUDIT, [values])


def queue_mail(session: Session, *, kind: str, recipient: str, payload: dict[str, Any], now: datetime) -> None:
    """Leave a mail to be sent once this transaction is committed."""
    session.add(OutboxMessage(kind=kind, recipient=recipient, payload=payload, created_at=now, next_try_at=now))


def claim_mail(session: Session, *, limit: int = 20, now: datetime) -> tuple[Mail, ...]:
    """Take mails that are due. Each is due again later unless `mark_sent` comes first: a crash repeats, never loses."""
    rows = session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.sent_at.is_(None), OutboxMessage.next_try_at <= now, OutboxMessage.tries < MOST_TRIES)
        .order_by(OutboxMessage.next_try_at, OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.tries += 1
        row.next_try_at = now + min(timedelta(minutes=2**row.tries), _LONGEST_PAUSE)
    return tuple(
        Mail(id=row.id, kind=row.kind, recipient=row.recipient, payload=row.payload, created_at=row.created_at)
        for row in rows
    )


def mark_sent(session: Session, mail_id: int, *, now: datetime) -> None:
    """The mail left: what it said, links included, is forgotten."""
    row = session.get_one(OutboxMessage, mail_id)
    row.sent_at = now
    row.payload = {}


def make_receipt(session: Session, *, attempt_id: int, answers_hash: str, answers_count: int, now: datetime) -> str:
    """The proof of a hand-in: its code. An attempt has one; the table refuses a second."""
    code = grouped("".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)))
    values = {"code": code, "attempt_id": attempt_id, "answers_hash": answers_hash, "answers_count": answers_count}
    session.connection().execute(_INSERT_RECEIPT, [{**values, "made_at": now}])
    return code


def purge(session: Session, *, now: datetime) -> int:
    """Delete mails older than 30 days, sent or given up. Says how many."""
    gone = session.execute(delete(OutboxMessage).where(OutboxMessage.created_at < now - MAIL_KEPT))
    return int(gone.rowcount)  # type: ignore[attr-defined]
