"""What the rules need to know of every student of a cohort: kept by each process, which reads again what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from deust.domain.flags import Facts, FailedQuiz, Flag, FlagKind, Rules, flags_of
from deust.domain.glance import Glance, Kept, Line, Places, Tally, graded_positions, places_of
from deust.domain.learning import Programme
from deust.domain.people import Calendar, Dates
from deust.domain.progress import Progress
from deust.domain.statistics import mean
from deust.domain.texts import unaccented
from deust.models.base import exact
from deust.queries.cohort_statements import EVERYONE, Moved

FRESH = timedelta(seconds=60)
"""How old the counts of a cohort may be; what a row or a file shows is always of the moment."""

LONGEST_WRITING = timedelta(minutes=5)
"""How long after its own moment a change may still become visible: it is written before its transaction ends."""

_BEGINNING = datetime.min.replace(tzinfo=UTC)

_MOST_LINES = 256


class Due(NamedTuple):
    """What the calendar asks so far, and soon."""

    overdue: Places
    soon: Places
    expected_minutes: int


class Did(NamedTuple):
    """What one student did, as the rules and a table count it; `average` is that of what is graded."""

    done: Places
    opened: Places
    seen_at: datetime | None
    credited_minutes: int
    failed: tuple[FailedQuiz, ...]
    average: Fraction | None


NOTHING = Did(0, 0, None, 0, (), None)


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
    owned: dict[Any, Frame] = field(default_factory=dict, repr=False)
    """Those of who has dates of their own, or came once something had been due."""
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
    def due(self) -> Due:
        return _due(self.glance, self.overdue, self.soon)

    @cached_property
    def first_due_at(self) -> datetime | None:
        return min((due_at for due_at in self.glance.due if due_at is not None), default=None)

    def is_usual(self, own: Mapping[str, Dates] | None, began: datetime) -> bool:
        """Whether this frame is also that of someone with these dates of their own, who came then."""
        return not own and (self.first_due_at is None or began <= self.first_due_at)

    @cached_property
    def tally(self) -> Tally:
        """Of the current semester."""
        return self.glance.tally(self.semester[1])

    @cached_property
    def semester(self) -> tuple[int, range]:
        """The number and the items of the semester where something is still due."""
        return _current_semester(self.glance, self.progress.programme, self.now)

    def flags_of(self, facts: Facts) -> tuple[Flag, ...]:
        return flags_of(facts, self.rules, today=self.today, time_zone=self.time_zone)

    @cached_property
    def time_zone(self) -> str:
        return self.progress.calendar.time_zone if self.progress.calendar else "UTC"

    @cached_property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.time_zone)).date()


class Filter(StrEnum):
    ALL = "tous"
    TO_CALL = "a-rappeler"
    LATE = "en-retard"
    ARRANGED = "amenagement"


class Summary(NamedTuple):
    """One student as lists and files need them; late is who has not done all that was due."""

    person_id: int
    name: str
    sort_key: str
    email: str
    student_number: str | None
    group_id: int | None
    is_arranged: bool
    did: Did
    facts: Facts
    flags: tuple[Flag, ...]
    is_late: bool

    @property
    def kinds(self) -> frozenset[FlagKind]:
        return frozenset(flag.kind for flag in self.flags)

    @property
    def filters(self) -> tuple[Filter, ...]:
        """The filters that show this student, nothing being put aside."""
        holds = ((Filter.TO_CALL, self.flags), (Filter.LATE, self.is_late), (Filter.ARRANGED, self.is_arranged))
        return (Filter.ALL, *(name for name, does in holds if does))


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """`people` are in the order of their names; `programme` is that of the frame, with its version."""

    taken_at: datetime
    rules: Rules
    programme: tuple[str, str]
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

    def last(self, cohort_id: int) -> Snapshot | None:
        """The last one, whatever its age."""
        return self._kept.get(cohort_id)

    def fresh(self, cohort_id: int, rules: Rules, now: datetime) -> Snapshot | None:
        """The last one while its counts may be shown."""
        kept = self.last(cohort_id)
        if kept is None or kept.rules != rules or not timedelta() <= now - kept.taken_at < FRESH:
            return None
        return kept

    def keep(self, cohort_id: int, snapshot: Snapshot) -> None:
        self._kept[cohort_id] = snapshot


def _current_semester(glance: Glance, programme: Programme, now: datetime) -> tuple[int, range]:
    """The number and the items of the semester where something is still due; then of the last that had dates.

    Without dates, of the first that has items. Items of a semester follow one another.
    """
    found = [
        (number, shown)
        for number in range(1, len(programme.semesters) + 1)
        if (shown := _of_semester(glance, programme, number))
    ]
    if not found:
        return 1, range(len(glance.items))
    dated = [each for each in found if any(glance.due[place] for place in each[1])]
    coming = [each for each in dated if any((due_at := glance.due[place]) and due_at >= now for place in each[1])]
    return coming[0] if coming else dated[-1] if dated else found[0]


def _of_semester(glance: Glance, programme: Programme, number: int) -> range:
    semester = programme.semesters[number - 1].id
    places = [
        place
        for place, item in enumerate(glance.items)
        if (where := programme.places.get(item.module)) and where[0].id == semester
    ]
    return range(places[0], places[-1] + 1) if places else range(0)


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


def take_snapshot(
    connection: Connection, *, cohort_id: int, frame: Frame, moved: Moved, now: datetime, last: Snapshot | None
) -> Snapshot:
    """Everyone of the cohort as they are now, in the order of their names: one statement, whatever they did, and
    another when somebody joined.

    Of those that the last snapshot knows, only what was written since is read; all, when it speaks of another version
    of the programme or there is none, and when somebody joined.
    """
    known = _known(last, frame, now)
    since = last.taken_at - LONGEST_WRITING if last and known else _BEGINNING
    rows = _everyone(connection, cohort_id, since)
    if since is not _BEGINNING and any(row.seen_at is None and row.id not in known for row in rows):
        rows = _everyone(connection, cohort_id, _BEGINNING)
    people = [
        _summary(row, frame, moved.persons.get(row.id), _did(row, frame) if row.seen_at else known.get(row.id, NOTHING))
        for row in rows
    ]
    people.sort(key=lambda each: (each.sort_key, each.person_id))
    return Snapshot(taken_at=now, rules=frame.rules, programme=_version(frame), people=tuple(people))


def _known(last: Snapshot | None, frame: Frame, now: datetime) -> Mapping[int, Did]:
    """What is still good of the last snapshot: places are those of one version of the programme."""
    if last is None or last.programme != _version(frame) or last.taken_at > now:
        return {}
    return {each.person_id: each.did for each in last.people}


def _version(frame: Frame) -> tuple[str, str]:
    return frame.progress.programme.id, frame.progress.programme.version


def _everyone(connection: Connection, cohort_id: int, since: datetime) -> Sequence[Any]:
    return connection.execute(EVERYONE, {"cohort_id": cohort_id, "since": since}).all()


def _did(row: Any, frame: Frame) -> Did:
    return Did(
        done=frame.glance.places(row.done or ""),
        opened=frame.glance.places(row.opened or ""),
        seen_at=row.seen_at,
        credited_minutes=row.credited_minutes,
        failed=failed_quizzes(row.failed, frame),
        average=average_of(row.shares, frame),
    )


def _summary(row: Any, frame: Frame, own: Mapping[str, Dates] | None, did: Did) -> Summary:
    began = began_at(row.started_on, frame.progress.calendar)
    due = frame.due if frame.is_usual(own, began) else _due(frame.glance, *own_sets(frame, own, began))
    facts = Facts(
        began_at=began,
        seen_at=did.seen_at,
        due_soon=(due.soon & ~did.done).bit_count(),
        failed=did.failed,
        credited_minutes=did.credited_minutes,
        expected_minutes=due.expected_minutes,
    )
    name = f"{row.family_name} {row.given_name}"
    return Summary(
        person_id=row.id,
        name=name,
        sort_key=unaccented(name),
        email=row.email,
        student_number=row.student_number,
        group_id=row.group_id,
        is_arranged=row.is_arranged,
        did=did,
        facts=facts,
        flags=frame.flags_of(facts),
        is_late=due.overdue & ~did.done != 0,
    )


def _due(glance: Glance, overdue: Collection[int], soon: Collection[int]) -> Due:
    return Due(places_of(overdue), places_of(soon), sum(glance.items[place].minutes for place in overdue))


def own_sets(frame: Frame, own: Mapping[str, Dates] | None, began: datetime) -> tuple[set[int], set[int]]:
    """What is overdue and what is due soon for someone whose frame it is not, without making theirs."""
    usual = frame.glance.due
    overdue = {place for place in frame.overdue if (due_at := usual[place]) is not None and due_at >= began}
    soon = set(frame.soon)
    mine = replace(frame.progress, person_dates=own or {}, began_at=began)
    until = frame.now + timedelta(days=frame.rules.due_days)
    for ref in own or ():
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
    return overdue, soon


def failed_quizzes(quizzes: str | None, frame: Frame) -> tuple[FailedQuiz, ...]:
    """In the order of the programme: the database lists them as it meets them. What left the courses is forgotten."""
    if not quizzes:
        return ()
    places = frame.glance.positions
    found = (FailedQuiz(ref=ref, attempts=int(count)) for ref, count in pairs_of(quizzes) if ref in places)
    return tuple(sorted(found, key=lambda quiz: (places[quiz.ref], quiz.ref)))


def average_of(shares: str | None, frame: Frame) -> Fraction | None:
    """The mean of what is kept of each graded quiz, exact; None when nothing is marked."""
    places = frame.glance.positions
    return _mean(tuple(share for ref, share in pairs_of(shares) if places.get(ref) in frame.graded))


def pairs_of(text: str | None) -> Sequence[tuple[str, str]]:
    if not text:
        return ()
    return [(ref, value) for ref, _, value in (each.partition("=") for each in text.split(" "))]


@lru_cache(maxsize=2_048)
def _mean(shares: tuple[str, ...]) -> Fraction | None:
    """Computed once for the same results: a page is opened more often than they change."""
    return mean([exact(share) for share in shares]) if shares else None


def began_at(started_on: date, calendar: Calendar | None) -> datetime:
    """The day of enrolment, or the first day of the calendar when it comes later."""
    return calendar.beginning_for(started_on) if calendar else datetime.combine(started_on, time(), UTC)


def frame_for(frame: Frame, own: Mapping[str, Dates] | None, began: datetime) -> Frame:
    """The same for someone with dates of their own, or who came once something had been due: they are not late for it,
    nor behind. Made once for all who have these dates and came that day.
    """
    if frame.is_usual(own, began):
        return frame
    key = frozenset((own or {}).items()), began
    if key not in frame.owned:
        progress = replace(frame.progress, person_dates=own or {}, began_at=began)
        frame.owned[key] = frame_of(progress, frame.rules)
    return frame.owned[key]
