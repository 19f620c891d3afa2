"""What staff read about a quiz: the figures of the students they follow, and a question as it was asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, Text, cast, select

from deust.domain import quiz_report, quiz_scope
from deust.domain.errors import NotFound
from deust.domain.freezing import PaperQuestion
from deust.domain.learning import Quiz
from deust.domain.marking import right_answer
from deust.domain.people import SignedIn
from deust.domain.presenting import Piece, Placement, Presented, describe, present
from deust.domain.questions import Choice, Cloze, Matching, Ordering, Question, right_sides
from deust.domain.quiz_report import Given, QuestionFigures
from deust.domain.quiz_scope import REST, Bar, Closed, Which
from deust.domain.statistics import Summary
from deust.models.quizzes import Attempt
from deust.queries.closed_attempts import Work, closed_attempts, in_scope, versions_asked, work_of
from deust.queries.papers import asked_questions
from deust.queries.remarking import RemarkingPage, concerned_attempts, page_of


@dataclass(frozen=True, kw_only=True)
class GroupChoice:
    id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class ReportPage:
    """`count` is None when there are too few attempts to say anything; `group` None is everyone.

    `tells_mean` is whether the mean and the deviation may be told beside the questions.
    """

    quiz: Quiz
    which: Which
    choices: tuple[Which, ...]
    group: int | None
    groups: tuple[GroupChoice, ...]
    count: int | None
    summary: Summary | None
    bars: tuple[Bar, ...]
    tells_mean: bool
    questions: tuple[QuestionFigures, ...]
    remarking: RemarkingPage

    @property
    def to_review(self) -> tuple[QuestionFigures, ...]:
        return tuple(one for one in self.questions if one.is_hard or one.is_unclear)


@dataclass(frozen=True, kw_only=True)
class AskedPage:
    """A question as it was asked, in the author's order, with its key."""

    quiz: Quiz
    question: Question
    presented: Presented
    right: tuple[Piece, ...]


def report_page(
    connection: Connection, *, reviewer: SignedIn, quiz: Quiz, which: Which, group: int | None
) -> ReportPage:
    """The figures of the closed attempts of the students followed: four statements, however many students.

    Attempts that wait for a marker are left out of the figures until they are marked.
    """
    rows = closed_attempts(connection, reviewer=reviewer, quiz=quiz)
    versions = versions_asked(connection, rows)
    concerned = concerned_attempts(rows, versions, quiz)
    scope = quiz_scope.chosen_attempts([_closed(row) for row in rows if not row.awaiting], which)
    chosen = {attempt.id: scope.columns[person] for person, attempt in scope.chosen.items()}
    work = work_of(connection, {*chosen, *(row.id for row in concerned)}, is_timed=True)
    names = {row.group_id: f"{row.cohort_title}, {row.group_name}" for row in rows if row.group_id is not None}
    column = group if group in scope.groups else None
    summary, bars = quiz_scope.marks(scope, column)
    looked_at = [row for row in rows if row.id in chosen]
    questions = _figures(quiz, looked_at, chosen, versions, work, column) if summary else ()
    return ReportPage(
        quiz=quiz,
        which=which if which in scope.choices else Which.FIRST,
        choices=scope.choices,
        group=column,
        groups=tuple(
            sorted((GroupChoice(id=one, name=names[one]) for one in scope.groups), key=lambda each: each.name)
        ),
        count=summary.count if summary else None,
        summary=summary,
        bars=bars,
        tells_mean=column not in quiz_report.silent_means(questions, scope),
        questions=questions,
        remarking=page_of(concerned, versions, work, quiz),
    )


def question_page(connection: Connection, *, reviewer: SignedIn, quiz: Quiz, hash_: str) -> AskedPage:
    """A question that students followed were asked; to others it is absent."""
    names_it = cast(Attempt.paper, Text).contains(hash_, autoescape=True)
    paper = connection.scalar(in_scope(reviewer, quiz, select(Attempt.paper).where(names_it).limit(1)))
    entry = next((one for one in paper or () if one["hash"] == hash_), None)
    if entry is None:
        raise NotFound
    asked = PaperQuestion(key=entry["key"], hash=hash_, id=entry["id"], placement=Placement(), values={})
    question = asked_questions(connection, [asked])[asked.key]
    return AskedPage(
        quiz=quiz,
        question=question,
        presented=present(question, _author_order(question)),
        right=describe(question, right_answer(question)),
    )


def _author_order(question: Question) -> Placement:
    """Everything in the order of the course file."""
    match question.answer:
        case Choice(options=options):
            return Placement(order=tuple(range(1, len(options) + 1)))
        case Ordering(items=items):
            return Placement(order=tuple(range(1, len(items) + 1)))
        case Matching() as matching:
            return Placement(right_order=tuple(range(1, len(right_sides(matching)) + 1)))
        case Cloze(gaps=gaps):
            sizes = [len(gap.options) if isinstance(gap, Choice) else 0 for gap in gaps]
            return Placement(gap_orders=tuple(tuple(range(1, size + 1)) for size in sizes))
        case _:
            return Placement()


def _closed(row: Row[Any]) -> Closed:
    return Closed(
        id=row.id,
        person_id=row.person_id,
        number=row.number,
        group=REST if row.group_id is None else row.group_id,
        share=row.score / row.out_of if row.score is not None and row.out_of else Fraction(0),
    )


def _figures(
    quiz: Quiz,
    rows: Sequence[Row[Any]],
    columns: Mapping[int, int],
    versions: Mapping[str, Question],
    work: Work,
    column: int | None,
) -> tuple[QuestionFigures, ...]:
    """By version of each question, in the quiz's order, those that left it at the end."""
    given = _given(rows, columns, work)
    order = {question.id: place for place, question in enumerate(quiz.questions)}
    found = []
    for id_ in sorted(given, key=lambda one: (order.get(one, len(order)), one)):
        told = quiz_report.versions_told(given[id_])
        for hash_, own in sorted(given[id_].items(), key=lambda one: min(each.started_at for each in one[1])):
            views = {view for version, view in told if version == hash_}
            made = quiz_report.question_figures(versions[hash_], hash_, own, column=column, told=views)
            found.append(replace(made, is_only_version=len(given[id_]) == 1))
    return tuple(found)


def _given(
    rows: Sequence[Row[Any]], columns: Mapping[int, int], work: Work
) -> Mapping[str, Mapping[str, Sequence[Given]]]:
    """What was answered to each question, by its id, then by the hash of each version."""
    given: dict[str, dict[str, list[Given]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        points = {key: earned for key, earned in work.points[row.id].items() if earned is not None}
        total = Fraction(0) if row.score is None else row.score
        for entry in row.paper:
            key = entry["key"]
            if key in points:
                given[entry["id"]][entry["hash"]].append(
                    Given(
                        column=columns[row.id],
                        answer=work.answers.get((row.id, key)),
                        points=points[key],
                        total=total,
                        seconds=work.seconds.get((row.id, key)),
                        started_at=row.started_at,
                    )
                )
    return given
