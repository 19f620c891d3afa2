from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain.disclosure import FEWEST, choices_sayable, is_sayable, withheld, withheld_cells


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"a": 8, "b": 7}, set()),
        ({"a": 8, "b": 0, "c": 5}, set()),
        ({"a": 18, "b": 2, "c": 0}, {"a", "b"}),
        ({"a": 18, "b": 2, "c": 6}, {"b", "c"}),
        ({"a": 18, "b": 2, "c": 3}, {"b", "c"}),
        ({"a": 18, "b": 4, "c": 4}, {"a", "b", "c"}),
        ({"a": 3}, {"a"}),
    ],
)
def test_what_is_not_written(counts: dict[str, int], expected: set[str]) -> None:
    assert withheld(counts) == expected


@given(st.lists(st.integers(0, 12), min_size=1, max_size=4))
def test_subtraction_never_gives_a_small_part(counts: list[int]) -> None:
    """Whoever knows the total, what is written, and the rule cannot tell any small part: another table fits as well."""
    table = dict(enumerate(counts))
    hidden = withheld(table)
    assert all(is_sayable(table[name]) for name in table if name not in hidden)
    small = [name for name in hidden if table[name] < FEWEST]
    if not small or len(hidden) == len([n for n in table if table[n]]):
        return
    total = sum(table[name] for name in hidden)
    names = sorted(hidden)
    ranges = [range(1, FEWEST) if table[name] < FEWEST else range(FEWEST, total + 1) for name in names]
    fits = [values for values in product(*ranges) if sum(values) == total]
    for name in small:
        assert len({values[names.index(name)] for values in fits}) > 1


TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 14), min_size=width, max_size=width), min_size=1, max_size=4)
)


@given(TABLES)
def test_no_row_and_no_column_gives_back_a_cell(rows: list[list[int]]) -> None:
    table = {row: dict(enumerate(counts)) for row, counts in enumerate(rows)}
    hidden_rows, cells = withheld_cells(table)
    for row, by_column in table.items():
        for column, count in by_column.items():
            assert (row, column) in cells or is_sayable(count)
        gone = [by_column[column] for column in by_column if (row, column) in cells]
        if row not in hidden_rows and gone and len(gone) < sum(map(bool, by_column.values())):
            assert len(gone) > 1
            assert sum(gone) >= FEWEST
        if row in hidden_rows and sum(by_column.values()):
            assert gone, "else adding the cells up would give the sum"
    for column in range(len(rows[0])):
        gone = [table[row][column] for row in table if (row, column) in cells]
        if gone and len(gone) < sum(bool(table[row][column]) for row in table):
            assert len(gone) > 1
            assert sum(gone) >= FEWEST


def test_a_choice_that_would_tell_a_few_is_not_offered() -> None:
    people = range(12)
    first = {person: 1 for person in people}
    last = {person: 2 if person < 3 else 1 for person in people}
    best = {person: 2 if person < 6 else 1 for person in people}
    assert choices_sayable({"first": first, "last": last}, [people]) == ["first"]
    assert choices_sayable({"first": first, "best": best}, [people]) == ["first", "best"]
    assert choices_sayable({"first": first, "best": best}, [range(4), range(4, 12)]) == ["first"]
