"""Rubrics and listening grids: `grilles/*.yml`."""

from __future__ import annotations

from deust.content.problems import Report
from deust.content.schema import Grid
from deust.content.strict_yaml import Document


def check_grid(grid: Grid, document: Document, report: Report) -> None:
    """Codes written once, levels between 0 and 1, a description only for a level that exists."""
    for name, share in grid.levels.items():
        if not 0 <= share <= 1:
            report.error(document.line_of(("levels", name)), f"le niveau « {name} » vaut {share}", "de 0 à 1")
    seen: set[str] = set()
    for place, criterion in enumerate(grid.criteria):
        line = document.line_of(("criteria", place))
        if criterion.id in seen:
            report.error(line, f"critère « {criterion.id} » écrit deux fois", "changez son code")
        seen.add(criterion.id)
        if criterion.points <= 0:
            report.error(line, f"le critère « {criterion.id} » ne vaut rien", "donnez-lui des points")
        for level in criterion.describe:
            if level not in grid.levels:
                report.error(document.line_of(("criteria", place, "describe", level)), f"niveau « {level} » inconnu")
