"""The form of a lesson's checks, which holds them all: the one tried, and what is filled in the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import request

from deust.domain.errors import InvalidAnswer
from deust.domain.questions import Json
from deust.domain.reading import Form
from deust.queries.asked import AskedCheck
from deust.web.answer_posts import OWN_MISTAKES, own_fields, posted_form, unread_words
from deust.web.i18n import gettext as _


class Unread(Exception):
    """What was sent to be tried cannot be: `words` say why, to whoever can put it right."""

    def __init__(self, words: str) -> None:
        self.words = words


def filled_checks(ids: Iterable[str]) -> dict[str, Form]:
    """The fields of each check that has something in them."""
    form = posted_form()
    fields = {each: own_fields(each, form) for each in ids}
    return {each: own for each, own in fields.items() if any(text.strip() for texts in own.values() for text in texts)}


def check_tried(pressed: str, filled: Mapping[str, Form]) -> str:
    """The check whose button was pressed. The Enter key, without a script, does not say where it was pressed: then the
    last one filled, rather one that was not tried yet.
    """
    if "enter" not in request.form or not filled:
        return pressed
    untried = [each for each in filled if each not in tried_before()]
    return (untried or list(filled))[-1]


def tried_before() -> list[str]:
    """The checks that the page showed as tried."""
    return request.form.getlist("tried")


def read_try(asked: AskedCheck, fields: Form) -> Json:
    """The answer to try. Refuses an empty one, and one that the person can put right."""
    try:
        answer = asked.read(fields)
    except InvalidAnswer as refusal:
        if refusal.reason not in OWN_MISTAKES:
            raise
        raise Unread(unread_words(refusal)) from refusal
    if answer is None:
        raise Unread(_("Répondez d’abord, puis vérifiez."))
    return answer
