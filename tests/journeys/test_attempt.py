"""A student answers every sort of question in a real browser: with a script, without, by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.support import browser as chromium
from tests.support.attempt_pages import (
    ANSWERING,
    ESSAY,
    FILE,
    MULTIPLE,
    ORDER,
    PDF,
    SHORT,
    SINGLE,
    VOICE,
    acknowledged,
    answer_multiple,
    answer_order,
    answer_single,
    assert_all_given,
    begin,
    device,
    go_next,
    hand_in,
    kept_records,
    open_question,
    saved,
    the_text,
    upload,
)
from tests.support.school import School

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_each_sort_of_question_is_saved_as_it_is_answered_and_counts(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    told = acknowledged(page)
    public_id = begin(page, who)
    for answer in ANSWERING:
        if answer is not None:
            answer(page)
            saved(page)
        if not page.url.endswith("/13"):
            go_next(page)
    assert kept_records(page) == 0
    assert set(told.values()) == {"kept"}
    assert len(told) == 12
    assert_all_given(school, public_id)
    hand_in(page, public_id)
    assert_all_given(school, public_id)
    expect(page.get_by_role("heading", name="Votre reçu")).to_be_visible()


def test_without_javascript_every_button_posts_the_page(browser: Browser, school: School) -> None:
    who = school.student()
    with device(browser, school, java_script_enabled=False) as context:
        page = context.new_page()
        public_id = begin(page, who)
        for answer in ANSWERING:
            if answer is not None:
                answer(page)
            name = "Relire avant de rendre" if page.url.endswith("/13") else "Suivante"
            page.locator(".steps").get_by_role("button", name=name).click()
        assert_all_given(school, public_id)
        expect(page.get_by_role("heading", name="Tout est répondu.")).to_be_visible()
        page.get_by_role("link", name="Question 1", exact=True).click()
        page.get_by_role("button", name="Effacer ma réponse").click()
        expect(page.get_by_role("radio", name="l’enseigne")).not_to_be_checked()
        assert school.answers(public_id)["e-simple"] is None
        page.get_by_role("button", name="Marquer pour y revenir").click()
        expect(page.get_by_text("1 marquée pour y revenir")).to_be_visible()
        page.get_by_role("button", name="Relire avant de rendre").click()
        page.get_by_role("button", name="Rendre maintenant").click()
        page.wait_for_url("**/resultat")
        assert school.is_closed(public_id)


def test_two_pages_without_javascript_ask_which_answer_to_keep(browser: Browser, school: School) -> None:
    who = school.student()
    with device(browser, school, java_script_enabled=False) as context:
        first = context.new_page()
        public_id = begin(first, who)
        second = context.new_page()
        open_question(second, public_id, SINGLE)
        second.get_by_role("radio", name="le prix").check()
        second.get_by_role("button", name="Suivante").click()
        answer_single(first)
        first.get_by_role("button", name="Suivante").click()
        expect(first.get_by_role("heading", level=1)).to_contain_text("laquelle gardez-vous")
        expect(first.get_by_text("le prix")).to_be_visible()
        assert school.answers(public_id)["e-simple"] == 3
        first.get_by_role("button", name="Garder cette réponse").click()
        assert school.answers(public_id)["e-simple"] == 2


def test_an_answer_is_emptied_only_on_purpose(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    answer_single(page)
    saved(page)
    expect(page.get_by_text("question en cours, répondue")).to_be_visible()
    page.get_by_role("button", name="Effacer ma réponse").click()
    expect(page.get_by_text("question en cours, sans réponse")).to_be_visible()
    expect(page.get_by_role("radio", name="l’enseigne")).not_to_be_checked()
    assert school.answers(public_id)["e-simple"] is None
    open_question(page, public_id, MULTIPLE)
    answer_multiple(page)
    page.get_by_role("checkbox", name="l’enseigne").uncheck()
    page.get_by_role("checkbox", name="le prénom").uncheck()
    go_next(page)
    assert school.answers(public_id)["e-multiple"] is None


def test_an_answer_that_cannot_be_kept_says_so_and_stays_in_its_field(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    open_question(page, public_id, ESSAY)
    the_text(page).fill("long " * 20_001)
    expect(page.get_by_role("alert").filter(has_text="trop long")).to_be_visible()
    assert "e-texte" not in school.answers(public_id)
    assert kept_records(page) == 1
    go_next(page)
    page.go_back()
    expect(the_text(page)).to_have_value("long " * 20_001)
    the_text(page).fill("court")
    saved(page)
    assert school.answers(public_id)["e-texte"] == "court"
    open_question(page, public_id, FILE)
    upload("fiche.exe", "application/octet-stream", b"MZ" + bytes(100))(page)
    expect(page.locator("[data-problem]:visible")).to_be_visible()
    upload("fiche.pdf", "application/pdf", PDF)(page)
    expect(page.get_by_text("Reçu : fiche.pdf")).to_be_visible()
    assert school.answers(public_id)["e-fichier"]["name"] == "fiche.pdf"


def test_a_save_under_a_name_already_used_says_so_and_its_words_stay(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    page.add_init_script("crypto.getRandomValues = (bytes) => bytes")
    public_id = begin(page, who)
    open_question(page, public_id, ESSAY)
    the_text(page).fill("Un début.")
    saved(page)
    the_text(page).fill("Un début et la suite.")
    expect(page.get_by_role("alert").filter(has_text="n’est pas enregistré")).to_be_visible()
    assert school.answers(public_id)["e-texte"] == "Un début."
    page.add_init_script("delete crypto.getRandomValues")
    page.reload()
    expect(the_text(page)).to_have_value("Un début et la suite.")
    expect(page.get_by_role("alert").filter(has_text="n’est pas enregistré")).to_be_visible()
    the_text(page).fill("Un début et toute la suite.")
    saved(page)
    assert school.answers(public_id)["e-texte"] == "Un début et toute la suite."


def test_keyboard_alone_answers_orders_and_hands_in(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)

    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            reached = page.evaluate(
                "() => (document.activeElement.labels?.[0] ?? document.activeElement).innerText.trim()"
            )
            if reached.startswith(name):
                return
        raise AssertionError(f"the keyboard does not reach {name}")

    page.keyboard.press("Tab")
    for _ in range(10):
        if page.evaluate("document.activeElement.type") == "radio":
            break
        page.keyboard.press("Tab")
    while not page.get_by_role("radio", name="l’enseigne").is_checked():
        page.keyboard.press("ArrowDown")
    saved(page)
    tab_to("Suivante")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/2")
    open_question(page, public_id, ORDER)
    items = page.locator(".place label")
    wanted = ["saluer", "écouter", "conclure"]
    for place, item in enumerate(wanted):
        while items.all_inner_texts().index(item) > place:
            page.get_by_role("button", name=f"Monter : {item}").press("Enter")
            expect(page.get_by_role("button", name=f"Monter : {item}")).to_be_focused()
    page.get_by_role("button", name="Descendre : saluer").press("Enter")
    page.get_by_role("button", name="Monter : saluer").press("Enter")
    expect(page.get_by_text("saluer : place 1")).to_be_attached()
    saved(page)
    open_question(page, public_id, ORDER)
    assert school.answers(public_id)["e-ordre"] == [1, 2, 3]
    page.goto(f"/essais/{public_id}/relecture")
    tab_to("Rendre maintenant")
    page.keyboard.press("Enter")
    page.wait_for_url("**/resultat")


def test_the_enter_key_in_an_answer_goes_on_and_never_leaves(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    open_question(page, public_id, SHORT)
    page.get_by_label("Votre réponse").fill("reformulation")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith(f"/questions/{SHORT + 1}")
    assert school.answers(public_id)["e-courte"] == "reformulation"


@pytest.mark.parametrize("lacking", ["AbortSignal.timeout", "HTMLFormElement.prototype.requestSubmit"])
def test_an_older_browser_posts_its_answers_by_itself(browser: Browser, school: School, lacking: str) -> None:
    """iOS 15: a script that runs by halves would hold the page, and send nothing."""
    context = browser.new_context(base_url=school.server.url, locale="fr-FR")
    context.set_default_timeout(10_000)
    context.add_init_script(f"delete {lacking}")
    page = context.new_page()
    public_id = begin(page, school.student())
    answer_single(page)
    go_next(page)
    assert page.url.endswith("/2")
    assert school.answers(public_id)["e-simple"] == 2
    hand_in(page, public_id)
    context.close()


def test_choosing_a_place_already_taken_exchanges_the_two(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    open_question(page, public_id, ORDER)
    answer_order(page)
    page.get_by_label("Place de : conclure").select_option("1")
    expect(page.get_by_label("Place de : saluer")).to_have_value("3")
    page.wait_for_timeout(300)
    saved(page)
    go_next(page)
    assert school.answers(public_id)["e-ordre"] == [3, 2, 1]


@pytest.mark.parametrize(("theme", "size"), [("light", chromium.PHONE), ("dark", chromium.DESK)])
def test_the_pages_of_an_attempt_are_accessible(
    browser: Browser, school: School, theme: str, size: tuple[int, int]
) -> None:
    who = school.student()
    width, height = size
    with device(browser, school, color_scheme=theme, viewport={"width": width, "height": height}) as context:
        page = context.new_page()
        public_id = begin(page, who)
        for position in (SINGLE, ORDER, VOICE):
            open_question(page, public_id, position)
            page.wait_for_timeout(100)
            assert chromium.axe(page) == []
            assert not chromium.scrolls_sideways(page)
        page.evaluate("document.getElementById('sign-in').showModal()")
        assert chromium.axe(page) == []
        page.goto(f"/essais/{public_id}/relecture")
        assert chromium.axe(page) == []


def test_nothing_scrolls_sideways_at_320_pixels(browser: Browser, school: School) -> None:
    who = school.student()
    with device(browser, school, viewport={"width": 320, "height": 640}) as context:
        page = context.new_page()
        public_id = begin(page, who)
        for position in range(SINGLE, FILE + 1):
            open_question(page, public_id, position)
            assert not chromium.scrolls_sideways(page), position
        page.goto(f"/essais/{public_id}/relecture")
        assert not chromium.scrolls_sideways(page)
