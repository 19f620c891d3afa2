"""What a marker writes on a copy: levels, points, words, remarks; and the mark that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from statistics import median_low
from typing import Any

from deust.domain import assignments, rubric
from deust.domain.assignments import Mark, Terms
from deust.domain.errors import InvalidAnswer
from deust.domain.french_numbers import read_number
from deust.domain.rubric import Grid, Scored

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
    return -int(-median_low(spent).total_seconds() // 60)


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
    """One marker's work as typed. `points` and `adjustment` stay texts, so that what cannot be read is kept too."""

    chosen: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, str] = field(default_factory=dict)
    adjustment: str = ""
    adjustment_reason: str = ""
    comment: str = ""
    private_note: str = ""
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
        "remarks": [asdict(remark) for remark in work.remarks],
    }


def from_json(body: Mapping[str, Any]) -> Work:
    """The work that `to_json` wrote."""
    remarks = tuple(Remark(**{**remark, "anchor": Anchor(remark["anchor"])}) for remark in body.get("remarks", ()))
    return Work(**{**body, "remarks": remarks})


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What there is to mark: with a grid, or the questions that wait and the points each is worth."""

    terms: Terms
    grid: Grid | None = None
    questions: Mapping[str, Fraction] = field(default_factory=dict)
    late_days: int = 0


@dataclass(frozen=True, kw_only=True)
class Reckoned:
    """The mark so far and what still lacks: criteria or questions by id, `comment`, `adjustment`, `reason`."""

    mark: Mark | None
    scored: Scored | None = None
    missing: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        return not self.missing and self.mark is not None


def reckon(asked: Asked, work: Work) -> Reckoned:
    """The mark that this work gives, exactly, and all that lacks before it can be released.

    An appreciation is compulsory, and a reason for any adjustment. Points above what a question is worth, below 0, or
    that are not a number, count as missing: « 12,5 » and « 12.5 » are read alike.
    """
    adjustment, unread = _adjustment(work)
    missing = [*unread]
    if adjustment and not work.adjustment_reason.strip():
        missing.append("reason")
    if not work.comment.strip():
        missing.append("comment")
    if asked.grid is not None:
        scored = rubric.score(asked.grid, work.chosen)
        mark = assignments.mark_of(asked.terms, scored, adjustment=adjustment, late=asked.late_days)
        return Reckoned(mark=mark, scored=scored, missing=(*scored.missing, *missing))
    points = {key: points_in(work.points.get(key, ""), out_of) for key, out_of in asked.questions.items()}
    unmarked = [key for key, value in points.items() if value is None]
    if unmarked:
        return Reckoned(mark=None, missing=(*unmarked, *missing))
    total = sum((value for value in points.values() if value is not None), Fraction(0))
    mark = assignments.marked(asked.terms, total, adjustment, asked.late_days)
    return Reckoned(mark=mark, missing=tuple(missing))


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
