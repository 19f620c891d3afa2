"""Lists of students from a spreadsheet: every row read, every problem listed, nothing decided."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deust.domain.people import normalised_email
from deust.domain.texts import unaccented
from deust.exchange.csv_text import Row, Text, Unreadable, decode, is_twice_encoded, read_rows

HEADERS: Mapping[str, frozenset[str]] = {
    "email": frozenset(
        {
            "courriel",
            "e-mail",
            "email",
            "mail",
            "adresse e-mail",
            "adresse mail",
            "adresse electronique",
            "email address",
        }
    ),
    "family_name": frozenset({"nom", "nom de famille", "last name", "surname", "family name", "lastname"}),
    "given_name": frozenset({"prenom", "first name", "given name", "firstname"}),
    "student_number": frozenset(
        {
            "numero etudiant",
            "no etudiant",
            "n° etudiant",
            "num etudiant",
            "codetu",
            "nip",
            "student number",
            "student id",
        }
    ),
    "group": frozenset({"groupe", "group", "td", "groupe de td"}),
    "role": frozenset({"role", "statut", "profil"}),
    "cohort": frozenset({"cohorte", "promotion", "promo", "cohort", "programme"}),
}

_REQUIRED = ("email", "family_name", "given_name")
_LONGEST = {"email": 254, "family_name": 120, "given_name": 120, "student_number": 40, "group": 60}
_EMAIL = re.compile(r"[^\s@\"<>(),;:\\\[\]]+@[^\s@.\"<>(),;:\\\[\]]+(?:\.[^\s@.\"<>(),;:\\\[\]]+)+")
_ROUNDED = re.compile(r"[0-9][.,]?[0-9]*[eE]\+[0-9]{1,3}")
_STUDENT_ROLES = frozenset({"", "etudiant", "etudiante", "etudiant(e)", "etudiant.e", "eleve", "student"})


@dataclass(frozen=True, kw_only=True)
class RowProblem:
    """What is wrong at a line; `column` is its header as written, `problem` a code, `value` what was found."""

    line: int
    column: str
    problem: str
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class StudentRow:
    """One student as the file gives them."""

    line: int
    email: str
    given_name: str
    family_name: str
    student_number: str | None = None
    group: str | None = None
    cohort: str | None = None


@dataclass(frozen=True, kw_only=True)
class StudentFile:
    """What a file holds. `preview` shows how its first accents were read; `ignored` are columns nobody knows."""

    rows: tuple[StudentRow, ...]
    problems: tuple[RowProblem, ...]
    encoding: str
    is_guess: bool
    separator: str
    preview: tuple[str, ...]
    ignored: tuple[str, ...]


def is_email(text: str) -> bool:
    """Whether it has the form of an address: one @, a dot after it, no blank, no control sign."""
    return len(text) <= _LONGEST["email"] and _EMAIL.fullmatch(text) is not None and text.isprintable()


def read_students(raw: bytes, *, encoding: str | None = None) -> StudentFile:
    """Read a list of students; all problems of all rows are listed at once, with line and column."""
    text = Text(text="", encoding=encoding or "", is_guess=False)
    try:
        text = decode(raw, encoding=encoding)
        separator, (header, *rows) = read_rows(text.text, known_headers=_count_known)
    except Unreadable as error:
        return _unread(text, RowProblem(line=error.line, column="", problem=error.reason))
    fields, problems = _fields(header)
    if any(problem.problem == "header-missing" for problem in problems):
        return _unread(text, *problems, separator=separator)
    read = [_student(row, header.cells, fields, problems) for row in rows]
    problems += _duplicates(read, header.cells, fields)
    return StudentFile(
        rows=tuple(read),
        problems=tuple(sorted(problems, key=lambda problem: problem.line)),
        encoding=text.encoding,
        is_guess=text.is_guess,
        separator=separator,
        preview=_preview(rows),
        ignored=tuple(name for name, field in zip(header.cells, fields, strict=True) if field is None and name),
    )


def _unread(text: Text, *problems: RowProblem, separator: str = "") -> StudentFile:
    return StudentFile(
        rows=(),
        problems=problems,
        encoding=text.encoding,
        is_guess=text.is_guess,
        separator=separator,
        preview=(),
        ignored=(),
    )


def _field(header: str) -> str | None:
    name = " ".join(unaccented(header).replace("_", " ").replace("º", "°").split())
    return next((field for field, names in HEADERS.items() if name in names), None)


def _count_known(cells: tuple[str, ...]) -> int:
    return sum(_field(cell) is not None for cell in cells)


def _fields(header: Row) -> tuple[list[str | None], list[RowProblem]]:
    fields = [_field(cell) for cell in header.cells]
    problems = [
        RowProblem(line=header.line, column=field, problem="header-missing")
        for field in _REQUIRED
        if field not in fields
    ]
    problems += [
        RowProblem(line=header.line, column=name, problem="header-twice")
        for place, (name, field) in enumerate(zip(header.cells, fields, strict=True))
        if field is not None and field in fields[:place]
    ]
    return fields, problems


def _student(row: Row, names: Sequence[str], fields: Sequence[str | None], problems: list[RowProblem]) -> StudentRow:
    cells = {field: _clean(cell) for field, cell in zip(fields, row.cells, strict=False) if field is not None}
    columns = {field: name for field, name in zip(fields, names, strict=True) if field is not None}
    if any(row.cells[len(names) :]):
        problems.append(RowProblem(line=row.line, column="", problem="too-many-cells", value=row.cells[len(names)]))
    for field, column in columns.items():
        value = cells.get(field, "")
        problem = _problem(field, value)
        if problem:
            problems.append(RowProblem(line=row.line, column=column, problem=problem, value=value))
    return StudentRow(
        line=row.line,
        email=normalised_email(cells.get("email", "")),
        given_name=cells.get("given_name", ""),
        family_name=cells.get("family_name", ""),
        student_number=cells.get("student_number") or None,
        group=cells.get("group") or None,
        cohort=cells.get("cohort") or None,
    )


def _clean(cell: str) -> str:
    return " ".join(unicodedata.normalize("NFC", cell).split())


def _problem(field: str, value: str) -> str | None:
    if not value:
        return "missing" if field in _REQUIRED else None
    if is_twice_encoded(value):
        return "accents"
    if not value.isprintable():
        return "unprintable"
    if len(value) > _LONGEST.get(field, 200):
        return "too-long"
    if field == "email" and not is_email(normalised_email(value)):
        return "not-an-email"
    if field == "student_number" and _ROUNDED.fullmatch(value):
        return "number-rounded"
    return "role-refused" if field == "role" and unaccented(value) not in _STUDENT_ROLES else None


def _duplicates(rows: Sequence[StudentRow], names: Sequence[str], fields: Sequence[str | None]) -> list[RowProblem]:
    problems = []
    columns = {field: name for field, name in zip(fields, names, strict=True) if field is not None}
    for field in ("email", "student_number"):
        first: dict[str, int] = {}
        for row in rows:
            value = row.email if field == "email" else row.student_number
            if value and first.setdefault(value, row.line) != row.line:
                problems.append(
                    RowProblem(line=row.line, column=columns[field], problem="twice", value=f"{value} ({first[value]})")
                )
    return problems


def _preview(rows: Sequence[Row]) -> tuple[str, ...]:
    accented = (cell for row in rows for cell in row.cells if not cell.isascii())
    return tuple(dict.fromkeys(accented))[:5]
