"""What a refused form says: always in the reader's language, whatever the fault."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

import pytest
from flask import Flask, g
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import SelectField

from deust.web.forms import Form

FAULTS = {"nothing": "", "not in the list, not a number, not a day": "2026-02-30x", "too long": "x" * 20_000}
OTHERS_WORDS = re.compile(r"\b(field|valid|invalid|required|characters?)\b", re.IGNORECASE)


def forms(parent: type[FlaskForm] = FlaskForm) -> Iterator[type[FlaskForm]]:
    for form in parent.__subclasses__():
        if form.__module__.startswith("deust.web"):
            yield from (form, *forms(form))


def said(form_class: type[FlaskForm], typed: str) -> list[str]:
    names = [field.name for field in form_class(formdata=None)]
    form = form_class(MultiDict(dict.fromkeys(names, typed)), meta={"csrf": False})
    for field in form:
        if isinstance(field, SelectField) and field.choices is None:
            field.choices = []
    form.validate()
    return [str(error) for error in chain.from_iterable(form.errors.values())]


@pytest.mark.parametrize("typed", FAULTS.values(), ids=FAULTS)
def test_a_refusal_is_never_in_the_words_of_the_library(app: Flask, typed: str) -> None:
    with app.test_request_context():
        refusals = {form.__name__: said(form, typed) for form in forms()}
    assert any(refusals.values())
    assert {name: words for name, words in refusals.items() if OTHERS_WORDS.search(" ".join(words))} == {}


def test_every_form_of_the_site_has_these_words() -> None:
    assert [form for form in forms() if form is not Form and not issubclass(form, Form)] == []


def test_a_refusal_is_in_the_language_chosen(app: Flask) -> None:
    class Sample(Form):
        item = SelectField(choices=["one"])

    with app.test_request_context():
        assert said(Sample, "x") == ["Choisissez dans la liste."]
    with app.test_request_context():
        g.locale = "en"
        assert said(Sample, "x") == ["Choose from the list."]
