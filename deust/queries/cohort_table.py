"""A cohort as a table: everyone's figures, counted from what each did."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from deust.domain.flags import Flag, FlagKind
from deust.domain.people import Dates
from deust.queries.cohort_facts import Frame, Summary, frame_for


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


def table_row(
    each: Summary, frame: Frame, own: Mapping[str, Dates] | None, group_name: str | None, aside: Collection[FlagKind]
) -> TableRow:
    """A student of the cohort whose frame it is, with `own` dates if any, less the flags put aside."""
    tally = frame_for(frame, own, each.facts.began_at).tally
    did = each.did
    return TableRow(
        name=each.name,
        student_number=each.student_number,
        email=each.email,
        group_name=group_name,
        done=tally.done_by(did.done),
        total=tally.total,
        late=tally.late_for(did.done, did.opened),
        seen_at=did.seen_at,
        credited_minutes=did.credited_minutes,
        average=did.average,
        flags=tuple(flag for flag in each.flags if flag.kind not in aside) if aside else each.flags,
        is_arranged=each.is_arranged,
    )
