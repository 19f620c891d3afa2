"""A lesson on paper: its questions can be read and answered with a pen, and nothing gives their answers."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.support.attempt_pages import GAPS, PAIRS, begin, open_question, sign_in
from tests.support.school import School

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_printed_lesson_keeps_its_questions_and_neither_buttons_nor_answers(
    phone: BrowserContext, school: School
) -> None:
    page = phone.new_page()
    sign_in(page, school.student())
    page.goto("/modules/ec101-accueil/saluer")
    page.get_by_label("l’enseigne").check()
    page.get_by_role("button", name="Vérifier").first.click()
    verdict, option = page.get_by_text("C’est juste."), page.get_by_text("la météo")
    expect(verdict).to_be_visible()
    page.emulate_media(media="print")
    expect(option).to_be_visible()
    expect(verdict).to_be_hidden()
    assert page.locator(".check button:visible, .check summary:visible").count() == 0
    boxes = page.locator(".check input[type=radio]").evaluate_all(
        "found => found.map(one => getComputedStyle(one)).map(style => [style.width, style.backgroundColor])"
    )
    assert len(set(map(tuple, boxes))) == 1
    typed = page.locator(".check input[type=text]").evaluate("one => getComputedStyle(one).color")
    assert typed == "rgba(0, 0, 0, 0)"


def test_what_a_list_offers_is_written_on_paper(phone: BrowserContext, school: School) -> None:
    page = phone.new_page()
    attempt = begin(page, school.student())
    for question in (PAIRS, GAPS):
        open_question(page, attempt, question)
        offered = page.locator(".on-paper").first
        expect(offered).to_be_hidden()
        page.emulate_media(media="print")
        expect(offered).to_be_visible()
        page.emulate_media(media="screen")
