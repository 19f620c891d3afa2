"""What a student reads before starting a quiz: everything that will happen, and their own deadline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from deust.domain import attempts
from deust.domain.freezing import thawed_settings
from deust.domain.learning import Programme, Quiz
from deust.domain.people import NO_ARRANGEMENT, Arrangement, Dates, SignedIn
from deust.domain.progress import AnyItem, State, Status
from deust.domain.questions import Info
from deust.domain.quizzes import QuizSettings
from deust.models.people import Accommodation
from deust.models.quizzes import Attempt
from deust.queries.items import Before, finish_first
from deust.queries.progress import progress_of
from deust.queries.quizzes import visible_parts

_ARRANGEMENT = select(Accommodation.time_multiplier, Accommodation.extra_minutes).where(
    Accommodation.person_id == bindparam("person_id")
)
_PAST = (
    select(
        Attempt.public_id,
        Attempt.number,
        Attempt.started_at,
        Attempt.deadline_at,
        Attempt.closed_at,
        Attempt.closed_by,
        Attempt.score,
        Attempt.out_of,
        Attempt.awaiting,
        Attempt.settings,
    )
    .where(Attempt.person_id == bindparam("person_id"), Attempt.item_ref.in_(bindparam("refs", expanding=True)))
    .order_by(Attempt.number)
)


@dataclass(frozen=True, kw_only=True)
class PastAttempt:
    public_id: str
    number: int
    started_at: datetime
    deadline_at: datetime | None
    closed_at: datetime | None
    by_clock: bool
    share: Fraction | None
    is_awaited: bool


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
    def is_free(self) -> bool:
        """Whether it may be taken now by who has an attempt left."""
        is_theirs = self.is_followed and self.is_open and not self.is_closed
        return is_theirs and self.running is None and not self.blocked_by

    @property
    def may_start(self) -> bool:
        return self.is_free and self.attempts_left != 0


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


def past_attempts(
    connection: Connection, *, learner: SignedIn, refs: Sequence[str], dates: Dates, now: datetime
) -> tuple[PastAttempt, ...]:
    """The learner's attempts at one quiz, oldest first, in one statement; a score only where it may be shown."""
    rows = connection.execute(_PAST, {"person_id": learner.person_id, "refs": list(refs)}).all()
    is_writing = any(row.closed_at is None for row in rows)
    used = len(rows) - dates.extra_attempts
    return tuple(_past(row, used, dates.closes_at, now, is_writing=is_writing) for row in rows)


def _past(row: Row[Any], used: int, closes_at: datetime | None, now: datetime, *, is_writing: bool) -> PastAttempt:
    settings = thawed_settings(row.settings)
    visible = visible_parts(settings, row.closed_at, used, closes_at, now, is_writing=is_writing)
    return PastAttempt(
        public_id=row.public_id,
        number=row.number,
        started_at=row.started_at,
        deadline_at=row.deadline_at,
        closed_at=row.closed_at,
        by_clock=row.closed_by == "clock",
        share=row.score / row.out_of if visible.score and row.score is not None and row.out_of else None,
        is_awaited=row.awaiting > 0,
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
        return NO_ARRANGEMENT
    return Arrangement(time_multiplier=row.time_multiplier, extra_minutes=row.extra_minutes)


def question_count(quiz: Quiz) -> int:
    """How many questions one paper asks."""
    draw = quiz.settings.draw
    if draw is None:
        return sum(not isinstance(question.answer, Info) for question in quiz.questions)
    return draw if isinstance(draw, int) else sum(draw.values())
