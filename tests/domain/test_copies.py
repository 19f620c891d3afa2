from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain import copies
from deust.domain.assignments import Terms
from deust.domain.copies import Anchor, Asked, Remark, Work, reckon
from deust.domain.rubric import WHOLE
from tests.support import factories

WITH_GRID = Asked(
    terms=Terms(out_of=Fraction(20), step=Fraction(1, 4)),
    grids={WHOLE: factories.grid()},
    questions={"a": Fraction(20)},
)
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
    found = reckon(TWO_QUESTIONS, work)
    assert found.missing == ("a",)
    assert found.misread == (("a",) if typed else ())


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


BY_QUESTION = Asked(
    terms=Terms(out_of=Fraction(9)),
    grids={"a": factories.grid(), "b": factories.grid()},
    questions={"a": Fraction(4), "b": Fraction(3), "c": Fraction(2)},
)
"""Two questions rated with the same grid of 20 points, and a third one whose points are typed."""


def rated(a: dict[str, str], b: dict[str, str], **fields: object) -> Work:
    work = Work(chosen=copies.with_levels({"a": a, "b": b}), points={"c": "1,5"}, comment="Bien.")
    return replace(work, **fields)  # type: ignore[arg-type]


def test_a_grid_of_20_points_is_scaled_exactly_to_what_its_question_is_worth() -> None:
    work = rated({"A1": "partiel", "C2": "conforme"}, {"A1": "conforme", "C2": "n/a"})
    found = reckon(BY_QUESTION, work)
    assert found.points == {"a": Fraction(14, 5), "b": 3, "c": Fraction(3, 2)}
    assert found.mark is not None
    assert (found.mark.mark, found.is_whole) == (Fraction(73, 10), True)


def test_levels_of_one_question_say_nothing_of_another_with_the_same_grid() -> None:
    found = reckon(BY_QUESTION, rated({"A1": "conforme", "C2": "conforme"}, {"C2": "conforme"}))
    assert (found.is_whole, found.to_rate, found.missing) == (False, (("b", "A1"),), ("b:A1",))
    assert copies.levels_of(rated({"A1": "conforme"}, {}), "b") == {}


def test_an_eliminatory_criterion_caps_its_own_question_alone() -> None:
    found = reckon(BY_QUESTION, rated({"A1": "conforme", "C2": "non conforme"}, {"A1": "conforme", "C2": "conforme"}))
    assert found.points == {"a": Fraction(7, 20) * 4, "b": 3, "c": Fraction(3, 2)}
    assert found.mark is not None
    assert found.mark.mark == Fraction(59, 10)


def test_a_question_where_no_criterion_applies_has_no_points() -> None:
    found = reckon(BY_QUESTION, rated({"A1": "n/a", "C2": "n/a"}, {"A1": "conforme", "C2": "conforme"}))
    assert (found.mark, found.missing) == (None, ("applicable",))


LEVELS = st.fixed_dictionaries(
    dict.fromkeys(("A1", "C2"), st.sampled_from(["conforme", "partiel", "non conforme", "n/a"]))
).filter(lambda chosen: set(chosen.values()) != {"n/a"})
WORTH = st.fractions(min_value=Fraction(1, 4), max_value=20, max_denominator=12)


@given(a=LEVELS, b=LEVELS, worth_a=WORTH, worth_b=WORTH, typed=st.integers(0, 2))
def test_the_mark_of_grids_by_question_is_the_sum_of_each_marked_alone(
    a: dict[str, str], b: dict[str, str], worth_a: Fraction, worth_b: Fraction, typed: int
) -> None:
    asked = replace(
        BY_QUESTION,
        terms=Terms(out_of=worth_a + worth_b + 2),
        questions={"a": worth_a, "b": worth_b, "c": Fraction(2)},
    )
    found = reckon(asked, rated(a, b, points={"c": str(typed)}))
    alone = [alone_of(worth, levels) for worth, levels in ((worth_a, a), (worth_b, b))]
    assert found.mark is not None
    assert found.mark.mark == sum(alone, Fraction(typed)) == sum(found.points.values())


def alone_of(worth: Fraction, levels: dict[str, str]) -> Fraction:
    """The same question as a whole copy, counted without a copy: share of what applies, then the eliminatory rule."""
    points = {"A1": Fraction(12), "C2": Fraction(8)}
    applies = [one for one, level in levels.items() if level != "n/a"]
    earned = sum((factories.grid().levels[levels[one]] * points[one] for one in applies), Fraction(0))
    share = earned / sum(points[one] for one in applies)
    return worth * (min(share, Fraction(7, 20)) if levels["C2"] == "non conforme" else share)


@given(a=LEVELS, b=LEVELS, adjustment=st.fractions(-12, 12, max_denominator=8))
def test_an_adjustment_goes_into_the_points_of_the_questions_and_none_leaves_its_range(
    a: dict[str, str], b: dict[str, str], adjustment: Fraction
) -> None:
    found = reckon(BY_QUESTION, rated(a, b, adjustment=str(adjustment), adjustment_reason="Effort"))
    assert found.mark is not None
    assert sum(found.points.values()) == found.mark.mark
    assert all(0 <= found.points[key] <= worth for key, worth in BY_QUESTION.questions.items())


def test_other_grids_keep_the_levels_that_still_exist_question_by_question() -> None:
    work = rated({"A1": "partiel", "C2": "conforme"}, {"A1": "conforme", "C2": "conforme"})
    shorter = factories.grid(criteria=factories.grid().criteria[:1])
    change = copies.carried(BY_QUESTION, work, {"a": shorter, "c": shorter})
    assert change.chosen == {"a": {"A1": "partiel"}, "c": {}}
    assert change.to_rate == (("c", "A1"),)


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
