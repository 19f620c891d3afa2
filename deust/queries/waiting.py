"""What waits for a member of staff, for the numbers beside the words of the navigation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from deust.domain.people import SignedIn
from deust.models.assignments import Copy
from deust.models.messages import Thread
from deust.queries.message_holders import for_me
from deust.queries.message_readings import QUESTION_IS_UNREAD, with_reading
from deust.queries.queue import to_do
from deust.queries.scopes import followed

FRESH = timedelta(seconds=30)
_MOST_KEPT = 500


class Waiting(NamedTuple):
    """Copies to mark, and questions that this person has not read."""

    copies: int
    questions: int


@dataclass(frozen=True, kw_only=True)
class _Kept:
    at: datetime
    waiting: Waiting


class WaitingCounts:
    """The last counts of each member of staff, kept half a minute in one process and forgotten when they act."""

    def __init__(self) -> None:
        self._kept: dict[int, _Kept] = {}

    def find(self, person_id: int, now: datetime) -> Waiting | None:
        kept = self._kept.get(person_id)
        return kept.waiting if kept and timedelta() <= now - kept.at < FRESH else None

    def keep(self, person_id: int, waiting: Waiting, now: datetime) -> None:
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[person_id] = _Kept(at=now, waiting=waiting)

    def forget(self, person_id: int) -> None:
        self._kept.pop(person_id, None)


def waiting_for(connection: Connection, *, asker: SignedIn) -> Waiting:
    """One statement. An administrator is told of the questions that no tutor follows."""
    copies = followed(asker, select(func.count()).select_from(Copy).where(to_do(asker)), Copy.person_id)
    questions = for_me(asker, with_reading(select(func.count()).select_from(Thread), asker.person_id))
    questions = questions.where(QUESTION_IS_UNREAD)
    row = connection.execute(select(copies.scalar_subquery(), questions.scalar_subquery())).one()
    return Waiting(*row)


def counts_of(connection: Connection, kept: WaitingCounts, *, asker: SignedIn, now: datetime) -> Waiting:
    """Counts at most half a minute old."""
    found = kept.find(asker.person_id, now)
    if found is None:
        found = waiting_for(connection, asker=asker)
        kept.keep(asker.person_id, found, now)
    return found
