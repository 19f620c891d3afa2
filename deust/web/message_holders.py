"""Questions shared out among the tutors who may answer them."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from deust.domain.access import Permission, may
from deust.domain.messages import PROMISED_DAYS
from deust.models.transaction import reading, writing
from deust.queries import message_holders as pages
from deust.services import message_holders as services
from deust.web.addresses import page_of_list
from deust.web.current import permission, tools, visitor
from deust.web.forms import N_, Form

bp = Blueprint("message_holders", __name__)


class GivingForm(Form):
    tutor = RadioField(N_("Qui répondra"), [InputRequired(N_("Choisissez un tuteur."))], coerce=int)


@bp.get("/questions-en-attente")
@permission(Permission.THREAD_SHARE)
def sharing() -> str:
    """The questions that wait, oldest first, and who holds each: nothing of what was written."""
    with reading() as connection:
        found = pages.waiting_questions(connection, asker=visitor(), page=page_of_list())
    given = request.args.get("fait") == "confiee"
    return render_template(
        "messages/sharing.html", found=found, now=tools().clock(), promised=PROMISED_DAYS, is_given=given
    )


@bp.route("/messages/<public_id>/confier", methods=["GET", "POST"])
@permission(Permission.THREAD_SHARE)
def give(public_id: str) -> ResponseReturnValue:
    """Give a question over to another tutor who follows its student."""
    with reading() as connection:
        page = pages.giving_over(connection, asker=visitor(), public_id=public_id)
    form, now = GivingForm(), tools().clock()
    form.tutor.choices = [SelectChoice(number, name) for number, name in page.tutors.items()]
    if not form.validate_on_submit():
        shown = render_template("messages/give.html", page=page, form=form, now=now, promised=PROMISED_DAYS)
        return shown, 422 if form.errors else 200
    with writing() as session:
        services.give_over(
            session, by=visitor(), public_id=public_id, to_id=form.tutor.data, base_url=tools().base_url, now=now
        )
    return redirect(url_for("messages.queue" if _answers() else ".sharing", fait="confiee"), 303)


def _answers() -> bool:
    return may(visitor().role, Permission.THREAD_ANSWER)
