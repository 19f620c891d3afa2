"""What a figure may say of people: nothing of fewer than five of them, nor what subtracting two figures would tell."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence, Set
from itertools import combinations
from typing import TypeVar

FEWEST = 5
"""A figure is about at least this many students, or about none."""

Cell = tuple[Hashable, Hashable]
Name = TypeVar("Name", bound=Hashable)
Choice = TypeVar("Choice", bound=Hashable)
Person = TypeVar("Person", bound=Hashable)


def is_sayable(count: int) -> bool:
    """Whether a number of students may be written: none, or enough of them."""
    return count == 0 or count >= FEWEST


def withheld(counts: Mapping[Name, int], started: Collection[Name] = frozenset()) -> set[Name]:
    """The parts of a known total that are not written: the small ones, and as many more as keep them from being found.

    The total less what is written gives the sum of what is not: that sum is never of fewer than five students, never
    that of one part alone, and never the least or the greatest that small parts can make.
    """
    small = {name for name, count in counts.items() if not is_sayable(count)}
    hidden = small | set(started)
    others = sorted((name for name in counts if name not in hidden and counts[name]), key=lambda name: counts[name])
    for name in others:
        if not hidden or not is_found([counts[one] for one in hidden]):
            break
        hidden.add(name)
    return hidden


def is_found(hidden: Sequence[int]) -> bool:
    """Whether the sum of the parts not written tells one of them."""
    total = sum(hidden)
    large = sum(count >= FEWEST for count in hidden)
    least = len(hidden) - large + FEWEST * large
    greatest = (FEWEST - 1) * len(hidden) if not large else None
    return len(hidden) < 2 or total < FEWEST or total in (least, greatest)


def withheld_cells(table: Mapping[Hashable, Mapping[Hashable, int]]) -> tuple[set[Hashable], set[Cell]]:
    """For answers (rows) by group (columns), the rows whose sum over the groups is not written, and the cells.

    Column totals are known, and so is every row sum that is written. Hiding goes on until neither a row nor a column
    gives back one of its cells.
    """
    rows = withheld({row: sum(counts.values()) for row, counts in table.items()})
    columns = {column for counts in table.values() for column in counts}
    cells: set[Cell] = set()
    while True:
        more: set[Cell] = set()
        for column in columns:
            counts = {row: table[row].get(column, 0) for row in table}
            more |= {(row, column) for row in withheld(counts, _in(cells, 1, column))}
        for row, by_column in table.items():
            started = _in(cells | more, 0, row)
            if row not in rows:
                more |= {(row, column) for column in withheld(by_column, started)}
            elif not started and any(by_column.values()):
                fullest = min((column for column in by_column if by_column[column]), key=lambda one: by_column[one])
                more.add((row, fullest))
        if more <= cells:
            return rows, cells
        cells |= more


def _in(cells: Set[Cell], side: int, name: Hashable) -> set[Hashable]:
    return {cell[1 - side] for cell in cells if cell[side] == name}


def choices_sayable(
    chosen: Mapping[Choice, Mapping[Person, object]], parts: Collection[Collection[Person]]
) -> list[Choice]:
    """Of several ways to choose one attempt a person, those that may be offered side by side, in order.

    Two ways that differ for a few people of one group would tell what these few did: the later way is not offered.
    """
    offered: list[Choice] = []
    for choice in chosen:
        pairs = combinations([*offered, choice], 2)
        if all(_differ_enough(chosen[first], chosen[second], part) for first, second in pairs for part in parts):
            offered.append(choice)
    return offered


def _differ_enough(first: Mapping[Person, object], second: Mapping[Person, object], part: Collection[Person]) -> bool:
    return is_sayable(sum(first.get(person) != second.get(person) for person in part))
