"""What was done and by whom, what remains to be sent, and the receipts that anyone can verify."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from deust.models.base import Base, Privacy


class AuditEvent(Base):
    __tablename__ = "audit_event"
    __table_args__ = {  # noqa: RUF012
        "info": {
            "privacy": Privacy(
                personal=True,
                purpose="to answer « who did what, when »",
                keep="as long as the records it explains",
                export=True,
                erase="kept under the pseudonym",
            )
        }
    }

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    act: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(200), index=True)
    detail: Mapped[dict[str, Any]]


class OutboxMessage(Base):
    """A mail to send, written in the transaction that calls for it and sent after it."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        Index(
            "ix_outbox_message_waiting",
            "next_try_at",
            sqlite_where=text("sent_at IS NULL"),
            postgresql_where=text("sent_at IS NULL"),
        ),
        {"info": {"privacy": Privacy(personal=True, purpose="to send mail once, even after a crash", keep="30 days")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    recipient: Mapped[str] = mapped_column(String(254))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(Integer, default=0)
    sent_at: Mapped[datetime | None]


class Receipt(Base):
    """Proof of a hand-in: its time and the hash of its answers, found by its code."""

    __tablename__ = "receipt"
    __table_args__ = {  # noqa: RUF012
        "info": {
            "privacy": Privacy(
                personal=True,
                purpose="proof that something was handed in",
                keep="as long as the attempt",
                export=True,
                erase="kept: it names nobody",
            )
        }
    }

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), unique=True)
    answers_hash: Mapped[str] = mapped_column(String(64))
    answers_count: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime]
