"""The English catalogue says everything that the pages say, and nothing of the interface stays in French."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from babel.messages import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment

from deust.adapters.passwords import Passwords
from deust.domain.access import Role
from deust.models.people import Cohort, Person
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client

ROOT = Path(__file__).resolve().parent.parent
CODE, TEMPLATES = ROOT / "deust", ROOT / "templates"
ENGLISH = ROOT / "deust/translations/en/LC_MESSAGES/messages.po"

Sentence = str | tuple[str, ...]

TRANSLATORS = {
    "deust.web.i18n": {"gettext": 1, "ngettext": 2, "lazy_gettext": 1},
    "deust.web.forms": {"N_": 1},
}
"""Where the functions that translate live, and how many sentences each takes."""

THEMSELVES = {CODE / "web/i18n.py", CODE / "web/forms.py"}
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}|%%")
FRENCH_SPACING = re.compile(r"[«»]|\s[;:?!]")
WORD = re.compile(r"\w{3}")
PASSWORD = "un chat bleu sur le toit"


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
    for path in sorted(set(CODE.rglob("*.py")) - THEMSELVES):
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


def test_english_is_spaced_and_quoted_the_english_way() -> None:
    assert [form for one in messages() for form in forms(one.string) if FRENCH_SPACING.search(form)] == []


def test_the_compiled_catalogue_is_that_of_the_sentences() -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue())
    assert ENGLISH.with_suffix(".mo").read_bytes() == compiled.getvalue()


@pytest.fixture
def reader(doors: Doors, cohort: Cohort, passwords: Passwords) -> Person:
    with doors.writing() as session:
        return factories.student(
            session, cohort, email="grace@example.org", locale="en", password_hash=passwords.hashed(PASSWORD)
        )


@pytest.fixture
def english(client_of: Callable[[Person | Role], Client], reader: Person) -> Client:
    """A student who reads the interface in English."""
    return client_of(reader)


def tree_of(page: str) -> Element:
    return html5lib.parse(page, namespaceHTMLElements=False)


def said(element: Element, language: str) -> Iterator[tuple[str, str]]:
    """What a page says, each text with its language: words shown, and those that only a screen reader hears."""
    language = element.get("lang", language)
    for name in ("aria-label", "placeholder", "alt"):
        yield language, element.get(name, "")
    yield from ((language, value) for name, value in element.items() if name.startswith("data-text-"))
    if element.tag != "script":
        yield language, element.text or ""
    for child in element:
        yield from said(child, language)
        yield language, child.tail or ""


def words(page: str, language: str) -> str:
    texts = (" ".join(text.split()) for own, text in said(tree_of(page), "") if own == language)
    return "\n".join(text for text in texts if text)


@cache
def french_sentences() -> re.Pattern[str]:
    """Any French sentence of the interface, as a page shows it, that English says otherwise."""
    differing = {
        french
        for one in messages()
        for french, english in zip(forms(one.id), forms(one.string), strict=True)
        if french.casefold() != english.casefold() and WORD.search(PLACEHOLDER.sub("", french))
    }
    pieces = (r".+?".join(re.escape(piece) for piece in PLACEHOLDER.split(one.strip())) for one in differing)
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(pieces, key=len, reverse=True))})(?!\w)")


def assert_in_english(page: str) -> None:
    assert tree_of(page).get("lang") == "en"
    assert french_sentences().findall(words(page, "en")) == []


SIGNED_IN = {
    "/aujourdhui": ("Today", "Your week", "Hours credited:"),
    "/programme": ("Programme", "Semester 1", "ECTS"),
    "/modules/ec101-accueil": ("Activities", "Start lesson 1", "About the module"),
    "/modules/ec101-accueil/saluer": ("In this lesson", "Check", "Understood, next"),
    "/modules/ec101-accueil/entrainement": ("What will happen", "Practice quiz", "Attempts"),
    "/modules/ec101-accueil/appel": ("Coming soon", "Back to the module"),
    "/compte": ("Your account", "Colours", "Change the password", "Sign out of this device"),
}


@pytest.mark.parametrize("path", SIGNED_IN)
def test_a_page_is_in_the_language_of_its_reader(english: Client, path: str) -> None:
    page = english.get(path).get_data(as_text=True)
    assert_in_english(page)
    for text in SIGNED_IN[path]:
        assert text in words(page, "en")


COURSE_TEXTS = {
    "/aujourdhui": "Saluer et se présenter",
    "/programme": "Accueil téléphonique",
    "/modules/ec101-accueil": "Saluer et se présenter",
    "/modules/ec101-accueil/saluer": "Saluer et se présenter",
    "/modules/ec101-accueil/entrainement": "Quiz d’entraînement",
    "/glossaire": "accroche",
}


@pytest.mark.parametrize("path", COURSE_TEXTS)
def test_the_course_stays_in_french_and_says_so(english: Client, path: str) -> None:
    assert COURSE_TEXTS[path] in words(english.get(path).get_data(as_text=True), "fr")


def test_an_attempt_is_in_english_around_questions_in_french(english: Client) -> None:
    started = english.submit("/modules/ec101-accueil/entrainement/essais")
    page = english.get(started.location).get_data(as_text=True)
    print(words(page, "en"))
    print("-----", words(page, "fr"))
    assert_in_english(page)
