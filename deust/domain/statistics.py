"""Figures about a quiz: exact, computed from shares and points, rounded half-up only when they are said.

What is a square root (a deviation, a correlation) is kept as its exact square and rounded from it: no float anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from math import isqrt, lcm
from typing import TypeVar

PLACES = 2
_TOP = 20
_BAND = 2

_NONE = Fraction(0)
_Ordered = TypeVar("_Ordered", int, timedelta)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What is said of a set of marks: `deviation` is rounded, the rest is exact."""

    count: int
    mean: Fraction
    deviation: Fraction
    first_quartile: Fraction
    median: Fraction
    third_quartile: Fraction


def summary(values: Iterable[Fraction]) -> Summary | None:
    """Mean, standard deviation and quartiles; None without values."""
    ordered = sorted(values)
    if not ordered:
        return None
    return Summary(
        count=len(ordered),
        mean=mean(ordered),
        deviation=deviation(ordered),
        first_quartile=quantile(ordered, Fraction(1, 4)),
        median=quantile(ordered, Fraction(1, 2)),
        third_quartile=quantile(ordered, Fraction(3, 4)),
    )


def total(values: Iterable[Fraction]) -> Fraction:
    """Added up as whole numbers of one unit: exact, and several times faster than fraction by fraction."""
    ratios = [value.as_integer_ratio() for value in values]
    unit = lcm(*(denominator for _, denominator in ratios))
    return Fraction(sum(numerator * (unit // denominator) for numerator, denominator in ratios), unit)


def mean(values: Sequence[Fraction]) -> Fraction:
    return total(values) / len(values)


def middle(values: Iterable[_Ordered]) -> _Ordered:
    """The median; the lower of the two in the middle, so that it is one of the values."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2]


def variance(values: Sequence[Fraction]) -> Fraction:
    """Of the whole set, divided by its size n: the students in question are all of them, not a sample of others."""
    middle = mean(values)
    return sum(((value - middle) ** 2 for value in values), _NONE) / len(values)


def deviation(values: Sequence[Fraction]) -> Fraction:
    """The standard deviation, rounded half-up from the exact variance."""
    return root_half_up(variance(values))


def quantile(ordered: Sequence[Fraction], share: Fraction) -> Fraction:
    """The value below which this share stands, between the two nearest ones in proportion.

    Rank (n − 1) × share: the seventh definition of Hyndman and Fan (« Sample Quantiles in Statistical Packages », The
    American Statistician, 50, 1996), which spreadsheets call QUARTILE.INC.
    """
    rank = (len(ordered) - 1) * share
    below = rank.numerator // rank.denominator
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (rank - below) * (ordered[above] - ordered[below])


def root_half_up(square: Fraction, places: int = PLACES) -> Fraction:
    """The square root rounded half-up: the largest multiple of the step whose lower half-step does not pass the root.

    A root r rounds to k steps when k − 1/2 ≤ r, that is (2k − 1)² ≤ 4 r²: compared in whole numbers.
    """
    scale = 10**places
    doubled = isqrt(4 * square.numerator * scale**2 // square.denominator)
    return Fraction((doubled + 1) // 2, scale)


def item_rest(item: Sequence[Fraction], total: Sequence[Fraction]) -> Fraction | None:
    """How a question's points go with those of the rest of the quiz, from −1 to 1, rounded half-up.

    Pearson's r between x, the points of the question, and y, the points of the attempt without them:
    r = Σ(x − x̄)(y − ȳ) / √(Σ(x − x̄)² · Σ(y − ȳ)²). For a question marked right or wrong it is the point-biserial
    correlation. Taking the question out of its own total is the « corrected item-total correlation » of Nunnally and
    Bernstein (Psychometric Theory, 3rd ed., 1994, chapter 8). None when the question, or the rest, does not vary.
    """
    rest = [whole - part for whole, part in zip(total, item, strict=True)]
    points, others = _whole(item), _whole(rest)
    count = len(points)
    if not count:
        return None
    sum_points, sum_others = sum(points), sum(others)
    together = count * sum(x * y for x, y in zip(points, others, strict=True)) - sum_points * sum_others
    spread = count * sum(x * x for x in points) - sum_points**2
    other_spread = count * sum(y * y for y in others) - sum_others**2
    if not spread or not other_spread:
        return None
    size = root_half_up(Fraction(together**2, spread * other_spread))
    return -size if together < 0 else size


def _whole(values: Sequence[Fraction]) -> list[int]:
    """The values in the same proportions, as whole numbers: a correlation does not change with the unit."""
    unit = lcm(*(value.denominator for value in values)) if values else 1
    return [value.numerator * (unit // value.denominator) for value in values]


@dataclass(frozen=True, kw_only=True)
class Band:
    """Marks from `low` to `high` out of 20, `high` excluded unless it is 20, and how many there are."""

    low: int
    high: int
    count: int


def bands(shares: Iterable[Fraction], *, fewest: int) -> tuple[Band, ...]:
    """The marks by bands of two points, joined to their neighbours until none holds fewer than `fewest` of them."""
    counts = [0] * (_TOP // _BAND)
    for share in shares:
        counts[min(int(share * _TOP) // _BAND, len(counts) - 1)] += 1
    joined: list[Band] = []
    low, held = 0, 0
    for rank, count in enumerate(counts, 1):
        held += count
        if held >= fewest:
            joined.append(Band(low=low, high=rank * _BAND, count=held))
            low, held = rank * _BAND, 0
    if not joined:
        return ()
    last = joined.pop()
    return (*joined, Band(low=last.low, high=_TOP, count=last.count + held))
