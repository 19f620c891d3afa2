"""Where a person stands: what makes an item done, late, locked or next, and the totals of a module or a UE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from math import ceil
from types import MappingProxyType
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from deust.domain.attempts import attempts_left
from deust.domain.learning import Announced, Assignment, Completion, Lesson, Module, Programme, Quiz
from deust.domain.people import Calendar, Dates
from deust.domain.questions import File, Info, Json, Voice
from deust.domain.quizzes import Mode, Moment

AnyItem = Lesson | Quiz | Announced

Kept = TypeVar("Kept")

_NO_DATES = Dates()
_NOTHING_TRIED: Mapping[str, Json] = MappingProxyType({})
_NEVER = datetime.max.replace(tzinfo=UTC)
_WITHOUT_TRY = (Info, Voice, File)
_CLOSING = (Mode.GRADED, Mode.EXAM)


class State(StrEnum):
    DONE = "done"
    STARTED = "started"
    TODO = "todo"
    REDO = "redo"
    LATE = "late"
    SOON = "soon"
    LOCKED = "locked"


class Standing(NamedTuple):
    """What is kept about one person and one item. `attempts_used` counts the open attempt too.

    `checks_tried` is the last answer to each check-yourself question tried.
    """

    opened_at: datetime
    touched_at: datetime
    place: str | None = None
    read_permille: int = 0
    read_at: datetime | None = None
    checks_tried: Mapping[str, Json] = _NOTHING_TRIED
    attempts_used: int = 0
    open_attempt: str | None = None
    deadline_at: datetime | None = None
    kept_share: Fraction | None = None
    is_passed: bool = False
    completed_at: datetime | None = None
    credited_minutes: int = 0

    @property
    def has_open_attempt(self) -> bool:
        return self.open_attempt is not None


class Status(NamedTuple):
    """An item as one person meets it now; `blocked_by` are the items to finish first."""

    item: AnyItem
    standing: Standing | None
    dates: Dates
    state: State
    minutes_left: int
    is_closed: bool = False
    blocked_by: tuple[AnyItem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Counts over the items that exist; announced ones are left out. A closed item asks for no more minutes."""

    done: int = 0
    total: int = 0
    redo: int = 0
    late: int = 0
    minutes_left: int = 0
    credited_minutes: int = 0

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            done=self.done + other.done,
            total=self.total + other.total,
            redo=self.redo + other.redo,
            late=self.late + other.late,
            minutes_left=self.minutes_left + other.minutes_left,
            credited_minutes=self.credited_minutes + other.credited_minutes,
        )


def checks_of(item: AnyItem) -> tuple[str, ...]:
    """The check-yourself questions that count: those that can be answered on the page."""
    if not isinstance(item, Lesson):
        return ()
    return tuple(question.id for question in item.checks if not isinstance(question.answer, _WITHOUT_TRY))


def checks_left(item: AnyItem, standing: Standing | None) -> tuple[str, ...]:
    """The check-yourself questions not tried yet, in the lesson's order."""
    tried = standing.checks_tried if standing else {}
    return tuple(question for question in checks_of(item) if question not in tried)


def is_complete(item: AnyItem, standing: Standing, *, extra_attempts: int = 0) -> bool:
    """Whether what the person did meets the item's completion rule.

    A lesson: opened, read to its end, or read and every check tried, as it asks. A quiz: passed, or attempts used up
    with the `extra_attempts` granted besides, or attempted once. An assignment: handed in. What is announced cannot be
    done yet.
    """
    rule = item.completion
    if isinstance(item, Announced):
        return False
    if rule is Completion.HANDED_IN:
        return standing.attempts_used > 0 and not standing.has_open_attempt
    if rule is Completion.OPENED:
        return True
    if rule is Completion.READ:
        return standing.read_at is not None
    if rule is Completion.CHECKED:
        return standing.read_at is not None and not checks_left(item, standing)
    return _is_answered(item, standing, extra_attempts)


def _is_answered(item: Lesson | Quiz, standing: Standing, extra_attempts: int) -> bool:
    if not isinstance(item, Quiz) or standing.attempts_used == 0:
        return False
    if standing.is_passed and _is_told(item):
        return True
    if standing.has_open_attempt:
        return False
    used = standing.attempts_used - extra_attempts
    return item.completion is Completion.ATTEMPTED or not attempts_left(item.settings, used)


def _is_told(quiz: Quiz) -> bool:
    """Whether the result is known from each hand-in on: when it is not, no state may give it away."""
    return quiz.settings.show.score is Moment.AFTER_SUBMIT


def dates_of(item: AnyItem, calendar: Calendar | None, cohort_dates: Dates | None, person_dates: Dates | None) -> Dates:
    """An item's dates for one person: their own first, then their cohort's, then the calendar's.

    The calendar makes an item due at the end of its `due` week. Graded and exam quizzes close when they are due, and a
    due date that is moved moves that closing; an assignment closes as many days later as it accepts late work. Lessons
    and training quizzes never close.
    """
    grace = _closes_after(item)
    if person_dates is None and cohort_dates is None:
        if calendar is None or not item.due_week:
            return _NO_DATES
        return _dates_of_week(calendar, item.due_week, grace)
    due_at = calendar.end_of(item.due_week) if calendar and item.due_week else None
    levels = [level for level in (person_dates, cohort_dates, Dates(due_at=due_at)) if level is not None]
    closings = [level.closes_at or _closing(level.due_at, grace, calendar) for level in levels]
    return Dates(
        opens_at=_first(level.opens_at for level in levels),
        due_at=_first(level.due_at for level in levels),
        closes_at=_first(closings),
        extra_attempts=sum(level.extra_attempts for level in levels),
    )


@lru_cache(maxsize=1_024)
def _dates_of_week(calendar: Calendar, week: int, grace: timedelta | None) -> Dates:
    due_at = calendar.end_of(week)
    return Dates(due_at=due_at, closes_at=_closing(due_at, grace, calendar))


def _closing(due_at: datetime | None, grace: timedelta | None, calendar: Calendar | None) -> datetime | None:
    """The same hour, that many days later: days of the calendar, which are not all of 24 hours."""
    if due_at is None or grace is None:
        return None
    zone = ZoneInfo(calendar.time_zone) if calendar else UTC
    return (due_at.astimezone(zone) + grace).astimezone(UTC)


def _closes_after(item: AnyItem) -> timedelta | None:
    """How long after its due date an item closes; None when it does not."""
    if isinstance(item, Assignment):
        return timedelta(days=item.terms.late_days)
    return timedelta() if isinstance(item, Quiz) and item.settings.mode in _CLOSING else None


def _first(moments: Iterable[datetime | None]) -> datetime | None:
    return next((moment for moment in moments if moment is not None), None)


def state_of(
    item: AnyItem, standing: Standing | None, dates: Dates, now: datetime, *, is_blocked: bool = False
) -> State:
    """The one state shown for an item. Done stays done; an open attempt can always be gone on with.

    Late: due in the past and not complete. To redo: a quiz attempted, not passed, with attempts left; while its result
    is hidden, or waits for a marker, it is only started.
    """
    if isinstance(item, Announced):
        return State.SOON
    if standing is not None and standing.completed_at is not None:
        return State.DONE
    if standing is not None and standing.has_open_attempt:
        return State.STARTED
    if is_blocked or (dates.opens_at is not None and now < dates.opens_at):
        return State.LOCKED
    if dates.due_at is not None and now > dates.due_at:
        return State.LATE
    if standing is None or (isinstance(item, Quiz) and standing.attempts_used == 0):
        return State.TODO
    is_known = standing.kept_share is not None
    return State.REDO if isinstance(item, Quiz) and is_known and _is_told(item) else State.STARTED


def find_kept(item: AnyItem, kept: Mapping[str, Kept]) -> Kept | None:
    """What is kept about an item, under its present reference or one it had before."""
    found = kept.get(item.ref)
    if found is not None or not item.aliases:
        return found
    former = (kept.get(f"{item.module}/{alias}") for alias in item.aliases)
    return next((value for value in former if value is not None), None)


def find_standing(item: AnyItem, standings: Mapping[str, Standing]) -> Standing | None:
    """Where a person stands in an item: done once it was done under any of its names, as when a former one was given
    back to it after it had been opened under the new one.
    """
    found = find_kept(item, standings)
    if found is None or not item.aliases:
        return found
    done = [one for one in map(standings.get, item.refs) if one is not None and one.completed_at is not None]
    if not done:
        return found
    completed_at = min(one.completed_at for one in done if one.completed_at is not None)
    return found._replace(completed_at=completed_at, credited_minutes=max(one.credited_minutes for one in done))


def _is_done(item: AnyItem, standings: Mapping[str, Standing]) -> bool:
    standing = find_standing(item, standings)
    return standing is not None and standing.completed_at is not None


def minutes_left(item: AnyItem, standing: Standing | None) -> int:
    """The minutes still to spend: less the share of a lesson already read, at least one until the item is done."""
    if standing is None:
        return item.minutes
    if standing.completed_at is not None:
        return 0
    if not isinstance(item, Lesson):
        return item.minutes
    return max(1, ceil(Fraction(item.minutes * (1000 - standing.read_permille), 1000)))


@dataclass(frozen=True, kw_only=True)
class Progress:
    """All that is known of one person in one programme at one moment; who does not follow it waits for nothing.

    `began_at` is when they came: what was due before is to do, at no date.
    """

    programme: Programme
    now: datetime
    is_followed: bool = True
    calendar: Calendar | None = None
    began_at: datetime | None = None
    standings: Mapping[str, Standing] = field(default_factory=dict)
    cohort_dates: Mapping[str, Dates] = field(default_factory=dict)
    person_dates: Mapping[str, Dates] = field(default_factory=dict)
    _dates: dict[str, Dates] = field(default_factory=dict, init=False, repr=False, compare=False)
    _holding: dict[str, bool] = field(default_factory=dict, init=False, repr=False, compare=False)

    def dates(self, item: AnyItem) -> Dates:
        found = self._dates.get(item.ref)
        if found is None:
            found = self._dates[item.ref] = self._dates_of(item)
        return found

    def _dates_of(self, item: AnyItem) -> Dates:
        cohort_dates = find_kept(item, self.cohort_dates) if self.cohort_dates else None
        person_dates = find_kept(item, self.person_dates) if self.person_dates else None
        found = dates_of(item, self.calendar, cohort_dates, person_dates)
        if self.began_at is not None and found.due_at is not None and found.due_at < self.began_at:
            return replace(found, due_at=None)
        return found

    def blocked_by(self, item: AnyItem) -> tuple[AnyItem, ...]:
        """The prerequisites not finished, less those that closed: nobody is held back by what can no longer be done."""
        if not self.is_followed:
            return ()
        return tuple(
            required for required in self.programme.prerequisites.get(item.ref, ()) if self._holds_back(required)
        )

    def _holds_back(self, required: AnyItem) -> bool:
        found = self._holding.get(required.ref)
        if found is None:
            is_left = not _is_done(required, self.standings) and not self._is_closed(self.dates(required))
            found = self._holding[required.ref] = is_left
        return found

    def status(self, item: AnyItem) -> Status:
        standing = find_standing(item, self.standings)
        dates = self.dates(item)
        is_begun = standing is not None and (standing.completed_at is not None or standing.has_open_attempt)
        reasons = () if is_begun else self.blocked_by(item)
        state = state_of(item, standing, dates, self.now, is_blocked=bool(reasons))
        return Status(
            item=item,
            standing=standing,
            dates=dates,
            state=state,
            minutes_left=minutes_left(item, standing),
            is_closed=self._is_closed(dates),
            blocked_by=reasons if state is State.LOCKED else (),
        )

    def statuses(self, module: Module) -> tuple[Status, ...]:
        return tuple(self.status(item) for item in module.items)

    @property
    def credited_minutes(self) -> int:
        """All that was credited, also for what has left the programme since."""
        return sum(standing.credited_minutes for standing in self.standings.values())

    def may_open(self, item: AnyItem) -> bool:
        return self.status(item).state not in (State.LOCKED, State.SOON)

    def _is_closed(self, dates: Dates) -> bool:
        return dates.closes_at is not None and self.now >= dates.closes_at


def totals_of(statuses: Iterable[Status]) -> Totals:
    """Counts of a module, a UE or a semester."""
    counted = [status for status in statuses if status.state is not State.SOON]
    return Totals(
        done=sum(status.state is State.DONE for status in counted),
        total=len(counted),
        redo=sum(status.state is State.REDO for status in counted),
        late=sum(status.state is State.LATE for status in counted),
        minutes_left=sum(status.minutes_left for status in counted if not status.is_closed),
        credited_minutes=sum(status.standing.credited_minutes for status in counted if status.standing),
    )


def next_actions(statuses: Sequence[Status]) -> tuple[Status, ...]:
    """What can be done now, the first to do first.

    An open attempt that time limits comes before everything; then what was begun, last touched first, the draft of an
    assignment like a lesson: one writes it for days; then what is late; then the rest in order of due date, and of the
    programme.
    """
    ranked = [(_rank(status), index, status) for index, status in enumerate(statuses) if _can_be_done(status)]
    return tuple(status for _, _, status in sorted(ranked, key=lambda entry: entry[:2]))


def next_action(statuses: Sequence[Status]) -> Status | None:
    """The one thing to do now; None when nothing can be done."""
    return next(iter(next_actions(statuses)), None)


def _can_be_done(status: Status) -> bool:
    if status.standing is not None and status.standing.has_open_attempt:
        return True
    is_there = status.state not in (State.DONE, State.SOON, State.LOCKED)
    return is_there and not status.is_closed and not _is_used_up(status)


def _is_used_up(status: Status) -> bool:
    """Whether a quiz that is not done has no attempt left: fewer are allowed than when the last one was used."""
    item, standing = status.item, status.standing
    if standing is None or not isinstance(item, Quiz) or isinstance(item, Assignment):
        return False
    return not attempts_left(item.settings, standing.attempts_used - status.dates.extra_attempts)


def _rank(status: Status) -> tuple[int, float]:
    standing, is_draft = status.standing, isinstance(status.item, Assignment)
    if standing is not None and standing.has_open_attempt and standing.deadline_at is not None and not is_draft:
        return 0, standing.deadline_at.timestamp()
    if standing is not None and (standing.has_open_attempt or isinstance(status.item, Lesson)):
        return 1, -standing.touched_at.timestamp()
    due_at = status.dates.due_at or _NEVER
    return (2 if status.state is State.LATE else 3), due_at.timestamp()
