"""Whose attempts a report looks at: one a student, in groups large enough to be named; and how their marks spread."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from deust.domain import statistics
from deust.domain.disclosure import FEWEST, choices_sayable, withheld, withheld_cells
from deust.domain.statistics import Summary

REST = 0
"""The column of those without a group, and of the groups too small to be named."""


class Which(StrEnum):
    FIRST = "first"
    LAST = "last"
    BEST = "best"


@dataclass(frozen=True, kw_only=True)
class Closed:
    """A closed attempt, whole marked; `group` is REST for who has none."""

    id: int
    person_id: int
    number: int
    group: int
    share: Fraction


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Marks from `low` to `high` out of 20; `count` is None when it is not told for this group."""

    low: int
    high: int
    count: int | None


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Which attempts are looked at: one a person, their columns, and the choices that may be offered."""

    chosen: Mapping[int, Closed]
    columns: Mapping[int, int]
    choices: tuple[Which, ...]
    groups: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.chosen)


def chosen_attempts(attempts: Sequence[Closed], which: Which) -> Scope:
    """One attempt a person, the first when the choice asked for would tell what a few did."""
    by_person: dict[int, list[Closed]] = defaultdict(list)
    for attempt in sorted(attempts, key=lambda one: one.number):
        by_person[attempt.person_id].append(attempt)
    sizes = Counter(own[0].group for own in by_person.values())
    small = withheld(sizes)
    columns = {person: REST if own[0].group in small else own[0].group for person, own in by_person.items()}
    parts = defaultdict(list)
    for person, column in columns.items():
        parts[column].append(person)
    picked = {choice: {person: pick(own) for person, own in by_person.items()} for choice, pick in _PICK.items()}
    choices = tuple(choices_sayable(picked, list(parts.values())))
    groups = tuple(sorted(column for column in parts if column != REST))
    chosen = picked[which if which in choices else Which.FIRST]
    return Scope(chosen=chosen, columns=columns, choices=choices, groups=groups if len(parts) > 1 else ())


_PICK: Mapping[Which, Callable[[list[Closed]], Closed]] = {
    Which.FIRST: lambda own: own[0],
    Which.LAST: lambda own: own[-1],
    Which.BEST: lambda own: max(own, key=lambda attempt: attempt.share),
}


def marks(scope: Scope, column: int | None) -> tuple[Summary | None, tuple[Bar, ...]]:
    """The marks out of 20 of everyone, or of a group: their summary, and how many in each band."""
    shares: dict[int, list[Fraction]] = defaultdict(list)
    for person, attempt in scope.chosen.items():
        shares[scope.columns[person]].append(attempt.share)
    everyone = [share for own in shares.values() for share in own]
    looked_at = everyone if column is None else shares.get(column, [])
    if len(looked_at) < FEWEST:
        return None, ()
    found = statistics.bands(everyone, fewest=FEWEST)
    table: dict[Hashable, dict[Hashable, int]] = {band: dict.fromkeys(shares, 0) for band in found}
    for own, marks_of_group in shares.items():
        for share, count in Counter(marks_of_group).items():
            table[_band_of(share, found)][own] += count
    _, cells = withheld_cells(table)
    bars = tuple(
        Bar(
            low=band.low,
            high=band.high,
            count=band.count if column is None else None if (band, column) in cells else table[band][column],
        )
        for band in found
    )
    return statistics.summary([share * 20 for share in looked_at]), bars


def _band_of(share: Fraction, found: Sequence[statistics.Band]) -> statistics.Band:
    return next((band for band in found if share * 20 < band.high), found[-1])
