"""Recordings: how long they are kept, and what is known of one."""

from __future__ import annotations

import calendar
from datetime import datetime
from enum import StrEnum

KEPT_MONTHS = 6
"""A voice says much about a person: it is kept this long after its attempt is closed, time enough to contest a mark."""

MOST_TRIES = 3


class SoundState(StrEnum):
    """Waiting to be converted, ready to be heard, unreadable, or deleted with its recording."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"


def kept_until(closed_at: datetime) -> datetime:
    """The same day and hour six months later, or the last day of a shorter month."""
    months = closed_at.month - 1 + KEPT_MONTHS
    year, month = closed_at.year + months // 12, months % 12 + 1
    day = min(closed_at.day, calendar.monthrange(year, month)[1])
    return closed_at.replace(year=year, month=month, day=day)
