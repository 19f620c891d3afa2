"""A cohort as a table for a spreadsheet, in the words of its reader."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from deust.domain.flags import Rules
from deust.domain.learning import Programme
from deust.queries.cohort import StudentRow
from deust.web.flag_words import reason
from deust.web.formats import person_zone
from deust.web.i18n import gettext as _

TableCell = str | int | Decimal | None


def header() -> list[str]:
    return [
        _("Étudiant"),
        _("Numéro étudiant"),
        _("Adresse e-mail"),
        _("Groupe"),
        _("Activités faites"),
        _("Activités en tout"),
        _("Activités en retard"),
        _("Vu le"),
        _("Minutes créditées"),
        _("Moyenne sur 20"),
        _("À savoir"),
        _("Aménagement accordé"),
    ]


def line(row: StudentRow, rules: Rules, programme: Programme) -> Sequence[TableCell]:
    totals = row.line.totals
    return [
        row.name,
        row.student_number,
        row.email,
        row.group_name,
        totals.done,
        totals.total,
        totals.late,
        row.seen_at.astimezone(ZoneInfo(person_zone())).date().isoformat() if row.seen_at else None,
        row.credited_minutes,
        _out_of_20(row.average),
        " ; ".join(reason(flag, rules, programme) for flag in row.flags) or None,
        _("oui") if row.is_arranged else None,
    ]


def _out_of_20(share: Fraction | None) -> Decimal | None:
    """Rounded half up at two places, as the page shows it."""
    return None if share is None else Decimal((share * 4_000 + 1) // 2) / 100
