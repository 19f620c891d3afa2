from __future__ import annotations

from pathlib import Path

import pytest

from deust.content.problems import Report
from deust.content.source import MAX_TEXT_BYTES, decode
from tests.content.sample_tree import LESSON, M, clean_tree, problems_of, read

FILE = f"{M}/01-accueillir.md"


def told(raw: bytes) -> list[tuple[int, str, str]]:
    report = Report("x.md")
    decode(raw, report)
    return [(p.line, p.message, p.fix) for p in report.problems]


def test_latin_1_is_recognised_and_its_line_told() -> None:
    ((line, message, fix),) = told("un\ndeux\nété\n".encode("latin-1"))
    assert line == 3
    assert "Latin-1" in message
    assert "« é »" in message
    assert fix == "enregistrez-le en UTF-8"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_recognised(encoding: str) -> None:
    assert "UTF-16" in told("---\ntitle: été\n---\n".encode(encoding))[0][1]


def test_byte_order_mark_line_ends_and_accents_are_normalised() -> None:
    report = Report("x.md")
    assert decode("\ufeffe\u0301te\u0301\r\nfin\r".encode(), report) == "été\nfin\n"
    assert report.problems == []


def test_french_spaces_are_kept() -> None:
    assert decode("Oui\u00a0: «\u202fnon\u202f»\u00a0?".encode(), Report("x")) == "Oui\u00a0: «\u202fnon\u202f»\u00a0?"


@pytest.mark.parametrize("sign", ["\x85", "\x92", "\x9f"])
def test_what_a_wrong_conversion_leaves_of_an_apostrophe_is_refused(sign: str) -> None:
    """Windows-1252 taken for Latin-1, then written in UTF-8: no screen shows these."""
    assert told(f"un\nl{sign}accueil".encode())[0][:2] == (2, f"caractère invisible refusé (U+{ord(sign):04X})")


def test_invisible_characters_are_refused() -> None:
    assert told(b"a\nb\x02c")[0][:2] == (2, "caractère invisible refusé (U+0002)")


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, FILE, "x" * (MAX_TEXT_BYTES + 1))
    assert any("trop gros" in p.message for p in problems if p.path == FILE)


def test_typographic_quotes_as_yaml_quotes_are_told(tmp_path: Path) -> None:
    text = LESSON.replace("title: Accueillir", "title: “Accueillir : bien”")
    assert [p.line for p in problems_of(tmp_path, FILE, text) if p.path == FILE] == [2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "fichier vide"),
        ("Bonjour\n", "en-tête manquant"),
        ("---\ntitle: X\n", "en-tête non refermé"),
        ("---\n---\nTexte\n", "clé « title » manquante"),
    ],
)
def test_what_is_not_a_page_is_told(tmp_path: Path, text: str, message: str) -> None:
    assert any(message in p.message for p in problems_of(tmp_path, FILE, text) if p.path == FILE)


def test_a_git_lfs_pointer_is_no_picture(tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 3\n"
    problems = problems_of(tmp_path, f"{M}/media/frise.png", pointer)
    assert any("Git LFS" in p.message for p in problems)


@pytest.mark.parametrize("trap", ["<script>x</script>", '<g onload="x"/>', "<foreignObject/>"])
def test_a_drawing_with_a_program_in_it_is_refused(tmp_path: Path, trap: str) -> None:
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 2">\n{trap}</svg>'
    problems = problems_of(tmp_path, f"{M}/media/frise.svg", drawing)
    assert [(p.line, p.path) for p in problems] == [(2, f"{M}/media/frise.svg")]


def test_a_drawing_has_the_size_of_its_view_box(tmp_path: Path) -> None:
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><path d="M0 0"/></svg>'
    reading = read(clean_tree(tmp_path, {f"{M}/media/frise.svg": drawing}))
    media = reading.snapshot.media["ec131-accueil/frise.svg"]
    assert (media.width, media.height) == (40, 20)
