"""A small programme for the tests of learning: plain functions with keyword overrides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from deust.domain.learning import (
    Announced,
    Completion,
    Component,
    Kind,
    Lesson,
    Module,
    Outcome,
    Programme,
    Quiz,
    Semester,
    Term,
    Unit,
    Year,
)
from deust.domain.people import Calendar
from deust.domain.progress import Standing
from deust.domain.questions import Choice, Option, Question
from deust.domain.quizzes import DEFAULTS, Mode, Paging, QuizSettings

CALENDAR = Calendar(week_one_on=date(2026, 9, 14))
NOW = datetime(2026, 10, 13, 18, 0, tzinfo=UTC)


def a_check(question_id: str = "l-un", **changes: Any) -> Question:
    question = Question(
        id=question_id,
        title="Que dit-on d'abord ?",
        answer=Choice(
            options=(
                Option(text="l'enseigne", is_right=True, feedback="Oui, le client sait où il est."),
                Option(text="la météo", is_right=False, feedback="Non, cela peut attendre."),
            ),
            several=False,
        ),
    )
    return replace(question, **changes)


def a_lesson(lesson_id: str = "accueillir", **changes: Any) -> Lesson:
    lesson = Lesson(
        module="ec131",
        id=lesson_id,
        kind=Kind.LESSON,
        number=1,
        title=lesson_id.capitalize(),
        minutes=20,
        completion=Completion.CHECKED,
        body="## Se nommer\n\nDites l'enseigne.\n",
    )
    return replace(lesson, **changes)


def settings(mode: Mode = Mode.TRAINING, **changes: Any) -> QuizSettings:
    defaults = DEFAULTS[mode]
    made = QuizSettings(
        mode=mode,
        attempts=defaults.attempts,
        keep=defaults.keep,
        time_seconds=None,
        pass_share=Fraction(1, 2),
        paging=Paging.ONE,
        shuffle_questions=defaults.shuffle_questions,
        shuffle_options=defaults.shuffle_options,
        show=defaults.show,
    )
    return replace(made, **changes)


def a_quiz(quiz_id: str = "quiz-accueil", mode: Mode = Mode.TRAINING, **changes: Any) -> Quiz:
    quiz = Quiz(
        module="ec131",
        id=quiz_id,
        kind=Kind.QUIZ,
        number=2,
        title="Vérifier l'accueil",
        minutes=10,
        completion=Completion.PASSED,
        settings=settings(mode),
        questions=(a_check("q-un"),),
    )
    return replace(quiz, **changes)


def an_announced(item_id: str = "appel-colis", **changes: Any) -> Announced:
    announced = Announced(
        module="ec131",
        id=item_id,
        kind=Kind.CALL,
        number=3,
        title="Le colis en retard",
        minutes=15,
        completion=Completion.HANDED_IN,
    )
    return replace(announced, **changes)


def a_module(*items: Lesson | Quiz | Announced, **changes: Any) -> Module:
    module = Module(
        id="ec131",
        title="Structure de l'appel",
        hours=30,
        intro="Un appel réussi suit un ordre.",
        outcomes=(Outcome(id="accueillir", title="Produire un accueil complet"),),
        items=items,
    )
    return replace(module, **changes)


def a_programme(modules: Sequence[Module], **changes: Any) -> Programme:
    components = tuple(
        Component(id=module.id.upper(), title=module.title, coefficient=3, hours=module.hours, module=module.id)
        for module in modules
    )
    unit = Unit(id="UE13", title="Accueillir un appel entrant", ects=9, coefficient=9, components=components)
    stage = Component(id="EC244", title="Stage", coefficient=1, hours=0, stage_weeks=8, stage_hours=280)
    later = Unit(id="UE24", title="Stage et projet", ects=8, coefficient=8, components=(stage,))
    semesters = (Semester(id="S1", ects=30, units=(unit,)), Semester(id="S2", ects=30, units=(later,)))
    programme = Programme(
        id="deust-essai",
        title="DEUST d'essai",
        diploma="DEUST",
        level=5,
        blocks={},
        years=(Year(id="A1", semesters=semesters),),
        modules={module.id: module for module in modules},
        glossary=(Term(slug="dmt", name="DMT", long="durée moyenne de traitement", definition="Temps passé."),),
        version="v1",
    )
    return replace(programme, **changes)


def a_standing(**changes: Any) -> Standing:
    standing = Standing(opened_at=NOW, touched_at=NOW)
    return standing._replace(**changes)
