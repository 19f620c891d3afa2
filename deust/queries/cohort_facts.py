"""What the rules need to know of every student of a cohort, gathered in one statement and kept for a minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from deust.domain.flags import Facts, FailedQuiz, Flag, FlagKind, Rules, flags_of
from deust.domain.glance import Glance, Kept, Line, graded_positions
from deust.domain.learning import Programme
from deust.domain.people import Calendar, Dates
from deust.domain.progress import Progress
from deust.domain.statistics import mean
from deust.domain.texts import unaccented
from deust.models.base import exact
from deust.queries.cohort_statements import EVERYONE, Moved

FRESH = timedelta(seconds=60)
"""How old the counts of a cohort may be; what a row shows is always of the moment."""

_MOST_LINES = 256
_NEVER_MOVED: Mapping[str, Dates] = {}


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What is the same for the whole cohort at this moment: items, dates, and the sets that rules count in."""

    progress: Progress
    glance: Glance
    rules: Rules
    now: datetime
    overdue: frozenset[int]
    soon: frozenset[int]
    graded: frozenset[int]
    lines: dict[tuple[str, str, range], tuple[Line, set[int]]] = field(default_factory=dict, repr=False)
    rows: dict[int, tuple[Any, Any]] = field(default_factory=dict, repr=False)
    """The last row made of each person, beside all that it was made of."""

    def read(self, done: str, begun: str, shown: range) -> tuple[Line, set[int]]:
        """Where someone stands and what they finished; read once while neither changes, the last ones kept."""
        found = self.lines.get((done, begun, shown))
        if found is None:
            kept = Kept(done=done.split(), begun=pairs_of(begun))
            found = self.glance.line(kept, shown), self.glance.done_positions(kept)
            if len(self.lines) >= _MOST_LINES:
                self.lines.clear()
            self.lines[done, begun, shown] = found
        return found

    @cached_property
    def expected_minutes(self) -> int:
        return sum(self.glance.items[place].minutes for place in self.overdue)

    @cached_property
    def semester(self) -> tuple[int, range]:
        """The number and the items of the semester where something is still due."""
        return _current_semester(self.glance, self.progress.programme, self.now)

    def flags_of(self, facts: Facts) -> tuple[Flag, ...]:
        zone = self.progress.calendar.time_zone if self.progress.calendar else "UTC"
        return flags_of(facts, self.rules, now=self.now, time_zone=zone)

    def refs(self, positions: Collection[int]) -> list[str]:
        """Every reference, former ones included, under which these items may be kept."""
        return [ref for place in positions for ref in self.glance.items[place].refs]


class Filter(StrEnum):
    ALL = "tous"
    TO_CALL = "a-rappeler"
    LATE = "en-retard"
    ARRANGED = "amenagement"


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One student as lists need them; `kinds` are the flags raised, late is who has not done all that was due."""

    person_id: int
    name: str
    sort_key: str
    group_id: int | None
    is_arranged: bool
    facts: Facts
    kinds: frozenset[FlagKind]
    is_late: bool
    average: Fraction | None

    @cached_property
    def filters(self) -> tuple[Filter, ...]:
        """The filters that show this student, nothing being put aside."""
        holds = ((Filter.TO_CALL, self.kinds), (Filter.LATE, self.is_late), (Filter.ARRANGED, self.is_arranged))
        return (Filter.ALL, *(name for name, does in holds if does))


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """`people` are in the order of their names."""

    taken_at: datetime
    rules: Rules
    people: tuple[Summary, ...]

    @cached_property
    def by_id(self) -> Mapping[int, Summary]:
        return {each.person_id: each for each in self.people}

    @cached_property
    def counts(self) -> Mapping[int | None, Mapping[Filter, int]]:
        """How many of each group stand in each filter, nothing being put aside."""
        counted: dict[int | None, Counter[Filter]] = {}
        for each in self.people:
            counted.setdefault(each.group_id, Counter()).update(each.filters)
        return counted


class Snapshots:
    """The last frame and snapshot of each cohort, in the memory of one process."""

    def __init__(self) -> None:
        self._kept: dict[int, Snapshot] = {}
        self._frames: dict[int, tuple[tuple[object, ...], Frame]] = {}

    def frame(self, cohort_id: int, progress: Progress, rules: Rules) -> Frame:
        """The frame of the present minute: dates are written to the minute."""
        minute = progress.now.replace(second=0, microsecond=0)
        key = (
            progress.programme.id,
            progress.programme.version,
            progress.calendar,
            progress.cohort_dates,
            rules,
            minute,
        )
        kept = self._frames.get(cohort_id)
        if kept is None or kept[0] != key:
            kept = self._frames[cohort_id] = (key, frame_of(progress, rules))
        return kept[1]

    def find(self, cohort_id: int, rules: Rules, now: datetime) -> Snapshot | None:
        kept = self._kept.get(cohort_id)
        if kept is None or kept.rules != rules or not timedelta() <= now - kept.taken_at < FRESH:
            return None
        return kept

    def keep(self, cohort_id: int, snapshot: Snapshot) -> None:
        self._kept[cohort_id] = snapshot


def _current_semester(glance: Glance, programme: Programme, now: datetime) -> tuple[int, range]:
    """The number and the items of the semester where something is still due; without one, of the first that has items.

    Items of a semester follow one another.
    """
    found: list[tuple[int, range, bool]] = []
    for number, semester in enumerate(programme.semesters, 1):
        places = [
            place
            for place, item in enumerate(glance.items)
            if (where := programme.places.get(item.module)) and where[0].id == semester.id
        ]
        if places:
            is_due = any((due_at := glance.due[place]) is not None and due_at >= now for place in places)
            found.append((number, range(places[0], places[-1] + 1), is_due))
    if not found:
        return 1, range(len(glance.items))
    number, shown, _ = next((each for each in found if each[2]), found[0])
    return number, shown


def frame_of(progress: Progress, rules: Rules) -> Frame:
    glance, now = Glance(progress), progress.now
    return Frame(
        progress=progress,
        glance=glance,
        rules=rules,
        now=now,
        overdue=frozenset(glance.overdue(now)),
        soon=frozenset(glance.due_within(now, now + timedelta(days=rules.due_days))),
        graded=graded_positions(glance.items),
    )


def take_snapshot(connection: Connection, *, cohort_id: int, frame: Frame, moved: Moved) -> Snapshot:
    """Everyone of the cohort, in the order of their names: one statement, whatever they did."""
    asked = {
        "cohort_id": cohort_id,
        "failed_attempts": max(1, frame.rules.failed_attempts),
        "overdue": frame.refs(frame.overdue),
        "soon": frame.refs(frame.soon),
    }
    rows = connection.execute(EVERYONE, asked).all()
    people = [_summary(row, frame, moved.persons.get(row.id, _NEVER_MOVED)) for row in rows]
    people.sort(key=lambda each: (each.sort_key, each.person_id))
    return Snapshot(taken_at=frame.now, rules=frame.rules, people=tuple(people))


def _summary(row: Any, frame: Frame, own: Mapping[str, Dates]) -> Summary:
    done = _positions(row.moved_done, frame) if own else set()
    counts = _own_counts(frame, own, done)
    facts = facts_of(
        row,
        frame,
        due_soon=len(frame.soon) - (row.soon or 0) + counts.soon,
        expected_minutes=frame.expected_minutes + counts.minutes,
    )
    name = f"{row.family_name} {row.given_name}"
    return Summary(
        person_id=row.id,
        name=name,
        sort_key=unaccented(name),
        group_id=row.group_id,
        is_arranged=row.is_arranged,
        facts=facts,
        kinds=frozenset(flag.kind for flag in frame.flags_of(facts)),
        is_late=len(frame.overdue) - (row.overdue or 0) + counts.late > 0,
        average=average_of(row.shares, frame),
    )


class _Counts(NamedTuple):
    """What dates of one's own add to what the cohort's dates say, or take away."""

    late: int
    soon: int
    minutes: int


def _own_counts(frame: Frame, own: Mapping[str, Dates], done: Collection[int]) -> _Counts:
    if not own:
        return _Counts(0, 0, 0)
    overdue, soon = own_sets(frame, own)
    moved = {place for ref in own if (place := frame.glance.positions.get(ref)) is not None}
    not_done = moved - set(done)
    minutes = sum(frame.glance.items[place].minutes for place in moved & overdue)
    minutes -= sum(frame.glance.items[place].minutes for place in moved & frame.overdue)
    return _Counts(
        late=len(not_done & overdue) - len(not_done & frame.overdue),
        soon=len(not_done & soon) - len(not_done & frame.soon),
        minutes=minutes,
    )


def own_sets(frame: Frame, own: Mapping[str, Dates]) -> tuple[frozenset[int], frozenset[int]]:
    """What is overdue and what is due soon for someone with dates of their own."""
    overdue, soon = set(frame.overdue), set(frame.soon)
    mine = replace(frame.progress, person_dates=own)
    until = frame.now + timedelta(days=frame.rules.due_days)
    for ref in own:
        place = frame.glance.positions.get(ref)
        if place is None or not frame.glance.is_possible(place):
            continue
        due_at = mine.dates(frame.glance.items[place]).due_at
        overdue.discard(place)
        soon.discard(place)
        if due_at is not None and due_at < frame.now:
            overdue.add(place)
        elif due_at is not None and due_at < until:
            soon.add(place)
    return frozenset(overdue), frozenset(soon)


def facts_of(row: Any, frame: Frame, *, due_soon: int, expected_minutes: int) -> Facts:
    return Facts(
        began_at=_began_at(row.started_on, frame.progress.calendar),
        seen_at=row.seen_at,
        due_soon=due_soon,
        failed=_failed(row.failed, frame) if row.failed else (),
        credited_minutes=row.credited_minutes or 0,
        expected_minutes=expected_minutes,
    )


def _failed(quizzes: str, frame: Frame) -> tuple[FailedQuiz, ...]:
    """In the order of the programme: the database lists them as it meets them."""
    places = frame.glance.positions
    found = (FailedQuiz(ref=ref, attempts=int(count)) for ref, count in pairs_of(quizzes))
    return tuple(sorted(found, key=lambda quiz: (places.get(quiz.ref, len(places)), quiz.ref)))


def average_of(shares: str | None, frame: Frame) -> Fraction | None:
    """The mean of what is kept of each graded quiz, exact; None when nothing is marked."""
    places = frame.glance.positions
    return _mean(tuple(share for ref, share in pairs_of(shares) if places.get(ref) in frame.graded))


def pairs_of(text: str | None) -> Sequence[tuple[str, str]]:
    if not text:
        return ()
    return [(ref, value) for ref, _, value in (each.partition("=") for each in text.split(" "))]


def _positions(refs: str | None, frame: Frame) -> set[int]:
    found = (frame.glance.positions.get(ref) for ref in (refs or "").split())
    return {place for place in found if place is not None}


@lru_cache(maxsize=2_048)
def mean_of(shares: str | None) -> Fraction | None:
    """The exact mean of results written one after another, in any order."""
    return _mean(tuple(sorted(shares.split(" ")))) if shares else None


@lru_cache(maxsize=2_048)
def _mean(shares: tuple[str, ...]) -> Fraction | None:
    """Computed once for the same results: a page is opened more often than they change."""
    return mean([exact(share) for share in shares]) if shares else None


@lru_cache(maxsize=256)
def _began_at(started_on: Any, calendar: Calendar | None) -> datetime:
    """The day of enrolment, or the first day of the calendar when it comes later."""
    first = max(started_on, calendar.week_one_on) if calendar else started_on
    return datetime.combine(first, time(), ZoneInfo(calendar.time_zone if calendar else "UTC"))


def own_frame(frame: Frame, own: Mapping[str, Dates]) -> Frame:
    """The same for someone whose dates moved."""
    overdue, soon = own_sets(frame, own)
    progress = replace(frame.progress, person_dates=own)
    return replace(frame, progress=progress, glance=Glance(progress), overdue=overdue, soon=soon, lines={})
