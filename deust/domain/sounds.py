"""Recordings: how long they are kept, and what is known of one."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta
from enum import StrEnum

KEPT_MONTHS = 6
"""A voice says much about a person: a student's is kept this long after the attempt is closed, and a tutor's after the
mark is released, time enough to contest a mark."""

ASIDE_KEPT = timedelta(days=30)
"""A spoken comment that its marker replaced, removed or could not save is kept this long, to be taken back."""

MOST_COMMENT_SECONDS = 300
SPARE_MS = 2_000
"""An encoder pads a recording, and a recorder stops a moment after the last second: this much is not said."""

MOST_TRIES = 3


class SoundState(StrEnum):
    """Waiting to be converted, ready to be heard, unreadable, or deleted with its recording."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"


def runs_over(duration_ms: int, most_seconds: int) -> bool:
    """Whether a recording lasts longer than was asked. It is kept and heard whole: who marks it is told."""
    return duration_ms > most_seconds * 1_000 + SPARE_MS


def kept_until(moment: datetime) -> datetime:
    """The same day and hour six months later, or the last day of a shorter month."""
    months = moment.month - 1 + KEPT_MONTHS
    year, month = moment.year + months // 12, months % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)
