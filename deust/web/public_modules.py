"""Public modules, open without an account: the page of each, the whole of it to print, its quiz to try."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, render_template

from deust.domain.access import Permission
from deust.domain.errors import InvalidAnswer, NotFound
from deust.domain.learning import Lesson, Module, Quiz, RenderedLesson
from deust.queries import public_modules as pages
from deust.queries.asked import AskedCheck
from deust.queries.items import is_open_module, is_open_quiz
from deust.queries.progress import follows
from deust.web.answer_posts import OWN_MISTAKES, own_fields, posted_form, unread_words
from deust.web.current import permission, programme_with, tools, visitor_or_none

bp = Blueprint("public_modules", __name__)


@bp.get("/documents/<module_id>")
@permission(Permission.PUBLIC)
def open_module(module_id: str) -> str:
    """A public module: what it says, how long it takes, its lessons and its quiz."""
    module = _open_module(module_id)
    return render_template("learning/open_module.html", page=_page(module), has_space=_has_space(module))


@bp.get("/documents/<module_id>/tout-lire")
@permission(Permission.PUBLIC)
def whole(module_id: str) -> str:
    """The whole module on one page, to read at once or to print; nothing that solves a question."""
    module = _open_module(module_id)
    page = pages.whole_page(_page(module), programme_with(module_id), _rendered(module))
    return render_template("learning/whole_module.html", page=page, base_url=tools().base_url)


@bp.get("/documents/<module_id>/quiz/<item_id>")
@permission(Permission.PUBLIC)
def quiz(module_id: str, item_id: str) -> str:
    """The training quiz of a public module, on one page."""
    page = pages.public_quiz_page(_quiz(module_id, item_id), programme_with(module_id))
    return render_template("learning/public_quiz.html", page=page, is_empty=False)


@bp.post("/documents/<module_id>/quiz/<item_id>")
@permission(Permission.PUBLIC)
def try_quiz(module_id: str, item_id: str) -> tuple[str, int]:
    """The quiz with what was answered marked and commented on the page: kept nowhere."""
    found = _quiz(module_id, item_id)
    given = {id_: _given(asked) for id_, asked in pages.drawn_for_all(found).items()}
    page = pages.public_quiz_page(found, programme_with(module_id), given)
    is_empty = not page.answered and not page.is_refused
    status = 422 if is_empty or page.is_refused else 200
    return render_template("learning/public_quiz.html", page=page, is_empty=is_empty), status


def _open_module(module_id: str) -> Module:
    found = programme_with(module_id).modules.get(module_id)
    if found is None or not is_open_module(found):
        raise NotFound
    return found


def _quiz(module_id: str, item_id: str) -> Quiz:
    found = _open_module(module_id).item(item_id)
    if found is None or not is_open_quiz(found, programme_with(module_id)):
        raise NotFound
    return tools().catalogue.quiz(found.ref)


def _page(module: Module) -> pages.OpenModulePage:
    intro = tools().catalogue.module(module.id).intro
    return pages.open_module_page(programme_with(module.id), module, intro=intro, now=tools().clock())


def _rendered(module: Module) -> Iterator[tuple[Lesson, RenderedLesson] | Quiz]:
    for item in pages.open_items(module, programme_with(module.id)):
        if isinstance(item, Lesson):
            yield item, tools().catalogue.lesson(item.ref)
        else:
            yield tools().catalogue.quiz(item.ref)


def _has_space(module: Module) -> bool:
    """Whether who reads has the module in their own space: students of the programme, and staff."""
    person = visitor_or_none()
    if person is None or not person.reads_programme:
        return False
    return follows(person, programme_with(module.id)) or person.follows_cohorts


def _given(asked: AskedCheck) -> pages.Given:
    fields = own_fields(asked.question.id, posted_form())
    try:
        return pages.Given(fields=fields, answer=asked.read(fields))
    except InvalidAnswer as refusal:
        if refusal.reason not in OWN_MISTAKES:
            raise
        return pages.Given(fields=fields, refused=unread_words(refusal))
