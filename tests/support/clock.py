"""A clock that a test sets and moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 10, 13, 18, 0, tzinfo=UTC)
"""A Tuesday evening of the fifth week of the cohort that `factories.cohort` makes."""


class Clock:
    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def set(self, now: datetime) -> None:
        self.now = now

    def move(self, **amount: float) -> datetime:
        """Move by weeks, days, hours, minutes or seconds, back when negative; gives the new time."""
        self.now += timedelta(**amount)
        return self.now
