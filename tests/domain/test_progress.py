from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from deust.domain.assignments import days_late
from deust.domain.learning import Completion
from deust.domain.people import Dates
from deust.domain.progress import (
    Progress,
    State,
    checks_left,
    dates_of,
    is_complete,
    minutes_left,
    next_action,
    next_actions,
    state_of,
    totals_of,
)
from deust.domain.questions import Info
from deust.domain.quizzes import DEFAULTS, Mode, Moment
from deust.domain.week import week_of
from tests.support import factories
from tests.support.programmes import (
    CALENDAR,
    NOW,
    a_check,
    a_lesson,
    a_module,
    a_programme,
    a_quiz,
    a_standing,
    an_announced,
    settings,
)

HOUR = timedelta(hours=1)
SUNDAY_OF_WEEK_5 = datetime(2026, 10, 18, 21, 59, 59, tzinfo=UTC)


def progress_of(*items, standings=None, **changes):
    programme = a_programme([a_module(*items)])
    return Progress(programme=programme, now=NOW, standings=standings or {}, **changes)


def test_a_lesson_without_checks_is_done_once_read_to_its_end():
    lesson = a_lesson()
    assert not is_complete(lesson, a_standing(read_permille=999))
    assert is_complete(lesson, a_standing(read_permille=1000, read_at=NOW))


def test_a_lesson_with_checks_needs_its_end_and_every_check():
    lesson = a_lesson(checks=(a_check("un"), a_check("deux")))
    assert not is_complete(lesson, a_standing(read_at=NOW, checks_tried={"un": 1}))
    assert not is_complete(lesson, a_standing(checks_tried={"un": 1, "deux": 1}))
    assert is_complete(lesson, a_standing(read_at=NOW, checks_tried={"un": 1, "deux": 1, "older": 1}))


def test_a_check_that_asks_nothing_is_never_waited_for():
    lesson = a_lesson(checks=(a_check("un"), a_check("note", answer=Info())))
    assert checks_left(lesson, None) == ("un",)
    assert is_complete(lesson, a_standing(read_at=NOW, checks_tried={"un": 1}))


@pytest.mark.parametrize(
    ("completion", "standing", "expected"),
    [
        (Completion.OPENED, a_standing(), True),
        (Completion.READ, a_standing(), False),
        (Completion.READ, a_standing(read_at=NOW), True),
        (Completion.HANDED_IN, a_standing(read_at=NOW), False),
    ],
)
def test_completion_can_be_overridden(completion, standing, expected):
    assert is_complete(a_lesson(completion=completion, checks=(a_check(),)), standing) is expected


@pytest.mark.parametrize(
    ("used", "passed", "open_attempt", "expected"),
    [
        (0, False, None, False),
        (1, False, None, False),
        (1, True, None, True),
        (2, False, None, True),
        (2, False, "abc", False),
    ],
)
def test_a_quiz_is_done_when_passed_or_when_attempts_are_used_up(used, passed, open_attempt, expected):
    standing = a_standing(attempts_used=used, is_passed=passed, open_attempt=open_attempt)
    assert is_complete(a_quiz(mode=Mode.GRADED), standing) is expected


def test_a_hidden_result_shows_in_no_state():
    hidden = replace(DEFAULTS[Mode.GRADED].show, score=Moment.AFTER_CLOSE)
    quiz = a_quiz(settings=settings(Mode.GRADED, show=hidden))
    passed, failed = a_standing(attempts_used=1, is_passed=True), a_standing(attempts_used=1)
    assert is_complete(quiz, passed) is is_complete(quiz, failed) is False
    assert state_of(quiz, passed, Dates(), NOW) is state_of(quiz, failed, Dates(), NOW) is State.STARTED
    assert is_complete(quiz, a_standing(attempts_used=2))


def test_unlimited_attempts_are_never_used_up():
    assert not is_complete(a_quiz(), a_standing(attempts_used=40))


def test_a_quiz_that_only_needs_an_attempt():
    quiz = a_quiz(completion=Completion.ATTEMPTED)
    assert not is_complete(quiz, a_standing(attempts_used=1, open_attempt="abc"))
    assert is_complete(quiz, a_standing(attempts_used=1))


def test_an_item_is_due_at_the_end_of_its_week_in_local_time():
    assert dates_of(a_lesson(due_week=5), CALENDAR, None, None) == Dates(due_at=SUNDAY_OF_WEEK_5)
    assert dates_of(a_lesson(), CALENDAR, None, None) == Dates()
    assert dates_of(a_lesson(due_week=5), None, None, None) == Dates()


def test_graded_and_exam_quizzes_close_when_they_are_due_and_the_others_never():
    assert dates_of(a_quiz(mode=Mode.TRAINING, due_week=5), CALENDAR, None, None).closes_at is None
    assert dates_of(a_quiz(mode=Mode.GRADED, due_week=5), CALENDAR, None, None).closes_at == SUNDAY_OF_WEEK_5
    assert dates_of(a_quiz(mode=Mode.EXAM, due_week=5), CALENDAR, None, None).closes_at == SUNDAY_OF_WEEK_5


def test_a_persons_dates_come_before_the_cohorts_and_move_the_closing():
    quiz = a_quiz(mode=Mode.EXAM, due_week=5)
    cohort = Dates(opens_at=NOW - HOUR, due_at=NOW + HOUR)
    person = Dates(due_at=NOW + 9 * HOUR)
    assert dates_of(quiz, CALENDAR, cohort, None).closes_at == NOW + HOUR
    assert dates_of(quiz, CALENDAR, cohort, person) == Dates(
        opens_at=NOW - HOUR, due_at=NOW + 9 * HOUR, closes_at=NOW + 9 * HOUR
    )


def test_a_written_closing_comes_before_the_due_date_of_the_same_level():
    quiz = a_quiz(mode=Mode.GRADED, due_week=5)
    assert dates_of(quiz, CALENDAR, Dates(due_at=NOW, closes_at=NOW + HOUR), None).closes_at == NOW + HOUR


@pytest.mark.parametrize(
    ("item", "standing", "dates", "expected"),
    [
        (a_lesson(), None, Dates(), State.TODO),
        (a_lesson(), a_standing(), Dates(), State.STARTED),
        (a_lesson(), a_standing(), Dates(due_at=NOW - HOUR), State.LATE),
        (a_lesson(), a_standing(completed_at=NOW), Dates(due_at=NOW - HOUR), State.DONE),
        (a_lesson(), None, Dates(due_at=NOW), State.TODO),
        (a_lesson(), None, Dates(opens_at=NOW + HOUR), State.LOCKED),
        (a_lesson(), None, Dates(opens_at=NOW), State.TODO),
        (a_quiz(), a_standing(), Dates(), State.TODO),
        (a_quiz(), a_standing(attempts_used=1, open_attempt="a"), Dates(due_at=NOW - HOUR), State.STARTED),
        (a_quiz(), a_standing(attempts_used=1, kept_share=Fraction(0)), Dates(), State.REDO),
        (a_quiz(), a_standing(attempts_used=1), Dates(), State.STARTED),
        (a_quiz(), a_standing(attempts_used=1), Dates(due_at=NOW - HOUR), State.LATE),
        (an_announced(), None, Dates(due_at=NOW - HOUR), State.SOON),
    ],
)
def test_states(item, standing, dates, expected):
    assert state_of(item, standing, dates, NOW) is expected


def test_a_blocked_item_is_locked_but_an_open_attempt_goes_on():
    assert state_of(a_lesson(), a_standing(), Dates(), NOW, is_blocked=True) is State.LOCKED
    started = a_standing(attempts_used=1, open_attempt="a")
    assert state_of(a_quiz(), started, Dates(), NOW, is_blocked=True) is State.STARTED


def blocked_by(item, programme, standings):
    return Progress(programme=programme, now=NOW, standings=standings).blocked_by(item)


def test_prerequisites_name_what_remains_and_announced_items_never_block():
    first, call = a_lesson("un"), an_announced("appel")
    second = a_lesson("deux", requires=("un", "appel", "ec131/un"))
    programme = a_programme([a_module(first, call, second)])
    assert blocked_by(second, programme, {}) == (first, first)
    assert blocked_by(second, programme, {"ec131/un": a_standing(completed_at=NOW)}) == ()
    assert blocked_by(first, programme, {}) == ()


def test_a_module_can_require_another_one():
    first = a_lesson("un", module="ec111")
    lesson = a_lesson()
    programme = a_programme([a_module(first, id="ec111"), a_module(lesson, requires=("ec111",))])
    assert blocked_by(lesson, programme, {}) == (first,)
    assert blocked_by(lesson, programme, {"ec111/un": a_standing(completed_at=NOW)}) == ()


def test_a_closed_quiz_no_longer_holds_anyone_back():
    quiz = a_quiz(mode=Mode.EXAM, due_week=4)
    lesson = a_lesson(requires=("quiz-accueil",))
    progress = progress_of(quiz, lesson, calendar=CALENDAR)
    assert progress.status(quiz).is_closed
    assert progress.status(lesson).state is State.TODO
    later = progress_of(quiz, lesson, calendar=CALENDAR, cohort_dates={quiz.ref: Dates(closes_at=NOW + HOUR)})
    assert later.status(lesson).blocked_by == (quiz,)
    assert not later.may_open(lesson)


def test_who_came_after_a_date_is_not_late_for_it():
    first, second = a_lesson("un", due_week=2), a_lesson("deux", due_week=3)
    came = CALENDAR.end_of(2) + HOUR
    progress = progress_of(first, second, calendar=CALENDAR, began_at=came)
    assert [progress.status(item).state for item in (first, second)] == [State.TODO, State.LATE]
    assert progress.dates(first) == Dates()
    given = progress_of(first, calendar=CALENDAR, began_at=came, person_dates={first.ref: Dates(due_at=NOW - HOUR)})
    assert given.status(first).state is State.LATE


def test_a_quiz_that_closed_before_someone_came_stays_closed():
    quiz = a_quiz(mode=Mode.EXAM, due_week=4)
    assert progress_of(quiz, calendar=CALENDAR, began_at=NOW - HOUR).status(quiz).is_closed


def test_history_kept_under_a_former_id_counts():
    lesson = a_lesson(aliases=("bonjour",), due_week=2)
    moved = Dates(due_at=NOW + HOUR)
    progress = progress_of(
        lesson,
        calendar=CALENDAR,
        standings={"ec131/bonjour": a_standing(completed_at=NOW)},
        person_dates={"ec131/bonjour": moved},
    )
    assert progress.status(lesson).state is State.DONE
    assert progress.status(lesson).dates.due_at == moved.due_at


@pytest.mark.parametrize(("permille", "minutes"), [(0, 20), (400, 12), (990, 1), (1000, 1)])
def test_minutes_left_follow_the_reading(permille, minutes):
    assert minutes_left(a_lesson(), a_standing(read_permille=permille)) == minutes


def test_minutes_left_of_the_rest():
    assert minutes_left(a_lesson(), None) == 20
    assert minutes_left(a_lesson(), a_standing(completed_at=NOW)) == 0
    assert minutes_left(a_quiz(), a_standing(attempts_used=1)) == 10


def test_totals_leave_out_what_is_announced_and_what_closed():
    items = (
        a_lesson("un"),
        a_lesson("deux"),
        a_quiz(),
        an_announced(),
        a_quiz("exam", mode=Mode.EXAM, due_week=2, minutes=60),
    )
    standings = {
        "ec131/un": a_standing(completed_at=NOW, credited_minutes=20),
        "ec131/quiz-accueil": a_standing(attempts_used=1, kept_share=Fraction(0)),
    }
    totals = totals_of(progress_of(*items, standings=standings, calendar=CALENDAR).statuses(a_module(*items)))
    assert (totals.done, totals.total, totals.redo, totals.late) == (1, 4, 1, 1)
    assert totals.minutes_left == 30
    assert totals.credited_minutes == 20
    assert (totals + totals).minutes_left == 60


def ordered(*items, standings=None, **changes):
    progress = progress_of(*items, standings=standings, calendar=CALENDAR, **changes)
    return [status.item.id for status in next_actions(progress.statuses(a_module(*items)))]


def test_what_was_begun_last_comes_first_then_late_then_by_due_date():
    items = (a_lesson("free"), a_lesson("later", due_week=7), a_lesson("sooner", due_week=6))
    late = (a_lesson("late", due_week=2), a_lesson("begun"), a_lesson("begun-last"))
    standings = {
        "ec131/begun": a_standing(touched_at=NOW - HOUR),
        "ec131/begun-last": a_standing(touched_at=NOW),
    }
    assert ordered(*items, *late, standings=standings) == ["begun-last", "begun", "late", "sooner", "later", "free"]


def test_an_attempt_that_time_limits_comes_before_everything():
    standings = {
        "ec131/begun": a_standing(touched_at=NOW),
        "ec131/quiz-accueil": a_standing(
            touched_at=NOW - 2 * HOUR, attempts_used=1, open_attempt="a", deadline_at=NOW + HOUR
        ),
    }
    assert ordered(a_lesson("begun"), a_quiz(), standings=standings) == ["quiz-accueil", "begun"]


def test_nothing_to_do_when_the_rest_is_done_locked_announced_or_closed():
    items = (
        a_lesson("un"),
        an_announced(),
        a_lesson("deux", requires=("trois",)),
        a_lesson("trois"),
        a_quiz(mode=Mode.EXAM, due_week=2),
    )
    progress = progress_of(
        *items,
        calendar=CALENDAR,
        standings={"ec131/un": a_standing(completed_at=NOW)},
        cohort_dates={"ec131/trois": Dates(opens_at=NOW + HOUR)},
    )
    assert next_action(progress.statuses(a_module(*items))) is None


@pytest.mark.parametrize(("week", "changes"), [(5, -1), (27, 1)])
def test_late_work_is_accepted_for_whole_days_also_when_the_hour_changes(week, changes):
    """In March it closed at 1 in the morning of a day too many, which cost a point more than the terms allow."""
    work = factories.assignment(late_days=7, due_week=week)
    dates = dates_of(work, CALENDAR, None, None)
    assert dates.closes_at - dates.due_at == 7 * 24 * HOUR - changes * HOUR
    assert dates.closes_at == CALENDAR.end_of(week + 1)
    assert days_late(dates.due_at, dates.closes_at, CALENDAR.time_zone) == 7


def test_the_draft_of_an_assignment_does_not_come_before_everything_until_it_closes():
    """Once opened, a work due in three weeks was the first thing to do for three weeks, before what was late."""
    work = factories.assignment(module="ec131")
    standings = {
        "ec131/begun": a_standing(touched_at=NOW),
        work.ref: a_standing(touched_at=NOW - HOUR, attempts_used=1, open_attempt="a", deadline_at=NOW + 500 * HOUR),
    }
    late = a_lesson("late", due_week=2)
    assert ordered(late, work, a_lesson("begun"), standings=standings) == ["begun", work.id, "late"]


def test_a_quiz_to_redo_is_offered_again_until_attempts_are_used():
    """Also when its author allows fewer of them than were used, or when one granted besides is taken back."""
    quiz = a_quiz(settings=settings(Mode.GRADED, attempts=2))
    failed = {"kept_share": Fraction(1, 4)}
    assert ordered(quiz, standings={quiz.ref: a_standing(attempts_used=1, **failed)}) == [quiz.id]
    used = {quiz.ref: a_standing(attempts_used=2, **failed)}
    assert ordered(quiz, standings=used) == []
    granted = {quiz.ref: Dates(extra_attempts=1)}
    assert ordered(quiz, standings=used, person_dates=granted) == [quiz.id]


def test_the_week_counts_what_is_due_and_what_was_finished_on_each_local_day():
    items = (
        a_lesson("un", due_week=5),
        a_lesson("deux", due_week=5, minutes=30),
        a_lesson("trois", due_week=6),
        an_announced(due_week=5),
    )
    just_after_midnight = datetime(2026, 10, 11, 22, 30, tzinfo=UTC)
    standings = {"ec131/trois": a_standing(completed_at=just_after_midnight)}
    progress = progress_of(*items, standings=standings, calendar=CALENDAR)
    days = week_of(progress.statuses(a_module(*items)), CALENDAR, NOW)
    assert [day.on for day in days] == [date(2026, 10, 12) + timedelta(days=index) for index in range(7)]
    assert [day.planned for day in days] == [0, 0, 0, 0, 0, 0, 50]
    assert [day.done for day in days] == [20, 0, 0, 0, 0, 0, 0]
    assert [day.is_today for day in days].index(True) == 1
