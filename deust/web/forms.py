"""What forms share: words translated when they are shown, numbers typed the French way, refused passwords explained."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from markupsafe import Markup
from werkzeug.datastructures import CombinedMultiDict
from wtforms import Field, PasswordField, TextAreaField, ValidationError
from wtforms.validators import EqualTo, InputRequired

from deust.domain.errors import InvalidAnswer
from deust.domain.french_numbers import read_number
from deust.web.formats import number
from deust.web.i18n import gettext as _
from deust.web.i18n import lazy_gettext as lazy
from deust.web.i18n import ngettext

N_ = lazy
"""A label written once and translated each time it is shown; the name is one that gettext extraction knows."""


class _Words:
    """What the form library says of itself when a field has no words of its own, in the reader's language."""

    def gettext(self, message: str) -> str:
        words = {
            "This field is required.": _("Remplissez ce champ."),
            "Not a valid choice.": _("Choisissez dans la liste."),
            "Invalid Choice: could not coerce.": _("Choisissez dans la liste."),
            "Not a valid integer value.": _("Écrivez un nombre entier."),
            "Not a valid date value.": _("Écrivez un jour qui existe, comme 2026-10-13."),
            "Invalid input.": _("Ce qui est écrit ne convient pas."),
        }
        return words.get(message, message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        if one == "Field cannot be longer than %(max)d character.":
            most = number(count)
            return ngettext("Écrivez %(max)s signe au plus.", "Écrivez %(max)s signes au plus.", count, max=most)
        return one if count == 1 else many


class Form(FlaskForm):
    """A form whose refusals are all in the reader's language. Pages post it: what a script sends as JSON is no form."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, form: FlaskForm) -> _Words:
            return _Words()

        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            """Texts alone: a file sent under the name of a field is none."""
            found = None if request.is_json else super().wrap_formdata(form, formdata)
            return request.form if isinstance(found, CombinedMultiDict) else found

        def render_field(self, field: Field, render_kw: dict[str, Any]) -> Markup:
            """Too long is told when the form is sent, and all of it comes back: `maxlength` cuts what is pasted."""
            return super().render_field(field, {"maxlength": False, **render_kw})


class LongText(TextAreaField):
    """A text whose lines end in one sign, as whoever types counts them; browsers send two."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        super().process_formdata([text.replace("\r\n", "\n") for text in valuelist])


class NewPasswordForm(Form):
    """A password chosen, typed twice."""

    password = PasswordField(
        lazy("Nouveau mot de passe"),
        [InputRequired(lazy("Écrivez un nouveau mot de passe."))],
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        lazy("Le même, encore une fois"),
        [
            InputRequired(lazy("Écrivez-le une seconde fois.")),
            EqualTo("password", lazy("Les deux mots de passe sont différents.")),
        ],
        render_kw={"autocomplete": "new-password"},
    )


class Longest:
    """How long a text may be: a refusal says how long it is."""

    def __init__(self, most: int) -> None:
        self._most = most

    def __call__(self, form: FlaskForm, field: Field) -> None:
        if len(field.data or "") > self._most:
            raise ValidationError(too_long(len(field.data), self._most))


def too_long(size: int, most: int) -> str:
    words = _("Ce texte compte %(size)s caractères, pour %(most)s au plus. Il est gardé : raccourcissez-le.")
    return words % {"size": number(size), "most": number(most)}


def refuse(field: Field, message: str) -> None:
    """Add an error that only the act itself could find."""
    field.errors = [*field.errors, message]


def exact(text: str | None) -> Fraction | None:
    """The number typed, `4/3` or `1,33`; None when it is not one."""
    try:
        return read_number(text or "")
    except InvalidAnswer:
        return None


def weakness(reason: str) -> str:
    """Why a new password is refused, and what to do."""
    texts = {
        "short": _(
            "Il faut au moins 15 caractères. Plusieurs mots à la suite, espaces compris, conviennent très bien."
        ),
        "long": _("Ce mot de passe dépasse 1 024 caractères, ou contient un signe illisible."),
        "common": _("Ce mot de passe fait partie des premiers que l’on essaie. Prenez des mots sans lien entre eux."),
        "personal": _("Ce mot de passe contient votre nom ou votre adresse. Prenez des mots sans lien avec vous."),
    }
    return texts[reason]
