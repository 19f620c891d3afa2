"""What anyone may know of the diploma: its figures, its public modules, its public lessons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deust.domain.learning import Lesson, Module, Programme, Unit
from deust.domain.progress import AnyItem
from deust.queries.items import is_open_module, open_module_url, open_modules, public_lessons
from deust.queries.public_modules import open_items


@dataclass(frozen=True, kw_only=True)
class PublicSemester:
    number: int
    ects: int
    hours: int
    units: tuple[Unit, ...]


@dataclass(frozen=True, kw_only=True)
class OpenModuleCard:
    """A public module in a list."""

    title: str
    url: str
    lesson_count: int
    has_quiz: bool
    minutes: int


@dataclass(frozen=True, kw_only=True)
class PublicHomePage:
    """What anyone may know of the diploma; every figure is counted from the programme."""

    title: str
    ects: int
    hours: int
    stage_weeks: int
    component_count: int
    stage_count: int
    semesters: tuple[PublicSemester, ...]
    open_modules: tuple[OpenModuleCard, ...]
    lessons: tuple[Lesson, ...]
    more_lessons: tuple[Lesson, ...]


def public_home_page(programme: Programme) -> PublicHomePage:
    """What a visitor sees of the diploma: its public modules; of its public lessons, the first of each other module,
    then all that remain.
    """
    semesters = tuple(
        PublicSemester(
            number=number,
            ects=semester.ects,
            hours=sum(component.hours for unit in semester.units for component in unit.components),
            units=semester.units,
        )
        for number, semester in enumerate(programme.semesters, 1)
    )
    lessons = list(public_lessons(programme))
    first = {
        lesson.module: lesson for lesson in reversed(lessons) if not is_open_module(programme.modules[lesson.module])
    }
    components = [component for semester in semesters for unit in semester.units for component in unit.components]
    return PublicHomePage(
        title=programme.title,
        ects=sum(semester.ects for semester in semesters),
        hours=sum(semester.hours for semester in semesters),
        stage_weeks=sum(component.stage_weeks or 0 for component in components),
        component_count=len(components),
        stage_count=sum(component.stage_weeks is not None for component in components),
        semesters=semesters,
        open_modules=open_module_cards(programme),
        lessons=tuple(lesson for lesson in lessons if first.get(lesson.module) is lesson),
        more_lessons=tuple(lesson for lesson in lessons if first.get(lesson.module) is not lesson),
    )


def open_module_cards(programme: Programme) -> tuple[OpenModuleCard, ...]:
    """The public modules, each with what it opens to everyone."""
    return tuple(_open_module_card(module, open_items(module, programme)) for module in open_modules(programme))


def _open_module_card(module: Module, items: Sequence[AnyItem]) -> OpenModuleCard:
    lesson_count = sum(isinstance(item, Lesson) for item in items)
    return OpenModuleCard(
        title=module.title,
        url=open_module_url(module.id),
        lesson_count=lesson_count,
        has_quiz=lesson_count < len(items),
        minutes=sum(item.minutes for item in items),
    )
