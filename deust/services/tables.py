"""Tables that people take away as files, for a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence

from deust.exchange.tables import Cell as Cell
from deust.exchange.tables import csv_bytes, xlsx_bytes


def written_table(kind: str, title: str, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """A table as a file: `csv` or `xlsx`."""
    return csv_bytes(header, rows) if kind == "csv" else xlsx_bytes(title, header, rows)
