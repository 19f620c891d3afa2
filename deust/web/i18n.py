"""The words people read: French in the source, other languages from their catalogue.

French is the identity, so that a page in French costs no look-up.
"""

from __future__ import annotations

import gettext as gnu
from functools import cache
from pathlib import Path

from flask import g, has_request_context
from markupsafe import escape

LOCALES = ("fr", "en")
_CATALOGUES = Path(__file__).resolve().parent.parent / "translations"


@cache
def _catalogue(locale: str) -> gnu.NullTranslations:
    return gnu.translation("messages", _CATALOGUES, [locale], fallback=True)


def current_locale() -> str:
    return getattr(g, "locale", "fr") if has_request_context() else "fr"


def gettext(message: str, **values: object) -> str:
    locale = current_locale()
    text = message if locale == "fr" else _catalogue(locale).gettext(message)
    return text % values if values else text


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """The form that goes with the count; in French 0 and 1 are singular."""
    values.setdefault("num", count)
    locale = current_locale()
    if locale != "fr":
        return _catalogue(locale).ngettext(one, many, count) % values
    return (many if count >= 2 else one) % values


class LazyText:
    """A sentence written when a module loads and read in the language of each request."""

    def __init__(self, message: str) -> None:
        self._message = message

    def __str__(self) -> str:
        return gettext(self._message)

    def __html__(self) -> str:
        return str(escape(str(self)))


def lazy_gettext(message: str) -> LazyText:
    return LazyText(message)
