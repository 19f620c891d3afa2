"""What staff read of a quiz once handed in, and marking again after its key was corrected."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from flask import Blueprint, Response, redirect, render_template, request, url_for
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import DataRequired, Length

from deust.domain.access import Permission
from deust.domain.disclosure import FEWEST
from deust.domain.errors import InvalidAnswer, NotFound
from deust.domain.french_numbers import half_up
from deust.domain.learning import Kind, Quiz
from deust.domain.quiz_report import LOW_SUCCESS, QuestionFigures
from deust.domain.quiz_scope import Which
from deust.domain.remarking import ListChanged, plain
from deust.models.transaction import reading, writing
from deust.queries import quiz_report as pages
from deust.queries.quiz_report_kept import kept_report
from deust.queries.remarking import remarking_page
from deust.queries.remarking_asides import LookedAt, looked_at
from deust.services import remarking as services
from deust.services import remarking_asides as asides
from deust.services.tables import Cell, written_table
from deust.web.addresses import group_of_list, number_of
from deust.web.current import permission, tools, visitor
from deust.web.forms import Form
from deust.web.i18n import gettext as _
from deust.web.i18n import lazy_gettext as lazy

bp = Blueprint("quiz_reports", __name__)

_CHART = (400, 160)


class KeyForm(Form):
    never_lower = BooleanField(lazy("Ne jamais baisser une note"), default=True)
    reason = StringField(lazy("Motif, gardé dans l’historique"), validators=[DataRequired(), Length(max=200)])
    seen = HiddenField()


@bp.get("/activites/<module_id>/<item_id>/rapport")
@permission(Permission.ATTEMPT_REVIEW)
def report(module_id: str, item_id: str) -> str:
    """Marks, questions and answers of the students followed; nothing about fewer than five of them."""
    page = _report(module_id, item_id)
    return render_template("quizzes/report.html", page=page, fewest=FEWEST, low=LOW_SUCCESS, chart=_chart(page))


@bp.get("/activites/<module_id>/<item_id>/rapport/tableau")
@permission(Permission.ATTEMPT_REVIEW)
def report_table(module_id: str, item_id: str) -> Response:
    """The table of questions, for a spreadsheet."""
    page = _report(module_id, item_id)
    table = written_table("csv", page.quiz.title, _header(), [_line(one) for one in page.questions])
    response = Response(table, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="rapport-{page.quiz.module}-{page.quiz.id}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/activites/<module_id>/<item_id>/rapport/questions/<key>")
@permission(Permission.ATTEMPT_REVIEW)
def asked_question(module_id: str, item_id: str, key: str) -> str:
    """A question as it was asked, with its options in the author's order and its key."""
    with reading() as connection:
        page = pages.question_page(connection, reviewer=visitor(), quiz=_quiz(module_id, item_id), hash_=key)
    return render_template("quizzes/asked_question.html", page=page)


@bp.get("/activites/<module_id>/<item_id>/nouvelle-correction")
@permission(Permission.ATTEMPT_REVIEW)
def remarking(module_id: str, item_id: str) -> str:
    """What the corrected key would change, before anything is written."""
    found = _remarking(module_id, item_id)
    return _show_remarking(found, KeyForm(formdata=None, seen=found.page.seen))


@bp.post("/activites/<module_id>/<item_id>/nouvelle-correction")
@permission(Permission.ATTEMPT_REVIEW)
def apply_key(module_id: str, item_id: str) -> Response | tuple[str, int]:
    """Mark again all that was shown, or nothing."""
    form, quiz = KeyForm(), _quiz(module_id, item_id)
    if not form.validate_on_submit():
        return _show_remarking(_remarking(module_id, item_id), form), 422
    try:
        count = _apply(quiz, form)
    except ListChanged:
        found = _remarking(module_id, item_id)
        form.seen.data = found.page.seen
        return _show_remarking(found, form, is_stale=True), 409
    return redirect(url_for(".remarking", module_id=module_id, item_id=item_id, fait=count), 303)


@bp.post("/activites/<module_id>/<item_id>/nouvelle-correction/<public_id>/regarde")
@permission(Permission.ATTEMPT_REVIEW)
def look_done(module_id: str, item_id: str, public_id: str) -> Response | tuple[str, int]:
    """An attempt was looked at by hand, and stays as it is."""
    quiz, reason = _quiz(module_id, item_id), request.form.get("reason", "")
    try:
        with writing() as session:
            asides.put_aside(session, quiz, by=visitor(), public_id=public_id, reason=reason, now=tools().clock())
    except InvalidAnswer:
        found = _remarking(module_id, item_id)
        form = KeyForm(formdata=None, seen=found.page.seen)
        return _show_remarking(found, form, refused=public_id, reason=reason), 422
    return redirect(url_for(".remarking", module_id=module_id, item_id=item_id, _anchor="a-la-main"), 303)


@bp.post("/activites/<module_id>/<item_id>/nouvelle-correction/<public_id>/a-revoir")
@permission(Permission.ATTEMPT_REVIEW)
def look_again(module_id: str, item_id: str, public_id: str) -> Response:
    """An attempt put aside is to look at again."""
    quiz = _quiz(module_id, item_id)
    with writing() as session:
        asides.take_back(session, quiz, by=visitor(), public_id=public_id, now=tools().clock())
    return redirect(url_for(".remarking", module_id=module_id, item_id=item_id, _anchor="a-la-main"), 303)


def _apply(quiz: Quiz, form: KeyForm) -> int:
    with writing() as session:
        return services.apply_key(
            session,
            quiz,
            by=visitor(),
            seen=form.seen.data or "",
            never_lower=form.never_lower.data,
            reason=(form.reason.data or "").strip(),
            link=f"{tools().base_url}/modules/{quiz.module}/{quiz.id}",
            now=tools().clock(),
        )


def _quiz(module_id: str, item_id: str) -> Quiz:
    quiz = tools().catalogue.quiz(f"{module_id}/{item_id}")
    if quiz.kind is not Kind.QUIZ:
        raise NotFound
    return quiz


def _report(module_id: str, item_id: str) -> pages.ReportPage:
    asked = request.args.get("essai", "")
    which = Which(asked) if asked in list(Which) else Which.FIRST
    with reading() as connection:
        return kept_report(
            connection,
            tools().reports,
            reviewer=visitor(),
            quiz=_quiz(module_id, item_id),
            which=which,
            group=group_of_list(),
        )


def _remarking(module_id: str, item_id: str) -> LookedAt:
    with reading() as connection:
        page = remarking_page(connection, reviewer=visitor(), quiz=_quiz(module_id, item_id))
        return looked_at(connection, page)


def _show_remarking(
    found: LookedAt, form: KeyForm, *, is_stale: bool = False, refused: str = "", reason: str = ""
) -> str:
    done = number_of(request.args.get("fait"))
    words = {"is_stale": is_stale, "done": done, "refused": refused, "reason": reason}
    return render_template(
        "quizzes/remarking.html",
        page=found.page,
        asides=found.asides,
        form=form,
        longest=asides.LONGEST_REASON,
        **words,
    )


def _chart(page: pages.ReportPage) -> list[dict[str, object]]:
    """The bars of the marks: as wide as their band, and their surface is their number of students."""
    width, height = _CHART
    densities = [Fraction(bar.count or 0, bar.high - bar.low) for bar in page.bars]
    tallest = max(densities, default=Fraction(0)) or Fraction(1)
    return [
        {
            "x": bar.low * width // 20 + 2,
            "width": (bar.high - bar.low) * width // 20 - 4,
            "height": int(density / tallest * (height - 24)),
            "middle": (bar.low + bar.high) * width // 40,
            "bar": bar,
        }
        for bar, density in zip(page.bars, densities, strict=True)
    ]


def _header() -> list[str]:
    return [
        _("Question"),
        _("Identifiant"),
        _("Version"),
        _("Posée à"),
        _("Réponses données"),
        _("Réussite en %"),
        _("Discrimination"),
        _("Temps médian en secondes"),
        _("À revoir"),
    ]


def _line(one: QuestionFigures) -> list[Cell]:
    review = _("oui") if one.is_hard or one.is_unclear else None
    return [plain(one.title), one.id, one.hash[:8], *_figures(one), review]


def _figures(one: QuestionFigures) -> list[Cell]:
    if not one.is_told:
        return [_("moins de %(count)s", count=FEWEST), None, None, None, None]
    success = None if one.success is None else _decimal(one.success * 100)
    discrimination = None if one.discrimination is None else _decimal(one.discrimination)
    return [one.asked, one.answered, success, discrimination, one.seconds]


def _decimal(figure: Fraction) -> Decimal:
    """Rounded half up at two places, as the page shows it."""
    rounded = half_up(figure, 2)
    return Decimal(rounded.numerator) / rounded.denominator
