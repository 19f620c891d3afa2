"""What was done and by whom, the mail that leaves afterwards, the receipts."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from deust.domain.records import CODE_BITS, code_of
from deust.models.records import AuditEvent, OutboxMessage, Receipt
from deust.models.rows import RowsInsert, Together, added
from deust.queries.records import is_due

MAIL_KEPT = timedelta(days=30)

_LONGEST_PAUSE = timedelta(hours=6)

AUDITED = added("audit", AuditEvent, "at", "actor_id", "act", "subject", "detail")
RECEIVED = added("receipt", Receipt, "code", "attempt_id", "answers_hash", "answers_count", "made_at")
"""The audit line and the receipt of an act that writes them with its own rows."""

_ALONE = Together(AUDITED)
_LINES = RowsInsert(AuditEvent, ("at", "actor_id", "act", "subject", "detail"))
_MAILS = RowsInsert(OutboxMessage, ("kind", "recipient", "payload", "created_at", "next_try_at"))


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
    line = audit_line(at=at, actor_id=actor_id, act=act, subject=subject, **detail)
    _ALONE.write(session.connection(), {"audit": line})


def audit_all(session: Session, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write the lines of an act about many people, in one statement however many they are."""
    _LINES.write(session.connection(), lines)


def audit_line(*, at: datetime, actor_id: int | None, act: str, subject: str, **detail: object) -> dict[str, Any]:
    """The line that `audit` writes, for an act that writes it with its own rows, or with others."""
    return {"at": at, "actor_id": actor_id, "act": act, "subject": subject, "detail": detail}


def queue_mail(session: Session, *, kind: str, recipient: str, payload: dict[str, Any], now: datetime) -> None:
    """Leave a mail to be sent once this transaction is committed."""
    session.add(OutboxMessage(**mail_row(kind=kind, recipient=recipient, payload=payload, now=now)))


def queue_all(session: Session, mails: Sequence[Mapping[str, Any]]) -> None:
    """Leave these mails to be sent, in one statement however many they are."""
    _MAILS.write(session.connection(), mails)


def mail_row(*, kind: str, recipient: str, payload: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {"kind": kind, "recipient": recipient, "payload": payload, "created_at": now, "next_try_at": now}


def claim_mail(session: Session, *, limit: int = 20, now: datetime) -> tuple[Mail, ...]:
    """Take mails that are due. Each is due again later unless `mark_sent` comes first: a crash repeats, never loses."""
    rows = session.scalars(
        select(OutboxMessage)
        .where(is_due(now))
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


def give_back(session: Session, mail_ids: Collection[int], *, now: datetime) -> None:
    """Mails that were taken and that nobody tried to send: they are due as before, and no try is counted."""
    untried = {"tries": OutboxMessage.tries - 1, "next_try_at": now}
    session.execute(update(OutboxMessage).where(OutboxMessage.id.in_(mail_ids)).values(**untried))


def mark_sent(session: Session, mail_id: int, *, now: datetime) -> None:
    """The mail left: what it said, links included, is forgotten."""
    row = session.get_one(OutboxMessage, mail_id)
    row.sent_at = now
    row.payload = {}


def new_receipt(*, attempt_id: int, answers_hash: str, answers_count: int, now: datetime) -> dict[str, Any]:
    """The proof of a hand-in, to be written with it, under a code. An attempt has one; the table refuses a second."""
    return {
        "code": code_of(secrets.randbits(CODE_BITS)),
        "attempt_id": attempt_id,
        "answers_hash": answers_hash,
        "answers_count": answers_count,
        "made_at": now,
    }


def purge(session: Session, *, now: datetime) -> int:
    """Delete mails older than 30 days, sent or given up. Says how many."""
    gone = session.execute(delete(OutboxMessage).where(OutboxMessage.created_at < now - MAIL_KEPT))
    return int(gone.rowcount)  # type: ignore[attr-defined]
