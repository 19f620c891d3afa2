"""Sessions put in a browser by hand, for journeys whose subject is not signing in."""

from __future__ import annotations

from flask import Flask
from playwright.sync_api import BrowserContext

from deust.app import Sessions
from deust.models.people import Person
from deust.models.transaction import writing
from tests.support import factories
from tests.support.server import Server


def give_session(context: BrowserContext, app: Flask, server: Server, person_id: int) -> None:
    """Give this browser a session of the person's own, as signing in would; `app` has the server's database."""
    app.secret_key = (server.folder / "secret").read_text()
    with app.app_context(), writing() as session:
        token = factories.sign_in_session(session, session.get_one(Person, person_id))
    signer = Sessions().get_signing_serializer(app)
    assert signer is not None
    value = str(signer.dumps({"_user_id": token, "_fresh": True}))
    context.add_cookies([{"name": "deust", "value": value, "url": server.url}])
