from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain import copies
from deust.domain.assignments import Terms
from deust.domain.copies import Anchor, Asked, Remark, Work, reckon
from tests.support import factories

WITH_GRID = Asked(terms=Terms(out_of=Fraction(20), step=Fraction(1, 4)), grid=factories.grid())
TWO_QUESTIONS = Asked(terms=Terms(out_of=Fraction(5)), questions={"a": Fraction(2), "b": Fraction(3)})


@pytest.mark.case("GR-12")
@pytest.mark.parametrize(
    ("typed", "points"),
    [("1,5", Fraction(3, 2)), ("1.5", Fraction(3, 2)), (" 2 ", 2), ("0", 0)],
)
def test_points_are_read_with_a_comma_or_a_point(typed: str, points: Fraction) -> None:
    assert copies.points_in(typed, Fraction(2)) == points


@pytest.mark.case("GR-12")
@pytest.mark.parametrize("typed", ["", "2,25", "-1", "12.5.1", "NaN", "1e309", "ABS", "deux", "1 2"])
def test_points_out_of_range_or_unreadable_are_missing(typed: str) -> None:
    assert copies.points_in(typed, Fraction(2)) is None
    work = Work(points={"a": typed, "b": "1"}, comment="Bien.")
    assert reckon(TWO_QUESTIONS, work).missing == ("a",)


def test_points_of_the_questions_add_up() -> None:
    found = reckon(TWO_QUESTIONS, Work(points={"a": "1,5", "b": "1/3"}, comment="Bien."))
    assert found.is_whole
    assert found.mark is not None
    assert found.mark.mark == Fraction(11, 6)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({}, ()),
        ({"comment": "  "}, ("comment",)),
        ({"adjustment": "1"}, ("reason",)),
        ({"adjustment": "1", "adjustment_reason": "Effort"}, ()),
        ({"adjustment": "un"}, ("adjustment",)),
        ({"chosen": {"A1": "conforme"}}, ("C2",)),
    ],
)
def test_what_lacks_before_a_release_is_named(change: dict[str, object], missing: tuple[str, ...]) -> None:
    whole = Work(chosen={"A1": "conforme", "C2": "partiel"}, comment="Bien.")
    found = reckon(WITH_GRID, replace(whole, **change))  # type: ignore[arg-type]
    assert (found.missing, found.is_whole) == (missing, not missing)


REMARKS = st.builds(
    Remark,
    id=st.text("abcdef0123456789", min_size=1, max_size=8),
    part=st.text(max_size=8),
    anchor=st.sampled_from(Anchor),
    text=st.text(max_size=40),
    start=st.integers(0, 1000),
    end=st.integers(0, 1000),
    quote=st.text(max_size=20),
    criterion=st.text(max_size=4),
)
TEXTS = st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=4)


@given(st.builds(Work, chosen=TEXTS, points=TEXTS, comment=st.text(), remarks=st.lists(REMARKS, max_size=4).map(tuple)))
def test_work_comes_back_from_json_as_typed(work: Work) -> None:
    assert copies.from_json(copies.to_json(work)) == work
