"""Who asks, what they may open, and the tools of the application: read by every page."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar

from flask import Response, abort, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user

from deust.domain.access import Permission, may
from deust.domain.people import SignedIn
from deust.models.transaction import reading
from deust.queries.signin import signed_in
from deust.services.tools import Tools

login_manager = LoginManager()
login_manager.session_protection = None

View = TypeVar("View", bound=Callable[..., object])


class Visitor(UserMixin):
    """Flask-Login's user: its id is the session token, so that ending the session row signs the device out."""

    def __init__(self, token: str, person: SignedIn) -> None:
        self.token = token
        self.person = person

    def get_id(self) -> str:
        return self.token


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@login_manager.user_loader
def _load(token: str) -> Visitor | None:
    with reading() as connection:
        person = signed_in(connection, token_hash=token_hash(token), now=tools().clock())
    return Visitor(token, person) if person else None


def tools() -> Tools:
    return current_app.extensions["deust"]


def visitor() -> SignedIn:
    """The signed-in person; only for pages whose permission needs one."""
    return current_user.person


def visitor_or_none() -> SignedIn | None:
    user = current_user._get_current_object()
    return user.person if isinstance(user, Visitor) else None


def permission(needed: Permission) -> Callable[[View], View]:
    """Declare what a route needs; a route that declares nothing is refused to everyone."""

    def mark(view: View) -> View:
        view.permission = needed  # type: ignore[attr-defined]
        return view

    return mark


def guard() -> Response | None:
    """Before each request: refuse by default, let public pages through, send the others to sign in."""
    if request.endpoint is None:
        return None
    needed = getattr(current_app.view_functions[request.endpoint], "permission", None)
    if needed is Permission.PUBLIC:
        return None
    person = visitor_or_none()
    if person is None:
        return _sign_in_first()
    g.locale = person.locale
    if needed is None or not may(person.role, needed):
        abort(403)
    return None


def _sign_in_first() -> Response:
    if wants_json():
        abort(401)
    session.pop("_user_id", None)
    following = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("signin.sign_in", suite=following), 303)  # type: ignore[return-value]


def wants_json() -> bool:
    """Whether a script asks: it sends JSON, or accepts it and not a page."""
    return request.is_json or request.accept_mimetypes.best == "application/json"
