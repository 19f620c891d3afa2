"""A grid edited while copies are marked: what it changes is shown first, then applied to all of them or to none."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from deust.domain import copies, rubric
from deust.domain.people import SignedIn
from deust.domain.rubric import Grid
from deust.models.assignments import Copy, Marking, MarkingEvent
from deust.queries.copies import asked_of
from deust.queries.grid_changes import open_copies
from deust.services import records
from deust.services.copies import keep_grid
from deust.services.grading import held_copy, move_on

APPLIED = "grid"


def apply_grid(session: Session, *, by: SignedIn, item_ref: str, grid: Grid, now: datetime) -> int:
    """Move the copies of an activity that are not released to this grid; says how many.

    Levels are kept where criterion and level still exist; what must be rated again makes a copy a draft again. Released
    marks stay as they were told. Twice is the same as once.
    """
    hash_ = keep_grid(session, grid)
    changed = 0
    for public_id in open_copies(session.connection(), marker=by, item_ref=item_ref, but=hash_):
        copy = held_copy(session, by, public_id)
        asked = asked_of(session.connection(), copy)
        session.execute(update(Copy).where(Copy.id == copy.id).values(grid_hash=hash_))
        for row in session.scalars(select(Marking).where(Marking.copy_id == copy.id)):
            _carry(session, row, old=asked.grid or grid, asked=replace(asked, grid=grid), by=by, now=now)
        session.flush()
        if _is_begun(session, copy.id):
            move_on(session, copy, asked.terms)
        changed += 1
    if changed:
        subject = f"item:{item_ref}"
        records.audit(
            session, at=now, actor_id=by.person_id, act="grid:apply", subject=subject, grid=hash_, copies=changed
        )
    return changed


def _carry(session: Session, row: Marking, *, old: Grid, asked: copies.Asked, by: SignedIn, now: datetime) -> None:
    work = copies.from_json(row.content)
    assert asked.grid is not None  # noqa: S101
    carried = replace(work, chosen=rubric.carried(work.chosen, old=old, new=asked.grid).chosen)
    reckoned = copies.reckon(asked, carried)
    row.content, row.version, row.updated_at = copies.to_json(carried), row.version + 1, now
    row.mark = reckoned.mark.adjusted if reckoned.mark else None
    row.is_ready = row.is_ready and reckoned.is_whole
    session.add(
        MarkingEvent(
            copy_id=row.copy_id,
            marker_id=by.person_id,
            base_version=row.version - 1,
            version=row.version,
            outcome=APPLIED,
            content=row.content,
            at=now,
        )
    )


def _is_begun(session: Session, copy_id: int) -> bool:
    return session.scalar(select(Marking.id).where(Marking.copy_id == copy_id).limit(1)) is not None
