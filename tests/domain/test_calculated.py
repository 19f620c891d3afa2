import random
from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain.calculated import draw, draw_for, possible, problems_of
from deust.domain.expressions import ExpressionError
from deust.domain.questions import Choice, Cloze, Numeric, NumericKey, Option, Variable
from tests.domain.question_samples import calculated, every_question, question


def variable(name: str = "a", low: str = "0", high: str = "2", step: str = "1") -> Variable:
    return Variable(name=name, low=F(low), high=F(high), step=F(step))


variables = st.builds(
    Variable,
    name=st.just("a"),
    low=st.fractions(-10, 10, max_denominator=8),
    high=st.fractions(10, 30, max_denominator=8),
    step=st.fractions(F(1, 8), 12, max_denominator=8),
)


@given(variables, st.integers())
def test_draws_are_steps_of_the_range(drawn: Variable, seed: int) -> None:
    value = draw([drawn], random.Random(seed))["a"]
    assert drawn.low <= value <= drawn.high
    assert ((value - drawn.low) / drawn.step).denominator == 1
    assert draw([drawn], random.Random(seed))["a"] == value


@pytest.mark.parametrize("broken", [{"value": "1 / (a - 1)"}, {"tolerance": "abs(a - 1) - 0.5"}])
def test_numbers_that_make_a_question_impossible_are_drawn_again(broken: dict[str, str]) -> None:
    key = {"value": F(1), "tolerance": F(0)} | broken
    asked = question(Numeric(keys=(NumericKey(**key),)), variables=(variable(),))
    plain = {draw(asked.variables, random.Random(seed))["a"] for seed in range(50)}
    fit = {draw_for(asked, random.Random(seed))["a"] for seed in range(50)}
    assert (plain, fit) == ({0, 1, 2}, {0, 2})


def test_a_question_impossible_for_every_draw_is_drawn_all_the_same() -> None:
    asked = question(Numeric(keys=(NumericKey(value="1 / 0"),)), variables=(variable(),))
    assert draw_for(asked, random.Random(1)).keys() == {"a"}


def test_every_step_can_be_drawn() -> None:
    rng = random.Random(1)
    drawn = {draw([variable(high="2.5")], rng)["a"] for _ in range(100)}
    assert drawn == {0, 1, 2}
    assert possible([variable(high="2.5"), variable("b", "0", "1", "0.1")]) == 33
    assert possible([]) == 1


def test_an_impossible_range_is_not_drawn() -> None:
    for broken in (variable(step="0"), variable(high="-1")):
        with pytest.raises(ExpressionError):
            draw([broken], random.Random(1))


def test_a_sound_question_has_no_problem() -> None:
    assert problems_of(calculated()) == []


@given(every_question())
def test_a_question_without_numbers_has_no_problem(plain: object) -> None:
    assert problems_of(plain) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"stem": "{{ b }}"}, "variable inconnue « b »"),
        ({"stem": "{{ 1 + }}"}, "incomplète"),
        ({"stem": "{{ 1 / a }}"}, "division par zéro quand a = 0"),
        ({"feedback": "{{ 1 / (a - 2) }}"}, "division par zéro quand a = 2"),
        ({"hints": ("{{ a < 1 }}",)}, "pas une condition"),
        ({"stem": "{{ a }"}, "mal fermé"),
        ({"variables": (variable(step="0"),)}, "le pas"),
        ({"variables": (variable(high="-1"),)}, "la plage"),
        ({"variables": (variable(), variable())}, "définie 2 fois"),
        ({"variables": (variable("round"),)}, "ne peut pas nommer"),
        ({"variables": (variable("and"),)}, "ne peut pas nommer"),
        ({"variables": tuple(variable(f"v{n}") for n in range(21))}, "plus de 20 variables"),
        ({"stem": "{{ 1 / a }}", "variables": (variable(low="-3", high="3"),)}, "division par zéro quand a = 0"),
    ],
)
def test_problems_are_found_at_the_corners(fields: dict[str, object], problem: str) -> None:
    numeric = Numeric(keys=(NumericKey(value="a"),))
    fields = {"variables": (variable(),), "hints": (), "stem": "{{ a }}", **fields}
    if "variables" in fields and "a" not in {one.name for one in fields["variables"]}:  # type: ignore[attr-defined]
        numeric = Numeric(keys=(NumericKey(value=F(1)),))
    assert any(problem in found for found in problems_of(question(numeric, **fields)))


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (NumericKey(value="b"), "inconnue"),
        (NumericKey(value="a", tolerance="a - 1"), "tolérance négative quand a = 0"),
        (NumericKey(value="a", tolerance="1 / a"), "division par zéro"),
    ],
)
def test_keys_are_tried_too_gaps_included(key: NumericKey, problem: str) -> None:
    numeric = Numeric(keys=(key,))
    for answer in (numeric, Cloze(gaps=(numeric,))):
        (found,) = problems_of(question(answer, variables=(variable(),)))
        assert problem in found


def test_a_constant_expression_needs_no_variable() -> None:
    assert problems_of(question(Numeric(keys=(NumericKey(value="80 / 3", tolerance="0.1"),)))) == []
    assert problems_of(question(Numeric(keys=(NumericKey(value="80 / 0"),)))) == ["« 80 / 0 » : division par zéro"]


def test_options_are_tried() -> None:
    options = (Option(text="{{ a }}", is_right=True), Option(text="{{ c }}", is_right=False, feedback="{{ d }}"))
    found = problems_of(question(Choice(options=options, several=False), variables=(variable(),)))
    assert [problem[-5:-2] for problem in found] == ["« c", "« d"]
