"""Public modules as readers without an account meet them: to read, to print, with a quiz to try."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction

from deust.content.gathering import Gathering
from deust.domain import marking
from deust.domain.learning import Lesson, Module, Programme, Quiz, RenderedLesson
from deust.domain.presenting import Piece, Presented, describe, present
from deust.domain.progress import AnyItem
from deust.domain.questions import HUMAN_MARKED, Info, Json, Question
from deust.domain.quizzes import Shown, shown
from deust.domain.reading import show_answer
from deust.queries.asked import AskedCheck, asked_check
from deust.queries.items import is_open_module, open_module_url, open_url

_LINK = re.compile(r'(?<= href=")/modules/([a-z0-9-]+)(?:/([a-z0-9-]+))?(?=["#])')


@dataclass(frozen=True, kw_only=True)
class Link:
    title: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Around:
    """Where an item stands in its public module: its place among what is open, and what comes before and after."""

    title: str
    url: str
    position: int
    total: int
    previous: Link | None
    following: Link | None


@dataclass(frozen=True, kw_only=True)
class OpenItem:
    """`left_out` are the questions of a quiz that need an account: a person marks them."""

    title: str
    kind: str
    minutes: int
    url: str
    left_out: int = 0


@dataclass(frozen=True, kw_only=True)
class OpenModulePage:
    """`reviewed` is the day of the oldest review, `is_outdated` says that a lesson may have aged."""

    module_id: str
    title: str
    url: str
    intro: str
    outcomes: tuple[str, ...]
    minutes: int
    items: tuple[OpenItem, ...]
    reviewed: date | None
    sources: tuple[str, ...]
    is_outdated: bool


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A lesson or a quiz on paper: HTML pieces and questions in reading order."""

    anchor: str
    title: str
    kind: str
    parts: tuple[tuple[str, str], ...]
    questions: Mapping[str, Presented]


@dataclass(frozen=True, kw_only=True)
class WholePage:
    module: OpenModulePage
    chapters: tuple[Chapter, ...]


@dataclass(frozen=True, kw_only=True)
class TriedQuestion:
    """A question on the page of a quiz; what solves it is there once it was answered.

    `refused` is why its answer could not be read.
    """

    number: int
    question: Presented
    section: str | None
    fields: Mapping[str, Sequence[str]]
    hints: tuple[str, ...] = ()
    refused: str | None = None
    is_answered: bool = False
    is_right: bool | None = None
    is_unreadable: bool = False
    points: Fraction | None = None
    feedback: tuple[str, ...] = ()
    right: tuple[Piece, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PublicQuizPage:
    """`score` is of the questions answered, out of all of them; None before."""

    around: Around
    title: str
    url: str
    intro: str
    questions: tuple[TriedQuestion, ...]
    left_out: int
    answered: int
    score: Fraction | None
    out_of: Fraction

    @property
    def asked(self) -> int:
        return sum(bool(one.number) for one in self.questions)

    @property
    def is_refused(self) -> bool:
        return any(one.refused for one in self.questions)


@dataclass(frozen=True, kw_only=True)
class Given:
    """What was posted for one question: its fields as typed, the answer read, or why it could not be."""

    fields: Mapping[str, Sequence[str]]
    answer: Json = None
    refused: str | None = None


def open_items(module: Module, programme: Programme) -> list[AnyItem]:
    """What a public module opens to everyone, in its order."""
    return [item for item in module.items if open_url(item, programme)] if is_open_module(module) else []


def around(item: AnyItem, programme: Programme) -> Around | None:
    """None for a lesson that is public alone, outside any public module."""
    module = programme.modules[item.module]
    items = open_items(module, programme)
    if item not in items:
        return None
    place = items.index(item)
    return Around(
        title=module.title,
        url=open_module_url(module.id),
        position=place + 1,
        total=len(items),
        previous=_link(items[place - 1], programme) if place else None,
        following=_link(items[place + 1], programme) if place + 1 < len(items) else None,
    )


def opened_links(html: str, programme: Programme) -> str:
    """The text with its links to pages of the course leading to what is open without an account, where there is."""

    def opened(link: re.Match[str]) -> str:
        module = programme.modules.get(link.group(1))
        if module is None:
            return link.group()
        if link.group(2) is None:
            return open_module_url(module.id) if is_open_module(module) else link.group()
        item = module.item(link.group(2))
        return (open_url(item, programme) if item else None) or link.group()

    return _LINK.sub(opened, html)


def open_module_page(programme: Programme, module: Module, *, intro: str, now: datetime) -> OpenModulePage:
    """`intro` is the module's introduction, rendered."""
    items = open_items(module, programme)
    lessons = [item for item in items if isinstance(item, Lesson)]
    reviewed = [date.fromisoformat(lesson.reviewed) for lesson in lessons if lesson.reviewed]
    return OpenModulePage(
        module_id=module.id,
        title=module.title,
        url=open_module_url(module.id),
        intro=opened_links(intro, programme),
        outcomes=tuple(outcome.title for outcome in module.outcomes),
        minutes=sum(item.minutes for item in items),
        items=tuple(_open_item(item, programme) for item in items),
        reviewed=min(reviewed, default=None),
        sources=tuple(dict.fromkeys(source for lesson in lessons for source in lesson.sources)),
        is_outdated=any(lesson.is_outdated(now.date()) for lesson in lessons),
    )


def whole_page(
    module: OpenModulePage, programme: Programme, pages: Iterable[tuple[Lesson, RenderedLesson] | Quiz]
) -> WholePage:
    """Every lesson and quiz of a public module one after the other, without anything that solves a question."""
    gathering = Gathering()
    chapters = [
        _quiz_chapter(page, number, gathering)
        if isinstance(page, Quiz)
        else _lesson_chapter(*page, number, gathering, programme)
        for number, page in enumerate(pages, 1)
    ]
    return WholePage(module=module, chapters=tuple(chapters))


def public_quiz_page(quiz: Quiz, programme: Programme, given: Mapping[str, Given] | None = None) -> PublicQuizPage:
    """`quiz` is rendered; `given` is what was posted, by question, and is kept nowhere."""
    place = around(programme.modules[quiz.module].item(quiz.id) or quiz, programme)
    if place is None:
        raise ValueError(quiz.ref)
    visible = shown(quiz.settings.show, handed_in=True, attempts_left=True, closed=False)
    asked = askable(quiz)
    numbers = {one.id: number for number, one in enumerate((one for one in asked if not _is_info(one)), 1)}
    questions = tuple(
        _tried(drawn, numbers.get(id_, 0), (given or {}).get(id_), visible)
        for id_, drawn in drawn_for_all(quiz).items()
    )
    answered = [one for one in questions if one.is_answered]
    has_score = visible.score and bool(answered)
    return PublicQuizPage(
        around=place,
        title=quiz.title,
        url=f"{open_module_url(quiz.module)}/quiz/{quiz.id}",
        intro=opened_links(quiz.intro, programme),
        questions=questions,
        left_out=len(quiz.questions) - len(asked),
        answered=len(answered),
        score=sum((one.points or Fraction(0) for one in answered), Fraction(0)) if has_score else None,
        out_of=sum((one.points for one in asked if not _is_info(one)), Fraction(0)),
    )


def drawn_for_all(quiz: Quiz) -> dict[str, AskedCheck]:
    """The questions that the page marks, the same for every reader: what is kept nowhere cannot be drawn again."""
    shuffles = quiz.settings.shuffle_options
    return {one.id: asked_check(one, person_id=0, shuffles=shuffles) for one in askable(quiz)}


def askable(quiz: Quiz) -> list[Question]:
    """The questions that the page itself can mark."""
    return [one for one in quiz.questions if not isinstance(one.answer, HUMAN_MARKED)]


def shows(quiz: Quiz, url: str) -> bool:
    """Whether the page of an open quiz may show a media: its introduction, or any text of a question that it asks."""
    return url in quiz.intro or any(url in repr(one) for one in askable(quiz))


def _is_info(question: Question) -> bool:
    return isinstance(question.answer, Info)


def _link(item: AnyItem, programme: Programme) -> Link:
    return Link(title=item.title, url=open_url(item, programme) or "")


def _open_item(item: AnyItem, programme: Programme) -> OpenItem:
    return OpenItem(
        title=item.title,
        kind=item.kind.value,
        minutes=item.minutes,
        url=open_url(item, programme) or "",
        left_out=len(item.questions) - len(askable(item)) if isinstance(item, Quiz) else 0,
    )


def _lesson_chapter(
    lesson: Lesson, rendered: RenderedLesson, number: int, gathering: Gathering, programme: Programme
) -> Chapter:
    prefix = f"p{number}-"
    written = [opened_links(part, programme) for kind, part in rendered.parts if kind == "html"]
    texts = iter(gathering.add(written, prefix))
    return Chapter(
        anchor=f"page-{number}",
        title=lesson.title,
        kind=lesson.kind.value,
        parts=tuple((kind, next(texts) if kind == "html" else part) for kind, part in rendered.parts),
        questions={id_: _on_paper(question, gathering, prefix) for id_, question in rendered.checks.items()},
    )


def _quiz_chapter(quiz: Quiz, number: int, gathering: Gathering) -> Chapter:
    prefix = f"p{number}-"
    asked = askable(quiz)
    return Chapter(
        anchor=f"page-{number}",
        title=quiz.title,
        kind=quiz.kind.value,
        parts=(("html", *gathering.add([quiz.intro], prefix)), *(("check", question.id) for question in asked)),
        questions={one.id: _on_paper(one, gathering, prefix, quiz.settings.shuffle_options) for one in asked},
    )


def _on_paper(question: Question, gathering: Gathering, prefix: str, shuffles: bool = True) -> Presented:
    asked = asked_check(question, person_id=0, shuffles=shuffles)
    shown_question = present(question, asked.placement, asked.values)
    return replace(shown_question, id=prefix + question.id, stem=gathering.add([shown_question.stem], prefix)[0])


def _tried(asked: AskedCheck, number: int, given: Given | None, visible: Shown) -> TriedQuestion:
    question = asked.question
    plain = TriedQuestion(
        number=number,
        question=present(question, asked.placement, asked.values),
        section=question.section,
        fields=given.fields if given else {},
        hints=tuple(marking.filled(hint, asked.values) for hint in question.hints),
        refused=given.refused if given else None,
    )
    if given is None or given.answer is None or given.refused or _is_info(question):
        return plain
    verdict = asked.mark(given.answer)
    general = marking.filled(question.feedback, asked.values)
    right = describe(question, marking.right_answer(question, asked.values), asked.values)
    return TriedQuestion(
        number=number,
        question=plain.question,
        section=question.section,
        fields=show_answer(question, asked.placement, given.answer),
        hints=plain.hints,
        is_answered=True,
        is_right=verdict.is_right if visible.correctness else None,
        is_unreadable=verdict.unreadable,
        points=marking.points(question, verdict) if visible.correctness else None,
        feedback=tuple(text for text in (*verdict.feedback, general) if text) if visible.feedback else (),
        right=right if visible.answers and not verdict.is_right else (),
    )
