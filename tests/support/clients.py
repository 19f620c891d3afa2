"""Test clients: every page they open is checked, and their forms carry the token that pages give."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse, run_wsgi_app
from werkzeug.wsgi import get_current_url

from deust.models.people import Person
from deust.models.transaction import writing
from tests.support import factories
from tests.support.pages import check_page


class Client(FlaskClient):
    """`person` is who is signed in, if anyone."""

    person: Person | None = None

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        response = super().open(*arguments, **options)
        is_page = response.mimetype == "text/html" and not 300 <= response.status_code < 400
        if is_page and response.request.method != "HEAD":
            check_page(response)
        return response

    def run_wsgi_app(self, environ: dict[str, Any], buffered: bool = False) -> tuple[Any, str, Headers]:
        """As werkzeug does, but that cookies ask for host and path alone: it would read a query of a megabyte twice."""
        place = environ | {"QUERY_STRING": ""}
        self._add_cookies_to_wsgi(place)
        environ.pop("HTTP_COOKIE", None)
        environ |= {"HTTP_COOKIE": place["HTTP_COOKIE"]} if "HTTP_COOKIE" in place else {}
        answer = run_wsgi_app(self.application, environ, buffered=buffered)
        url = urlsplit(get_current_url(place))
        self._update_cookies_from_response(url.hostname or "localhost", url.path, answer[2].getlist("Set-Cookie"))
        return answer

    def csrf_token(self) -> str:
        """A token valid for this client's session."""
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", secrets.token_hex(20))
        return str(URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token").dumps(raw))

    def submit(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Post a form as a page would, with its token."""
        return self.post(path, data={"csrf_token": self.csrf_token(), **(data or {})}, **options)

    def send(self, path: str, body: Any, **options: Any) -> TestResponse:
        """Post JSON as a script would, with its token in a header."""
        return self.post(path, json=body, headers={"X-CSRFToken": self.csrf_token()}, **options)


def signed_in_client(app: Flask, who: Person) -> Client:
    with app.app_context(), writing() as session:
        token = factories.sign_in_session(session, who)
    client = app.test_client()
    assert isinstance(client, Client)
    client.person = who
    with client.session_transaction() as session:
        session["_user_id"] = token
        session["_fresh"] = True
    return client
