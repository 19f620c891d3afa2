"""Getting in touch: a message to several, a contact kept, a flag put aside; and one student's whole file."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from wtforms import (
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp

from deust.domain.access import Permission
from deust.domain.errors import NotFound
from deust.domain.flags import FlagKind
from deust.domain.learning import Announced, Programme
from deust.domain.people import Dates
from deust.domain.progress import AnyItem
from deust.models.transaction import reading, writing
from deust.queries.cohort import chosen_ids
from deust.queries.cohort_heads import CohortHead, get_cohort
from deust.queries.contacts import Followed, Recipient, get_followed, recipients, student_file
from deust.services import cohort as services
from deust.services import people
from deust.web.addresses import number_of, page_of_list
from deust.web.arrangements import extra_time
from deust.web.current import permission, tools, visitor
from deust.web.flag_words import draft_words, event_words
from deust.web.forms import N_, Form, Longest, LongText, refuse
from deust.web.i18n import gettext as _
from deust.web.wishes import wish_of

bp = Blueprint("contacts", __name__)

LATER = timedelta(days=7)
LONGEST_MESSAGE = 5_000

_SENDING = Regexp(r"[0-9a-f]{32}\Z")
"""What a form is known by: sent again, by a second press or from the back button, it does nothing more."""


class MessageForm(Form):
    subject = StringField(
        N_("Objet"),
        [
            DataRequired(N_("Écrivez l’objet du message.")),
            Length(max=150, message=N_("L’objet tient en 150 signes.")),
        ],
    )
    text = LongText(
        N_("Message"),
        [
            DataRequired(N_("Écrivez le message.")),
            Longest(LONGEST_MESSAGE),
        ],
        render_kw={"rows": 10},
    )
    sending = HiddenField(validators=[_SENDING])


class ContactForm(Form):
    means = RadioField(
        N_("Comment"),
        [InputRequired(N_("Choisissez comment vous l’avez joint."))],
        choices=[SelectChoice("phone", N_("Par téléphone")), SelectChoice("other", N_("Autrement"))],
    )
    note = LongText(
        N_("Ce qui a été dit"),
        [
            DataRequired(N_("Écrivez une phrase.")),
            Longest(services.LONGEST_NOTE),
        ],
    )
    sending = HiddenField(validators=[_SENDING])


class LaterForm(Form):
    until_on = DateField(N_("Revoir à partir du"), [InputRequired(N_("Choisissez un jour."))])


class ExtensionForm(Form):
    item = SelectField(N_("Activité"), [InputRequired(N_("Choisissez une activité."))])
    until_on = DateField(N_("À rendre au plus tard le"), [InputRequired(N_("Choisissez un jour."))])
    extra_attempts = IntegerField(
        N_("Essais de quiz en plus"), [Optional(), NumberRange(0, 10, N_("De 0 à 10 essais en plus."))]
    )


@bp.route("/cohortes/<int(max=2147483647):cohort_id>/message", methods=["GET", "POST"])
@permission(Permission.COHORT_FOLLOW)
def write(cohort_id: int) -> ResponseReturnValue:
    """A message to the students chosen, else to all of the filter; nobody gets it twice from one form."""
    head = _cohort(cohort_id)
    form, ticked = MessageForm(data=_draft()), _numbers("etudiant")
    offered = _offered(head, ticked)
    chosen = tuple(each for each in offered if each.person_id in ticked) if form.is_submitted() else offered
    is_filled = form.validate_on_submit()
    if form.is_submitted() and not chosen:
        form.form_errors.append(_("Choisissez au moins un étudiant que vous suivez."))
    elif is_filled:
        sent = _send(form, chosen)
        return redirect(url_for("cohort.cohort", cohort_id=cohort_id, fait="message", nombre=sent), 303)
    status = 422 if form.errors else 200
    return render_template("cohort/message.html", head=head, form=form, offered=offered, chosen=chosen), status


@bp.get("/personnes/<int(max=2147483647):person_id>/parcours")
@permission(Permission.COHORT_FOLLOW)
def file(person_id: int) -> ResponseReturnValue:
    """Everything that one student did and was told, newest first."""
    with reading() as connection:
        page = student_file(
            connection,
            asker=visitor(),
            person_id=person_id,
            position=page_of_list(),
        )
    programme = tools().catalogue.programme(page.student.programme)
    return render_template(
        "cohort/file.html",
        page=page,
        words=lambda event: event_words(event, programme),
        extra_time=extra_time(page.student.arrangement) if page.student.is_arranged else None,
    )


@bp.route("/personnes/<int(max=2147483647):person_id>/contact", methods=["GET", "POST"])
@permission(Permission.COHORT_FOLLOW)
def log(person_id: int) -> ResponseReturnValue:
    """Keep a contact made elsewhere than here."""
    student, form = _student(person_id), ContactForm(data={"sending": secrets.token_hex(16)})
    if not form.validate_on_submit():
        return render_template("cohort/contact.html", student=student, form=form), 422 if form.errors else 200
    with writing() as session:
        services.log_contact(
            session,
            person_id,
            means=form.means.data,
            note=form.note.data,
            sending=form.sending.data,
            by=visitor().person_id,
            now=tools().clock(),
        )
    return redirect(url_for("contacts.file", person_id=person_id, fait="contact"), 303)


@bp.route("/personnes/<int(max=2147483647):person_id>/plus-tard", methods=["GET", "POST"])
@permission(Permission.COHORT_FOLLOW)
def later(person_id: int) -> ResponseReturnValue:
    """Put what points a student out aside until a day."""
    student = _student(person_id)
    today = tools().clock().astimezone(ZoneInfo(student.calendar.time_zone)).date()
    form = LaterForm(data={"until_on": today + LATER})
    if form.validate_on_submit() and not today <= form.until_on.data <= today + timedelta(days=366):
        refuse(form.until_on, _("Choisissez un jour à venir, dans l’année."))
    if not form.is_submitted() or form.errors:
        return render_template("cohort/later.html", student=student, form=form), 422 if form.errors else 200
    with writing() as session:
        services.put_aside(
            session,
            person_id,
            tuple(FlagKind),
            until_on=form.until_on.data,
            by=visitor().person_id,
            now=tools().clock(),
        )
    done = "plus-tard" if form.until_on.data > today else "revenu"
    return redirect(url_for("cohort.cohort", cohort_id=student.cohort_id, fait=done), 303)


@bp.route("/personnes/<int(max=2147483647):person_id>/prolongation", methods=["GET", "POST"])
@permission(Permission.COHORT_FOLLOW)
def extend(person_id: int) -> ResponseReturnValue:
    """Another date for one activity of one student; open attempts follow at once."""
    student = _student(person_id)
    programme = tools().catalogue.programme(student.programme)
    today = tools().clock().astimezone(ZoneInfo(student.calendar.time_zone)).date()
    form = ExtensionForm()
    form.item.choices = [("", ""), *_dated_items(programme)]
    if form.validate_on_submit() and not today <= form.until_on.data <= today + timedelta(days=731):
        refuse(form.until_on, _("Choisissez un jour à venir, dans les deux ans."))
    if not form.is_submitted() or form.errors:
        return render_template("cohort/extension.html", student=student, form=form), 422 if form.errors else 200
    _extend(student, form, programme)
    return redirect(url_for("contacts.file", person_id=person_id, fait="prolongation"), 303)


def _cohort(cohort_id: int) -> CohortHead:
    with reading() as connection:
        return get_cohort(connection, asker=visitor(), cohort_id=cohort_id, programmes=tools().catalogue.programme)


def _student(person_id: int) -> Followed:
    with reading() as connection:
        return get_followed(connection, asker=visitor(), person_id=person_id)


def _numbers(name: str) -> list[int]:
    given: MultiDict[str, str] = request.form if request.method == "POST" else request.args
    return [number for text in given.getlist(name) if (number := number_of(text))]


def _offered(head: CohortHead, ticked: Sequence[int]) -> tuple[Recipient, ...]:
    """The students whom the asker follows among those ticked and those that the form offered; else of the filter."""
    ids = [*ticked, *_numbers("propose")]
    with reading() as connection:
        if not ids and request.method == "GET":
            ids = list(
                chosen_ids(
                    connection,
                    tools().snapshots,
                    asker=visitor(),
                    head=head,
                    wish=wish_of(request.args),
                    now=tools().clock(),
                )
            )
        return recipients(connection, asker=visitor(), ids=ids)


def _draft() -> dict[str, str]:
    subject, text = draft_words()
    return {
        "subject": subject,
        "text": text,
        "sending": secrets.token_hex(16),
    }


def _send(form: MessageForm, chosen: tuple[Recipient, ...]) -> int:
    with writing() as session:
        return services.write_to(
            session,
            [each.person_id for each in chosen],
            subject=" ".join(form.subject.data.split()),
            text=form.text.data,
            sending=form.sending.data,
            by=visitor(),
            now=tools().clock(),
        )


def _dated_items(programme: Programme) -> list[tuple[str, str]]:
    """What a date can be given for: every activity that exists, under its module."""
    return [
        (item.ref, f"{module.title} : {item.title}")
        for module in programme.modules_in_order
        for item in module.items
        if not isinstance(item, Announced)
    ]


def _extend(student: Followed, form: ExtensionForm, programme: Programme) -> None:
    item: AnyItem | None = programme.find_item(form.item.data)
    if item is None:
        raise NotFound
    due_at = student.calendar.end_of_day(form.until_on.data)
    with writing() as session:
        people.move_dates(
            session,
            item,
            person_id=student.person_id,
            dates=Dates(due_at=due_at, extra_attempts=form.extra_attempts.data or 0),
            keeps_attempts=form.extra_attempts.data is None,
            by=visitor().person_id,
            now=tools().clock(),
        )
