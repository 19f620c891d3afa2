"""Sentences of templates: constants in French, looked up in another language, escaped alike."""

from __future__ import annotations

import pytest
from flask import g
from jinja2 import DictLoader
from markupsafe import Markup

from deust.app import Application
from deust.web.i18n import ReaderOfFrench

SENTENCES = {
    "plain": ("{{ _('Leçon') }}", "Leçon", "Lesson"),
    "filled": ("{{ _('Reste %(time)s', time=time) }}", "Reste &lt;b&gt;", "&lt;b&gt; left"),
    "percent": ("{{ _('100 %% sûr') }}", "100\u00a0% sûr", "100% sure"),
    "filled twice, with signs of two parts": (
        "{{ _('« %(time)s » : %(time)s, %(share)s %%', time=time, share=2) }}",
        "«\u00a0&lt;b&gt;\u00a0»\u00a0: &lt;b&gt;, 2\u00a0%",
        "“&lt;b&gt;”: 2%, &lt;b&gt;",
    ),
    "of one": ("{{ ngettext('%(num)s essai', '%(num)s essais', 1) }}", "1 essai", "1 attempt"),
    "of two": ("{{ ngettext('%(num)s essai', '%(num)s essais', 1 + 1) }}", "2 essais", "2 attempts"),
    "of two, filled": (
        "{{ ngettext('%(num)s essai : %(time)s', '%(num)s essais : %(time)s', 2, time=time) }}",
        "2 essais\u00a0: &lt;b&gt;",
        "2 attempts: &lt;b&gt;",
    ),
    "in a shared macro": (
        "{% from 'shared.html' import left %}{{ left(time) }}",
        "Reste &lt;b&gt;",
        "&lt;b&gt; left",
    ),
    "in an expression": ("{% set word = _('Leçon') if yes else '' %}{{ word }}", "Leçon", "Lesson"),
    "not constant": ("{{ _(name) }}", "Leçon", "Lesson"),
}
ENGLISH = {
    "Leçon": "Lesson",
    "Reste %(time)s": "%(time)s left",
    "100 %% sûr": "100%% sure",
    "« %(time)s » : %(time)s, %(share)s %%": "“%(time)s”: %(share)s%%, %(time)s",
    "%(num)s essai": "%(num)s attempt",
    "%(num)s essais": "%(num)s attempts",
    "%(num)s essais : %(time)s": "%(num)s attempts: %(time)s",
}
SHARED = {"shared.html": "{% macro left(time) %}{{ _('Reste %(time)s', time=time) }}{% endmacro %}"}


def shown(source: str, locale: str = "fr") -> tuple[str, list[str]]:
    """What the template writes, and the sentences it looked up."""
    looked_up: list[str] = []

    def gettext(message: str) -> str:
        looked_up.append(message)
        return message if locale == "fr" else ENGLISH[message]

    def ngettext(one: str, many: str, count: int) -> str:
        return gettext(one if count == 1 else many)

    app = Application("templates")
    environment = app.jinja_env
    environment.loader = DictLoader(SHARED)
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["is_french"] = ReaderOfFrench()
    environment.autoescape = True
    with app.app_context():
        g.locale = locale
        values = {"time": "<b>", "yes": True, "no": False, "name": "Leçon", "link": Markup("<a>ici</a>")}
        return environment.from_string(source).render(values), looked_up


@pytest.mark.parametrize(("source", "french", "english"), SENTENCES.values(), ids=SENTENCES)
def test_a_sentence_reads_in_both_languages(source: str, french: str, english: str) -> None:
    assert shown(source)[0] == french
    assert shown(source, "en")[0] == english


@pytest.mark.parametrize("name", [name for name in SENTENCES if name != "not constant"])
def test_french_constants_are_not_looked_up(name: str) -> None:
    assert shown(SENTENCES[name][0])[1] == []
    assert len(shown(SENTENCES[name][0], "en")[1]) == 1


def test_markup_given_to_a_sentence_stays_markup() -> None:
    assert shown("{{ _('Voir %(link)s', link=link) }}")[0] == "Voir <a>ici</a>"


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("{{ 'a<b' if yes }}{{ 'x' if no }}{{ name if no else time }}", "a&lt;b&lt;b&gt;"),
        ("{{ ('x' if no else 'y') if yes else 'z' }}", "y"),
        ("{{ time|safe }}{{ link|safe }}{{ 2|safe }}", "<b><a>ici</a>2"),
        ("{% for n in [1] %}{{ '<i>'.lower() }}{{ [n]|length }}{% endfor %}", "&lt;i&gt;1"),
    ],
)
def test_what_is_written_on_a_condition_marked_safe_or_called_is_as_in_jinja(source: str, written: str) -> None:
    assert shown(source)[0] == written
