"""An evening of a tutor: work handed in, marked by keyboard, disputed by a colleague, released, read by its student."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from time import sleep

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.support import browser as chromium
from tests.support import pdfs
from tests.support.attempt_pages import device, saved, sign_in
from tests.support.school import PASSWORD, Account, School

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORK = "/modules/ec101-accueil/devoir"
QUIZ = "ec101-accueil/entrainement"


@pytest.fixture
def school(school: School) -> School:
    """With a group of its own: the queue holds this test's copies and no other."""
    return school.with_group()


@pytest.fixture
def desk(browser: Browser, school: School) -> Iterator[BrowserContext]:
    with device(browser, school) as context:
        yield context


@pytest.fixture
def colleague(browser: Browser, school: School) -> Iterator[BrowserContext]:
    with device(browser, school) as context:
        yield context


def hand_in(school: School, who: Account) -> str:
    """A work handed in before the evening; gives its address."""
    return f"/devoirs/{school.hand_in(who, WORK.removeprefix('/modules/'), 'Bonjour.')}"


def hand_in_by_phone(browser: Browser, school: School, who: Account, text: str) -> str:
    """Write on a phone, lose the network once, hand in; gives the address of the work."""
    with device(browser, school, viewport={"width": 390, "height": 844}) as phone:
        page = phone.new_page()
        sign_in(page, who)
        page.goto(WORK)
        page.get_by_role("button", name="Commencer").click()
        page.wait_for_url("**/devoirs/*")
        phone.set_offline(True)
        page.get_by_role("textbox").first.fill(text)
        expect(page.locator("[data-saved]:visible")).to_contain_text("Hors connexion")
        phone.set_offline(False)
        saved(page)
        page.get_by_role("button", name="Relire avant de rendre").click()
        page.wait_for_url("**/relecture")
        page.get_by_label("Ce travail est le mien").check()
        page.get_by_role("button", name="Rendre maintenant").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Votre devoir est remis.")
        return page.url.removeprefix(school.server.url)


@pytest.fixture(scope="module")
def talking(browser: Browser) -> Iterator[Browser]:
    """A browser whose microphone beeps by itself."""
    arguments = [*chromium.ARGUMENTS, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    launched = browser.browser_type.launch(executable_path=str(chromium.CHROMIUM), args=arguments)
    yield launched
    launched.close()


def test_a_voice_is_handed_in_marked_at_its_second_and_heard_again(
    talking: Browser, browser: Browser, school: School, desk: BrowserContext
) -> None:
    who = school.student_of_group()
    with device(talking, school, permissions=["microphone"]) as phone:
        page = phone.new_page()
        sign_in(page, who)
        page.goto(WORK)
        page.get_by_role("button", name="Commencer").click()
        page.get_by_role("button", name="Enregistrer ma voix").click()
        expect(page.get_by_text("L’enregistrement a commencé")).to_be_visible()
        page.wait_for_timeout(3_000)
        page.get_by_role("button", name="Arrêter").click()
        page.get_by_role("button", name="Garder cet enregistrement").click()
        expect(page.get_by_text("Reçu : enregistrement.webm")).to_be_visible()
        saved(page)
        page.get_by_role("button", name="Relire avant de rendre").click()
        page.get_by_label("Ce travail est le mien").check()
        page.get_by_role("button", name="Rendre maintenant").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Votre devoir est remis.")
        work = page.url.removeprefix(school.server.url)
    marker = desk.new_page()
    open_oldest(marker, school.tutor())
    until_heard(marker)
    marker.locator("[data-sound] audio").evaluate("sound => { sound.currentTime = 2; }")
    marker.locator("h1").click()
    marker.keyboard.press("r")
    expect(marker.get_by_label("Les mots du passage")).to_have_value("0:02")
    marker.keyboard.type("Bip net.")
    marker.get_by_role("button", name="Ajouter la remarque").click()
    expect(marker.locator("[data-pin='2']")).to_be_visible()
    marker.keyboard.press("1")
    marker.get_by_label("Appréciation").fill("On vous entend bien.")
    marker.get_by_role("button", name="Prête").click()
    marker.wait_for_url("**/a-corriger")
    marker.goto("/a-rendre")
    marker.get_by_role("button", name="Rendre maintenant").click()
    with device(browser, school) as phone:
        page = phone.new_page()
        sign_in(page, who)
        page.goto(work)
        expect(page.get_by_text("Bip net.")).to_be_visible()
        page.get_by_role("button", name="Écouter").click()
        page.wait_for_function("() => document.querySelector('audio').currentTime > 0.3")


def test_a_comment_is_recorded_by_keyboard_heard_again_released_and_heard_by_the_student(
    talking: Browser, browser: Browser, school: School
) -> None:
    who = school.student_of_group()
    work = hand_in(school, who)
    with device(talking, school, permissions=["microphone"], color_scheme="dark") as desk:
        page = desk.new_page()
        open_oldest(page, school.tutor())
        page.keyboard.press("1")
        page.get_by_label("Appréciation").fill("Bon accueil, dit en deux mots.")
        page.locator("h1").click()
        record_comment(page)
        assert chromium.axe(page) == []
        page.locator("[data-listen]").evaluate("sound => sound.play()")
        page.wait_for_function("() => document.querySelector('[data-listen]').currentTime > 0.3")
        assert [one.get("spoken", "") for one in school.markings()] in ([], [""]), "what is not kept was sent"
        page.get_by_role("button", name="Garder cet enregistrement").click()
        expect(page.locator("[data-spoken]").get_by_role("button", name="Écouter")).to_be_visible(timeout=40_000)
        assert chromium.axe(page) == []
        assert not chromium.scrolls_sideways(page)
        expect(page.locator("[data-spoken]")).to_contain_text("Gardé jusqu’au")
        page.locator("[data-spoken]").get_by_role("button", name="Écouter").click()
        page.wait_for_function("() => document.querySelector('[data-spoken] audio').currentTime > 0.3")
        (kept,) = school.markings()
        assert (kept["comment"], bool(kept["spoken"])) == ("Bon accueil, dit en deux mots.", True)
        page.reload()
        expect(page.locator("[data-spoken]").get_by_role("button", name="Écouter")).to_be_visible()
        with device(browser, school) as phone:
            reader = phone.new_page()
            sign_in(reader, who)
            reader.goto(work)
            assert reader.locator("audio").count() == 0
            assert reader.goto(f"{work}/commentaires/{kept['spoken']}").status == 404  # type: ignore[union-attr]
        page.locator("h1").click()
        page.keyboard.press("n")
        page.wait_for_url("**/a-corriger")
        page.goto("/a-rendre")
        page.get_by_role("button", name="Rendre maintenant").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Aucune note n’est prête.")
    with device(browser, school, viewport={"width": 390, "height": 844}) as phone:
        reader = phone.new_page()
        sign_in(reader, who)
        reader.goto(work)
        expect(reader.get_by_role("heading", name="Commentaire parlé")).to_be_visible()
        assert chromium.axe(reader) == []
        assert not chromium.scrolls_sideways(reader)
        reader.get_by_role("button", name="Écouter").click()
        reader.wait_for_function("() => document.querySelector('audio').currentTime > 0.3")


def record_comment(page: Page) -> None:
    """By the same key, begin and stop."""
    page.keyboard.press("v")
    expect(page.get_by_text("L’enregistrement a commencé")).to_be_visible()
    page.wait_for_timeout(2_500)
    expect(page.locator("[data-level-words]")).not_to_be_empty()
    page.keyboard.press("v")
    expect(page.get_by_role("button", name="Garder cet enregistrement")).to_be_focused()


def test_a_recording_that_is_not_kept_is_found_again_and_one_that_was_cut_goes_on(
    talking: Browser, browser: Browser, school: School
) -> None:
    hand_in(school, school.student_of_group())
    with device(talking, school, permissions=["microphone"]) as desk:
        page = desk.new_page()
        open_oldest(page, school.tutor())
        address = page.url
        page.locator("h1").click()
        record_comment(page)
        page.locator("h1").click()
        page.keyboard.press("n")
        expect(page.get_by_text("n’est pas encore dans la correction")).to_be_visible()
        page.close()
        page = desk.new_page()
        page.goto(address)
        expect(page.get_by_text("a été retrouvé sur cet appareil")).to_be_visible()
        desk.set_offline(True)
        page.get_by_role("button", name="Garder cet enregistrement").click()
        expect(page.get_by_text("gardé sur cet appareil et repartira")).to_be_visible()
        assert school.markings() == []
        desk.set_offline(False)
        expect(page.locator("[data-spoken]")).to_contain_text("Gardé jusqu’au", timeout=40_000)
        assert school.markings()[0]["spoken"]
        with page.expect_navigation():
            page.get_by_role("button", name="Retirer le commentaire parlé").click()
        expect(page.get_by_text("Vos enregistrements mis de côté")).to_be_visible()
        assert school.markings()[0]["spoken"] == ""
        page.locator("h1").click()
        page.keyboard.press("1")
        page.get_by_label("Appréciation").fill("Bien.")
        expect(page.locator("[data-saved]:visible")).to_contain_text("Enregistré à")
        page.locator("h1").click()
        record_comment(page)
        page.route("**/fin", slow)
        page.get_by_role("button", name="Garder cet enregistrement").click()
        page.locator("h1").click()
        page.keyboard.press("n")
        expect(page.get_by_text("la page suivra")).to_be_visible()
        page.wait_for_url("**/a-corriger")
        assert school.markings()[0]["spoken"], "what leaves the page waited for it"


def slow(route: Route) -> None:
    sleep(2)
    route.continue_()


def until_heard(page: Page) -> None:
    """The recording is converted by a job: the page is loaded again until it can be heard."""
    for _ in range(20):
        if page.get_by_role("button", name="Écouter").count():
            return
        page.wait_for_timeout(1_000)
        page.reload()
    raise AssertionError("the recording was never ready")


def test_a_pdf_is_read_and_remarked_page_by_page(browser: Browser, school: School, desk: BrowserContext) -> None:
    who = school.student_of_group()
    content = pdfs.pdf("Plan", "Annexe")
    with device(browser, school) as phone:
        page = phone.new_page()
        sign_in(page, who)
        page.goto(WORK)
        page.get_by_role("button", name="Commencer").click()
        file = {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": content}
        page.locator("input[type=file]").last.set_input_files([file])
        expect(page.get_by_text("Reçu : plan.pdf")).to_be_visible()
        page.get_by_role("button", name="Relire avant de rendre").click()
        page.get_by_label("Ce travail est le mien").check()
        page.get_by_role("button", name="Rendre maintenant").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Votre devoir est remis.")
    marker = desk.new_page()
    open_oldest(marker, school.tutor())
    second = until_drawn(marker)
    assert second.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 1100
    marker.get_by_role("button", name="Remarque sur cette page").last.click()
    marker.keyboard.type("Sans légende.")
    marker.get_by_label("Les mots du passage").press("Enter")
    marker.wait_for_url("**#page-*-2")
    expect(marker.locator(".sheets > li").last.get_by_role("textbox")).to_have_value("Sans légende.")


def until_drawn(page: Page) -> Locator:
    """The pages are drawn by a job: the page is loaded again until they can be read. Gives the second."""
    picture = page.get_by_alt_text("Page 2 sur 2 de plan.pdf")
    for _ in range(30):
        if picture.count():
            return picture
        page.wait_for_timeout(1_000)
        page.reload()
    raise AssertionError("the pages were never drawn")


def open_oldest(page: Page, who: Account) -> None:
    sign_in(page, who)
    page.goto("/a-corriger")
    page.get_by_role("button", name="Corriger la plus ancienne").click()
    page.wait_for_url("**/a-corriger/*")
    expect(page.locator("#marking")).to_be_visible()


def test_two_copies_are_marked_by_keyboard_and_given_back(
    browser: Browser, school: School, desk: BrowserContext
) -> None:
    first, second = school.student_of_group(given_name="Ana"), school.student_of_group(given_name="Bruno")
    work = hand_in_by_phone(browser, school, first, "Bonjour, standard, Ana à votre écoute.")
    hand_in_by_phone(browser, school, second, "Allô ?")
    page, tutor = desk.new_page(), school.tutor()
    open_oldest(page, tutor)
    expect(page.get_by_text("Copie 1 sur 2")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("c")
    page.keyboard.type("Accueil complet.\nTravaillez le débit.")
    expect(page.locator("[data-saved]:visible")).to_contain_text("Enregistré à")
    expect(page.locator("[data-mark]")).to_have_text("20")
    page.locator("h1").click()
    page.evaluate(
        """() => { const text = document.querySelector("[data-passage]").firstChild, range = document.createRange();
            range.setStart(text, 0); range.setEnd(text, 7);
            getSelection().removeAllRanges(); getSelection().addRange(range); }"""
    )
    page.keyboard.press("r")
    page.keyboard.type("Un vrai bonjour.")
    page.get_by_role("button", name="Ajouter la remarque").click()
    expect(page.locator("mark")).to_have_text("Bonjour")
    page.locator("h1").click()
    page.keyboard.press("n")
    expect(page.get_by_text("Allô ?")).to_be_visible()
    page.keyboard.press("3")
    page.keyboard.press("c")
    page.keyboard.type("Il manque tout l'accueil. Reprenez la leçon 1.")
    expect(page.locator("[data-saved]:visible")).to_contain_text("Enregistré à")
    page.locator("h1").click()
    page.keyboard.press("n")
    page.wait_for_url("**/a-corriger")
    page.get_by_role("link", name="Rendre 2 notes prêtes").first.click()
    page.get_by_role("button", name="Rendre maintenant").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Aucune note n’est prête.")
    with device(browser, school, viewport={"width": 390, "height": 844}) as phone:
        reader = phone.new_page()
        sign_in(reader, first)
        reader.goto(work)
        expect(reader.get_by_role("heading", level=1)).to_have_text("20 sur 20")
        expect(reader.get_by_text("Un vrai bonjour.")).to_be_visible()
        assert reader.get_by_text("Travaillez le débit.").inner_text() == "Accueil complet.\nTravaillez le débit."


@pytest.mark.case("GR-01")
def test_keys_pressed_alone_can_be_turned_off_on_this_device(school: School, desk: BrowserContext) -> None:
    """WCAG 2.1.4: a voice command that says a word must not choose levels, nor declare a copy ready."""
    hand_in(school, school.student_of_group())
    page = desk.new_page()
    open_oldest(page, school.tutor())
    page.get_by_role("button", name="Désactiver ces touches").click()
    page.keyboard.press("1")
    page.keyboard.press("c")
    page.reload()
    page.keyboard.press("1")
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    page.get_by_role("button", name="Réactiver ces touches").press("Enter")
    expect(page.get_by_role("button", name="Désactiver ces touches")).to_be_focused()
    page.keyboard.press("1")
    expect(page.get_by_role("radio", checked=True)).to_have_count(1)


def test_the_level_chosen_is_seen_with_the_colours_of_the_system(school: School, desk: BrowserContext) -> None:
    hand_in(school, school.student_of_group())
    page = desk.new_page()
    open_oldest(page, school.tutor())
    page.keyboard.press("2")
    page.emulate_media(forced_colors="active")
    levels = page.locator(".levels").first.locator(".level")
    first, chosen, third = (Image.open(BytesIO(levels.nth(place).screenshot())).getpixel((8, 8)) for place in range(3))
    assert first == third != chosen


def test_a_conflict_of_two_tutors_is_seen_and_resolved(
    browser: Browser, school: School, desk: BrowserContext, colleague: BrowserContext
) -> None:
    hand_in(school, school.student_of_group())
    one, other = desk.new_page(), colleague.new_page()
    open_oldest(one, school.tutor())
    sign_in(other, school.tutor())
    other.goto(one.url)
    expect(other.get_by_text("corrige cette copie en ce moment")).to_be_visible()
    one.get_by_label("Appréciation").fill("Premier avis.")
    expect(one.locator("[data-saved]:visible")).to_contain_text("Enregistré à")
    other.get_by_label("Appréciation").fill("Second avis.")
    expect(other.locator("[data-saved]:visible")).to_contain_text("Quelqu’un d’autre a corrigé")
    other.get_by_role("button", name="Enregistrer").last.click()
    both = other.get_by_role("alert").filter(has_text="Une autre correction")
    expect(both).to_contain_text("Premier avis.")
    expect(both).to_contain_text("Second avis.")
    expect(other.get_by_label("Appréciation")).to_have_value("Premier avis.")
    assert chromium.axe(other) == []
    press_by_keyboard(other, "Garder ma version")
    expect(other.get_by_label("Appréciation")).to_have_value("Second avis.")
    assert [work["comment"] for work in school.markings()] == ["Second avis."]
    other.get_by_label("Appréciation").fill("Avis commun.")
    expect(other.locator("[data-saved]:visible")).to_contain_text("Enregistré à")
    assert [work["comment"] for work in school.markings()] == ["Avis commun."]
    one.get_by_label("Appréciation").fill("Premier avis, relu.")
    expect(one.locator("[data-saved]:visible")).to_contain_text("Quelqu’un d’autre a corrigé")
    one.get_by_role("button", name="Enregistrer").last.click()
    press_by_keyboard(one, "Prendre l’autre version")
    expect(one.get_by_label("Appréciation")).to_have_value("Avis commun.")
    assert [work["comment"] for work in school.markings()] == ["Avis commun."]
    one.get_by_label("Appréciation").fill("Avis commun, et daté.")
    expect(one.locator("[data-saved]:visible")).to_contain_text("Enregistré à")
    assert [work["comment"] for work in school.markings()] == ["Avis commun, et daté."]


def press_by_keyboard(page: Page, name: str) -> None:
    """Reach a button with the Tab key alone, from the top of the page, and press it."""
    button = page.get_by_role("button", name=name)
    expect(button).to_be_visible()
    for _stop in range(30):
        page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.case("GR-01")
def test_two_versions_are_chosen_between_without_a_script(
    browser: Browser, school: School, desk: BrowserContext
) -> None:
    hand_in(school, school.student_of_group())
    with device(browser, school, java_script_enabled=False) as plain:
        one, other = desk.new_page(), plain.new_page()
        open_oldest(one, school.tutor())
        sign_in(other, school.tutor())
        other.goto(one.url)
        one.get_by_label("Appréciation").fill("Premier avis.")
        expect(one.locator("[data-saved]:visible")).to_contain_text("Enregistré à")
        other.get_by_label("Appréciation").fill("Second avis.")
        other.get_by_role("button", name="Enregistrer").last.click()
        one.get_by_label("Appréciation").fill("Troisième avis.")
        expect(one.locator("[data-saved]:visible")).to_contain_text("Enregistré à")
        wait_for_comment(school, "Troisième avis.")
        other.get_by_role("button", name="Garder ma version").click()
        expect(other.get_by_role("alert")).to_contain_text("Troisième avis.")
        other.get_by_role("button", name="Garder ma version").click()
        expect(other.get_by_label("Appréciation")).to_have_value("Second avis.")
        assert [work["comment"] for work in school.markings()] == ["Second avis."]


def wait_for_comment(school: School, text: str) -> None:
    for _try in range(100):
        if [work["comment"] for work in school.markings()] == [text]:
            return
        sleep(0.1)
    raise AssertionError([work["comment"] for work in school.markings()])


def test_ready_waits_for_the_save_that_is_on_its_way(browser: Browser, school: School, desk: BrowserContext) -> None:
    hand_in(school, school.student_of_group())
    page = desk.new_page()
    open_oldest(page, school.tutor())
    held: list[Route] = []
    page.route("**/a-corriger/*", lambda route: held.append(route) if not held else route.continue_())
    with page.expect_request(lambda asked: asked.method == "POST"):
        page.keyboard.press("1")
        page.get_by_label("Appréciation").fill("Court et juste.")
    page.locator("h1").click()
    page.keyboard.press("n")
    held[0].continue_()
    page.wait_for_url("**/a-corriger")
    assert [work["comment"] for work in school.markings()] == ["Court et juste."]


@pytest.mark.case("GR-02")
def test_a_session_that_ends_while_marking_loses_no_word(
    browser: Browser, school: School, desk: BrowserContext
) -> None:
    hand_in(school, school.student_of_group())
    page, tutor = desk.new_page(), school.tutor()
    open_oldest(page, tutor)
    school.end_sessions(tutor)
    page.get_by_label("Appréciation").fill("Écrit pendant que la session finissait.")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Mot de passe").fill(PASSWORD)
    dialog.get_by_role("button", name="Se reconnecter").click()
    expect(page.locator("[data-saved]:visible")).to_contain_text("Enregistré à")
    assert [work["comment"] for work in school.markings()] == ["Écrit pendant que la session finissait."]


def test_a_dialog_put_off_leaves_the_keyboard_alone_until_the_marker_saves(
    school: School, desk: BrowserContext
) -> None:
    """It came back every second, over what was typed: the words went to the field of the password."""
    hand_in(school, school.student_of_group())
    page, tutor = desk.new_page(), school.tutor()
    open_oldest(page, tutor)
    school.end_sessions(tutor)
    page.get_by_label("Appréciation").focus()
    page.keyboard.type("Un début,")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Appréciation")).to_be_focused()
    page.keyboard.type(" une suite,")
    page.wait_for_timeout(2_500)
    expect(dialog).to_be_hidden()
    page.keyboard.type(" une fin.")
    expect(page.get_by_label("Appréciation")).to_have_value("Un début, une suite, une fin.")
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(dialog).to_be_visible()
    dialog.get_by_label("Mot de passe").fill(PASSWORD)
    dialog.get_by_role("button", name="Se reconnecter").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("[data-saved]:visible").first).to_contain_text("Enregistré à")
    assert [work["comment"] for work in school.markings()] == ["Un début, une suite, une fin."]


def test_a_page_closed_without_network_gives_the_words_back(
    browser: Browser, school: School, desk: BrowserContext
) -> None:
    hand_in(school, school.student_of_group())
    page, tutor = desk.new_page(), school.tutor()
    open_oldest(page, tutor)
    desk.set_offline(True)
    page.get_by_label("Appréciation").fill("Tapé dans le train.")
    expect(page.locator("[data-saved]:visible")).to_contain_text("gardé sur cet appareil")
    address = page.url
    page.close()
    desk.set_offline(False)
    page = desk.new_page()
    page.goto(address)
    expect(page.get_by_label("Appréciation")).to_have_value("Tapé dans le train.")
    expect(page.locator("[data-saved]:visible")).to_contain_text("Enregistré à")
    assert [work["comment"] for work in school.markings()] == ["Tapé dans le train."]


def test_a_copy_that_is_not_ready_puts_the_keyboard_where_something_lacks(
    browser: Browser, school: School, desk: BrowserContext
) -> None:
    hand_in(school, school.student_of_group())
    page = desk.new_page()
    open_oldest(page, school.tutor())
    page.locator("h1").click()
    page.keyboard.press("n")
    expect(page.get_by_role("alert").filter(has_text="n’est pas prête")).to_be_visible()
    expect(page.locator("[data-criterion] input:focus")).to_have_count(1)
    criterion, comment = page.locator("[data-criterion]").first, page.get_by_label("Appréciation")
    expect(criterion).to_have_class(re.compile("lacks"))
    page.keyboard.press("1")
    expect(criterion).not_to_have_class(re.compile("lacks"))
    page.keyboard.press("n")
    expect(comment).to_be_focused()
    expect(comment).to_have_attribute("aria-invalid", "true")
    page.keyboard.type("Bien.")
    expect(comment).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator(".invalid")).to_have_count(0)


def test_points_that_cannot_be_read_are_said_at_once_and_no_longer_once_they_can(
    school: School, desk: BrowserContext
) -> None:
    school.hand_in_quiz(school.student_of_group(), QUIZ, "e-texte", "Bonjour.")
    page = desk.new_page()
    open_oldest(page, school.tutor())
    points = page.get_by_label("sur 4")
    error = page.get_by_text("Écrivez un nombre de 0 à 4.")
    expect(error).to_be_hidden()
    for typed, is_read in (("douze", False), ("3", True), ("5", False), ("", True), ("2,5", True)):
        points.fill(typed)
        expect(error).to_be_visible(visible=not is_read)
        expect(points).to_have_accessible_description("" if is_read else "Écrivez un nombre de 0 à 4.")
    expect(points).not_to_have_attribute("aria-invalid", "true")
    assert [work["points"] for work in school.markings()] == [
        {points.get_attribute("name").removeprefix("points-"): "2,5"}
    ]


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_the_copies_to_give_back_show_who_what_and_how_much(
    browser: Browser, school: School, width: int
) -> None:
    who = school.student_of_group(given_name="Marie-Ghislaine", family_name="Vandenbroucke-Lemercier")
    hand_in(school, who)
    with device(browser, school, viewport={"width": width, "height": 800}) as phone:
        page = phone.new_page()
        open_oldest(page, school.tutor())
        page.locator("[data-criterion] input").first.check(force=True)
        page.get_by_label("Appréciation").fill("Accueil complet.")
        page.get_by_role("button", name="Prête").click()
        page.wait_for_url("**/a-corriger")
        page.goto("/a-rendre")
        row = page.get_by_role("row").nth(1)
        for text in ("Vandenbroucke-Lemercier", "Réécrire un accueil", "20 / 20"):
            box = row.get_by_text(text).first.bounding_box()
            assert box is not None
            assert box["x"] >= 0, text
            assert box["x"] + box["width"] <= width, text
        expect(row.get_by_role("checkbox")).to_be_checked()
        expect(row.get_by_role("cell", name="20 / 20")).to_be_visible()
        assert not chromium.scrolls_sideways(page)
        assert chromium.axe(page) == []


def test_a_third_tutor_is_told_that_a_copy_has_its_two_markers(browser: Browser, school: School) -> None:
    school.hand_in(school.student_of_group(), WORK.removeprefix("/modules/"), "Bonjour.")
    address = school.mark_by_two()
    for scheme in ("light", "dark"):
        for width in (1280, 390, 320):
            with device(browser, school, viewport={"width": width, "height": 844}, color_scheme=scheme) as context:
                page = context.new_page()
                sign_in(page, school.tutor())
                page.goto(address)
                expect(page.get_by_role("heading", level=1)).to_have_text("Cette copie a ses correcteurs.")
                assert chromium.axe(page) == []
                assert not chromium.scrolls_sideways(page)
                page.get_by_role("link", name="Revenir aux copies à corriger").focus()
                page.keyboard.press("Enter")
                page.wait_for_url("**/a-corriger")
