from __future__ import annotations

import statistics
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain import statistics as figures

F = Fraction
SHARES = st.fractions(0, 1, max_denominator=60)


def test_known_values() -> None:
    """The example of every textbook: 2, 4, 4, 4, 5, 5, 7, 9 have mean 5 and deviation 2."""
    found = figures.summary([F(value) for value in (9, 2, 4, 4, 5, 4, 5, 7)])
    assert found is not None
    assert (found.count, found.mean, found.deviation, found.median) == (8, 5, 2, F(9, 2))
    assert (found.first_quartile, found.third_quartile) == (4, F(11, 2))
    assert figures.summary([]) is None


@given(st.lists(SHARES, min_size=2, max_size=40))
def test_quartiles_are_those_of_the_standard_library(values: list[Fraction]) -> None:
    found = figures.summary(values)
    assert found is not None
    quartiles = [found.first_quartile, found.median, found.third_quartile]
    assert quartiles == statistics.quantiles(values, n=4, method="inclusive")
    assert found.mean == statistics.mean(values)
    assert figures.variance(values) == statistics.pvariance(values)


@given(st.lists(SHARES, min_size=1), st.lists(st.integers(), min_size=1))
def test_totals_and_the_middle_are_those_of_the_standard_library(shares: list[Fraction], counts: list[int]) -> None:
    assert figures.total(shares) == sum(shares)
    assert figures.middle(counts) == statistics.median_low(counts)
    assert figures.total([]) == 0


@given(st.fractions(0, 10**6, max_denominator=10**6))
def test_a_root_is_rounded_half_up_exactly(square: Fraction) -> None:
    root = figures.root_half_up(square)
    with localcontext() as context:
        context.prec = 60
        exact = (Decimal(square.numerator) / Decimal(square.denominator)).sqrt()
        said = exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    assert root == F(said)


def test_a_root_that_stands_on_a_half_goes_up() -> None:
    assert figures.root_half_up(F(5, 1000) ** 2) == F(1, 100)
    assert figures.root_half_up(F(4999, 1000000) ** 2) == 0


def test_discrimination_of_a_known_table() -> None:
    """Points 1, 1, 0, 0 against a rest of 3, 2, 2, 1: r = 1 / √2."""
    item = [F(1), F(1), F(0), F(0)]
    total = [part + rest for part, rest in zip(item, (3, 2, 2, 1), strict=True)]
    assert figures.item_rest(item, total) == F(71, 100)
    assert figures.item_rest(
        [1 - part for part in item], [1 - 2 * part + whole for part, whole in zip(item, total, strict=True)]
    ) == (-F(71, 100))


@pytest.mark.parametrize("item", [[F(1)] * 4, []])
def test_discrimination_is_undefined_when_nothing_varies(item: list[Fraction]) -> None:
    assert figures.item_rest(item, [F(4), F(3), F(2), F(1)][: len(item)]) is None
    assert figures.item_rest([F(1), F(0)], [F(2), F(1)]) is None, "the rest is the same for both"


@given(st.lists(st.tuples(SHARES, SHARES), min_size=2, max_size=30))
def test_discrimination_is_pearson_s_correlation(pairs: list[tuple[Fraction, Fraction]]) -> None:
    item = [part for part, _ in pairs]
    found = figures.item_rest(item, [part + rest for part, rest in pairs])
    try:
        expected = statistics.correlation([float(part) for part, _ in pairs], [float(rest) for _, rest in pairs])
    except statistics.StatisticsError:
        return
    if found is not None:
        assert -1 <= found <= 1
        assert abs(float(found) - expected) < 0.0051


@given(st.lists(SHARES, max_size=60), st.integers(1, 8))
def test_bands_hold_everyone_and_none_is_small(shares: list[Fraction], fewest: int) -> None:
    found = figures.bands(shares, fewest=fewest)
    if len(shares) < fewest:
        assert found == ()
        return
    assert sum(band.count for band in found) == len(shares)
    assert all(band.count >= fewest for band in found)
    assert (found[0].low, found[-1].high) == (0, 20)
    assert [band.low for band in found[1:]] == [band.high for band in found[:-1]]
    for band in found:
        inside = [s for s in shares if band.low <= s * 20 < band.high or (band.high == 20 and s == 1)]
        assert len(inside) == band.count
