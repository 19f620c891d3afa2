"""What a marker writes on a copy: levels, points, words, remarks; and the mark that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any

from deust.domain import assignments, rubric
from deust.domain.assignments import Mark, Terms
from deust.domain.errors import InvalidAnswer
from deust.domain.french_numbers import read_number
from deust.domain.rubric import WHOLE, Grid
from deust.domain.statistics import middle

MOST_COMMENT = 10_000
MOST_REMARK = 2_000
MOST_REMARKS = 200

WORK_MINUTES = 10
"""How long marking a hand-in is reckoned to take until enough copies of its activity were marked."""

ANSWERS_MINUTES = 4
"""The same for the answers of a quiz that a person marks."""

FEWEST_MEASURED = 5
SHORTEST_MARKING, LONGEST_MARKING = timedelta(seconds=30), timedelta(hours=1)


def typical_minutes(spent: Sequence[timedelta]) -> int | None:
    """The median of the times really spent, in whole minutes begun; None below five of them."""
    if len(spent) < FEWEST_MEASURED:
        return None
    return -int(-middle(spent).total_seconds() // 60)


class Anchor(StrEnum):
    PASSAGE = "passage"
    PAGE = "page"
    SECOND = "second"


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A remark pinned to a part of the copy: to a passage (characters `start` to `end`, and its words), to a page of a
    file, or to a second of a recording.
    """

    id: str
    part: str
    anchor: Anchor
    text: str
    start: int = 0
    end: int = 0
    quote: str = ""
    criterion: str = ""


@dataclass(frozen=True, kw_only=True)
class Work:
    """One marker's work as typed. `points` and `adjustment` stay texts, so that what cannot be read is kept too.

    `spoken` is the id of the comment that goes aloud with it, if there is one.
    """

    chosen: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, str] = field(default_factory=dict)
    adjustment: str = ""
    adjustment_reason: str = ""
    comment: str = ""
    private_note: str = ""
    spoken: str = ""
    remarks: tuple[Remark, ...] = ()


def to_json(work: Work) -> dict[str, Any]:
    """The work as plain JSON."""
    return {
        "chosen": dict(work.chosen),
        "points": dict(work.points),
        "adjustment": work.adjustment,
        "adjustment_reason": work.adjustment_reason,
        "comment": work.comment,
        "private_note": work.private_note,
        "spoken": work.spoken,
        "remarks": [asdict(remark) for remark in work.remarks],
    }


def from_json(body: Mapping[str, Any]) -> Work:
    """The work that `to_json` wrote."""
    remarks = tuple(Remark(**{**remark, "anchor": Anchor(remark["anchor"])}) for remark in body.get("remarks", ()))
    return Work(**{**body, "remarks": remarks})


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What there is to mark: the questions that wait and the points each is worth, and the grids that rate them.

    A grid rates one question, by its key, or the `WHOLE` copy of an assignment.
    """

    terms: Terms
    grids: Mapping[str, Grid] = field(default_factory=dict)
    questions: Mapping[str, Fraction] = field(default_factory=dict)
    late_days: int = 0

    @property
    def grid(self) -> Grid | None:
        """The grid of the whole copy."""
        return self.grids.get(WHOLE)

    @property
    def worth(self) -> Mapping[str, Fraction]:
        """The points of each thing that is marked on its own: the whole copy, or its questions."""
        return {WHOLE: self.terms.out_of} if WHOLE in self.grids else self.questions


def chosen_at(key: str, criterion_id: str) -> str:
    """The name of a criterion in a work: two questions may be rated with the same grid."""
    return f"{key}:{criterion_id}" if key != WHOLE else criterion_id


def levels_of(work: Work, key: str) -> dict[str, str]:
    """The levels chosen for one question, or for the whole copy, by criterion."""
    if key == WHOLE:
        return dict(work.chosen)
    before = f"{key}:"
    return {name.removeprefix(before): level for name, level in work.chosen.items() if name.startswith(before)}


def with_levels(chosen: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The levels of several grids as a work keeps them."""
    return {chosen_at(key, one): level for key, levels in chosen.items() for one, level in levels.items()}


def without_strange_levels(asked: Asked, work: Work) -> Work:
    """The work without the levels that the grids of the copy do not have, as when they were replaced meanwhile."""
    return replace(work, chosen=with_levels(carried(asked, work, asked.grids).chosen))


@dataclass(frozen=True, kw_only=True)
class GridChanges:
    """What other grids do to a work: the levels kept, grid by grid, and the criteria to rate again, each with the key
    of its question.
    """

    chosen: Mapping[str, Mapping[str, str]]
    to_rate: tuple[tuple[str, str], ...]


def carried(asked: Asked, work: Work, grids: Mapping[str, Grid]) -> GridChanges:
    """The levels of a work that still exist in these grids, question by question."""
    nothing = Grid(title="", levels={}, criteria=())
    changes = {
        key: rubric.carried(levels_of(work, key), old=asked.grids.get(key, nothing), new=grid)
        for key, grid in grids.items()
    }
    return GridChanges(
        chosen={key: change.chosen for key, change in changes.items()},
        to_rate=tuple((key, one) for key, change in changes.items() for one in change.to_rate),
    )


@dataclass(frozen=True, kw_only=True)
class Reckoned:
    """The mark so far, the points of each question in it, and what still lacks: criteria `to_rate` with the key of
    their question, questions `to_mark`, and of the rest `applicable` where no criterion applies, `adjustment`,
    `reason`, `comment`. Of the questions to mark, those `misread` have points that cannot be counted.
    """

    mark: Mark | None
    points: Mapping[str, Fraction] = field(default_factory=dict)
    to_rate: tuple[tuple[str, str], ...] = ()
    to_mark: tuple[str, ...] = ()
    misread: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of all that lacks, as a work or its form names them."""
        return (*(chosen_at(key, one) for key, one in self.to_rate), *self.to_mark, *self.lacks)

    @property
    def is_whole(self) -> bool:
        return not self.missing and self.mark is not None


def reckon(asked: Asked, work: Work) -> Reckoned:
    """The mark that this work gives, exactly, and all that lacks before it can be released.

    A grid gives its share of what its question is worth; an eliminatory criterion at level 0 caps that question, or the
    whole copy, at 7/20. An appreciation is compulsory, and a reason for any adjustment. Points above what a question is
    worth, below 0, or that are not a number, count as missing: « 12,5 » and « 12.5 » are read alike.
    """
    adjustment, unread = _adjustment(work)
    rated = {key: _rated(asked, work, key, worth) for key, worth in asked.worth.items()}
    is_unexplained, is_silent = bool(adjustment and not work.adjustment_reason.strip()), not work.comment.strip()
    points = {key: one.points for key, one in rated.items() if one.points is not None}
    blank = rated.keys() - points.keys()
    to_mark = tuple(key for key in rated if key in blank and key not in asked.grids)
    found = Reckoned(
        mark=None,
        points=points,
        to_rate=tuple((key, criterion) for key, one in rated.items() for criterion in one.to_rate),
        to_mark=to_mark,
        misread=tuple(key for key in to_mark if work.points.get(key, "").strip()),
        lacks=(
            *(["applicable"] if any(key in asked.grids and not rated[key].to_rate for key in blank) else ()),
            *unread,
            *(["reason"] if is_unexplained else ()),
            *(["comment"] if is_silent else ()),
        ),
    )
    if blank:
        return found
    most = {key: one.most for key, one in rated.items()}
    total, ceiling = sum(points.values(), Fraction(0)), sum(most.values(), Fraction(0))
    mark = assignments.marked(asked.terms, total, adjustment, asked.late_days, most=ceiling)
    return replace(found, mark=mark, points=spread(points, most, mark.adjusted))


@dataclass(frozen=True, kw_only=True)
class _Rated:
    points: Fraction | None
    most: Fraction
    to_rate: tuple[str, ...] = ()


def _rated(asked: Asked, work: Work, key: str, worth: Fraction) -> _Rated:
    """The points of one question, or of the whole copy, by its grid or as typed."""
    grid = asked.grids.get(key)
    if grid is None:
        return _Rated(points=points_in(work.points.get(key, ""), worth), most=worth)
    scored = rubric.score(grid, levels_of(work, key))
    points, most = assignments.points_of(scored, worth), assignments.most_of(scored, worth)
    if points is not None and key != WHOLE:
        points = min(points, most)
    return _Rated(points=points, most=most, to_rate=scored.missing)


def spread(points: Mapping[str, Fraction], most: Mapping[str, Fraction], total: Fraction) -> dict[str, Fraction]:
    """The same points with an adjustment in them, so that they add up to `total` exactly: it goes to the first question
    that has room for it, then to the next. None goes over its `most`, or under 0.
    """
    left = total - sum(points.values(), Fraction(0))
    adjusted = {}
    for key, value in points.items():
        moved = min(left, most[key] - value) if left > 0 else max(left, -value)
        adjusted[key] = value + moved
        left -= moved
    return adjusted


def points_given(asked: Asked, work: Work, mark: Fraction) -> dict[str, Fraction]:
    """The points of each question marked by hand; an assignment has them under its first part."""
    if len(asked.questions) == 1:
        return {next(iter(asked.questions)): mark}
    return dict(reckon(asked, work).points)


def told_works(works: Sequence[Mapping[str, Any]], *, markers: int) -> list[dict[str, Any]]:
    """Each marker's work, as it is kept, without what is for markers only; aloud, those alone who make the mark."""
    hidden = ("private_note", "adjustment_reason")
    told = [{name: part for name, part in work.items() if name not in hidden} for work in works]
    if len(told) > markers:
        told[:-1] = [{**work, "spoken": ""} for work in told[:-1]]
    return told


def points_in(text: str, out_of: Fraction) -> Fraction | None:
    """The points that a marker typed, between 0 and what the question is worth; None for anything else."""
    try:
        value = read_number(text) if text.strip() else None
    except InvalidAnswer:
        return None
    return value if value is not None and 0 <= value <= out_of else None


def _adjustment(work: Work) -> tuple[Fraction, Sequence[str]]:
    if not work.adjustment.strip():
        return Fraction(0), ()
    try:
        return read_number(work.adjustment), ()
    except InvalidAnswer:
        return Fraction(0), ("adjustment",)


def in_reading_order(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    return tuple(sorted(remarks, key=lambda remark: (remark.part, remark.start, remark.id)))


def remarks_of(work: Work, part: str) -> tuple[tuple[int, Remark], ...]:
    """The remarks of one part with the numbers they have in the whole copy."""
    numbered = enumerate(in_reading_order(work.remarks), start=1)
    return tuple((number, remark) for number, remark in numbered if remark.part == part)
