from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from deust.domain.attempts import answers_hash
from deust.domain.errors import NotFound
from deust.domain.people import SignedIn
from deust.domain.quizzes import Keep, Mode
from deust.models.learning import ItemProgress
from deust.models.records import AuditEvent, Receipt
from deust.models.transaction import reading, writing
from deust.services import late_answers, marking
from tests.support import factories
from tests.support.clock import Clock
from tests.support.takers import Taker

pytestmark = pytest.mark.both


@pytest.fixture
def taker(database: Flask, clock: Clock) -> Taker:
    made = Taker(factories.quiz(factories.short("a"), factories.short("b"), time_seconds=1800), clock)
    made.start()
    return made


@pytest.fixture
def tutor(database: Flask) -> SignedIn:
    with writing() as session:
        return factories.signed_in(factories.person(session, role="tutor"))


def text(value: str) -> dict[str, list[str]]:
    return {"answer": [value]}


RIGHT = text("reformulation")


def test_points_are_exact(database: Flask, clock: Clock) -> None:
    """GR-07: a third of a point stays a third, and three of them make one."""
    questions = [factories.matching(f"m{number}", points=Fraction(1, 3)) for number in range(3)]
    taker = Taker(factories.quiz(*questions), clock)
    taker.start()
    for question in questions:
        taker.save(question.id, taker.form(question.id, [1, None]))
    taker.hand_in()
    assert set(taker.marks().values()) == {Fraction(1, 6)}
    assert (taker.attempt().score, taker.attempt().out_of) == (Fraction(1, 2), Fraction(1))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**6), st.sets(st.sampled_from([question.id for question in factories.machine_marked()])))
def test_marking_twice_gives_the_same_mark(database: Flask, seed: int, answered: set[str]) -> None:
    taker = Taker(factories.quiz(), Clock())
    taker.start(seed)
    if answered:
        taker.answer_right(*answered)
    taker.hand_in()
    first = taker.marks()
    assert {name for name, points in first.items() if points} == answered
    with writing() as session:
        attempt = marking.any_attempt(session, taker.public_id)
        every = {entry["key"] for entry in attempt.paper}
        marking.mark_again(session, attempt, changed=every, quiz=None, reason="again", now=Clock().now)
    assert taker.marks(version=2) == first
    assert taker.attempt().score == len(answered)


def test_what_a_person_must_mark_waits_and_information_is_not_marked(database: Flask, clock: Clock) -> None:
    taker = Taker(factories.quiz(factories.info(), factories.single(), factories.essay(points=Fraction(4))), clock)
    taker.start()
    taker.answer_right("simple")
    taker.save("texte", text("Un long récit."))
    taker.hand_in()
    assert set(taker.marks()) == {"simple", "texte"}
    assert taker.marks()["texte"] is None
    attempt = taker.attempt()
    assert (attempt.score, attempt.awaiting, attempt.out_of) == (1, 1, 5)


def test_a_blank_paper_is_marked_zero(taker: Taker) -> None:
    taker.hand_in()
    assert taker.attempt().score == 0
    assert list(taker.marks().values()) == [0, 0]


def test_the_receipt_says_when_and_what_was_handed_in(taker: Taker, clock: Clock) -> None:
    taker.save("a", text("un"))
    clock.move(minutes=3)
    taker.hand_in()
    with reading() as connection:
        receipt = connection.execute(select(Receipt)).one()
    assert receipt.code == taker.attempt().receipt_code
    assert receipt.made_at == clock.now
    assert receipt.answers_count == 1
    assert receipt.answers_hash == answers_hash({taker.paper()["a"].key: "un"})


def accept_late(taker: Taker, by: SignedIn) -> int:
    with writing() as session:
        return late_answers.accept_late(
            session, public_id=taker.public_id, reviewer=by, quiz=taker.quiz, reason="réseau coupé", now=taker.clock.now
        )


def close_late(taker: Taker, clock: Clock) -> None:
    """The time is over and the attempt closed."""
    clock.move(minutes=31)
    taker.hand_in()


@pytest.mark.case("QZ-28")
def test_late_answers_count_once_staff_accept_them(taker: Taker, tutor: SignedIn, clock: Clock) -> None:
    taker.save("a", text("faux"))
    close_late(taker, clock)
    taker.save("a", RIGHT, sequence=2, base_version=1)
    taker.save("b", RIGHT)
    assert taker.attempt().score == 0

    assert accept_late(taker, tutor) == 2
    assert taker.attempt().score == 2
    assert taker.kept() == {"a": "reformulation", "b": "reformulation"}
    assert set(taker.marks(version=1).values()) == {Fraction(0)}, "the first marks stay readable"
    assert taker.reasons() == ["hand-in", "réseau coupé"]
    with reading() as connection:
        line = connection.execute(select(AuditEvent).where(AuditEvent.act == "attempt:accept-late")).one()
        share = connection.scalar(select(ItemProgress.kept_share))
    assert (line.actor_id, line.detail["reason"]) == (tutor.person_id, "réseau coupé")
    assert share == 1


def test_accepting_twice_changes_nothing_more(taker: Taker, tutor: SignedIn, clock: Clock) -> None:
    close_late(taker, clock)
    taker.save("a", RIGHT)
    assert (accept_late(taker, tutor), accept_late(taker, tutor)) == (1, 0)
    assert taker.marks(version=3) == {}


def test_late_answers_accepted_out_of_order_keep_the_last_one_written(
    taker: Taker, tutor: SignedIn, clock: Clock
) -> None:
    """QZ-30 holds for late saves too: the third arrived before the second."""
    close_late(taker, clock)
    taker.save("a", RIGHT, sequence=3)
    taker.save("a", text("avant"), sequence=2)
    accept_late(taker, tutor)
    assert taker.kept() == {"a": "reformulation"}


def test_a_late_empty_form_blanks_nothing(taker: Taker, tutor: SignedIn, clock: Clock) -> None:
    """QZ-12 holds for late saves too."""
    taker.save("a", RIGHT)
    close_late(taker, clock)
    taker.save("a", text(""), client="old page")
    accept_late(taker, tutor)
    assert taker.kept() == {"a": "reformulation"}
    assert taker.attempt().score == 1


def test_without_late_answers_accepting_writes_nothing(taker: Taker, tutor: SignedIn, clock: Clock) -> None:
    close_late(taker, clock)
    assert accept_late(taker, tutor) == 0
    with reading() as connection:
        assert connection.scalars(select(AuditEvent.id).where(AuditEvent.act == "attempt:accept-late")).all() == []


def test_accepting_for_an_attempt_that_is_not_there(taker: Taker, tutor: SignedIn) -> None:
    taker.public_id = "0" * 32
    with pytest.raises(NotFound):
        accept_late(taker, tutor)


def test_a_late_answer_to_an_attempt_still_open_closes_it_with_what_was_saved(
    taker: Taker, tutor: SignedIn, clock: Clock
) -> None:
    """The clock has not closed it yet: the late save waits apart, and the hand-in marks what was in time."""
    taker.save("a", RIGHT)
    clock.move(minutes=31)
    assert taker.save("a", text("trop tard"), sequence=2, base_version=1).outcome == "late"
    taker.hand_in()
    assert taker.attempt().closed_by == "clock"
    assert taker.attempt().score == 1


def test_accepting_before_the_clock_has_closed_the_attempt(taker: Taker, tutor: SignedIn, clock: Clock) -> None:
    """It is closed first with what came in time, so that both marks can be read."""
    clock.move(minutes=31)
    taker.save("a", RIGHT)
    accept_late(taker, tutor)
    taker.hand_in()
    assert taker.attempt().closed_by == "clock"
    assert [taker.marks(version)["a"] for version in (1, 2)] == [0, 1]


def test_accepting_after_more_time_was_granted_leaves_the_attempt_open(
    taker: Taker, tutor: SignedIn, clock: Clock
) -> None:
    clock.move(minutes=31)
    taker.save("a", RIGHT)
    with writing() as session:
        session.merge(taker.attempt()).deadline_at = clock.now + timedelta(minutes=10)
    assert accept_late(taker, tutor) == 1
    assert taker.attempt().closed_at is None
    taker.hand_in()
    assert (taker.attempt().closed_by, taker.attempt().score) == ("person", 1)


@pytest.mark.parametrize(
    ("keep", "share"), [(Keep.FIRST, Fraction(0)), (Keep.LAST, Fraction(1)), (Keep.AVERAGE, Fraction(1, 2))]
)
def test_the_attempt_that_counts(database: Flask, clock: Clock, keep: Keep, share: Fraction) -> None:
    quiz = factories.quiz(factories.single(), mode=Mode.GRADED, attempts=2, keep=keep)
    taker = Taker(quiz, clock)
    for is_right in (False, True):
        taker.start()
        if is_right:
            taker.answer_right()
        taker.hand_in()
    with reading() as connection:
        assert connection.scalar(select(ItemProgress.kept_share)) == share


def kept(taker: Taker) -> tuple[Fraction | None, bool]:
    with reading() as connection:
        row = connection.execute(select(ItemProgress.kept_share, ItemProgress.is_passed)).one()
    return row.kept_share, row.is_passed


@pytest.mark.case("GR-09")
@pytest.mark.parametrize(("worth", "known"), [(4, (None, False)), (1, (Fraction(1, 2), True))])
def test_a_quiz_that_waits_for_a_marker_has_failed_only_once_marked(
    database: Flask, clock: Clock, worth: int, known: tuple[Fraction | None, bool]
) -> None:
    """Two attempts that nobody had marked were two failures, to redo, and the mean counted their missing points as 0.
    What is passed without them is known.
    """
    quiz = factories.quiz(factories.short("a"), factories.essay("b", points=Fraction(worth)), mode=Mode.GRADED)
    taker = Taker(quiz, clock)
    taker.start()
    taker.save("a", RIGHT)
    taker.save("b", text("Un texte."))
    taker.hand_in()
    assert kept(taker) == known
    points = {taker.paper()["b"].key: Fraction(worth)}
    with writing() as session:
        given = {"points": points, "marker_id": None, "reason": "marked", "quiz": quiz, "now": clock.now}
        marking.keep_given_points(session, taker.attempt().id, **given)
    assert kept(taker) == (1, True)
