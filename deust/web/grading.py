"""« À corriger »: the queue, one copy with its grid, marks given back, copies shared out."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, redirect, render_template, request, send_file, url_for
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from deust.domain.access import Permission
from deust.domain.copies import MOST_COMMENT, MOST_REMARK, MOST_REMARKS, Anchor, Remark, Work
from deust.domain.errors import NotFound, NotReady
from deust.domain.learning import Quiz
from deust.models.transaction import reading, writing
from deust.queries import grading as lists
from deust.queries import marking as pages
from deust.queries import queue as queues
from deust.queries.copies import copy_file as find_file
from deust.services import grading as services
from deust.web import formats
from deust.web.current import permission, tools, visitor, wants_json
from deust.web.i18n import gettext as _
from deust.web.i18n import lazy_gettext as lazy

bp = Blueprint("grading", __name__)

_LONGEST_FIELD = 200
_MOST_START = 1_000_000


class AnswerForm(FlaskForm):
    answer = TextAreaField(lazy("Votre réponse à la demande"), validators=[DataRequired(), Length(max=4_000)])


@bp.get("/a-corriger")
@permission(Permission.ATTEMPT_REVIEW)
def queue() -> str:
    """What waits, oldest first, against the turnaround promised."""
    now, filters = tools().clock(), _filters()
    page = max(1, request.args.get("page", 1, type=int))
    with reading() as connection:
        found = queues.queue(connection, marker=visitor(), filters=filters, page=page, now=now)
    return render_template("grading/queue.html", queue=found, filters=filters, now=now, address=_address)


@bp.post("/a-corriger")
@permission(Permission.ATTEMPT_REVIEW)
def take() -> Response:
    """Take the oldest copy that nobody is marking, and open it."""
    now = tools().clock()
    with reading() as connection:
        found = queues.queue(connection, marker=visitor(), filters=_filters(), page=1, now=now)
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
    work = _posted_work(public_id)
    with writing() as session:
        saved = services.save_work(
            session,
            marker=visitor(),
            public_id=public_id,
            work=work,
            base_version=request.form.get("version", 0, type=int),
            is_ready=go == "ready",
            now=now,
        )
    if wants_json():
        return _told_to_script(saved, public_id)
    if saved.outcome == services.CONFLICT:
        return _show(public_id, mine=work), 409
    if go == "ready" and not saved.is_ready:
        return _show(public_id, is_refused=True), 422
    return redirect(_following(public_id, go), 303)


@bp.get("/a-corriger/<public_id>/fichiers/<key>")
@permission(Permission.ATTEMPT_REVIEW)
def copy_file(public_id: str, key: str) -> Response:
    """A file of the copy, always as a download, its name neutral while the copy is anonymous."""
    with reading() as connection:
        kept = find_file(connection, marker=visitor(), public_id=public_id, key=key)
    response = send_file(
        tools().files.path(kept.id), mimetype=kept.media_type, as_attachment=True, download_name=kept.name
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/a-corriger/<public_id>/nouvelle-version")
@permission(Permission.ATTEMPT_REVIEW)
def ask_resubmission(public_id: str) -> Response:
    """Let the student hand in another version."""
    with writing() as session:
        services.ask_resubmission(session, marker=visitor(), public_id=public_id, now=tools().clock())
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


@bp.get("/a-rendre")
@permission(Permission.ATTEMPT_REVIEW)
def ready() -> str:
    """The copies ready, to be given back together."""
    return _show_ready()


@bp.post("/a-rendre")
@permission(Permission.ATTEMPT_REVIEW)
def release() -> Response | tuple[str, int]:
    """Give the chosen marks back, now or at a date, all or none."""
    chosen, reason, now = request.form.getlist("copy"), request.form.get("reason", "")[:_LONGEST_FIELD], tools().clock()
    if not chosen:
        return _show_ready(problem=_("Choisissez au moins une copie.")), 422
    at = _moment_typed(request.form.get("at", ""))
    if request.form.get("go") == "schedule" and (at is None or at <= now):
        return _show_ready(chosen, _("Donnez une date et une heure à venir."), reason), 422
    try:
        with writing() as session:
            if request.form.get("go") in ("schedule", "unschedule"):
                services.schedule(session, by=visitor(), public_ids=chosen, at=at, now=now)
            else:
                services.release(session, by=visitor(), public_ids=chosen, find_quiz=_find_quiz, reason=reason, now=now)
    except NotReady as refusal:
        return _show_ready(chosen, _not_ready(refusal), reason), 409
    return redirect(url_for(".ready"), 303)


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
    tutor_ids = [int(one) for one in request.form.getlist("tutor") if one.isdecimal() and len(one) < 10]
    with writing() as session:
        services.allocate(session, by=visitor(), public_ids=chosen, tutor_ids=tutor_ids, now=tools().clock())
    return redirect(url_for(".allocation", **_query()), 303)


def _show(
    public_id: str, *, mine: Work | None = None, is_refused: bool = False, answer: AnswerForm | None = None
) -> str:
    with reading() as connection:
        page = pages.copy_page(connection, marker=visitor(), public_id=public_id, now=tools().clock())
        quiz = _find_quiz(page.item_ref)
    return render_template(
        "grading/copy.html",
        page=page,
        work=page.work,
        mine=mine,
        is_refused=is_refused,
        answer=answer or AnswerForm(),
        quiz=quiz,
        anchors=Anchor,
    )


def _show_ready(chosen: list[str] | None = None, problem: str = "", reason: str = "") -> str:
    with reading() as connection:
        found = lists.ready_copies(connection, marker=visitor())
    return render_template("grading/ready.html", copies=found, chosen=chosen, problem=problem, reason=reason)


def _show_allocation(problem: str = "") -> str:
    now, filters = tools().clock(), _filters()
    page = max(1, request.args.get("page", 1, type=int))
    with reading() as connection:
        found = queues.queue(connection, marker=visitor(), filters=filters, page=page, now=now)
        tutors = lists.tutors(connection, marker=visitor())
    return render_template(
        "grading/allocation.html",
        queue=found,
        tutors=tutors,
        filters=filters,
        now=now,
        problem=problem,
        address=_address,
    )


def _filters() -> queues.Filters:
    return queues.Filters(
        item_ref=request.values.get("activite", "")[:_LONGEST_FIELD],
        group_id=request.values.get("groupe", None, type=int),
        is_mine=request.values.get("miennes") == "1",
    )


def _query(**changes: object) -> dict[str, object]:
    filters = _filters()
    asked = {"activite": filters.item_ref, "groupe": filters.group_id, "miennes": "1" if filters.is_mine else ""}
    return {name: value for name, value in {**asked, **changes}.items() if value}


def _address(**changes: object) -> str:
    """The queue's address with these filters changed."""
    query = urlencode(_query(**changes))
    return f"{request.path}?{query}" if query else request.path


def _posted_work(public_id: str) -> Work:
    """The whole of what a marker's form holds. The new remark, if one is typed, comes after the others."""
    form = request.form
    remarks = [_posted_remark(one) for one in form.getlist("remark") if form.get(f"remark-{one}-drop") != "1"]
    if form.get("new-text", "").strip():
        remarks.append(_new_remark(public_id))
    return Work(
        chosen={name[6:]: value for name, value in form.items() if name.startswith("level-") and value},
        points={name[7:]: value[:20] for name, value in form.items() if name.startswith("points-")},
        adjustment=form.get("adjustment", "")[:20],
        adjustment_reason=form.get("adjustment_reason", "")[:500],
        comment=form.get("comment", "")[:MOST_COMMENT],
        private_note=form.get("private_note", "")[:MOST_COMMENT],
        remarks=tuple(remarks[:MOST_REMARKS]),
    )


def _posted_remark(id_: str) -> Remark:
    form = request.form
    anchor = form.get(f"remark-{id_}-anchor", "passage")
    return Remark(
        id=id_[:16],
        part=form.get(f"remark-{id_}-part", "")[:20],
        anchor=Anchor(anchor) if anchor in set(Anchor) else Anchor.PASSAGE,
        text=form.get(f"remark-{id_}-text", "")[:MOST_REMARK],
        start=_whole(form.get(f"remark-{id_}-start")),
        end=_whole(form.get(f"remark-{id_}-end")),
        quote=form.get(f"remark-{id_}-quote", "")[:_LONGEST_FIELD],
        criterion=form.get(f"remark-{id_}-criterion", "")[:20],
    )


def _new_remark(public_id: str) -> Remark:
    """A remark typed in the page: at a passage found by its words, at a page or at a second."""
    form = request.form
    part, _dash, anchor = form.get("new-place", "").partition("|")
    kind = Anchor(anchor) if anchor in set(Anchor) else Anchor.PASSAGE
    remark = Remark(
        id=secrets.token_hex(4),
        part=part[:20],
        anchor=kind,
        text=form.get("new-text", "").strip()[:MOST_REMARK],
        criterion=form.get("new-criterion", "")[:20],
    )
    at = form.get("new-at", "").strip()
    if kind is not Anchor.PASSAGE:
        return replace(remark, start=_seconds(at) if kind is Anchor.SECOND else _whole(at))
    with reading() as connection:
        page = pages.copy_page(connection, marker=visitor(), public_id=public_id, now=tools().clock())
    text = next((one.text for one in page.parts if one.key == part), "")
    start = _whole(form.get("new-start"), -1)
    if start < 0 or text[start : start + len(at)] != at:
        start = text.find(at) if at else -1
    return replace(remark, start=start, end=start + len(at), quote=at[:_LONGEST_FIELD]) if start >= 0 else remark


def _whole(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 8 and int(text) < _MOST_START else default


def _seconds(text: str) -> int:
    """« 1:05 », « 1 min 05 » or « 65 » are all 65 seconds."""
    numbers = [
        int(part) for part in text.replace("min", ":").replace("s", "").replace(" ", "").split(":") if part.isdecimal()
    ]
    return min(sum(value * 60**place for place, value in enumerate(reversed(numbers[-2:]))), _MOST_START)


def _told_to_script(saved: services.SavedWork, public_id: str) -> Response | tuple[Response, int]:
    mark = saved.reckoned.mark
    body: dict[str, Any] = {
        "outcome": saved.outcome,
        "version": saved.version,
        "ready": saved.is_ready,
        "mark": formats.number(mark.adjusted) if mark else "",
        "missing": list(saved.reckoned.missing),
        "saved": _("Enregistré à %(time)s", time=formats.clock(saved.at)),
        "page": url_for(".copy", public_id=public_id),
    }
    return (jsonify(body), 409) if saved.outcome == services.CONFLICT else jsonify(body)


def _following(public_id: str, go: str) -> str:
    """Where the button pressed leads: the next copy of the activity, or the queue after the last."""
    if go == "stay":
        return url_for(".copy", public_id=public_id)
    if go == "leave":
        return url_for(".queue")
    with reading() as connection:
        page = pages.copy_page(connection, marker=visitor(), public_id=public_id, now=tools().clock())
    target = page.previous if go == "previous" else page.following or (page.previous if go == "ready" else None)
    return url_for(".copy", public_id=target) if target else url_for(".queue")


def _moment_typed(text: str) -> datetime | None:
    """A local date and time, as a browser's field gives it."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return None
    return local.replace(tzinfo=ZoneInfo(visitor().time_zone)).astimezone(UTC) if local.tzinfo is None else None


def _not_ready(refusal: NotReady) -> str:
    if refusal.missing == ("reason",):
        return _("Une note déjà rendue change avec un motif, que l’étudiant lira : écrivez-le.")
    return _("Rien n’a été rendu : des copies ne sont plus prêtes (%(codes)s).", codes=", ".join(refusal.missing))


def _find_quiz(ref: str) -> Quiz | None:
    try:
        return tools().catalogue.quiz(ref)
    except NotFound:
        return None
