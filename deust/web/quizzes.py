"""Quizzes as a student meets them: start, question, review, hand-in, result; and late answers for staff."""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from deust.domain.access import Permission
from deust.domain.attempts import SaveOutcome
from deust.domain.errors import AnswerRefused, AttemptClosed, NotFound
from deust.domain.files import shown_name
from deust.domain.learning import Assignment, Quiz
from deust.domain.rubric import Grid
from deust.models.transaction import Session, at_once, reading, writing
from deust.queries import assignments, files, quiz_results, quiz_start
from deust.queries import late_answers as late
from deust.queries import quizzes as pages
from deust.queries.progress import ensure_may_read
from deust.queries.spoken_comments import heard
from deust.services import answers as answering
from deust.services import late_answers as late_answers_taken
from deust.services import quizzes as services
from deust.services.answer_batches import Posted
from deust.services.answers import Acknowledged
from deust.web import errors
from deust.web.answer_posts import (
    acknowledge,
    clock_state,
    compared_now,
    forget_files,
    own_fields,
    posted_answers,
    posted_form,
    unread_words,
)
from deust.web.current import own_programme, permission, tools, visitor, wants_json
from deust.web.files import send_stored
from deust.web.forms import Form
from deust.web.i18n import gettext as _
from deust.web.i18n import lazy_gettext as lazy

bp = Blueprint("quizzes", __name__)

_LONGEST_NUMBER = 6
_FLAGS = {"flag": True, "unflag": False}
_KEPT_APART = errors.Words(
    title=lazy("Votre réponse est arrivée trop tard pour compter."),
    happened=lazy("Le temps était écoulé, ou l’essai déjà rendu."),
    kept=lazy("Elle est gardée à part : votre tuteur peut l’accepter. Ce qui était enregistré avant compte."),
    todo=lazy("Le résultat de votre essai dit ce qui est arrivé après l’heure."),
)


class AcceptForm(Form):
    reason = StringField(lazy("Motif, gardé dans l’historique"), validators=[DataRequired(), Length(max=200)])


@bp.post("/modules/<module_id>/<item_id>/essais")
@permission(Permission.QUIZ_ANSWER)
def start_attempt(module_id: str, item_id: str) -> Response:
    """Start, or go back to the attempt already open."""
    quiz = _quiz(f"{module_id}/{item_id}")
    if isinstance(quiz, Assignment):
        raise NotFound
    now = tools().clock()
    with reading() as connection:
        missing = quiz_start.prerequisites_left(
            connection, learner=visitor(), quiz=quiz, programme=own_programme(), now=now
        )
    if missing:
        return redirect(url_for("learning.item", module_id=module_id, item_id=item_id), 303)
    with writing() as session:
        public_id = services.start_attempt(session, learner=visitor(), quiz=quiz, rng=random.Random(), now=now)
    return redirect(url_for(".question", public_id=public_id, position=1), 303)


@bp.get("/essais/<public_id>/questions/<int:position>")
@permission(Permission.QUIZ_ANSWER)
def question(public_id: str, position: int) -> Response | str:
    """One page of the paper, as it was drawn, with what is saved."""
    page = _page(public_id, position)
    if page.is_assignment:
        return redirect(url_for("assignments.draft", public_id=public_id), 303)
    if page.is_closed:
        return redirect(url_for(".result", public_id=public_id), 303)
    template = "quizzes/time_over.html" if page.is_over else "quizzes/question.html"
    return render_template(template, page=page, grids=_grids(page), event=secrets.token_hex(8), unread=None)


@bp.get("/essais/<public_id>/relecture")
@permission(Permission.QUIZ_ANSWER)
def review(public_id: str) -> Response | str:
    """What is answered, empty or flagged, before deciding to hand in."""
    page = _page(public_id, 1)
    if page.is_assignment:
        return redirect(url_for("assignments.review", public_id=public_id), 303)
    if page.is_closed:
        return redirect(url_for(".result", public_id=public_id), 303)
    return render_template("quizzes/time_over.html" if page.is_over else "quizzes/review.html", page=page)


@bp.get("/essais/<public_id>/etat")
@permission(Permission.QUIZ_ANSWER)
def attempt_state(public_id: str) -> Response:
    """The server's time, and the deadline as it is now: it may have moved."""
    with reading() as connection:
        clock = pages.attempt_clock(connection, learner=visitor(), public_id=public_id, now=tools().clock())
    return jsonify(clock_state(clock.seconds_left, clock.is_over))


@bp.post("/essais/<public_id>/reponses")
@permission(Permission.QUIZ_ANSWER)
def save_answer(public_id: str) -> Response | str | tuple[str, int]:
    """Keep what a page or its script posts; the script is told what counts now, the page goes where asked."""
    now = tools().clock()
    try:
        with posted_answers(public_id) as posted:
            kept = _saved_at_once(public_id, posted, now) or _saved(public_id, posted, now)
    except AnswerRefused as refusal:
        return _unread(public_id, refusal)
    forget_files(kept.unneeded)
    if wants_json():
        return acknowledge(public_id, kept, now)
    outcomes = {one.outcome for one in kept.answers.values()}
    if SaveOutcome.LATE in outcomes:
        return errors.answer(409, words=_KEPT_APART)
    if SaveOutcome.CONFLICT in outcomes:
        return render_template(
            "quizzes/conflict.html", public_id=public_id, conflicts=compared_now(public_id, kept)
        ), 409
    return redirect(_next(public_id), 303)


@bp.post("/essais/<public_id>/remise")
@permission(Permission.QUIZ_ANSWER)
def hand_in(public_id: str) -> Response:
    """Hand in for good; twice is the same as once."""
    now = tools().clock()
    with writing() as session:
        services.hand_in(
            session, learner=visitor(), public_id=public_id, find_quiz=tools().catalogue.find_quiz, now=now
        )
    return redirect(url_for(".result", public_id=public_id), 303)


@bp.get("/essais/<public_id>/resultat")
@permission(Permission.QUIZ_ANSWER)
def result(public_id: str) -> Response | str:
    """The attempt handed in, with what of its correction may be seen now, and its receipt."""
    now, learner = tools().clock(), visitor()
    with reading() as connection:
        ref, is_assignment = pages.item_of_attempt(connection, learner=learner, public_id=public_id)
        if is_assignment:
            return redirect(url_for("assignments.draft", public_id=public_id), 303)
        try:
            page = quiz_results.result_page(
                connection,
                learner=learner,
                public_id=public_id,
                quiz=tools().catalogue.find_quiz(ref),
                programme=own_programme(),
                now=now,
            )
        except AttemptClosed:
            return redirect(url_for(".question", public_id=public_id, position=1), 303)
    module = own_programme().modules.get(ref.partition("/")[0])
    titles = {outcome.id: outcome.title for outcome in module.outcomes} if module else {}
    return render_template("quizzes/result.html", page=page, module=module, outcome_titles=titles)


@bp.get("/essais/<public_id>/fichiers/<key>")
@permission(Permission.QUIZ_ANSWER)
def answer_file(public_id: str, key: str) -> Response:
    """The learner's own file, as they sent it, always as a download."""
    with reading() as connection:
        kept = files.answer_file(connection, learner=visitor(), public_id=public_id, key=key)
    return send_stored(kept)


@bp.get("/essais/<public_id>/fichiers/<key>/pages/<int:number>")
@permission(Permission.QUIZ_ANSWER)
def answer_picture(public_id: str, key: str, number: int) -> Response:
    """A page of the learner's own PDF, as a picture."""
    with reading() as connection:
        picture = files.answer_picture(connection, learner=visitor(), public_id=public_id, key=key, number=number)
    return send_stored(picture)


@bp.get("/essais/<public_id>/sons/<key>")
@permission(Permission.QUIZ_ANSWER)
def answer_sound(public_id: str, key: str) -> Response:
    """What every browser plays of the learner's own recording."""
    with reading() as connection:
        sound = files.answer_sound(connection, learner=visitor(), public_id=public_id, key=key)
    return send_stored(sound)


@bp.get("/essais/<public_id>/commentaires/<key>")
@permission(Permission.QUIZ_ANSWER)
def told_comment(public_id: str, key: str) -> Response:
    """A comment that a marker recorded, once it was given back and may be seen."""
    with reading() as connection:
        ref, _is_work = pages.item_of_attempt(connection, learner=visitor(), public_id=public_id)
        page = quiz_results.result_page(
            connection,
            learner=visitor(),
            public_id=public_id,
            quiz=tools().catalogue.find_quiz(ref),
            programme=own_programme(),
            now=tools().clock(),
        )
        sound = heard(connection, page.heard, key)
    return send_stored(sound)


@bp.get("/essais/tardifs")
@permission(Permission.ATTEMPT_REVIEW)
def late_attempts() -> str:
    """Where answers came after the deadline, among the students followed."""
    with reading() as connection:
        waiting = late.late_attempts(connection, reviewer=visitor())
    return render_template("quizzes/late_attempts.html", waiting=waiting)


@bp.get("/essais/<public_id>/tardives")
@permission(Permission.ATTEMPT_REVIEW)
def late_answers(public_id: str) -> str:
    """Answers that came after the deadline, beside those that count."""
    page = _late_page(public_id)
    return render_template("quizzes/late_answers.html", page=page, form=AcceptForm())


@bp.post("/essais/<public_id>/tardives")
@permission(Permission.ATTEMPT_REVIEW)
def accept_late_answers(public_id: str) -> Response | tuple[str, int]:
    """Take the late answers and mark them, with the reason given."""
    form = AcceptForm()
    page = _late_page(public_id)
    if not form.validate_on_submit():
        return render_template("quizzes/late_answers.html", page=page, form=form), 422
    with writing() as session:
        late_answers_taken.accept_late(
            session,
            public_id=public_id,
            reviewer=visitor(),
            quiz=tools().catalogue.find_quiz(page.item_ref),
            reason=form.reason.data or "",
            now=tools().clock(),
        )
    return redirect(url_for(".late_answers", public_id=public_id), 303)


def _late_page(public_id: str) -> late.LatePage:
    with reading() as connection:
        return late.late_page(connection, reviewer=visitor(), public_id=public_id)


def _quiz(ref: str) -> Quiz:
    """A quiz of the programme that the student follows. Refuses any other."""
    item = own_programme().find_item(ref)
    if not isinstance(item, Quiz):
        raise NotFound
    ensure_may_read(visitor(), own_programme())
    return tools().catalogue.quiz(item.ref)


def _page(public_id: str, position: int) -> pages.AttemptPage:
    with reading() as connection:
        return pages.attempt_page(
            connection, learner=visitor(), public_id=public_id, position=position, now=tools().clock()
        )


def _grids(page: pages.AttemptPage) -> Mapping[str, Grid]:
    """The grids that rate what is asked on this page, by the name that their questions give."""
    quiz = tools().catalogue.find_quiz(page.item_ref) if any(one.grid_name for one in page.asked) else None
    return quiz.grids if quiz else {}


def _saved_at_once(public_id: str, posted: Sequence[Posted], now: datetime) -> Acknowledged | None:
    """What was posted, if it could be kept in one statement; a question flagged with it could not."""
    if not _FLAGS.keys().isdisjoint(request.form):
        return None
    with at_once() as connection:
        return answering.save_at_once(connection, learner=visitor(), public_id=public_id, posted=posted, now=now)


def _saved(public_id: str, posted: Sequence[Posted], now: datetime) -> Acknowledged:
    with writing() as session:
        kept = answering.save_answers(session, learner=visitor(), public_id=public_id, posted=posted, now=now)
        if not kept.is_over:
            _flag(session, public_id, now)
    return kept


def _flag(session: Session, public_id: str, now: datetime) -> None:
    for field, is_flagged in _FLAGS.items():
        if key := request.form.get(field):
            answering.flag_question(
                session, learner=visitor(), public_id=public_id, key=key, is_flagged=is_flagged, now=now
            )


def _next(public_id: str) -> str:
    """Where the button pressed leads: another page of the paper, a question on it (`3-key`), the review, or away."""
    position, go = request.form.get("position", 1, type=int), request.form.get("go", "stay")
    if go == "leave":
        return url_for("learning.today")
    number, _dash, key = go.partition("-")
    asked = int(number) if number.isdecimal() and len(number) < _LONGEST_NUMBER else position
    target = {"next": position + 1, "previous": position - 1}.get(go, asked)
    if go == "review" or target > request.form.get("pages", target, type=int):
        return url_for(".review", public_id=public_id)
    anchor = f"q-{key}" if key else None
    return url_for(".question", public_id=public_id, position=max(1, target), _anchor=anchor)


def _unread(public_id: str, refusal: AnswerRefused) -> Response | tuple[str, int]:
    """An answer that its question cannot have: said beside it, with what was typed still in place."""
    sentence = unread_words(refusal)
    if wants_json():
        return make_response(jsonify({"error": refusal.reason, "message": sentence}), 422)
    page = _page(public_id, request.form.get("position", 1, type=int))
    upload = request.files.get(f"{refusal.key}-answer")
    if upload is not None and upload.filename:
        sentence = _("« %(name)s » est refusé. %(reason)s", name=shown_name(upload.filename), reason=sentence)
    form = posted_form()
    asked = tuple(replace(one, filled=own_fields(one.key, form) or one.filled) for one in page.asked)
    page = replace(page, asked=asked)
    shown = {"page": page, "event": secrets.token_hex(8), "unread": sentence, "unread_key": refusal.key}
    if page.is_assignment:
        work = tools().catalogue.find_quiz(page.item_ref)
        with reading() as connection:
            due_at = assignments.on_time_until(connection, learner=visitor(), work=work, until=page.deadline_at)
        return render_template("assignments/draft.html", assignment=work, due_at=due_at, **shown), 422
    return render_template("quizzes/question.html", grids=_grids(page), **shown), 422
