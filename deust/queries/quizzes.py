"""The pages of an attempt while it is open: its questions, and what is read again before handing in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select

from deust.domain import attempts
from deust.domain.answers import file_name_in
from deust.domain.errors import NotFound
from deust.domain.freezing import PaperQuestion, paper_question, thawed_settings
from deust.domain.learning import Kind
from deust.domain.marking import is_misread
from deust.domain.people import SignedIn
from deust.domain.presenting import Piece, Presented, describe, present
from deust.domain.questions import Info, Json, Question, takes_file
from deust.domain.quizzes import Paging, QuizSettings, Shown, shown
from deust.domain.reading import show_answer
from deust.models.quizzes import Answer, Attempt
from deust.queries.papers import asked_questions
from deust.queries.uploads import Unfinished, is_waited_for, unfinished_uploads

ATTEMPT = select(
    Attempt.id,
    Attempt.public_id,
    Attempt.person_id,
    Attempt.item_ref,
    Attempt.number,
    Attempt.settings,
    Attempt.paper,
    Attempt.started_at,
    Attempt.time_seconds,
    Attempt.closes_at,
    Attempt.deadline_at,
    Attempt.closed_at,
    Attempt.closed_by,
    Attempt.score,
    Attempt.out_of,
    Attempt.awaiting,
    Attempt.receipt_code,
)
_OWN = ATTEMPT.where(Attempt.public_id == bindparam("public_id"), Attempt.person_id == bindparam("person_id"))
_CLOCK = select(Attempt.deadline_at, Attempt.closed_at).where(
    Attempt.public_id == bindparam("public_id"), Attempt.person_id == bindparam("person_id")
)
_ITEM = select(Attempt.item_ref, Attempt.settings["kind"].as_string().label("kind")).where(
    Attempt.public_id == bindparam("public_id"), Attempt.person_id == bindparam("person_id")
)
_ANSWERS = select(Answer.question_key, Answer.given, Answer.version, Answer.is_flagged, Answer.saved_at).where(
    Answer.attempt_id == bindparam("attempt_id")
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question on the page: what is shown, the fields already filled, and the grid that will rate it."""

    key: str
    number: int
    presented: Presented
    filled: Mapping[str, Sequence[str]]
    version: int
    is_flagged: bool
    saved_at: datetime | None
    grid_name: str | None


class Jump(NamedTuple):
    """One number of the list of questions; information pages have none. `is_misread`: a number is asked for, and what
    was typed is not one.
    """

    key: str
    number: int
    position: int
    href: str
    is_answered: bool
    is_misread: bool
    is_flagged: bool
    is_current: bool


@dataclass(frozen=True, kw_only=True)
class AttemptPage:
    """What a running attempt shows; `position` counts pages from 1. Times are UTC instants and seconds."""

    public_id: str
    person_id: int
    item_ref: str
    is_assignment: bool
    title: str
    number: int
    attempts_allowed: int | None
    section: str | None
    position: int
    pages: int
    asked: tuple[Asked, ...]
    jumps: tuple[Jump, ...]
    started_at: datetime
    time_seconds: int | None
    limit_seconds: int | None
    deadline_at: datetime | None
    seconds_left: int | None
    is_window: bool
    is_closed: bool
    is_over: bool
    unfinished: Mapping[str, Unfinished]

    @property
    def answered(self) -> int:
        return sum(jump.is_answered for jump in self.jumps)

    @property
    def empty(self) -> tuple[Jump, ...]:
        return tuple(jump for jump in self.jumps if not jump.is_answered)

    @property
    def current(self) -> Jump | None:
        """The question of a page that asks one alone."""
        return next((jump for jump in self.jumps if jump.is_current), None)

    @property
    def saved_at(self) -> datetime | None:
        """When the last answer of this page was kept."""
        return next((one.saved_at for one in reversed(self.asked) if one.saved_at), None)

    def asks(self, *types: str) -> bool:
        """Whether a question of one of these types is on this page."""
        return any(one.presented.type in types for one in self.asked)

    @property
    def flagged(self) -> tuple[Jump, ...]:
        return tuple(jump for jump in self.jumps if jump.is_flagged)


def attempt_page(
    connection: Connection, *, learner: SignedIn, public_id: str, position: int, now: datetime
) -> AttemptPage:
    """One page of the learner's running attempt, in two statements, three where files are asked for; nothing that
    solves a question.
    """
    row = own_attempt(connection, learner, public_id)
    paper = [paper_question(entry) for entry in row.paper]
    questions = asked_questions(connection, paper)
    answers = answers_of(connection, row.id)
    settings = thawed_settings(row.settings)
    pages = _pages(paper, questions, settings.paging)
    if not 1 <= position <= len(pages):
        raise NotFound
    here = pages[position - 1]
    numbers = numbers_of(paper, questions)
    return AttemptPage(
        public_id=row.public_id,
        person_id=row.person_id,
        item_ref=row.item_ref,
        is_assignment=row.settings.get("kind") == Kind.ASSIGNMENT.value,
        title=row.settings["title"],
        number=row.number,
        attempts_allowed=settings.attempts,
        section=questions[here[0].key].section,
        position=position,
        pages=len(pages),
        asked=tuple(_asked(entry, questions[entry.key], answers.get(entry.key), numbers) for entry in here),
        jumps=_jumps(row.public_id, pages, questions, numbers, answers, here),
        started_at=row.started_at,
        time_seconds=row.time_seconds,
        limit_seconds=settings.time_seconds,
        deadline_at=row.deadline_at,
        seconds_left=attempts.remaining_seconds(row.deadline_at, now),
        is_window=row.closes_at is not None and row.deadline_at == row.closes_at,
        is_closed=row.closed_at is not None,
        is_over=attempts.is_over(closed_at=row.closed_at, deadline_at=row.deadline_at, now=now),
        unfinished=unfinished_uploads(connection, row.id, [key for key in questions if takes_file(questions[key])]),
    )


@dataclass(frozen=True, kw_only=True)
class AttemptClock:
    seconds_left: int | None
    is_over: bool


def attempt_clock(connection: Connection, *, learner: SignedIn, public_id: str, now: datetime) -> AttemptClock:
    """The server's time for a running attempt: asked every minute by every open page, so it reads one short row."""
    row = connection.execute(_CLOCK, {"public_id": public_id, "person_id": learner.person_id}).first()
    if row is None:
        raise NotFound
    return AttemptClock(
        seconds_left=attempts.remaining_seconds(row.deadline_at, now),
        is_over=attempts.is_over(closed_at=row.closed_at, deadline_at=row.deadline_at, now=now),
    )


def own_attempt(connection: Connection, learner: SignedIn, public_id: str) -> Row[Any]:
    row = connection.execute(_OWN, {"public_id": public_id, "person_id": learner.person_id}).first()
    if row is None:
        raise NotFound
    return row


def answers_of(connection: Connection, attempt_id: int) -> dict[str, Row[Any]]:
    return {row.question_key: row for row in connection.execute(_ANSWERS, {"attempt_id": attempt_id}).all()}


def _pages(
    paper: Sequence[PaperQuestion], questions: Mapping[str, Question], paging: Paging
) -> list[list[PaperQuestion]]:
    if paging is Paging.ALL:
        return [list(paper)]
    if paging is Paging.ONE:
        return [[entry] for entry in paper]
    sections: dict[str | None, list[PaperQuestion]] = {}
    for entry in paper:
        sections.setdefault(questions[entry.key].section, []).append(entry)
    return list(sections.values())


def numbers_of(paper: Iterable[PaperQuestion], questions: Mapping[str, Question]) -> dict[str, int]:
    """Question numbers by key: what asks nothing has none."""
    asking = [entry.key for entry in paper if not isinstance(questions[entry.key].answer, Info)]
    return {key: number for number, key in enumerate(asking, start=1)}


def _asked(entry: PaperQuestion, question: Question, answer: Row[Any] | None, numbers: Mapping[str, int]) -> Asked:
    given = answer.given if answer else None
    return Asked(
        key=entry.key,
        number=numbers.get(entry.key, 0),
        presented=replace(present(question, entry.placement, entry.values), id=entry.key),
        filled=_filled(question, entry, given),
        version=answer.version if answer else 0,
        is_flagged=bool(answer and answer.is_flagged),
        saved_at=answer.saved_at if answer and answer.version else None,
        grid_name=question.grid_name,
    )


def _filled(question: Question, entry: PaperQuestion, given: Json) -> Mapping[str, Sequence[str]]:
    if takes_file(question):
        return {"answer": [file_name_in(given)]} if given else {}
    return show_answer(question, entry.placement, given)


def _jumps(
    public_id: str,
    pages: Sequence[Sequence[PaperQuestion]],
    questions: Mapping[str, Question],
    numbers: Mapping[str, int],
    answers: Mapping[str, Row[Any]],
    here: Sequence[PaperQuestion],
) -> tuple[Jump, ...]:
    alone = len(here) == 1
    return tuple(
        Jump(
            key=entry.key,
            number=numbers[entry.key],
            position=index,
            href=f"/essais/{public_id}/questions/{index}" + ("" if len(page) == 1 else f"#q-{entry.key}"),
            is_answered=entry.key in answers and answers[entry.key].given is not None,
            is_misread=entry.key in answers and is_misread(questions[entry.key], answers[entry.key].given),
            is_flagged=entry.key in answers and answers[entry.key].is_flagged,
            is_current=alone and entry.key == here[0].key,
        )
        for index, page in enumerate(pages, start=1)
        for entry in page
        if entry.key in numbers
    )


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Two answers to one question, in words, and the fields that would show the second on the page."""

    key: str
    version: int
    number: int
    title: str
    mine: tuple[Piece, ...]
    theirs: tuple[Piece, ...]
    fields: Mapping[str, Sequence[str]]


def compared(
    connection: Connection,
    *,
    learner: SignedIn,
    public_id: str,
    pairs: Mapping[str, tuple[Json, Json]],
    versions: Mapping[str, int],
) -> tuple[Compared, ...]:
    """For each question key, what this page holds, and what counts now with its version."""
    row = own_attempt(connection, learner, public_id)
    paper = [paper_question(entry) for entry in row.paper]
    questions = asked_questions(connection, paper)
    numbers = numbers_of(paper, questions)
    return tuple(
        Compared(
            key=entry.key,
            version=versions[entry.key],
            number=numbers.get(entry.key, 0),
            title=questions[entry.key].title,
            mine=describe(questions[entry.key], pairs[entry.key][0], entry.values),
            theirs=describe(questions[entry.key], pairs[entry.key][1], entry.values),
            fields=_filled(questions[entry.key], entry, pairs[entry.key][1]),
        )
        for entry in paper
        if entry.key in pairs
    )


def visible_parts(
    settings: QuizSettings,
    closed_at: datetime | None,
    used: int,
    closes_at: datetime | None,
    now: datetime,
    *,
    is_writing: bool,
) -> Shown:
    """What may be seen of an attempt; one of the same quiz that `is_writing` still counts as an attempt left."""
    return shown(
        settings.show,
        handed_in=closed_at is not None,
        attempts_left=is_writing or attempts.attempts_left(settings, used),
        closed=attempts.is_settled(closes_at, now),
    )


def overdue_attempts(connection: Connection, *, now: datetime) -> Sequence[tuple[str, str]]:
    """Public id and item of every attempt whose time is over and that nobody closed.

    One that waits for a file begun in time is not overdue yet.
    """
    rows = connection.execute(
        select(Attempt.public_id, Attempt.item_ref)
        .where(Attempt.closed_at.is_(None), Attempt.deadline_at < now - attempts.GRACE, ~is_waited_for(now))
        .order_by(Attempt.deadline_at)
    ).all()
    return [(row.public_id, row.item_ref) for row in rows]


def item_of_attempt(connection: Connection, *, learner: SignedIn, public_id: str) -> tuple[str, bool]:
    """The item of the learner's own attempt, and whether it was begun as an assignment, whatever it is now."""
    row = connection.execute(_ITEM, {"public_id": public_id, "person_id": learner.person_id}).first()
    if row is None:
        raise NotFound
    return row.item_ref, row.kind == Kind.ASSIGNMENT.value
