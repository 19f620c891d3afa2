"""A lesson on its page, and the check-yourself questions in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection

from deust.domain import marking
from deust.domain.errors import UnknownQuestion
from deust.domain.learning import Announced, Lesson, Programme, RenderedLesson
from deust.domain.people import SignedIn
from deust.domain.presenting import Piece, Presented, describe, present
from deust.domain.progress import AnyItem, State, checks_left, find_standing
from deust.domain.questions import Info, Json
from deust.domain.reading import Form, show_answer
from deust.queries.asked import AskedCheck, asked_check
from deust.queries.items import Row, item_url, module_code, module_url, numbered_row, public_url
from deust.queries.progress import follows, progress_of
from deust.queries.public_modules import Around, around, opened_links


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A check-yourself question on its page. Nothing that solves it is here before a try."""

    question: Presented
    url: str
    fields: Form = field(default_factory=dict)
    hints: tuple[str, ...] = ()
    is_tried: bool = False
    is_right: bool | None = None
    is_unreadable: bool = False
    feedback: tuple[str, ...] = ()
    right: tuple[Piece, ...] = ()

    def shows(self, fields: Form) -> bool:
        """Whether these fields are already filled so."""
        return _words(fields) == _words(self.fields)


def _words(fields: Form) -> dict[str, list[str]]:
    """What is filled, without regard to the order of boxes ticked and the width of spaces."""
    words = {name: sorted(" ".join(text.split()) for text in texts if text.strip()) for name, texts in fields.items()}
    return {name: texts for name, texts in words.items() if texts}


@dataclass(frozen=True, kw_only=True)
class LessonPage:
    """`parts` alternates HTML and checks; `left` are the checks still to try; `place` is where reading stopped.

    `around` is the public module that a reader without an account reads in.
    """

    lesson: Lesson
    module_title: str
    module_url: str
    code: str
    url: str
    parts: tuple[tuple[str, str], ...]
    outline: tuple[tuple[str, str], ...]
    checks: Mapping[str, Check]
    left: tuple[Check, ...]
    row: Row
    total: int
    place: str | None
    next_url: str
    has_progress: bool
    is_read: bool
    is_outdated: bool
    around: Around | None

    @property
    def is_locked(self) -> bool:
        return self.row.state == State.LOCKED

    def filled(self, typed: Mapping[str, Form]) -> LessonPage:
        """The page with what is typed in some checks and was not tried."""
        if not typed:
            return self
        checks = {key: replace(one, fields=typed.get(key, one.fields)) for key, one in self.checks.items()}
        return replace(self, checks=checks)


def get_check(rendered: RenderedLesson, question_id: str, *, person_id: int) -> AskedCheck:
    """The lesson's question of this id. Refuses any other, and one that asks nothing."""
    question = rendered.checks.get(question_id)
    if question is None or isinstance(question.answer, Info):
        raise UnknownQuestion
    return asked_check(question, person_id=person_id)


def following_url(lesson: Lesson, programme: Programme) -> str:
    """Where « suite » leads: the next item that exists, else back to the module."""
    module = programme.modules[lesson.module]
    later = module.items[module.items.index(lesson) + 1 :]
    following = next((item for item in later if not isinstance(item, Announced)), None)
    return item_url(following) if following else module_url(module.id)


@dataclass(frozen=True, kw_only=True)
class AnnouncedPage:
    """An item that is not there yet, or not open to this person yet."""

    module_title: str
    module_url: str
    row: Row
    total: int


def announced_page(
    connection: Connection, *, learner: SignedIn, programme: Programme, item: AnyItem, now: datetime
) -> AnnouncedPage:
    module = programme.modules[item.module]
    progress = progress_of(connection, learner=learner, programme=programme, now=now, module=module, item=item)
    return AnnouncedPage(
        module_title=module.title,
        module_url=module_url(module.id),
        row=numbered_row(progress.status(item), progress),
        total=len(module.items),
    )


def lesson_page(
    connection: Connection,
    *,
    learner: SignedIn | None,
    programme: Programme,
    lesson: Lesson,
    rendered: RenderedLesson,
    now: datetime,
    tries: Mapping[str, Json] | None = None,
) -> LessonPage:
    """One statement; none for a guest, who reads at the public address.

    `tries` are answers just given by someone whose tries are not kept.
    """
    module = programme.modules[lesson.module]
    progress = progress_of(connection, learner=learner, programme=programme, now=now, module=module, item=lesson)
    standing = find_standing(lesson, progress.standings)
    if tries is None:
        tries = standing.checks_tried if standing else {}
    url = item_url(lesson) if learner else public_url(lesson)
    checks = _checks(rendered, url, person_id=learner.person_id if learner else 0, tries=tries)
    return LessonPage(
        lesson=lesson,
        module_title=module.title,
        module_url=module_url(module.id),
        code=module_code(programme, module.id),
        url=url,
        parts=rendered.parts if learner else _opened(rendered, programme),
        outline=tuple((heading.anchor, heading.title) for heading in rendered.headings if heading.level == 2),
        checks=checks,
        left=tuple(checks[question_id] for question_id in checks_left(lesson, standing) if question_id in checks),
        row=numbered_row(progress.status(lesson), progress),
        total=len(module.items),
        place=standing.place if standing else None,
        next_url=following_url(lesson, programme) if learner else "/",
        has_progress=follows(learner, programme),
        is_read=standing is not None and standing.read_at is not None,
        is_outdated=lesson.is_outdated(now.date()),
        around=None if learner else around(lesson, programme),
    )


def _opened(rendered: RenderedLesson, programme: Programme) -> tuple[tuple[str, str], ...]:
    """The lesson with links that a reader without an account can follow."""
    return tuple((kind, opened_links(part, programme) if kind == "html" else part) for kind, part in rendered.parts)


def _checks(rendered: RenderedLesson, url: str, *, person_id: int, tries: Mapping[str, Json]) -> dict[str, Check]:
    return {
        question.id: _check(
            asked_check(question, person_id=person_id),
            f"{url}/verifier/{question.id}",
            json.dumps(tries[question.id]) if question.id in tries else None,
        )
        for question in rendered.checks.values()
    }


@lru_cache(maxsize=512)
def _check(asked: AskedCheck, url: str, tried: str | None) -> Check:
    """The check as whoever drew it so sees it, what they last answered as JSON: few draws and answers differ.

    What explains the answer waits for a number that can be read.
    """
    question, values = asked.question, asked.values
    shown = present(question, asked.placement, values)
    hints = tuple(marking.filled(hint, values) for hint in question.hints)
    if tried is None:
        return Check(question=shown, url=url, hints=hints)
    answer = json.loads(tried)
    verdict = asked.mark(answer)
    general = (marking.filled(question.feedback, values),) if question.feedback else ()
    is_right, is_read = verdict.is_right, not verdict.unreadable
    return Check(
        question=shown,
        url=url,
        fields=show_answer(question, asked.placement, answer),
        hints=hints,
        is_tried=True,
        is_right=is_right,
        is_unreadable=verdict.unreadable,
        feedback=(*verdict.feedback, *general) if is_read else (),
        right=describe(question, marking.right_answer(question, values), values) if is_read and not is_right else (),
    )
