"""Questions to tutors: asked and read by students, answered in a queue by tutors."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, TextAreaField
from wtforms.validators import InputRequired

from deust.domain.access import Permission
from deust.domain.errors import (
    Forbidden,
    InvalidAnswer,
    NotFound,
    Refusal,
    ThreadClosed,
    ThreadOpened,
    TooManyQuestions,
)
from deust.domain.learning import Lesson
from deust.domain.messages import MOST_CHARACTERS, PROMISED_DAYS, About, Kind, cleaned, thread_place
from deust.models.transaction import reading, writing
from deust.queries import messages as pages
from deust.queries.message_subjects import attempt_about
from deust.queries.progress import ensure_may_read
from deust.services import messages as services
from deust.web import errors, formats
from deust.web.addresses import group_of_list, number_of, page_of_list
from deust.web.current import own_programme, permission, tools, visitor, wants_json
from deust.web.forms import N_, Form, refuse, too_long
from deust.web.i18n import gettext as _

bp = Blueprint("messages", __name__)

_REFUSALS = (InvalidAnswer, TooManyQuestions, ThreadClosed)
_NEEDED = [InputRequired()]
_WRITING = {"rows": 8}


class QuestionForm(Form):
    text = TextAreaField(N_("Votre question"), validators=_NEEDED, render_kw=_WRITING)


class FollowUpForm(Form):
    text = TextAreaField(N_("Votre message"), validators=_NEEDED, render_kw=_WRITING)


class AnswerForm(Form):
    text = TextAreaField(N_("Votre réponse"), validators=_NEEDED, render_kw=_WRITING)


class MailForm(Form):
    wants_mail = BooleanField(N_("Me prévenir par e-mail quand un message m’attend"))


@bp.route("/questions/poser", methods=["GET", "POST"])
@permission(Permission.THREAD_ASK)
def ask() -> ResponseReturnValue:
    """Ask the tutor about a module, a lesson, a result or a work handed in."""
    about, now = _about(), tools().clock()
    if request.method != "POST":
        return _show_question(about, QuestionForm(formdata=None, data={"text": _draft(about.place)}))
    if request.form.get("go") == "draft":
        return _kept_draft(about.place, _address(about))
    form = QuestionForm()
    try:
        with writing() as session:
            public_id = services.ask(session, learner=visitor(), about=about, text=form.text.data or "", now=now)
    except _REFUSALS as refusal:
        status = _refused(form, about.place, refusal)
        return _show_question(about, form), status
    return redirect(url_for(".thread", public_id=public_id, fait="envoi"), 303)


@bp.get("/questions")
@permission(Permission.THREAD_ASK)
def mine() -> str:
    """« Mes questions », the last first."""
    with reading() as connection:
        lines = pages.my_threads(connection, learner=visitor(), page=page_of_list())
        begun = pages.question_drafts(connection, learner=visitor())
    drafts = [(_address(about), words) for about, words in begun]
    return render_template("messages/mine.html", lines=lines, drafts=drafts, promised=PROMISED_DAYS)


@bp.route("/questions/<public_id>", methods=["GET", "POST"])
@permission(Permission.THREAD_ASK)
def thread(public_id: str) -> ResponseReturnValue:
    """One's own question and its answers; a message can be added."""
    if request.method != "POST":
        return _show_thread(public_id)
    try:
        _my_thread(public_id)
    except NotFound:
        return _show_gone(404)
    if request.form.get("go") == "draft":
        return _kept_draft(thread_place(public_id), url_for(".thread", public_id=public_id))
    form, now = FollowUpForm(), tools().clock()
    try:
        with writing() as session:
            services.write_again(
                session, learner=visitor(), public_id=public_id, text=form.text.data or "", seen=_seen(), now=now
            )
    except _REFUSALS as refusal:
        status = _refused(form, thread_place(public_id), refusal)
        return _show_thread(public_id, form), status
    return redirect(url_for(".thread", public_id=public_id, fait="envoi"), 303)


@bp.post("/questions/<public_id>/retrait")
@permission(Permission.THREAD_ASK)
def withdraw(public_id: str) -> ResponseReturnValue:
    """Take back a question that no tutor opened yet."""
    try:
        with writing() as session:
            services.withdraw(session, learner=visitor(), public_id=public_id, now=tools().clock())
    except ThreadOpened:
        return _show_thread(public_id, is_too_late=True), 409
    return redirect(url_for(".thread", public_id=public_id), 303)


@bp.post("/questions/<public_id>/lu")
@permission(Permission.THREAD_ASK)
def note_answer_read(public_id: str) -> ResponseReturnValue:
    """The student has read the answers shown."""
    return _noted_read(public_id, url_for(".thread", public_id=public_id))


@bp.get("/messages")
@permission(Permission.THREAD_ANSWER)
def queue() -> str:
    """What students asked, oldest first, against the delay promised."""
    filters, now = _filters(), tools().clock()
    with reading() as connection:
        found = pages.queue(connection, tutor=visitor(), filters=filters, page=page_of_list(), now=now)
    return render_template(
        "messages/queue.html", queue=found, filters=filters, now=now, promised=PROMISED_DAYS, address=_queue_address
    )


@bp.route("/messages/<public_id>", methods=["GET", "POST"])
@permission(Permission.THREAD_ANSWER)
def answer(public_id: str) -> ResponseReturnValue:
    """One exchange, answered in place; an answer that crosses another message waits to be read again."""
    if request.method != "POST":
        return _show_answer(public_id)
    try:
        return _answer(public_id)
    except (NotFound, Forbidden) as refusal:
        return _show_gone(404 if isinstance(refusal, NotFound) else 403)


def _answer(public_id: str) -> ResponseReturnValue:
    _ensure_opened(public_id)
    if request.form.get("go") == "draft":
        return _kept_draft(thread_place(public_id), url_for(".answer", public_id=public_id))
    form, now = AnswerForm(), tools().clock()
    try:
        with writing() as session:
            is_sent = services.answer(
                session, tutor=visitor(), public_id=public_id, text=form.text.data or "", seen=_seen(), now=now
            )
    except _REFUSALS as refusal:
        status = _refused(form, thread_place(public_id), refusal)
        return _show_answer(public_id, form), status
    if not is_sent:
        _keep_draft(thread_place(public_id), form.text.data or "")
        return _show_answer(public_id, form, has_crossed=True), 409
    return redirect(_after_answer(public_id), 303)


@bp.post("/messages/<public_id>/etat")
@permission(Permission.THREAD_ANSWER)
def set_state(public_id: str) -> ResponseReturnValue:
    """Close an exchange, or open it again."""
    is_closed = request.form.get("go") != "reopen"
    with writing() as session:
        services.set_closed(session, tutor=visitor(), public_id=public_id, is_closed=is_closed, now=tools().clock())
    _keep_begun(public_id)
    return redirect(url_for(".answer", public_id=public_id), 303)


@bp.post("/messages/<public_id>/lu")
@permission(Permission.THREAD_ANSWER)
def note_question_read(public_id: str) -> ResponseReturnValue:
    """The tutor has opened the question: its student no longer takes it back."""
    return _noted_read(public_id, url_for(".answer", public_id=public_id))


@bp.post("/messages/<public_id>/lecture")
@permission(Permission.THREAD_ANSWER)
def open_thread(public_id: str) -> ResponseReturnValue:
    """Say, before reading an exchange as an administrator, that one reads it."""
    with writing() as session:
        services.note_reading(session, admin=visitor(), public_id=public_id, now=tools().clock())
    return redirect(url_for(".answer", public_id=public_id), 303)


@bp.route("/compte/courriels", methods=["GET", "POST"])
@permission(Permission.ACCOUNT_USE)
def mail() -> ResponseReturnValue:
    """Whether to be told by mail that something waits."""
    with reading() as connection:
        form = MailForm(data={"wants_mail": pages.wants_mail(connection, person_id=visitor().person_id)})
    if not form.is_submitted():
        return render_template("messages/mail.html", form=form)
    with writing() as session:
        services.keep_mail_choice(
            session, person_id=visitor().person_id, wants_mail=bool(form.wants_mail.data), now=tools().clock()
        )
    return redirect(url_for(".mail", fait="choix"), 303)


def _about() -> About:
    """What the address says that the question is about; what the asker may not open is absent."""
    sort, ref = request.args.get("sur"), request.args.get("ref", "")
    if sort in ("essai", "note"):
        key = request.args.get("question", "") if sort == "essai" else ""
        with reading() as connection:
            return attempt_about(connection, learner=visitor(), public_id=ref, key=key, is_mark=sort == "note")
    programme = own_programme()
    ensure_may_read(visitor(), programme)
    if sort == "module" and ref in programme.modules:
        return About(kind=Kind.MODULE, ref=ref, title=programme.modules[ref].title)
    item = programme.find_item(ref) if sort == "lecon" else None
    if not isinstance(item, Lesson):
        raise NotFound
    return About(kind=Kind.LESSON, ref=item.ref, title=item.title)


def _address(about: About) -> str:
    """The page where a question about this is written."""
    sorts = {Kind.MODULE: "module", Kind.LESSON: "lecon", Kind.MARK: "note"}
    return url_for(".ask", sur=sorts.get(about.kind, "essai"), ref=about.attempt or about.ref, question=about.key)


def _show_question(about: About, form: QuestionForm) -> str:
    return render_template("messages/ask.html", about=about, form=form, promised=PROMISED_DAYS)


def _show_thread(public_id: str, form: FollowUpForm | None = None, *, is_too_late: bool = False) -> str:
    page = _my_thread(public_id)
    form = form or FollowUpForm(formdata=None, data={"text": page.draft})
    return render_template(
        "messages/thread.html", page=page, form=form, promised=PROMISED_DAYS, is_too_late=is_too_late
    )


def _seen() -> int:
    """How many messages the page showed."""
    return number_of(request.form.get("seen")) or 0


def _noted_read(public_id: str, back: str) -> ResponseReturnValue:
    with writing() as session:
        services.note_read(session, who=visitor(), public_id=public_id, seen=_seen(), now=tools().clock())
    _keep_begun(public_id)
    return jsonify({}) if wants_json() else redirect(back, 303)


def _my_thread(public_id: str) -> pages.ThreadPage:
    with reading() as connection:
        return pages.my_thread(connection, learner=visitor(), public_id=public_id)


def _show_answer(public_id: str, form: AnswerForm | None = None, *, has_crossed: bool = False) -> str:
    now = tools().clock()
    with reading() as connection:
        page = pages.tutor_thread(connection, tutor=visitor(), public_id=public_id, now=now)
    form = form or AnswerForm(formdata=None, data={"text": page.draft})
    return render_template(
        "messages/answer.html", page=page, form=form, now=now, promised=PROMISED_DAYS, has_crossed=has_crossed
    )


def _ensure_opened(public_id: str) -> None:
    """Nothing is written about an exchange that the asker does not follow."""
    with reading() as connection:
        pages.find_thread(connection, visitor(), public_id)


def _show_gone(status: int) -> ResponseReturnValue:
    """What was written is given back when its exchange is no longer open to the writer."""
    text = request.form.get("text", "")
    if wants_json() or not text.strip():
        return errors.answer(status)
    return render_template("messages/gone.html", text=text), status


def _draft(place: str) -> str:
    with reading() as connection:
        return pages.draft_of(connection, who=visitor(), place=place)


def _kept_draft(place: str, back: str) -> ResponseReturnValue:
    """What was being written is kept; a script is told when, a page comes back and says so."""
    now = _keep_draft(place, request.form.get("text", ""))
    if wants_json():
        return jsonify({"saved": _("Enregistré à %(time)s", time=formats.clock(now))})
    return redirect(f"{back}{'&' if '?' in back else '?'}fait=brouillon", 303)


def _keep_draft(place: str, text: str) -> object:
    now = tools().clock()
    with writing() as session:
        services.keep_draft(session, who=visitor(), place=place, text=text, now=now)
    return now


def _keep_begun(public_id: str) -> None:
    """What was being written when another button than those that send it was pressed."""
    if "text" in request.form:
        _keep_draft(thread_place(public_id), request.form["text"])


def _refused(form: Form, place: str, refusal: Refusal) -> int:
    """Say in the form why it was refused, and keep its text; gives the status."""
    text = form["text"].data or ""
    _keep_draft(place, text)
    if isinstance(refusal, TooManyQuestions):
        too_many = _("Vous avez déjà envoyé %(most)s messages aujourd’hui. Votre texte est gardé : envoyez-le demain.")
        refuse(form["text"], too_many % {"most": refusal.most})
        return 429
    if isinstance(refusal, ThreadClosed):
        refuse(form["text"], _("Cet échange a été fermé entre-temps. Votre texte est gardé ici."))
        return 409
    is_long = isinstance(refusal, InvalidAnswer) and refusal.reason == "long"
    empty = _("Écrivez quelques mots avant d’envoyer.")
    refuse(form["text"], too_long(len(cleaned(text)), MOST_CHARACTERS) if is_long else empty)
    return 422


def _after_answer(public_id: str) -> str:
    """The next question that waits, when asked for and there is one; else the queue."""
    if request.form.get("go") != "next":
        return url_for(".answer", public_id=public_id, fait="envoi")
    with reading() as connection:
        following = pages.following_thread(connection, tutor=visitor())
    return url_for(".answer", public_id=following) if following else url_for(".queue")


def _filters() -> pages.Filters:
    return pages.Filters(is_answered=request.args.get("etat") == "repondues", group_id=group_of_list())


def _queue_address(**changes: object) -> str:
    """The queue's address with these filters changed."""
    filters = _filters()
    asked = {"etat": "repondues" if filters.is_answered else "", "groupe": filters.group_id}
    query = urlencode({name: value for name, value in {**asked, **changes}.items() if value})
    return f"{request.path}?{query}" if query else request.path
