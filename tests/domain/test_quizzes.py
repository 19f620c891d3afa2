from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from deust.domain.quizzes import DEFAULTS, Advice, Mode, Moment, Show, Shown, advice_given, shown

SHOWS = [Show(correctness=a, feedback=b, answers=c, score=d) for a, b, c, d in product(Moment, repeat=4)]
EVERYTHING = Shown(correctness=True, feedback=True, answers=True, score=True)


@pytest.mark.parametrize("show", SHOWS[::17])
@pytest.mark.parametrize(("attempts_left", "closed"), list(product([True, False], repeat=2)))
def test_nothing_is_shown_before_handing_in(show: Show, attempts_left: bool, closed: bool) -> None:
    assert shown(show, handed_in=False, attempts_left=attempts_left, closed=closed) == Shown()


@pytest.mark.parametrize(
    ("moment", "attempts_left", "closed", "is_shown"),
    [
        (Moment.AFTER_SUBMIT, True, False, True),
        (Moment.AFTER_ATTEMPTS, True, False, False),
        (Moment.AFTER_ATTEMPTS, False, False, True),
        (Moment.AFTER_ATTEMPTS, True, True, True),
        (Moment.AFTER_CLOSE, False, False, False),
        (Moment.AFTER_CLOSE, True, True, True),
        (Moment.NEVER, False, True, False),
    ],
)
def test_each_part_waits_for_its_moment(moment: Moment, attempts_left: bool, closed: bool, is_shown: bool) -> None:
    show = Show(correctness=moment, feedback=moment, answers=moment, score=moment)
    found = shown(show, handed_in=True, attempts_left=attempts_left, closed=closed)
    assert found == (EVERYTHING if is_shown else Shown())


def test_parts_are_independent() -> None:
    show = Show(
        correctness=Moment.AFTER_SUBMIT, feedback=Moment.NEVER, answers=Moment.AFTER_CLOSE, score=Moment.AFTER_SUBMIT
    )
    found = shown(show, handed_in=True, attempts_left=False, closed=False)
    assert found == Shown(correctness=True, feedback=False, answers=False, score=True)


@pytest.mark.case("QZ-18")
def test_a_graded_quiz_does_not_give_its_answers_while_another_try_is_left() -> None:
    """QZ-18: hand in blank, read the answers, try again."""
    found = shown(DEFAULTS[Mode.GRADED].show, handed_in=True, attempts_left=True, closed=False)
    assert found == Shown(score=True)


def test_an_exam_gives_nothing_before_its_close() -> None:
    """QZ-19: others are still writing."""
    assert shown(DEFAULTS[Mode.EXAM].show, handed_in=True, attempts_left=False, closed=False) == Shown()
    assert shown(DEFAULTS[Mode.EXAM].show, handed_in=True, attempts_left=False, closed=True) == EVERYTHING


@pytest.mark.parametrize(
    ("share", "said"), [("0", "peu"), ("1/2", "assez"), ("2/3", "assez"), ("3/4", "bien"), ("1", "bien")]
)
def test_the_advice_is_the_first_whose_limit_is_not_reached(share: str, said: str) -> None:
    advice = [
        Advice(tag="calcul", say="peu", below=Fraction(1, 2)),
        Advice(tag="calcul", say="assez", below=Fraction(3, 4)),
        Advice(tag="calcul", say="bien"),
        Advice(tag="ecoute", say="rien"),
    ]
    given = advice_given(advice, {"calcul": Fraction(share), "autre": Fraction(1)})
    assert {tag: one.say for tag, one in given.items()} == {"calcul": said}
