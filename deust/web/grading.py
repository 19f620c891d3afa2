"""« À corriger »: the queue, one copy with its grid, marks given back, copies shared out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, render_template, request, url_for
from wtforms.validators import DataRequired

from deust.domain.access import Permission
from deust.domain.copies import MOST_COMMENT, Work
from deust.domain.errors import Forbidden, InvalidAnswer, NotFound, NotReady
from deust.domain.learning import Quiz
from deust.domain.rubric import set_hash
from deust.models.transaction import Connection, Session, reading, writing
from deust.queries import grading as lists
from deust.queries import grid_changes as effects
from deust.queries import marking as pages
from deust.queries import queue as queues
from deust.queries import versions
from deust.queries.copies import copy_file as find_file
from deust.queries.copies import copy_picture as find_picture
from deust.queries.copies import copy_sound as find_sound
from deust.services import grading as services
from deust.services import grid_changes as changes
from deust.services import phrases as bank
from deust.web import errors
from deust.web.addresses import number_of, page_of_list
from deust.web.current import permission, tools, visitor, wants_json
from deust.web.files import send_stored
from deust.web.forms import Form, Longest, LongText
from deust.web.i18n import gettext as _
from deust.web.i18n import lazy_gettext as lazy
from deust.web.marking_posts import (
    CLOSED,
    MINE,
    THEIRS,
    is_still_the_other,
    missing_words,
    not_ready_words,
    page_asked,
    page_remarked,
    posted_recording,
    posted_work,
    spoken_asked,
    told_to_script,
    work_fields,
)
from deust.web.queue_view import filtered_address, filters_asked, filters_query, news_of_queue, queue_words

bp = Blueprint("grading", __name__)

_LONGEST_FIELD = 200
_FARTHEST = timedelta(days=731)
_UNFOLLOWED = lazy(
    "Rien n’a été confié : un tuteur choisi ne suit pas le groupe d’une de ces copies. "
    "Choisissez les copies d’un groupe, puis ses tuteurs."
)


class AnswerForm(Form):
    answer = LongText(lazy("Votre réponse à la demande"), validators=[DataRequired(), Longest(4_000)])


@bp.get("/a-corriger")
@permission(Permission.ATTEMPT_REVIEW)
def queue() -> str:
    """What waits, oldest first, against the turnaround promised."""
    now, filters = tools().clock(), filters_asked()
    with reading() as connection:
        found = queues.queue(connection, marker=visitor(), filters=filters, page=page_of_list(), now=now)
    words = {**queue_words(found, news_of_queue(now), now), "address": filtered_address, "acted": _acted()}
    return render_template("grading/queue.html", queue=found, filters=filters, now=now, **words)


@bp.post("/a-corriger")
@permission(Permission.ATTEMPT_REVIEW)
def take() -> Response:
    """Take the oldest copy that nobody is marking, and open it."""
    now = tools().clock()
    with reading() as connection:
        found = queues.queue(connection, marker=visitor(), filters=filters_asked(), page=1, now=now)
    free = next((row for row in found.rows if row.claimed_by is None), None)
    if free is None:
        return redirect(url_for(".queue"), 303)
    with writing() as session:
        services.take_copy(session, marker=visitor(), public_id=free.public_id, now=now)
    return redirect(url_for(".copy", public_id=free.public_id), 303)


@bp.get("/a-corriger/<public_id>")
@permission(Permission.ATTEMPT_REVIEW)
def copy(public_id: str) -> str:
    """One copy, with its grid beside."""
    return _show(public_id)


@bp.post("/a-corriger/<public_id>")
@permission(Permission.ATTEMPT_REVIEW)
def save(public_id: str) -> Response | tuple[Response, int] | tuple[str, int]:
    """Keep what is typed; a script is told what counts now, a page goes where asked."""
    go, now = request.form.get("go", "stay"), tools().clock()
    if go == THEIRS and is_still_the_other(public_id):
        return redirect(_following(public_id, go), 303)
    work = posted_work(public_id)
    with posted_recording(public_id) as given, writing() as session:
        work, spoken = _with_phrase(session, work, go), spoken_asked(session, public_id, go, given, now)
        saved = services.save_work(
            session,
            marker=visitor(),
            public_id=public_id,
            work=work,
            base_version=number_of(request.form.get("version")) or 0,
            is_ready=go == "ready" and not given.problem,
            spoken=spoken,
            now=now,
        )
        if go == "keep-phrase":
            _keep_phrase(session, public_id)
    if wants_json():
        return told_to_script(saved, public_id)
    if saved.outcome == services.CONFLICT:
        mine = replace(work, spoken=saved.current.spoken if spoken is None else spoken)
        return _show(public_id, mine=mine, voice_problem=given.problem), 409
    if given.problem or (go == "ready" and not saved.is_ready):
        return _show(public_id, is_refused=go == "ready", voice_problem=given.problem), 422
    return redirect(_following(public_id, go), 303)


@bp.get("/a-corriger/<public_id>/fichiers/<key>")
@permission(Permission.ATTEMPT_REVIEW)
def copy_file(public_id: str, key: str) -> Response:
    """A file of the copy, always as a download, its name neutral while the copy is anonymous."""
    with reading() as connection:
        kept = find_file(connection, marker=visitor(), public_id=public_id, key=key)
    return send_stored(kept)


@bp.get("/a-corriger/<public_id>/fichiers/<key>/pages/<int:number>")
@permission(Permission.ATTEMPT_REVIEW)
def copy_picture(public_id: str, key: str, number: int) -> Response:
    """A page of a PDF of the copy, as a picture."""
    with reading() as connection:
        picture = find_picture(connection, marker=visitor(), public_id=public_id, key=key, number=number)
    return send_stored(picture)


@bp.get("/a-corriger/<public_id>/sons/<key>")
@permission(Permission.ATTEMPT_REVIEW)
def copy_sound(public_id: str, key: str) -> Response:
    """What every browser plays of a recording of the copy."""
    with reading() as connection:
        heard = find_sound(connection, marker=visitor(), public_id=public_id, key=key)
    return send_stored(heard)


@bp.post("/a-corriger/<public_id>/nouvelle-version")
@permission(Permission.ATTEMPT_REVIEW)
def ask_resubmission(public_id: str) -> Response:
    """Let the student hand in another version."""
    act = {
        "marker": visitor(),
        "public_id": public_id,
        "find_quiz": tools().catalogue.find_quiz,
        "now": tools().clock(),
    }
    try:
        with writing() as session:
            services.ask_resubmission(session, **act)
    except NotReady as refusal:
        return errors.answer(409, words=CLOSED if refusal.missing == ("closed",) else None)
    return redirect(url_for(".copy", public_id=public_id), 303)


@bp.post("/a-corriger/<public_id>/reponse")
@permission(Permission.ATTEMPT_REVIEW)
def answer_review(public_id: str) -> Response | tuple[str, int]:
    """Answer a student who asked for their mark to be looked at again."""
    form = AnswerForm()
    if not form.validate_on_submit():
        return _show(public_id, answer=form), 422
    with writing() as session:
        services.answer_review(
            session, marker=visitor(), public_id=public_id, answer=form.answer.data or "", now=tools().clock()
        )
    return redirect(url_for(".copy", public_id=public_id), 303)


@bp.get("/grilles/<module_id>/<item_id>")
@permission(Permission.ATTEMPT_REVIEW)
def grid_change(module_id: str, item_id: str) -> str:
    """What the grids as they are published now would change, before they apply."""
    quiz = _marked_quiz(f"{module_id}/{item_id}")
    with reading() as connection:
        found = effects.grid_effects(connection, marker=visitor(), item_refs=quiz.refs, grids=quiz.marked_with)
    titles = {question.id: question.title for question in quiz.questions}
    return render_template("grading/grid_change.html", quiz=quiz, effects=found, titles=titles)


@bp.post("/grilles/<module_id>/<item_id>")
@permission(Permission.ATTEMPT_REVIEW)
def apply_grid(module_id: str, item_id: str) -> Response:
    """Mark with the grids as they are published now; twice is the same as once."""
    quiz = _marked_quiz(f"{module_id}/{item_id}")
    with writing() as session:
        moved = changes.apply_grids(
            session, by=visitor(), item_refs=quiz.refs, grids=quiz.marked_with, now=tools().clock()
        )
    return redirect(url_for(".queue", activite=quiz.ref, fait="grille", nombre=moved), 303)


@bp.get("/a-rendre")
@permission(Permission.ATTEMPT_REVIEW)
def ready() -> str:
    """The copies ready, to be given back together."""
    return _show_ready()


@bp.post("/a-rendre")
@permission(Permission.ATTEMPT_REVIEW)
def release() -> Response | tuple[str, int]:
    """Give the chosen marks back, now or at a date, all or none."""
    chosen, reason, now = request.form.getlist("copy"), request.form.get("reason", ""), tools().clock()
    if not chosen:
        return _show_ready(chosen, _("Choisissez au moins une copie."), reason), 422
    if len(reason) > _LONGEST_FIELD:
        return _show_ready(chosen, _("Le motif tient en 200 signes."), reason), 422
    at = _moment_typed(request.form.get("at", ""))
    go = request.form.get("go", "release")
    if go == "schedule" and (at is None or not now < at <= now + _FARTHEST):
        return _show_ready(chosen, _("Donnez une date et une heure à venir, dans les deux ans."), reason), 422
    try:
        with writing() as session:
            act = {"session": session, "by": visitor(), "public_ids": chosen, "now": now}
            if go in ("schedule", "unschedule"):
                count = services.schedule(**act, at=at if go == "schedule" else None, reason=reason)
            else:
                count = services.release(**act, find_quiz=tools().catalogue.find_quiz, reason=reason)
    except NotReady as refusal:
        return _show_ready(chosen, not_ready_words(refusal), reason), 409
    return redirect(url_for(".ready", fait=go, nombre=count), 303)


@bp.get("/a-corriger/repartition")
@permission(Permission.ATTEMPT_REVIEW)
def allocation() -> str:
    """The copies that wait and the tutors to share them among."""
    return _show_allocation()


@bp.post("/a-corriger/repartition")
@permission(Permission.ATTEMPT_REVIEW)
def allocate() -> Response | tuple[str, int]:
    """Share the chosen copies out among the chosen tutors, in turn; without a tutor they are for anyone."""
    chosen = request.form.getlist("copy")
    if not chosen:
        return _show_allocation(_("Choisissez au moins une copie.")), 422
    tutor_ids = [tutor for one in request.form.getlist("tutor") if (tutor := number_of(one)) is not None]
    try:
        with writing() as session:
            services.allocate(session, by=visitor(), public_ids=chosen, tutor_ids=tutor_ids, now=tools().clock())
    except Forbidden:
        return _show_allocation(_UNFOLLOWED), 422
    done = "confiees" if tutor_ids else "liberees"
    return redirect(url_for(".allocation", **filters_query(fait=done, nombre=len(set(chosen)))), 303)


def _show(
    public_id: str,
    *,
    mine: Work | None = None,
    is_refused: bool = False,
    answer: AnswerForm | None = None,
    voice_problem: str = "",
) -> str:
    number = request.values.get("avec", 0, type=int)
    with reading() as connection:
        page = _page(connection, public_id)
        quiz = tools().catalogue.find_quiz(page.copy.item_ref)
        asked = {"marker": visitor(), "public_id": public_id, "number": number, "question": page.question}
        former = versions.former_version(connection, **asked) if number else None
    return render_template(
        "grading/copy.html" if page.has_place else "grading/taken.html",
        page=page,
        former=former,
        pinned=page_asked(request.args.get("remarque", "")),
        work=page.work,
        lacking=missing_words(page.reckoned),
        mine=mine,
        mine_fields=work_fields(mine) if mine else (),
        is_refused=is_refused,
        answer=answer or AnswerForm(),
        voice_problem=voice_problem,
        quiz=quiz,
        has_new_grid=quiz is not None and _has_new_grids(quiz, page),
    )


def _page(connection: Connection, public_id: str) -> pages.CopyPage:
    """The copy, in the order of one question when the marker goes question by question."""
    question = request.values.get("question", "")[:_LONGEST_FIELD]
    return pages.copy_page(connection, marker=visitor(), public_id=public_id, now=tools().clock(), question=question)


def _show_ready(chosen: list[str] | None = None, problem: str = "", reason: str = "") -> str:
    with reading() as connection:
        found = lists.ready_copies(connection, marker=visitor())
    words = {"chosen": chosen, "problem": problem, "reason": reason, "acted": _acted()}
    return render_template("grading/ready.html", copies=found, **words)


def _show_allocation(problem: object = "") -> str:
    now, filters = tools().clock(), filters_asked()
    with reading() as connection:
        found = queues.queue(connection, marker=visitor(), filters=filters, page=page_of_list(), now=now)
        tutors = lists.tutors(connection, marker=visitor())
    return render_template(
        "grading/allocation.html",
        queue=found,
        tutors=tutors,
        filters=filters,
        now=now,
        problem=problem,
        chosen=set(request.form.getlist("copy")) if problem else None,
        acted=_acted(),
        address=filtered_address,
    )


def _acted() -> int:
    """How many copies the act that has just been done was about."""
    return number_of(request.args.get("nombre")) or 0


def _with_phrase(session: Session, work: Work, go: str) -> Work:
    """The work with a phrase of the bank at the end of its appreciation, when its button was pressed."""
    name, _dash, number = go.partition("-")
    phrase_id = number_of(number)
    if phrase_id is None:
        return work
    if name == "forget":
        bank.forget_phrase(session, tutor=visitor(), phrase_id=phrase_id)
    if name != "phrase":
        return work
    said = bank.use_phrase(session, tutor=visitor(), phrase_id=phrase_id)
    return replace(work, comment=f"{work.comment.rstrip()}\n{said}".strip()[:MOST_COMMENT])


def _keep_phrase(session: Session, public_id: str) -> None:
    copy = services.held_copy(session, visitor(), public_id)
    with suppress(InvalidAnswer):
        bank.keep_phrase(session, tutor=visitor(), item_ref=copy.item_ref, text=request.form.get("new-phrase", ""))


def _following(public_id: str, go: str) -> str:
    """Where the button pressed leads: the next copy of the activity, or the queue after the last."""
    asked = {"question": request.form["question"]} if request.form.get("question") else {}
    if go in ("stay", "keep-phrase", MINE, THEIRS) or go.startswith(("phrase-", "forget-", "voice-", "page-")):
        return url_for(".copy", public_id=public_id, avec=request.form.get("avec"), **asked, **_place(go))
    if go == "leave":
        return url_for(".queue")
    with reading() as connection:
        turn = _page(connection, public_id).turn
    target = turn.previous if go == "previous" else turn.following or (turn.previous if go == "ready" else None)
    return url_for(".copy", public_id=target, **asked) if target else url_for(".queue")


def _place(go: str) -> dict[str, str]:
    """Where on the page the marker was: a page to remark on, or the page just remarked on."""
    if page_asked(go):
        return {"remarque": go, "_anchor": "nouvelle-remarque"}
    remarked = page_remarked()
    return {"_anchor": "page-{}-{}".format(*remarked)} if remarked else {}


def _moment_typed(text: str) -> datetime | None:
    """A local date and time, as a browser's field gives it."""
    try:
        local = datetime.fromisoformat(text)
        return local.replace(tzinfo=ZoneInfo(visitor().time_zone)).astimezone(UTC) if local.tzinfo is None else None
    except (ValueError, OverflowError):
        return None


def _marked_quiz(ref: str) -> Quiz:
    """An activity whose answers are rated with grids. Refuses any other."""
    found = tools().catalogue.find_quiz(ref)
    if found is None or not found.marked_with:
        raise NotFound
    return found


def _has_new_grids(quiz: Quiz, page: pages.CopyPage) -> bool:
    return bool(quiz.marked_with) and set_hash(quiz.marked_with) != page.copy.grid_hash
