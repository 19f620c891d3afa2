"""Answers saved without holding the attempt: what others do between the reading and the writing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection, update

from deust.domain.attempts import SaveOutcome
from deust.domain.errors import InvalidAnswer
from deust.models.quizzes import Answer, Attempt
from deust.models.transaction import at_once, writing
from deust.services import answers
from deust.services.answer_batches import Batch, Posted
from deust.services.answers import Acknowledged
from tests.conftest import POSTGRES
from tests.support import factories
from tests.support.clock import NOW, Clock
from tests.support.takers import Taker

pytestmark = pytest.mark.both

KEPT, CONFLICT, LATE = SaveOutcome.KEPT, SaveOutcome.CONFLICT, SaveOutcome.LATE

Meanwhile = Callable[[Taker, Callable[[], object], Posted], Acknowledged]


@pytest.fixture
def taker(database: Flask, clock: Clock) -> Taker:
    made = Taker(factories.quiz(time_seconds=1800), clock)
    made.start()
    return made


@pytest.fixture
def post_while(engine: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Acknowledged]:
    """Post while someone acts: between the reading and the writing where nothing is held, before them elsewhere."""
    write = Batch.write_unless_moved

    def post(taker: Taker, act: Callable[[], object], *posted: Posted) -> Acknowledged:
        acts = [act]

        def act_then_write(batch: Batch, connection: Connection) -> bool:
            while acts:
                acts.pop()()
            return write(batch, connection)

        monkeypatch.setattr(Batch, "write_unless_moved", act_then_write)
        if engine != POSTGRES:
            acts.pop()()
        told = taker.post(*posted)
        monkeypatch.setattr(Batch, "write_unless_moved", write)
        assert acts == []
        return told

    return post


def posted(taker: Taker, question_id: str, value: str, **fields: object) -> Posted:
    return factories.posted(taker.paper()[question_id].key, {"answer": [value]}, **fields)


def save_at_once(taker: Taker, *posted: Posted) -> Acknowledged | None:
    with at_once() as connection:
        return answers.save_at_once(
            connection, learner=taker.learner, public_id=taker.public_id, posted=posted, now=taker.clock.now
        )


def test_the_plain_case_holds_nothing_where_the_server_can(taker: Taker, engine: str) -> None:
    told = save_at_once(taker, posted(taker, "courte", "une fois"))
    if engine != POSTGRES:
        assert (told, taker.events()) == (None, [])
        return
    assert told is not None
    assert [saved.outcome for saved in told.answers.values()] == [KEPT]
    assert taker.kept() == {"courte": "une fois"}
    assert [event.given for event in taker.events()] == ["une fois"]


def test_what_is_not_plain_writes_nothing_at_once(taker: Taker, clock: Clock) -> None:
    """A newer answer of another tab, two saves of one question, an answer that comes late."""
    taker.post(posted(taker, "courte", "récente", client="two"))
    stale = posted(taker, "courte", "périmée", client="one", event_id="stale")
    twice = [posted(taker, "nombre", text, sequence=place) for place, text in enumerate("12", start=1)]
    assert save_at_once(taker, stale) is None
    assert save_at_once(taker, *twice) is None
    clock.set(NOW + timedelta(hours=1))
    assert save_at_once(taker, posted(taker, "nombre", "3")) is None
    assert [event.given for event in taker.events()] == ["récente"]


def test_another_tab_writes_meanwhile(taker: Taker, post_while: Meanwhile) -> None:
    def other_tab() -> None:
        taker.post(posted(taker, "courte", "récente", client="two", event_id="other"))

    told = post_while(taker, other_tab, posted(taker, "courte", "périmée", client="one"))
    (saved,) = told.answers.values()
    assert (saved.outcome, saved.current.given) == (CONFLICT, "récente")
    assert taker.kept() == {"courte": "récente"}
    assert [(event.given, event.outcome) for event in taker.events()] == [("récente", KEPT), ("périmée", CONFLICT)]


def test_the_attempt_is_handed_in_meanwhile(taker: Taker, post_while: Meanwhile) -> None:
    told = post_while(taker, taker.hand_in, posted(taker, "courte", "reformulation"))
    (saved,) = told.answers.values()
    assert (saved.outcome, told.is_over) == (LATE, True)
    assert (taker.kept(), taker.attempt().score) == ({}, 0)


def test_the_deadline_comes_nearer_meanwhile(taker: Taker, clock: Clock, post_while: Meanwhile) -> None:
    clock.set(NOW + timedelta(minutes=20))

    def shorten() -> None:
        with writing() as session:
            session.execute(update(Attempt).values(deadline_at=NOW + timedelta(minutes=10)))

    told = post_while(taker, shorten, posted(taker, "courte", "x"))
    assert [saved.outcome for saved in told.answers.values()] == [LATE]
    assert told.deadline_at == NOW + timedelta(minutes=10)


def test_the_same_save_comes_by_two_ways_at_once(taker: Taker, post_while: Meanwhile) -> None:
    """QZ-24: the script sends again what its first request is still writing."""
    same = posted(taker, "courte", "une fois")
    told = post_while(taker, lambda: taker.post(same), same)
    assert [saved.outcome for saved in told.answers.values()] == [KEPT]
    assert (len(taker.events()), taker.kept()) == (1, {"courte": "une fois"})


def test_another_value_comes_under_the_same_name_meanwhile(taker: Taker, post_while: Meanwhile) -> None:
    first, other = (posted(taker, "courte", value, event_id="abc") for value in ("une fois", "autre"))
    with pytest.raises(InvalidAnswer, match="event-used"):
        post_while(taker, lambda: taker.post(first), other)
    assert (len(taker.events()), taker.kept()) == (1, {"courte": "une fois"})


def test_one_of_two_answers_of_a_page_moves_meanwhile(taker: Taker, post_while: Meanwhile) -> None:
    """What could be written at once counts once, and both are acknowledged as they are kept."""

    def other_tab() -> None:
        taker.post(posted(taker, "courte", "autre", client="two", event_id="other"))

    page = [posted(taker, "courte", "mienne", only_changes=True), posted(taker, "nombre", "172", only_changes=True)]
    told = post_while(taker, other_tab, *page)
    outcomes = {saved.given: saved.outcome for saved in told.answers.values()}
    assert outcomes == {"mienne": CONFLICT, "172": KEPT}
    assert taker.kept() == {"courte": "autre", "nombre": "172"}
    assert sorted(str(event.given) for event in taker.events()) == ["172", "autre", "mienne"]


def test_a_flag_set_meanwhile_stays(taker: Taker, post_while: Meanwhile) -> None:
    """A flag is no other answer: it neither stops a save nor is taken away by it."""
    told = post_while(taker, lambda: taker.flag("courte"), posted(taker, "courte", "x"))
    assert [saved.outcome for saved in told.answers.values()] == [KEPT]
    with writing() as session:
        assert [(row.given, row.is_flagged) for row in session.query(Answer)] == [("x", True)]


def test_the_same_save_came_late_meanwhile(taker: Taker, clock: Clock, post_while: Meanwhile) -> None:
    """Sent again after the time, while the first request still lasts: stored once, and told what it was told."""
    same = posted(taker, "courte", "x")

    def come_late() -> None:
        now = clock.now
        clock.move(minutes=31)
        assert [saved.outcome for saved in taker.post(same).answers.values()] == [LATE]
        clock.set(now)

    told = post_while(taker, come_late, same)
    assert [saved.outcome for saved in told.answers.values()] == [LATE]
    assert (len(taker.events()), taker.kept()) == (1, {})
