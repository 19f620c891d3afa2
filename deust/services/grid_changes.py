"""A grid edited while copies are marked: what it changes is shown first, then applied to all of them or to none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from deust.domain import copies
from deust.domain.copies import Asked
from deust.domain.people import SignedIn
from deust.domain.rubric import Grid
from deust.models.assignments import Copy, Marking, MarkingEvent
from deust.queries.copies import asked_of, moved_to, question_ids
from deust.queries.grid_changes import open_copies
from deust.services import records
from deust.services.copies import keep_grids
from deust.services.grading import held_copy, move_on

APPLIED = "grid"


def apply_grids(
    session: Session, *, by: SignedIn, item_refs: Sequence[str], grids: Mapping[str, Grid], now: datetime
) -> int:
    """Move the copies of an activity, also of its former names, that are not released to these grids; says how many.

    Levels are kept where criterion and level still exist; what must be rated again makes a copy a draft again. Released
    marks stay as they were told. Twice is the same as once.
    """
    hash_ = keep_grids(session, grids)
    changed = 0
    for public_id in open_copies(session.connection(), marker=by, item_refs=item_refs, but=hash_):
        copy = held_copy(session, by, public_id)
        asked = asked_of(session.connection(), copy)
        moved = moved_to(asked, grids, question_ids(session.connection(), copy.attempt_id))
        session.execute(update(Copy).where(Copy.id == copy.id).values(grid_hash=hash_))
        for row in session.scalars(select(Marking).where(Marking.copy_id == copy.id)).all():
            _carry(session, row, old=asked, asked=moved, by=by, now=now)
        session.flush()
        if _is_begun(session, copy.id):
            move_on(session, copy, asked.terms)
        changed += 1
    if changed:
        subject = f"item:{item_refs[0]}"
        records.audit(
            session, at=now, actor_id=by.person_id, act="grid:apply", subject=subject, grid=hash_, copies=changed
        )
    return changed


def _carry(session: Session, row: Marking, *, old: Asked, asked: Asked, by: SignedIn, now: datetime) -> None:
    work = copies.from_json(row.content)
    carried = replace(work, chosen=copies.with_levels(copies.carried(old, work, asked.grids).chosen))
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
