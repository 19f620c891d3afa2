from __future__ import annotations

from sys import getrefcount

import pytest
from flask import Flask
from sqlalchemy import func, select

from deust.models.compiled import MOST, KnownStatements
from deust.models.people import Person
from deust.models.transaction import reading, writing
from tests.support import factories


def key(*said: object) -> tuple[object, ...]:
    return "dialect", said, ("column",), False, False


def test_a_statement_is_found_by_what_it_is_and_by_what_it_says() -> None:
    known, mine = KnownStatements(), key("select", 1)
    assert known.get(mine) is None
    known[mine] = "compiled"
    assert [known.get(mine), known.get(key("select", 1)), known.get(key("select", 2))] == ["compiled", "compiled", None]
    assert known.get((*mine[:-1], True)) is None


def test_another_statement_in_the_same_place_of_memory_is_another() -> None:
    known = KnownStatements()
    for number in range(3 * MOST):
        known[key(number)] = number
        assert known.get(key(number)) == number
    assert known.get(key(0)) is None
    assert known.get(key(3 * MOST - 1)) == 3 * MOST - 1


def test_of_statements_that_say_the_same_one_is_held() -> None:
    known = KnownStatements()
    known[key("select", 1)] = "compiled"
    made = [key("select", 1) for _ in range(20)]
    assert len({id(said) for _, said, *_ in made}) == len(made)
    held_before = [getrefcount(said) for _, said, *_ in made]
    assert {known.get(one) for one in made} == {"compiled"}
    held = [getrefcount(said) - before for (_, said, *_), before in zip(made, held_before, strict=True)]
    assert held == [0] * 19 + [1]


def test_a_statement_compiled_again_is_found_as_it_was_compiled_last() -> None:
    known, mine = KnownStatements(), key("select", 1)
    for compiled in ("first", "second"):
        known[mine] = compiled
        assert [known.get(mine), known.get(mine)] == [compiled, compiled]


@pytest.mark.both
def test_statements_made_at_each_request_ask_what_they_say(database: Flask) -> None:
    with writing() as session:
        people = [factories.person(session, family_name=name).id for name in ("Un", "Deux")]
    for _ in range(3):
        with reading() as connection:
            for person_id, name in zip(people, ("Un", "Deux"), strict=True):
                asked = select(Person.family_name).where(Person.id == person_id)
                assert connection.scalar(asked) == name
            assert connection.scalar(select(func.count()).select_from(Person)) == 2
