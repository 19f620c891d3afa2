"""The cohort view: one row a student, who needs help and why. At most five statements besides the session's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select

from deust.domain.flags import Facts, Flag, FlagKind
from deust.domain.glance import Line
from deust.domain.people import SignedIn
from deust.domain.progress import AnyItem, Progress
from deust.models.cohort import FlagAside
from deust.models.people import Enrolment, Person
from deust.queries.cohort_facts import (
    Filter,
    Snapshot,
    Snapshots,
    Summary,
    average_of,
    began_at,
    failed_quizzes,
    frame_for,
    take_snapshot,
)
from deust.queries.cohort_heads import CohortHead, Programmes, get_cohort
from deust.queries.cohort_statements import CHOSEN, moved_dates
from deust.queries.cohort_table import TableRow, table_row
from deust.queries.scopes import followed_by, follows_everyone

PAGE_SIZE = 50


class Sort(StrEnum):
    NAME = "nom"
    SEEN = "vu"
    HOURS = "heures"
    AVERAGE = "moyenne"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the reader chose to see; `group_id` None is every group."""

    filter: Filter = Filter.ALL
    sort: Sort = Sort.NAME
    group_id: int | None = None
    position: int = 1


@dataclass(frozen=True, kw_only=True)
class StudentRow:
    """`flags` are those to act on; `aside` those put aside, each with its day."""

    person_id: int
    name: str
    email: str
    student_number: str | None
    group_name: str | None
    line: Line
    seen_at: datetime | None
    credited_minutes: int
    average: Fraction | None
    flags: tuple[Flag, ...]
    aside: tuple[tuple[Flag, date], ...]
    is_arranged: bool


@dataclass(frozen=True, kw_only=True)
class CohortPage:
    """`items` are those of the current semester, `semester` its number; `taken_at` is when the counts were made."""

    head: CohortHead
    wish: Wish
    now: datetime
    taken_at: datetime
    week: int
    semester: int
    items: tuple[AnyItem, ...]
    rows: tuple[StudentRow, ...]
    counts: Mapping[Filter, int]
    total: int
    position: int
    pages: int


_ASIDE = (
    select(FlagAside.person_id, FlagAside.kind, FlagAside.until_on)
    .join(Enrolment, Enrolment.person_id == FlagAside.person_id)
    .where(Enrolment.cohort_id == bindparam("cohort_id"), FlagAside.until_on > bindparam("today"))
)


def cohort_page(
    connection: Connection,
    snapshots: Snapshots,
    *,
    asker: SignedIn,
    cohort_id: int,
    programmes: Programmes,
    wish: Wish,
    now: datetime,
) -> CohortPage:
    """The students of a cohort whom the asker follows: counts at most a minute old, rows of this moment."""
    head = get_cohort(connection, asker=asker, cohort_id=cohort_id, programmes=programmes)
    view = _View(connection, snapshots, asker, head, now)
    listed = view.listed(wish)
    pages = max(1, -(-len(listed) // PAGE_SIZE))
    position = min(max(1, wish.position), pages)
    on_page = listed[(position - 1) * PAGE_SIZE : position * PAGE_SIZE]
    semester, shown = view.frame.semester
    return CohortPage(
        head=head,
        wish=wish,
        now=now,
        taken_at=view.snapshot.taken_at,
        week=head.calendar.week_of(now),
        semester=semester,
        items=view.frame.glance.items[shown.start : shown.stop],
        rows=view.rows([each.person_id for each in on_page], shown),
        counts=view.counts(wish.group_id),
        total=len(listed),
        position=position,
        pages=pages,
    )


def chosen_ids(
    connection: Connection,
    snapshots: Snapshots,
    *,
    asker: SignedIn,
    head: CohortHead,
    wish: Wish,
    now: datetime,
) -> tuple[int, ...]:
    """Every student of a filter, in its order."""
    view = _View(connection, snapshots, asker, head, now)
    return tuple(each.person_id for each in view.listed(wish))


def chosen_rows(
    connection: Connection,
    snapshots: Snapshots,
    *,
    asker: SignedIn,
    head: CohortHead,
    wish: Wish,
    now: datetime,
) -> list[TableRow]:
    """Every student of a filter as they are now, in its order: for an export."""
    view = _View(connection, snapshots, asker, head, now, is_of_now=True)
    return [view.table_row(each) for each in view.listed(wish)]


class _View:
    """One cohort as one member of staff sees it now."""

    def __init__(
        self,
        connection: Connection,
        snapshots: Snapshots,
        asker: SignedIn,
        head: CohortHead,
        now: datetime,
        *,
        is_of_now: bool = False,
    ) -> None:
        self._connection, self._asker, self._head, self._now = connection, asker, head, now
        self._moved = moved_dates(connection, head.id)
        progress = Progress(programme=head.programme, now=now, calendar=head.calendar, cohort_dates=self._moved.cohort)
        self.frame = snapshots.frame(head.id, progress, head.rules)
        self._aside = self._read_aside()
        self.snapshot = self._snapshot(snapshots, is_of_now)

    def listed(self, wish: Wish) -> Sequence[Summary]:
        """Those of the filter and the group, in the order wished."""
        kept = self._in_group(wish.group_id)
        if wish.filter is not Filter.ALL:
            kept = [each for each in kept if self._is_in(each, wish.filter)]
        return kept if wish.sort is Sort.NAME else sorted(kept, key=_SORTS[wish.sort])

    def counts(self, group_id: int | None) -> Mapping[Filter, int]:
        """How many each filter shows: those of the snapshot, less those whose flags are all put aside."""
        found: Counter[Filter] = Counter()
        for each, counted in self.snapshot.counts.items():
            if self._shows(each, group_id):
                found.update(counted)
        aside = (self.snapshot.by_id.get(person_id) for person_id in self._aside)
        for summary in aside:
            if summary and self._shows(summary.group_id, group_id) and not self._is_in(summary, Filter.TO_CALL):
                found[Filter.TO_CALL] -= bool(summary.kinds)
        return {each: found[each] for each in Filter}

    def rows(self, ids: Sequence[int], shown: range) -> tuple[StudentRow, ...]:
        """These students as they are at this moment; one whom the asker no longer follows is left out."""
        if not ids:
            return ()
        asked = {"cohort_id": self._head.id, "ids": ids}
        scoped = CHOSEN if follows_everyone(self._asker) else CHOSEN.where(followed_by(self._asker, Person.id))
        found = {row.id: self._row(row, shown) for row in self._connection.execute(scoped, asked).all()}
        return tuple(found[person_id] for person_id in ids if person_id in found)

    def table_row(self, each: Summary) -> TableRow:
        own, aside = self._moved.persons.get(each.person_id), self._aside.get(each.person_id, ())
        return table_row(each, self.frame, own, self._head.groups.get(each.group_id or 0), aside)

    def _in_group(self, group_id: int | None) -> Sequence[Summary]:
        """Those whom the asker follows, in this group if one is named."""
        people = self.snapshot.people
        if group_id is None and follows_everyone(self._asker):
            return people
        return [each for each in people if self._shows(each.group_id, group_id)]

    def _shows(self, group_id: int | None, wanted: int | None) -> bool:
        is_followed = follows_everyone(self._asker) or group_id in self._head.groups
        return is_followed and wanted in (None, group_id)

    def _is_in(self, summary: Summary, wanted: Filter) -> bool:
        if wanted is Filter.TO_CALL and (aside := self._aside.get(summary.person_id)):
            return bool(summary.kinds.difference(aside))
        return wanted in summary.filters

    def _row(self, row: Any, shown: range) -> StudentRow:
        """The same row again while all that it is made of is the same."""
        made_of = (
            tuple(row),
            shown,
            self._head.groups.get(row.group_id),
            self._moved.persons.get(row.id),
            self._aside.get(row.id),
        )
        kept = self.frame.rows.get(row.id)
        if kept is None or kept[0] != made_of:
            kept = self.frame.rows[row.id] = made_of, self._new_row(row, shown)
        made: StudentRow = kept[1]
        return made

    def _new_row(self, row: Any, shown: range) -> StudentRow:
        own = self._moved.persons.get(row.id, {})
        began = began_at(row.started_on, self.frame.progress.calendar)
        frame = frame_for(self.frame, own, began)
        line, done = frame.read(row.done or "", row.begun or "", shown)
        facts = Facts(
            began_at=began,
            seen_at=row.seen_at,
            due_soon=len(frame.soon - done),
            failed=failed_quizzes(row.failed, frame),
            credited_minutes=row.credited_minutes or 0,
            expected_minutes=frame.due.expected_minutes,
        )
        flags = frame.flags_of(facts)
        aside = self._aside.get(row.id, {})
        return StudentRow(
            person_id=row.id,
            name=f"{row.family_name} {row.given_name}",
            email=row.email,
            student_number=row.student_number,
            group_name=self._head.groups.get(row.group_id),
            line=line,
            seen_at=facts.seen_at,
            credited_minutes=facts.credited_minutes,
            average=average_of(row.shares, frame),
            flags=tuple(flag for flag in flags if flag.kind not in aside),
            aside=tuple((flag, aside[flag.kind]) for flag in flags if flag.kind in aside),
            is_arranged=row.is_arranged,
        )

    def _read_aside(self) -> Mapping[int, Mapping[FlagKind, date]]:
        today = self._now.astimezone(ZoneInfo(self._head.calendar.time_zone)).date()
        found: dict[int, dict[FlagKind, date]] = {}
        for row in self._connection.execute(_ASIDE, {"cohort_id": self._head.id, "today": today}).all():
            found.setdefault(row.person_id, {})[FlagKind(row.kind)] = row.until_on
        return found

    def _snapshot(self, snapshots: Snapshots, is_of_now: bool) -> Snapshot:
        kept = None if is_of_now else snapshots.fresh(self._head.id, self.frame.rules, self._now)
        if kept is None:
            kept = take_snapshot(
                self._connection,
                cohort_id=self._head.id,
                frame=self.frame,
                moved=self._moved,
                now=self._now,
                last=snapshots.last(self._head.id),
            )
            snapshots.keep(self._head.id, kept)
        return kept


_SORTS: Mapping[Sort, Callable[[Summary], Any]] = {
    Sort.NAME: lambda each: each.sort_key,
    Sort.SEEN: lambda each: (each.facts.seen_at or each.facts.began_at, each.sort_key),
    Sort.HOURS: lambda each: (each.facts.credited_minutes, each.sort_key),
    Sort.AVERAGE: lambda each: (each.did.average is None, each.did.average or 0, each.sort_key),
}
