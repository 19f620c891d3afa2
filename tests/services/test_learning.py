from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from fractions import Fraction

import pytest
from sqlalchemy import func, select

from deust.domain.access import Role
from deust.domain.errors import Forbidden, NotYetOpen
from deust.domain.marking import mark
from deust.domain.progress import State, totals_of
from deust.domain.quizzes import Mode
from deust.models.learning import CheckTry, ItemProgress, Presence, SearchEntry
from deust.models.records import AuditEvent
from deust.models.rows import Together
from deust.models.transaction import reading, writing
from deust.queries.progress import progress_of
from deust.services import learning
from tests.support import factories
from tests.support.clock import NOW
from tests.support.programmes import a_check, a_lesson, a_module, a_programme, a_quiz, an_announced

pytestmark = pytest.mark.both

SECOND = timedelta(seconds=1)

CHECKED = a_lesson("verifiee", checks=(a_check("un"), a_check("deux")))
PLAIN = a_lesson("simple")
AFTER = a_lesson("apres", requires=("simple",))
QUIZ = a_quiz()
CALL = an_announced()
PROGRAMME = a_programme([a_module(PLAIN, CHECKED, AFTER, QUIZ, CALL)])


@pytest.fixture
def learner(database):
    with writing() as session:
        return factories.learner(session)


def rows(table):
    with reading() as connection:
        return connection.execute(select(table).order_by(*table.__table__.primary_key)).all()


def keep_place(learner, lesson=PLAIN, *, place="s-un", permille=500, now=NOW):
    with writing() as session:
        learning.keep_place(
            session, learner=learner, programme=PROGRAMME, lesson=lesson, place=place, permille=permille, now=now
        )


def understood(learner, lesson=PLAIN, *, now=NOW):
    with writing() as session:
        return learning.understood(session, learner=learner, programme=PROGRAMME, lesson=lesson, now=now)


def try_check(learner, question_id, *, answer=1, now=NOW):
    question = a_check(question_id)
    with writing() as session:
        learning.try_check(
            session,
            learner=learner,
            programme=PROGRAMME,
            lesson=CHECKED,
            question=question,
            answer=answer,
            verdict=mark(question, answer),
            now=now,
        )


def test_the_place_is_kept_and_how_far_never_goes_back(learner):
    keep_place(learner, place="s-deux", permille=700)
    keep_place(learner, place="s-un", permille=200, now=NOW + SECOND)
    (row,) = rows(ItemProgress)
    assert (row.item_ref, row.place, row.read_permille) == ("ec131/simple", "s-un", 700)
    assert (row.opened_at, row.touched_at) == (NOW, NOW + SECOND)
    assert row.read_at is None
    assert row.completed_at is None


def test_reading_to_the_end_completes_a_lesson_without_checks_and_credits_it_once(learner):
    keep_place(learner, permille=1000)
    keep_place(learner, permille=1000, now=NOW + SECOND)
    assert understood(learner, now=NOW + 2 * SECOND).is_done
    (row,) = rows(ItemProgress)
    assert (row.read_at, row.completed_at, row.credited_minutes) == (NOW, NOW, 20)
    (event,) = rows(AuditEvent)
    assert (event.act, event.actor_id, event.detail["item"]) == ("item:complete", learner.person_id, "ec131/simple")
    assert event.detail["minutes"] == 20


def test_understood_says_which_checks_remain_and_completes_once_they_are_tried(learner):
    try_check(learner, "deux", answer=2)
    result = understood(learner, CHECKED)
    assert (result.is_done, result.checks_left) == (False, ("un",))
    try_check(learner, "un", now=NOW + SECOND)
    (row,) = rows(ItemProgress)
    assert row.completed_at == NOW + SECOND
    assert understood(learner, CHECKED).is_done


def test_each_try_is_kept_with_its_verdict(learner):
    try_check(learner, "un", answer=2)
    try_check(learner, "un", answer=1)
    kept = rows(CheckTry)
    assert [(one.given, one.is_right) for one in kept] == [({"answer": 2}, False), ({"answer": 1}, True)]
    assert len({one.question_hash for one in kept}) == 1
    assert rows(ItemProgress)[0].checks_tried == {"un": 1}


def test_who_may_not_learn_changes_nothing(learner):
    with writing() as session:
        tutor = factories.signed_in(factories.person(session, role=Role.TUTOR.value))
    for who, lesson, refusal in ((tutor, PLAIN, Forbidden), (learner, AFTER, NotYetOpen)):
        with pytest.raises(refusal):
            understood(who, lesson)
        with pytest.raises(refusal):
            keep_place(who, lesson)
    assert rows(ItemProgress) == []


def test_an_item_opens_once_its_prerequisite_is_done(learner):
    understood(learner, PLAIN)
    assert understood(learner, AFTER).is_done


def test_presence_counts_the_time_between_signs_and_never_more_than_the_limit(learner):
    for seconds in (0, 30, 40, 400):
        keep_place(learner, now=NOW + seconds * SECOND)
    (row,) = rows(Presence)
    assert row.day == date(2026, 10, 13)
    assert row.seconds == 30 + 10 + 90
    assert rows(ItemProgress)[0].credited_minutes == 0


def test_two_devices_do_not_count_the_same_minute_twice(learner):
    keep_place(learner)
    keep_place(learner, now=NOW + 60 * SECOND)
    keep_place(learner, CHECKED, now=NOW + 60 * SECOND)
    keep_place(learner, CHECKED, now=NOW + 59 * SECOND)
    assert rows(Presence)[0].seconds == 60


def test_signs_near_each_other_count_whole(learner):
    """The part of a second that a sign leaves is counted with the next one."""
    for half_seconds in range(0, 121, 3):
        keep_place(learner, now=NOW + half_seconds * SECOND / 2)
    assert rows(Presence)[0].seconds == 60


def test_presence_starts_again_each_local_day(learner):
    before_midnight = NOW.replace(hour=21, minute=59)
    keep_place(learner, now=before_midnight)
    keep_place(learner, now=before_midnight + 120 * SECOND)
    assert [row.day for row in rows(Presence)] == [date(2026, 10, 13), date(2026, 10, 14)]


def test_a_row_kept_under_a_former_id_is_taken_over(learner):
    keep_place(learner, PLAIN, permille=400)
    renamed = a_lesson("nouveau", aliases=("simple",))
    programme = a_programme([a_module(renamed)])
    with writing() as session:
        result = learning.understood(session, learner=learner, programme=programme, lesson=renamed, now=NOW + SECOND)
    assert result.is_done
    (row,) = rows(ItemProgress)
    assert (row.item_ref, row.opened_at) == ("ec131/nouveau", NOW)


def test_what_was_done_under_a_name_given_back_late_is_done_and_credited_once(learner):
    """Renamed, then opened before its former name was given back: it was to do again, and its hours counted twice."""
    understood(learner)
    for aliases, later in ((), SECOND), (("simple",), 2 * SECOND):
        renamed = a_lesson("nouveau", aliases=aliases)
        programme = a_programme([a_module(renamed)], id=factories.PROGRAMME)
        with writing() as session:
            asked = {"learner": learner, "programme": programme, "lesson": renamed, "now": NOW + later}
            learning.keep_place(session, **asked, place="", permille=100)
    with reading() as connection:
        progress = progress_of(connection, learner=learner, programme=programme, now=NOW)
    status = progress.status(renamed)
    assert (status.state, status.minutes_left, totals_of([status]).credited_minutes) == (State.DONE, 0, 20)
    with writing() as session:
        assert learning.understood(session, **asked).is_done
    assert {row.completed_at for row in rows(ItemProgress)} == {NOW}
    assert sum(row.credited_minutes for row in rows(ItemProgress)) == 20


def test_ten_first_signs_at_once_make_one_row(app, learner_of_app):
    def sign(number):
        with app.app_context():
            keep_place(learner_of_app, permille=number * 100)

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(sign, range(10)))
    with app.app_context():
        (row,) = rows(ItemProgress)
        assert row.read_permille == 900


@pytest.fixture
def learner_of_app(doors):
    with doors.writing() as session:
        return factories.learner(session)


def write(session, progress):
    Together(learning.QUIZ_PROGRESS).write(session.connection(), {"progress": progress})


def close(learner, quiz, *shares, now=NOW, **changes):
    with writing() as session:
        row = learning.lock_item(session, person_id=learner.person_id, item=quiz, now=now)
        used = len(shares) + ("open_attempt" in changes)
        closed = {"shares": shares, "used": used, "acted_at": now, "now": now, **changes}
        write(session, learning.quiz_closed(session, row, item=quiz, **closed))


def start(learner, quiz, public_id="a1"):
    with writing() as session:
        row = learning.lock_item(session, person_id=learner.person_id, item=quiz, now=NOW)
        write(session, learning.quiz_started(session, row, item=quiz, attempt_public_id=public_id, now=NOW))


def test_a_quiz_passed_is_done_and_credited_once(learner):
    start(learner, QUIZ)
    (row,) = rows(ItemProgress)
    assert (row.attempts_used, row.open_attempt) == (1, "a1")
    close(learner, QUIZ, Fraction(3, 10))
    (row,) = rows(ItemProgress)
    assert (row.open_attempt, row.kept_share, row.is_passed, row.completed_at) == (None, Fraction(3, 10), False, None)
    start(learner, QUIZ, "a2")
    close(learner, QUIZ, Fraction(3, 10), Fraction(1, 2), now=NOW + SECOND)
    close(learner, QUIZ, Fraction(3, 10), Fraction(1, 2), now=NOW + 2 * SECOND)
    (row,) = rows(ItemProgress)
    assert (row.attempts_used, row.kept_share, row.is_passed) == (2, Fraction(1, 2), True)
    assert (row.completed_at, row.credited_minutes) == (NOW + SECOND, 10)
    assert len(rows(AuditEvent)) == 1


def test_a_quiz_whose_attempts_are_used_up_is_done_without_being_passed(learner):
    quiz = a_quiz(mode=Mode.GRADED)
    start(learner, quiz)
    close(learner, quiz, Fraction(0))
    assert rows(ItemProgress)[0].completed_at is None
    start(learner, quiz, "a2")
    close(learner, quiz, Fraction(0), Fraction(1, 5))
    (row,) = rows(ItemProgress)
    assert (row.is_passed, row.completed_at) == (False, NOW)


def test_marking_again_an_older_attempt_leaves_the_open_one_open(learner):
    start(learner, QUIZ)
    close(learner, QUIZ, Fraction(0))
    start(learner, QUIZ, "a2")
    close(learner, QUIZ, Fraction(1, 5), open_attempt="a2")
    (row,) = rows(ItemProgress)
    assert (row.open_attempt, row.attempts_used, row.kept_share) == ("a2", 2, Fraction(1, 5))


def test_only_what_the_person_did_is_a_sign_of_them(learner):
    """A marker, the clock, a corrected key change the row; « vu le » stays that of the person."""
    start(learner, QUIZ)
    close(learner, QUIZ, Fraction(1, 5), acted_at=NOW + SECOND, now=NOW + 9 * SECOND)
    close(learner, QUIZ, Fraction(2, 5), acted_at=None, now=NOW + 10 * SECOND)
    (row,) = rows(ItemProgress)
    assert (row.touched_at, row.changed_at) == (NOW + SECOND, NOW + 10 * SECOND)
    close(learner, QUIZ, Fraction(2, 5), acted_at=NOW, now=NOW + 11 * SECOND)
    assert rows(ItemProgress)[0].touched_at == NOW + SECOND


def test_a_sign_never_goes_back(learner):
    start(learner, QUIZ)
    (row,) = rows(ItemProgress)
    for seconds, kept in ((5, 5), (3, 5), (6, 6)):
        with writing() as session:
            learning.touch(session, row.id, touched_at=NOW + seconds * SECOND, now=NOW + 20 * SECOND)
        (after,) = rows(ItemProgress)
        assert (after.touched_at, after.changed_at) == (NOW + kept * SECOND, NOW + 20 * SECOND)


def test_indexing_a_version_replaces_the_one_before(database):
    for _version in range(2):
        with writing() as session:
            learning.index_programme(session, PROGRAMME)
    with reading() as connection:
        assert connection.scalar(select(func.count()).where(SearchEntry.ref == "ec131/simple")) == 1
        assert "enseign" in connection.scalar(select(SearchEntry.stems).where(SearchEntry.ref == "ec131/simple"))
