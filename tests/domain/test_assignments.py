from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain import assignments
from deust.domain.assignments import (
    Given,
    Resubmit,
    Rule,
    Terms,
    agreed,
    days_late,
    marked,
    most_of,
    points_of,
    to_give,
    to_step,
)
from deust.domain.errors import InvalidAnswer
from deust.domain.rubric import Scored

TERMS = Terms(out_of=Fraction(20), step=Fraction(1, 4), late_days=2, penalty_per_day=Fraction(1))
DUE = datetime(2026, 11, 1, 22, 59, tzinfo=UTC)
"""A Sunday, one minute to midnight in Paris."""


@pytest.mark.parametrize(
    ("after", "days"),
    [
        (timedelta(), 0),
        (timedelta(minutes=-1), 0),
        (timedelta(seconds=1), 1),
        (timedelta(minutes=2), 1),
        (timedelta(hours=23), 1),
        (timedelta(hours=24, minutes=2), 2),
    ],
)
def test_each_day_begun_after_the_due_moment_counts(after: timedelta, days: int) -> None:
    assert days_late(DUE, DUE + after, "Europe/Paris") == days


def test_lateness_follows_the_days_of_the_students_own_place() -> None:
    """Six in the evening in Paris is already tomorrow in Nouméa."""
    due = datetime(2026, 11, 1, 12, 59, tzinfo=UTC)
    assert days_late(due, due + timedelta(hours=5), "Pacific/Noumea") == 1
    assert days_late(due, due + timedelta(hours=11), "Europe/Paris") == 1
    assert days_late(None, due, "Europe/Paris") == 0


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)), st.integers(0, 10**6))  # noqa: DTZ001
def test_later_is_never_less_late(handed_in: datetime, seconds: int) -> None:
    later = handed_in + timedelta(seconds=seconds)
    assert days_late(DUE, handed_in, "Europe/Paris") <= days_late(DUE, later, "Europe/Paris")


@pytest.mark.case("GR-07")
@pytest.mark.parametrize(
    ("value", "step", "rounded"),
    [
        (Fraction(9995, 1000), Fraction(1, 100), Fraction(10)),
        (Fraction(12345, 1000), Fraction(1, 100), Fraction(1235, 100)),
        (Fraction(7, 3), Fraction(1, 4), Fraction(9, 4)),
        (Fraction(129, 8), Fraction(1, 4), Fraction(65, 4)),
        (Fraction(7, 3), None, Fraction(7, 3)),
    ],
)
def test_rounding_is_half_up_to_the_step(value: Fraction, step: Fraction | None, rounded: Fraction) -> None:
    assert to_step(value, step) == rounded


SHARES = st.fractions(0, 1, max_denominator=400)


@given(SHARES, st.fractions(-20, 20, max_denominator=8), st.integers(0, 5), st.booleans())
def test_a_mark_stays_in_range_and_each_step_is_kept(
    share: Fraction, adjustment: Fraction, late: int, is_eliminated: bool
) -> None:
    scored = Scored(earned=share, applicable=Fraction(1), eliminated_by=("a",) if is_eliminated else ())
    raw = points_of(scored, TERMS.out_of)
    assert raw == 20 * share
    mark = marked(TERMS, raw, adjustment, late, most=most_of(scored, TERMS.out_of))
    assert abs(mark.raw - 20 * share) <= Fraction(1, 8)
    assert (mark.raw / Fraction(1, 4)).denominator == 1
    assert 0 <= mark.mark <= mark.adjusted <= 20
    assert mark.adjusted - mark.penalty == mark.mark
    assert not is_eliminated or mark.adjusted <= 7


@given(SHARES, SHARES, st.integers(0, 3))
def test_more_points_never_make_a_lower_mark(one: Fraction, other: Fraction, late: int) -> None:
    low, high = sorted((one, other))
    marks = [marked(TERMS, 20 * share, late=late).mark for share in (low, high)]
    assert marks[0] <= marks[1]


@pytest.mark.parametrize("points", [Fraction(-1), Fraction(21)])
def test_points_out_of_range_are_refused(points: Fraction) -> None:
    with pytest.raises(InvalidAnswer):
        marked(TERMS, points)


@pytest.mark.parametrize(
    ("marks", "markers", "mark", "needs_third"),
    [
        ([], 1, None, False),
        ([12], 1, 12, False),
        ([13], 2, None, False),
        ([13, 11], 2, 12, False),
        ([13, Fraction(19, 2)], 2, None, True),
        ([13, Fraction(19, 2), 11], 2, 11, False),
    ],
)
def test_several_marks_make_one_or_call_a_third(
    marks: list[Fraction], markers: int, mark: Fraction | None, needs_third: bool
) -> None:
    """13 and 9,5 differ by 3,5: more than two points."""
    found = agreed([Fraction(one) for one in marks], markers=markers, gap=Fraction(2))
    assert (found.mark, found.needs_third) == (mark, needs_third)


@given(SHARES, SHARES)
def test_the_order_of_two_markers_is_nothing(one: Fraction, other: Fraction) -> None:
    gap = Fraction(1, 3)
    assert agreed([one, other], markers=2, gap=gap) == agreed([other, one], markers=2, gap=gap)


def test_terms_come_back_from_json() -> None:
    terms = replace(TERMS, resubmit=Resubmit.UNTIL_PASS, is_anonymous=True, markers=2, gap=Fraction(3, 2))
    assert assignments.terms_from_json(assignments.terms_to_json(terms)) == terms
    assert assignments.terms_from_json(assignments.terms_to_json(Terms(out_of=Fraction(5)))) == Terms(
        out_of=Fraction(5)
    )


@pytest.mark.parametrize(
    ("marks", "markers", "late", "expected"),
    [
        (["13.5"], 1, 0, ("13.5", "0", "13.5", Rule.ONE)),
        (["13"], 1, 2, ("13", "2", "11", Rule.ONE)),
        (["1"], 1, 2, ("1", "1", "0", Rule.ONE)),
        (["13", "14.3"], 2, 0, ("13.65", "0", "13.5", Rule.MEAN)),
        (["13", "17", "15"], 2, 1, ("15", "1", "14", Rule.THIRD)),
        (["13", "16", "15"], 2, 1, ("15", "1", "14", Rule.REVIEW)),
    ],
)
def test_what_is_given_back_is_what_is_agreed_to_the_step_less_the_days_late(
    marks: list[str], markers: int, late: int, expected: tuple[str, str, str, Rule]
) -> None:
    terms = Terms(
        out_of=Fraction(20), step=Fraction(1, 2), markers=markers, gap=Fraction(3), penalty_per_day=Fraction(1)
    )
    mean, lost, mark, rule = expected
    assert to_give(terms, [Fraction(one) for one in marks], late) == Given(
        agreed=Fraction(mean), lost=Fraction(lost), mark=Fraction(mark), rule=rule
    )


def test_nothing_is_given_back_while_a_marker_is_awaited() -> None:
    terms = Terms(out_of=Fraction(20), markers=2, gap=Fraction(3))
    assert to_give(terms, [Fraction(12)], 0) is None
    assert to_give(terms, [Fraction(12), Fraction(16)], 0) is None
