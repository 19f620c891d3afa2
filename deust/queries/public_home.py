"""What anyone may know of the diploma: its figures, its documents, its public lessons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deust.domain.learning import Lesson, Module, Programme, Unit
from deust.domain.progress import AnyItem
from deust.queries.items import document_url, documents, is_document, public_lessons
from deust.queries.public_modules import open_items


@dataclass(frozen=True, kw_only=True)
class PublicSemester:
    number: int
    ects: int
    hours: int
    units: tuple[Unit, ...]


@dataclass(frozen=True, kw_only=True)
class DocumentCard:
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
    documents: tuple[DocumentCard, ...]
    lessons: tuple[Lesson, ...]
    more_lessons: tuple[Lesson, ...]


def public_home_page(programme: Programme) -> PublicHomePage:
    """What a visitor sees of the diploma: its documents; of its public lessons, the first of each other module, then
    all that remain.
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
    first = {lesson.module: lesson for lesson in reversed(lessons) if not is_document(programme.modules[lesson.module])}
    components = [component for semester in semesters for unit in semester.units for component in unit.components]
    return PublicHomePage(
        title=programme.title,
        ects=sum(semester.ects for semester in semesters),
        hours=sum(semester.hours for semester in semesters),
        stage_weeks=sum(component.stage_weeks or 0 for component in components),
        component_count=len(components),
        stage_count=sum(component.stage_weeks is not None for component in components),
        semesters=semesters,
        documents=document_cards(programme),
        lessons=tuple(lesson for lesson in lessons if first.get(lesson.module) is lesson),
        more_lessons=tuple(lesson for lesson in lessons if first.get(lesson.module) is not lesson),
    )


def document_cards(programme: Programme) -> tuple[DocumentCard, ...]:
    """The public modules, each with what it opens to everyone."""
    return tuple(_document_card(module, open_items(module, programme)) for module in documents(programme))


def _document_card(module: Module, items: Sequence[AnyItem]) -> DocumentCard:
    lesson_count = sum(isinstance(item, Lesson) for item in items)
    return DocumentCard(
        title=module.title,
        url=document_url(module.id),
        lesson_count=lesson_count,
        has_quiz=lesson_count < len(items),
        minutes=sum(item.minutes for item in items),
    )
