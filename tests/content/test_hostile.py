"""What stands in a course folder by accident or on purpose: told as a problem, never a trace, never a wait."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deust.content import source
from deust.content.index import plain_text
from deust.content.limits import MAX_GAP
from deust.content.problems import Problem
from deust.content.source import Entry, read_bytes
from tests.content.sample_tree import CALL, LESSON, QUIZ, M, P, clean_tree, line_of, problems_of, read

LESSON_FILE, QUIZ_FILE, CALL_FILE = f"{M}/01-accueillir.md", f"{M}/02-quiz-accueil.md", f"{M}/03-appel.md"
NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'


def told_at(problems: list[Problem] | tuple[Problem, ...], path: str) -> list[str]:
    return [problem.message for problem in problems if problem.path == path]


# Names, folders, files that change


@pytest.mark.parametrize("name", [b"05-\xff.md", b"media/\xff.png", b"\xff/module.md"])
def test_a_name_that_is_no_text_is_told_and_printed(tmp_path: Path, name: bytes) -> None:
    root = clean_tree(tmp_path)
    path = os.path.join(os.fsencode(root / M), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(b"x")
    (problem,) = read(root).errors
    assert problem.message == "nom de fichier illisible"
    assert "\N{REPLACEMENT CHARACTER}" in str(problem)
    str(problem).encode()


def test_a_folder_that_cannot_be_opened_is_told_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = clean_tree(tmp_path)
    open_folder = os.scandir

    def scandir(folder: str) -> object:
        if folder.endswith("grilles"):
            raise PermissionError(13, "Permission denied")
        return open_folder(folder)

    monkeypatch.setattr(source.os, "scandir", scandir)
    reading = read(root)
    assert told_at(reading.errors, f"{P}/grilles") == ["illisible : Permission denied"]
    assert LESSON_FILE in reading.files


@pytest.mark.parametrize("path", [LESSON_FILE, f"{M}/media/frise.png"])
def test_a_file_removed_between_the_walk_and_the_reading_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    root = clean_tree(tmp_path)
    found = source.scan(root)
    (root / path).unlink()
    monkeypatch.setattr("deust.content.tree.scan", lambda _root: found)
    assert [message.partition(" :")[0] for message in told_at(read(root).errors, path)] == ["fichier illisible"]


@pytest.mark.parametrize("replace", [os.mkfifo, os.mkdir], ids=["a pipe", "a folder"])
def test_what_took_the_place_of_a_file_is_neither_read_nor_waited_for(
    tmp_path: Path, replace: Callable[[Path], None]
) -> None:
    path = tmp_path / "lecon.md"
    replace(path)
    with pytest.raises(OSError, match="fichier ordinaire"):
        read_bytes(Entry("lecon.md", str(path), 3, (1, 3, 1)))


@pytest.mark.parametrize("name", ["frise.png", "frise.svg", "appel.mp3", "film.mp4", "film.vtt", "plan.pdf"])
def test_an_empty_file_is_no_media(tmp_path: Path, name: str) -> None:
    path = f"{M}/media/{name}"
    assert told_at(problems_of(tmp_path, path, b""), path) == ["fichier vide"]


@pytest.mark.parametrize("name", ["autre.md", "0001-autre.md", "٠٩-autre.md", "09-Autre.md", "09-déjà.md", "09-.md"])
def test_the_name_of_an_item_is_a_number_and_an_id(tmp_path: Path, name: str) -> None:
    path = f"{M}/{name}"
    assert told_at(problems_of(tmp_path, path, LESSON), path) == [f"nom de fichier refusé : « {name} »"]


# Front matter


@pytest.mark.parametrize("written", [r"a\0b", r"\ud800", r"\ue000figure:0\ue001", r"\x1b[2J"])
def test_a_character_that_only_an_escape_can_write_is_refused(tmp_path: Path, written: str) -> None:
    problems = problems_of(tmp_path, LESSON_FILE, LESSON.replace("title: Accueillir", f'title: "{written}"'))
    assert [(p.line, p.message) for p in problems if p.path == LESSON_FILE] == [(2, "caractère invisible refusé")]


def test_an_escape_beyond_all_characters_is_told(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, LESSON_FILE, LESSON.replace("title: Accueillir", r'title: "\U00110000"'))
    assert told_at(problems, LESSON_FILE) == ["écriture YAML incorrecte"]


def test_a_problem_prints_on_one_line_whatever_it_cites(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, LESSON_FILE, LESSON.replace("week: 1", r'"a\nb": 1'))
    assert [str(p).count("\n") for p in problems if p.path == LESSON_FILE] == [0]


# Prerequisites


def test_a_loop_by_a_former_name_is_a_loop(tmp_path: Path) -> None:
    root = clean_tree(
        tmp_path,
        {
            f"{M}/05-a.md": "---\ntitle: A\nrequires: [ancien]\n---\nTexte.\n",
            f"{M}/06-b.md": "---\ntitle: B\naliases: [ancien]\nrequires: [a]\n---\nTexte.\n",
        },
    )
    assert [p.message for p in read(root).errors] == [
        "prérequis en boucle : ec131-accueil/a → ec131-accueil/b → ec131-accueil/a"
    ]


def test_a_loop_in_a_module_that_cannot_be_read_is_told_with_it(tmp_path: Path) -> None:
    root = clean_tree(
        tmp_path,
        {
            f"{M}/module.md": "---\ntitel: Accueil\n---\n",
            f"{M}/05-a.md": "---\ntitle: A\nrequires: [b]\n---\nTexte.\n",
            f"{M}/06-b.md": "---\ntitle: B\nrequires: [a]\n---\nTexte.\n",
        },
    )
    assert any("en boucle" in p.message for p in read(root).errors)


# Drawings and captions

SVG_TRAPS = {
    "a prefix": '<s:svg xmlns:s="http://www.w3.org/2000/svg" viewBox="0 0 4 2">\n<s:script/></s:svg>',
    "another language": f'<svg {NAMESPACE} viewBox="0 0 4 2">\n<p xmlns="http://www.w3.org/1999/xhtml"/></svg>',
    "an escape": f'<svg {NAMESPACE} viewBox="0 0 4 2">\n<a href="&#106;avascript:x()"><text>x</text></a></svg>',
    "a line end": f'<svg {NAMESPACE} viewBox="0 0 4 2">\n<a href="java&#10;script:x()"><text>x</text></a></svg>',
    "an animation": f'<svg {NAMESPACE} viewBox="0 0 4 2">\n<set attributeName="href" to="javascript:x()"/></svg>',
    "a page in an address": f'<svg {NAMESPACE} viewBox="0 0 4 2">\n<a href="data:text/html,x"><text>x</text></a></svg>',
    "a default": f'<!DOCTYPE svg [\n<!ATTLIST svg onload CDATA "x()">]>\n<svg {NAMESPACE} viewBox="0 0 4 2"/>',
    "another root": '<html xmlns="http://www.w3.org/1999/xhtml" viewBox="0 0 4 2"/>',
    "a style sheet": f'<?xml-stylesheet href="https://exemple.fr/x.xsl"?><svg {NAMESPACE} viewBox="0 0 4 2"/>',
    "another encoding": f'<?xml version="1.0" encoding="shift_jis"?><svg {NAMESPACE} viewBox="0 0 4 2"/>',
    "an unknown encoding": f'<?xml version="1.0" encoding="rien"?><svg {NAMESPACE} viewBox="0 0 4 2"/>',
    "depth": f'<svg {NAMESPACE} viewBox="0 0 4 2">{"<g>" * 3_000}{"</g>" * 3_000}</svg>',
    "infinity": f'<svg {NAMESPACE} viewBox="0 0 1e999 1e999"/>',
    "no side": f'<svg {NAMESPACE} viewBox="0 0 -4 0"/>',
    "a long side": f'<svg {NAMESPACE} width="{"9" * 400}" height="4"/>',
}


@pytest.mark.parametrize("name", SVG_TRAPS)
def test_a_drawing_is_looked_at_as_the_browser_reads_it(tmp_path: Path, name: str) -> None:
    path = f"{M}/media/frise.svg"
    (problem,) = [p for p in problems_of(tmp_path, path, SVG_TRAPS[name]) if p.path == path]
    assert problem.level == "error"
    assert problem.line == (SVG_TRAPS[name].count("\n") + 1 if "\n" in SVG_TRAPS[name] else 1)


def test_a_drawing_in_utf_16_is_refused(tmp_path: Path) -> None:
    path = f"{M}/media/frise.svg"
    raw = f'<svg {NAMESPACE} viewBox="0 0 4 2"><script>x()</script></svg>'.encode("utf-16")
    assert told_at(problems_of(tmp_path, path, raw), path) == ["cette image SVG n'est pas en UTF-8"]


@pytest.mark.parametrize(
    "inside",
    [
        '<a href="https://exemple.fr/"><text>x</text></a>',
        '<use href="#a"/>',
        '<image href="data:image/png;base64,AA"/>',
        '<metadata><?xpacket begin="" id="W5M0"?></metadata>',
        "<style>.a{fill:red}</style>",
    ],
)
def test_a_drawing_may_hold_links_and_pictures(tmp_path: Path, inside: str) -> None:
    drawing = f'<?xml version="1.0" encoding="UTF-8"?>\n<svg {NAMESPACE} viewBox="0 0 0.4 2">{inside}</svg>'
    reading = read(clean_tree(tmp_path, {f"{M}/media/frise.svg": drawing}))
    assert reading.errors == ()
    media = reading.snapshot.media["ec131-accueil/frise.svg"]
    assert (media.width, media.height) == (1, 2)


@pytest.mark.parametrize("digits", [400, 5_000])
def test_captions_that_last_for_ever_are_no_captions(tmp_path: Path, digits: int) -> None:
    path = f"{M}/media/film.vtt"
    problems = problems_of(tmp_path, path, f"WEBVTT\n\n00:00 --> {'9' * digits}:00:00\nBonjour.\n")
    assert told_at(problems, path) == ["sous-titres vides"]


# Texts that would be read for ever


SPACES = " " * 19_000
LONG_READS = {
    "a title": (LESSON_FILE, LESSON.replace("## Les trois", f"## Les{SPACES}trois")),
    "a question": (QUIZ_FILE, QUIZ.replace("## Votre débit", f"## Votre{SPACES}débit")),
    "pairs": (QUIZ_FILE, QUIZ.replace("= 150 ± 0 mots", f"- a{SPACES}b\n" * 8)),
    "values": (QUIZ_FILE, QUIZ.replace("= 150 ± 0 mots", f"= a{SPACES}b\n" * 8)),
    "a reply": (CALL_FILE, CALL.replace("-> suite", f"\n  a{SPACES}b\n  a{SPACES}b\n  -> suite", 1)),
}


@pytest.mark.parametrize("name", LONG_READS)
def test_a_long_row_of_spaces_is_told_on_its_line_at_once(tmp_path: Path, name: str) -> None:
    path, text = LONG_READS[name]
    start = time.process_time()
    problems = problems_of(tmp_path, path, text)
    assert time.process_time() - start < 1
    assert [(p.line, p.message) for p in problems if p.path == path] == [
        (line_of(text, SPACES), f"texte trop lourd à mettre en page : plus de {MAX_GAP} espaces de suite")
    ]


def test_a_call_whose_states_double_at_each_step_is_scored_at_once(tmp_path: Path) -> None:
    steps = "".join(
        f"## pas-{n}\n> Et ?\n\n- « a » {{A1=1 tension+{2**n}}} -> pas-{n + 1}\n- « b » {{A1=0}} -> pas-{n + 1}\n\n"
        for n in range(28)
    )
    text = f"{CALL.split('## ')[0]}{steps}## pas-28 {{end=done}}\nFin.\n"
    start = time.process_time()
    reading = read(clean_tree(tmp_path, {CALL_FILE: text}))
    assert time.process_time() - start < 2
    assert [m for m in told_at(reading.problems, CALL_FILE) if "notes" in m] == [
        "notes trouvées à cet appel : de 0 à 20 sur 20"
    ]


@pytest.mark.parametrize("piece", ["[](", "![](", "{{ a ", "<!--", "$", "`"])
def test_the_words_of_a_text_are_found_at_once(piece: str) -> None:
    start = time.process_time()
    plain_text("\n\n".join([piece * 60] * (200_000 // len(piece) // 60)))
    assert time.process_time() - start < 2


def test_search_does_not_find_what_an_author_keeps_in_a_comment() -> None:
    text = "Avant\n\n<!--\nréponse : 42\n-->\n\nau <!-- et\nlà --> milieu\n\naprès"
    assert plain_text(text) == "Avant au milieu après"


PIPES = "| " * 25


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (
            QUIZ_FILE,
            QUIZ.replace("- ( ) « Allô ? »", f"- ( ) {'*a ' * 700}").replace("- (x) « Li", f"- (x) {PIPES}« Li"),
            "## Bien",
        ),
        (f"{P}/glossaire.md", f"---\n---\nDMT\n: Un temps.\n{chr(10).join(['', '  ' + '[' * 590] * 12)}\n", "DMT"),
    ],
    ids=["an option among others", "a definition of many paragraphs"],
)
def test_a_piece_heavier_than_its_page_is_told_before_it_is_rendered(
    tmp_path: Path, path: str, text: str, line: str
) -> None:
    problems = [p for p in problems_of(tmp_path, path, text) if p.path == path]
    assert [(p.line, "trop lourd" in p.message) for p in problems] == [(line_of(text, line), True)]
