"""Rows of a cohort as they were drawn last: drawn again only when what they say has changed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from markupsafe import Markup

from deust.queries.cohort import StudentRow
from deust.web.formats import person_zone
from deust.web.i18n import current_locale

_MOST_KEPT = 1_024

_kept: dict[Hashable, tuple[StudentRow, Markup]] = {}


class DrawnRows:
    """For readers of one language, one time zone and one layout; a row that was made again is another row."""

    def __init__(self, rows: Sequence[StudentRow], *, names_groups: bool) -> None:
        self._rows = rows
        self._reader = current_locale(), person_zone(), names_groups

    @property
    def pairs(self) -> list[tuple[StudentRow, Markup | None]]:
        """Each row, and how it was drawn if it still is the same."""
        reader = self._reader
        found = [(row, _kept.get((row.person_id, reader))) for row in self._rows]
        return [(row, kept[1] if kept and kept[0] is row else None) for row, kept in found]

    def keep(self, row: StudentRow, drawn: Markup) -> Markup:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[row.person_id, self._reader] = row, drawn
        return drawn
