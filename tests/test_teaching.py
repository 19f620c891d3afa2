"""What is taught: the real courses, read once, hold to the plan and to the way lessons are written."""

from __future__ import annotations

import csv
import random
import re
from collections import Counter
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from deust.cli.courses import counts_table
from deust.content.measures import asked_in, kandel_moles, measure, sentences_of, word_count
from deust.content.pages import page_of
from deust.content.problems import Level
from deust.content.store import Store
from deust.content.tree import Reading, read_tree
from deust.domain.calculated import draw
from deust.domain.learning import Assignment, Kind, Lesson, Module, Programme, Quiz, RenderedLesson
from deust.domain.marking import mark, right_answer
from deust.domain.questions import HUMAN_MARKED, Choice, Info, Question, Voice
from deust.domain.quizzes import Mode, advice_given
from tests.support.lesson_shapes import faults_of_shape, is_illustrated, unexplained

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
PLAN = ROOT / "tests" / "fixtures" / "plan.csv"
WELCOME = "positionnement/mode-d-emploi"
"""The page that says how to take the positioning test: it teaches nothing."""

COUNTS_IN_NO_MARK = {"ec133-simulations/quiz-simulations"}
"""Graded where the plan leaves a quiz no part of the mark: calls and a recording have it all."""

DRAWN = {"ec111-secteur-metiers", "ec112-organisation-plateau", "ec131-structure-appel", "ec132-reclamation",
         "ec133-simulations", "ec141-tableur-pix", "ec142-telephonie"}  # fmt: skip
"""Where the plan has figures: the graded quizzes draw numbers for each student."""


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read_tree(ROOT / "courses", today=date(2026, 11, 25))


@pytest.fixture(scope="module")
def programme(reading: Reading) -> Programme:
    return reading.programmes["deust-centres-appels"]


@pytest.fixture(scope="module")
def plan() -> list[dict[str, str]]:
    """The curriculum as it was decided, one line an ECUE."""
    with PLAN.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def written(programme: Programme) -> list[Module]:
    """The modules of ECUE that are written."""
    return [module for module in programme.modules.values() if module.items and module.id in programme.places]


def lessons_of(programme: Programme) -> list[Lesson]:
    return [item for module in programme.modules.values() for item in module.items if isinstance(item, Lesson)]


def quizzes_of(module: Module) -> list[Quiz]:
    return [item for item in module.items if isinstance(item, Quiz) and item.kind is Kind.QUIZ]


def assignments_of(programme: Programme) -> list[Assignment]:
    return [item for module in programme.modules.values() for item in module.items if isinstance(item, Assignment)]


def asked_of(module: Module) -> list[Question]:
    return [question for quiz in quizzes_of(module) for question in asked_in(quiz)]


def everything_asked(programme: Programme) -> list[Question]:
    """The questions of quizzes and of lessons."""
    asked = [question for module in programme.modules.values() for question in asked_of(module)]
    return asked + [check for lesson in lessons_of(programme) for check in lesson.checks]


def silent_options(questions: Iterable[Question]) -> list[str]:
    """The wrong options that do not say why they are."""
    return [
        f"{question.id}: {option.text}"
        for question in questions
        if isinstance(question.answer, Choice)
        for option in question.answer.options
        if not option.is_right and not option.feedback
    ]


def choices_of(module: Module) -> list[Question]:
    """Single and multiple choices of a module, in its quizzes and in its lessons."""
    asked = [*asked_of(module), *(check for lesson in lessons_in(module) for check in lesson.checks)]
    return [one for one in asked if isinstance(one.answer, Choice)]


def share_among_the_two_longest(choice: Choice) -> Fraction:
    """Whether the right option is one of the two longest; options of one length share their places."""
    lengths = [len(option.text) for option in choice.options]
    right = len(next(option.text for option in choice.options if option.is_right))
    places = 2 - sum(length > right for length in lengths)
    return min(Fraction(1), max(Fraction(0), Fraction(places, lengths.count(right))))


def gives_itself_away(question: Question) -> bool:
    """A single choice whose right option is longer than each of the others."""
    answer = question.answer
    if not isinstance(answer, Choice) or answer.several:
        return False
    right = max(len(option.text) for option in answer.options if option.is_right)
    return all(len(option.text) < right for option in answer.options if not option.is_right)


def test_the_real_courses_have_neither_error_nor_warning(reading: Reading) -> None:
    assert [str(problem) for problem in reading.problems if problem.level is not Level.INFO] == []


def test_every_real_page_is_rendered_and_every_real_question_has_a_right_answer(
    reading: Reading, programme: Programme, tmp_path: Path
) -> None:
    store = Store(tmp_path, is_durable=False)
    for item in (item for module in programme.modules.values() for item in module.items):
        page = page_of(item.ref, reading.snapshot, store) if isinstance(item, Lesson | Quiz) else None
        if isinstance(item, Lesson):
            assert isinstance(page, RenderedLesson)
            assert page.parts
        elif isinstance(item, Quiz):
            assert isinstance(page, Quiz)
            assert len(page.questions) == len(item.questions)
    rng = random.Random(1)
    for question in everything_asked(programme):
        values = draw(question.variables, rng)
        if not isinstance(question.answer, (*HUMAN_MARKED, Info)):
            assert mark(question, right_answer(question, values), values).share == 1, question.id


def test_the_programme_is_the_plan(programme: Programme, plan: list[dict[str, str]]) -> None:
    found = [
        {
            "semester": semester.id,
            "unit": unit.id,
            "ects": str(unit.ects),
            "block": " ".join(unit.blocks),
            "component": component.id,
            "coefficient": str(component.coefficient),
            "hours": str(component.hours),
            "cc": str(sum(one.weight for one in component.assessments if one.kind == "CC")),
            "et": str(sum(one.weight for one in component.assessments if one.kind == "ET")),
        }
        for semester in programme.semesters
        for unit in semester.units
        for component in unit.components
    ]
    assert found == [{name: line[name] for name in found[0]} for line in plan]
    assert all(semester.ects == 30 for semester in programme.semesters)


def test_every_ecue_is_described_and_those_written_are_whole(programme: Programme) -> None:
    assert len(programme.places) == 45
    for name, (_, _, component) in programme.places.items():
        module = programme.modules[name]
        assert module.outcomes, name
        assert module.is_planned != bool(module.items), name
        assert module.hours == component.hours, name


def test_each_section_of_the_plan_has_its_lesson_and_its_training_quiz(
    programme: Programme, plan: list[dict[str, str]]
) -> None:
    sections = {line["component"]: int(line["sections"]) for line in plan}
    for module in written(programme):
        _, _, component = programme.places[module.id]
        modes = Counter(quiz.settings.mode for quiz in quizzes_of(module))
        assert modes[Mode.TRAINING] >= sections[component.id], module.id
        assert measure(module).lessons >= sections[component.id], module.id
        assert modes[Mode.GRADED], module.id


def test_what_is_assessed_is_in_the_module(programme: Programme) -> None:
    """Each continuous assessment of a written ECUE takes its mark from an activity that gives one."""
    for module in written(programme):
        _, _, component = programme.places[module.id]
        for one in component.assessments:
            item = module.item(one.item) if one.item else None
            assert (item is not None) == (one.kind == "CC"), (component.id, one.id)
            if isinstance(item, Quiz) and item.kind is Kind.QUIZ:
                assert item.settings.mode is Mode.GRADED, item.ref


def test_a_graded_quiz_counts_in_the_mark_of_its_ecue_or_says_that_it_does_not(programme: Programme) -> None:
    graded = [quiz for module in written(programme) for quiz in quizzes_of(module) if quiz.settings.mode is Mode.GRADED]
    assert {quiz.ref for quiz in graded if not quiz.counts} == COUNTS_IN_NO_MARK
    for quiz in graded:
        _, _, component = programme.places[quiz.module]
        assert quiz.counts == (quiz.id in {one.item for one in component.assessments}), quiz.ref


def test_each_written_ecue_has_enough_items_of_enough_kinds(programme: Programme) -> None:
    for module in written(programme):
        found = measure(module)
        assert found.items >= 20, module.id
        assert len(found.types) >= 6, module.id
        assert abs(found.minutes - module.hours * 60) <= module.hours * 6, module.id


def test_graded_figures_are_drawn_for_each_student(programme: Programme) -> None:
    for name in DRAWN:
        quizzes = quizzes_of(programme.modules[name])
        graded = [question for quiz in quizzes if quiz.settings.mode is Mode.GRADED for question in quiz.questions]
        assert any(question.variables for question in graded), name


def test_lessons_are_neither_thin_nor_endless_and_read_easily(programme: Programme) -> None:
    for lesson in lessons_of(programme):
        if lesson.ref != WELCOME:
            assert 700 <= word_count(lesson.body) <= 1_300, (lesson.ref, word_count(lesson.body))
        found = list(sentences_of(lesson.body))
        assert sum(map(len, found)) / len(found) <= 12, lesson.ref
        assert kandel_moles(found) >= 60, lesson.ref
        assert lesson.reviewed, lesson.ref
        assert lesson.sources or lesson.ref == WELCOME, lesson.ref


def test_a_lesson_that_cites_the_law_says_until_when_it_holds(programme: Programme) -> None:
    cited = re.compile(
        r"\b(code (de|du|des|civil)|rgpd|cnil|légifrance|loi|directive|règlement|décret)\b", re.IGNORECASE
    )
    found = [lesson for lesson in lessons_of(programme) if cited.search(" ".join(lesson.sources))]
    assert len(found) > 30
    assert [lesson.ref for lesson in found if not lesson.valid_until] == []


def test_a_lesson_asks_often_enough(programme: Programme) -> None:
    """A question every three hundred words or so."""
    rare = {lesson.ref for lesson in lessons_of(programme) if word_count(lesson.body) > 355 * len(lesson.checks)}
    assert rare == set()


def test_lessons_keep_their_order(programme: Programme) -> None:
    """A situation, an example, what goes wrong, an exercise, five lines to keep, and more for those who want it."""
    found = {lesson.ref: faults_of_shape(lesson) for module in written(programme) for lesson in lessons_in(module)}
    assert {ref: faults for ref, faults in found.items() if faults} == {}


def lessons_in(module: Module) -> list[Lesson]:
    return [item for item in module.items if isinstance(item, Lesson)]


def test_no_two_lessons_in_a_row_are_prose_alone(programme: Programme) -> None:
    for module in programme.modules.values():
        shown = [is_illustrated(lesson) for lesson in lessons_in(module)]
        assert all(one or other for one, other in pairwise(shown)), module.id


def test_no_abbreviation_is_left_unexplained(programme: Programme) -> None:
    found = {lesson.ref: unexplained(lesson, programme.glossary) for lesson in lessons_of(programme)}
    assert {ref: words for ref, words in found.items() if words} == {}


def test_the_glossary_has_the_words_of_the_semester(programme: Programme) -> None:
    assert len(programme.glossary) >= 150


def test_every_wrong_option_says_why(programme: Programme) -> None:
    assert silent_options(everything_asked(programme)) == []


def test_every_item_explains_itself(programme: Programme) -> None:
    for question in everything_asked(programme):
        assert question.feedback or isinstance(question.answer, HUMAN_MARKED), question.id


def test_every_quiz_item_has_its_tags_and_its_outcome(programme: Programme) -> None:
    for module in programme.modules.values():
        known = {outcome.id for outcome in module.outcomes}
        for quiz in quizzes_of(module):
            for question in asked_in(quiz):
                assert question.tags, question.id
                assert question.outcome in known, question.id


def test_the_longest_option_seldom_is_the_right_one(programme: Programme) -> None:
    """Who ticks the longest option without reading does no better than by chance: one in four."""
    for module in written(programme):
        asked = [one for one in asked_of(module) if isinstance(one.answer, Choice) and not one.answer.several]
        telling = [one.id for one in asked if gives_itself_away(one)]
        assert 4 * len(telling) <= len(asked), (module.id, telling)


def test_the_length_of_an_option_says_nothing_of_it(programme: Programme) -> None:
    """The right option is among the two longest as often as chance has it, within one in ten."""
    for module in [found for found in programme.modules.values() if found.items]:
        choices = [one.answer for one in choices_of(module) if not one.answer.several]
        found = sum(map(share_among_the_two_longest, choices), Fraction(0))
        chance = sum((Fraction(2, len(one.options)) for one in choices), Fraction(0))
        assert 10 * abs(found - chance) <= len(choices), (module.id, float(found), float(chance))


def test_the_number_of_right_options_cannot_be_guessed(programme: Programme) -> None:
    """No share of right options, such as three out of five, is that of more than four multiple choices in ten."""
    several = [one.answer for module in programme.modules.values() for one in choices_of(module) if one.answer.several]
    shares = Counter((sum(option.is_right for option in one.options), len(one.options)) for one in several)
    assert 10 * shares.most_common(1)[0][1] <= 4 * len(several), shares


def test_no_two_items_are_alike(programme: Programme) -> None:
    """Neither the same id, nor the same words asked."""
    asked = everything_asked(programme)
    for key in (lambda one: one.id, lambda one: (one.title, one.stem, repr(one.answer))):
        twice = [found for found, count in Counter(map(key, asked)).items() if count > 1]
        assert twice == []


def test_every_assignment_has_its_model_answer_and_a_grid_of_written_levels(programme: Programme) -> None:
    assignments = assignments_of(programme)
    assert len(assignments) >= 30
    for one in assignments:
        assert len(one.expected.split()) >= 60, one.ref
        assert one.grid is not None, one.ref
        for criterion in one.grid.criteria:
            assert set(criterion.describe) == set(one.grid.levels), (one.ref, criterion.id)
            assert all(criterion.describe.values()), (one.ref, criterion.id)


def test_each_oral_is_handed_in_as_a_recording(programme: Programme) -> None:
    for module in written(programme):
        _, _, component = programme.places[module.id]
        for one in component.assessments:
            item = module.item(one.item) if one.item and one.id == "oral" else None
            if item is not None:
                assert isinstance(item, Assignment), item.ref
                assert any(isinstance(part.answer, Voice) for part in item.questions), item.ref


def test_the_public_modules_open_without_an_account(programme: Programme) -> None:
    for name in ("public-centre-contact", "public-six-temps", "public-reclamer"):
        module = programme.modules[name]
        assert module.is_public
        assert all(lesson.is_public for lesson in lessons_in(module)), name


def test_the_positioning_test_has_thirty_items_and_advice_for_every_result(programme: Programme) -> None:
    test = programme.find_item("positionnement/test")
    assert isinstance(test, Quiz)
    assert len(asked_in(test)) == 30
    parts = {tag for question in test.questions for tag in question.tags}
    for share in (Fraction(0), Fraction(4, 7), Fraction(1)):
        given = advice_given(test.advice, dict.fromkeys(parts, share))
        assert set(given) == parts
        assert all(one.to and isinstance(programme.find_item(one.to), Lesson | Quiz) for one in given.values())


def test_what_pedagogy_counts_is_what_the_command_counts(programme: Programme) -> None:
    told = (ROOT / "docs" / "pedagogy.md").read_text()
    assert "\n".join(counts_table(programme)) in told, "run: flask --app wsgi courses count, and paste its table"
