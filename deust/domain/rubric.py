"""Rubrics and listening grids: levels described in words, points computed exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from deust.domain.errors import InvalidAnswer
from deust.domain.freezing import content_hash

NOT_APPLICABLE = "n/a"
"""The choice that takes a criterion out of the total."""

WHOLE = ""
"""What a grid rates when it rates a whole copy and not one of its questions."""


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """What is looked at: worth `points`, at each level described in words. An eliminatory one at level 0 decides."""

    id: str
    phase: str
    title: str
    points: Fraction
    is_eliminatory: bool = False
    describe: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Grid:
    """`levels` gives, in the author's order, the share of a criterion's points that each level earns, from 0 to 1."""

    title: str
    levels: Mapping[str, Fraction]
    criteria: tuple[Criterion, ...]

    @property
    def points(self) -> Fraction:
        return sum((criterion.points for criterion in self.criteria), Fraction(0))


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Points earned of those that apply, what no level was chosen for, and the eliminatory criteria failed."""

    earned: Fraction
    applicable: Fraction
    missing: tuple[str, ...] = ()
    eliminated_by: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        return not self.missing

    @property
    def share(self) -> Fraction | None:
        """None while no criterion applies."""
        return self.earned / self.applicable if self.applicable else None


def score(grid: Grid, chosen: Mapping[str, str]) -> Scored:
    """Sum of points × level over the criteria that apply; a criterion not rated yet counts for nothing.

    Refuses a criterion or a level that the grid does not have.
    """
    unknown = chosen.keys() - {criterion.id for criterion in grid.criteria}
    if unknown or any(level not in grid.levels and level != NOT_APPLICABLE for level in chosen.values()):
        raise InvalidAnswer("grid")
    rated = [
        (criterion, grid.levels[chosen[criterion.id]])
        for criterion in grid.criteria
        if chosen.get(criterion.id, NOT_APPLICABLE) != NOT_APPLICABLE
    ]
    return Scored(
        earned=sum((criterion.points * level for criterion, level in rated), Fraction(0)),
        applicable=sum((criterion.points for criterion, _ in rated), Fraction(0)),
        missing=tuple(criterion.id for criterion in grid.criteria if criterion.id not in chosen),
        eliminated_by=tuple(criterion.id for criterion, level in rated if criterion.is_eliminatory and level == 0),
    )


def to_json(grid: Grid) -> dict[str, Any]:
    """The grid as plain JSON, to be kept with the copies marked with it."""
    return {
        "title": grid.title,
        "levels": [[name, str(share)] for name, share in grid.levels.items()],
        "criteria": [
            {
                "id": one.id,
                "phase": one.phase,
                "title": one.title,
                "points": str(one.points),
                "eliminatory": one.is_eliminatory,
                "describe": dict(one.describe),
            }
            for one in grid.criteria
        ],
    }


def from_json(body: Mapping[str, Any]) -> Grid:
    """The grid that `to_json` wrote."""
    return Grid(
        title=body["title"],
        levels={name: Fraction(share) for name, share in body["levels"]},
        criteria=tuple(
            Criterion(
                id=one["id"],
                phase=one["phase"],
                title=one["title"],
                points=Fraction(one["points"]),
                is_eliminatory=one["eliminatory"],
                describe=one["describe"],
            )
            for one in body["criteria"]
        ),
    )


def set_to_json(grids: Mapping[str, Grid]) -> dict[str, Any]:
    """The grids of an activity as plain JSON: one for a whole copy, or one for each question that names one."""
    if WHOLE in grids:
        return to_json(grids[WHOLE])
    return {"questions": {question_id: to_json(grid) for question_id, grid in sorted(grids.items())}}


def set_from_json(body: Mapping[str, Any]) -> dict[str, Grid]:
    """The grids that `set_to_json` wrote, by question id."""
    if "questions" not in body:
        return {WHOLE: from_json(body)}
    return {question_id: from_json(grid) for question_id, grid in body["questions"].items()}


def set_hash(grids: Mapping[str, Grid]) -> str:
    """SHA-256 of the grids of an activity: two sets that mark and read alike have the same."""
    return content_hash(set_to_json(grids))


@dataclass(frozen=True, kw_only=True)
class GridChange:
    """What moving from one grid to another does to a copy: levels kept, and criteria that must be rated again."""

    chosen: Mapping[str, str]
    to_rate: tuple[str, ...]


def carried(chosen: Mapping[str, str], *, old: Grid, new: Grid) -> GridChange:
    """The levels chosen with the old grid that still exist in the new one, by criterion and level name."""
    known = {criterion.id for criterion in new.criteria}
    kept = {
        criterion: level
        for criterion, level in chosen.items()
        if criterion in known and (level in new.levels or level == NOT_APPLICABLE)
    }
    before = {criterion.id for criterion in old.criteria}
    return GridChange(
        chosen=kept,
        to_rate=tuple(
            one.id for one in new.criteria if one.id not in kept and (one.id in chosen or one.id not in before)
        ),
    )
