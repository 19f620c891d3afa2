"""What a student does on the pages of an attempt, and what a test looks at there."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, expect

from tests.support.school import Account, School

TRAINING = "/modules/ec101-accueil/entrainement"
EXAM = "/modules/ec101-accueil/examen"
SINGLE, MULTIPLE, TRUE, NUMBER, SHORT, PAIRS, ORDER, GAPS, CALCULATED, INFO, ESSAY, VOICE, FILE = range(1, 14)
"""Where each sort of question stands in the training quiz."""


SAVED = re.compile("nregistrée? à")
"""A question of a quiz is named; the parts of a work are saved together."""

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


def sign_in(page: Page, who: Account) -> None:
    who.sign_in(page.context)


def begin(page: Page, who: Account, quiz: str = TRAINING) -> str:
    """Start a quiz and open its first question; gives the attempt's public id."""
    sign_in(page, who)
    public_id = who.school.begin(who, quiz.removeprefix("/modules/"))
    open_question(page, public_id, 1)
    assert page.url.endswith("/questions/1")
    return public_id


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
    """Fills itself with the outcome of each question key that the server acknowledges."""
    outcomes: dict[str, str] = {}

    def read(response: Response) -> None:
        if response.url.endswith(("/reponses", "/fin")) and response.status == 200:
            for key, told in response.json()["answers"].items():
                outcomes[key] = told["outcome"]

    page.on("response", read)
    return outcomes


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
