"""A receipt found by its code, mail that is due, what each table declares about the people in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, bindparam, select

from deust.domain.records import MOST_TRIES
from deust.models import assignments, cohort, learning, messages, people, quizzes, records, signin
from deust.models.base import Base, Privacy
from deust.models.quizzes import Attempt
from deust.models.records import OutboxMessage, Receipt

DECLARED_IN = (people, signin, learning, quizzes, assignments, messages, records, cohort)
"""The modules whose tables are declared; importing them registers the tables."""


@dataclass(frozen=True, kw_only=True)
class ReceiptPage:
    """What anyone who holds the code may read: no name, no answer, no mark. Who did not hand in has a receipt too, of
    what was there when their time was over: `by_clock`.
    """

    code: str
    closed_at: datetime
    by_clock: bool
    item_title: str
    answers_hash: str
    answers_count: int


@dataclass(frozen=True, kw_only=True)
class HeldTable:
    table: str
    columns: tuple[str, ...]
    privacy: Privacy


_RECEIPT = (
    select(
        Receipt.code,
        Attempt.closed_at,
        Attempt.closed_by,
        Receipt.answers_hash,
        Receipt.answers_count,
        Attempt.settings,
        Attempt.item_ref,
    )
    .join(Attempt, Attempt.id == Receipt.attempt_id)
    .where(Receipt.code == bindparam("code"))
)


def is_due(now: datetime) -> ColumnElement[bool]:
    """Whether a mail of the outbox should leave now: neither sent, nor waiting, nor given up."""
    return and_(OutboxMessage.sent_at.is_(None), OutboxMessage.next_try_at <= now, OutboxMessage.tries < MOST_TRIES)


def has_due_mail(connection: Connection, *, now: datetime) -> bool:
    return connection.execute(select(OutboxMessage.id).where(is_due(now)).limit(1)).first() is not None


def find_receipt(connection: Connection, *, code: str) -> ReceiptPage | None:
    """The hand-in, or the end of the time, that a code proves, titled as it was that day: one statement."""
    row = connection.execute(_RECEIPT, {"code": code}).first()
    if row is None:
        return None
    return ReceiptPage(
        code=row.code,
        closed_at=row.closed_at,
        by_clock=row.closed_by == "clock",
        item_title=row.settings.get("title") or row.item_ref,
        answers_hash=row.answers_hash,
        answers_count=row.answers_count,
    )


def held_tables() -> tuple[HeldTable, ...]:
    """Every table with its declaration; a table without one is a programming error that raises."""
    return tuple(
        HeldTable(
            table=table.name, columns=tuple(column.name for column in table.columns), privacy=table.info["privacy"]
        )
        for table in Base.metadata.sorted_tables
    )
