"""A receipt found by its code, mail that is due, what each table declares about the people in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, select

from deust.domain.records import MOST_TRIES
from deust.models import assignments, cohort, learning, messages, people, quizzes, records, signin
from deust.models.base import Base, Privacy
from deust.models.quizzes import Attempt
from deust.models.records import OutboxMessage, Receipt
from deust.queries.returned import url_of_result

WORKS_A_PAGE = 50

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
class Work:
    """Something that its student did, with where its result is read; what that may show is decided there."""

    title: str
    number: int
    closed_at: datetime
    by_clock: bool
    url: str
    receipt_code: str | None


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


_WORKS = (
    select(
        Attempt.public_id,
        Attempt.item_ref,
        Attempt.settings,
        Attempt.number,
        Attempt.closed_at,
        Attempt.closed_by,
        Attempt.receipt_code,
    )
    .where(Attempt.person_id == bindparam("person_id"), Attempt.closed_at.is_not(None))
    .order_by(Attempt.closed_at.desc(), Attempt.id.desc())
    .limit(bindparam("most"))
    .offset(bindparam("before"))
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


def works_of(connection: Connection, *, person_id: int, page: int) -> tuple[tuple[Work, ...], bool]:
    """What a person finished, the last first, and whether there is more: one statement."""
    asked = {"person_id": person_id, "most": WORKS_A_PAGE + 1, "before": (page - 1) * WORKS_A_PAGE}
    rows = connection.execute(_WORKS, asked).all()
    return tuple(_work(row) for row in rows[:WORKS_A_PAGE]), len(rows) > WORKS_A_PAGE


def _work(row: Row[Any]) -> Work:
    return Work(
        title=row.settings.get("title") or row.item_ref,
        number=row.number,
        closed_at=row.closed_at,
        by_clock=row.closed_by == "clock",
        url=url_of_result(row.public_id, row.settings),
        receipt_code=row.receipt_code,
    )


def held_tables() -> tuple[HeldTable, ...]:
    """Every table with its declaration; a table without one is a programming error that raises."""
    return tuple(
        HeldTable(
            table=table.name, columns=tuple(column.name for column in table.columns), privacy=table.info["privacy"]
        )
        for table in Base.metadata.sorted_tables
    )
