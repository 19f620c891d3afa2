"""The English catalogue says everything that the pages say, and nothing of the interface stays in French."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from babel.messages import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, g
from jinja2 import Environment

from deust.domain.access import Role
from deust.models.people import Person
from deust.services.records import Mail
from deust.web.i18n import translated, translated_plural
from deust.web.mail import KINDS, message
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client
from tests.support.clock import NOW

ROOT = Path(__file__).resolve().parent.parent
CODE, TEMPLATES = ROOT / "deust", ROOT / "templates"
ENGLISH = ROOT / "deust/translations/en/LC_MESSAGES/messages.po"

Sentence = str | tuple[str, ...]

TRANSLATORS = {
    "deust.web.i18n": {"gettext": 1, "ngettext": 2, "lazy_gettext": 1},
    "deust.web.forms": {"N_": 1},
}
"""Where the functions that translate live, and how many sentences each takes."""

PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}|%%")
FRENCH_SPACING = re.compile(r"[«»]|\s[;:?!]")
WORD = re.compile(r"\w{3}")


@cache
def catalogue() -> Catalog:
    with ENGLISH.open("rb") as file:
        return read_po(file, locale="en")


def messages() -> list[Message]:
    return [one for one in catalogue() if one.id]


def forms(sentence: Sentence | list[str]) -> tuple[str, ...]:
    return (sentence,) if isinstance(sentence, str) else tuple(sentence)


def translators(module: ast.Module) -> dict[str, int]:
    """The names by which a module calls the functions that translate."""
    imports = (node for node in ast.walk(module) if isinstance(node, ast.ImportFrom))
    return {
        name.asname or name.name: TRANSLATORS[node.module][name.name]
        for node in imports
        if node.module in TRANSLATORS
        for name in node.names
        if name.name in TRANSLATORS[node.module]
    }


def places(sentence: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(sentence))


def calls_in_code() -> Iterator[tuple[str, tuple[str | None, ...]]]:
    for path in sorted(CODE.rglob("*.py")):
        module = ast.parse(path.read_text())
        names = translators(module)
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                given = node.args[: names[node.func.id]]
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                yield place, tuple(one.value if isinstance(one, ast.Constant) else None for one in given)


def calls_in_templates() -> Iterator[tuple[str, tuple[str | None, ...]]]:
    environment = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)  # noqa: S701
    for path in sorted(one for one in TEMPLATES.rglob("*") if one.is_file()):
        for line, function, given in environment.extract_translations(path.read_text()):
            count = 2 if function == "ngettext" else 1
            yield f"{path.relative_to(ROOT)}:{line}", forms(given)[:count]


@cache
def calls() -> list[tuple[str, tuple[str | None, ...]]]:
    return [*calls_in_code(), *calls_in_templates()]


def test_every_sentence_is_written_where_it_is_translated() -> None:
    assert [place for place, given in calls() if None in given] == []


def test_the_catalogue_holds_the_sentences_of_the_code_and_of_the_pages() -> None:
    """Run `make catalog`, then translate what is new."""
    written = {given for _, given in calls()}
    known = {forms(one.id) for one in messages()}
    assert written - known == set()
    assert known - written == set()


def test_every_sentence_is_translated() -> None:
    assert [one.id for one in messages() if not all(form.strip() for form in forms(one.string))] == []
    assert [one.id for one in messages() if one.fuzzy] == []
    assert list(catalogue().obsolete) == []


def test_english_counts_one_and_several() -> None:
    assert (catalogue().num_plurals, catalogue().plural_expr) == (2, "(n != 1)")
    assert [one.id for one in messages() if len(forms(one.string)) != len(forms(one.id))] == []


def test_both_languages_fill_the_same_places() -> None:
    pairs = [pair for one in messages() for pair in zip(forms(one.id), forms(one.string), strict=True)]
    assert [pair for pair in pairs if places(pair[0]) != places(pair[1])] == []


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Où en êtes-vous ?", "Où en êtes-vous_?"),
        ("« Oui », dit-il : %(share)s %%.", "«_Oui_», dit-il_: %(share)s_%%."),
        ("Reste %(count)s point", "Reste %(count)s point"),
    ],
)
def test_french_keeps_its_signs_with_their_words(typed: str, read: str) -> None:
    assert translated(typed) == translated_plural(typed, "", 1) == read.replace("_", "\N{NO-BREAK SPACE}")


def test_english_is_spaced_and_quoted_the_english_way() -> None:
    assert [form for one in messages() for form in forms(one.string) if FRENCH_SPACING.search(form)] == []


def test_the_compiled_catalogue_is_that_of_the_sentences() -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue())
    assert ENGLISH.with_suffix(".mo").read_bytes() == compiled.getvalue()


@pytest.fixture
def reader(doors: Doors) -> Person:
    with doors.writing() as session:
        cohort = factories.cohort(session, title="Cohort A")
        return factories.student(
            session, cohort, email="grace@example.org", given_name="Grace", family_name="Hopper", locale="en"
        )


@pytest.fixture
def english(client_of: Callable[[Person | Role], Client], reader: Person) -> Client:
    """A student who reads the interface in English."""
    return client_of(reader)


def tree_of(page: str) -> Element:
    return html5lib.parse(page, namespaceHTMLElements=False)


def said(element: Element, language: str) -> Iterator[tuple[str, str]]:
    """Each text of a page with its language: what is shown, what a screen reader hears, what a script will show."""
    language = element.get("lang", language)
    for name, value in element.items():
        if name in ("aria-label", "alt") or name.startswith("data-text-"):
            yield language, value
    yield language, element.text or ""
    for child in element:
        yield from said(child, language)
        yield language, child.tail or ""


def texts(page: str, language: str) -> list[str]:
    """What a page says in one language; a text that goes on after a mark is one text more."""
    found = (" ".join(text.split()) for own, text in said(tree_of(page), "") if own == language)
    return [text for text in found if text]


@cache
def french_sentences() -> re.Pattern[str]:
    """Any sentence of the interface that English says otherwise, its places filled."""
    differing = {
        french
        for one in messages()
        for french, english in zip(forms(one.id), forms(one.string), strict=True)
        if french.casefold() != english.casefold() and WORD.search(PLACEHOLDER.sub("", french))
    }
    pieces = (".+?".join(re.escape(piece) for piece in PLACEHOLDER.split(one.strip())) for one in differing)
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(pieces, key=len, reverse=True))})(?!\w)")


INNER_TITLES = ("DEUST d’essai", "Accueil", "Choisir")
"""Titles of the course that a page says only inside an English sentence or a breadcrumb."""


def assert_in_english(page: str) -> None:
    """No sentence of the interface is in French; titles of the course may stand inside an English sentence."""
    assert tree_of(page).get("lang") == "en"
    interface = "\n".join(texts(page, "en"))
    for title in sorted({*texts(page, "fr"), *INNER_TITLES}, key=len, reverse=True):
        interface = interface.replace(title, "…")
    assert french_sentences().findall(interface) == []


PAGES = {
    "/aujourdhui": ("Today", "Your week", "M", "Hours credited: 0 min."),
    "/programme": ("Programme", "Semester 1", "Four semesters, four units,"),
    "/modules/ec101-accueil": ("Activities", "Start lesson 1,", "About the module"),
    "/modules/ec101-accueil/saluer": ("In this lesson", "Check", "Understood, next"),
    "/modules/ec101-accueil/entrainement": ("Practice quiz", "What will happen", "Attempts"),
    "/modules/ec101-accueil/appel": ("Coming soon", "Back to the module"),
    "/questions": ("My questions", "Today"),
    "/questions/poser?sur=module&ref=ec101-accueil": ("Ask your tutor a question", "Keep the draft"),
    "/compte/courriels": ("The emails you receive",),
    "/modules/ec101-accueil/introuvable": ("Error 404", "This page does not exist."),
    "/compte": ("Your account", "Colours", "Change the password", "Sign out of this device"),
}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_in_the_language_of_its_reader(english: Client, path: str) -> None:
    page = english.get(path).get_data(as_text=True)
    assert_in_english(page)
    assert set(PAGES[path]) <= set(texts(page, "en"))


PUBLIC_PAGES = {
    "/": ("A trade of the voice,", "Open your space"),
    "/glossaire": ("2 words of the trade, explained.",),
    "/recherche?q=acd": ("One word or a few words",),
    "/lecons/ec101-accueil/saluer": ("In this lesson",),
    "/vos-donnees": ("Your data", "Your rights"),
    "/accessibilite": (
        "Every page fits a width of 320 pixels, a zoom of 400%, and a phone whose text alone is twice as large.",
    ),
    "/mentions-legales": ("Legal notice",),
    "/plan-du-site": ("Site map", "Once signed in"),
    "/introuvable": ("Error 404", "This page does not exist."),
}


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_a_page_open_to_all_is_in_the_language_of_who_is_signed_in(english: Client, path: str) -> None:
    page = english.get(path).get_data(as_text=True)
    assert_in_english(page)
    assert set(PUBLIC_PAGES[path]) <= set(texts(page, "en"))


def test_a_refused_sign_in_is_in_the_language_of_who_is_signed_in(english: Client, reader: Person) -> None:
    page = english.submit("/connexion", {"email": reader.email, "password": "faux"}).get_data(as_text=True)
    assert_in_english(page)
    assert "The address or the password is not right." in texts(page, "en")


def test_a_refused_form_is_in_the_language_of_who_is_signed_in(english: Client) -> None:
    page = english.post("/compte/preferences", data={}).get_data(as_text=True)
    assert_in_english(page)
    assert "This page is out of date." in texts(page, "en")


def test_a_guest_reads_french(client: Client) -> None:
    page = client.get("/connexion").get_data(as_text=True)
    assert tree_of(page).get("lang") == "fr"
    assert "Connectez-vous" in texts(page, "fr")


COURSE_TEXTS = {
    "/aujourdhui": ("Saluer", "EC101 Accueil"),
    "/programme": ("DEUST d’essai", "Accueillir", "EC101 Accueil"),
    "/modules/ec101-accueil": ("Accueil", "Saluer"),
    "/modules/ec101-accueil/saluer": ("Saluer", "Se nommer", "Rendre la parole", "Que dit-on d’abord ?"),
    "/modules/ec101-accueil/entrainement": ("Entraînement complet", "Un exemple de chaque sorte de question."),
    "/modules/ec101-accueil/appel": ("Le colis en retard",),
    "/glossaire": ("ACD", "Outil qui répartit les appels entre les conseillers disponibles."),
}


@pytest.mark.parametrize("path", COURSE_TEXTS)
def test_the_course_stays_in_french_and_says_so(english: Client, path: str) -> None:
    assert set(COURSE_TEXTS[path]) <= set(texts(english.get(path).get_data(as_text=True), "fr"))


def test_an_attempt_is_in_english_around_questions_in_french(english: Client) -> None:
    started = english.submit("/modules/ec101-accueil/entrainement/essais").location
    attempt = started.removesuffix("/questions/1")
    question = english.get(started).get_data(as_text=True)
    review = english.get(f"{attempt}/relecture").get_data(as_text=True)
    result = english.submit(f"{attempt}/remise", follow_redirects=True).get_data(as_text=True)
    for page, sentence in ((question, "One answer only."), (review, "Hand in your attempt"), (result, "Your receipt")):
        assert_in_english(page)
        assert sentence in " ".join(texts(page, "en"))
    for page in (question, result):
        assert {"Que dit-on d’abord ?", "l’enseigne"} <= set(texts(page, "fr"))


def test_half_a_point_is_several_in_english(app: Flask) -> None:
    counts = (0, Fraction(1, 2), 1, Fraction(1), Fraction(3, 2), 2)
    with app.test_request_context():
        g.locale = "en"
        counted = [translated_plural("point", "points", count) for count in counts]
    assert counted == ["points", "points", "point", "point", "points", "points"]


def test_a_day_keeps_its_capitals(english: Client) -> None:
    page = english.get("/aujourdhui").get_data(as_text=True)
    assert "Tuesday 13\N{NO-BREAK SPACE}October, week 5 of the programme" in page


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_is_in_the_language_of_its_reader(app: Flask, kind: str) -> None:
    payload = {"given_name": "Grace", "locale": "en", "link": "https://deust.example/liens/x", "count": 10}
    mail = Mail(id=7, kind=kind, recipient="grace@example.org", payload=payload, created_at=NOW)
    with app.test_request_context():
        made = message(mail, sender="deust@example.org")
    assert made.get_content().startswith("Hello Grace,")
    assert french_sentences().findall(f"{made['Subject']}\n{made.get_content()}") == []
