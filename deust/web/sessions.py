"""A password proved, a session opened on this device, a session left: shared by the pages that ask for a password."""

from __future__ import annotations

import secrets

from flask import Response, after_this_request, current_app, g, request
from flask import session as cookie
from flask_login import login_user, logout_user
from wtforms import Field

from deust.domain.errors import SignInRefused, WeakPassword
from deust.domain.people import SignedIn
from deust.domain.signin import Asking, asking, device_mark
from deust.models.transaction import reading, writing
from deust.queries.signin import Account, sign_in_state, signed_in
from deust.services import signin
from deust.web.current import Visitor, tools, visitor_or_none
from deust.web.forms import refuse, weakness

_MARK_LASTS = 365 * 24 * 3600
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def asked_for(email: str, *, act: str = "sign-in") -> Asking:
    """Who this request wants to be, and from where."""
    return asking(
        email=email,
        address=request.remote_addr,
        device=request.cookies.get(_mark_name()),
        secret=_secret(),
        act=act,
    )


def prove(email: str, password: str) -> tuple[Asking, Account]:
    """The account whose password this is. A wrong one is counted, and refused like an unknown address."""
    asked, now = asked_for(email), tools().clock()
    with reading() as connection:
        state = sign_in_state(connection, asked, now=now)
    if signin.verified(state, asked, password, passwords=tools().passwords, now=now) and state.account:
        return asked, state.account
    with writing() as session:
        signin.note_failure(session, asked, now=now)
    raise SignInRefused


def open_session(asked: Asking, account: Account) -> SignedIn:
    """Sign this device in under a new identifier; what the cookie held before is forgotten."""
    now, before = tools().clock(), visitor_or_none()
    with writing() as session:
        opened = signin.sign_in(session, asked, verified_for=account, device=device_name(), now=now)
        if before is not None:
            signin.sign_out(session, before.session_hash, now=now)
    with reading() as connection:
        person = signed_in(connection, token_hash=opened.token_hash, now=now)
    if person is None:
        raise SignInRefused
    _forget()
    cookie.permanent = True
    login_user(Visitor(opened.token, person))
    cookie.pop("_id", None)  # Flask-Login's hash of the address and the browser: not needed, so not kept
    after_this_request(lambda response: _mark_device(response, asked))
    return person


def leave() -> None:
    """Sign this device out, on the server and in its cookie."""
    person = visitor_or_none()
    if person is not None:
        with writing() as session:
            signin.sign_out(session, person.session_hash, now=tools().clock())
    logout_user()
    _forget()


def new_hash(field: Field, about: tuple[str, ...]) -> str | None:
    """The hash of the new password typed, or None and the reason on the field."""
    try:
        return signin.hashed_new_password(field.data, about=about, passwords=tools().passwords)
    except WeakPassword as weak:
        refuse(field, weakness(weak.reason))
        return None


def device_name() -> str:
    """What a list of devices calls this one: « Firefox, Android »."""
    agent = request.headers.get("User-Agent", "")
    found = [next((name for sign, name in signs if sign in agent), None) for signs in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, found))


def _forget() -> None:
    cookie.clear()
    g.pop("csrf_token", None)


def _secret() -> bytes:
    return str(current_app.secret_key).encode()


def _mark_name() -> str:
    return "__Host-device" if current_app.config["SESSION_COOKIE_SECURE"] else "device"


def _mark_device(response: Response, asked: Asking) -> Response:
    if not asked.is_known_device:
        mark = device_mark(asked.account_key, secrets.token_urlsafe(16), secret=_secret())
        secure = current_app.config["SESSION_COOKIE_SECURE"]
        response.set_cookie(
            _mark_name(), mark, max_age=_MARK_LASTS, secure=secure, httponly=True, samesite="Lax", path="/"
        )
    return response
