"""One copy on the marking page: what was handed in, the grid, the work so far, the copies before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select

from deust.domain import assignments, copies
from deust.domain.assignments import CopyState, Terms
from deust.domain.copies import Asked, Reckoned, Remark, Work
from deust.domain.people import SignedIn
from deust.domain.rubric import WHOLE, Criterion, Grid
from deust.models.assignments import Copy, Marking, MarkingEvent, Phrase
from deust.models.people import Person
from deust.queries.copies import (
    Part,
    Told,
    asked_of,
    author_of,
    find_copy,
    former_copies,
    holds_place,
    is_hidden,
    is_reviewing,
    parts_of,
    review_of,
    told_of,
)
from deust.queries.queue import to_do
from deust.queries.scopes import followed
from deust.queries.spoken_comments import Spoken, comments_of


@dataclass(frozen=True, kw_only=True)
class OtherWork:
    marker: str
    mark: Fraction | None
    work: Work


@dataclass(frozen=True, kw_only=True)
class Event:
    at: datetime
    by: str
    outcome: str
    version: int


@dataclass(frozen=True, kw_only=True)
class Rating:
    """One grid of a copy: the question that it rates, none for the whole copy, and the levels chosen so far. `names`
    gives what the marking form calls each criterion.
    """

    key: str
    question_id: str
    title: str
    points: Fraction
    grid: Grid
    names: Mapping[str, str]
    levels: Mapping[str, str]


def _rating(key: str, asked: Asked, work: Work, parts: Sequence[Part]) -> Rating:
    part, grid = next((one for one in parts if one.key == key), None), asked.grids[key]
    return Rating(
        key=key,
        question_id=part.question_id if part else "",
        title=part.presented.title if part else "",
        points=asked.worth[key],
        grid=grid,
        names={criterion.id: copies.chosen_at(key, criterion.id) for criterion in grid.criteria},
        levels=copies.levels_of(work, key),
    )


@dataclass(frozen=True, kw_only=True)
class CopyHead:
    """What a copy is: whose, of which activity, how it came, where its marking stands."""

    public_id: str
    item_ref: str
    title: str
    author: str
    is_anonymous: bool
    is_assignment: bool
    number: int
    handed_in_at: datetime
    late_days: int
    declaration: Mapping[str, Any]
    state: CopyState
    grid_hash: str | None


def _head(row: Row[Any]) -> CopyHead:
    return CopyHead(
        public_id=row.public_id,
        item_ref=row.item_ref,
        title=row.title,
        author=author_of(row),
        is_anonymous=is_hidden(row),
        is_assignment=bool(row.terms),
        number=row.number,
        handed_in_at=row.handed_in_at,
        late_days=row.late_days,
        declaration=row.declaration,
        state=CopyState(row.state),
        grid_hash=row.grid_hash,
    )


@dataclass(frozen=True, kw_only=True)
class Turn:
    """The place of a copy among those to mark, and the addresses of the ones before and after."""

    place: int
    total: int
    previous: str | None
    following: str | None


def _turn(siblings: Sequence[str], public_id: str) -> Turn:
    here = next((place for place, one in enumerate(siblings) if one == public_id), 0)
    return Turn(
        place=here + 1,
        total=len(siblings),
        previous=siblings[here - 1] if here > 0 else None,
        following=siblings[here + 1] if here + 1 < len(siblings) else None,
    )


@dataclass(frozen=True, kw_only=True)
class CopyPage:
    """All that a marker sees of one copy, and of its neighbours only their addresses.

    `heard` are the spoken comments that this marker may hear, by id: those of the works shown, of the releases, and
    their own; `aside`, their own that no work shown holds.
    """

    copy: CopyHead
    turn: Turn
    terms: Terms
    needs_third: bool
    has_place: bool
    ratings: tuple[Rating, ...]
    parts: tuple[Part, ...]
    work: Work
    version: int
    reckoned: Reckoned
    others: tuple[OtherWork, ...]
    claimed_by: str | None
    events: tuple[Event, ...]
    told: tuple[Told, ...]
    review: Row[Any] | None
    former: tuple[tuple[str, int, Fraction | None], ...]
    may_ask_resubmission: bool
    phrases: tuple[Row[Any], ...]
    question: str
    heard: Mapping[str, Spoken]
    aside: tuple[Spoken, ...]

    @property
    def spoken(self) -> Spoken | None:
        """The comment that goes aloud with the work as it is."""
        return self.heard.get(self.work.spoken)

    @property
    def shown(self) -> tuple[Part, ...]:
        """The parts to read: those handed in, or the one question that is marked for everyone."""
        return tuple(part for part in self.parts if not part.is_empty and self.question in ("", part.question_id))

    @property
    def pointed(self) -> tuple[Part, ...]:
        """The parts whose points are typed: no grid rates them."""
        rated = {rating.key for rating in self.ratings}
        return tuple(part for part in self.parts if part.is_asked and not rated & {WHOLE, part.key})

    @property
    def rated_here(self) -> tuple[Rating, ...]:
        """The grids to fill in: all of them, or that of the one question that is marked for everyone."""
        return tuple(one for one in self.ratings if self.question in ("", one.question_id))

    @property
    def criteria(self) -> tuple[tuple[str, Criterion, str], ...]:
        """Every criterion of every grid of the copy, with its name in the marking form; of several grids, with its
        question.
        """
        several = len(self.ratings) > 1
        return tuple(
            (rating.names[criterion.id], criterion, rating.title if several else "")
            for rating in self.ratings
            for criterion in rating.grid.criteria
        )

    def remarks_of(self, part: str) -> tuple[tuple[int, Remark], ...]:
        """The remarks of one part with the numbers they have in the whole copy."""
        return copies.remarks_of(self.work, part)


def copy_page(
    connection: Connection, *, marker: SignedIn, public_id: str, now: datetime, question: str = ""
) -> CopyPage:
    """One copy of a student whom the marker follows; to others it is absent.

    With a `question`, the copies before and after are met in an order of that question's own, the same each time.
    """
    row = find_copy(connection, marker, public_id)
    asked = asked_of(connection, row)
    markings = _markings(connection, row)
    mine = next((one for one in markings if asked.terms.markers == 1 or one.marker_id == marker.person_id), None)
    work = copies.from_json(mine.content) if mine else Work()
    parts = parts_of(connection, row.attempt_id, asked, is_anonymous=is_hidden(row))
    others, told = _others(markings, mine, asked.terms), told_of(connection, row.id)
    shown = (work, *(one.work for one in others), *(given for one in told for given in one.works))
    heard, aside = _sounds(connection, row.id, marker, shown)
    return CopyPage(
        copy=_head(row),
        turn=_turn(_siblings(connection, marker, row, now, question), public_id),
        terms=asked.terms,
        needs_third=row.needs_third and row.state == CopyState.DRAFT.value,
        has_place=mine is not None or _has_place(connection, marker, row, asked.terms, markings),
        ratings=tuple(_rating(key, asked, work, parts) for key in asked.worth if key in asked.grids),
        parts=parts,
        work=work,
        version=mine.version if mine else 0,
        reckoned=copies.reckon(asked, work),
        others=others,
        claimed_by=_claimer(connection, row, marker, now),
        events=_events(connection, row.id, asked.terms, marker),
        told=told,
        review=review_of(connection, row.id),
        former=_former(connection, row),
        may_ask_resubmission=_may_ask(asked.terms, row),
        phrases=_phrases(connection, marker, row.item_ref),
        question=question if any(part.question_id == question for part in parts) else "",
        heard=heard,
        aside=aside,
    )


def _has_place(
    connection: Connection, marker: SignedIn, row: Row[Any], terms: Terms, markings: Sequence[Row[Any]]
) -> bool:
    """Whether the marker, who wrote nothing yet, may begin."""
    marking = sum(one.holds_place for one in markings)
    return assignments.has_place(
        terms, marking=marking, needs_third=row.needs_third, is_reviewing=False
    ) or is_reviewing(connection, marker=marker, copy=row)


def _markings(connection: Connection, copy: Row[Any]) -> Sequence[Row[Any]]:
    """The work of each marker of a copy, with their names, and whether they hold a place."""
    is_held = holds_place(copy.person_id).label("holds_place")
    return connection.execute(
        select(*Marking.__table__.columns, Person.given_name, Person.family_name, is_held)
        .join(Person, Person.id == Marking.marker_id)
        .where(Marking.copy_id == copy.id)
        .order_by(Marking.place)
    ).all()


def _sounds(
    connection: Connection, copy_id: int, marker: SignedIn, shown: Sequence[Work]
) -> tuple[dict[str, Spoken], tuple[Spoken, ...]]:
    """The comments that this marker may hear, of the works shown or their own; and theirs that no such work holds."""
    comments = comments_of(connection, copy_id)
    named = {work.spoken for work in shown}
    own = [one for one in comments.values() if one.marker_id == marker.person_id]
    heard = {one.id: one for one in comments.values() if one.id in named or one in own}
    return heard, tuple(one for one in own if one.is_kept and one.id not in named)


def _phrases(connection: Connection, marker: SignedIn, item_ref: str) -> tuple[Row[Any], ...]:
    """The marker's own comments for this activity, the most used first."""
    statement = (
        select(Phrase.id, Phrase.text, Phrase.uses)
        .where(Phrase.tutor_id == marker.person_id, Phrase.item_ref == item_ref)
        .order_by(Phrase.uses.desc(), Phrase.id)
    )
    return tuple(connection.execute(statement))


def _may_ask(terms: Terms, row: Row[Any]) -> bool:
    is_released = row.state == CopyState.RELEASED.value
    return is_released and terms.resubmit is assignments.Resubmit.BY_TUTOR and row.resubmit_asked_at is None


def _others(markings: Sequence[Row[Any]], mine: Row[Any] | None, terms: Terms) -> tuple[OtherWork, ...]:
    """The other markers' work: only once one's own is ready, so that two marks are blind."""
    if terms.markers == 1 or mine is None or not mine.is_ready:
        return ()
    return tuple(
        OtherWork(marker=f"{one.given_name} {one.family_name}", mark=one.mark, work=copies.from_json(one.content))
        for one in markings
        if one.id != mine.id and one.is_ready
    )


def _claimer(connection: Connection, row: Row[Any], marker: SignedIn, now: datetime) -> str | None:
    if row.claimed_by in (None, marker.person_id) or row.claimed_until <= now:
        return None
    found = connection.execute(select(Person.given_name, Person.family_name).where(Person.id == row.claimed_by)).one()
    return f"{found.given_name} {found.family_name}"


def _siblings(connection: Connection, marker: SignedIn, row: Row[Any], now: datetime, question: str) -> list[str]:
    """The copies of the activity still to do and this one. Anonymous ones come in the order of their codes, which says
    nothing of when they came; question by question, in an order that differs from one question to the next, so that
    nobody is always read first.
    """
    order = (Copy.code, Copy.id) if row.terms and row.terms["is_anonymous"] else (Copy.handed_in_at, Copy.id)
    free = or_(Copy.claimed_by.is_(None), Copy.claimed_by == marker.person_id, Copy.claimed_until <= now)
    statement = (
        select(Copy.public_id, Copy.code)
        .where(Copy.item_ref == row.item_ref, or_(and_(to_do(marker), free), Copy.id == row.id))
        .order_by(*order)
    )
    rows = connection.execute(followed(marker, statement, Copy.person_id)).all()
    if question:
        rows = sorted(rows, key=lambda one: sha256(f"{question} {one.code}".encode()).digest())
    return [one.public_id for one in rows]


def _former(connection: Connection, row: Row[Any]) -> tuple[tuple[str, int, Fraction | None], ...]:
    """The earlier versions of the same work: their copy, number and mark. While this one is anonymous, the address of a
    copy already released would name its author: it is left out.
    """
    return tuple(
        ("" if is_hidden(row) else one.public_id, one.number, one.score if one.state == CopyState.RELEASED else None)
        for one in former_copies(connection, row)
    )


def _events(connection: Connection, copy_id: int, terms: Terms, marker: SignedIn) -> tuple[Event, ...]:
    """The last saves, newest first; with two markers, only one's own."""
    statement = (
        select(MarkingEvent.at, MarkingEvent.outcome, MarkingEvent.version, Person.given_name, Person.family_name)
        .join(Person, Person.id == MarkingEvent.marker_id)
        .where(MarkingEvent.copy_id == copy_id)
        .order_by(MarkingEvent.id.desc())
        .limit(20)
    )
    if terms.markers > 1:
        statement = statement.where(MarkingEvent.marker_id == marker.person_id)
    return tuple(
        Event(at=row.at, by=f"{row.given_name} {row.family_name}", outcome=row.outcome, version=row.version)
        for row in connection.execute(statement).all()
    )
