from __future__ import annotations

import pytest

from deust.domain.errors import FileRefused
from deust.domain.files import accepted_type, shown_name


@pytest.mark.case("UP-04")
@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/x.pdf", "x.pdf"),
        ("..\\x.pdf", "x.pdf"),
        ("/abs.pdf", "abs.pdf"),
        ("C:\\x.pdf", "x.pdf"),
        ("CON.pdf", "CON.pdf"),
        ("a\0b.pdf", "ab.pdf"),
        ("é" * 300 + ".pdf", "é" * 116 + ".pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie: x=1.pdf"),
        ("fiche\u202efdp.pdf", "fichefdp.pdf"),
        ("e\u0301te\u0301.pdf", "été.pdf"),
        ("appel ☎️.pdf", "appel ☎️.pdf"),
        ("..", ".."),
        ("\n\t", "fichier"),
    ],
)
def test_a_name_is_shown_without_path_or_hidden_character(sent: str, shown: str) -> None:
    """Both ways to write an accent give one name."""
    assert shown_name(sent) == shown


@pytest.mark.case("UP-01")
@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("page.html", b"<html>"),
        ("fiche.pdf", b"<html>"),
        ("fiche.PDF", b"MZ"),
        ("dessin.svg", b"<svg>"),
        ("fiche.pdf.exe", b"%PDF-"),
        ("fiche", b"%PDF-"),
        ("voix.webm", b"%PDF-"),
    ],
)
def test_a_type_is_what_name_and_content_agree_on(name: str, head: bytes) -> None:
    with pytest.raises(FileRefused, match="type"):
        accepted_type(name, head, ("pdf", "webm", "exe", "svg"))
    assert accepted_type("fiche.PDF", b"%PDF-1.7", ("pdf",)) == "application/pdf"
