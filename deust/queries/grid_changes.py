"""What an edited grid would change: the copies not released yet, their marks before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, select

from deust.domain import copies, rubric
from deust.domain.assignments import CopyState
from deust.domain.people import SignedIn
from deust.domain.rubric import Grid
from deust.models.assignments import Copy, Marking
from deust.models.people import Person
from deust.queries.copies import asked_of, author_of
from deust.queries.scopes import followed


@dataclass(frozen=True, kw_only=True)
class GridEffect:
    """One copy: its mark with the grid it has and with the new one; `to_rate` are the criteria to look at again."""

    public_id: str
    name: str
    before: Fraction | None
    after: Fraction | None
    to_rate: tuple[str, ...]


def open_copies(connection: Connection, *, marker: SignedIn, item_ref: str, but: str) -> Sequence[str]:
    """The copies of an activity, not released, whose grid is not the one of this hash."""
    statement = (
        select(Copy.public_id)
        .where(
            Copy.item_ref == item_ref,
            Copy.state != CopyState.RELEASED.value,
            Copy.grid_hash.is_not(None),
            Copy.grid_hash != but,
        )
        .order_by(Copy.public_id)
    )
    return list(connection.execute(followed(marker, statement, Copy.person_id)).scalars())


def grid_effects(connection: Connection, *, marker: SignedIn, item_ref: str, grid: Grid) -> tuple[GridEffect, ...]:
    """Every copy that the new grid would touch, by code; nothing is written."""
    touched = open_copies(connection, marker=marker, item_ref=item_ref, but=rubric.grid_hash(grid))
    statement = (
        select(*Copy.__table__.columns, Person.given_name, Person.family_name, Marking.content)
        .join(Person, Person.id == Copy.person_id)
        .outerjoin(Marking, Marking.copy_id == Copy.id)
        .where(Copy.public_id.in_(touched))
        .order_by(Copy.code, Marking.place)
    )
    return tuple(_effect(connection, row, grid) for row in connection.execute(statement).all())


def _effect(connection: Connection, row: Row[Any], grid: Grid) -> GridEffect:
    asked = asked_of(connection, row)
    work = copies.from_json(row.content) if row.content else copies.Work()
    change = rubric.carried(work.chosen, old=asked.grid or grid, new=grid)
    before = copies.reckon(asked, work).mark
    after = copies.reckon(replace(asked, grid=grid), replace(work, chosen=change.chosen)).mark
    return GridEffect(
        public_id=row.public_id,
        name=author_of(row),
        before=before.adjusted if before else None,
        after=after.adjusted if after else None,
        to_rate=change.to_rate if row.content else (),
    )
