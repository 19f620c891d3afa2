"""What a quiz shows after handing in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from deust.domain import attempts, copies, marking
from deust.domain.answers import file_in, text_in
from deust.domain.copies import Remark
from deust.domain.errors import AttemptClosed
from deust.domain.freezing import PaperQuestion, paper_question, thawed_settings
from deust.domain.learning import Programme, Quiz, whole_reference
from deust.domain.people import SignedIn
from deust.domain.presenting import Piece, Presented, describe, present
from deust.domain.progress import AnyItem
from deust.domain.questions import HUMAN_MARKED, Essay, Json, Question, takes_file
from deust.domain.quizzes import QuizSettings, Show, Shown, advice_given
from deust.domain.remarking import explained
from deust.domain.rubric import Grid
from deust.models.quizzes import AttemptMarks
from deust.models.records import Receipt
from deust.queries.copies import Told
from deust.queries.files import GivenFile, given_files
from deust.queries.item_dates import last_closing
from deust.queries.late_answers import late_count
from deust.queries.papers import asked_questions
from deust.queries.progress import follows, progress_of
from deust.queries.quizzes import answers_of, numbers_of, own_attempt, visible_parts
from deust.queries.spoken_comments import Spoken, told_of_attempt

_MARKS = (
    select(AttemptMarks.points)
    .where(AttemptMarks.attempt_id == bindparam("attempt_id"))
    .order_by(AttemptMarks.version.desc())
    .limit(1)
)

_RECEIPT_HASH = select(Receipt.answers_hash).where(Receipt.attempt_id == bindparam("attempt_id"))


@dataclass(frozen=True, kw_only=True)
class Rated:
    """The grid that rated an answer, with the levels reached."""

    grid: Grid
    levels: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Corrected:
    """One question after handing in; each part is empty or None until it may be shown."""

    number: int
    presented: Presented
    given: tuple[Piece, ...]
    right: tuple[Piece, ...]
    feedback: tuple[str, ...]
    points: Fraction | None
    out_of: Fraction
    is_right: bool | None
    is_awaited: bool
    outcome: str | None
    file: GivenFile | None
    text: str
    rating: Rated | None
    remarks: tuple[tuple[int, Remark], ...]


@dataclass(frozen=True, kw_only=True)
class OutcomeShare:
    """Points obtained for one outcome of the module."""

    id: str
    points: Fraction
    out_of: Fraction


@dataclass(frozen=True, kw_only=True)
class AdviceRow:
    """What a result advises on one part of a quiz, named as the quiz names it."""

    title: str
    points: Fraction
    out_of: Fraction
    say: str
    opens: AnyItem | None


@dataclass(frozen=True, kw_only=True)
class ClosedAttempt:
    """What was handed in, when, and its receipt."""

    public_id: str
    item_ref: str
    title: str
    number: int
    closed_at: datetime
    by_clock: bool
    receipt_code: str | None
    answers_hash: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """What an attempt obtained; nothing of it until it may be shown."""

    score: Fraction | None
    out_of: Fraction
    share: Fraction | None
    pass_share: Fraction
    is_passed: bool | None


@dataclass(frozen=True, kw_only=True)
class ResultPage:
    """`shown` is what may be seen now; `show` says when the rest will be: the score once the quiz has closed for this
    person, at `closes_at`, what is right once it has for all their cohort, at `settles_at`.
    """

    attempt: ClosedAttempt
    result: Result
    counts: bool
    awaiting: int
    shown: Shown
    show: Show
    closes_at: datetime | None
    settles_at: datetime | None
    corrected: tuple[Corrected, ...]
    outcomes: tuple[OutcomeShare, ...]
    advice: tuple[AdviceRow, ...]
    may_retry: bool
    late_count: int
    told: Told | None
    heard: Mapping[str, Spoken]


def result_page(
    connection: Connection, *, learner: SignedIn, public_id: str, quiz: Quiz | None, programme: Programme, now: datetime
) -> ResultPage:
    """The learner's closed attempt with what of its correction may be seen now. Refuses a running one.

    The quiz as published now gives the dates and the attempts left; once it is removed, or the learner follows another
    programme or none, the attempt stands alone: what it showed, it goes on showing.
    """
    is_followed = follows(learner, programme)
    quiz = quiz if quiz is not None and quiz.module in programme.modules else None
    row = own_attempt(connection, learner, public_id)
    if row.closed_at is None:
        raise AttemptClosed
    settings = thawed_settings(row.settings)
    closes_at, used, is_writing = _standing(connection, learner, quiz if is_followed else None, programme, row, now)
    settles_at = _last_closing(connection, learner, quiz, closes_at)
    visible = visible_parts(settings, row.closed_at, used, settles_at, now, is_writing=is_writing)
    mine = visible_parts(settings, row.closed_at, used, closes_at, now, is_writing=is_writing)
    visible = replace(visible, score=mine.score)
    sheet = _sheet(connection, row, visible, quiz)
    corrected = tuple(_corrected(sheet, entry) for entry in sheet.paper if entry.key in sheet.numbers)
    is_open = closes_at is None or now < closes_at
    return ResultPage(
        attempt=_closed_attempt(connection, row),
        result=_result(row, settings, visible),
        counts=quiz is None or quiz.counts,
        awaiting=row.awaiting,
        shown=visible,
        show=settings.show,
        closes_at=closes_at,
        settles_at=settles_at,
        corrected=corrected,
        outcomes=_outcomes(corrected) if visible.score and visible.correctness else (),
        advice=_advice(programme, quiz, sheet) if quiz and visible.score else (),
        may_retry=quiz is not None and is_followed and is_open and attempts.attempts_left(settings, used),
        late_count=late_count(connection, row.id),
        told=sheet.told,
        heard=sheet.heard,
    )


def _closed_attempt(connection: Connection, row: Row[Any]) -> ClosedAttempt:
    return ClosedAttempt(
        public_id=row.public_id,
        item_ref=row.item_ref,
        title=row.settings["title"],
        number=row.number,
        closed_at=row.closed_at,
        by_clock=row.closed_by == "clock",
        receipt_code=row.receipt_code,
        answers_hash=connection.execute(_RECEIPT_HASH, {"attempt_id": row.id}).scalar_one(),
    )


def _result(row: Row[Any], settings: QuizSettings, visible: Shown) -> Result:
    share = row.score / row.out_of if row.score is not None and row.out_of else None
    return Result(
        score=row.score if visible.score else None,
        out_of=row.out_of,
        share=share if visible.score else None,
        pass_share=settings.pass_share,
        is_passed=_is_passed(share, row.awaiting, settings) if visible.score else None,
    )


@dataclass(frozen=True, kw_only=True)
class _Sheet:
    """What correcting the questions of an attempt takes, each by question key: read once. `published` holds those of
    the quiz as it is now, by id.
    """

    paper: Sequence[PaperQuestion]
    questions: Mapping[str, Question]
    published: Mapping[str, Question]
    numbers: Mapping[str, int]
    answers: Mapping[str, Row[Any]]
    marks: Mapping[str, Fraction]
    files: Mapping[str, GivenFile]
    visible: Shown
    told: Told | None
    heard: Mapping[str, Spoken]


def _sheet(connection: Connection, row: Row[Any], visible: Shown, quiz: Quiz | None) -> _Sheet:
    paper = [paper_question(entry) for entry in row.paper]
    questions = asked_questions(connection, paper)
    is_read = visible.feedback and any(isinstance(one.answer, HUMAN_MARKED) for one in questions.values())
    versions, heard = told_of_attempt(connection, row.id) if is_read else ((), {})
    return _Sheet(
        paper=paper,
        questions=questions,
        published={question.id: question for question in quiz.questions} if quiz else {},
        numbers=numbers_of(paper, questions),
        answers=answers_of(connection, row.id),
        marks=_marks(connection, row.id),
        files=given_files(connection, row.id) if any(map(takes_file, questions.values())) else {},
        visible=visible,
        told=next(iter(versions), None),
        heard=heard,
    )


def _marks(connection: Connection, attempt_id: int) -> dict[str, Fraction]:
    """The points that count now, by question key; a question that waits for its marker has none."""
    kept = connection.execute(_MARKS, {"attempt_id": attempt_id}).scalar_one()
    return {key: Fraction(points) for key, points in kept.items() if points is not None}


def _standing(
    connection: Connection,
    learner: SignedIn,
    quiz: Quiz | None,
    programme: Programme,
    row: Row[Any],
    now: datetime,
) -> tuple[datetime | None, int, bool]:
    """When the quiz closes for this person, how many attempts they used of those allowed to all, and whether they are
    writing one.
    """
    if quiz is None:
        return row.closes_at, row.number, False
    module = programme.modules[quiz.module]
    progress = progress_of(connection, learner=learner, programme=programme, now=now, module=module)
    status = progress.status(quiz)
    standing = status.standing
    used = (standing.attempts_used if standing else row.number) - status.dates.extra_attempts
    return status.dates.closes_at, used, standing is not None and standing.has_open_attempt


def _last_closing(
    connection: Connection, learner: SignedIn, quiz: Quiz | None, closes_at: datetime | None
) -> datetime | None:
    """When the quiz has closed for all who follow the same cohort: what is right is told to none of them before."""
    if quiz is None or closes_at is None or learner.enrolled is None:
        return closes_at
    return last_closing(connection, item=quiz, cohort_id=learner.enrolled.cohort_id, closes_at=closes_at)


def _is_passed(share: Fraction | None, awaiting: int, settings: QuizSettings) -> bool | None:
    """Passed, failed, or not known while a person still has answers to mark."""
    if share is not None and share >= settings.pass_share:
        return True
    return None if awaiting else False


def _corrected(sheet: _Sheet, entry: PaperQuestion) -> Corrected:
    question, answer, points = sheet.questions[entry.key], sheet.answers.get(entry.key), sheet.marks.get(entry.key)
    visible, told = sheet.visible, sheet.told
    given = answer.given if answer else None
    is_told = told is not None and isinstance(question.answer, HUMAN_MARKED)
    key = _key(sheet, entry, given)
    return Corrected(
        number=sheet.numbers[entry.key],
        presented=replace(present(question, entry.placement, entry.values), id=entry.key),
        given=describe(question, given, entry.values),
        right=key.right if visible.answers else (),
        feedback=key.feedback if visible.feedback else (),
        points=points if visible.correctness or is_told else None,
        out_of=question.points,
        is_right=key.is_right if visible.correctness else None,
        is_awaited=points is None,
        outcome=question.outcome,
        file=sheet.files.get(file_in(given)),
        text=text_in(given) if isinstance(question.answer, Essay) else "",
        rating=_rated(told, entry) if told and is_told else None,
        remarks=copies.remarks_of(told.works[-1], entry.key) if told and is_told else (),
    )


@dataclass(frozen=True, kw_only=True)
class _Key:
    """What the key that counts says of an answer."""

    is_right: bool | None
    right: tuple[Piece, ...] = ()
    feedback: tuple[str, ...] = ()


def _key(sheet: _Sheet, entry: PaperQuestion, given: Json) -> _Key:
    """By the corrected key once it gave the points; of a key that gives others, nothing is told but these points."""
    asked, points = sheet.questions[entry.key], sheet.marks.get(entry.key)
    found = explained(asked, sheet.published.get(entry.id), given, entry.values, points)
    if found is None:
        return _Key(is_right=points == asked.points)
    question, answer = found
    verdict = marking.mark(question, answer, entry.values)
    feedback = (*verdict.feedback, marking.filled(question.feedback, entry.values))
    return _Key(
        is_right=verdict.is_right,
        right=describe(question, marking.right_answer(question, entry.values), entry.values),
        feedback=tuple(text for text in feedback if text),
    )


def _rated(told: Told, entry: PaperQuestion) -> Rated | None:
    grid = told.grids.get(entry.id)
    levels = copies.levels_of(told.works[-1], entry.key)
    return Rated(grid=grid, levels=levels) if grid and levels else None


def _advice(programme: Programme, quiz: Quiz, sheet: _Sheet) -> tuple[AdviceRow, ...]:
    """By tag of the quiz's advice, from the marks of the questions that carry it."""
    totals: dict[str, tuple[Fraction, Fraction]] = {}
    titles: dict[str, str] = {}
    for entry in sheet.paper:
        question = sheet.questions[entry.key]
        if entry.key not in sheet.marks:
            continue
        for tag in question.tags:
            points, out_of = totals.get(tag, (Fraction(0), Fraction(0)))
            totals[tag] = points + sheet.marks[entry.key], out_of + question.points
            titles.setdefault(tag, question.section or tag)
    said = advice_given(quiz.advice, {tag: points / out_of for tag, (points, out_of) in totals.items() if out_of})
    return tuple(
        AdviceRow(
            title=titles[tag],
            points=totals[tag][0],
            out_of=totals[tag][1],
            say=one.say,
            opens=programme.find_item(whole_reference(one.to, quiz.module)) if one.to else None,
        )
        for tag, one in said.items()
    )


def _outcomes(corrected: Iterable[Corrected]) -> tuple[OutcomeShare, ...]:
    totals: dict[str, tuple[Fraction, Fraction]] = {}
    for one in corrected:
        if one.outcome and one.points is not None:
            points, out_of = totals.get(one.outcome, (Fraction(0), Fraction(0)))
            totals[one.outcome] = points + one.points, out_of + one.out_of
    return tuple(OutcomeShare(id=id_, points=points, out_of=out_of) for id_, (points, out_of) in totals.items())
