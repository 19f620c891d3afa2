"""Tables for spreadsheets: readable in French, exact, and never run."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from deust.exchange.tables import csv_bytes, xlsx_bytes

ROWS = [["Élan ; Zoé", 3, Decimal("12.10"), None], ['=HYPERLINK("http://x")', -2, Decimal("-1.5"), "@SUM(1)"]]
HEADER = ["Étudiant", "Faites", "Moyenne", "À savoir"]


def test_csv_opens_in_a_french_office():
    text = csv_bytes(HEADER, ROWS)
    assert text.startswith(b"\xef\xbb\xbf")
    lines = text.decode("utf-8-sig").split("\r\n")
    assert lines[0] == "Étudiant;Faites;Moyenne;À savoir"
    assert lines[1] == '"Élan ; Zoé";3;12,10;'


@pytest.mark.parametrize("text", ["=1+1", "+33", "-cmd", "@SUM", "\t=1", "\r=1", "  =1", "＝1"])
def test_csv_runs_no_text(text):
    assert csv_bytes(["a"], [[text]]).decode("utf-8-sig").split("\r\n", 1)[1].lstrip('"').startswith("'")


def test_csv_runs_no_title_of_a_column():
    assert csv_bytes(["=1+1", "Nom"], []).decode("utf-8-sig") == "'=1+1;Nom\r\n"


def test_csv_leaves_numbers_and_usual_texts_alone():
    assert csv_bytes(["a"], [[-3], [Decimal("-0.5")], ["Le-Goff"], ["a=b"]]).decode("utf-8-sig").split() == [
        "a",
        "-3",
        "-0,5",
        "Le-Goff",
        "a=b",
    ]


def test_xlsx_holds_texts_and_numbers_and_no_formula():
    with zipfile.ZipFile(io.BytesIO(xlsx_bytes("Cohorte", HEADER, ROWS))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        strings = book.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert re.search(r'<c r="C2"[^>]*><v>12\.10?</v>', sheet)
    assert "HYPERLINK" in strings
    assert "Élan ; Zoé" in strings


@pytest.mark.slow
def test_a_worker_that_writes_no_table_does_not_carry_the_library():
    script = "import sys, deust.app; sys.exit('xlsxwriter' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], check=False).returncode == 0
