"""A cohort as a table: everyone's figures of this moment, counted by the database in one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection

from deust.domain.flags import Flag, FlagKind
from deust.domain.glance import Tally
from deust.domain.people import Dates
from deust.queries.cohort_facts import Frame, facts_of, mean_of, own_frame
from deust.queries.cohort_heads import CohortHead
from deust.queries.cohort_statements import TABLE

_NOTHING: Mapping[FlagKind, date] = {}


class TableRow(NamedTuple):
    """One student; `done`, `total` and `late` are of the current semester, `flags` those to act on."""

    name: str
    student_number: str | None
    email: str
    group_name: str | None
    done: int
    total: int
    late: int
    seen_at: datetime | None
    credited_minutes: int
    average: Fraction | None
    flags: tuple[Flag, ...]
    is_arranged: bool


class _Figures(NamedTuple):
    done: int
    total: int
    late: int
    due_soon: int
    average: Fraction | None


def table_rows(
    connection: Connection,
    *,
    head: CohortHead,
    frame: Frame,
    persons: Mapping[int, Mapping[str, Dates]],
    aside: Mapping[int, Mapping[FlagKind, date]],
    everyone: Collection[int],
    scope: ColumnElement[bool],
) -> Mapping[int, TableRow]:
    """Those in scope, by number. Whoever has dates of their own is read whole, as are all when items had other names:
    a figure could then count twice what was done under both.
    """
    shown = frame.semester[1]
    tally = frame.glance.tally(shown)
    whole = frozenset(everyone if frame.glance.has_former_references else persons)
    asked = {
        "cohort_id": head.id,
        "failed_attempts": max(1, frame.rules.failed_attempts),
        "counted": frame.refs(tally.counted),
        "soon": frame.refs(frame.soon),
        "late": frame.refs(tally.late),
        "graded": frame.refs(frame.graded),
        "looked_at": frame.refs(tally.looked_at),
        "waiting": frame.refs(tally.waits),
        "told": frame.refs(frame.graded | tally.looked_at),
        "ids": sorted(whole),
    }
    counted = _Counted(frame, tally)
    found = {}
    for row in connection.execute(TABLE.where(scope), asked).all():
        own = persons.get(row.id)
        mine = own_frame(frame, own) if own else frame
        figures = _read_whole(row, mine, shown) if row.id in whole else counted.figures(row)
        found[row.id] = _made(row, mine, figures, head.groups.get(row.group_id), aside.get(row.id, _NOTHING))
    return found


def _made(
    row: Any, frame: Frame, figures: _Figures, group_name: str | None, aside: Mapping[FlagKind, date]
) -> TableRow:
    facts = facts_of(row, frame, due_soon=figures.due_soon, expected_minutes=frame.expected_minutes)
    flags = frame.flags_of(facts)
    return TableRow(
        name=f"{row.family_name} {row.given_name}",
        student_number=row.student_number,
        email=row.email,
        group_name=group_name,
        done=figures.done,
        total=figures.total,
        late=figures.late,
        seen_at=facts.seen_at,
        credited_minutes=facts.credited_minutes,
        average=figures.average,
        flags=tuple(flag for flag in flags if flag.kind not in aside) if aside else flags,
        is_arranged=row.is_arranged,
    )


def _read_whole(row: Any, frame: Frame, shown: range) -> _Figures:
    line, done = frame.read(row.done or "", row.begun or "", shown)
    totals = line.totals
    return _Figures(totals.done, totals.total, totals.late, len(frame.soon - done), mean_of(row.shares))


class _Counted:
    """Figures of who has the cohort's dates, from what the database counted."""

    def __init__(self, frame: Frame, tally: Tally) -> None:
        self._frame, self._tally = frame, tally
        self._total, self._soon = len(tally.counted), len(frame.soon)
        self._waiting = lru_cache(maxsize=None)(self._late_among_waiting)

    def figures(self, row: Any) -> _Figures:
        late = len(self._tally.late) - (row.settled or 0) + self._waiting(row.needed or "", row.opened or "")
        return _Figures(row.counted or 0, self._total, late, self._soon - (row.soon or 0), mean_of(row.shares))

    def _late_among_waiting(self, needed: str, opened: str) -> int:
        return self._tally.waiting(done=self._places(needed), opened=self._places(opened))

    def _places(self, refs: str) -> Collection[int]:
        return {self._frame.glance.positions[ref] for ref in refs.split()}
