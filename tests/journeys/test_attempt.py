"""A student answers in a real browser, and what the server acknowledged is what counts, whatever breaks meanwhile."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, expect

from tests.support import browser as chromium
from tests.support.school import PASSWORD, Account, School

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TRAINING = "/modules/ec101-accueil/entrainement"
GRADED = "/modules/ec101-accueil/quiz-note"
EXAM = "/modules/ec101-accueil/examen"

SINGLE, MULTIPLE, TRUE, NUMBER, SHORT, PAIRS, ORDER, GAPS, CALCULATED, INFO, ESSAY, VOICE, FILE = range(1, 14)
"""Where each sort of question stands in the training quiz."""

SAVED = "enregistrée à"
OFFLINE = "Hors connexion — gardé sur cet appareil"
FAILING = "Pas encore enregistré"

WEBM = b"\x1a\x45\xdf\xa3" + bytes(2000)
PDF = b"%PDF-1.4\n" + bytes(2000)


_KEPT_RECORDS = """() => new Promise((resolve, reject) => {
    const opening = indexedDB.open("deust", 1);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
        const count = opening.result.transaction("answers").objectStore("answers").count();
        count.onsuccess = () => { opening.result.close(); resolve(count.result); };
    };
})"""


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    made = School(tmp_path_factory.mktemp("school"))
    yield made
    made.close()


@contextmanager
def device(browser: Browser, school: School, **options: object) -> Iterator[BrowserContext]:
    """A clean browser, with the site's own content policy in force; any error of a page fails the test."""
    context = browser.new_context(
        **{"base_url": school.server.url, "locale": "fr-FR", "viewport": {"width": 1280, "height": 900}, **options}
    )
    context.set_default_timeout(10_000)
    problems: list[str] = []
    context.on("weberror", lambda error: problems.append(str(error.error)))
    context.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)
    try:
        yield context
    finally:
        context.close()
    assert problems == []


@pytest.fixture
def phone(browser: Browser, school: School) -> Iterator[BrowserContext]:
    """The student's own device."""
    with device(browser, school) as context:
        yield context


def sign_in(page: Page, who: Account) -> None:
    page.goto("/connexion")
    page.get_by_label("Adresse e-mail").fill(who.email)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url("**/aujourdhui")


def begin(page: Page, who: Account, quiz: str = TRAINING) -> str:
    """Sign in and start; gives the attempt's public id."""
    sign_in(page, who)
    page.goto(quiz)
    page.get_by_role("button", name="Commencer").click()
    page.wait_for_url("**/questions/1")
    return page.url.split("/")[4]


def open_question(page: Page, public_id: str, position: int) -> None:
    page.goto(f"/essais/{public_id}/questions/{position}")


def status(page: Page) -> Locator:
    return page.locator("[data-saved]:visible")


def saved(page: Page, *, seconds: int = 10) -> None:
    """Wait until this device holds nothing back and the page says that the server has it."""
    end = time.monotonic() + seconds
    while kept_records(page) and time.monotonic() < end:
        page.wait_for_timeout(50)
    expect(status(page)).to_contain_text(SAVED)


def go_next(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Suivante").click()


def the_text(page: Page) -> Locator:
    return page.get_by_label("Votre texte")


def kept_records(page: Page) -> int:
    """How many answers this device still holds for the server."""
    return int(page.evaluate(_KEPT_RECORDS))


def acknowledged(page: Page) -> dict[str, str]:
    """Fills itself with the version of each question key that the server acknowledges."""
    versions: dict[str, str] = {}

    def read(response: Response) -> None:
        if response.url.endswith("/reponses") and response.status == 200:
            for key, told in response.json()["answers"].items():
                versions[key] = told["outcome"]

    page.on("response", read)
    return versions


def hand_in(page: Page, public_id: str) -> None:
    page.goto(f"/essais/{public_id}/relecture")
    page.get_by_role("button", name="Rendre maintenant").click()
    page.wait_for_url("**/resultat")


def answer_single(page: Page) -> None:
    page.get_by_role("radio", name="l’enseigne").check()


def answer_multiple(page: Page) -> None:
    page.get_by_role("checkbox", name="l’enseigne").check()
    page.get_by_role("checkbox", name="le prénom").check()


def answer_truth(page: Page) -> None:
    page.get_by_role("radio", name="Vrai").check()


def answer_pairs(page: Page) -> None:
    page.get_by_label("l’enseigne").select_option(label="où suis-je ?")
    page.get_by_label("le prénom").select_option(label="à qui ai-je affaire ?")


def answer_order(page: Page) -> None:
    for place, item in enumerate(("saluer", "écouter", "conclure"), 1):
        page.get_by_label(f"Place de : {item}").select_option(str(place))


def answer_gaps(page: Page) -> None:
    page.get_by_label("trou 1").fill("canaritrou")
    page.get_by_label("trou 2").select_option(label="avant")
    page.get_by_label("trou 3").fill("8")


def upload(name: str, kind: str, content: bytes) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        field = page.locator("input[type=file]")
        field.set_input_files({"name": name, "mimeType": kind, "buffer": content})

    return act


def typed(label: str, text: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_label(label).fill(text)


ANSWERING: tuple[Callable[[Page], None] | None, ...] = (
    answer_single,
    answer_multiple,
    answer_truth,
    typed("Votre réponse", "172"),
    typed("Votre réponse", "canari-reformulation"),
    answer_pairs,
    answer_order,
    answer_gaps,
    typed("Votre réponse", "16,5"),
    None,
    typed("Votre texte", "Bonjour, Voix du Sud, Lina à votre écoute."),
    upload("accueil.webm", "audio/webm", WEBM),
    upload("fiche.pdf", "application/pdf", PDF),
)

GIVEN = {
    "e-simple": 2,
    "e-multiple": [1, 2],
    "e-vrai": True,
    "e-nombre": "172",
    "e-courte": "canari-reformulation",
    "e-paires": [1, 2],
    "e-ordre": [1, 2, 3],
    "e-trous": ["canaritrou", 2, "8"],
    "e-calcul": "16,5",
    "e-texte": "Bonjour, Voix du Sud, Lina à votre écoute.",
}


def assert_all_given(school: School, public_id: str) -> None:
    held = dict(school.answers(public_id))
    names = {held.pop("e-voix")["name"], held.pop("e-fichier")["name"]}
    assert held == GIVEN
    assert names == {"accueil.webm", "fiche.pdf"}
    assert {(name, size) for name, _, size in school.files(public_id)} == {
        ("accueil.webm", len(WEBM)),
        ("fiche.pdf", len(PDF)),
    }


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


def test_the_network_goes_and_comes_back(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    open_question(page, public_id, ESSAY)
    phone.set_offline(True)
    the_text(page).fill("Écrit dans le train.")
    expect(status(page)).to_contain_text(OFFLINE)
    expect(status(page)).to_have_class("saved offline")
    assert kept_records(page) == 1
    page.get_by_role("button", name="Suivante").click()
    expect(page.get_by_text("Le réseau manque : restez sur cette page.")).to_be_visible()
    expect(the_text(page)).to_have_value("Écrit dans le train.")
    phone.set_offline(False)
    saved(page)
    assert school.answers(public_id)["e-texte"] == "Écrit dans le train."
    assert kept_records(page) == 0
    go_next(page)
    assert page.url.endswith(f"/{ESSAY + 1}")


def test_pages_closed_before_the_server_answers_are_continued_by_the_next(
    phone: BrowserContext, school: School
) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    essay = phone.new_page()
    open_question(essay, public_id, ESSAY)
    the_text(essay).fill("Avant.")
    saved(essay)
    school.server.kill()
    answer_single(page)
    expect(status(page)).to_contain_text(FAILING)
    the_text(essay).fill("Avant. Puis sans serveur.")
    expect(status(essay)).to_contain_text(FAILING)
    page.close()
    essay.close()
    school.server.start()
    assert school.answers(public_id) == {"e-texte": "Avant."}
    page = phone.new_page()
    open_question(page, public_id, ESSAY)
    expect(the_text(page)).to_have_value("Avant. Puis sans serveur.")
    saved(page)
    assert school.answers(public_id) == {"e-simple": 2, "e-texte": "Avant. Puis sans serveur."}
    the_text(page).fill("Avant. Puis sans serveur. Puis après.")
    saved(page)
    assert school.answers(public_id)["e-texte"] == "Avant. Puis sans serveur. Puis après."
    events = school.received(public_id, "e-texte")
    assert [event.outcome for event in events] == ["kept"] * 3
    assert len({event.client for event in events}) == 1


def test_the_server_is_killed_and_started_again(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    answer_single(page)
    saved(page)
    go_next(page)
    answer_multiple(page)
    saved(page)
    open_question(page, public_id, ESSAY)
    the_text(page).press_sequentially("Bonjour, ")
    school.server.kill()
    the_text(page).press_sequentially("ici Lina.")
    expect(status(page)).to_contain_text(FAILING)
    expect(the_text(page)).to_have_value("Bonjour, ici Lina.")
    assert kept_records(page) == 1
    school.server.start()
    saved(page, seconds=35)
    assert school.answers(public_id) == {
        "e-simple": 2,
        "e-multiple": [1, 2],
        "e-texte": "Bonjour, ici Lina.",
    }
    hand_in(page, public_id)
    assert school.answers(public_id)["e-texte"] == "Bonjour, ici Lina."


def test_an_acknowledgement_lost_on_the_way_stores_the_answer_once(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    lost: list[int] = []

    def lose(route: object) -> None:
        response = route.fetch()  # type: ignore[attr-defined]
        lost.append(response.status)
        route.abort("connectionreset")  # type: ignore[attr-defined]

    phone.route("**/reponses", lose, times=1)
    answer_single(page)
    saved(page)
    assert lost == [200]
    assert [event.outcome for event in school.received(public_id, "e-simple")] == ["kept"]


def test_a_session_that_ends_is_opened_again_in_place(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    open_question(page, public_id, ESSAY)
    school.end_sessions(who)
    the_text(page).fill("Écrit après la fin de la session.")
    dialog = page.get_by_role("dialog", name="Reconnectez-vous pour continuer")
    expect(dialog).to_be_visible()
    assert "e-texte" not in school.answers(public_id)
    dialog.get_by_label("Mot de passe").fill("ce n'est pas le bon mot de passe")
    dialog.get_by_role("button", name="Se reconnecter").click()
    expect(dialog.get_by_role("alert")).to_contain_text("ne convient pas")
    dialog.get_by_label("Mot de passe").fill(PASSWORD)
    dialog.get_by_role("button", name="Se reconnecter").click()
    expect(dialog).to_be_hidden()
    saved(page)
    assert school.answers(public_id)["e-texte"] == "Écrit après la fin de la session."
    go_next(page)
    assert page.url.endswith(f"/{ESSAY + 1}")


def test_another_person_on_the_same_device_neither_sees_nor_sends_them(phone: BrowserContext, school: School) -> None:
    page, owner, other = phone.new_page(), school.student(), school.student()
    public_id = begin(page, owner)
    school.server.kill()
    answer_single(page)
    expect(status(page)).to_contain_text(FAILING)
    page.close()
    school.server.start()
    phone.clear_cookies()
    page = phone.new_page()
    others_id = begin(page, other)
    page.wait_for_timeout(1500)
    expect(page.get_by_role("radio", name="l’enseigne")).not_to_be_checked()
    assert "e-simple" not in school.answers(public_id)
    assert "e-simple" not in school.answers(others_id)
    assert kept_records(page) == 1
    phone.clear_cookies()
    sign_in(page, owner)
    open_question(page, public_id, SINGLE)
    saved(page)
    assert school.answers(public_id)["e-simple"] == 2


def test_a_page_left_open_stays_with_its_person(phone: BrowserContext, school: School) -> None:
    mine, owner, other = phone.new_page(), school.student(), school.student()
    public_id = begin(mine, owner)
    phone.clear_cookies()
    theirs = phone.new_page()
    begin(theirs, other)
    posts: list[int] = []
    mine.on("response", lambda response: posts.append(response.status) if "/reponses" in response.url else None)
    answer_single(mine)
    dialog = mine.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert set(posts) == {400}
    assert "e-simple" not in school.answers(public_id)
    dialog.get_by_label("Adresse e-mail").fill(other.email)
    dialog.get_by_label("Mot de passe").fill(PASSWORD)
    dialog.get_by_role("button", name="Se reconnecter").click()
    expect(dialog.get_by_role("alert")).to_contain_text("autre personne")
    dialog.get_by_label("Adresse e-mail").fill(owner.email)
    dialog.get_by_label("Mot de passe").fill(PASSWORD)
    dialog.get_by_role("button", name="Se reconnecter").click()
    saved(mine)
    assert school.answers(public_id)["e-simple"] == 2


def test_two_tabs_on_a_question_show_both_answers_and_blank_nothing(phone: BrowserContext, school: School) -> None:
    first, who = phone.new_page(), school.student()
    public_id = begin(first, who)
    open_question(first, public_id, ESSAY)
    second = phone.new_page()
    open_question(second, public_id, ESSAY)
    the_text(second).fill("Écrit dans le second onglet.")
    saved(second)
    the_text(first).fill("Écrit dans le premier onglet.")
    asked = first.get_by_role("alert").filter(has_text="Une autre réponse a été enregistrée")
    expect(asked).to_contain_text("Écrit dans le premier onglet.")
    expect(asked).to_contain_text("Écrit dans le second onglet.")
    expect(the_text(first)).to_have_value("Écrit dans le premier onglet.")
    assert school.answers(public_id)["e-texte"] == "Écrit dans le second onglet."
    first.get_by_role("button", name="Suivante").click()
    expect(asked.get_by_role("button", name="Garder ma réponse")).to_be_focused()
    asked.get_by_role("button", name="Garder ma réponse").click()
    saved(first)
    assert school.answers(public_id)["e-texte"] == "Écrit dans le premier onglet."
    the_text(second).fill("Encore le second.")
    asked = second.get_by_role("alert").filter(has_text="Une autre réponse a été enregistrée")
    asked.get_by_role("button", name="Prendre l’autre").click()
    expect(the_text(second)).to_have_value("Écrit dans le premier onglet.")
    assert kept_records(second) == 0
    assert school.answers(public_id)["e-texte"] == "Écrit dans le premier onglet."


def test_two_tabs_on_two_questions_keep_both(phone: BrowserContext, school: School) -> None:
    first, who = phone.new_page(), school.student()
    public_id = begin(first, who)
    second = phone.new_page()
    open_question(second, public_id, TRUE)
    answer_single(first)
    answer_truth(second)
    saved(first)
    saved(second)
    assert school.answers(public_id) == {"e-simple": 2, "e-vrai": True}


def test_reload_and_the_back_button_find_what_was_written(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    open_question(page, public_id, ESSAY)
    the_text(page).press_sequentially("Trois mots écrits")
    page.reload()
    expect(the_text(page)).to_have_value("Trois mots écrits")
    saved(page)
    the_text(page).press_sequentially(" puis deux")
    go_next(page)
    page.go_back()
    expect(the_text(page)).to_have_value("Trois mots écrits puis deux")
    assert school.answers(public_id)["e-texte"] == "Trois mots écrits puis deux"
    page.go_forward()
    assert {event.outcome for event in school.received(public_id, "e-texte")} == {"kept"}


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


def test_handing_in_waits_for_what_this_device_holds(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    phone.route("**/reponses", lambda route: route.abort())
    answer_single(page)
    expect(status(page)).to_contain_text(FAILING)
    page.goto(f"/essais/{public_id}/relecture")
    page.get_by_role("button", name="Rendre maintenant").click()
    expect(page.get_by_text("ne sont pas encore arrivées")).to_be_visible()
    assert not school.is_closed(public_id)
    phone.unroute("**/reponses")
    page.get_by_role("button", name="Rendre maintenant").click()
    page.wait_for_url("**/resultat")
    assert school.answers(public_id)["e-simple"] == 2


def test_handing_in_without_them_takes_a_second_act_and_keeps_them_apart(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    other = phone.new_page()
    open_question(other, public_id, TRUE)
    open_question(page, public_id, ESSAY)
    the_text(page).fill("long " * 20_001)
    expect(page.get_by_role("alert").filter(has_text="trop long")).to_be_visible()
    page.goto(f"/essais/{public_id}/relecture")
    page.get_by_role("button", name="Rendre maintenant").click()
    page.get_by_role("button", name="Rendre sans elles").click()
    page.wait_for_url("**/resultat")
    assert school.answers(public_id) == {}
    answer_truth(other)
    expect(other.get_by_text("Arrivée après l’heure ou après la remise")).to_be_visible()
    assert school.answers(public_id) == {}
    assert [event.outcome for event in school.received(public_id, "e-vrai")] == ["late"]


def test_a_deadline_that_moves_shows_on_the_open_page(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    begin(page, who, EXAM)
    rules = page.locator("[data-rules]")
    expect(rules).to_contain_text("20 min en tout")
    expect(page.locator("[data-left]")).to_contain_text("19 min")
    school.grant(who, extra_minutes=10)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("[data-left]")).to_contain_text("29 min")
    expect(page.get_by_text("Votre temps a été prolongé : il reste")).to_be_visible()
    expect(rules).to_contain_text("30 min en tout : 20 min, plus votre temps accordé")


def test_the_last_minutes_are_said_once_and_the_clock_of_the_device_decides_nothing(
    phone: BrowserContext, school: School
) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who, EXAM)
    page.add_init_script("Date.now = () => 0")
    school.end_in(public_id, seconds=303)
    open_question(page, public_id, 1)
    expect(page.get_by_text(re.compile("Il reste (5 min 00|4 min 5)"))).to_be_visible()
    expect(page.locator("[data-left]")).to_contain_text("4 min 5")
    page.get_by_role("radio", name="l’enseigne").check()
    saved(page)
    school.end_in(public_id, seconds=-27)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_text("Le temps est écoulé.")).to_be_visible()
    see_result = page.get_by_role("button", name="Voir le résultat")
    see_result.or_(page.get_by_role("heading", name="Votre reçu")).wait_for(timeout=30_000)
    if see_result.is_visible():
        see_result.click()
    page.wait_for_url("**/resultat")
    assert school.is_closed(public_id)
    assert school.answers(public_id) == {"x-accueil": 1}


def test_an_answer_that_arrives_after_the_time_is_kept_apart(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who, EXAM)
    phone.set_offline(True)
    page.get_by_role("radio", name="l’enseigne").check()
    expect(status(page)).to_contain_text(OFFLINE)
    school.end_in(public_id, seconds=-60)
    phone.set_offline(False)
    expect(page.get_by_text("Arrivée après l’heure ou après la remise")).to_be_visible()
    expect(page.get_by_role("link", name="Voir le résultat")).to_be_visible()
    assert school.answers(public_id) == {}
    assert [event.outcome for event in school.received(public_id, "x-accueil")] == ["late"]
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Le temps est écoulé")
    page.get_by_role("button", name="Voir le résultat").click()
    page.wait_for_url("**/resultat")


def test_a_voice_is_recorded_heard_again_and_kept_as_it_is(browser: Browser, school: School) -> None:
    microphone = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    launched = browser.browser_type.launch(
        executable_path=str(chromium.CHROMIUM), args=[*chromium.ARGUMENTS, *microphone]
    )
    try:
        with device(launched, school, permissions=["microphone"]) as context:
            page, who = context.new_page(), school.student()
            public_id = begin(page, who)
            open_question(page, public_id, VOICE)
            page.get_by_role("button", name="Enregistrer ma voix").click()
            page.wait_for_timeout(1500)
            page.get_by_role("button", name="Arrêter").click()
            expect(page.get_by_text("Reçu : enregistrement.webm")).to_be_visible()
            expect(page.locator("audio")).to_be_visible()
            assert page.locator("audio").evaluate("sound => sound.error") is None
    finally:
        launched.close()
    (name, media_type, size), *others = school.files(public_id)
    assert (name, media_type, others) == ("enregistrement.webm", "audio/webm", [])
    assert size > 1000
    assert school.answers(public_id)["e-voix"]["size"] == size


def test_a_refused_microphone_is_explained_and_a_file_will_do(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    open_question(page, public_id, VOICE)
    page.get_by_role("button", name="Enregistrer ma voix").click()
    expect(page.get_by_text("joignez un fichier de son", exact=False).last).to_be_visible()
    upload("accueil.webm", "audio/webm", WEBM)(page)
    expect(page.get_by_text("Reçu : accueil.webm")).to_be_visible()


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
