from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from deust.domain.access import Role
from deust.domain.learning import Quiz
from deust.domain.questions import Choice
from deust.models.transaction import reading, writing
from deust.queries.quiz_results import Corrected, result_page
from deust.queries.remarking import remarking_page
from deust.services.remarking import apply_key
from tests.support import factories
from tests.support.clock import Clock
from tests.support.programmes import a_module, a_programme
from tests.support.takers import Taker

pytestmark = pytest.mark.both


def keyed(right: int) -> Quiz:
    """A quiz of one question whose option of that number is right; each option says its number."""
    asked = factories.single("a")
    assert isinstance(asked.answer, Choice)
    options = enumerate(asked.answer.options, 1)
    told = tuple(replace(one, is_right=rank == right, feedback=f"retour {rank}") for rank, one in options)
    return factories.quiz(replace(asked, answer=replace(asked.answer, options=told)), shuffle_options=False)


def answered(clock: Clock, number: int) -> Taker:
    """Handed in while the second option was right."""
    taker = Taker(keyed(2), clock)
    taker.start()
    taker.save("a", taker.form("a", number))
    taker.hand_in()
    return taker


def apply(quiz: Quiz, clock: Clock, *, never_lower: bool = True) -> None:
    with writing() as session:
        admin = factories.signed_in(factories.person(session, role=Role.ADMIN.value))
    with reading() as connection:
        seen = remarking_page(connection, reviewer=admin, quiz=quiz).seen
    chosen = {"seen": seen, "never_lower": never_lower, "reason": "clé fausse", "link": "x", "now": clock.now}
    with writing() as session:
        apply_key(session, quiz, by=admin, **chosen)


def told(taker: Taker, quiz: Quiz | None) -> Corrected:
    programme = a_programme([a_module(taker.quiz, id=taker.quiz.module)], id=factories.PROGRAMME)
    asked = {"learner": taker.learner, "public_id": taker.public_id, "quiz": quiz, "programme": programme}
    with reading() as connection:
        (one,) = result_page(connection, **asked, now=taker.clock.now).corrected
    return one


def words(one: Corrected) -> tuple[str, ...]:
    return (*(piece.html for piece in one.right), *one.feedback)


@pytest.mark.parametrize(
    ("given", "never_lower", "points", "is_right", "said"),
    [
        (3, True, 1, True, ("le prix", "retour 3")),
        (2, False, 0, False, ("le prix", "retour 2")),
        (1, True, 0, False, ("le prix", "retour 1")),
        (2, True, 1, True, ("l'enseigne", "retour 2")),
    ],
    ids=["raised", "lowered", "wrong with both keys", "never lowered"],
)
def test_a_result_tells_the_key_that_gives_its_points(
    database: Flask, clock: Clock, given: int, never_lower: bool, points: int, is_right: bool, said: tuple[str, ...]
) -> None:
    """Who was right with the corrected key read « En partie juste, 1 / 1 », and the wrong answer as the right one."""
    taker, corrected = answered(clock, given), keyed(3)
    apply(corrected, clock, never_lower=never_lower)
    one = told(taker, corrected)
    assert (one.points, one.is_right, words(one)) == (points, is_right, said)


def test_the_key_that_counts_is_told_until_the_corrected_one_is_applied(database: Flask, clock: Clock) -> None:
    one = told(answered(clock, 3), keyed(3))
    assert (one.points, one.is_right, words(one)) == (0, False, ("l'enseigne", "retour 3"))


@pytest.mark.parametrize("since", [None, keyed(1)], ids=["the quiz is gone", "corrected again"])
def test_no_key_is_told_that_does_not_give_the_points(database: Flask, clock: Clock, since: Quiz | None) -> None:
    taker = answered(clock, 3)
    apply(keyed(3), clock)
    one = told(taker, since)
    assert (one.points, one.is_right, words(one)) == (1, True, ())
