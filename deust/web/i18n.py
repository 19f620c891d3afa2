"""The words people read: French in the source, other languages from their catalogue.

The source is typed with plain spaces; a reader of French gets those that do not break where French wants them.
"""

from __future__ import annotations

import gettext as gnu
import re
from fractions import Fraction
from functools import cache
from pathlib import Path

from flask import g, has_request_context
from markupsafe import escape

from deust.web.current import visitor_or_none

_HELD_SPACE = re.compile(r"(?<=«) | (?=[;:!?»€]|%%)")
_CATALOGUES = Path(__file__).resolve().parent.parent / "translations"


@cache
def _catalogue(locale: str) -> gnu.NullTranslations:
    return gnu.translation("messages", _CATALOGUES, [locale], fallback=True)


@cache
def french(message: str) -> str:
    """No line begins with the sign that ends a sentence, nor ends with the quotation mark that opens one."""
    return _HELD_SPACE.sub("\N{NO-BREAK SPACE}", message)


def current_locale() -> str:
    """The language already settled for this request, else that of the person signed in; French for a guest."""
    try:
        settled: str | None = g.get("locale")
    except RuntimeError:  # outside any application: a command, or a job
        return "fr"
    if settled is not None:
        return settled
    if not has_request_context():
        return "fr"
    person = visitor_or_none()
    g.locale = person.locale if person else "fr"
    return str(g.locale)


class ReaderOfFrench:
    """True while who reads reads French: for the macros that pages share, which see nothing of the page."""

    def __bool__(self) -> bool:
        return current_locale() == "fr"


def translated(message: str) -> str:
    """The sentence in the reader's language, its `%(name)s` still to fill."""
    locale = current_locale()
    return french(message) if locale == "fr" else _catalogue(locale).gettext(message)


def translated_plural(one: str, many: str, count: int | Fraction) -> str:
    """The form that goes with the count, still to fill; in French 0 and 1 are singular, and a part is plural abroad."""
    locale = current_locale()
    if locale != "fr":
        return _catalogue(locale).ngettext(one, many, int(count) if count == int(count) else 2)
    return french(many if count >= 2 else one)


def gettext(message: str, **values: object) -> str:
    text = translated(message)
    return text % values if values else text


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    return translated_plural(one, many, count) % {"num": count, **values}


class LazyText:
    """A sentence written when a module loads and read in the language of each request."""

    def __init__(self, message: str) -> None:
        self._message = message

    def __str__(self) -> str:
        return gettext(self._message)

    def __mod__(self, values: object) -> str:
        return str(self) % values

    def __html__(self) -> str:
        return str(escape(str(self)))

    def words_in(self, locale: str) -> list[str]:
        """The words in one language, whoever reads."""
        return (self._message if locale == "fr" else _catalogue(locale).gettext(self._message)).split()


def lazy_gettext(message: str) -> LazyText:
    return LazyText(message)
