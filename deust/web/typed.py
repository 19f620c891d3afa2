"""What was typed in a plain form that could not be taken: shown again to who sent it, to copy; kept nowhere."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import urlsplit

from flask import Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from deust.domain.messages import cleaned
from deust.domain.signin import local_path

_SECRET = ("password", "token", "again")
_MACHINE = re.compile(r"-?\d*|[0-9a-f]{12,}|true|false", re.IGNORECASE)
_ABOUT_THE_FORM = {"go", "question", "client", "event", "sending", "action", "seen", "enter", "tried"}
_CHOSEN = {"means", "item", "theme", "locale", "new-place", "is_own", "wants_mail"}
"""What is picked on the page, whose values are not words of the person."""
_NO_ECHO = {"signin.sign_in", "signin.choose_password", "signin.forgotten_password", "people.change_password"}
_MOST = 50


def typed_texts() -> tuple[str, ...]:
    """The words of the form sent, in its order: no password, nothing that the page itself filled in.

    A form sent from another site shows nothing: what it holds was not typed here. One that cannot be read has no words.
    """
    if request.method != "POST" or request.is_json or request.endpoint in _NO_ECHO or not _is_from_here():
        return ()
    found = [
        value
        for name, values in _fields()
        if name not in _ABOUT_THE_FORM | _CHOSEN and not any(word in name.lower() for word in _SECRET)
        for value in map(cleaned, values)
        if value and not _MACHINE.fullmatch(value)
    ]
    return tuple(found[:_MOST])


def _fields() -> list[tuple[str, list[str]]]:
    with suppress(HTTPException, OSError):
        return list(request.form.lists())
    return []


def given_back(status: int, *, is_signed_out: bool) -> Response | None:
    """The page that gives the typed words back, and what to do next; None when there are none."""
    texts = typed_texts()
    if not texts:
        return None
    page = render_template("errors/typed.html", texts=texts, back=page_of_the_form(), is_signed_out=is_signed_out)
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _is_from_here() -> bool:
    """Browsers say where a form was sent from, by one of two headers; without either, nothing speaks against it."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site != "same-origin":
        return False
    return origin is None or urlsplit(origin).netloc == request.host


def page_of_the_form() -> str | None:
    """The page that the form stood on, when the browser says it and it is one of ours."""
    came = urlsplit(request.referrer or "")
    if came.netloc != request.host:
        return None
    return local_path(f"{came.path}?{came.query}" if came.query else came.path)
