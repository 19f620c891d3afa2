"""Who asks, what they may open, and the tools of the application: read by every page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from flask import Response, abort, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user

from deust.domain.access import Permission, may
from deust.domain.errors import OnlyLooking
from deust.domain.learning import Programme
from deust.domain.people import SignedIn
from deust.models.transaction import reading
from deust.queries.eyes import seen_as
from deust.queries.signin import signed_in
from deust.services.signin import token_hash
from deust.services.tools import Tools
from deust.web.typed import given_back, page_of_the_form

login_manager = LoginManager()
login_manager.session_protection = None

EYES = "eyes"
"""Where the session of a member of staff holds whose eyes they borrow, and the moment."""

_SEEN = {"learning.today", "learning.programme", "learning.module", "learning.item"}
_ACTS_WITH_EYES = {"eyes.leave", "signin.sign_out"}
_READS = {"GET", "HEAD", "OPTIONS"}

View = TypeVar("View", bound=Callable[..., object])


class Visitor(UserMixin):
    """Flask-Login's user: its id is the session token, so that ending the session row signs the device out."""

    def __init__(self, token: str, person: SignedIn) -> None:
        self.token = token
        self.person = person

    def get_id(self) -> str:
        return self.token


@login_manager.user_loader
def _load(token: str) -> Visitor | None:
    with reading() as connection:
        person = signed_in(connection, token_hash=token_hash(token), now=tools().clock())
    return Visitor(token, person) if person else None


def tools() -> Tools:
    found: Tools = current_app.extensions["deust"]
    eyes = g.get("eyes")
    return replace(found, clock=lambda: eyes.now) if eyes is not None and eyes.is_seen_here else found


def visitor() -> SignedIn:
    """The signed-in person, or the student whose eyes they borrow; only for pages whose permission needs one."""
    eyes = g.get("eyes")
    return eyes.student if eyes is not None and eyes.is_seen_here else _user().person


def visitor_or_none() -> SignedIn | None:
    eyes = g.get("eyes")
    if eyes is not None and eyes.is_seen_here:
        return eyes.student
    user = _user()
    return user.person if isinstance(user, Visitor) else None


def _user() -> Any:
    """Flask-Login's, found where it keeps whom it loaded for the request: its proxy asks four others first."""
    return g.get("_login_user") or current_user._get_current_object()


def own_programme() -> Programme:
    """The programme of the asker's cohort; staff and guests see the first."""
    person = visitor_or_none()
    return tools().catalogue.programme(person.enrolled.programme if person and person.enrolled else None)


def programme_with(module_id: str) -> Programme:
    """The programme of a public page: the asker's own when it has the module, else the one that has it."""
    own = own_programme()
    others = (one for one in tools().catalogue.programmes() if module_id in one.modules)
    return own if module_id in own.modules else next(others, own)


@dataclass(frozen=True, kw_only=True)
class Eyes:
    """A student's eyes, borrowed by staff: pages are seen as theirs at `now`, and nothing can be done.

    `is_seen_here` says that this very page is one of those; every other one stays that of the staff.
    """

    student: SignedIn
    now: datetime
    is_seen_here: bool


def permission(needed: Permission) -> Callable[[View], View]:
    """Declare what a route needs; a route that declares nothing is refused to everyone."""

    def mark(view: View) -> View:
        view.permission = needed  # type: ignore[attr-defined]
        return view

    return mark


def _needed(endpoint: str) -> Permission | None:
    return getattr(current_app.view_functions[endpoint], "permission", None)


def is_for_members() -> bool:
    """Whether the page asked for opens only to who is signed in."""
    return request.endpoint is not None and _needed(request.endpoint) is not Permission.PUBLIC


def guard() -> Response | None:
    """Before each request: refuse by default, let public pages through, send the others to sign in."""
    if request.endpoint is None:
        return None
    _look_through()
    needed = _needed(request.endpoint)
    if needed is Permission.PUBLIC:
        return None
    person = visitor_or_none()
    if person is None:
        return sign_in_first()
    g.locale = person.locale
    if needed is None or not may(person.role, needed):
        abort(403)
    return None


def _look_through() -> None:
    """Put on the eyes that the session holds, if the person still follows that student; refuse every act meanwhile."""
    held = session.get(EYES)
    if held is None or (asker := visitor_or_none()) is None:
        return
    if request.method not in _READS and request.endpoint not in _ACTS_WITH_EYES:
        raise OnlyLooking
    with reading() as connection:
        student = seen_as(connection, asker=asker, person_id=held["person"])
    if student is None:
        session.pop(EYES)
        return
    now = datetime.fromisoformat(held["at"])
    g.eyes = Eyes(student=student, now=now, is_seen_here=request.endpoint in _SEEN)


def sign_in_first() -> Response:
    """The way to sign in and back; what a form had sent is given back, or said not to be kept."""
    if wants_json():
        abort(401)
    session.pop("_user_id", None)
    if (kept := given_back(401, is_signed_out=True)) is not None:
        return kept
    if request.method == "POST":
        return redirect(url_for("signin.sign_in", suite=page_of_the_form(), fini=1), 303)  # type: ignore[return-value]
    following = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("signin.sign_in", suite=following), 303)  # type: ignore[return-value]


def wants_json() -> bool:
    """Whether a script asks: it sends JSON, or accepts it and not a page."""
    return request.is_json or request.accept_mimetypes.best == "application/json"
