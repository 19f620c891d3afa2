"""« Voir comme cet étudiant, ce jour »: staff look at a student's pages on a day, and can do nothing meanwhile."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from wtforms import DateField
from wtforms.validators import InputRequired

from deust.domain.access import Permission
from deust.models.transaction import reading, writing
from deust.queries.contacts import Followed, get_followed
from deust.services import cohort as services
from deust.web.current import EYES, permission, tools, visitor
from deust.web.forms import N_, Form, refuse
from deust.web.i18n import gettext as _

bp = Blueprint("eyes", __name__)

FARTHEST = timedelta(days=731)


class LookForm(Form):
    day = DateField(N_("Le jour à regarder"), [InputRequired(N_("Choisissez un jour."))])


@bp.route("/personnes/<int(max=2147483647):person_id>/yeux", methods=["GET", "POST"])
@permission(Permission.COHORT_FOLLOW)
def look(person_id: int) -> ResponseReturnValue:
    """Choose the day, then see the student's pages; who looks, at whom and for which day is noted."""
    with reading() as connection:
        student = get_followed(connection, asker=visitor(), person_id=person_id)
    now = tools().clock().astimezone(ZoneInfo(student.calendar.time_zone))
    form = LookForm(data={"day": now.date()})
    if form.validate_on_submit() and abs(form.day.data - now.date()) > FARTHEST:
        refuse(form.day, _("Choisissez un jour à moins de deux ans."))
    if not form.is_submitted() or form.errors:
        return render_template("cohort/look.html", student=student, form=form), 422 if form.errors else 200
    _put_on(student, form.day.data, now)
    return redirect(url_for("learning.today"), 303)


@bp.post("/yeux/quitter")
@permission(Permission.COHORT_FOLLOW)
def leave() -> ResponseReturnValue:
    """Give the eyes back, and return to the student's file."""
    held = session.pop(EYES, None)
    if held is None:
        return redirect(url_for("cohort.cohorts"), 303)
    return redirect(url_for("contacts.file", person_id=held["person"]), 303)


def _put_on(student: Followed, day: date, now: datetime) -> None:
    """The same hour as now, on the day chosen."""
    at = datetime.combine(day, now.time().replace(tzinfo=None), now.tzinfo)
    with writing() as opened:
        services.look_as(opened, student.person_id, at=at, by=visitor().person_id, now=tools().clock())
    session[EYES] = {"person": student.person_id, "at": at.isoformat()}
