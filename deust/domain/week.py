"""The present week of a person: what is planned on each day, and what they finished on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from deust.domain.people import Calendar
from deust.domain.progress import State, Status


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of the week: minutes of the items due on it, minutes of the items finished on it."""

    on: date
    planned: int
    done: int
    is_today: bool


def week_of(statuses: Iterable[Status], calendar: Calendar, now: datetime) -> tuple[Day, ...]:
    """The seven days of the present week: each item counts on the day it is due, and on the day it was finished."""
    zone = ZoneInfo(calendar.time_zone)
    monday = calendar.monday_of(calendar.week_of(now))
    start, end = calendar.start_of(calendar.week_of(now)), calendar.start_of(calendar.week_of(now) + 1)
    planned: dict[date, int] = {}
    done: dict[date, int] = {}
    for status in statuses:
        if status.state is State.SOON:
            continue
        due_at, done_at = status.dates.due_at, status.standing.completed_at if status.standing else None
        if due_at is not None and start <= due_at < end:
            _count(planned, due_at, status.item.minutes, zone)
        if done_at is not None and start <= done_at < end:
            _count(done, done_at, status.item.minutes, zone)
    today = now.astimezone(zone).date()
    days = (monday + timedelta(days=index) for index in range(7))
    return tuple(Day(on=day, planned=planned.get(day, 0), done=done.get(day, 0), is_today=day == today) for day in days)


def _count(minutes_on: dict[date, int], moment: datetime, minutes: int, zone: ZoneInfo) -> None:
    day = moment.astimezone(zone).date()
    minutes_on[day] = minutes_on.get(day, 0) + minutes
