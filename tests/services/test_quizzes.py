from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from deust.domain.errors import AttemptClosed, NoAttemptLeft, NotFound, NotYetOpen
from deust.domain.people import Dates, SignedIn
from deust.domain.quizzes import Mode
from deust.models.learning import ItemProgress
from deust.models.people import Accommodation
from deust.models.quizzes import Attempt, AttemptMarks, FrozenQuestion
from deust.models.records import AuditEvent, Receipt
from deust.models.transaction import reading, writing
from deust.services import people, quizzes
from tests.support import factories
from tests.support.barrier import at_once
from tests.support.clock import NOW, Clock
from tests.support.takers import Taker

pytestmark = pytest.mark.both

HALF_HOUR = 1800


def count(table: object) -> int:
    with reading() as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def progress() -> ItemProgress:
    with writing() as session:
        return session.scalars(select(ItemProgress)).one()


@pytest.mark.case("QZ-03")
def test_starting_makes_the_attempt_its_deadline_and_its_paper_at_once(database: Flask, clock: Clock) -> None:
    """QZ-03: no question without an attempt and its deadline."""
    taker = Taker(factories.quiz(time_seconds=HALF_HOUR), clock)
    taker.start()
    attempt = taker.attempt()
    assert attempt.deadline_at == NOW + timedelta(minutes=30)
    assert attempt.number == 1
    assert list(taker.paper()) == [question.id for question in factories.machine_marked()]
    assert taker.asked() == {question.id: question for question in factories.machine_marked()}
    assert attempt.out_of == 9
    assert (progress().open_attempt, progress().attempts_used) == (taker.public_id, 1)


@pytest.mark.case("QZ-03")
def test_a_start_that_fails_leaves_nothing(database: Flask, clock: Clock) -> None:
    taker = Taker(factories.quiz(time_seconds=HALF_HOUR), clock)
    with pytest.raises(ZeroDivisionError), writing() as session:
        _start_then_die(session, taker)
    assert (count(Attempt), count(FrozenQuestion), count(ItemProgress), count(AuditEvent)) == (0, 0, 0, 0)


def _start_then_die(session: Session, taker: Taker) -> None:
    _start(session, taker)
    raise ZeroDivisionError


def _start(session: Session, taker: Taker) -> str:
    return quizzes.start_attempt(
        session, learner=taker.learner, quiz=taker.quiz, rng=random.Random(1), now=taker.clock.now
    )


def test_starting_again_gives_the_attempt_already_open(database: Flask, clock: Clock) -> None:
    taker = Taker(factories.quiz(attempts=1), clock)
    first = taker.start(seed=1)
    clock.move(minutes=1)
    assert taker.start(seed=2) == first
    assert count(Attempt) == 1


@pytest.mark.case("QZ-08")
def test_fifty_starts_at_once_make_one_attempt(database: Flask, clock: Clock) -> None:
    """QZ-08."""
    taker = Taker(factories.quiz(attempts=1, time_seconds=HALF_HOUR), clock)

    def start() -> str:
        with writing() as session:
            return _start(session, taker)

    assert len(set(at_once(database, [start] * 50))) == 1
    assert count(Attempt) == 1
    assert progress().attempts_used == 1


@pytest.mark.case("QZ-20")
def test_racing_starts_and_hand_ins_never_pass_the_limit(database: Flask, clock: Clock) -> None:
    """QZ-08, QZ-20: whatever is started and handed in at the same instant."""
    taker = Taker(factories.quiz(attempts=2), clock)

    def start_and_hand_in() -> None:
        own = Taker(taker.quiz, clock, taker.learner)
        try:
            own.start()
        except NoAttemptLeft:
            return
        own.hand_in()

    at_once(database, [start_and_hand_in] * 20)
    assert 1 <= count(Attempt) <= 2
    assert count(Receipt) == count(Attempt)
    assert progress().attempts_used == count(Attempt)


@pytest.mark.case("QZ-20")
def test_attempts_are_counted_by_person_on_the_server(database: Flask, clock: Clock) -> None:
    """QZ-20: an abandoned attempt counts as well as one handed in."""
    taker = Taker(factories.quiz(attempts=2, time_seconds=HALF_HOUR), clock)
    taker.start()
    taker.hand_in()
    taker.start()
    clock.move(hours=1)
    with pytest.raises(NoAttemptLeft):
        taker.start()
    other = Taker(taker.quiz, clock)
    other.start()


def test_two_people_have_their_own_attempts_and_their_own_orders(database: Flask, clock: Clock) -> None:
    """QZ-15: keys and orders are of one attempt only."""
    quiz = factories.quiz(factories.ordering(), factories.multiple(), shuffle_options=True)
    takers = [Taker(quiz, clock) for _ in range(12)]
    for seed, taker in enumerate(takers):
        taker.start(seed)
    papers = [taker.paper() for taker in takers]
    assert len({entry.key for paper in papers for entry in paper.values()}) == 24
    assert len({paper["multiple"].placement.order for paper in papers}) > 1
    assert count(FrozenQuestion) == 2


def test_a_paper_prefers_what_was_not_seen_yet(database: Flask, clock: Clock) -> None:
    questions = [factories.question(f"q{number}") for number in range(6)]
    taker = Taker(factories.quiz(*questions, draw=3), clock)
    seen: Counter[str] = Counter()
    for seed in range(4):
        taker.start(seed)
        seen.update(taker.paper().keys())
        taker.hand_in()
    assert set(seen.values()) == {2}


def with_dates(taker: Taker, **dates: object) -> None:
    with writing() as session:
        factories.item_dates(session, taker.quiz.ref, person_id=taker.learner.person_id, **dates)


def test_before_the_opening_and_after_the_close_nothing_starts(database: Flask, clock: Clock) -> None:
    taker = Taker(factories.quiz(), clock)
    with_dates(taker, opens_at=NOW + timedelta(hours=1), closes_at=NOW + timedelta(hours=2))
    with pytest.raises(NotYetOpen):
        taker.start()
    clock.move(hours=2)
    with pytest.raises(AttemptClosed):
        taker.start()


@pytest.mark.case("QZ-02")
def test_starting_ten_minutes_before_the_close_leaves_ten_minutes(database: Flask, clock: Clock) -> None:
    """QZ-02."""
    taker = Taker(factories.quiz(time_seconds=HALF_HOUR), clock)
    with_dates(taker, closes_at=NOW + timedelta(minutes=10))
    taker.start()
    assert taker.attempt().deadline_at == NOW + timedelta(minutes=10)


def grant(learner: SignedIn, **fields: object) -> None:
    with writing() as session:
        row = session.get(Accommodation, learner.person_id)
        if row is None:
            row = Accommodation(person_id=learner.person_id, granted_at=NOW)
            session.add(row)
        for name, value in fields.items():
            setattr(row, name, value)


def test_extra_time_is_in_the_deadline(database: Flask, clock: Clock) -> None:
    """QZ-21."""
    taker = Taker(factories.quiz(time_seconds=50 * 60), clock)
    grant(taker.learner, time_multiplier=Fraction(4, 3))
    taker.start()
    assert taker.attempt().deadline_at == NOW + timedelta(minutes=67)


def move_deadlines(taker: Taker) -> int:
    with writing() as session:
        return quizzes.move_deadlines(session, person_id=taker.learner.person_id, now=taker.clock.now)


def test_time_granted_during_an_attempt_counts_at_once(database: Flask, clock: Clock) -> None:
    """QZ-22."""
    taker = Taker(factories.quiz(factories.single(), time_seconds=HALF_HOUR), clock)
    taker.start()
    grant(taker.learner, extra_minutes=10)
    assert move_deadlines(taker) == 1
    clock.move(minutes=39)
    saved = taker.save("simple", {"answer": ["1"]})
    assert saved.outcome == "kept"
    assert taker.attempt().deadline_at == NOW + timedelta(minutes=40)
    assert move_deadlines(taker) == 0


def test_a_close_moved_during_an_attempt_counts_at_once(database: Flask, clock: Clock) -> None:
    """QZ-22: for the people named, and for this quiz only."""
    takers = [Taker(factories.quiz(time_seconds=HALF_HOUR), clock) for _ in range(2)]
    for taker in takers:
        with_dates(taker, closes_at=NOW + timedelta(minutes=10))
        taker.start()
    with writing() as session:
        moved = quizzes.move_closing(
            session,
            quiz=takers[0].quiz,
            person_ids=[takers[0].learner.person_id],
            closes_at=NOW + timedelta(minutes=20),
            now=NOW,
        )
    assert moved == 1
    assert [taker.attempt().deadline_at for taker in takers] == [
        NOW + timedelta(minutes=20),
        NOW + timedelta(minutes=10),
    ]


def test_extra_time_of_someone_else_changes_nothing(database: Flask, clock: Clock) -> None:
    """AZ-10."""
    taker, other = Taker(factories.quiz(time_seconds=HALF_HOUR), clock), Taker(factories.quiz(), clock)
    grant(other.learner, extra_minutes=60)
    with_dates(other, closes_at=NOW + timedelta(minutes=1))
    taker.start()
    assert taker.attempt().deadline_at == NOW + timedelta(minutes=30)


@pytest.mark.case("QZ-07")
def test_handing_in_marks_once_however_often_it_is_sent(database: Flask, clock: Clock) -> None:
    """QZ-07: a double click, a refresh, the same request the next day."""
    taker = Taker(factories.quiz(), clock)
    taker.start()
    taker.answer_right()
    taker.hand_in()
    first = taker.attempt()
    clock.move(days=1)
    taker.hand_in()
    assert taker.attempt().closed_at == first.closed_at == NOW
    assert (taker.attempt().receipt_code, taker.attempt().score) == (first.receipt_code, Fraction(9))
    assert (count(AttemptMarks), count(Receipt)) == (1, 1)


@pytest.mark.case("QZ-07")
def test_hand_ins_at_once_make_one_closing(database: Flask, clock: Clock) -> None:
    taker = Taker(factories.quiz(), clock)
    taker.start()
    at_once(database, [taker.hand_in] * 12)
    assert (count(AttemptMarks), count(Receipt)) == (1, 1)


def test_handing_in_after_the_grace_is_closed_by_the_clock(database: Flask, clock: Clock) -> None:
    taker = Taker(factories.quiz(time_seconds=HALF_HOUR), clock)
    taker.start()
    clock.move(minutes=31)
    taker.hand_in()
    assert taker.attempt().closed_by == "clock"
    assert taker.attempt().closed_at == NOW + timedelta(minutes=30)


def test_an_overdue_attempt_is_closed_when_another_is_started(database: Flask, clock: Clock) -> None:
    taker = Taker(factories.quiz(attempts=2, time_seconds=HALF_HOUR), clock)
    first = taker.start()
    clock.move(hours=1)
    second = taker.start()
    assert second != first
    taker.public_id = first
    assert taker.attempt().closed_by == "clock"
    assert (progress().open_attempt, progress().attempts_used) == (second, 2)


def test_coming_back_while_the_clock_closes_is_one_closing(database: Flask, clock: Clock) -> None:
    """Both hold the attempt and the progress: they must take them in the same order."""
    for _ in range(4):
        taker = Taker(factories.quiz(attempts=2, time_seconds=HALF_HOUR), clock)
        first = taker.start()
        clock.move(hours=1)

        def come_back(taker: Taker = taker) -> object:
            return Taker(taker.quiz, clock, taker.learner).start()

        def close(taker: Taker = taker, public_id: str = first) -> object:
            with writing() as session:
                return quizzes.close_if_overdue(session, public_id=public_id, quiz=taker.quiz, now=clock.now)

        at_once(database, [come_back, close, close, come_back, taker.hand_in])
    assert count(Receipt) == 4
    assert count(Attempt) == 8


def close_if_overdue(taker: Taker) -> bool:
    with writing() as session:
        return quizzes.close_if_overdue(session, public_id=taker.public_id, quiz=taker.quiz, now=taker.clock.now)


def test_an_attempt_is_overdue_only_after_the_grace(database: Flask, clock: Clock) -> None:
    taker = Taker(factories.quiz(time_seconds=HALF_HOUR), clock)
    taker.start()
    clock.move(minutes=30, seconds=30)
    assert close_if_overdue(taker) is False
    clock.move(seconds=1)
    assert close_if_overdue(taker) is True
    assert close_if_overdue(taker) is False


def test_an_attempt_without_limit_stays_open(database: Flask, clock: Clock) -> None:
    taker = Taker(factories.quiz(), clock)
    taker.start()
    clock.move(days=400)
    assert close_if_overdue(taker) is False


def test_nobody_hands_in_someone_elses_attempt(database: Flask, clock: Clock) -> None:
    """AZ-02."""
    taker, other = Taker(factories.quiz(), clock), Taker(factories.quiz(), clock)
    other.public_id = taker.start()
    with pytest.raises(NotFound):
        other.hand_in()
    assert taker.attempt().closed_at is None


@pytest.mark.case("MD-11")
def test_editing_or_removing_a_question_changes_nothing_in_a_started_attempt(database: Flask, clock: Clock) -> None:
    """QZ-37, QZ-42: the key was wrong, the author corrects it, then the question goes."""
    taker = Taker(factories.quiz(factories.single(), factories.short()), clock)
    taker.start()
    taker.answer_right()
    asked = taker.asked()
    other_key = replace(factories.single(), answer=factories.multiple().answer, title="Autre")
    taker.quiz = factories.quiz(other_key, version="v2", pass_share=Fraction(1))
    assert taker.asked() == asked
    taker.hand_in()
    assert taker.attempt().score == taker.attempt().out_of == 2


def test_a_new_attempt_takes_the_questions_as_they_are_now(database: Flask, clock: Clock) -> None:
    taker = Taker(factories.quiz(factories.single()), clock)
    taker.start()
    taker.hand_in()
    taker.quiz = factories.quiz(replace(factories.single(), title="Corrigée"))
    taker.start()
    assert taker.asked()["simple"].title == "Corrigée"
    assert count(FrozenQuestion) == 2


def test_an_attempt_under_a_former_name_of_the_quiz_still_counts(database: Flask, clock: Clock) -> None:
    taker = Taker(factories.quiz(attempts=1), clock)
    taker.start()
    taker.hand_in()
    taker.quiz = factories.quiz(quiz_id="nouveau", aliases=("essai",), attempts=1)
    with pytest.raises(NoAttemptLeft):
        taker.start()


@pytest.mark.parametrize(
    ("right", "share", "is_passed"), [(0, Fraction(0), False), (1, Fraction(1, 2), True), (2, Fraction(1), True)]
)
def test_the_result_is_carried_to_the_progress(
    database: Flask, clock: Clock, right: int, share: Fraction, is_passed: bool
) -> None:
    taker = Taker(factories.quiz(factories.question("a"), factories.question("b"), mode=Mode.GRADED), clock)
    taker.start()
    for name in ("a", "b")[:right]:
        taker.answer_right(name)
    taker.hand_in()
    assert (progress().kept_share, progress().is_passed, progress().open_attempt) == (share, is_passed, None)


def test_every_start_and_every_close_leaves_an_audit_line(database: Flask, clock: Clock) -> None:
    taker = Taker(factories.quiz(), clock)
    taker.start()
    taker.hand_in()
    with reading() as connection:
        lines = connection.execute(
            select(AuditEvent.act, AuditEvent.actor_id, AuditEvent.subject).order_by(AuditEvent.id)
        ).all()
    subject = f"attempt:{taker.public_id}"
    acts = [line.act for line in lines if line.subject == subject]
    assert acts == ["attempt:start", "attempt:close"]
    assert {line.actor_id for line in lines} == {taker.learner.person_id}


def test_a_quiz_is_not_done_while_an_attempt_granted_before_is_left(database: Flask, clock: Clock) -> None:
    quiz = factories.quiz(factories.single(), mode=Mode.EXAM, attempts=1)
    taker = Taker(quiz, clock)
    with writing() as session:
        factories.item_dates(session, quiz.ref, person_id=taker.learner.person_id, extra_attempts=1)
    for is_done in (False, True):
        taker.start()
        taker.hand_in()
        assert (progress().completed_at is not None) is is_done


def test_attempts_granted_to_a_person_count_at_once_and_for_them_alone(database: Flask, clock: Clock) -> None:
    quiz = factories.quiz(factories.single(), mode=Mode.EXAM, attempts=1)
    taker, other = Taker(quiz, clock), Taker(quiz, clock)
    for one in (taker, other):
        one.start()
        one.hand_in()
        with pytest.raises(NoAttemptLeft):
            one.start()
    with writing() as session:
        factories.item_dates(session, quiz.ref, person_id=taker.learner.person_id, extra_attempts=1)
    taker.start()
    assert taker.attempt().number == 2
    taker.hand_in()
    for one in (taker, other):
        with pytest.raises(NoAttemptLeft):
            one.start()


def test_an_attempt_granted_at_an_exam_takes_the_place_of_the_first(database: Flask, clock: Clock) -> None:
    """An exam keeps the first of its one attempt: what was granted after an incident could never count."""
    taker = Taker(factories.quiz(factories.short("a"), mode=Mode.EXAM), clock)
    taker.start()
    taker.hand_in()
    with writing() as session:
        granted = Dates(extra_attempts=1)
        people.move_dates(session, taker.quiz, person_id=taker.learner.person_id, dates=granted, by=None, now=clock.now)
    taker.start()
    taker.answer_right()
    taker.hand_in()
    assert (progress().kept_share, progress().is_passed) == (1, True)
