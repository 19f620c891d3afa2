"""Lists of students as offices write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.exchange.people import RowProblem, StudentFile, is_email, read_students

NAMES = (("Zoë", "Ñandú"), ("Éloïse", "L'Haÿ-les-Roses"), ("Chloé", 'D\'Été, « dite » "Bé"'))
ENCODINGS = {
    "utf-8": ("utf-8", False),
    "utf-8-sig": ("utf-8-sig", False),
    "latin-1": ("cp1252", True),
    "cp1252": ("cp1252", True),
    "utf-16": ("utf-16", False),
    "utf-16-le": ("utf-16-le", True),
    "utf-16-be": ("utf-16-be", True),
}


def csv_text(separator: str, ending: str, *, final: bool = True) -> str:
    header = separator.join(("Nom", "Prénom", "Adresse e-mail", "N° étudiant", "Groupe"))
    rows = [
        separator.join((quoted(family), quoted(given_name), f"E{number}@Example.org", f"2200{number}", "A"))
        for number, (given_name, family) in enumerate(NAMES)
    ]
    return ending.join([header, *rows]) + (ending if final else "")


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def read(text: str) -> StudentFile:
    return read_students(text.encode())


def problems_of(*lines: str) -> set[tuple[int, str, str]]:
    found = read("\n".join(("nom;prénom;courriel;numéro étudiant;rôle", *lines)))
    return {(problem.line, problem.column, problem.problem) for problem in found.problems}


@pytest.mark.parametrize("final", [True, False], ids=["final newline", "no final newline"])
@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"], ids=["CRLF", "LF", "CR"])
@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_usual_file_reads_the_same(encoding: str, separator: str, ending: str, final: bool) -> None:
    """IM-01: no accent is lost, whatever wrote the file."""
    found = read_students(csv_text(separator, ending, final=final).encode(encoding))
    assert found.problems == ()
    assert [(row.given_name, row.family_name) for row in found.rows] == list(NAMES)
    assert [row.line for row in found.rows] == [2, 3, 4]
    assert found.rows[0].email == "e0@example.org"
    assert found.rows[0].student_number == "22000"
    assert found.separator == separator
    assert (found.encoding, found.is_guess) == ENCODINGS[encoding]
    assert "Zoë" in found.preview


def test_windows_apostrophes_are_kept() -> None:
    found = read_students("nom;prénom;mail\nL’Haÿ;Zoë;z@example.org".encode("cp1252"))
    assert found.rows[0].family_name == "L’Haÿ"


def test_the_encoding_may_be_given() -> None:
    raw = "nom;prénom;mail\nNuñez;Zoë;z@example.org".encode("mac-roman")
    assert read_students(raw, encoding="mac-roman").rows[0].family_name == "Nuñez"


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "empty"),
        (b"\n\n \n", "empty"),
        (b"nom;mail\n\x81\x8d;x", "encoding"),
        (b"\xef\xbb\xbfnom;\xff", "encoding"),
        (b'nom;mail;prenom\n"a;b;c\n', "quotes"),
        (b"x" * (10 * 1024 * 1024 + 1), "size"),
    ],
)
def test_what_is_no_csv_is_said_so(raw: bytes, problem: str) -> None:
    found = read_students(raw)
    assert [each.problem for each in found.problems] == [problem]
    assert found.rows == ()


def test_an_unknown_encoding_name_is_no_crash() -> None:
    assert read_students(b"nom", encoding="klingon").problems[0].problem == "encoding"


def test_accents_spoilt_elsewhere_are_refused_not_stored() -> None:
    spoilt = "Zoë L’Haÿ".encode().decode("cp1252")
    assert problems_of(f"Ñandú;{spoilt};z@example.org;;") == {(2, "prénom", "accents")}
    assert problems_of("Ñandú;Zo\ufffd;z@example.org;;") == {(2, "prénom", "accents")}


def test_all_problems_of_all_rows_are_listed_with_line_and_column() -> None:
    """IM-02."""
    found = problems_of(
        "Roy;Léa;lea@example.org;1;",
        ";Léa;lea2@example.org;2;",
        "Roy;Léa;lea chez example;3;Étudiant",
        "",
        '"Roy\nseconde";Léa;a@example.org;4;admin',
        "Roy;Léa;LEA@example.org;1;",
        "Roy;Léa;b@example.org;5;;de trop",
        f"{'x' * 121};L\u200bé;c@example.org;6;tuteur",
    )
    assert found == {
        (3, "nom", "missing"),
        (4, "courriel", "not-an-email"),
        (6, "rôle", "role-refused"),
        (8, "courriel", "twice"),
        (8, "numéro étudiant", "twice"),
        (9, "", "too-many-cells"),
        (10, "nom", "too-long"),
        (10, "prénom", "unprintable"),
        (10, "rôle", "role-refused"),
    }


def test_a_missing_header_is_named_and_unknown_columns_are_said_to_be_ignored() -> None:
    missing = read("nom;numéro étudiant\nRoy;1\n")
    assert set(missing.problems) == {
        RowProblem(line=1, column="email", problem="header-missing"),
        RowProblem(line=1, column="given_name", problem="header-missing"),
    }
    found = read("nom;prénom;e-mail;téléphone\nRoy;Léa;lea@example.org;06\n")
    assert (found.ignored, found.problems) == (("téléphone",), ())


def test_two_columns_for_one_thing_are_refused() -> None:
    found = read("nom;prénom;e-mail;courriel\nRoy;Léa;a@example.org;b@example.org\n")
    assert [(problem.column, problem.problem) for problem in found.problems] == [("courriel", "header-twice")]


def test_english_headers_and_excel_s_first_line_are_read() -> None:
    found = read("sep=|\r\nLast name|First name|E-mail|Student ID\r\nRoy|Léa|lea@example.org|12\r\n")
    assert [(row.line, row.student_number) for row in found.rows] == [(3, "12")]


@pytest.mark.parametrize("text", ["a@b.fr", "zoé@exemple.fr", "a.b+c@sous.domaine.example"])
def test_addresses(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text", ["", "a", "a@b", "a@@b.fr", "a b@c.fr", "a@b.fr\nBcc: c@d.fr", "<a@b.fr>", "a@.fr", "a" * 250 + "@b.fr"]
)
def test_what_is_no_address(text: str) -> None:
    assert not is_email(text)


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(raw: bytes) -> None:
    found = read_students(raw)
    assert found.rows or found.problems


@given(st.text(alphabet=st.sampled_from('a,;\t"\r\né='), max_size=60))
def test_no_text_makes_it_fail(text: str) -> None:
    found = read("nom;prénom;e-mail\n" + text)
    assert all(row.email or any(problem.line == row.line for problem in found.problems) for row in found.rows)


@pytest.mark.parametrize("encoding", ["undefined", "idna", "rot13", "base64", "rien", "a\0b"])
def test_an_encoding_that_reads_nothing_is_told(encoding: str) -> None:
    found = read_students(b"nom;pr\xe9nom\n", encoding=encoding)
    assert [problem.problem for problem in found.problems] == ["encoding"]


@pytest.mark.parametrize("number", ["2,20123E+07", "2.2E+07", "2E+7", "2,20123e+07"])
def test_a_number_that_a_spreadsheet_rounded_is_told(number: str) -> None:
    """Several students would have the same, and none their own."""
    assert problems_of(f"Roy;Léa;lea@example.org;{number};") == {(2, "numéro étudiant", "number-rounded")}


@pytest.mark.parametrize("number", ["22E07", "E+7", "22012345", "2E+7A"])
def test_a_number_with_letters_is_a_number(number: str) -> None:
    assert problems_of(f"Roy;Léa;lea@example.org;{number};") == set()
