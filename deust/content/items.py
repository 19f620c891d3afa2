"""A lesson, quiz, call or assignment file as an item of its module."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deust.content.assignments import assignment_of, check_hand_in
from deust.content.attributes import is_id
from deust.content.calls import Node, check_nodes, read_nodes
from deust.content.facts import Facts
from deust.content.fields import plain
from deust.content.lessons import lesson_minutes, read_checks
from deust.content.lines import Page, text_of
from deust.content.problems import Report
from deust.content.quizzes import (
    advice_of,
    check_advice,
    check_counts,
    check_settings,
    intro_of,
    minutes_of,
    read_questions,
    settings_of,
    split_body,
)
from deust.content.schema import (
    ITEM_HEADERS,
    AssignmentHeader,
    CallHeader,
    ItemHeader,
    LessonHeader,
    QuizHeader,
)
from deust.content.source import TextFile
from deust.content.strict_yaml import Document, Location
from deust.content.validation import validate
from deust.domain.learning import DEFAULT_COMPLETION, Announced, Assignment, Completion, Kind, Lesson, Quiz
from deust.domain.questions import Question

CALL_MINUTES = 20
ASSIGNMENT_MINUTES = 60

_EXPECTED = re.compile(r"##\s+Attendus\s*#*\s*")
_FILE_NAME = re.compile(r"([0-9]{1,3})-(.+)\.md")
_COMPLETIONS = {
    Kind.LESSON: (Completion.OPENED, Completion.READ, Completion.CHECKED),
    Kind.QUIZ: (Completion.OPENED, Completion.ATTEMPTED, Completion.PASSED),
    Kind.CALL: (Completion.OPENED, Completion.ATTEMPTED, Completion.HANDED_IN, Completion.PASSED),
    Kind.ASSIGNMENT: (Completion.OPENED, Completion.HANDED_IN, Completion.PASSED),
}


@dataclass(frozen=True)
class ItemFile:
    """An item and what the checks between files need: its header, its lines, the nodes of a call."""

    item: Lesson | Quiz | Announced
    header: ItemHeader
    lines: Mapping[Location, int]
    nodes: tuple[Node, ...] = ()

    @property
    def questions(self) -> tuple[Question, ...]:
        if isinstance(self.item, Quiz) and not isinstance(self.item, Assignment):
            return self.item.questions
        return self.item.checks if isinstance(self.item, Lesson) else ()

    def line_of(self, *location: str | int) -> int:
        return self.lines.get(location, self.lines.get(location[:1], 1))


def read_item(file: TextFile, page: Page, document: Document, facts: Facts, report: Report) -> ItemFile | None:
    name = file.path.rsplit("/", 1)[-1]
    found = _FILE_NAME.fullmatch(name)
    if not found or not is_id(found.group(2)):
        report.error(1, f"nom de fichier refusé : « {name} »", "un numéro, un tiret, un identifiant : 01-accueil.md")
        return None
    header = _header(document, report)
    if header is None:
        _read_on(document.data.get("kind", Kind.LESSON), page, report)
        return None
    shared = _shared(file, header, int(found.group(1)), found.group(2), report, document)
    if isinstance(header, LessonHeader):
        return _lesson(header, page, document, facts, report, shared)
    if isinstance(header, QuizHeader):
        return _quiz(header, page, document, report, shared)
    if isinstance(header, CallHeader):
        return _call(header, page, document, report, shared)
    if isinstance(header, AssignmentHeader):
        return _assignment(header, page, document, report, shared)
    return None


def _read_on(kind: object, page: Page, report: Report) -> None:
    """Report what is wrong under a header that is refused, so that its author meets all of it at once."""
    if kind == Kind.LESSON:
        read_checks(page.lines, report)
    elif kind == Kind.QUIZ:
        read_questions(split_body(page.lines, report), report)
    elif kind == Kind.CALL:
        read_nodes(page.lines, report)


def _header(document: Document, report: Report) -> ItemHeader | None:
    kind = document.data.get("kind", "lesson")
    if not isinstance(kind, str) or kind not in ITEM_HEADERS:
        known = ", ".join(ITEM_HEADERS)
        report.error(
            document.line_of(("kind",)), f"« kind » : « {kind} » n'est pas une valeur admise", f"une de : {known}"
        )
        return None
    return validate(ITEM_HEADERS[kind], document, report)


def _shared(
    file: TextFile, header: ItemHeader, number: int, item_id: str, report: Report, document: Document
) -> dict[str, Any]:
    kind = Kind(getattr(header, "kind", "lesson"))
    completion = header.complete or DEFAULT_COMPLETION[kind]
    if completion not in _COMPLETIONS[kind]:
        admitted = ", ".join(_COMPLETIONS[kind])
        report.error(
            document.line_of(("complete",)), f"« complete: {completion} » n'a pas de sens ici", f"une de : {admitted}"
        )
    if header.week and header.due and header.due < header.week:
        report.error(document.line_of(("due",)), "l'échéance précède la semaine de travail", "vérifiez week et due")
    return {
        "module": file.path.split("/")[1],
        "id": item_id,
        "kind": kind,
        "number": number,
        "title": header.title,
        "completion": completion,
        "week": header.week,
        "due_week": header.due,
        "outcomes": tuple(header.outcomes),
        "requires": tuple(header.requires),
        "is_public": header.public,
        "aliases": tuple(header.aliases),
        "version": file.digest,
        "path": file.path,
    }


def _lesson(
    header: LessonHeader, page: Page, document: Document, facts: Facts, report: Report, shared: dict[str, Any]
) -> ItemFile:
    lesson = Lesson(
        **shared,
        minutes=lesson_minutes(header, facts, 0),
        body=page.body,
        checks=read_checks(page.lines, report),
        sources=tuple(header.sources),
        reviewed=header.reviewed,
        valid_until=header.valid_until,
    )
    if not page.body:
        report.warn(1, "leçon sans texte", "écrivez-la sous l'en-tête")
    return ItemFile(lesson, header, document.lines)


def _quiz(header: QuizHeader, page: Page, document: Document, report: Report, shared: dict[str, Any]) -> ItemFile:
    body = split_body(page.lines, report)
    questions = read_questions(body, report)
    settings = settings_of(header)
    line = document.line_of(("draw",) if header.draw is not None else ("show",))
    check_settings(settings, questions, line, report)
    check_advice(header, questions, document.line_of(("advice",)), report)
    check_counts(header, document.line_of(("counts",)), report)
    quiz = Quiz(
        **shared,
        minutes=minutes_of(header, settings, questions),
        settings=settings,
        intro=intro_of(body),
        sections=tuple(body.sections),
        questions=questions,
        advice=advice_of(header),
        counts=header.counts,
    )
    return ItemFile(quiz, header, document.lines)


def _call(header: CallHeader, page: Page, document: Document, report: Report, shared: dict[str, Any]) -> ItemFile:
    nodes = read_nodes(page.lines, report)
    check_nodes(nodes, header.state, report)
    meta = _meta(header)
    meta["intro"] = page.body.partition("\n## ")[0].strip() if not page.body.startswith("## ") else ""
    call = Announced(**shared, minutes=header.minutes or CALL_MINUTES, meta=meta)
    return ItemFile(call, header, document.lines, tuple(nodes))


def _assignment(
    header: AssignmentHeader, page: Page, document: Document, report: Report, shared: dict[str, Any]
) -> ItemFile:
    if header.minutes is None:
        report.warn(1, "durée du devoir absente", f"ajoutez minutes: ; {ASSIGNMENT_MINUTES} sont comptées")
    check_hand_in(header, document, report)
    brief, expected = _brief_and_expected(page)
    minutes = header.minutes or ASSIGNMENT_MINUTES
    item = assignment_of(header, shared, minutes=minutes, brief=brief, expected=expected)
    return ItemFile(item, header, document.lines)


def _brief_and_expected(page: Page) -> tuple[str, str]:
    """What students read, and what « ## Attendus » keeps for markers: everything after that heading."""
    for place, line in enumerate(page.lines):
        if line.fence is None and _EXPECTED.fullmatch(line.text):
            return text_of(page.lines[:place]), text_of(page.lines[place + 1 :])
    return text_of(page.lines), ""


def _meta(header: ItemHeader) -> dict[str, object]:
    """What the kind adds to the keys that every item has."""
    shared = set(ItemHeader.model_fields) | {"kind"}
    return {name: part for name, part in plain(header).items() if name not in shared}
