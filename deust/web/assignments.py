"""Assignments as students meet them: the brief, the draft, the hand-in, what comes back."""

from __future__ import annotations

import random
import secrets

from flask import Blueprint, Response, redirect, render_template, url_for
from wtforms import BooleanField
from wtforms.validators import DataRequired

from deust.domain.access import Permission
from deust.domain.errors import InvalidAnswer, NotFound, NotReady
from deust.domain.learning import Assignment
from deust.models.transaction import reading, writing
from deust.queries import assignments as pages
from deust.queries import quiz_start
from deust.queries import quizzes as papers
from deust.queries.progress import ensure_may_read
from deust.queries.spoken_comments import heard
from deust.services import assignments as services
from deust.web.current import own_programme, permission, tools, visitor
from deust.web.files import send_stored
from deust.web.forms import Form, Longest, LongText
from deust.web.i18n import lazy_gettext as lazy

bp = Blueprint("assignments", __name__)


class DeclarationForm(Form):
    is_own = BooleanField(lazy("Ce travail est le mien. Ce que j’ai repris d’ailleurs est cité."))
    tools = LongText(
        lazy("Outils d’intelligence artificielle utilisés, et pour quoi faire"),
        validators=[Longest(services.MOST_SIGNS_OF_TOOLS)],
    )


class ReviewForm(Form):
    reason = LongText(lazy("Ce que vous demandez de revoir"), validators=[DataRequired(), Longest(2_000)])


@bp.post("/modules/<module_id>/<item_id>/devoir")
@permission(Permission.QUIZ_ANSWER)
def start(module_id: str, item_id: str) -> Response:
    """Open the draft, or go back to the one already open."""
    assignment, now = _assignment(f"{module_id}/{item_id}"), tools().clock()
    with reading() as connection:
        missing = quiz_start.prerequisites_left(
            connection, learner=visitor(), quiz=assignment, programme=own_programme(), now=now
        )
    if missing:
        return redirect(url_for("learning.item", module_id=module_id, item_id=item_id), 303)
    with writing() as session:
        public_id = services.start_draft(
            session, learner=visitor(), assignment=assignment, rng=random.Random(), now=now
        )
    return redirect(url_for(".draft", public_id=public_id), 303)


@bp.get("/devoirs/<public_id>")
@permission(Permission.QUIZ_ANSWER)
def draft(public_id: str) -> Response | str:
    """The draft while it is open; then what was handed in, and the mark once released."""
    page = _page(public_id)
    if page.is_closed:
        return _show_handed_in(public_id, ReviewForm())
    if page.is_over:
        return render_template("quizzes/time_over.html", page=page)
    found = _find(page.item_ref)
    with reading() as connection:
        due_at = pages.on_time_until(connection, learner=visitor(), work=found, until=page.deadline_at)
    shown = {"page": page, "assignment": found, "due_at": due_at, "event": secrets.token_hex(8)}
    return render_template("assignments/draft.html", unread=None, **shown)


@bp.get("/devoirs/<public_id>/relecture")
@permission(Permission.QUIZ_ANSWER)
def review(public_id: str) -> Response | str:
    """What will be handed in, and the declaration."""
    page = _page(public_id)
    if page.is_closed or page.is_over:
        return redirect(url_for(".draft", public_id=public_id), 303)
    return _show_review(public_id, DeclarationForm())


@bp.post("/devoirs/<public_id>/remise")
@permission(Permission.QUIZ_ANSWER)
def hand_in(public_id: str) -> Response | tuple[str, int]:
    """Hand in for good, with the declaration; twice is the same as once."""
    form = DeclarationForm()
    declaration = services.Declaration(is_own=bool(form.is_own.data), tools=(form.tools.data or "").strip())
    try:
        with writing() as session:
            services.hand_in(
                session,
                learner=visitor(),
                public_id=public_id,
                declaration=declaration,
                find_quiz=_find,
                now=tools().clock(),
            )
    except (InvalidAnswer, NotReady) as refusal:
        form.validate()
        problem = "empty" if isinstance(refusal, NotReady) else refusal.reason
        return _show_review(public_id, form, problem), 422
    return redirect(url_for(".draft", public_id=public_id), 303)


@bp.post("/devoirs/<public_id>/reexamen")
@permission(Permission.QUIZ_ANSWER)
def ask_review(public_id: str) -> Response | tuple[str, int]:
    """Ask once that the mark be looked at again, with a reason."""
    form = ReviewForm()
    if not form.validate_on_submit():
        return _show_handed_in(public_id, form), 422
    with writing() as session:
        services.ask_review(
            session, learner=visitor(), public_id=public_id, reason=form.reason.data or "", now=tools().clock()
        )
    return redirect(url_for(".draft", public_id=public_id, _anchor="reexamen"), 303)


@bp.get("/devoirs/<public_id>/commentaires/<key>")
@permission(Permission.QUIZ_ANSWER)
def told_comment(public_id: str, key: str) -> Response:
    """A comment that a marker recorded, once it was given back with the mark."""
    with reading() as connection:
        page = pages.handed_in(connection, learner=visitor(), public_id=public_id)
        sound = heard(connection, page.heard, key)
    return send_stored(sound)


def _show_review(public_id: str, form: DeclarationForm, problem: str | None = None) -> str:
    return render_template("assignments/review.html", page=_page(public_id), form=form, problem=problem)


def _show_handed_in(public_id: str, form: ReviewForm) -> str:
    with reading() as connection:
        page = pages.handed_in(connection, learner=visitor(), public_id=public_id)
    module = own_programme().modules.get(page.item_ref.partition("/")[0])
    return render_template("assignments/handed_in.html", page=page, module=module, form=form)


def _page(public_id: str) -> papers.AttemptPage:
    with reading() as connection:
        page = papers.attempt_page(connection, learner=visitor(), public_id=public_id, position=1, now=tools().clock())
    if not page.is_assignment:
        raise NotFound
    return page


def _assignment(ref: str) -> Assignment:
    """An assignment of the programme that the person reads. Refuses any other."""
    item = own_programme().find_item(ref)
    ensure_may_read(visitor(), own_programme())
    found = _find(item.ref) if item is not None else None
    if found is None:
        raise NotFound
    return found


def _find(ref: str) -> Assignment | None:
    """The assignment as it is published now; None when it was removed."""
    found = tools().catalogue.find_quiz(ref)
    return found if isinstance(found, Assignment) else None
