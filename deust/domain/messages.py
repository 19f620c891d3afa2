"""Questions to the tutor: what they are about, their states, and the delay promised, in working days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from deust.domain.errors import InvalidAnswer

MOST_CHARACTERS = 4_000
MOST_DRAFT = 20_000
MOST_A_DAY = 20
"""New questions of a person in a day."""

MOST_ADDED = 60
"""Messages added in a day to one's questions: a conversation is not a new question."""


PROMISED_DAYS = 2
"""Working days until an answer: the « délai de réponse maximal » of the assistance that article D.6313-3-1 of the
Code du travail asks of training at a distance. The law fixes no number; two working days is what the training sets."""

DIGEST_HOUR = 7
DIGEST_LASTS = timedelta(hours=2)
STUDENT_PAUSE = timedelta(hours=1)
MOST_TITLES = 10
MOST_DAYS_COUNTED = 60


class Kind(StrEnum):
    """What a question is about."""

    MODULE = "module"
    LESSON = "lesson"
    RESULT = "result"
    QUESTION = "question"
    ASSIGNMENT = "assignment"
    MARK = "mark"


class State(StrEnum):
    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class About:
    """What a question is about. `ref` is that of a module or of an item; a result, a hand-in or a mark adds its
    attempt, and one question of a quiz its `key` there."""

    kind: Kind
    ref: str
    title: str
    attempt_id: int | None = None
    attempt: str = ""
    key: str | None = None

    @property
    def place(self) -> str:
        """The name of the draft of a new question about it."""
        place = f"about:{self.kind.value}:{self.attempt or self.ref}"
        return f"{place}:{self.key}" if self.key else place


def drafted_about(place: str) -> About:
    """What the draft of this name is about, without its title: the inverse of `place`."""
    _about, kind, name, *key = place.split(":")
    found = About(kind=Kind(kind), ref="", title="", key=key[0] if key else None)
    is_course = found.kind in (Kind.MODULE, Kind.LESSON)
    return replace(found, ref=name) if is_course else replace(found, attempt=name)


def thread_place(public_id: str) -> str:
    """The name of the draft of a message in this thread."""
    return f"thread:{public_id}"


def cleaned(text: str) -> str:
    """What a person typed, as it is kept: lines as they are, no sign that cannot be shown."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    if lines.isprintable():
        return lines.strip()
    return "".join(sign for sign in lines if sign in "\n\t" or sign.isprintable() or sign.isspace()).strip()


def ensure_sendable(text: str) -> None:
    """Refuses an empty text, and one of more than 4,000 characters."""
    if not text:
        raise InvalidAnswer("empty")
    if len(text) > MOST_CHARACTERS:
        raise InvalidAnswer("long")


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """The public holidays of metropolitan France, article L.3133-1 of the Code du travail."""
    easter = easter_of(year)
    fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    after_easter = (1, 39, 50)
    return frozenset(
        [date(year, month, day) for month, day in fixed] + [easter + timedelta(days=days) for days in after_easter]
    )


def easter_of(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, as Meeus reckons it."""
    golden, (century, rest) = year % 19, divmod(year, 100)
    skipped = (8 * century + 13) // 25
    moon = (19 * golden + century - century // 4 - skipped + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    correction = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * correction + 114, 31)
    return date(year, month, day + 1)


def is_working(day: date) -> bool:
    return day.weekday() < 5 and day not in holidays(day.year)


def promised_by(asked_at: datetime, zone: str, days: int = PROMISED_DAYS) -> datetime:
    """Until when an answer is promised: the same time of day, this many working days later.

    A question that arrives on a day off counts from the midnight that begins the next working day.
    """
    local = asked_at.astimezone(ZoneInfo(zone))
    day, hour = local.date(), local.time()
    if not is_working(day):
        day, hour = _next_working(day), time()
    for _step in range(days):
        day = _next_working(day)
    return datetime.combine(day, hour, ZoneInfo(zone)).astimezone(UTC)


def days_waited(asked_at: datetime, now: datetime, zone: str) -> int:
    """The whole working days since the question: as many as the promise has already let pass."""
    days = 0
    while days < MOST_DAYS_COUNTED and promised_by(asked_at, zone, days + 1) <= now:
        days += 1
    return days


def _next_working(day: date) -> date:
    following = day + timedelta(days=1)
    while not is_working(following):
        following += timedelta(days=1)
    return following


def digest_hour(now: datetime, zone: str) -> datetime | None:
    """The 7 h of today in this time zone, from then until 9 h on a working day; None the rest of the time."""
    local = now.astimezone(ZoneInfo(zone))
    hour = datetime.combine(local.date(), time(DIGEST_HOUR), ZoneInfo(zone)).astimezone(UTC)
    is_time = is_working(local.date()) and timedelta(0) <= now - hour < DIGEST_LASTS
    return hour if is_time else None


def day_start(now: datetime, zone: str) -> datetime:
    """The midnight that began this person's day."""
    local = now.astimezone(ZoneInfo(zone))
    return datetime.combine(local.date(), time(), ZoneInfo(zone)).astimezone(UTC)
