"""What an edited grid would change: the copies not released yet, their marks before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from deust.domain import copies, rubric
from deust.domain.assignments import CopyState
from deust.domain.people import SignedIn
from deust.domain.rubric import Grid
from deust.models.assignments import Copy, Marking
from deust.models.people import Person
from deust.queries.copies import asked_of, author_of, moved_to, question_ids
from deust.queries.scopes import followed

_MARKING = Marking.content, Marking.marker_id, Marking.is_ready


@dataclass(frozen=True, kw_only=True)
class GridEffect:
    """One copy: its mark with the grids it has and with the new ones; `to_rate` are the criteria to look at again, each
    with the id of its question, none for the whole copy.
    """

    public_id: str
    name: str
    before: Fraction | None
    after: Fraction | None
    to_rate: tuple[tuple[str, str], ...]


def open_copies(connection: Connection, *, marker: SignedIn, item_refs: Sequence[str], but: str) -> Sequence[str]:
    """The copies of an activity, not released, whose grids are not those of this hash: others, or none yet."""
    statement = (
        select(Copy.public_id)
        .where(
            Copy.item_ref.in_(item_refs),
            Copy.state != CopyState.RELEASED.value,
            or_(Copy.grid_hash.is_(None), Copy.grid_hash != but),
        )
        .order_by(Copy.public_id)
    )
    return list(connection.execute(followed(marker, statement, Copy.person_id)).scalars())


def grid_effects(
    connection: Connection, *, marker: SignedIn, item_refs: Sequence[str], grids: Mapping[str, Grid]
) -> tuple[GridEffect, ...]:
    """Every copy that the new grids would touch, by code; nothing is written. Where two marks are blind, a marker sees
    the other's once their own is ready.
    """
    touched = open_copies(connection, marker=marker, item_refs=item_refs, but=rubric.set_hash(grids))
    statement = (
        select(*Copy.__table__.columns, Person.given_name, Person.family_name, *_MARKING)
        .join(Person, Person.id == Copy.person_id)
        .outerjoin(Marking, Marking.copy_id == Copy.id)
        .where(Copy.public_id.in_(touched))
        .order_by(Copy.code, Marking.place)
    )
    rows = connection.execute(statement).all()
    mine = {row.id for row in rows if row.marker_id == marker.person_id and row.is_ready}
    return tuple(
        _effect(connection, row, grids, is_told=_is_told(row, marker, is_mine_ready=row.id in mine)) for row in rows
    )


def _is_told(row: Row[Any], marker: SignedIn, *, is_mine_ready: bool) -> bool:
    """As the page of a copy tells one marker what the other wrote."""
    is_blind = row.terms and row.terms["markers"] > 1
    return not is_blind or row.marker_id == marker.person_id or bool(is_mine_ready and row.is_ready)


def _effect(connection: Connection, row: Row[Any], grids: Mapping[str, Grid], *, is_told: bool) -> GridEffect:
    asked = asked_of(connection, row)
    ids = question_ids(connection, row.attempt_id)
    moved = moved_to(asked, grids, ids)
    work = copies.from_json(row.content) if row.content else copies.Work()
    change = copies.carried(asked, work, moved.grids)
    before = copies.reckon(asked, work).mark
    after = copies.reckon(moved, replace(work, chosen=copies.with_levels(change.chosen))).mark
    return GridEffect(
        public_id=row.public_id,
        name=author_of(row),
        before=before.adjusted if before and is_told else None,
        after=after.adjusted if after and is_told else None,
        to_rate=tuple((ids.get(key, ""), one) for key, one in change.to_rate) if row.content else (),
    )
