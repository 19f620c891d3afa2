"""Every page, in each state it has: nothing that axe finds, nothing too small, hidden, cut, or asked elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Response

from deust.config import ROOT
from deust.services.demo_stories import Story
from tests.support import browser as chromium
from tests.support import looks
from tests.support.demo import MODULE, Demo, staff, student

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LEARNER, BUSY, NEWCOMER = student(Story.ON_TIME), student(Story.TO_REDO), student(Story.NEW)
TIMED, OVER = student(Story.TIMED_QUIZ_OPEN), student(Story.EXTRA_TIME)
MARKED = student(Story.ON_TIME, place=1)
TUTOR, MANAGER, ADMIN = staff("tutor"), staff("manager"), staff("admin")
MODULE_PATH = f"/modules/{MODULE}"


@dataclass(frozen=True)
class Shown:
    """A page in one of its states: who sees it, where, and words of its main title that prove the state."""

    who: str | None
    path: str
    title: str
    status: int = 200

    def __str__(self) -> str:
        return f"{(self.who or 'anyone').partition('.')[0]} {self.path.replace(MODULE_PATH, '')}"


PAGES = (
    Shown(None, "/", "appris à distance"),
    Shown(None, "/connexion", "Connectez-vous"),
    Shown(None, "/mot-de-passe-oublie", "Choisir un nouveau"),
    Shown(None, "/mot-de-passe-oublie?envoye=1", "Choisir un nouveau"),
    Shown(None, "/liens/{link}", "choisissez un mot de passe"),
    Shown(None, "/liens/perime", "Ce lien n’est plus valable", 410),
    Shown(None, "/rien", "Cette page n’existe pas", 404),
    Shown(None, "/deconnexion", "ne s’ouvre pas ainsi", 405),
    Shown(None, f"/lecons/{MODULE}/accueillir", "Accueillir"),
    Shown(None, "/documents/public-six-temps", "Les six temps d’un appel"),
    Shown(None, "/documents/public-six-temps/tout-lire", "Les six temps d’un appel"),
    Shown(None, "/documents/public-six-temps/quiz/verifier-six-temps", "les six temps"),
    Shown(LEARNER, "/documents/public-six-temps", "Les six temps d’un appel"),
    Shown(None, "/lecons/public-six-temps/se-comprendre", "Se comprendre"),
    Shown(None, "/recherche?q=reformuler", "parlent de"),
    Shown(None, "/glossaire", "mots du métier"),
    Shown(None, "/recus/{receipt}", "a bien été rendu"),
    Shown(None, "/accessibilite", "Accessibilité"),
    Shown(None, "/vos-donnees", "Vos données"),
    Shown(None, "/mentions-legales", "Mentions légales"),
    Shown(None, "/plan-du-site", "Plan du site"),
    Shown(LEARNER, "/plan-du-site", "Plan du site"),
    Shown(LEARNER, "/aujourdhui", "Aujourd’hui"),
    Shown(LEARNER, "/programme", "Quatre semestres"),
    Shown(LEARNER, MODULE_PATH, "Structure de l’appel"),
    Shown(LEARNER, "/modules/a-venir", "Un module à venir"),
    Shown(LEARNER, f"{MODULE_PATH}/accueillir", "Accueillir"),
    Shown(LEARNER, f"{MODULE_PATH}/reformuler", "Reformuler"),
    Shown(LEARNER, f"{MODULE_PATH}/second-regard", "Un second regard"),
    Shown(LEARNER, f"{MODULE_PATH}/appel-colis", "Le colis en retard"),
    Shown(LEARNER, f"{MODULE_PATH}/devoir-script", "Réécrire un script"),
    Shown(LEARNER, f"{MODULE_PATH}/verifier-accueil", "Vérifier l’accueil"),
    Shown(NEWCOMER, f"{MODULE_PATH}/quiz-structure", "Quiz noté"),
    Shown(student(Story.OUT_OF_ATTEMPTS), f"{MODULE_PATH}/quiz-structure", "Quiz noté"),
    Shown(student(Story.LATE), "/aujourdhui", "Aujourd’hui"),
    Shown(student(Story.LATE), MODULE_PATH, "Structure de l’appel"),
    Shown(LEARNER, "/recherche", "Que cherchez-vous"),
    Shown(LEARNER, "/recherche?q=reformuler", "parlent de"),
    Shown(LEARNER, "/recherche?q=xyzzy", "Rien ne répond"),
    Shown(LEARNER, "/glossaire", "mots du métier"),
    Shown(LEARNER, "/compte?fait=preferences", "Votre compte"),
    Shown(LEARNER, "/personnes", "ne vous est pas ouverte", 403),
    Shown(LEARNER, "/modules/aucun", "Cette page n’existe pas", 404),
    Shown(BUSY, "/essais/{full}/questions/1", "Comprendre"),
    Shown(BUSY, "/essais/{full}/questions/2", "Calculer"),
    Shown(BUSY, "/essais/{full}/questions/3", "Produire"),
    Shown(BUSY, "/essais/{full}/relecture", "sans réponse"),
    Shown(TIMED, "/essais/{timed}/questions/1", ""),
    Shown(TIMED, "/essais/{timed}/relecture", ""),
    Shown(OVER, "/essais/{over}/questions/1", "Le temps est écoulé"),
    Shown(student(Story.PASSED), "/essais/{passed}/resultat", "C’est réussi"),
    Shown(student(Story.OUT_OF_ATTEMPTS), "/essais/{failed}/resultat", "à reprendre"),
    Shown(student(Story.AWAITING_MARK), "/essais/{awaiting}/resultat", "C’est réussi"),
    Shown(student(Story.LATE_ANSWERS), "/essais/{late}/resultat", "à reprendre"),
    Shown(LEARNER, "/essais/{hidden}/resultat", "Votre essai est rendu"),
    Shown(TUTOR, "/programme", "Quatre semestres"),
    Shown(TUTOR, MODULE_PATH, "Structure de l’appel"),
    Shown(TUTOR, f"{MODULE_PATH}/second-regard", "Un second regard"),
    Shown(TUTOR, f"{MODULE_PATH}/quiz-structure", "Quiz noté"),
    Shown(ADMIN, "/essais/tardifs", "réponses tardives"),
    Shown(ADMIN, "/essais/{late}/tardives", "après l’heure"),
    Shown(ADMIN, "/essais/{passed}/tardives", "Aucune réponse"),
    Shown(ADMIN, "/cours/problemes", "à revoir"),
    Shown(LEARNER, f"/questions/poser?sur=lecon&ref={MODULE}/accueillir", "Poser une question"),
    Shown(LEARNER, "/questions", "Mes questions"),
    Shown(LEARNER, "/questions/{thread}", "Votre question est posée"),
    Shown(NEWCOMER, "/questions", "Mes questions"),
    Shown(LEARNER, "/compte/courriels", "Les e-mails"),
    Shown(LEARNER, "/resultats", "Vos résultats et vos reçus"),
    Shown(ADMIN, "/messages", "question"),
    Shown(ADMIN, "/messages/{thread}", "Question posée par"),
    Shown(TUTOR, "/messages?etat=repondues", "question"),
    Shown(MANAGER, "/questions-en-attente", "Répartir les questions"),
    Shown(ADMIN, "/messages/{thread}/confier", "Confier"),
    Shown(MANAGER, "/personnes", "Étudiants"),
    Shown(MANAGER, "/personnes?q=zzz", "Étudiants"),
    Shown(MANAGER, "/personnes/{person}", "Haddad Farid"),
    Shown(MANAGER, "/personnes/{closed_person}", "Boucher Yanis"),
    Shown(MANAGER, "/personnes/{person}/amenagement", "Aménagement"),
    Shown(LEARNER, "/devoirs/{work}", "remis"),
    Shown(MARKED, "/devoirs/{marked}", "sur 20"),
    Shown(student(Story.LATE), "/devoirs/{draft}", "Réécrire un script"),
    Shown(student(Story.LATE), "/devoirs/{draft}/relecture", "Rien n’est encore rendu"),
    Shown(student(Story.LATE), f"{MODULE_PATH}/devoir-script", "Réécrire un script"),
    Shown(TUTOR, "/a-corriger", "copie"),
    Shown(TUTOR, "/a-corriger?miennes=1", "corriger"),
    Shown(TUTOR, "/a-corriger/{copy}", "Réécrire un script"),
    Shown(TUTOR, "/a-corriger/{other_copy}", "Réécrire un script"),
    Shown(TUTOR, "/a-corriger/{quiz_copy}", "Entraînement complet"),
    Shown(TUTOR, "/a-corriger/repartition", "Répartir"),
    Shown(TUTOR, "/a-rendre", "prête"),
    Shown(TUTOR, f"/grilles/{MODULE}/devoir-script", "Réécrire un script"),
    Shown(TUTOR, f"/activites/{MODULE}/quiz-structure/rapport", ""),
    Shown(TUTOR, f"/activites/{MODULE}/quiz-structure/rapport/questions/{{question}}", ""),
    Shown(TUTOR, f"/activites/{MODULE}/quiz-structure/nouvelle-correction", ""),
    Shown(TUTOR, "/cohortes/1", "parcours"),
    Shown(TUTOR, "/cohortes/1?filtre=a-rappeler&fait=message&nombre=2", "parcours"),
    Shown(MANAGER, "/cohortes/1?tri=vu&groupe=1", "parcours"),
    Shown(MANAGER, "/cohortes/1?groupe=99", "parcours"),
    Shown(MANAGER, "/cohortes/1/regles", "Qui faut-il rappeler"),
    Shown(TUTOR, "/cohortes/1/message?filtre=a-rappeler", "Écrire à"),
    Shown(TUTOR, "/personnes/{person}/parcours?fait=contact", "Haddad Farid"),
    Shown(MANAGER, "/personnes/{failed_person}/parcours", "Le Bihan"),
    Shown(TUTOR, "/personnes/{person}/contact", "Contact avec"),
    Shown(TUTOR, "/personnes/{person}/plus-tard", "plus tard"),
    Shown(TUTOR, "/personnes/{person}/prolongation", "Prolonger une date"),
    Shown(TUTOR, "/personnes/{person}/yeux", "Voir comme"),
)

REFUSED = (
    (Shown(None, "/connexion", "Connectez-vous", 422), "Se connecter"),
    (Shown(None, "/liens/{link}", "choisissez un mot de passe", 422), "Enregistrer ce mot de passe"),
    (Shown(None, f"/lecons/{MODULE}/accueillir", "Accueillir", 422), "Vérifier Quel élément manque"),
    (
        Shown(None, "/documents/public-six-temps/quiz/verifier-six-temps", "les six temps", 422),
        "Vérifier mes réponses",
    ),
    (Shown(LEARNER, "/compte", "Votre compte", 422), "Changer le mot de passe"),
    (Shown(LEARNER, f"/questions/poser?sur=module&ref={MODULE}", "Poser une question", 422), "Envoyer la question"),
    (Shown(ADMIN, "/essais/{late}/tardives", "après l’heure", 422), "Accepter ces réponses"),
    (Shown(MANAGER, "/personnes/{person}/amenagement", "Aménagement", 422), "Enregistrer l’aménagement"),
    (Shown(TUTOR, "/a-corriger/{quiz_copy}", "Entraînement complet", 422), "Prête"),
    (Shown(student(Story.LATE), "/devoirs/{draft}/relecture", "Rien n’est encore rendu", 422), "Rendre maintenant"),
    (Shown(TUTOR, "/personnes/{person}/contact", "Contact avec", 422), "Garder ce contact"),
    (Shown(TUTOR, "/personnes/{person}/prolongation", "Prolonger une date", 422), "Déplacer la date"),
    (Shown(NEWCOMER, f"{MODULE_PATH}/verifier-accueil", "n’est plus à jour", 400), "Commencer"),
)
"""Pages that answer to a button pressed with nothing filled in; the last is sent with a token that is not ours."""

NOT_PAGES = {
    "assignments.told_comment",
    "cohort.cohorts",
    "cohort.export",
    "grading.copy_file",
    "grading.copy_picture",
    "grading.copy_sound",
    "learning.media",
    "quiz_reports.report_table",
    "quizzes.answer_file",
    "quizzes.answer_picture",
    "quizzes.answer_sound",
    "quizzes.attempt_state",
    "quizzes.told_comment",
    "spoken_comments.comment",
    "uploads.upload_state",
}
"""A picture or a sound, a file sent back, the clock that a script reads, what leads to the one cohort, a table."""


@dataclass
class Visit:
    """One person's browser; `problems` fills itself with what a page says on the console or asks elsewhere."""

    page: Page
    window: chromium.Window
    problems: list[str] = field(default_factory=list)


@dataclass
class World:
    """The demonstration in a browser: a visit per person, and what the braces in addresses name."""

    browser: Browser
    demo: Demo
    names: dict[str, object] = field(default_factory=dict)
    visits: dict[str | None, Visit] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    def visit(self, who: str | None) -> Visit:
        if who not in self.visits:
            self.visits[who] = self._begin(who)
        return self.visits[who]

    def close(self) -> None:
        self._open.close()

    def _begin(self, who: str | None) -> Visit:
        url = self.demo.server.url
        context = self._open.enter_context(_context(self.browser, url))
        page = context.new_page()
        visit = Visit(page, chromium.Window(page))
        visit.window.act_in(chromium.DESK)
        if who is not None:
            self.demo.sign_in(who, context)
        page.on("pageerror", lambda error: visit.problems.append(str(error)))
        page.on("console", lambda said: said.type == "error" and visit.problems.append(said.text))
        page.on(
            "request",
            lambda asked: asked.url.startswith((url, "data:", "blob:")) or visit.problems.append(asked.url),
        )
        return visit


@contextmanager
def _context(browser: Browser, url: str) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=url, locale="fr-FR", timezone_id="Europe/Paris", no_viewport=True)
    context.set_default_timeout(20_000)
    chromium.give_axe(context)
    yield context
    context.close()


@pytest.fixture(scope="module")
def world(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    demo = Demo(tmp_path_factory.mktemp("pages"))
    made = World(browser, demo)
    try:
        made.names |= _states(made)
        yield made
    finally:
        made.close()
        demo.close()


def _states(world: World) -> dict[str, object]:
    """Attempts in each state, a receipt, a link, people to manage."""
    demo = world.demo
    full = _start(world, BUSY, "entrainement-complet")
    hidden = _start(world, LEARNER, "examen-blanc")
    _hand_in(world, LEARNER, hidden)
    over = demo.attempts(OVER)[-1]
    demo.end_time_of(over)
    passed = demo.attempts(student(Story.PASSED))[-1]
    person = demo.person_id(NEWCOMER)
    _invite(world, person)
    work, copy = demo.work_of(LEARNER)
    marked, marked_copy = demo.work_of(MARKED)
    _mark(world, marked_copy)
    _give_back(world)
    _mark(world, copy)
    return {
        "work": work,
        "copy": copy,
        "marked": marked,
        "other_copy": marked_copy,
        "quiz_copy": demo.quiz_copy(),
        "question": demo.question_asked(demo.attempts(student(Story.OUT_OF_ATTEMPTS))[-1]),
        "draft": _draft(world, student(Story.LATE)),
        "thread": _ask(world, LEARNER),
        "full": full,
        "hidden": hidden,
        "over": over,
        "passed": passed,
        "timed": demo.attempts(TIMED)[-1],
        "failed": demo.attempts(student(Story.OUT_OF_ATTEMPTS))[-1],
        "awaiting": demo.attempts(student(Story.AWAITING_MARK))[-1],
        "late": demo.attempts(student(Story.LATE_ANSWERS))[-1],
        "receipt": demo.receipt_code(passed),
        "person": person,
        "failed_person": demo.person_id(student(Story.OUT_OF_ATTEMPTS)),
        "closed_person": demo.person_id(student(Story.DISABLED)),
        "link": demo.link_sent_to(NEWCOMER),
    }


def _start(world: World, who: str, item: str) -> str:
    page = world.visit(who).page
    page.goto(f"{MODULE_PATH}/{item}")
    page.get_by_role("button", name="Commencer").click()
    page.wait_for_url("**/questions/1")
    return page.url.split("/")[4]


def _draft(world: World, who: str) -> str:
    page = world.visit(who).page
    page.goto(f"{MODULE_PATH}/devoir-script")
    page.get_by_role("button", name="Commencer").click()
    page.wait_for_url("**/devoirs/*")
    page.get_by_role("textbox").first.fill("Mon diagnostic.")
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    page.wait_for_load_state()
    return page.url.split("/")[4]


def _mark(world: World, copy: str) -> None:
    page = world.visit(TUTOR).page
    page.goto(f"/a-corriger/{copy}")
    for level in page.get_by_role("radio", name="Conforme", exact=True).all():
        level.focus()
        page.keyboard.press("Space")
    page.get_by_label("Appréciation").fill("Diagnostic juste. Citez la phrase avant de juger.")
    page.locator("#new-text").evaluate("field => { field.closest('details').open = true; }")
    page.get_by_label("Les mots du passage").fill("le")
    page.get_by_label("Remarque", exact=True).fill("Bien vu.")
    page.get_by_role("button", name="Prête").click()
    page.wait_for_url(lambda url: not url.endswith(copy))


def _give_back(world: World) -> None:
    page = world.visit(TUTOR).page
    page.goto("/a-rendre")
    page.get_by_role("button", name="Rendre maintenant").click()
    page.wait_for_load_state()


def _ask(world: World, who: str) -> str:
    page = world.visit(who).page
    page.goto(f"/questions/poser?sur=lecon&ref={MODULE}/accueillir")
    page.get_by_label("Votre question").fill("Faut-il dire son nom avant celui de l’entreprise ?")
    page.get_by_role("button", name="Envoyer la question").click()
    page.wait_for_url("**fait=envoi")
    return page.url.rpartition("/")[2].partition("?")[0]


def _hand_in(world: World, who: str, public_id: str) -> None:
    page = world.visit(who).page
    page.goto(f"/essais/{public_id}/relecture")
    page.get_by_role("button", name="Rendre maintenant").click()
    page.wait_for_url("**/resultat")


def _invite(world: World, person_id: int) -> None:
    page = world.visit(MANAGER).page
    page.goto(f"/personnes/{person_id}")
    page.get_by_role("button", name="Envoyer un lien").click()
    page.get_by_role("status").filter(has_text="envoyé").wait_for()


def test_every_page_that_can_be_opened_is_in_the_list(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    known = {path.format_map(_AnyName()).partition("?")[0] for path in {shown.path for shown in PAGES}}
    listed = {adapter.match(path)[0] for path in known - {"/rien", "/deconnexion"}}
    opened = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert opened - listed - NOT_PAGES == set()


class _AnyName(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "1"


@pytest.mark.parametrize("shown", PAGES, ids=str)
def test_a_page_holds_for_everyone(world: World, shown: Shown) -> None:
    visit = world.visit(shown.who)
    _ensure_holds(visit, shown, _open(world, visit, shown))


@pytest.mark.parametrize(("shown", "button"), REFUSED, ids=str)
def test_a_refusal_holds_for_everyone(world: World, shown: Shown, button: str) -> None:
    visit = world.visit(shown.who)
    _open(world, visit, shown)
    visit.page.evaluate(_EMPTY)
    if shown.status == 400:
        visit.page.evaluate("document.getElementsByName('csrf_token').forEach(one => { one.value = 'x'; })")
    with visit.page.expect_navigation() as sent:
        visit.page.get_by_role("button", name=button).first.click()
    _ensure_holds(visit, shown, sent.value)


_EMPTY = """() => {
    for (const form of document.forms) form.noValidate = true;
    for (const field of document.querySelectorAll('main input:not([type=hidden], [type=radio])')) field.value = '';
}"""


def _open(world: World, visit: Visit, shown: Shown) -> Response | None:
    visit.problems.clear()
    visit.window.use_theme("light")
    visit.window.act_in(chromium.DESK)
    return visit.page.goto(shown.path.format_map(world.names))


def _ensure_holds(visit: Visit, shown: Shown, answer: Response | None) -> None:
    assert answer is not None
    assert answer.status == shown.status
    assert shown.title in visit.page.locator("h1").inner_text()
    problems = [*_looked_at(visit), *_problems(visit, shown)]
    assert not problems, "\n".join(problems)


def _looked_at(visit: Visit) -> Iterator[str]:
    """All that axe knows, targets and rings in light, contrasts in dark too; a theme is changed as seldom as it can."""
    for name, width, themes in WIDTHS:
        looks.show_whole(visit.page, width, visit.window)
        if name == "desk":
            yield from (f"{name}: {problem}" for problem in looks.squeezed_title(visit.page))
        yield from (f"{name}: {problem}" for problem in looks.glued(visit.page))
        for theme in themes:
            visit.window.use_theme(theme)
            found = _in_dark(visit.page) if theme == "dark" else _in_light(visit.page, is_one_column=name == "phone")
            yield from (f"{name}: {problem}" for problem in found)
    yield from _narrowed(visit)


WIDTHS: tuple[tuple[str, int, tuple[chromium.Theme, ...]], ...] = (
    ("desk", chromium.DESK[0], ("light", "dark")),
    ("phone", chromium.PHONE[0], ("dark", "light")),
)


def _in_light(page: Page, *, is_one_column: bool) -> list[str]:
    return [
        *chromium.axe(page),
        *looks.small_targets(page),
        *looks.focus_problems(page, is_one_column=is_one_column),
    ]


def _in_dark(page: Page) -> list[str]:
    return [f"dark: {problem}" for problem in chromium.axe(page, rules=looks.COLOUR_RULES)]


def _narrowed(visit: Visit) -> Iterator[str]:
    """At 320 px and at 400 %: the same words, in one direction, none cut, once what is folded is opened.

    In one direction too at every width between, and on a phone where the text alone is twice as large.
    """
    page, window = visit.page, visit.window
    window.resize(chromium.DESK)
    looks.unfold(page)
    wide = looks.words(page)
    for size in (chromium.REFLOW, chromium.ZOOMED):
        window.resize(size)
        if chromium.scrolls_sideways(page):
            yield f"{size}: scrolls sideways"
        yield from (f"{size}: {problem}" for problem in looks.cut_texts(page))
        if lost := wide - looks.words(page):
            yield f"{size}: lost {sorted(lost)}"
    for width in chromium.BETWEEN:
        window.resize((width, 800))
        if chromium.scrolls_sideways(page):
            yield f"{width} px: scrolls sideways"
    window.resize(chromium.PHONE)
    looks.double_text(page)
    if chromium.scrolls_sideways(page):
        yield "text at 200 %: scrolls sideways"


def _problems(visit: Visit, shown: Shown) -> list[str]:
    """What the page said on the console; a browser says there that an error page is one."""
    if shown.status < 400:
        return visit.problems
    return [problem for problem in visit.problems if not re.search(rf"status of {shown.status}\b", problem)]


def test_a_table_of_three_columns_keeps_its_room_for_words_at_320_pixels(browser: Browser) -> None:
    """Seventeen tables of the lessons scrolled by less than what stands empty between their columns."""
    style = (ROOT / "deust/static/app.css").read_text("utf-8")
    row = '<td><span style="display: inline-block; width: 84px">x</span></td>' * 3
    table = f'<main class="wrap"><div class="table"><table><tbody><tr>{row}</tr></tbody></table></div></main>'
    with chromium.context(browser, "about:blank", viewport={"width": 320, "height": 640}) as narrow:
        page = narrow.new_page()
        page.set_content(f"<style>{style}</style>{table}")
        hidden = page.evaluate("(place => place.scrollWidth - place.clientWidth)(document.querySelector('.table'))")
    assert hidden == 0
