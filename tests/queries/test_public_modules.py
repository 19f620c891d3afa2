from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from deust.domain.learning import RenderedLesson
from deust.domain.questions import Essay, Info, Ordering
from deust.domain.quizzes import Mode
from deust.queries.items import is_open_quiz
from deust.queries.public_modules import (
    Given,
    around,
    drawn_for_all,
    open_module_page,
    opened_links,
    public_quiz_page,
    whole_page,
)
from tests.support.clock import NOW
from tests.support.programmes import a_check, a_lesson, a_module, a_programme, a_quiz, settings

FIRST = a_lesson("un", reviewed="2026-10-02", sources=("Une note",))
SECOND = a_lesson("deux", reviewed="2026-10-01", valid_until="2026-10-12", sources=("Une note",))
QUIZ = a_quiz(
    "essai",
    questions=(
        a_check("q-un"),
        a_check("q-lire", answer=Info()),
        a_check("q-ordre", points=Fraction(2), answer=Ordering(items=("un", "deux", "trois"))),
        a_check("q-texte", answer=Essay()),
    ),
)
NOTED = a_quiz("note", Mode.GRADED)
MODULE = a_module(FIRST, SECOND, QUIZ, NOTED, is_public=True)
PROGRAMME = a_programme([MODULE])


def test_a_document_holds_what_is_open_and_says_when_it_has_aged():
    page = open_module_page(PROGRAMME, MODULE, intro="", now=NOW)
    assert [item.url for item in page.items] == [
        "/lecons/ec131/un",
        "/lecons/ec131/deux",
        "/documents/ec131/quiz/essai",
    ]
    assert (page.minutes, page.items[2].left_out, page.sources) == (50, 1, ("Une note",))
    assert (str(page.reviewed), page.is_outdated) == ("2026-10-01", True)


@pytest.mark.parametrize(
    ("quiz", "is_open"),
    [
        (QUIZ, True),
        (NOTED, False),
        (a_quiz("examen", Mode.EXAM), False),
        (replace(QUIZ, settings=settings(attempts=3)), False),
    ],
)
def test_only_what_trains_without_limit_opens(quiz, is_open):
    assert is_open_quiz(quiz, PROGRAMME) is is_open
    assert not is_open_quiz(quiz, a_programme([replace(MODULE, is_public=False)]))
    assert not is_open_quiz(quiz, a_programme([replace(MODULE, is_planned=True)]))


def test_a_page_of_a_document_knows_its_neighbours():
    place = around(SECOND, PROGRAMME)
    assert (place.position, place.total) == (2, 3)
    assert (place.previous.url, place.following.url) == ("/lecons/ec131/un", "/documents/ec131/quiz/essai")
    alone = a_lesson("seule", is_public=True)
    assert around(alone, a_programme([a_module(alone)])) is None


def test_links_lead_to_what_is_open_and_others_stay():
    html = '<a href="/modules/ec131/un#s-a">a</a> <a href="/modules/ec131/note">b</a> <a href="/modules/ec131">c</a>'
    assert opened_links(html, PROGRAMME) == (
        '<a href="/lecons/ec131/un#s-a">a</a> <a href="/modules/ec131/note">b</a> <a href="/documents/ec131">c</a>'
    )


def test_nothing_of_a_question_left_without_answer_is_told():
    drawn = drawn_for_all(QUIZ)
    assert list(drawn) == ["q-un", "q-lire", "q-ordre"]
    page = public_quiz_page(QUIZ, PROGRAMME, {"q-un": Given(fields={}, answer=2)})
    told, reading, untouched = page.questions
    assert (told.is_right, told.points, len(told.right)) == (False, 0, 1)
    assert told.feedback == ("Non, cela peut attendre.",)
    assert (reading.number, untouched.number, page.asked, page.left_out) == (0, 2, 2, 1)
    assert (untouched.right, untouched.feedback, untouched.points) == ((), (), None)
    assert (page.score, page.out_of, page.answered) == (0, 3, 1)


def test_marks_are_exact():
    page = public_quiz_page(QUIZ, PROGRAMME, {"q-ordre": Given(fields={}, answer=[1, 3, 2])})
    assert page.score == Fraction(2, 3)


def test_what_is_printed_solves_nothing():
    rendered = RenderedLesson(parts=(("html", "<p>a</p>"), ("check", "l-un")), headings=(), checks={"l-un": a_check()})
    page = open_module_page(PROGRAMME, MODULE, intro="", now=NOW)
    whole = whole_page(page, PROGRAMME, [(FIRST, rendered), QUIZ])
    assert [list(chapter.questions) for chapter in whole.chapters] == [["l-un"], ["q-un", "q-lire", "q-ordre"]]
    assert "Non, cela" not in repr(whole)
    assert [option.html for option in whole.chapters[1].questions["q-ordre"].options] != ["un", "deux", "trois"]
