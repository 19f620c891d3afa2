from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from deust.domain.attempts import SaveOutcome
from deust.domain.errors import AttemptClosed, InvalidAnswer, NotFound, UnknownQuestion
from deust.domain.questions import Json
from deust.models.quizzes import Answer
from deust.models.transaction import reading, writing
from deust.services import answers
from deust.services.answer_batches import Posted
from tests.support import factories
from tests.support.barrier import at_once
from tests.support.clock import NOW, Clock
from tests.support.takers import Taker

pytestmark = pytest.mark.both

KEPT, SUPERSEDED, CONFLICT, LATE = SaveOutcome.KEPT, SaveOutcome.SUPERSEDED, SaveOutcome.CONFLICT, SaveOutcome.LATE

RIGHT: dict[str, Json] = {
    "simple": 2,
    "multiple": [1, 2],
    "vrai": True,
    "courte": "reformulation",
    "nombre": "172",
    "paires": [1, 2],
    "ordre": [1, 2, 3],
    "trous": ["laisser", 2],
}


@pytest.fixture
def taker(database: Flask, clock: Clock) -> Taker:
    """Someone who has just started a half-hour quiz with a question of each type."""
    made = Taker(factories.quiz(time_seconds=1800), clock)
    made.start()
    return made


def text(value: str) -> dict[str, list[str]]:
    return {"answer": [value]}


@pytest.mark.parametrize("question_id", RIGHT)
def test_an_answer_of_each_type_is_kept_as_in_the_source(taker: Taker, question_id: str) -> None:
    form = taker.form(question_id, RIGHT[question_id])
    saved = taker.save(question_id, form)
    assert (saved.outcome, saved.given) == (KEPT, RIGHT[question_id])
    assert taker.kept() == {question_id: RIGHT[question_id]}
    assert taker.form(question_id, taker.kept()[question_id]) == form


@pytest.mark.case("QZ-09")
def test_two_tabs_on_different_questions_lose_nothing(taker: Taker) -> None:
    """QZ-09."""
    for sequence in (1, 2, 3):
        taker.save("courte", text(f"un {sequence}"), client="one", sequence=sequence)
        taker.save("nombre", text(f"{sequence}"), client="two", sequence=sequence)
    assert taker.kept() == {"courte": "un 3", "nombre": "3"}


def test_two_saves_of_one_question_in_one_post_keep_the_last_and_the_trace_of_both(taker: Taker) -> None:
    key = taker.paper()["courte"].key
    taker.post(factories.posted(key, text("un")), factories.posted(key, text("deux"), sequence=2, base_version=1))
    assert taker.kept() == {"courte": "deux"}
    assert [event.given for event in taker.events()] == ["un", "deux"]


@pytest.mark.case("QZ-10")
def test_a_stale_tab_is_told_of_the_newer_answer_and_overwrites_nothing(taker: Taker) -> None:
    """QZ-10: both values come back, and the student decides."""
    taker.save("courte", text("ancienne"), client="one")
    taker.save("courte", text("récente"), client="two", base_version=1)
    stale = taker.save("courte", text("périmée"), client="one", sequence=2, base_version=1)
    assert (stale.outcome, stale.given, stale.current.given) == (CONFLICT, "périmée", "récente")
    assert taker.kept() == {"courte": "récente"}
    chosen = taker.save(
        "courte", text("périmée"), client="one", sequence=3, base_version=stale.current.version, event_id="choice"
    )
    assert chosen.outcome == KEPT
    assert taker.kept() == {"courte": "périmée"}


def test_a_save_after_handing_in_is_kept_apart(taker: Taker) -> None:
    """QZ-11: submitted in one tab, saved in another."""
    taker.save("courte", text("rendue"))
    taker.hand_in()
    score = taker.attempt().score
    saved = taker.save("courte", text("trop tard"), sequence=2, base_version=1)
    assert (saved.outcome, saved.current.given) == (LATE, "rendue")
    assert taker.kept() == {"courte": "rendue"}
    assert taker.attempt().score == score
    assert [event.given for event in taker.events()] == ["rendue", "trop tard"]


def test_an_old_page_with_empty_fields_blanks_nothing(taker: Taker) -> None:
    """QZ-12: restored from the browser's history; only an explicit clear empties an answer."""
    taker.save("courte", text("quelque chose"))
    emptied = taker.save("courte", text(""), client="old page")
    assert (emptied.outcome, emptied.current.given) == (SUPERSEDED, "quelque chose")
    taker.save("courte", text(""), sequence=2, base_version=1, clears=True)
    assert taker.kept() == {"courte": None}


@pytest.mark.parametrize(
    "fields",
    [
        {"answer": ["4"]},
        {"answer": ["0"]},
        {"answer": ["-1"]},
        {"answer": ["1", "2"]},
        {"answer": ["e-simple"]},
        {"answer": ["1; DROP TABLE answer"]},
    ],
)
@pytest.mark.case("QZ-13")
def test_a_choice_that_the_question_does_not_have_is_refused(taker: Taker, fields: dict[str, list[str]]) -> None:
    """QZ-13."""
    with pytest.raises(InvalidAnswer):
        taker.save("simple", fields)
    assert taker.kept() == {}
    assert taker.events() == []


@pytest.mark.case("QZ-13")
def test_fields_that_are_not_the_answer_are_ignored(taker: Taker) -> None:
    """QZ-13: points, seed, correctness sent along change nothing."""
    taker.save("courte", {**text("ma réponse"), "points": ["100"], "is_right": ["true"], "seed": ["1"]})
    taker.hand_in()
    assert taker.attempt().score == 0


@pytest.mark.case("QZ-13")
def test_a_question_of_another_attempt_is_refused(taker: Taker, clock: Clock) -> None:
    """QZ-13, AZ-02."""
    other = Taker(taker.quiz, clock)
    other.start()
    foreign = other.paper()["courte"].key
    with pytest.raises(UnknownQuestion):
        taker.post(factories.posted(foreign, text("x")))
    other.public_id = taker.public_id
    with pytest.raises(NotFound):
        other.post(factories.posted(taker.paper()["courte"].key, text("x")))
    assert (taker.events(), taker.kept()) == ([], {})


@pytest.mark.parametrize(
    ("after_deadline", "outcome"),
    [(timedelta(seconds=-1), KEPT), (timedelta(0), KEPT), (timedelta(seconds=30), KEPT), (timedelta(seconds=31), LATE)],
)
@pytest.mark.case("QZ-01", "QZ-28")
def test_what_arrives_around_the_deadline(
    taker: Taker, clock: Clock, after_deadline: timedelta, outcome: SaveOutcome
) -> None:
    """QZ-04: by the time of arrival; what is too late is kept as evidence, never dropped."""
    clock.set(NOW + timedelta(minutes=30) + after_deadline)
    assert taker.save("courte", text("x")).outcome == outcome
    assert [(event.given, event.outcome, event.received_at) for event in taker.events()] == [("x", outcome, clock.now)]


def test_the_device_clock_is_not_asked(taker: Taker, clock: Clock) -> None:
    """QZ-01: a save carries no time; the deadline told is the server's."""
    told = taker.post(factories.posted(taker.paper()["courte"].key, text("x")))
    assert (told.deadline_at, told.is_over) == (NOW + timedelta(minutes=30), False)


@pytest.mark.case("QZ-24")
def test_a_save_sent_again_is_stored_once(taker: Taker) -> None:
    """QZ-24, QZ-29: the reply was lost, or the server died after the commit."""
    first = taker.save("courte", text("une fois"), event_id="abc")
    again = taker.save("courte", text("une fois"), event_id="abc")
    assert (first.outcome, again.outcome, again.current) == (KEPT, KEPT, first.current)
    assert len(taker.events()) == 1


@pytest.mark.parametrize(("value", "clears"), [("autre", False), ("", True), ("", False)])
def test_another_value_under_the_name_of_a_save_is_refused(taker: Taker, value: str, clears: bool) -> None:
    """Told what the first one was told, it would be forgotten by its sender and kept by nobody."""
    taker.save("courte", text("une fois"), event_id="abc")
    with pytest.raises(InvalidAnswer, match="event-used") as refused:
        taker.save("courte", text(value), sequence=2, base_version=1, clears=clears, event_id="abc")
    assert refused.value.key == taker.paper()["courte"].key
    assert (taker.kept(), len(taker.events())) == ({"courte": "une fois"}, 1)
    assert taker.save("courte", text("autre"), sequence=2, base_version=1, event_id="def").outcome == KEPT


def test_another_value_under_the_name_of_a_save_of_the_same_post_is_refused(taker: Taker) -> None:
    key = taker.paper()["courte"].key
    with pytest.raises(InvalidAnswer, match="event-used"):
        taker.post(*(factories.posted(key, text(value), event_id="abc") for value in ("un", "deux")))
    assert (taker.kept(), taker.events()) == ({}, [])


@pytest.mark.case("QZ-24")
def test_a_save_that_never_reached_its_commit_is_stored_by_the_retry(taker: Taker) -> None:
    """QZ-24: the server died before the commit."""
    posted = factories.posted(taker.paper()["courte"].key, text("enfin"))
    with pytest.raises(ZeroDivisionError), writing() as session:
        _save_then_die(session, taker, posted)
    assert (taker.kept(), taker.events()) == ({}, [])
    taker.post(posted)
    assert taker.kept() == {"courte": "enfin"}


def _save_then_die(session: Session, taker: Taker, posted: Posted) -> None:
    answers.save_answers(session, learner=taker.learner, public_id=taker.public_id, posted=[posted], now=NOW)
    raise ZeroDivisionError


def test_the_same_save_many_times_at_once_is_stored_once(database: Flask, taker: Taker) -> None:
    send = partial(taker.save, "courte", text("une fois"), event_id="abc")
    outcomes = [saved.outcome for saved in at_once(database, [send] * 12)]
    assert set(outcomes) == {KEPT}
    assert len(taker.events()) == 1


def test_the_highest_sequence_wins_whatever_the_order_of_arrival(taker: Taker) -> None:
    """QZ-30."""
    outcomes = [taker.save("courte", text(f"v{number}"), sequence=number).outcome for number in (1, 3, 2)]
    assert outcomes == [KEPT, KEPT, SUPERSEDED]
    assert taker.kept() == {"courte": "v3"}


@pytest.mark.case("QZ-25")
def test_forty_saves_at_once_are_all_kept(database: Flask, taker: Taker) -> None:
    """QZ-25: nobody is told that the database is locked, and nothing acknowledged is lost."""
    sends = [
        partial(taker.save, "courte", text(f"{number}"), client=f"c{number}", base_version=99) for number in range(40)
    ]
    saved = at_once(database, sends)
    assert {one.outcome for one in saved} == {KEPT}
    assert sorted(one.current.version for one in saved) == list(range(1, 41))
    last = max(saved, key=lambda one: one.current.version)
    assert taker.kept() == {"courte": last.given}


def test_a_whole_page_is_kept_or_refused_together(taker: Taker) -> None:
    keys = {name: entry.key for name, entry in taker.paper().items()}
    with pytest.raises(InvalidAnswer):
        taker.post(factories.posted(keys["courte"], text("x")), factories.posted(keys["simple"], text("9")))
    assert taker.events() == []
    told = taker.post(factories.posted(keys["courte"], text("x")), factories.posted(keys["simple"], text("1")))
    assert set(told.answers) == {keys["courte"], keys["simple"]}


def test_a_page_posted_by_hand_writes_only_what_changed(taker: Taker) -> None:
    """QZ-39: without JavaScript, the same form may be sent from the browser's history."""
    for sequence, value in enumerate(["a", "a", "b"], start=1):
        saved = taker.save("courte", text(value), only_changes=True, base_version=9, event_id=f"page{sequence}")
        assert saved.outcome == KEPT
    assert [event.given for event in taker.events()] == ["a", "b"]
    taker.save("courte", text(""), only_changes=True, base_version=9, event_id="page4")
    assert taker.kept() == {"courte": "b"}


def test_very_long_and_strange_texts_come_back_exactly_or_are_refused(taker: Taker) -> None:
    """QZ-34."""
    long = "é" * 100_000
    taker.save("courte", text(long))
    assert taker.kept()["courte"] == long
    with pytest.raises(InvalidAnswer):
        taker.save("courte", text(long + "x"), sequence=2, base_version=1)
    strange = "<p style='x'>Word</p> \u202eעברית 👩🏽‍🚀 {{7*7}} ' OR 1=1 --"
    taker.save("courte", text(strange), sequence=3, base_version=1)
    assert taker.kept()["courte"] == strange


@pytest.mark.parametrize("bad", ["nul\x00milieu", "seul\ud800"])
def test_characters_that_no_database_keeps_are_refused_before_anything_is_lost(taker: Taker, bad: str) -> None:
    """QZ-34."""
    taker.save("courte", text("avant"))
    with pytest.raises(InvalidAnswer):
        taker.save("courte", text(bad), sequence=2, base_version=1)
    assert taker.kept() == {"courte": "avant"}


def test_flagging_changes_no_answer(taker: Taker) -> None:
    taker.flag("courte")
    assert taker.kept() == {}
    taker.save("courte", text("x"))
    with reading() as connection:
        assert connection.scalars(select(Answer.is_flagged)).all() == [True]
    taker.flag("courte", False)
    assert taker.kept() == {"courte": "x"}
    taker.hand_in()
    with pytest.raises(AttemptClosed):
        taker.flag("courte")


CLIENTS = ("one", "two", "three")
acts = st.one_of(
    st.tuples(
        st.just("save"), st.sampled_from(CLIENTS), st.sampled_from(["reformulation", "b", "c", ""]), st.booleans()
    ),
    st.tuples(st.just("reload"), st.sampled_from(CLIENTS)),
    st.tuples(st.just("resend"), st.integers(0, 30)),
    st.tuples(st.just("hold"), st.sampled_from(CLIENTS), st.sampled_from(["d", "reformulation"])),
    st.tuples(st.just("release"), st.integers(0, 30)),
    st.tuples(st.just("hand in")),
    st.tuples(st.just("wait"), st.integers(1, 25)),
)


class Tabs:
    """Several pages on one question: what each has seen, what was sent, what is still on its way, what was promised."""

    def __init__(self, taker: Taker) -> None:
        self.taker = taker
        self.key = taker.paper()["courte"].key
        self.seen = dict.fromkeys(CLIENTS, 0)
        self.sequences = dict.fromkeys(CLIENTS, 0)
        self.sent: list[Posted] = []
        self.held: list[Posted] = []
        self.told: dict[str, SaveOutcome] = {}
        self.acknowledged: Json = None

    def write(self, client: str, value: str, clears: bool = False) -> Posted:
        self.sequences[client] += 1
        return factories.posted(
            self.key,
            text(value),
            client=client,
            sequence=self.sequences[client],
            base_version=self.seen[client],
            clears=clears,
        )

    def deliver(self, posted: Posted) -> None:
        told = self.taker.post(posted).answers[self.key]
        event_id = posted.save.event_id
        assert self.told.setdefault(event_id, told.outcome) == told.outcome, "a repeated save was told otherwise"
        if told.outcome is KEPT and posted not in self.sent:
            self.acknowledged = told.given
            assert told.current.given == told.given
        if told.outcome is KEPT:
            self.seen[posted.save.client] = max(self.seen[posted.save.client], told.current.version)
        self.sent.append(posted)

    def reload(self, client: str) -> None:
        with writing() as session:
            row = session.scalar(select(Answer))
            self.seen[client] = row.version if row else 0

    def act(self, act: tuple[object, ...]) -> None:
        match act:
            case ("save", str(client), str(value), bool(clears)):
                self.deliver(self.write(client, value, clears))
            case ("reload", str(client)):
                self.reload(client)
            case ("resend", int(which)) if self.sent:
                self.deliver(self.sent[which % len(self.sent)])
            case ("hold", str(client), str(value)):
                self.held.append(self.write(client, value))
            case ("release", int(which)) if self.held:
                self.deliver(self.held.pop(which % len(self.held)))
            case ("hand in",):
                self.taker.hand_in()
            case ("wait", int(minutes)):
                self.taker.clock.move(minutes=minutes)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(acts, max_size=25))
def test_whatever_happens_the_last_acknowledged_answer_is_the_marked_one(
    database: Flask, sequence: list[tuple[object, ...]]
) -> None:
    """Saves, reloads, three tabs, repeats, late and reordered deliveries, hand-ins, time running out."""
    taker = Taker(factories.quiz(factories.short(), time_seconds=1800), Clock())
    taker.start()
    tabs = Tabs(taker)
    for act in sequence:
        tabs.act(act)
    taker.clock.move(hours=1)
    taker.hand_in()
    assert taker.kept().get("courte") == tabs.acknowledged
    right = tabs.acknowledged == "reformulation"
    assert taker.attempt().score == (1 if right else 0)
    kept = [event.given for event in taker.events() if event.outcome == KEPT]
    assert (kept[-1] if kept else None) == tabs.acknowledged
    assert len(taker.events()) == len({posted.save.event_id for posted in tabs.sent})
