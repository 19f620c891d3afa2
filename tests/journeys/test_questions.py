"""A question to the tutor: asked on a phone, answered at a desk, read again by its student."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support import browser as chromium
from tests.support.attempt_pages import device, sign_in
from tests.support.looks import show_whole, small_targets
from tests.support.school import School

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """A school of its own: the queue holds this test's question and no other."""
    made = School(tmp_path_factory.mktemp("questions"))
    yield made
    made.close()


def test_a_student_asks_a_tutor_answers_and_the_student_reads(browser: Browser, school: School) -> None:
    student, tutor = school.student_of_group(given_name="Ana", family_name="Roy"), school.tutor()
    with device(browser, school, **PHONE) as phone:
        page = phone.new_page()
        sign_in(page, student)
        page.goto("/modules/ec101-accueil/saluer")
        page.get_by_role("link", name="Poser une question à votre tuteur").click()
        area = page.get_by_label("Votre question")
        area.fill("Faut-il dire son nom ?")
        expect(page.locator("[data-saved] span")).to_contain_text("Enregistré à")
        page.reload()
        expect(area).to_have_value("Faut-il dire son nom ?")
        assert small_targets(page) == []
        page.get_by_role("button", name="Envoyer la question").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Votre question est posée.")
        assert not chromium.scrolls_sideways(page)
        assert small_targets(page) == []
    with device(browser, school) as desk:
        page = desk.new_page()
        sign_in(page, tutor)
        page.goto("/a-corriger")
        page.get_by_role("navigation", name="Principale").get_by_role("link", name="Messages").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("1 question attend une réponse.")
        assert small_targets(page) == []
        page.get_by_role("link", name="Répondre à la plus ancienne").click()
        expect(page.get_by_text("Faut-il dire son nom ?")).to_be_visible()
        assert small_targets(page) == []
        page.get_by_label("Votre réponse").fill("Oui, et celui de l’entreprise.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Aucune question n’attend.")
    with device(browser, school, **PHONE) as phone:
        page = phone.new_page()
        sign_in(page, student)
        page.goto("/questions")
        page.get_by_role("link", name="Saluer").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Votre tuteur a répondu.")
        expect(page.get_by_text("Oui, et celui de l’entreprise.")).to_be_visible()


def test_axe_finds_nothing_on_these_pages(browser: Browser, school: School) -> None:
    student, tutor = school.student_of_group(), school.tutor()
    with chromium.context(browser, school.server.url) as context:
        page = context.new_page()
        sign_in(page, student)
        page.goto("/questions/poser?sur=module&ref=ec101-accueil")
        assert chromium.axe(page) == []
        page.get_by_label("Votre question").fill("Pourquoi ?")
        page.get_by_role("button", name="Envoyer la question").click()
        page.wait_for_url("**fait=envoi")
        assert chromium.axe(page) == []
        page.goto("/questions")
        assert chromium.axe(page) == []
    with chromium.context(browser, school.server.url, viewport={"width": 320, "height": 640}) as context:
        page = context.new_page()
        sign_in(page, tutor)
        page.goto("/messages")
        show_whole(page, 320)
        assert chromium.axe(page) == []
        assert not chromium.scrolls_sideways(page)
        with page.expect_navigation():
            page.get_by_role("link", name="Répondre à la plus ancienne").click()
        show_whole(page, 320)
        assert chromium.axe(page) == []
        assert not chromium.scrolls_sideways(page)
