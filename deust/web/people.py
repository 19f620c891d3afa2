"""A person's own account, and the manager's pages about students."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Field, PasswordField, RadioField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Regexp

from deust.domain.access import Permission, may
from deust.domain.errors import NotFound, SignInRefused
from deust.models.transaction import reading, writing
from deust.queries.people import StudentPage, account_page, find_student, students_page
from deust.services import people, signin
from deust.web.addresses import page_of_list
from deust.web.arrangements import extra_time
from deust.web.current import permission, tools, visitor
from deust.web.forms import N_, Form, NewPasswordForm, exact, refuse
from deust.web.i18n import gettext as _
from deust.web.sessions import new_hash, prove

bp = Blueprint("people", __name__)


class PreferencesForm(Form):
    theme = RadioField(
        N_("Couleurs"),
        choices=[
            SelectChoice("auto", N_("Comme l’appareil")),
            SelectChoice("light", N_("Claires")),
            SelectChoice("dark", N_("Sombres")),
        ],
    )
    locale = RadioField(
        N_("Langue de l’interface"), choices=[SelectChoice("fr", "Français"), SelectChoice("en", "English")]
    )


class ChangePasswordForm(NewPasswordForm):
    present = PasswordField(
        N_("Mot de passe actuel"),
        [InputRequired(N_("Écrivez votre mot de passe actuel."))],
        render_kw={"autocomplete": "current-password"},
    )

    def __iter__(self) -> Iterator[Field]:
        """In the order of the page, where its errors are listed first."""
        return iter((self.present, self.password, self.again))


class AccommodationForm(Form):
    multiplier = StringField(
        N_("Temps multiplié par"),
        [InputRequired(N_("Écrivez un nombre, 1 pour un temps ordinaire."))],
        render_kw={"inputmode": "text", "autocomplete": "off"},
    )
    extra_minutes = StringField(
        N_("Minutes en plus"),
        [
            InputRequired(N_("Écrivez un nombre de minutes, 0 s’il n’y en a pas.")),
            Regexp(r"\s*[0-9]{1,4}\s*\Z", message=N_("Écrivez un nombre entier de minutes, 0 s’il n’y en a pas.")),
        ],
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )

    def validate_multiplier(self, field: StringField) -> None:
        value = exact(field.data)
        if value is None or not people.is_multiplier(value):
            raise ValidationError(_("Écrivez un nombre entre 1 et 4, par exemple 4/3."))

    def validate_extra_minutes(self, field: StringField) -> None:
        if not field.errors and int(field.data) > people.MOST_EXTRA_MINUTES:
            raise ValidationError(_("Au plus 480 minutes."))


@bp.get("/compte")
@permission(Permission.ACCOUNT_USE)
def account() -> ResponseReturnValue:
    return _account(PreferencesForm(obj=visitor()), ChangePasswordForm(formdata=None))


@bp.post("/compte/preferences")
@permission(Permission.ACCOUNT_USE)
def keep_preferences() -> ResponseReturnValue:
    form = PreferencesForm()
    if not form.validate():
        return _account(form, ChangePasswordForm(formdata=None)), 422
    with writing() as session:
        people.keep_preferences(session, visitor().person_id, theme=form.theme.data, locale=form.locale.data)
    return redirect(url_for("people.account", fait="preferences"), 303)


@bp.post("/compte/mot-de-passe")
@permission(Permission.ACCOUNT_USE)
def change_password() -> ResponseReturnValue:
    form = ChangePasswordForm()
    if not (form.validate() and _change_password(form)):
        return _account(PreferencesForm(formdata=None, obj=visitor()), form), 422
    return redirect(url_for("people.account", fait="mot-de-passe"), 303)


@bp.post("/compte/autres-appareils")
@permission(Permission.ACCOUNT_USE)
def end_other_sessions() -> ResponseReturnValue:
    me = visitor()
    with writing() as session:
        signin.end_other_sessions(session, me.person_id, keep=me.session_hash, now=tools().clock())
    return redirect(url_for("people.account", fait="appareils"), 303)


@bp.get("/personnes")
@permission(Permission.PEOPLE_ARRANGE)
def students() -> ResponseReturnValue:
    search, position = request.args.get("q", "")[:100], page_of_list()
    with reading() as connection:
        page = students_page(connection, search=search, position=position)
    return render_template("people/students.html", page=page)


@bp.get("/personnes/<int(max=2147483647):person_id>")
@permission(Permission.PEOPLE_ARRANGE)
def student(person_id: int) -> ResponseReturnValue:
    page = _student(person_id)
    return render_template("people/student.html", page=page, extra_time=extra_time(page.arrangement))


@bp.route("/personnes/<int(max=2147483647):person_id>/amenagement", methods=["GET", "POST"])
@permission(Permission.PEOPLE_ARRANGE)
def accommodation(person_id: int) -> ResponseReturnValue:
    page = _student(person_id)
    granted = page.arrangement
    form = AccommodationForm(data={"multiplier": granted.time_multiplier, "extra_minutes": granted.extra_minutes})
    if not form.validate_on_submit():
        return render_template("people/accommodation.html", page=page, form=form), 422 if form.errors else 200
    moved = _grant(form, person_id)
    return redirect(url_for("people.student", person_id=person_id, fait="amenagement", deplacees=moved), 303)


@bp.post("/personnes/<int(max=2147483647):person_id>/invitation")
@permission(Permission.PEOPLE_ARRANGE)
def invite(person_id: int) -> ResponseReturnValue:
    _student(person_id)
    with writing() as session:
        signin.invite(session, person_id, by=visitor().person_id, base_url=tools().base_url, now=tools().clock())
    return redirect(url_for("people.student", person_id=person_id, fait="invitation"), 303)


@bp.post("/personnes/<int(max=2147483647):person_id>/desactivation")
@permission(Permission.PEOPLE_ARRANGE)
def disable(person_id: int) -> ResponseReturnValue:
    _student(person_id)
    with writing() as session:
        signin.disable_account(session, person_id, by=visitor().person_id, now=tools().clock())
    return redirect(url_for("people.student", person_id=person_id, fait="desactivation"), 303)


@bp.post("/personnes/<int(max=2147483647):person_id>/reactivation")
@permission(Permission.PEOPLE_ARRANGE)
def enable(person_id: int) -> ResponseReturnValue:
    _student(person_id)
    with writing() as session:
        signin.enable_account(session, person_id, by=visitor().person_id, now=tools().clock())
    return redirect(url_for("people.student", person_id=person_id, fait="reactivation"), 303)


def _account(preferences: PreferencesForm, password: ChangePasswordForm) -> str:
    me = visitor()
    with reading() as connection:
        page = account_page(connection, person_id=me.person_id, session_hash=me.session_hash, now=tools().clock())
    return render_template(
        "people/account.html",
        page=page,
        extra_time=extra_time(page.arrangement) if page.arrangement else None,
        may_arrange=may(me.role, Permission.PEOPLE_ARRANGE),
        preferences=preferences,
        password=password,
    )


def _change_password(form: ChangePasswordForm) -> bool:
    me = visitor()
    try:
        _asked, proved = prove(me.email, form.present.data)
    except SignInRefused:
        refuse(form.present, _("Ce n’est pas votre mot de passe actuel."))
        return False
    password_hash = new_hash(form.password, (me.email, me.given_name, me.family_name))
    if password_hash is None:
        return False
    with writing() as session:
        signin.change_password(session, proved, password_hash=password_hash, keep=me.session_hash, now=tools().clock())
    return True


def _student(person_id: int) -> StudentPage:
    """A student of the manager's; anyone else is a page that does not exist."""
    with reading() as connection:
        page = find_student(connection, person_id=person_id)
    if page is None:
        raise NotFound
    return page


def _grant(form: AccommodationForm, person_id: int) -> int:
    with writing() as session:
        return people.grant_accommodation(
            session,
            person_id,
            time_multiplier=exact(form.multiplier.data) or 1,
            extra_minutes=int(form.extra_minutes.data),
            by=visitor().person_id,
            now=tools().clock(),
        )
