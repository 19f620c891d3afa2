"""A cohort as a table for a spreadsheet, in the words of its reader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from deust.domain.flags import Flag, Rules
from deust.domain.learning import Programme
from deust.queries.cohort_table import TableRow
from deust.services.tables import Cell
from deust.web.flag_words import reason
from deust.web.formats import person_zone
from deust.web.i18n import gettext as _


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


def lines(rows: Iterable[TableRow], rules: Rules, programme: Programme) -> list[Sequence[Cell]]:
    """What is the same for many is said once: their reasons, their means, the reader's day and words."""
    zone, yes = ZoneInfo(person_zone()), _("oui")
    said = cache(lambda flag: reason(flag, rules, programme))
    return [_line(row, zone, yes, said) for row in rows]


def _line(row: TableRow, zone: ZoneInfo, yes: str, said: Callable[[Flag], str]) -> Sequence[Cell]:
    return [
        row.name,
        row.student_number,
        row.email,
        row.group_name,
        row.done,
        row.total,
        row.late,
        row.seen_at.astimezone(zone).date().isoformat() if row.seen_at else None,
        row.credited_minutes,
        None if row.average is None else _out_of_20(*row.average.as_integer_ratio()),
        " ; ".join(map(said, row.flags)) or None,
        yes if row.is_arranged else None,
    ]


@lru_cache(maxsize=4_096)
def _out_of_20(part: int, whole: int) -> Decimal:
    """Of a share: rounded half up at two places, as the page shows it."""
    return Decimal((4_000 * part + whole) // (2 * whole)) / 100
