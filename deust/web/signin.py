"""Signing in and out, also in place from an open page; choosing a password from a link."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from deust.domain.access import Permission, may
from deust.domain.errors import LinkExpired, SignInRefused, SignInThrottled
from deust.domain.people import SignedIn
from deust.domain.signin import Asking, local_path
from deust.models.transaction import reading, writing
from deust.queries.signin import LinkHolder, link_holder
from deust.services import signin
from deust.web.current import permission, tools, visitor_or_none, wants_json
from deust.web.forms import N_, Form, NewPasswordForm, refuse
from deust.web.i18n import gettext as _
from deust.web.i18n import ngettext
from deust.web.sessions import asked_for, leave, new_hash, open_session, prove

bp = Blueprint("signin", __name__)


class SignInForm(Form):
    email = EmailField(
        N_("Adresse e-mail"),
        [
            InputRequired(N_("Écrivez votre adresse e-mail.")),
            Length(max=254, message=N_("Cette adresse est trop longue.")),
        ],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        N_("Mot de passe"),
        [InputRequired(N_("Écrivez votre mot de passe."))],
        render_kw={"autocomplete": "current-password"},
    )


class ForgottenPasswordForm(Form):
    email = EmailField(
        N_("Adresse e-mail"),
        [
            InputRequired(N_("Écrivez votre adresse e-mail.")),
            Length(max=254, message=N_("Cette adresse est trop longue.")),
        ],
        render_kw={"autocomplete": "username"},
    )


@bp.route("/connexion", methods=["GET", "POST"])
@permission(Permission.PUBLIC)
def sign_in() -> ResponseReturnValue:
    if wants_json():
        return _sign_in_in_place()
    form, person = SignInForm(), visitor_or_none()
    if person is not None and request.method == "GET":
        return redirect(_after(person), 303)
    if not form.validate_on_submit():
        return render_template("signin/sign_in.html", form=form), 422 if form.errors else 200
    try:
        person = open_session(*prove(form.email.data, form.password.data))
    except (SignInRefused, SignInThrottled) as refusal:
        return _not_signed_in(form, refusal)
    return redirect(_after(person), 303)


@bp.post("/deconnexion")
@permission(Permission.PUBLIC)
def sign_out() -> ResponseReturnValue:
    leave()
    return redirect(url_for("signin.sign_in", sorti=1), 303)


@bp.route("/mot-de-passe-oublie", methods=["GET", "POST"])
@permission(Permission.PUBLIC)
def forgotten_password() -> ResponseReturnValue:
    form = ForgottenPasswordForm()
    if not form.validate_on_submit():
        return render_template("signin/forgotten_password.html", form=form), 422 if form.errors else 200
    asked = asked_for(form.email.data, act="reset")
    with writing() as session:
        signin.ask_reset(session, asked, base_url=tools().base_url, now=tools().clock())
    return redirect(url_for("signin.forgotten_password", envoye=1), 303)


@bp.route("/liens/<token>", methods=["GET", "POST"])
@permission(Permission.PUBLIC)
def choose_password(token: str) -> ResponseReturnValue:
    holder, form = _holder(token), NewPasswordForm()
    about = (holder.email, holder.given_name, holder.family_name)
    if form.validate_on_submit() and (password_hash := new_hash(form.password, about)):
        with writing() as session:
            signin.choose_password(
                session, holder, token_hash=signin.token_hash(token), password_hash=password_hash, now=tools().clock()
            )
        leave()
        return redirect(url_for("signin.sign_in", choisi=1), 303)
    page = render_template("signin/choose_password.html", form=form, holder=holder)
    return page, 422 if form.errors else 200, {"Referrer-Policy": "strict-origin", "Cache-Control": "no-store"}


def _holder(token: str) -> LinkHolder:
    with reading() as connection:
        holder = link_holder(connection, token_hash=signin.token_hash(token), now=tools().clock())
    if holder is None:
        raise LinkExpired
    return holder


def _not_signed_in(form: SignInForm, refusal: SignInRefused | SignInThrottled) -> ResponseReturnValue:
    """The form again, with the same words for a wrong address and a wrong password."""
    if isinstance(refusal, SignInRefused):
        refuse(form.password, _("L’adresse ou le mot de passe ne convient pas."))
        return render_template("signin/sign_in.html", form=form), 401
    refuse(form.password, _wait(refusal.seconds))
    return render_template("signin/sign_in.html", form=form), 429, {"Retry-After": str(refusal.seconds)}


def _wait(seconds: int) -> str:
    if seconds < 60:
        return ngettext(
            "Trop d’essais de suite. Recommencez dans %(num)s seconde.",
            "Trop d’essais de suite. Recommencez dans %(num)s secondes.",
            seconds,
        )
    return ngettext(
        "Trop d’essais de suite. Recommencez dans %(num)s minute.",
        "Trop d’essais de suite. Recommencez dans %(num)s minutes.",
        -(-seconds // 60),
    )


def _sign_in_in_place() -> ResponseReturnValue:
    """Sign in again from a page that stayed open: only as the person whose page it is."""
    if request.method == "GET":
        return jsonify(csrf_token=generate_csrf())
    body = request.get_json(silent=True)
    body = body if isinstance(body, dict) else {}
    email, password, expected = (body.get(name) for name in ("email", "password", "expected"))
    if not (isinstance(email, str) and isinstance(password, str) and expected is not None):
        return _json(400, error="incomplete", message=_("L’adresse ou le mot de passe manque."))
    try:
        asked, account = prove(email, password)
        if str(account.person_id) != str(expected):
            return _someone_else(asked)
        person = open_session(asked, account)
    except SignInRefused:
        return _json(401, error="refused", message=_("L’adresse ou le mot de passe ne convient pas."))
    except SignInThrottled as throttled:
        answer = _json(429, error="throttled", message=_wait(throttled.seconds), seconds=throttled.seconds)
        answer.headers["Retry-After"] = str(throttled.seconds)
        return answer
    return jsonify(csrf_token=generate_csrf(), person=person.person_id)


def _someone_else(asked: Asking) -> Response:
    with writing() as session:
        signin.note_success(session, asked, now=tools().clock())
    return _json(
        403,
        error="other-person",
        message=_("Cette page est celle d’une autre personne : ses réponses restent sur cet appareil."),
    )


def _json(status: int, **body: object) -> Response:
    return make_response(jsonify(body), status)


def _after(person: SignedIn) -> str:
    """Where signing in leads: the page asked for, if it is one of ours, else the person's own first page."""
    asked = local_path(request.args.get("suite"))
    if asked is not None and asked.partition("?")[0] not in ("/connexion", "/deconnexion"):
        return asked
    if person.enrolled:
        return url_for("learning.today")
    if may(person.role, Permission.PEOPLE_ARRANGE):
        return url_for("people.students")
    if may(person.role, Permission.ATTEMPT_REVIEW):
        return url_for("grading.queue")
    return url_for("learning.programme" if may(person.role, Permission.LEARNING_READ) else "people.account")
