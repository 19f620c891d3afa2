"""Where each invented student of the demonstration stands, and the way there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from fractions import Fraction

from deust.domain.learning import Quiz
from deust.domain.questions import Essay
from deust.domain.quizzes import Mode
from deust.services.demo_walk import Walk

_WELL, _BADLY, _HALF = Fraction(9, 10), Fraction(1, 4), Fraction(1, 2)


class Story(StrEnum):
    INVITED = "invited"
    NEW = "new"
    JUST_BEGUN = "just-begun"
    MIDDLE_OF_LESSON = "middle-of-lesson"
    ON_TIME = "on-time"
    MARKED = "marked"
    AHEAD = "ahead"
    LATE = "late"
    STOPPED = "stopped"
    TIMED_QUIZ_OPEN = "timed-quiz-open"
    UNTIMED_QUIZ_OPEN = "untimed-quiz-open"
    OUT_OF_ATTEMPTS = "out-of-attempts"
    TO_REDO = "to-redo"
    PASSED = "passed"
    EXTRA_TIME = "extra-time"
    EXTRA_MINUTES = "extra-minutes"
    DATES_MOVED = "dates-moved"
    CLOSED_BY_CLOCK = "closed-by-clock"
    LATE_ANSWERS = "late-answers"
    AWAITING_MARK = "awaiting-mark"
    DISABLED = "disabled"
    LEFT = "left"


def live(story: Story, walk: Walk) -> None:
    """Take the student where the story says; one that needs a kind of quiz the courses lack stops before it."""
    _WAYS[story](walk)


def _graded(walk: Walk) -> Quiz | None:
    return _first(walk, lambda quiz: quiz.settings.mode is Mode.GRADED)


def _first(walk: Walk, test: Callable[[Quiz], bool]) -> Quiz | None:
    """The first such quiz that is not over this week."""
    quizzes = (item for item in walk.items if isinstance(item, Quiz))
    return next((quiz for quiz in quizzes if (quiz.due_week or 0) >= walk.week and test(quiz)), None)


def _stay_away(walk: Walk) -> None:
    """Never opened anything."""


def _begin(walk: Walk) -> None:
    walk.begin_lesson(week=walk.items[0].week or 1, read=Fraction(1, 10))


def _stop_in_lesson(walk: Walk) -> None:
    walk.finish(until_week=walk.week - 1)
    walk.begin_lesson(week=walk.week, read=_HALF)
    walk.ask(week=walk.week, text="L'exemple commence par le prénom. Puis-je commencer par l'enseigne ?")


def _keep_up(walk: Walk) -> None:
    walk.finish(until_week=walk.week - 1)


def _work_this_week(walk: Walk) -> None:
    _keep_up(walk)
    walk.finish_lesson_of(walk.week)
    walk.hand_work_in()


def _be_ahead(walk: Walk) -> None:
    walk.finish(until_week=walk.week + 1)


def _lag_behind(walk: Walk) -> None:
    walk.finish(until_week=walk.week - 2)
    walk.begin_lesson(week=walk.week - 1, read=Fraction(1, 3))
    walk.ask(week=walk.week - 1, text="J'ai pris du retard au travail.\nPar quelle leçon dois-je reprendre ?")


def _give_up(walk: Walk) -> None:
    walk.begin_lesson(week=walk.week - 2, read=Fraction(4, 5))


def _leave_timed_quiz_open(walk: Walk) -> None:
    _keep_up(walk)
    if quiz := _graded(walk):
        walk.come_back(minutes_ago=8)
        walk.begin_quiz(quiz, answered=_HALF, right=_WELL)


def _leave_untimed_quiz_open(walk: Walk) -> None:
    _keep_up(walk)
    if quiz := _first(walk, lambda quiz: quiz.settings.time_seconds is None):
        walk.begin_quiz(quiz, answered=_HALF, right=_WELL)


def _use_up_attempts(walk: Walk) -> None:
    _keep_up(walk)
    if quiz := _graded(walk):
        for _ in range(quiz.settings.attempts or 1):
            walk.attempt(quiz, right=_BADLY)


def _fail_once(walk: Walk) -> None:
    _keep_up(walk)
    if quiz := _graded(walk):
        walk.attempt(quiz, right=_BADLY)


def _pass(walk: Walk) -> None:
    _fail_once(walk)
    if (quiz := _graded(walk)) and quiz.settings.attempts != 1:
        walk.attempt(quiz, right=_WELL)


def _have_a_third_more(walk: Walk) -> None:
    walk.grant(time_multiplier=Fraction(4, 3))
    _leave_timed_quiz_open(walk)


def _have_ten_minutes_more(walk: Walk) -> None:
    walk.grant(extra_minutes=10)
    _fail_once(walk)


def _have_dates_moved(walk: Walk) -> None:
    walk.finish(until_week=walk.week - 2)
    walk.postpone(due_week=walk.week - 1, weeks=2)


def _answer_too_late(walk: Walk) -> None:
    if public_id := _leave_for_the_clock(walk):
        walk.save_too_late(public_id)


def _leave_for_the_clock(walk: Walk) -> str | None:
    _keep_up(walk)
    quiz = _graded(walk)
    if quiz is None or quiz.settings.time_seconds is None:
        return None
    public_id = walk.begin_quiz(quiz, answered=_HALF, right=_WELL)
    walk.let_time_pass(public_id, quiz)
    return public_id


def _write_for_a_marker(walk: Walk) -> None:
    _keep_up(walk)
    if quiz := _first(walk, lambda quiz: any(isinstance(question.answer, Essay) for question in quiz.questions)):
        walk.attempt(quiz, right=_WELL)


_WAYS: Mapping[Story, Callable[[Walk], object]] = {
    Story.INVITED: _stay_away,
    Story.NEW: _stay_away,
    Story.JUST_BEGUN: _begin,
    Story.MIDDLE_OF_LESSON: _stop_in_lesson,
    Story.ON_TIME: _work_this_week,
    Story.MARKED: _work_this_week,
    Story.AHEAD: _be_ahead,
    Story.LATE: _lag_behind,
    Story.STOPPED: _give_up,
    Story.TIMED_QUIZ_OPEN: _leave_timed_quiz_open,
    Story.UNTIMED_QUIZ_OPEN: _leave_untimed_quiz_open,
    Story.OUT_OF_ATTEMPTS: _use_up_attempts,
    Story.TO_REDO: _fail_once,
    Story.PASSED: _pass,
    Story.EXTRA_TIME: _have_a_third_more,
    Story.EXTRA_MINUTES: _have_ten_minutes_more,
    Story.DATES_MOVED: _have_dates_moved,
    Story.CLOSED_BY_CLOCK: _leave_for_the_clock,
    Story.LATE_ANSWERS: _answer_too_late,
    Story.AWAITING_MARK: _write_for_a_marker,
    Story.DISABLED: _keep_up,
    Story.LEFT: _lag_behind,
}
