"""Where things stand in a rendered text: players between paragraphs, words for pictures, questions never as written."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from deust.content.media import Media
from deust.content.render import render
from deust.content.rendering import context_of, rendered_lesson
from deust.domain.learning import Lesson
from tests.content.sample_tree import LESSON, M, P, clean_tree, read
from tests.content.test_render import CONTEXT, SHELF

DRAWING = Media("plan.svg", "6666666666", "image/svg+xml", 4, 2, 0, 'viewBox="0 0 4 2"><path d="M0 0"/></svg>')
DRAWN = replace(CONTEXT, shelf=replace(SHELF, media={**SHELF.media, "m/plan.svg": DRAWING}))


@pytest.mark.parametrize(
    ("markdown", "around"),
    [
        ("![Appel](media/appel.mp3)", "P"),
        ("Écoutez. ![Appel](media/appel.mp3)", "<p>Écoutez. </p>\nP"),
        ("![Appel](media/appel.mp3) Puis **répondez**.", "P\n<p> Puis <strong>répondez</strong>.</p>"),
        ("Un ![Appel](media/appel.mp3) deux", "<p>Un </p>\nP\n<p> deux</p>"),
        ("![Appel](media/appel.mp3) ![Appel](media/appel.mp3)", "P\nP"),
        ("- Un ![Appel](media/appel.mp3)\n- Deux", "<ul>\n<li>Un P</li>\n<li>Deux</li>\n</ul>"),
    ],
)
def test_a_player_stands_between_whole_paragraphs(markdown: str, around: str) -> None:
    html = render(markdown, CONTEXT)
    start, end = html.index("<figure"), html.index("</figure>") + len("</figure>")
    assert html.replace(html[start:end], "P") == around


@pytest.mark.parametrize(
    ("markdown", "around"),
    [
        ("![Plan](media/plan.svg)", "D"),
        ("Voir ![Plan](media/plan.svg) ici", "<p>Voir D ici</p>"),
        ("![Plan](media/plan.svg) ici", "<p>D ici</p>"),
        ("Voir ![Plan](media/plan.svg)", "<p>Voir D</p>"),
    ],
)
def test_a_drawing_in_a_sentence_leaves_its_paragraph_whole(markdown: str, around: str) -> None:
    html = render(markdown, DRAWN)
    start, end = html.index("<svg"), html.index("</svg>") + len("</svg>")
    assert html.replace(html[start:end], "D") == around


@pytest.mark.parametrize("name", ["frise.png", "plan.svg", "appel.mp3"])
@pytest.mark.parametrize(
    ("written", "read_aloud"),
    [
        ("De =B2/$B$6 à =B3/$B$6", "De =B2/$B$6 à =B3/$B$6"),
        ("La charge $a$ monte", "La charge $a$ monte"),
        ("Soit {{ a }} appels", "Soit {{ a }} appels"),
        ("Un `mot`, $a$, a < b", "Un mot, $a$, a &lt; b"),
    ],
)
def test_the_words_for_a_picture_are_those_written(name: str, written: str, read_aloud: str) -> None:
    html = render(f"![{written}](media/{name})", DRAWN).replace("\N{NO-BREAK SPACE}", " ")
    attribute = "alt" if name == "frise.png" else "aria-label"
    assert f'{attribute}="{read_aloud}"' in html


@pytest.mark.parametrize("mark", ["&#xe000;figure:9&#xe001;", "&#57344;figure:0&#57345;", "&#xe000;check:a&#xe001;"])
def test_a_mark_of_ours_that_an_author_writes_stands_for_nothing(mark: str) -> None:
    assert "figure" not in render(f"Avant {mark} après", CONTEXT)


@pytest.mark.parametrize("piece", ["{{ a ", "{{", "}} {{ "])
def test_braces_that_never_close_cost_nothing(piece: str) -> None:
    start = time.process_time()
    render("\n\n".join([piece * (18_000 // len(piece))] * 8), CONTEXT)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("fence", "title"),
    [
        ("```question", "## Que dit-on ? {points=2 #l-abord}"),
        ("```question facile", "## Que dit-on ? {#l-abord}"),
        ("~~~ question", "## Que dit-on {#x} ? {#l-abord}"),
    ],
)
def test_a_question_of_a_lesson_is_never_shown_as_it_is_written(tmp_path: Path, fence: str, title: str) -> None:
    """However its block begins, students meet the question and not its right answer."""
    marks = fence[:3]
    block = f"{fence}\n\n{title}\n- (x) l'enseigne\n- ( ) le prénom\n{marks}\n\nFin.\n"
    text = LESSON[: LESSON.index("```question")] + block
    reading = read(clean_tree(tmp_path, {f"{M}/01-accueillir.md": text}))
    assert reading.errors == ()
    lesson = reading.programmes[P].find_item("ec131-accueil/accueillir")
    assert isinstance(lesson, Lesson)
    parts = rendered_lesson(lesson, context_of(reading.snapshot, "ec131-accueil", lesson.path)).parts
    assert [value for kind, value in parts if kind == "check"] == ["l-abord"]
    assert not any("(x)" in value for _, value in parts)
    assert parts[-1][1].startswith("<p>Fin."), "the question stands where it was written"


def test_a_transcript_that_holds_its_own_sound_is_rendered_once() -> None:
    shelf = replace(SHELF, transcripts={"m/appel": "Bonjour. ![Appel](media/appel.mp3)"})
    html = render("![Appel](media/appel.mp3)", replace(CONTEXT, shelf=shelf))
    assert html.count("<audio") == 2
    assert html.count("<details") == 1
