"""The product by keyboard alone: nothing here touches the mouse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from deust.services.demo import PASSWORD
from deust.services.demo_stories import Story
from tests.support import browser as chromium
from tests.support.demo import MODULE, student
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WHO = student(Story.LATE)
MODULE_PATH = f"/modules/{MODULE}"
LESSON = "Reformuler et attendre la confirmation"

_FOCUSED = """() => {
    const e = document.activeElement;
    if (!e || e === document.body) return '';
    const label = e.labels && e.labels[0];
    return (e.getAttribute('aria-label') || (label && label.innerText) || e.innerText || e.name || '').trim();
}"""

_STOPS = """() => {
    const radios = new Set();
    const group = e => [...document.forms].indexOf(e.form) + e.name;
    return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
        .filter(e => e.checkVisibility({visibilityProperty: true}) && e.tabIndex >= 0 && e.type !== 'hidden')
        .filter(e => e.type !== 'radio' || (!radios.has(group(e)) && radios.add(group(e)))).length;
}"""


@contextmanager
def visitor(browser: Browser, server: Server, size: tuple[int, int] = chromium.DESK) -> Iterator[Page]:
    width, height = size
    context = browser.new_context(base_url=server.url, locale="fr-FR", viewport={"width": width, "height": height})
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def focused(page: Page) -> str:
    """The name of what the keyboard would act on."""
    return str(page.evaluate(_FOCUSED))


def tab_to(page: Page, name: str, *, limit: int = 120) -> None:
    """Press Tab until the focus is on what begins with this name."""
    seen = []
    for _ in range(limit):
        page.keyboard.press("Tab")
        seen.append(focused(page))
        if seen[-1].startswith(name):
            return
    raise AssertionError(f"« {name} » is not reached: {seen}")


def follow(page: Page, name: str, url: str | re.Pattern[str]) -> None:
    tab_to(page, name)
    page.keyboard.press("Enter")
    page.wait_for_url(url)


def sign_in(page: Page) -> None:
    page.goto("/connexion")
    tab_to(page, "Adresse e-mail")
    page.keyboard.type(WHO)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/aujourdhui")


def open_term(page: Page) -> None:
    """The first glossary term opens under the key, and Escape gives the focus back to it."""
    term = page.locator("button.term").first
    definition = page.locator(f"#{term.get_attribute('popovertarget')}")
    tab_to(page, term.inner_text())
    page.keyboard.press("Enter")
    expect(definition).to_be_visible()
    page.keyboard.press("Escape")
    expect(definition).to_be_hidden()
    assert focused(page) == term.inner_text()


def try_checks(page: Page) -> None:
    """An option with the arrows, gaps with letters, a number; Enter on the button, and the verdict is said."""
    choose(page, "La date limite réelle")
    verify(page, "Dans l’extrait", "C’est juste.")
    tab_to(page, "trou 1")
    page.keyboard.type("compris")
    page.keyboard.press("Tab")
    page.keyboard.type("m")
    page.keyboard.press("Tab")
    page.keyboard.type("remboursement")
    page.keyboard.press("Tab")
    page.keyboard.type("bien")
    verify(page, "Complétez cette reformulation", "C’est juste.")
    tab_to(page, "Votre réponse")
    page.keyboard.type("40")
    verify(page, "Une reformulation prend 9 secondes", "C’est juste.")


def choose(page: Page, option: str) -> None:
    """Enter the first group of radio buttons and move to this option, wherever it was drawn."""
    while page.evaluate("document.activeElement.type") != "radio":
        page.keyboard.press("Tab")
    for _ in range(10):
        page.keyboard.press("ArrowDown")
        if focused(page).startswith(option):
            return
    raise AssertionError(f"« {option} » is not among the options")


def verify(page: Page, title: str, verdict: str) -> None:
    tab_to(page, "Vérifier")
    with page.expect_navigation():
        page.keyboard.press("Space")
    check = page.locator(".check").filter(has=page.get_by_role("heading", name=re.compile(title)))
    expect(check.get_by_role("status")).to_contain_text(verdict)


def test_a_lesson_from_signing_in_to_signing_out(browser: Browser, server: Server) -> None:
    with visitor(browser, server) as page:
        sign_in(page)
        follow(page, "EC131 Structure de l’appel", f"**{MODULE_PATH}")
        follow(page, "1. Accueillir", "**/accueillir")
        page.goto(MODULE_PATH)
        follow(page, LESSON, "**/reformuler*")
        open_term(page)
        try_checks(page)
        follow(page, "J’ai compris, suite", re.compile(f"{MODULE_PATH}/(?!reformuler)"))
        follow(page, "Structure de l’appel", f"**{MODULE_PATH}")
        follow(page, "Recherche", "**/recherche")
        tab_to(page, "Un mot ou quelques mots")
        page.keyboard.type("reformuler")
        page.keyboard.press("Enter")
        page.wait_for_url("**/recherche?q=reformuler")
        follow(page, LESSON, "**/reformuler*")
        page.go_back()
        follow(page, "Se déconnecter", "**/connexion?*")
        expect(page.get_by_text("Vous êtes déconnecté de cet appareil.")).to_be_visible()


def test_the_first_key_leads_past_the_header(browser: Browser, server: Server) -> None:
    with visitor(browser, server) as page:
        sign_in(page)
        for path in ("/aujourdhui", f"{MODULE_PATH}/accueillir"):
            page.goto(path)
            page.keyboard.press("Tab")
            assert focused(page) == "Aller au contenu"
            expect(page.get_by_role("link", name="Aller au contenu")).to_be_in_viewport(ratio=1)
            page.keyboard.press("Enter")
            page.keyboard.press("Tab")
            assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_every_stop_is_reached_once_and_the_last_lets_go(browser: Browser, server: Server) -> None:
    with visitor(browser, server) as page:
        sign_in(page)
        for path in (MODULE_PATH, f"{MODULE_PATH}/accueillir", "/compte"):
            page.goto(path)
            assert len(chromium.focus_order(page, limit=120)) == page.evaluate(_STOPS)


def test_the_menu_of_a_phone_opens_and_leads(browser: Browser, server: Server) -> None:
    with visitor(browser, server, chromium.PHONE) as page:
        sign_in(page)
        tab_to(page, "Menu")
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name="Mon compte")).to_be_in_viewport(ratio=1)
        follow(page, "Glossaire", "**/glossaire")
        tab_to(page, "Menu")
        page.keyboard.press("Space")
        page.keyboard.press("Space")
        expect(page.get_by_role("link", name="Mon compte")).to_be_hidden()
