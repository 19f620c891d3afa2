"""What someone learns from: home, programme, modules, lessons, glossary, search; and the public home."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from flask import Blueprint, Response, abort, redirect, render_template, request, send_file

from deust.content.problems import Level
from deust.domain.access import Permission, may
from deust.domain.errors import InvalidAnswer, NotFound, UnknownQuestion
from deust.domain.learning import Assignment, Lesson, Module, Quiz, RenderedLesson
from deust.domain.people import SignedIn
from deust.domain.progress import AnyItem
from deust.domain.questions import Json
from deust.domain.reading import Form
from deust.models.transaction import reading, writing
from deust.queries import assignments as assignment_pages
from deust.queries import learning as pages
from deust.queries import lessons, quiz_start
from deust.queries.asked import AskedCheck
from deust.queries.items import is_open_module, is_open_quiz, is_public, item_url
from deust.queries.progress import ensure_may_read, follows
from deust.queries.public_home import public_home_page
from deust.queries.public_modules import shows
from deust.queries.search import MAX_QUERY, search_page
from deust.services import learning as services
from deust.web import progress_waves as waves
from deust.web.check_posts import Unread, check_tried, filled_checks, read_try, tried_before
from deust.web.current import own_programme, permission, programme_with, tools, visitor, visitor_or_none
from deust.web.i18n import french
from deust.web.i18n import gettext as _

bp = Blueprint("learning", __name__)

END = "fin"
"""The anchor of a lesson's end."""

MEDIA_SECONDS = 7 * 24 * 3600
"""How long a browser keeps a media: its address carries the hash of its content."""

SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@bp.get("/")
@permission(Permission.PUBLIC)
def home() -> str:
    """What the diploma is, for anyone."""
    programme = own_programme()
    page = public_home_page(programme)
    text = _(
        "Le diplôme dessiné comme une voix : %(count)s modules, hauts selon leurs heures.", count=page.component_count
    )
    wave = waves.public_wave(programme, text)
    return render_template("learning/home.html", page=page, wave=wave, in_words=in_words)


@bp.get("/aujourdhui")
@permission(Permission.LEARNING_FOLLOW)
def today() -> str:
    """What to do now and how long it takes; then the rest."""
    with reading() as connection:
        page = pages.home_page(connection, learner=visitor(), programme=own_programme(), now=tools().clock())
    return render_template("learning/today.html", page=page, kinds=waves.kinds(), **waves.home_waves(page))


@bp.get("/programme")
@permission(Permission.LEARNING_READ)
def programme() -> str:
    """The semesters, their UE and what remains of each."""
    with reading() as connection:
        page = pages.programme_page(connection, learner=visitor(), programme=own_programme(), now=tools().clock())
    text = _("Une barre par unité, haute selon ses ECTS")
    if page.has_progress:
        text = _("Une barre par unité, haute selon ses ECTS, remplie selon ce que vous avez fait")
    units = {unit.id: waves.unit_wave(unit) for semester in page.semesters for unit in semester.units if unit.statuses}
    diploma = waves.diploma_wave(page.semesters, text)
    return render_template("learning/programme.html", page=page, diploma=diploma, waves=units, in_words=in_words)


@bp.get("/modules/<module_id>")
@permission(Permission.LEARNING_READ)
def module(module_id: str) -> str:
    """The module as a wave and as a list, and where to go on."""
    found = _module(module_id)
    intro = tools().catalogue.module(found.id).intro
    with reading() as connection:
        page = pages.module_page(
            connection, learner=visitor(), programme=own_programme(), module=found, intro=intro, now=tools().clock()
        )
    wave = waves.page_wave(page)
    return render_template("learning/module.html", page=page, wave=wave, kinds=waves.kinds())


@bp.get("/modules/<module_id>/<item_id>")
@permission(Permission.LEARNING_READ)
def item(module_id: str, item_id: str) -> Response | str:
    """A lesson, the start of a quiz, or what will come; a former address leads to the present one."""
    found = _item(module_id, item_id)
    if found.id != item_id:
        return redirect(item_url(found), 301)
    if isinstance(found, Lesson):
        return _show_lesson(found, visitor())
    if isinstance(found, Assignment):
        return _show_assignment(found)
    if isinstance(found, Quiz):
        return _show_quiz(found)
    return _show_announced(found)


@bp.get("/lecons/<module_id>/<item_id>")
@permission(Permission.PUBLIC)
def public_lesson(module_id: str, item_id: str) -> str:
    """A lesson open to readers without an account."""
    return _show_lesson(_public_lesson(module_id, item_id), None)


@bp.post("/modules/<module_id>/<item_id>/compris")
@permission(Permission.LEARNING_FOLLOW)
def understood(module_id: str, item_id: str) -> Response | str:
    """« J'ai compris, suite »: on to the next item, or back to the checks that remain."""
    lesson = _lesson(module_id, item_id)
    with writing() as session:
        result = services.understood(
            session, learner=visitor(), programme=own_programme(), lesson=lesson, now=tools().clock()
        )
    if not result.is_done:
        return _back_to(END, lesson, filled_checks(tools().catalogue.lesson(lesson.ref).checks))
    return redirect(lessons.following_url(lesson, own_programme()), 303)


@bp.post("/modules/<module_id>/<item_id>/place")
@permission(Permission.LEARNING_FOLLOW)
def keep_place(module_id: str, item_id: str) -> dict[str, bool]:
    """Where the reader is, told by the page's script."""
    lesson = _lesson(module_id, item_id)
    place, permille = _posted_place(lesson)
    with writing() as session:
        services.keep_place(
            session,
            learner=visitor(),
            programme=own_programme(),
            lesson=lesson,
            place=place,
            permille=permille,
            now=tools().clock(),
        )
    return {"kept": True}


@bp.post("/modules/<module_id>/<item_id>/verifier/<question_id>")
@permission(Permission.LEARNING_READ)
def check(module_id: str, item_id: str, question_id: str) -> Response | str | tuple[str, int]:
    """Try a check-yourself question; the try of a student is kept, that of staff is only shown."""
    return _try(_lesson(module_id, item_id), question_id, visitor())


@bp.post("/lecons/<module_id>/<item_id>/verifier/<question_id>")
@permission(Permission.PUBLIC)
def check_public(module_id: str, item_id: str, question_id: str) -> Response | str | tuple[str, int]:
    """Try a check-yourself question of a public lesson: answered on the page, kept nowhere."""
    return _try(_public_lesson(module_id, item_id), question_id, None)


@bp.get("/glossaire")
@permission(Permission.PUBLIC)
def glossary() -> str:
    """The trade's words, explained."""
    return render_template("learning/glossary.html", terms=tools().catalogue.glossary(own_programme().id))


@bp.get("/recherche")
@permission(Permission.PUBLIC)
def search() -> str:
    """Lessons and words found, among those that the asker may open."""
    query = request.args.get("q", "")[:MAX_QUERY].strip()
    with reading() as connection:
        page = search_page(connection, query, programme=own_programme(), learner=visitor_or_none(), now=tools().clock())
    return render_template("learning/search.html", page=page)


@bp.get("/cours/<module_id>/media/<path:name>")
@permission(Permission.PUBLIC)
def media(module_id: str, name: str) -> Response:
    """A picture, a sound, a film of a module; who may not read it fetches only those of what is public in it."""
    path = tools().catalogue.media_path(module_id, name)
    if path is None:
        raise NotFound
    _ensure_may_fetch(module_id)
    media_type = tools().catalogue.media_type(module_id, name)
    response = send_file(path, mimetype=media_type, download_name=name.rpartition("/")[2])
    response.headers["Cache-Control"] = f"private, max-age={MEDIA_SECONDS}"
    if media_type == "image/svg+xml":
        response.headers["Content-Security-Policy"] = SVG_POLICY
    return response


@bp.get("/cours/problemes")
@permission(Permission.COURSES_INSPECT)
def course_problems() -> str:
    """Everything wrong in the course files, with the place and the remedy."""
    problems = [problem for problem in tools().catalogue.problems if problem.level is not Level.INFO]
    return render_template("learning/course_problems.html", problems=problems, french=french)


def in_words(number: int) -> str:
    """A small number as a sentence writes it: « seize »; others in figures."""
    words = _("zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize").split()
    return words[number] if 0 <= number < len(words) else str(number)


def _module(module_id: str) -> Module:
    found = own_programme().modules.get(module_id)
    if found is None:
        raise NotFound
    ensure_may_read(visitor(), own_programme())
    return found


def _item(module_id: str, item_id: str) -> AnyItem:
    found = _module(module_id).item(item_id)
    if found is None:
        raise NotFound
    return found


def _lesson(module_id: str, item_id: str) -> Lesson:
    found = _item(module_id, item_id)
    if not isinstance(found, Lesson):
        raise NotFound
    return found


def _public_lesson(module_id: str, item_id: str) -> Lesson:
    programme = programme_with(module_id)
    found = programme.find_item(f"{module_id}/{item_id}")
    if not isinstance(found, Lesson) or not is_public(found, programme):
        raise NotFound
    return found


def _asked(lesson: Lesson, question_id: str, learner: SignedIn | None) -> AskedCheck:
    rendered = tools().catalogue.lesson(lesson.ref)
    return lessons.get_check(rendered, question_id, person_id=learner.person_id if learner else 0)


def _try(lesson: Lesson, pressed: str, learner: SignedIn | None) -> Response | str | tuple[str, int]:
    """Mark one check; what is filled in the others stays on the page, and what the page showed as tried stays so."""
    filled = filled_checks(tools().catalogue.lesson(lesson.ref).checks)
    tried = check_tried(pressed, filled)
    asked = _asked(lesson, tried, learner)
    is_kept = follows(learner, own_programme())
    tries = None if is_kept else _tries_before(lesson, filled, learner)
    try:
        answer = read_try(asked, filled.get(tried, {}))
    except Unread as unread:
        return _show_lesson(lesson, learner, tries=tries, typed=filled, problem=(tried, unread.words)), 422
    typed = {key: fields for key, fields in filled.items() if key != tried}
    if tries is not None:
        return _show_lesson(lesson, learner, tries={**tries, tried: answer}, typed=typed)
    _keep_try(lesson, asked, answer)
    return _back_to(f"q-{tried}", lesson, typed)


def _back_to(anchor: str, lesson: Lesson, typed: Mapping[str, Form]) -> Response | str:
    """The lesson at this place; shown at once when something typed would be lost on the way."""
    page = _lesson_page(lesson, visitor())
    if all(page.checks[key].shows(fields) for key, fields in typed.items()):
        return redirect(f"{item_url(lesson)}#{anchor}", 303)
    return _show_lesson(lesson, visitor(), typed=typed, is_at_end=anchor == END)


def _tries_before(lesson: Lesson, filled: Mapping[str, Form], learner: SignedIn | None) -> dict[str, Json]:
    """The answers that the page showed as tried, for whom nothing is kept of it."""
    tries = {}
    for key in tried_before():
        with suppress(Unread, UnknownQuestion, InvalidAnswer):
            tries[key] = read_try(_asked(lesson, key, learner), filled.get(key, {}))
    return tries


def _keep_try(lesson: Lesson, asked: AskedCheck, answer: Json) -> None:
    with writing() as session:
        services.try_check(
            session,
            learner=visitor(),
            programme=own_programme(),
            lesson=lesson,
            question=asked.question,
            answer=answer,
            verdict=asked.mark(answer),
            now=tools().clock(),
        )


def _show_lesson(
    lesson: Lesson,
    learner: SignedIn | None,
    *,
    tries: Mapping[str, Json] | None = None,
    typed: Mapping[str, Form] | None = None,
    problem: tuple[str, str] | None = None,
    is_at_end: bool = False,
) -> str:
    """`tries` are shown in place of those kept; `typed` fills checks not tried; `problem` is a check's, in words."""
    page = _lesson_page(lesson, learner, tries).filled(typed or {})
    if page.is_locked:
        return render_template("learning/locked.html", page=page, kinds=waves.kinds())
    return render_template("learning/lesson.html", page=page, problem=problem, is_at_end=is_at_end, end=END)


def _lesson_page(
    lesson: Lesson, learner: SignedIn | None, tries: Mapping[str, Json] | None = None
) -> lessons.LessonPage:
    with reading() as connection:
        return lessons.lesson_page(
            connection,
            learner=learner,
            programme=programme_with(lesson.module),
            lesson=lesson,
            rendered=tools().catalogue.lesson(lesson.ref),
            now=tools().clock(),
            tries=tries,
        )


def _show_quiz(quiz: Quiz) -> str:
    found = tools().catalogue.quiz(quiz.ref)
    with reading() as connection:
        page = quiz_start.start_page(
            connection, learner=visitor(), quiz=found, programme=own_programme(), now=tools().clock()
        )
    return render_template("quizzes/start.html", page=page, module=own_programme().modules[quiz.module])


def _show_assignment(assignment: Assignment) -> str:
    found = tools().catalogue.quiz(assignment.ref)
    if not isinstance(found, Assignment):
        raise NotFound
    with reading() as connection:
        page = assignment_pages.brief_page(
            connection, learner=visitor(), assignment=found, programme=own_programme(), now=tools().clock()
        )
    return render_template("assignments/brief.html", page=page, module=own_programme().modules[found.module])


def _show_announced(found: AnyItem) -> str:
    with reading() as connection:
        page = lessons.announced_page(
            connection, learner=visitor(), programme=own_programme(), item=found, now=tools().clock()
        )
    return render_template("learning/announced.html", page=page, kinds=waves.kinds())


def _posted_place(lesson: Lesson) -> tuple[str, int]:
    """The place and the share read that a script sends; refuses what is none of the lesson's."""
    posted = request.get_json(silent=True)
    if not isinstance(posted, dict):
        abort(400)
    place, permille = posted.get("place"), posted.get("permille")
    anchors = ["", *(heading.anchor for heading in tools().catalogue.lesson(lesson.ref).headings)]
    if place not in anchors or type(permille) is not int or not 0 <= permille <= 1000:
        abort(400)
    return place, permille


def _ensure_may_fetch(module_id: str) -> None:
    """Who may read the module may fetch its media; anyone else, only what stands in what is public."""
    person = visitor_or_none()
    if _is_public_media(module_id, request.path):
        return
    if person is None or not may(person.role, Permission.LEARNING_READ):
        abort(403 if person else 401)
    _module(module_id)


def _is_public_media(module_id: str, url: str) -> bool:
    """Whether a public lesson, or the introduction or a quiz of a public module, shows it."""
    programme, catalogue = programme_with(module_id), tools().catalogue
    module = programme.modules.get(module_id)
    if module is None:
        return False
    if is_open_module(module) and url in catalogue.module(module_id).intro:
        return True
    return any(
        shows(catalogue.quiz(item.ref), url)
        if is_open_quiz(item, programme)
        else is_public(item, programme) and _stands_in(url, catalogue.lesson(item.ref))
        for item in module.items
    )


def _stands_in(url: str, lesson: RenderedLesson) -> bool:
    return any(url in markup for kind, markup in lesson.parts if kind == "html")
