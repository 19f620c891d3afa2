"""Sentences of templates: constants in French, looked up in another language, escaped alike."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from deust.app import Application

SENTENCES = {
    "plain": ("{{ _('Leçon') }}", "Leçon", "Lesson"),
    "filled": ("{{ _('Reste %(time)s', time=time) }}", "Reste &lt;b&gt;", "&lt;b&gt; left"),
    "percent": ("{{ _('100 %% sûr') }}", "100 % sûr", "100 % sure"),
    "in an expression": ("{% set word = _('Leçon') if yes else '' %}{{ word }}", "Leçon", "Lesson"),
    "not constant": ("{{ _(name) }}", "Leçon", "Lesson"),
}
ENGLISH = {"Leçon": "Lesson", "Reste %(time)s": "%(time)s left", "100 %% sûr": "100 %% sure"}


def shown(source: str, *, is_french: bool) -> tuple[str, list[str]]:
    """What the template writes, and the sentences it looked up."""
    looked_up: list[str] = []

    def gettext(message: str) -> str:
        looked_up.append(message)
        return message if is_french else ENGLISH[message]

    app = Application("templates")
    app.jinja_env.install_gettext_callables(gettext, None, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.autoescape = True
    template = app.jinja_env.from_string(source)
    return template.render(is_french=is_french, time="<b>", yes=True, name="Leçon"), looked_up


@pytest.mark.parametrize(("source", "french", "english"), SENTENCES.values(), ids=SENTENCES)
def test_a_sentence_reads_in_both_languages(source: str, french: str, english: str) -> None:
    assert shown(source, is_french=True)[0] == french
    assert shown(source, is_french=False)[0] == english


def test_french_constants_are_not_looked_up() -> None:
    assert shown(SENTENCES["filled"][0], is_french=True)[1] == []
    assert shown(SENTENCES["filled"][0], is_french=False)[1] == ["Reste %(time)s"]


def test_markup_given_to_a_sentence_stays_markup() -> None:
    app = Application("templates")
    app.jinja_env.autoescape = True
    template = app.jinja_env.from_string("{{ _('Voir %(link)s', link=link) }}")
    assert template.render(is_french=True, link=Markup("<a>ici</a>")) == "Voir <a>ici</a>"
