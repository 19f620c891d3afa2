"""What a student reads before starting a quiz: everything that will happen, and their own deadline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import Connection, bindparam, select

from deust.domain import attempts
from deust.domain.learning import Programme, Quiz
from deust.domain.people import Arrangement, Dates, SignedIn
from deust.domain.progress import AnyItem, State, Status
from deust.domain.questions import Info
from deust.domain.quizzes import QuizSettings
from deust.models.people import Accommodation
from deust.queries.items import Before, finish_first
from deust.queries.progress import progress_of
from deust.queries.quizzes import PastAttempt, past_attempts

_ARRANGEMENT = select(Accommodation.time_multiplier, Accommodation.extra_minutes).where(
    Accommodation.person_id == bindparam("person_id")
)


@dataclass(frozen=True, kw_only=True)
class StartPage:
    """`deadline` is the one that starting now would give; `may_start` is False with its reason in the other fields.

    `is_overdue`: what should have been finished by now is not, begun or not.
    """

    quiz: Quiz
    status: Status
    question_count: int
    settings: QuizSettings
    dates: Dates
    arrangement: Arrangement
    deadline: attempts.Deadline
    past: tuple[PastAttempt, ...]
    attempts_left: int | None
    running: PastAttempt | None
    blocked_by: tuple[Before, ...]
    is_followed: bool
    is_open: bool
    is_closed: bool
    is_overdue: bool
    ends_soon: bool

    @property
    def may_start(self) -> bool:
        return (
            self.is_followed
            and self.running is None
            and not self.blocked_by
            and self.is_open
            and not self.is_closed
            and self.attempts_left != 0
        )


def start_page(
    connection: Connection, *, learner: SignedIn, quiz: Quiz, programme: Programme, now: datetime
) -> StartPage:
    """The quiz as this person meets it now, in three statements."""
    progress = progress_of(
        connection, learner=learner, programme=programme, now=now, module=programme.modules[quiz.module]
    )
    status = progress.status(quiz)
    dates = status.dates
    arrangement = arrangement_of(connection, learner.person_id)
    past = past_attempts(connection, learner=learner, refs=quiz.refs, dates=dates, now=now)
    allowed = quiz.settings.attempts
    deadline = attempts.deadline(
        started_at=now,
        limit_seconds=quiz.settings.time_seconds,
        closes_at=dates.closes_at,
        arrangement=arrangement,
    )
    return StartPage(
        quiz=quiz,
        status=status,
        question_count=question_count(quiz),
        settings=quiz.settings,
        dates=dates,
        arrangement=arrangement,
        deadline=deadline,
        past=past,
        attempts_left=None if allowed is None else max(0, allowed + dates.extra_attempts - len(past)),
        running=next((attempt for attempt in past if attempt.closed_at is None), None),
        blocked_by=finish_first(quiz, status.blocked_by, programme),
        is_followed=progress.is_followed,
        is_open=dates.opens_at is None or now >= dates.opens_at,
        is_closed=dates.closes_at is not None and now >= dates.closes_at,
        is_overdue=dates.due_at is not None and now > dates.due_at and status.state is not State.DONE,
        ends_soon=deadline.is_window and deadline.time_seconds is not None,
    )


def prerequisites_left(
    connection: Connection, *, learner: SignedIn, quiz: Quiz, programme: Programme, now: datetime
) -> tuple[AnyItem, ...]:
    """What the person must finish before starting; no statement for a quiz that waits for nothing."""
    module = programme.modules[quiz.module]
    if not quiz.requires and not module.requires:
        return ()
    progress = progress_of(connection, learner=learner, programme=programme, now=now, module=module)
    return progress.blocked_by(quiz)


def arrangement_of(connection: Connection, person_id: int) -> Arrangement:
    """The extra time granted to a person, none by default."""
    row = connection.execute(_ARRANGEMENT, {"person_id": person_id}).first()
    if row is None:
        return Arrangement(time_multiplier=Fraction(1))
    return Arrangement(time_multiplier=row.time_multiplier, extra_minutes=row.extra_minutes)


def question_count(quiz: Quiz) -> int:
    """How many questions one paper asks."""
    draw = quiz.settings.draw
    if draw is None:
        return sum(not isinstance(question.answer, Info) for question in quiz.questions)
    return draw if isinstance(draw, int) else sum(draw.values())
