"""An assignment's front matter as the terms it sets and the parts that are handed in."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from deust.content.fields import file_excess, recording_excess
from deust.content.problems import Report
from deust.content.schema import AssignmentHeader, HandIn
from deust.content.schema import Grid as GridFile
from deust.content.strict_yaml import Document
from deust.domain.assignments import DEFAULT_GAP, DEFAULT_TURNAROUND_DAYS, Resubmit, Terms
from deust.domain.files import is_known_kind
from deust.domain.learning import Assignment
from deust.domain.questions import AnswerBlock, Essay, File, Question, Voice
from deust.domain.quizzes import Keep, Mode, Moment, Paging, QuizSettings, Show
from deust.domain.rubric import Criterion, Grid

TEXT, VOICE, FILE = "texte", "voix", "fichier"

_PASS = Fraction(1, 2)
_NEVER = Show(correctness=Moment.NEVER, feedback=Moment.NEVER, answers=Moment.NEVER, score=Moment.AFTER_SUBMIT)


def check_hand_in(header: AssignmentHeader, document: Document, report: Report) -> None:
    """Something is handed in, in formats that the platform takes, with points, a step and a gap that make sense."""
    given = header.hand_in
    if not (given.text or given.files or given.voice):
        report.error(document.line_of(("hand_in",)), "rien à remettre", "text: true, files: {…} ou voice: {…}")
    if given.files:
        for kind in given.files.accept:
            if not is_known_kind(kind):
                report.error(document.line_of(("hand_in", "files")), f"format de fichier « {kind} » inconnu")
        if large := file_excess(given.files.size):
            report.error(document.line_of(("hand_in", "files", "size")), large, "réduisez size")
    if given.voice and (long := recording_excess(given.voice.max)):
        report.error(document.line_of(("hand_in", "voice", "max")), long, "réduisez max")
    if header.out_of <= 0:
        report.error(document.line_of(("out_of",)), "un devoir vaut plus de 0 point")
    if header.step is not None and not 0 < header.step <= header.out_of:
        report.error(document.line_of(("step",)), "le pas de la note va de plus de 0 au total", "step: 0.25")
    if header.gap is not None and header.markers == 1:
        report.warn(document.line_of(("gap",)), "gap ne sert qu'avec deux correcteurs", "markers: 2")


def assignment_of(
    header: AssignmentHeader, shared: dict[str, Any], *, minutes: int, brief: str, expected: str
) -> Assignment:
    """The assignment: one page without time limit, its first part carrying all the points."""
    parts = [*_parts(header.hand_in)]
    questions = tuple(
        Question(id=id_, title=title, answer=answer, points=header.out_of if place == 0 else Fraction(0))
        for place, (id_, title, answer) in enumerate(parts)
    )
    return Assignment(
        **shared,
        minutes=minutes,
        settings=_settings(header),
        intro=brief,
        questions=questions,
        terms=_terms(header),
        expected=expected,
        grid_name=header.grid,
    )


def _parts(given: HandIn) -> Iterator[tuple[str, str, AnswerBlock]]:
    if given.text:
        yield TEXT, "Votre texte", Essay()
    if given.voice:
        yield VOICE, "Votre enregistrement", Voice(max_seconds=given.voice.max)
    if given.files:
        for number in range(1, given.files.max + 1):
            title = "Votre fichier" if given.files.max == 1 else f"Fichier {number}"
            yield f"{FILE}-{number}", title, File(accept=tuple(given.files.accept), max_bytes=given.files.size)


def _settings(header: AssignmentHeader) -> QuizSettings:
    return QuizSettings(
        mode=Mode.GRADED,
        attempts=None if header.resubmit == Resubmit.UNTIL_PASS.value else 1,
        keep=Keep.LAST,
        time_seconds=None,
        pass_share=_PASS,
        paging=Paging.ALL,
        shuffle_questions=False,
        shuffle_options=False,
        show=_NEVER,
    )


def _terms(header: AssignmentHeader) -> Terms:
    late = header.late
    return Terms(
        out_of=header.out_of,
        step=header.step,
        late_days=late.until if late else 0,
        penalty_per_day=Fraction(late.penalty.split()[0].replace(",", ".")) if late and late.penalty else Fraction(0),
        resubmit=Resubmit(header.resubmit),
        is_anonymous=header.anonymous,
        markers=header.markers,
        gap=DEFAULT_GAP if header.gap is None else header.gap,
        turnaround_days=header.turnaround or DEFAULT_TURNAROUND_DAYS,
    )


def grid_of(data: GridFile) -> Grid:
    """The grid of a `grilles/*.yml` file."""
    return Grid(
        title=data.title,
        levels=dict(data.levels),
        criteria=tuple(
            Criterion(
                id=one.id,
                phase=one.phase,
                title=one.title,
                points=one.points,
                is_eliminatory=bool(one.eliminatory),
                describe=dict(one.describe),
            )
            for one in data.criteria
        ),
    )
