"""What stands beside the queue: how long a copy takes to mark, what was given back, who is silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from deust.domain.assignments import CopyState
from deust.domain.copies import LONGEST_MARKING, SHORTEST_MARKING, typical_minutes
from deust.domain.people import SignedIn
from deust.domain.statistics import middle
from deust.models.assignments import Copy, MarkingEvent
from deust.queries.cohort_facts import Snapshots
from deust.queries.cohort_heads import Programmes
from deust.queries.scopes import followed
from deust.queries.silent import SilentList, silent_students

FRESH = timedelta(minutes=10)
WEEK = timedelta(days=7)
MEASURED = 500
"""How many of the last copies marked the times are taken from."""

_MOST_KEPT = 500
_MOST_RELEASED = 2_000


@dataclass(frozen=True, kw_only=True)
class News:
    """`minutes` is what a copy of each activity takes, where enough were marked; `median_days` from hand-in to mark."""

    at: datetime
    minutes: Mapping[str, int]
    released: int
    median_days: int | None
    silent: SilentList


class QueueNews:
    """The last news of each marker, kept ten minutes in one process and forgotten when they act."""

    def __init__(self) -> None:
        self._kept: dict[int, News] = {}

    def find(self, person_id: int, now: datetime) -> News | None:
        kept = self._kept.get(person_id)
        return kept if kept and timedelta() <= now - kept.at < FRESH else None

    def keep(self, person_id: int, news: News) -> None:
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[person_id] = news

    def forget(self, person_id: int) -> None:
        self._kept.pop(person_id, None)


def queue_news(
    connection: Connection,
    kept: QueueNews,
    snapshots: Snapshots,
    *,
    marker: SignedIn,
    programmes: Programmes,
    now: datetime,
) -> News:
    """At most ten minutes old; four statements when read again."""
    found = kept.find(marker.person_id, now)
    if found is None:
        released, median_days = _given_back(connection, marker, now)
        found = News(
            at=now,
            minutes=marking_minutes(connection),
            released=released,
            median_days=median_days,
            silent=silent_students(connection, snapshots, asker=marker, programmes=programmes, now=now),
        )
        kept.keep(marker.person_id, found)
    return found


def marking_minutes(connection: Connection) -> Mapping[str, int]:
    """The median time really spent on a copy of each activity: from the first save of a marker to their last one.

    A copy saved once says nothing, nor does one left aside for more than an hour.
    """
    last = (
        select(Copy.id, Copy.item_ref)
        .where(Copy.state.in_((CopyState.READY.value, CopyState.RELEASED.value)))
        .order_by(Copy.id.desc())
        .limit(MEASURED)
        .subquery()
    )
    rows = connection.execute(
        select(last.c.item_ref, func.min(MarkingEvent.at).label("first"), func.max(MarkingEvent.at).label("last"))
        .join(MarkingEvent, MarkingEvent.copy_id == last.c.id)
        .group_by(last.c.id, last.c.item_ref, MarkingEvent.marker_id)
    ).all()
    spent: dict[str, list[timedelta]] = {}
    for row in rows:
        if SHORTEST_MARKING <= (time := row.last - row.first) <= LONGEST_MARKING:
            spent.setdefault(row.item_ref, []).append(time)
    found = {ref: typical_minutes(times) for ref, times in spent.items()}
    return {ref: minutes for ref, minutes in found.items() if minutes is not None}


def _given_back(connection: Connection, marker: SignedIn, now: datetime) -> tuple[int, int | None]:
    """How many copies of the students followed were given back in seven days, and their median delay in days."""
    statement = (
        select(Copy.handed_in_at, Copy.released_at)
        .where(Copy.released_at > now - WEEK, Copy.released_at <= now)
        .order_by(Copy.released_at.desc())
        .limit(_MOST_RELEASED)
    )
    rows = connection.execute(followed(marker, statement, Copy.person_id)).all()
    days = [(row.released_at - row.handed_in_at).days for row in rows]
    return len(days), middle(days) if days else None
