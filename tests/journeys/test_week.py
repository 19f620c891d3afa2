"""A student's week in a browser: first with plain forms alone, then what scripts, devices and mails add."""

from __future__ import annotations

import email
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.policy import default as modern

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from deust.services.demo import PASSWORD
from deust.services.demo_stories import Story
from tests.support import browser as chromium
from tests.support.demo import MODULE, staff, student
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MODULE_PATH = f"/modules/{MODULE}"

WEBM = b"\x1a\x45\xdf\xa3" + bytes(2000)
PDF = b"%PDF-1.4\n" + bytes(2000)

PHASES = (
    "accueil",
    "identification",
    "découverte",
    "reformulation",
    "proposition",
    "objections",
    "conclusion",
    "post-appel",
)

Answer = Callable[[Locator], None]


@contextmanager
def device(browser: Browser, server: Server, **options: object) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=server.url, locale="fr-FR", timezone_id="Europe/Paris", **options)
    context.set_default_timeout(15_000)
    yield context
    context.close()


@contextmanager
def signed_in(browser: Browser, server: Server, who: str, **options: object) -> Iterator[Page]:
    with device(browser, server, **options) as context:
        page = context.new_page()
        chromium.sign_in(page, who, PASSWORD)
        page.wait_for_url("**/aujourdhui")
        yield page


def checked(*words: str) -> Answer:
    def act(asked: Locator) -> None:
        for one in words:
            asked.locator(".choice").filter(has_text=one).locator("input").check()

    return act


def typed(text: str) -> Answer:
    return lambda asked: asked.locator("input[type=text], textarea").fill(text)


def computed(formula: Callable[..., float]) -> Answer:
    """Type what the formula gives for the numbers of the question."""

    def act(asked: Locator) -> None:
        stem = re.sub(r"(?<=\d)[\s\u202f\u00a0](?=\d{3}\b)", "", asked.locator(".stem").inner_text())
        numbers = [int(found) for found in re.findall(r"\d+", stem)]
        typed(f"{formula(*numbers):.1f}".replace(".", ","))(asked)

    return act


def sent(name: str, kind: str, content: bytes) -> Answer:
    return lambda asked: asked.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": kind, "buffer": content}
    )


def put_in_order(asked: Locator) -> None:
    for place, phase in enumerate(PHASES, 1):
        asked.get_by_label(f"Place de : {phase}").select_option(str(place))


def paired(asked: Locator) -> None:
    for words, phase in (
        ("Livréo", "accueil"),
        ("code postal", "identification"),
        ("empêche de faire", "découverte"),
        ("Si je résume", "reformulation"),
        ("Je vous rappelle", "conclusion"),
    ):
        asked.get_by_label(words).select_option(label=phase)


def filled_gaps(asked: Locator) -> None:
    asked.get_by_label("trou 1").select_option(label="quarante secondes")
    asked.get_by_label("trou 2").fill("merci")
    asked.get_by_label("trou 3").fill("60")


LESSON_CHECKS: dict[str, Answer] = {
    "Quel élément manque": checked("l’enseigne"),
    "30 mots en 12 secondes": typed("150"),
    "dix premières secondes": checked("Livréo bonjour", "Que puis-je faire"),
    "Je refuse d’être enregistrée": checked("C’est noté"),
}

QUIZ_ANSWERS: tuple[dict[str, Answer], ...] = (
    {
        "La première réponse": checked("Vous la laissez finir"),
        "Ce que compte la DMT": checked("la conversation", "la mise en attente", "le post-appel"),
        "Une escalade bien menée": checked("Écrire le dossier", "Annoncer qui le rappelle"),
        "Le client qui se fait rembourser": checked("Vrai"),
        "Un mot pour le geste": typed("la reformulation"),
        "À chaque phase sa phrase": paired,
        "L’ordre complet": put_in_order,
        "Une mise en attente à trous": filled_gaps,
    },
    {
        "Points d’une grille": typed("15"),
        "Un taux de décroché": computed(lambda received, answered: answered / received * 100),
        "Une durée moyenne": computed(lambda *seconds: sum(seconds)),
        "Une résolution au premier contact": computed(lambda treated, again: (1 - again / treated) * 100),
    },
    {
        "Répondre à une objection par écrit": typed("« Trois pannes, et un passage pour rien, je comprends. »"),
        "Dire un accueil et une reformulation": sent("accueil.webm", "audio/webm", WEBM),
        "Remettre une fiche d’appel": sent("fiche.pdf", "application/pdf", PDF),
    },
)


def answer_all(page: Page, answers: dict[str, Answer]) -> None:
    for title, answer in answers.items():
        answer(page.locator(".asked").filter(has=page.get_by_role("heading", name=title)))


def standing(page: Page) -> tuple[str, ...]:
    """What today, the programme and the module say of the hours and the work done."""
    page.goto("/aujourdhui")
    today = page.get_by_text("Heures validées").inner_text()
    page.goto("/programme")
    programme = page.get_by_text("validées").inner_text()
    page.goto(MODULE_PATH)
    module = page.locator(".module-wave .side p").first.inner_text().partition(",")[0]
    return tuple(said.replace("\xa0", " ") for said in (today, programme, module))


def read_first_lesson(page: Page) -> None:
    """From today's one action to « J'ai compris », which first names the checks that remain."""
    page.goto("/aujourdhui")
    page.get_by_role("link", name="Commencer la leçon").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accueillir")
    page.get_by_role("button", name="J’ai compris, suite").click()
    expect(page.get_by_text(f"Il reste {len(LESSON_CHECKS)} questions à essayer.")).to_be_visible()
    for words, answer in LESSON_CHECKS.items():
        answer(page.locator(".check").filter(has_text=words))
        page.get_by_role("button", name=re.compile(f"Vérifier .*{words}")).click()
    expect(page.get_by_text("C’est juste.")).to_have_count(3)
    expect(page.get_by_text("Ce n’est pas la réponse attendue.")).to_have_count(1)
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Vérifier l’accueil")


def take_whole_training(page: Page) -> None:
    page.goto(MODULE_PATH)
    page.get_by_role("list").get_by_role("link", name="Entraînement complet").click()
    page.get_by_role("button", name="Commencer").click()
    for answers in QUIZ_ANSWERS:
        answer_all(page, answers)
        page.locator(".steps button.primary").click()
    expect(page.get_by_role("heading", name="Tout est répondu.")).to_be_visible()
    page.get_by_role("link", name="Question 14", exact=True).click()
    expect(page.get_by_text("Déjà reçu : accueil.webm")).to_be_visible()
    page.get_by_role("button", name="Relire avant de rendre").first.click()
    page.get_by_role("button", name="Rendre maintenant").click()


def see_result(page: Page) -> str:
    """The 22 points that a machine marks are all there; gives the receipt's address."""
    expect(page.get_by_role("heading", level=1)).to_contain_text("C’est réussi : 12,94")
    expect(page.get_by_text("22 points sur 34")).to_be_visible()
    expect(page.get_by_text("3 réponses attendent votre tuteur.")).to_be_visible()
    expect(page.get_by_text("Trois pannes, et un passage pour rien")).to_be_visible()
    expect(page.get_by_text("fiche.pdf")).to_be_visible()
    expect(page.locator(".verdict.wrong, .verdict.partial").filter(has_not_text="En attente")).to_have_count(0)
    return str(page.locator("a[href^='/recus/']").get_attribute("href"))


def verify_receipt(page: Page, address: str) -> None:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200
    expect(page.get_by_role("link", name="Se connecter")).to_be_visible()
    expect(page.get_by_text(address.rpartition("/")[2])).to_be_visible()
    expect(page.get_by_text("Entraînement complet")).to_be_visible()
    forged = page.goto(address[:-1] + ("A" if address[-1] != "A" else "B"))
    assert forged is not None
    assert forged.status == 404


def test_a_week_with_plain_forms_alone(browser: Browser, server: Server) -> None:
    who = student(Story.NEW)
    with signed_in(browser, server, who, java_script_enabled=False) as page:
        before = standing(page)
        read_first_lesson(page)
        take_whole_training(page)
        receipt = see_result(page)
        page.get_by_role("button", name="Se déconnecter").click()
        verify_receipt(page, receipt)
        chromium.sign_in(page, who, PASSWORD)
        after = standing(page)
    assert before[:2] == ("Heures validées : 0 min.", "En cours, 30 ECTS, 292 h, 0 min validées")
    assert re.fullmatch(r"0 activité sur \d+ faite", before[2])
    assert after[:2] == ("Heures validées : 2 h.", "En cours, 30 ECTS, 292 h, 2 h validées")
    assert re.fullmatch(r"2 activités sur \d+ faites", after[2])


def test_reading_goes_on_at_the_same_place_on_another_device(browser: Browser, server: Server) -> None:
    who = student(Story.JUST_BEGUN)
    heading = "Quand le client parle le premier"
    with signed_in(browser, server, who) as page:
        page.clock.install()
        page.goto(f"{MODULE_PATH}/accueillir")
        page.get_by_role("heading", name=heading).evaluate("heading => heading.scrollIntoView()")
        expect(page.locator(".outline [aria-current]")).to_have_text(heading)
        with page.expect_response("**/place") as told:
            page.clock.fast_forward(16_000)
        assert told.value.status == 200
    with signed_in(browser, server, who, viewport={"width": 390, "height": 844}) as page:
        page.get_by_role("link", name="Reprendre la leçon").click()
        page.wait_for_url("**/accueillir#*")
        expect(page.get_by_role("heading", name=heading)).to_be_in_viewport()


@pytest.mark.parametrize(("is_scripted", "who"), [(True, Story.JUST_BEGUN), (False, Story.STOPPED)])
def test_what_is_typed_in_the_other_checks_outlives_the_try_of_one(
    browser: Browser, server: Server, who: Story, *, is_scripted: bool
) -> None:
    with signed_in(browser, server, student(who), java_script_enabled=is_scripted) as page:
        page.goto(f"{MODULE_PATH}/accueillir")
        number, choices = (
            page.locator("#a-l-acc-debit"),
            page.locator("section[aria-labelledby=q-l-acc-dix]").get_by_role("checkbox"),
        )
        number.fill("151,5")
        choices.nth(0).check()
        choices.nth(2).check()
        tried = page.locator("section[aria-labelledby=q-l-acc-manque]")
        tried.get_by_role("radio").first.check()
        tried.get_by_role("button", name="Vérifier").click()
        expect(tried.get_by_role("status")).to_be_visible()
        expect(number).to_have_value("151,5")
        assert [choices.nth(place).is_checked() for place in range(choices.count())][:3] == [True, False, True]
        assert page.url.endswith("/accueillir#q-l-acc-manque") is is_scripted
        if is_scripted:
            page.reload()
            expect(number).to_have_value("")


@pytest.mark.parametrize("is_scripted", [True, False])
def test_what_is_typed_in_a_check_outlives_going_on_too_soon(
    browser: Browser, server: Server, *, is_scripted: bool
) -> None:
    with signed_in(browser, server, student(Story.STOPPED), java_script_enabled=is_scripted) as page:
        page.goto(f"{MODULE_PATH}/accueillir")
        choices = page.locator("section[aria-labelledby=q-l-acc-dix]").get_by_role("checkbox")
        choices.nth(1).check()
        page.get_by_role("button", name="J’ai compris, suite").click()
        expect(page.get_by_role("status").filter(has_text="à essayer")).to_be_in_viewport()
        expect(choices.nth(1)).to_be_checked()


@pytest.mark.parametrize("is_scripted", [True, False])
def test_the_enter_key_tries_the_check_it_is_pressed_in(browser: Browser, server: Server, *, is_scripted: bool) -> None:
    with signed_in(browser, server, student(Story.STOPPED), java_script_enabled=is_scripted) as page:
        page.goto(f"{MODULE_PATH}/accueillir")
        tried = page.locator("section[aria-labelledby=q-l-acc-debit]")
        tried.get_by_role("textbox").fill("1")
        tried.get_by_role("textbox").press("Enter")
        expect(tried.get_by_role("status")).to_be_visible()
        expect(page.locator(".check .error")).to_have_count(0)


def test_the_colours_chosen_hold_on_every_device(browser: Browser, server: Server) -> None:
    who = student(Story.DATES_MOVED)
    dark, light = "rgb(18, 23, 30)", "rgb(251, 250, 246)"
    with signed_in(browser, server, who, color_scheme="light") as page:
        expect(page.locator("body")).to_have_css("background-color", light)
        page.goto("/compte")
        page.get_by_label("Sombres").check()
        page.get_by_role("button", name="Enregistrer l’affichage").click()
        expect(page.get_by_text("Vos préférences sont enregistrées.")).to_be_visible()
        expect(page.locator("body")).to_have_css("background-color", dark)
        with signed_in(browser, server, who, color_scheme="light") as other:
            expect(other.locator("body")).to_have_css("background-color", dark)
        page.get_by_label("Comme l’appareil").check()
        page.get_by_role("button", name="Enregistrer l’affichage").click()
        expect(page.locator("body")).to_have_css("background-color", light)


def test_an_invited_student_chooses_a_password_from_the_mail(browser: Browser, server: Server) -> None:
    who, chosen = student(Story.INVITED), "trois tasses posées près du casque"
    with device(browser, server) as context:
        page = context.new_page()
        chromium.sign_in(page, staff("manager"), PASSWORD)
        page.get_by_role("link", name="Lambert Théo").click()
        page.get_by_role("button", name="Envoyer un lien").click()
        expect(page.get_by_text("Un lien pour choisir un mot de passe lui est envoyé.")).to_be_visible()
    link = link_in_mail(server, who)
    with device(browser, server) as context:
        page = context.new_page()
        page.goto(link)
        expect(page.get_by_role("heading", level=1)).to_contain_text("Bonjour Théo")
        choose(page, "trop court")
        expect(page.get_by_role("alert")).to_contain_text("à corriger")
        choose(page, chosen)
        expect(page.get_by_text("Votre mot de passe est enregistré.")).to_be_visible()
        chromium.sign_in(page, who, chosen)
        page.wait_for_url("**/aujourdhui")
        used = page.goto(link)
        assert used is not None
        assert used.status == 410


def choose(page: Page, password: str) -> None:
    page.get_by_label("Nouveau mot de passe").fill(password)
    page.get_by_label("Le même, encore une fois").fill(password)
    page.get_by_role("button", name="Enregistrer ce mot de passe").click()


def link_in_mail(server: Server, to: str, *, seconds: int = 30) -> str:
    """The link of the mail that the server writes in its folder for this person."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for path in (server.folder / "mail").glob("*.eml"):
            message = email.message_from_bytes(path.read_bytes(), policy=modern)
            body = message.get_body(("plain",))
            if to in str(message["To"]) and body is not None:
                return re.findall(r"http\S+/liens/\S+", body.get_content())[0]
        time.sleep(0.1)
    raise AssertionError(f"no mail to {to}")
