"""A quiz file: sections, questions, and the settings that its mode implies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from deust.content.lines import Line, text_of
from deust.content.problems import Report, counted
from deust.content.questions import read_question
from deust.content.schema import QuizHeader, ShowHeader
from deust.content.typography import typeset
from deust.domain.questions import Info, Question
from deust.domain.quizzes import DEFAULTS, Advice, Mode, ModeDefaults, Moment, QuizSettings, Show

MAX_QUESTIONS = 500

_SECTION = re.compile(r"#\s+(.+?)\s*#*$")
_QUESTION = re.compile(r"##(?:\s+.*|)$")
_DEFAULT_PASS = Fraction(1, 2)


@dataclass(frozen=True)
class RawQuestion:
    heading: Line
    section: str | None
    lines: tuple[Line, ...]


@dataclass
class QuizBody:
    intro: list[Line] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    questions: list[RawQuestion] = field(default_factory=list)


def split_body(lines: Sequence[Line], report: Report) -> QuizBody:
    """The introduction, the sections and the questions, by their headings."""
    body = QuizBody()
    current: list[Line] = body.intro
    for line in lines:
        is_heading = line.fence is None and line.text.startswith("#")
        section = _SECTION.match(line.text) if is_heading else None
        if section:
            _add_section(body, typeset(section.group(1)), line, report)
            current = []
        elif is_heading and _QUESTION.match(line.text):
            current = []
            body.questions.append(RawQuestion(line, body.sections[-1] if body.sections else None, ()))
        else:
            current = _append(body, current, line, report)
    return body


def _add_section(body: QuizBody, title: str, line: Line, report: Report) -> None:
    if title in body.sections:
        report.error(line.number, f"partie « {title} » écrite deux fois", "donnez-lui un autre titre")
    body.sections.append(title)


def _append(body: QuizBody, current: list[Line], line: Line, report: Report) -> list[Line]:
    if current is body.intro and not body.sections and not body.questions:
        body.intro.append(line)
        return current
    if body.questions and body.questions[-1].section == (body.sections[-1] if body.sections else None):
        last = body.questions[-1]
        body.questions[-1] = RawQuestion(last.heading, last.section, (*last.lines, line))
    elif line.text.strip():
        report.error(
            line.number, "texte entre une partie et sa première question", "mettez-le dans une question type=info"
        )
    return current


def read_questions(body: QuizBody, report: Report) -> tuple[Question, ...]:
    found: list[Question] = []
    seen: dict[str, int] = {}
    for raw in body.questions:
        question = read_question(raw.heading, raw.lines, report, section=raw.section)
        if question is None:
            continue
        if question.id in seen:
            report.error(
                raw.heading.number, f"identifiant « {question.id} » déjà pris ligne {seen[question.id]}", "changez-le"
            )
        seen.setdefault(question.id, raw.heading.number)
        found.append(question)
    if not body.questions:
        report.error(1, "quiz sans question", "ajoutez un titre « ## … {#id} » et ses réponses")
    if len(body.questions) > MAX_QUESTIONS:
        report.error(1, f"plus de {MAX_QUESTIONS} questions", "partagez ce quiz en plusieurs fichiers")
    return tuple(found)


def settings_of(header: QuizHeader) -> QuizSettings:
    """What is written, completed by the defaults of the mode."""
    defaults = DEFAULTS[header.mode]
    shuffled = header.shuffle
    return QuizSettings(
        mode=header.mode,
        attempts=_attempts(header, defaults),
        keep=header.keep or defaults.keep,
        time_seconds=header.time,
        pass_share=_DEFAULT_PASS if header.pass_share is None else header.pass_share,
        paging=header.paging,
        shuffle_questions=defaults.shuffle_questions if shuffled is None else "questions" in shuffled,
        shuffle_options=defaults.shuffle_options if shuffled is None else "options" in shuffled,
        show=_show(header.show, defaults.show),
        draw=header.draw,
    )


def _attempts(header: QuizHeader, defaults: ModeDefaults) -> int | None:
    if header.attempts is None:
        return defaults.attempts
    return None if isinstance(header.attempts, str) else header.attempts


def _show(header: ShowHeader, defaults: Show) -> Show:
    return Show(
        correctness=header.correctness or defaults.correctness,
        feedback=header.feedback or defaults.feedback,
        answers=header.answers or defaults.answers,
        score=header.score or defaults.score,
    )


def check_settings(settings: QuizSettings, questions: Sequence[Question], line: int, report: Report) -> None:
    """Settings that contradict the questions or one another."""
    if settings.mode != "training" and settings.attempts != 1 and settings.show.answers is Moment.AFTER_SUBMIT:
        report.warn(
            line,
            "les bonnes réponses sont montrées alors qu'un nouvel essai reste possible",
            "écrivez answers: after-attempts ou after-close",
        )
    asked = [question for question in questions if not isinstance(question.answer, Info)]
    if isinstance(settings.draw, int):
        _check_drawn(settings.draw, len(asked), "", line, report)
    elif settings.draw is not None:
        _check_drawn_by_tag(settings.draw, asked, line, report)


def _check_drawn(count: int, available: int, tag: str, line: int, report: Report) -> None:
    if count > available:
        drawn = counted(count, "question") + (f" « {tag} »" if tag else "")
        report.error(line, f"tirage de {drawn} sur {available}", "réduisez draw, ou ajoutez des questions")


def _check_drawn_by_tag(draw: Mapping[str, int], asked: Sequence[Question], line: int, report: Report) -> None:
    """Enough questions of each tag, even when those before took questions that are of both."""
    before: list[tuple[set[str], int]] = []
    for tag, count in draw.items():
        own = {question.id for question in asked if tag in question.tags}
        _check_drawn(count, len(own), tag, line, report)
        lost = sum(min(taken, len(own & others)) for others, taken in before)
        if len(own) - lost < count <= len(own):
            report.warn(
                line,
                f"selon le tirage, il peut manquer des questions « {tag} », prises pour une autre étiquette",
                "donnez une seule étiquette à chaque question, ou ajoutez des questions",
            )
        before.append((own, count))


def check_counts(header: QuizHeader, line: int, report: Report) -> None:
    """Only what is graded has to say that it does not count."""
    if not header.counts and header.mode is Mode.TRAINING:
        report.error(line, "un entraînement ne compte jamais dans une note", "retirez counts:, ou écrivez mode: graded")


def advice_of(header: QuizHeader) -> tuple[Advice, ...]:
    return tuple(
        Advice(tag=tag, say=typeset(entry.say), below=entry.below, to=entry.to)
        for tag, entries in header.advice.items()
        for entry in entries
    )


def check_advice(header: QuizHeader, questions: Sequence[Question], line: int, report: Report) -> None:
    """Each tag is that of a question; limits rise, and the last advice is for everyone left."""
    for tag, entries in header.advice.items():
        if not any(tag in question.tags for question in questions):
            report.error(line, f"conseil pour l'étiquette « {tag} », qu'aucune question ne porte", "une de tags=")
        limits = [entry.below for entry in entries]
        if limits[-1] is not None:
            report.error(line, f"« {tag} » : aucun conseil au-delà de la dernière limite", "finissez par {say: …}")
        known = [limit for limit in limits[:-1] if limit is not None]
        if len(known) < len(limits) - 1 or known != sorted(set(known)):
            report.error(line, f"« {tag} » : limites sans ordre", "below croît d'un conseil à l'autre")


def drawn_count(settings: QuizSettings, questions: Sequence[Question]) -> int:
    """How many questions a paper holds."""
    if settings.draw is None:
        return len(questions)
    return settings.draw if isinstance(settings.draw, int) else sum(settings.draw.values())


def minutes_of(header: QuizHeader, settings: QuizSettings, questions: Sequence[Question]) -> int:
    """As declared; else the time limit; else a minute and a half a question and five to settle in."""
    if header.minutes is not None:
        return header.minutes
    if settings.time_seconds is not None:
        return ceil(settings.time_seconds / 60)
    return ceil(Fraction(3, 2) * drawn_count(settings, questions)) + 5


def intro_of(body: QuizBody) -> str:
    return text_of(body.intro)
