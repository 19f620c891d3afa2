"""People, their cohort's calendar, and the arrangements that move their deadlines."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from deust.domain.access import Permission, Role, may

DEFAULT_ZONE = "Europe/Paris"
"""Where moments are told to who has no place of their own."""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """A cohort's weeks: week 1 starts on `week_one_on`; ends are local midnights, shown as 23 h 59."""

    week_one_on: date
    time_zone: str = DEFAULT_ZONE

    def week_of(self, now: datetime) -> int:
        """The week's number at this moment; below 1 before the first."""
        day = now.astimezone(ZoneInfo(self.time_zone)).date()
        return (day - self.week_one_on).days // 7 + 1

    def monday_of(self, week: int) -> date:
        return self.week_one_on + timedelta(weeks=week - 1)

    def start_of(self, week: int) -> datetime:
        return self._midnight(self.monday_of(week))

    def end_of(self, week: int) -> datetime:
        """The last second of the week's Sunday, in UTC."""
        return self._midnight(self.monday_of(week + 1)) - timedelta(seconds=1)

    def beginning_for(self, started_on: date) -> datetime:
        """When someone enrolled that day begins, in UTC: that midnight, or the first day's when it comes later."""
        return self._midnight(max(started_on, self.week_one_on))

    def end_of_day(self, day: date) -> datetime:
        """The last second of a day of this calendar, in UTC."""
        return self._midnight(day + timedelta(days=1)) - timedelta(seconds=1)

    def _midnight(self, day: date) -> datetime:
        return _midnight(day, self.time_zone)


@lru_cache(maxsize=2_048)
def _midnight(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC)


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """A student's place: the cohort they follow and its calendar."""

    enrolment_id: int
    cohort_id: int
    cohort_title: str
    group_id: int | None
    programme: str
    calendar: Calendar
    started_on: date

    @property
    def began_at(self) -> datetime:
        return self.calendar.beginning_for(self.started_on)


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """The person who asks, as every page and act receives them; `unread` of their questions have an unread answer."""

    person_id: int
    given_name: str
    family_name: str
    email: str
    role: Role
    session_hash: str
    theme: str
    locale: str
    time_zone: str
    is_demo: bool
    enrolled: Enrolled | None
    unread: int = 0

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def reviews_attempts(self) -> bool:
        return may(self.role, Permission.ATTEMPT_REVIEW)

    @property
    def reads_programme(self) -> bool:
        return may(self.role, Permission.LEARNING_READ)

    @property
    def arranges_people(self) -> bool:
        return may(self.role, Permission.PEOPLE_ARRANGE)

    @property
    def follows_cohorts(self) -> bool:
        return may(self.role, Permission.COHORT_FOLLOW)

    @property
    def initials(self) -> str:
        return (self.given_name[:1] + self.family_name[:1]).upper()


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    """Time granted to a person: the limit is multiplied, then minutes are added."""

    time_multiplier: Fraction = Fraction(1)
    extra_minutes: int = 0


NO_ARRANGEMENT = Arrangement()


@dataclass(frozen=True, kw_only=True)
class Dates:
    """An item's dates for one person, in UTC; each may be absent. `extra_attempts` were granted besides."""

    opens_at: datetime | None = None
    due_at: datetime | None = None
    closes_at: datetime | None = None
    extra_attempts: int = 0


def normalised_email(email: str) -> str:
    """The one form under which an address is kept and compared: NFKC, trimmed, lower case."""
    return unicodedata.normalize("NFKC", email).strip().casefold()
