"""A table written for a spreadsheet: CSV as French offices open it, or XLSX. No text ever becomes a formula."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from decimal import Decimal
from importlib import import_module

Cell = str | int | Decimal | None

_SIGNS = "-=+@\t\r\n＝＋－＠"
_STARTS_FORMULA = re.compile(f" *[{_SIGNS}]")
_MAY_START_ONE = frozenset(" " + _SIGNS)
_WIDEST = 60


def csv_bytes(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """UTF-8 with its mark, `;`, decimal commas. A text that a spreadsheet would run gets an apostrophe before it."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow([_plain(cell) for cell in header])
    writer.writerows([cell if type(cell) is int else _plain(cell) for cell in row] for row in rows)
    return codecs.BOM_UTF8 + written.getvalue().encode()


def xlsx_bytes(title: str, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """One sheet, its first row and column always in sight; texts stay texts, numbers are numbers.

    The library is loaded when a table is asked for: a worker that writes none does not carry it.
    """
    written = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = import_module("xlsxwriter").Workbook(written, options)
    sheet = book.add_worksheet(title)
    bold = book.add_format({"bold": True, "bottom": 1})
    for column, name in enumerate(header):
        sheet.write_string(0, column, name, bold)
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(number, column, cell)
            elif cell is not None:
                sheet.write_number(number, column, cell)
    sheet.freeze_panes(1, 1)
    for column, name in enumerate(header):
        longest = max([len(name), *(len(str(row[column])) for row in rows if row[column] is not None)])
        sheet.set_column(column, column, min(longest + 2, _WIDEST))
    book.close()
    return written.getvalue()


def _plain(cell: Cell) -> str | int:
    if isinstance(cell, str):
        return f"'{cell}" if cell[:1] in _MAY_START_ONE and _STARTS_FORMULA.match(cell) else cell
    if isinstance(cell, Decimal):
        return str(cell).replace(".", ",")
    return "" if cell is None else cell
