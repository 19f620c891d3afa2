"""« Ma cohorte »: who needs help and why, and the rules that say so."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

from flask import Blueprint, Response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange

from deust.domain.access import Permission
from deust.domain.flags import Rules
from deust.models.transaction import reading, writing
from deust.queries.cohort import Filter, Sort, chosen_rows, cohort_page
from deust.queries.cohort_heads import cohorts_of, get_cohort
from deust.services import cohort as services
from deust.services.tables import written_table
from deust.web import cohort_table
from deust.web.addresses import number_of
from deust.web.cohort_rows import DrawnRows
from deust.web.cohort_waves import row_wave, sheet_of
from deust.web.current import permission, tools, visitor
from deust.web.flag_words import days_ago, reason
from deust.web.forms import N_, Form
from deust.web.i18n import gettext as _
from deust.web.progress_waves import progress_text
from deust.web.wishes import address_of, wish_of

bp = Blueprint("cohort", __name__)

MEDIA_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

_NUMBER = InputRequired(N_("Écrivez un nombre entier, 0 pour ne rien signaler."))


class RulesForm(Form):
    silent_days = IntegerField(
        N_("Jours sans activité"),
        [_NUMBER, NumberRange(0, 90, N_("Écrivez un nombre de 0 à 90."))],
        render_kw={"inputmode": "numeric"},
    )
    due_days = IntegerField(
        N_("… alors qu’un travail est à finir sous ce nombre de jours"),
        [_NUMBER, NumberRange(0, 60, N_("Écrivez un nombre de 0 à 60."))],
        render_kw={"inputmode": "numeric"},
    )
    failed_attempts = IntegerField(
        N_("Essais non réussis d’un même quiz"),
        [_NUMBER, NumberRange(0, 20, N_("Écrivez un nombre de 0 à 20."))],
        render_kw={"inputmode": "numeric"},
    )
    behind_percent = IntegerField(
        N_("Part des heures attendues, en pour cent, sous laquelle prévenir"),
        [_NUMBER, NumberRange(0, 100, N_("Écrivez un nombre de 0 à 100."))],
        render_kw={"inputmode": "numeric"},
    )

    def rules(self) -> Rules:
        return Rules(
            silent_days=self.silent_days.data,
            due_days=self.due_days.data,
            failed_attempts=self.failed_attempts.data,
            behind_percent=self.behind_percent.data,
        )


@bp.get("/cohortes")
@permission(Permission.COHORT_FOLLOW)
def cohorts() -> ResponseReturnValue:
    """The cohorts where one follows someone; a single one opens at once."""
    with reading() as connection:
        lines = cohorts_of(connection, asker=visitor())
    if len(lines) == 1:
        return redirect(url_for("cohort.cohort", cohort_id=lines[0].id), 303)
    return render_template("cohort/cohorts.html", lines=lines)


@bp.get("/cohortes/<int(max=2147483647):cohort_id>")
@permission(Permission.COHORT_FOLLOW)
def cohort(cohort_id: int) -> ResponseReturnValue:
    """One row a student: where they stand, when they were last there, what is to know."""
    with reading() as connection:
        page = cohort_page(
            connection,
            tools().snapshots,
            asker=visitor(),
            cohort_id=cohort_id,
            programmes=tools().catalogue.programme,
            wish=wish_of(request.args),
            now=tools().clock(),
        )
    sheet = sheet_of(tuple(item.minutes for item in page.items))
    return render_template(
        "cohort/cohort.html",
        page=page,
        sheet=sheet,
        drawn=DrawnRows(page.rows, names_groups=len(page.head.groups) > 1),
        wave=lambda row: row_wave(sheet, row.line.states, progress_text(row.line.totals)),
        sent=number_of(request.args.get("nombre")) or 0,
        filters=_filters(),
        sorts=_sorts(),
        address=address_of,
        reason=lambda flag: reason(flag, page.head.rules, page.head.programme),
        days_ago=lambda moment: days_ago(moment, page.now),
    )


@bp.get("/cohortes/<int(max=2147483647):cohort_id>/export/<any(csv, xlsx):kind>")
@permission(Permission.COHORT_FOLLOW)
def export(cohort_id: int, kind: str) -> Response:
    """The students of a filter as a file, only those whom one follows."""
    chosen = {"asker": visitor(), "wish": wish_of(request.args), "now": tools().clock()}
    with reading() as connection:
        head = get_cohort(connection, asker=visitor(), cohort_id=cohort_id, programmes=tools().catalogue.programme)
        rows = chosen_rows(connection, tools().snapshots, head=head, **chosen)
    lines = cohort_table.lines(rows, head.rules, head.programme)
    content = written_table(kind, _("Cohorte"), cohort_table.header(), lines)
    name = f"cohorte-{cohort_id}-{chosen['now'].date().isoformat()}.{kind}"
    return send_file(BytesIO(content), mimetype=MEDIA_TYPES[kind], as_attachment=True, download_name=name)


@bp.route("/cohortes/<int(max=2147483647):cohort_id>/regles", methods=["GET", "POST"])
@permission(Permission.PEOPLE_ARRANGE)
def rules(cohort_id: int) -> ResponseReturnValue:
    """The rules that point students out, as the manager sets them."""
    with reading() as connection:
        head = get_cohort(connection, asker=visitor(), cohort_id=cohort_id, programmes=tools().catalogue.programme)
    form = RulesForm(obj=head.rules)
    if not form.validate_on_submit():
        return render_template("cohort/rules.html", head=head, form=form), 422 if form.errors else 200
    with writing() as session:
        services.set_rules(session, cohort_id, form.rules(), by=visitor().person_id, now=tools().clock())
    return redirect(url_for("cohort.cohort", cohort_id=cohort_id, fait="regles"), 303)


def _filters() -> Mapping[Filter, str]:
    return {
        Filter.ALL: _("Tous"),
        Filter.TO_CALL: _("À rappeler"),
        Filter.LATE: _("En retard"),
        Filter.ARRANGED: _("Aménagement"),
    }


def _sorts() -> Mapping[Sort, str]:
    return {
        Sort.NAME: _("par nom"),
        Sort.SEEN: _("les plus anciens d’abord"),
        Sort.HOURS: _("les heures les plus basses d’abord"),
        Sort.AVERAGE: _("les moyennes les plus basses d’abord"),
    }
